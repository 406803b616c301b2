#include "dataset/specification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/sha256.h"
#include "status_matchers.h"

namespace tally::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kHead = R"(id = "gp-event"
version = 1
title = "Coded GP events"
kind = "activity"
period_column = "event_date"
person = { input = "nhs_number" }
national_opt_out = { applies = false, reason = "test" }
)";

constexpr std::string_view kDay =
    R"(  { name = "event_date", type = "date", class = "QI", description = "Day" },
)";

// A specification with `column` as its second column and `more` behind.
std::string With(std::string_view column, std::string_view more = "") {
  return std::string(kHead) + "column = [\n" + std::string(kDay) +
         std::string(column) + "\n]\n" + std::string(more);
}

absl::StatusOr<Specification> Parse(const std::string& text) {
  return Specification::Parse(text, "spec.toml");
}

Specification Good(std::string_view column, std::string_view more = "") {
  auto parsed = Parse(With(column, more));
  EXPECT_THAT(parsed, IsOk());
  return *std::move(parsed);
}

TEST(Specification, ReadsTheExampleOfTheDocumentation) {
  const auto parsed = Parse(R"(
id = "gp-event"
version = 1
title = "Coded GP events"
kind = "activity"                          # rows belong to the period
period_column = "event_date"
max_reject = 0.005
max_unlinked = 0.10
null_markers = ["NULL", "N/A"]
person = { input = "nhs_number", status_input = "nhs_number_status", linked_status = ["01"], when_no_token = "unlinked" }
national_opt_out = { applies = true }
column = [
  { name = "event_date", type = "date", required = true, min = 1990-01-01, max = "today", null_markers = ["1800-01-01", "1801-01-01"], class = "QI", description = "Day of the event" },
  { name = "cluster_id", type = "code", list = "clusters", derive = { from = "concept_id", by = "cluster" }, class = "ATTR", description = "Code cluster of the event" },
  { name = "value1", type = "double", min = 0.0, max = 10000.0, outside = "null", unit = "as coded", class = "ATTR", description = "First numeric value" },
  { name = "practice_code", type = "code", pattern = "[A-Z][0-9]{5}", aliases = ["GPPRAC", "PRACTICE"], class = "QI", description = "Practice of registration" },
]
drop = [ { name = "forename", reason = "direct identifier" } ]
rule = [
  { reason = "RESTRICTED_CODE", column = "concept_id", list = "restricted_codes" },
  { reason = "RESTRICTED_LINKED_ROW", same = "consultation_key", datasets = ["gp-event", "gp-prescription"] },
  { reason = "OPTED_OUT_TYPE1", list = "type1_opt_outs" },
  { reason = "OPTED_OUT_NATIONAL", list = "national_eligible" },
  { reason = "NOT_PARTICIPATING", column = "practice_code", list = "participating_practices" },
  { reason = "DATE_ORDER", before = "event_date", after = "record_date" },
]
)");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->id(), "gp-event");
  EXPECT_EQ(parsed->sql_name(), "gp_event");
  EXPECT_EQ(parsed->kind(), DatasetKind::kActivity);
  EXPECT_EQ(parsed->period_column(), 0u);
  EXPECT_EQ(parsed->max_reject(), 0.005);
  EXPECT_EQ(parsed->columns().size(), 4u);

  const ColumnSpec& day = parsed->columns()[0];
  EXPECT_TRUE(day.required);
  EXPECT_EQ(day.min_int, 7305);
  EXPECT_TRUE(day.max_is_today);
  EXPECT_THAT(day.null_markers,
              ElementsAre("1800-01-01", "1801-01-01", "NULL", "N/A"));
  EXPECT_TRUE(parsed->columns()[2].outside_null);
  EXPECT_EQ(parsed->columns()[1].derive.Describe(), "cluster of concept_id");
  EXPECT_EQ(parsed->Column("practice_code")->column_class,
            ColumnClass::kQuasiIdentifier);

  EXPECT_TRUE(parsed->national_opt_out_applies());
  EXPECT_THAT(parsed->person().linked_status, ElementsAre("01"));
  EXPECT_EQ(parsed->rules().size(), 6u);
  EXPECT_EQ(parsed->rules()[1].inputs,
            std::vector<std::string>{"consultation_key"});
  EXPECT_EQ(parsed->rules()[5].before, "event_date");
  EXPECT_THAT(
      parsed->lists(),
      ElementsAre(ListName::kRestrictedCodes, ListName::kType1OptOuts,
                  ListName::kNationalEligible,
                  ListName::kParticipatingPractices, ListName::kClusters));
  for (const char* needed :
       {"event_date", "nhs_number", "nhs_number_status", "concept_id",
        "consultation_key", "practice_code", "record_date"}) {
    const auto place = parsed->FindInput(needed);
    ASSERT_TRUE(place.has_value()) << needed;
    EXPECT_TRUE(parsed->inputs()[*place].needed) << needed;
  }
  EXPECT_FALSE(parsed->inputs()[*parsed->FindInput("value1")].needed);
  EXPECT_EQ(parsed->inputs()[*parsed->FindInput("forename")].drop_reason,
            "direct identifier");
  EXPECT_EQ(parsed->FindInputByHeader("gpprac"),
            parsed->FindInput("practice_code"));
}

TEST(Specification, DigestIsThatOfTheBytes) {
  const std::string text = With("");
  EXPECT_EQ(Parse(text)->digest_hex(), Sha256Hex(text));
  EXPECT_NE(Parse(text + "# a comment\n")->digest_hex(), Sha256Hex(text));
}

TEST(Specification, SharesHaveDefaults) {
  const Specification specification = Good("");
  EXPECT_EQ(specification.max_reject(), 0.005);
  EXPECT_EQ(specification.max_unlinked(), 0.10);
  EXPECT_FALSE(specification.person().drop_without_token);
}

TEST(Specification, RepeatMakesNumberedColumnsAndInputs) {
  const Specification specification = Good(
      R"({ name = "diag", repeat = 12, type = "code", class = "SEN", pattern = "[A-Z][0-9]{2,3}", derive = { from = "diag", by = "icd10" }, aliases = ["DIAG_4", "Diagnosis#", "DX##"], description = "Diagnosis" })",
      R"(rule = [ { reason = "RESTRICTED_CODE", column = "diag", list = "restricted_codes" } ])");
  ASSERT_EQ(specification.columns().size(), 13u);
  EXPECT_EQ(specification.columns()[1].name, "diag_01");
  EXPECT_EQ(specification.columns()[12].name, "diag_12");
  EXPECT_EQ(specification.columns()[12].repeat_base, "diag");
  EXPECT_EQ(specification.columns()[12].derive.from, "diag_12");
  const auto place = specification.FindInput("diag_03");
  ASSERT_TRUE(place.has_value());
  EXPECT_THAT(specification.inputs()[*place].aliases,
              ElementsAre("DIAG_4_03", "Diagnosis3", "DX03"));
  EXPECT_EQ(specification.rules()[0].inputs.size(), 12u);
  EXPECT_TRUE(
      specification.inputs()[*specification.FindInput("diag_01")].needed);
  EXPECT_FALSE(specification.inputs()[*place].needed);
}

TEST(Specification, DerivationsKeepTheirArguments) {
  const Specification specification = Good(R"(
  { name = "age_fy", type = "int32", class = "QI", min = 0, max = 90, derive = { from = "birth", by = "age_fy", at = "event_date", input = "any" }, description = "Age" },
  { name = "wait", type = "int32", class = "ATTR", min = 0, max = 99, derive = { from = "arrival", by = "minutes_between", to = "departure" }, description = "Wait" },
  { name = "drug", type = "code", class = "SEN", pattern = "[0-9A-Z]{9}", derive = { from = "bnf", by = "prefix", length = 9 }, description = "Drug" },
  { name = "origin", type = "code", class = "ATTR", pattern = "[0-9][0-9X]", derive = { from = "origin", by = "map", table = { "37" = "9X" }, other = "keep" }, description = "Origin" },
  { name = "key", type = "int64", class = "RK", min = 10000000000, max = 9223372036854775807, derive = { from = "key", by = "rekey" }, description = "Key" },)",
                                           R"(row_key = ["key"])");
  const Derivation& age = specification.Column("age_fy")->derive;
  EXPECT_EQ(age.kind, DerivationKind::kAgeFy);
  EXPECT_EQ(age.other, "event_date");
  EXPECT_EQ(age.input, DerivationInput::kAny);
  EXPECT_EQ(age.Describe(), "age_fy of birth at event_date");
  EXPECT_EQ(specification.Column("wait")->derive.other, "departure");
  EXPECT_EQ(specification.Column("drug")->derive.length, 9u);
  EXPECT_EQ(specification.Column("origin")->derive.table.at("37"), "9X");
  EXPECT_EQ(specification.Column("origin")->derive.map_other, MapOther::kKeep);
  EXPECT_FALSE(specification.Column("key")->AdmitsTenDigits());
  EXPECT_THAT(specification.row_key(), ElementsAre(5u));
}

TEST(Specification, AdmitsTenDigitsFollowsTypeAndRange) {
  const Specification specification = Good(R"(
  { name = "a", type = "int64", class = "ATTR", min = 0, max = 999999999, description = "A" },
  { name = "b", type = "int64", class = "ATTR", min = 0, max = 1000000000, description = "B" },
  { name = "c", type = "int64", class = "ATTR", min = 10000000000, max = 99999999999, description = "C" },
  { name = "d", type = "code", class = "ATTR", pattern = "[0-9]{6,18}", description = "D" },
  { name = "e", type = "code", class = "ATTR", pattern = "[0-9]{6,18}", max_length = 9, description = "E" },
  { name = "f", type = "text", class = "ATTR", pattern = "[a-z]+", max_length = 5, description = "F" },)");
  const char* expected[] = {"b", "d", "f"};
  size_t found = 0;
  for (const ColumnSpec& column : specification.columns()) {
    if (!column.AdmitsTenDigits()) continue;
    ASSERT_LT(found, 3u);
    EXPECT_EQ(column.name, expected[found++]);
  }
  EXPECT_EQ(found, 3u);
}

struct Refusal {
  const char* column;
  const char* message;
};

class SpecificationRefusesColumn : public testing::TestWithParam<Refusal> {};

TEST_P(SpecificationRefusesColumn, WithFileLineAndReason) {
  const auto parsed = Parse(With(GetParam().column));
  ASSERT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      std::string(parsed.status().message()),
      testing::AllOf(HasSubstr("spec.toml:10"), HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, SpecificationRefusesColumn,
    testing::Values(
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", description = "A", alias = ["B"] })",
            "aliases"},
        Refusal{
            R"({ name = "A", type = "bool", class = "ATTR", description = "A" })",
            "name"},
        Refusal{
            R"({ name = "source", type = "bool", class = "ATTR", description = "A" })",
            "belongs to the release"},
        Refusal{
            R"({ name = "person", type = "bool", class = "ATTR", description = "A" })",
            "belongs to the release"},
        Refusal{
            R"({ name = "event_date", type = "bool", class = "ATTR", description = "A" })",
            "two columns"},
        Refusal{
            R"({ name = "a", type = "integer", class = "ATTR", description = "A" })",
            "type"},
        Refusal{
            R"({ name = "a", type = "bool", class = "DI", description = "A" })",
            "class"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", description = "" })",
            "description"},
        Refusal{R"({ name = "a", type = "bool", class = "ATTR" })",
                "description"},
        Refusal{
            R"({ name = "a", type = "int32", class = "ATTR", description = "A" })",
            "min and max"},
        Refusal{
            R"({ name = "a", type = "int32", class = "ATTR", min = 0, description = "A" })",
            "min and max"},
        Refusal{
            R"({ name = "a", type = "int32", class = "ATTR", min = 5, max = 4, description = "A" })",
            "below"},
        Refusal{
            R"({ name = "a", type = "int32", class = "ATTR", min = 0, max = 2147483648, description = "A" })",
            "int32"},
        Refusal{
            R"({ name = "a", type = "double", class = "ATTR", min = 0.0, description = "A" })",
            "together"},
        Refusal{
            R"({ name = "a", type = "date", class = "ATTR", min = "today", description = "A" })",
            "min"},
        Refusal{
            R"({ name = "a", type = "date", class = "ATTR", max = "tomorrow", description = "A" })",
            "today"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", min = 1, max = 2, description = "A" })",
            "numbers and dates"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", pattern = "a", description = "A" })",
            "code and text"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", description = "A" })",
            "pattern, list or codes"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", pattern = ".*", description = "A" })",
            "position 1"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", list = "type1_opt_outs", description = "A" })",
            "clusters"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", list = "clusters", codes = { "1" = "One" }, description = "A" })",
            "both"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", codes = { "1" = "" }, description = "A" })",
            "label"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", pattern = "a", max_length = 65, description = "A" })",
            "64"},
        Refusal{
            R"({ name = "a", type = "text", class = "ATTR", pattern = "a", description = "A" })",
            "free text"},
        Refusal{
            R"({ name = "a", type = "text", class = "ATTR", max_length = 9, description = "A" })",
            "free text"},
        Refusal{
            R"({ name = "a", type = "text", class = "ATTR", pattern = "a", max_length = 9, codes = { "1" = "One" }, description = "A" })",
            "code columns"},
        Refusal{
            R"({ name = "a", type = "code", class = "ATTR", pattern = "a", outside = "null", description = "A" })",
            "outside"},
        Refusal{
            R"({ name = "a", type = "int32", class = "ATTR", min = 0, max = 1, outside = "zero", description = "A" })",
            "outside"},
        Refusal{
            R"({ name = "a", type = "int32", class = "ATTR", min = 0, max = 1, outside = "null", required = true, description = "A" })",
            "required"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", repeat = 1, description = "A" })",
            "2 to 99"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", repeat = 100, description = "A" })",
            "2 to 99"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", derive = { from = "b", by = "yeer" }, description = "A" })",
            "did you mean \"year\""},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", derive = { from = "b", by = "year" }, description = "A" })",
            "int32"},
        Refusal{
            R"({ name = "a", type = "bool", class = "ATTR", derive = { from = "b", by = "none" }, description = "A" })",
            "by is not one of"},
        Refusal{
            R"({ name = "a", type = "date", class = "QI", derive = { from = "b", by = "month", length = 3 }, description = "A" })",
            "length"},
        Refusal{
            R"({ name = "a", type = "int32", class = "QI", min = 0, max = 90, derive = { from = "b", by = "age_fy" }, description = "A" })",
            "at"},
        Refusal{
            R"({ name = "a", type = "int32", class = "QI", min = 0, max = 90, derive = { from = "b", by = "age_fy", at = "event_date", input = "postcode" }, description = "A" })",
            "input"},
        Refusal{
            R"({ name = "a", type = "code", class = "QI", pattern = "a", derive = { from = "b", by = "prefix" }, description = "A" })",
            "length"},
        Refusal{
            R"({ name = "a", type = "code", class = "QI", pattern = "a", derive = { from = "b", by = "map", table = {} }, description = "A" })",
            "table"},
        Refusal{
            R"({ name = "a", type = "int64", class = "RK", min = 10000000000, max = 20000000000, description = "A" })",
            "rekey"},
        Refusal{
            R"({ name = "a", type = "int64", class = "ATTR", min = 10000000000, max = 20000000000, derive = { from = "a", by = "rekey" }, description = "A" })",
            "RK"},
        Refusal{
            R"({ name = "a", type = "int64", class = "RK", min = 0, max = 20000000000, derive = { from = "a", by = "rekey" }, description = "A" })",
            "ten digits"},
        Refusal{
            R"({ name = "a", type = "int32", class = "QI", min = 1, max = 10, derive = { from = "postcode", by = "imd_decile" }, aliases = ["X"], description = "A" })",
            "drop entry"}));

class SpecificationRefusesRest : public testing::TestWithParam<Refusal> {};

TEST_P(SpecificationRefusesRest, WithReason) {
  const auto parsed = Parse(With("", GetParam().column));
  ASSERT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      std::string(parsed.status().message()),
      testing::AllOf(HasSubstr("spec.toml:"), HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, SpecificationRefusesRest,
    testing::Values(
        Refusal{R"(colums = 1)", "column"},
        Refusal{R"(max_reject = 1.5)", "share"},
        Refusal{R"(max_unlinked = -0.1)", "share"},
        Refusal{R"(row_key = ["nothing"])", "row_key"},
        Refusal{R"(row_key = ["event_date", "event_date"])", "twice"},
        Refusal{R"(drop = [ { name = "event_date", reason = "x" } ])",
                "cannot be dropped"},
        Refusal{R"(drop = [ { name = "a" } ])", "reason"},
        Refusal{
            R"(drop = [ { name = "a", reason = "x" }, { name = "a", reason = "x" } ])",
            "twice"},
        Refusal{
            R"(drop = [ { name = "a", reason = "x", aliases = ["Event_Date"] } ])",
            "two inputs"},
        Refusal{
            R"(rule = [ { reason = "DATE_ODER", before = "a", after = "b" } ])",
            "DATE_ORDER"},
        Refusal{
            R"(rule = [ { reason = "DATE_ORDER", before = "a", after = "a" } ])",
            "two dates"},
        Refusal{R"(rule = [ { reason = "DATE_ORDER", before = "a" } ])",
                "after"},
        Refusal{R"(rule = [ { reason = "VALUE_MISSING", column = "a" } ])",
                "reason is not one of"},
        Refusal{
            R"(rule = [ { reason = "OPTED_OUT_TYPE1", list = "national_eligible" } ])",
            "takes the list type1_opt_outs"},
        Refusal{
            R"(rule = [ { reason = "OPTED_OUT_TYPE1", column = "a", value = ["Y"] } ])",
            "needs keep"},
        Refusal{
            R"(rule = [ { reason = "OPTED_OUT_TYPE1", column = "a", value = ["Y"], keep = ["y"] } ])",
            "in value and in keep"},
        Refusal{
            R"(rule = [ { reason = "OPTED_OUT_TYPE1", column = "a", value = [""], keep = ["N"] } ])",
            "empty value"},
        Refusal{
            R"(rule = [ { reason = "SENSITIVE_FLAG", column = "a", value = ["Y"], keep = ["N"] } ])",
            "takes no keep"},
        Refusal{
            R"(rule = [ { reason = "RESTRICTED_CODE", column = "a", list = "type1_opt_outs" } ])",
            "restricted_codes"},
        Refusal{
            R"(rule = [ { reason = "RESTRICTED_CODE", list = "restricted_codes" } ])",
            "column"},
        Refusal{R"(rule = [ { reason = "RESTRICTED_CODE", column = "a" } ])",
                "either"},
        Refusal{R"(rule = [ { reason = "NOT_PARTICIPATING", column = "a" } ])",
                "list"},
        Refusal{R"(rule = [ { reason = "SENSITIVE_FLAG", column = "a" } ])",
                "value"},
        Refusal{
            R"(rule = [ { reason = "SENSITIVE_FLAG", column = "a", value = ["1"], list = "clusters" } ])",
            "no list"},
        Refusal{
            R"(rule = [ { reason = "RESTRICTED_CODE", column = "nhs_number", list = "restricted_codes" } ])",
            "people"},
        Refusal{
            R"(rule = [ { reason = "RESTRICTED_LINKED_ROW", same = "a", datasets = [] } ])",
            "datasets"},
        Refusal{
            R"(rule = [ { reason = "RESTRICTED_LINKED_ROW", same = "a", datasets = ["A B"] } ])",
            "datasets"},
        Refusal{
            R"(rule = [ { reason = "OPTED_OUT_NATIONAL", list = "national_eligible" } ])",
            "go together"}));

TEST(Specification, RefusesFaultsOfTheHead) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = With("");
    text.replace(text.find(from), from.size(), to);
    return Parse(text).status();
  };
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(with("\"gp-event\"", "\"GP-event\""), invalid);
  EXPECT_THAT(with("version = 1", "version = 0"), invalid);
  EXPECT_THAT(with("version = 1", "version = \"1\""), invalid);
  EXPECT_THAT(with("\"activity\"", "\"activities\""), invalid);
  EXPECT_THAT(with("period_column = \"event_date\"", ""), invalid);
  EXPECT_THAT(with("period_column = \"event_date\"", "period_column = \"x\""),
              invalid);
  EXPECT_THAT(with("kind = \"activity\"", "kind = \"snapshot\""), invalid);
  EXPECT_THAT(with("{ input = \"nhs_number\" }",
                   "{ input = \"nhs_number\", status_input = \"s\" }"),
              invalid);
  EXPECT_THAT(with("{ input = \"nhs_number\" }", "{ input = \"event_date\" }"),
              invalid);
  EXPECT_THAT(with("{ input = \"nhs_number\" }",
                   "{ input = \"n\", when_no_token = \"keep\" }"),
              invalid);
  EXPECT_THAT(with("applies = false, reason = \"test\"", "applies = false"),
              invalid);
  EXPECT_THAT(with("applies = false, reason = \"test\"", "applies = true"),
              invalid);
  EXPECT_THAT(Parse("id = "), invalid);
  EXPECT_THAT(Parse(""), invalid);
  EXPECT_THAT(Parse(std::string(kHead)), invalid);
  EXPECT_THAT(Parse(std::string(kHead) + "column = []\n"), invalid);
  EXPECT_THAT(Parse(std::string(kHead) + "column = [ 1 ]\n"), invalid);
}

TEST(Specification, RefusesMoreColumnsThanAWireCanCarry) {
  std::string columns;
  for (int i = 0; i < 6; ++i) {
    columns += "{ name = \"c" + std::to_string(i) +
               "\", repeat = 99, type = \"bool\", class = \"ATTR\", "
               "description = \"C\" },\n";
  }
  EXPECT_THAT(Parse(With(columns)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("512")));
}

}  // namespace
}  // namespace tally::dataset
