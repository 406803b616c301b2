#include "linkage/release/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/sha256.h"

namespace tally::linkage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kAgreement = R"toml(
project = { id = "frailty-2026", agreement = "v1", title = "Frailty", purpose = "Planning" }
authority = { controller = "Example ICB", legal_basis = "approval 7", domain = "commissioning" }
term = { valid_from = 2026-11-01, expires = 2027-10-31, retention_after_expiry = "30d" }
analysts = ["spiffe://example.nhs.uk/analyst/a-khan"]
population = "gp-patient"
rows_without_person = "keep"
tiers = ["nhs_number"]
date_grain = "month"
geography = ["imd_decile", "practice", "place"]
ethnicity = "5"
disclosure = { profile = "nhs-subnational", min_k = 5, max_relinked_share = 0.01 }
dataset = [
  { id = "gp-event", sources = ["gp-supplier-b", "gp-supplier-a"], columns = ["event_date", "cluster_id", "value1"], filter = [ { column = "cluster_id", op = "in", value = ["FRAILTY_COD", "DM_COD"] } ] },
  { id = "sus-apc", sources = ["national-apc"], columns = ["admission_date", "diag_01"], date_grain = "day" },
]
)toml";

// The agreement with one piece of text exchanged.
std::string With(std::string_view from, std::string_view to) {
  const std::string changed = absl::StrReplaceAll(
      std::string(kAgreement), {{std::string(from), std::string(to)}});
  EXPECT_NE(changed, kAgreement) << "the test replaces nothing";
  return changed;
}

std::string FieldOfRefusal(const std::string& text) {
  const absl::StatusOr<Agreement> agreement = ParseAgreement(text, "a.toml");
  if (agreement.ok()) return "accepted";
  const std::optional<ErrorDetail> detail = DetailOf(agreement.status());
  if (!detail.has_value()) return "no detail";
  EXPECT_EQ(detail->reason, Reason::kAgreementInvalid);
  return detail->field;
}

TEST(Agreement, ReadsEveryKey) {
  const absl::StatusOr<Agreement> a = ParseAgreement(kAgreement, "a.toml");
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->project, "frailty-2026");
  EXPECT_EQ(a->id, "v1");
  EXPECT_EQ(a->title, "Frailty");
  EXPECT_EQ(a->purpose, "Planning");
  EXPECT_EQ(a->controller, "Example ICB");
  EXPECT_EQ(a->legal_basis, "approval 7");
  EXPECT_EQ(a->domain, "commissioning");
  EXPECT_EQ(a->valid_from.ToIso(), "2026-11-01");
  EXPECT_EQ(a->expires.ToIso(), "2027-10-31");
  EXPECT_EQ(a->retention_days, 30);
  EXPECT_THAT(a->analysts,
              ElementsAre("spiffe://example.nhs.uk/analyst/a-khan"));
  EXPECT_EQ(a->population, "gp-patient");
  EXPECT_TRUE(a->keep_rows_without_person);
  EXPECT_EQ(a->date_grain, DateGrain::kMonth);
  EXPECT_EQ(a->ethnicity_groups, 5);
  EXPECT_EQ(a->profile, "nhs-subnational");
  EXPECT_EQ(a->min_k, 5);
  EXPECT_DOUBLE_EQ(a->max_relinked_share, 0.01);
  EXPECT_EQ(a->sha256, Sha256Hex(kAgreement));
}

TEST(Agreement, ReadsDatasetsInTheirOrder) {
  const absl::StatusOr<Agreement> a = ParseAgreement(kAgreement, "a.toml");
  ASSERT_TRUE(a.ok()) << a.status();
  ASSERT_EQ(a->datasets.size(), 2u);
  const AgreementDataset& events = a->datasets[0];
  EXPECT_EQ(events.id, "gp-event");
  EXPECT_THAT(events.sources, ElementsAre("gp-supplier-a", "gp-supplier-b"));
  EXPECT_THAT(events.columns,
              ElementsAre("event_date", "cluster_id", "value1"));
  EXPECT_EQ(events.date_grain, DateGrain::kMonth);
  ASSERT_EQ(events.filters.size(), 1u);
  EXPECT_EQ(events.filters[0].op, FilterOp::kIn);
  EXPECT_EQ(events.filters[0].values.size(), 2u);
  EXPECT_EQ(a->datasets[1].date_grain, DateGrain::kDay);
  EXPECT_THAT(a->Sources(),
              ElementsAre("gp-supplier-a", "gp-supplier-b", "national-apc"));
}

TEST(Agreement, FillsInDefaults) {
  std::string text = With("rows_without_person = \"keep\"\n", "");
  text =
      absl::StrReplaceAll(text, {{"tiers = [\"nhs_number\"]\n", ""},
                                 {"ethnicity = \"5\"\n", ""},
                                 {", min_k = 5, max_relinked_share = 0.01", ""},
                                 {", retention_after_expiry = \"30d\"", ""}});
  const absl::StatusOr<Agreement> a = ParseAgreement(text, "a.toml");
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_TRUE(a->keep_rows_without_person);
  EXPECT_THAT(a->tiers, ElementsAre("nhs_number"));
  EXPECT_EQ(a->ethnicity_groups, 5);
  EXPECT_EQ(a->min_k, 5);
  EXPECT_DOUBLE_EQ(a->max_relinked_share, 1.0);
  EXPECT_EQ(a->retention_days, 30);
}

TEST(Agreement, IsInForceOnItsFirstAndLastDayOnly) {
  const absl::StatusOr<Agreement> a = ParseAgreement(kAgreement, "a.toml");
  ASSERT_TRUE(a.ok()) << a.status();
  const auto day = [](std::string_view text) { return *CivilDay::Parse(text); };
  EXPECT_FALSE(a->IsInForce(day("2026-10-31")));
  EXPECT_TRUE(a->IsInForce(day("2026-11-01")));
  EXPECT_TRUE(a->IsInForce(day("2027-10-31")));
  EXPECT_FALSE(a->IsInForce(day("2027-11-01")));
}

TEST(Agreement, AcceptsTwoYearsAndRefusesADayMore) {
  EXPECT_EQ(
      FieldOfRefusal(With("expires = 2027-10-31", "expires = 2028-11-01")),
      "accepted");
  EXPECT_EQ(
      FieldOfRefusal(With("expires = 2027-10-31", "expires = 2028-11-02")),
      "term.expires");
}

TEST(Agreement, RefusesExpiryBeforeItsFirstDay) {
  EXPECT_EQ(
      FieldOfRefusal(With("expires = 2027-10-31", "expires = 2026-10-31")),
      "term.expires");
}

TEST(Agreement, SaysWhichColumnIsThereTwice) {
  EXPECT_EQ(FieldOfRefusal(With("\"cluster_id\", \"value1\"",
                                "\"cluster_id\", \"event_date\"")),
            "dataset[0].columns[2]");
}

struct Refusal {
  std::string_view from;
  std::string_view to;
  std::string_view field;
};

class AgreementRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(AgreementRefusal, NamesTheKey) {
  EXPECT_EQ(FieldOfRefusal(With(GetParam().from, GetParam().to)),
            GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, AgreementRefusal,
    ::testing::Values(
        Refusal{"id = \"frailty-2026\", ", "", "project.id"},
        Refusal{"id = \"frailty-2026\"", "id = \"Frailty\"", "project.id"},
        Refusal{"title = \"Frailty\"", "title = \"\"", "project.title"},
        Refusal{"title = \"Frailty\"", "title = 7", "project.title"},
        Refusal{"title = \"Frailty\"", "title = \"a\\u0007b\"",
                "project.title"},
        Refusal{"domain = \"commissioning\"", "domain = \"A b\"",
                "authority.domain"},
        Refusal{"controller = ", "owner = ", "authority"},
        Refusal{"valid_from = 2026-11-01", "valid_from = \"2026-11-01\"",
                "term.valid_from"},
        Refusal{"\"30d\"", "\"36h\"", "term.retention_after_expiry"},
        Refusal{"analysts = [\"spiffe://example.nhs.uk/analyst/a-khan\"]",
                "analysts = []", "analysts"},
        Refusal{"population = \"gp-patient\"\n", "", "population"},
        Refusal{"rows_without_person = \"keep\"",
                "rows_without_person = \"hide\"", "rows_without_person"},
        Refusal{"tiers = [\"nhs_number\"]", "tiers = [\"similarity\"]",
                "tiers[0]"},
        Refusal{"date_grain = \"month\"", "date_grain = \"year\"",
                "date_grain"},
        Refusal{"\"place\"", "\"postcode\"", "geography[2]"},
        Refusal{"ethnicity = \"5\"", "ethnicity = 5", "ethnicity"},
        Refusal{"nhs-subnational", "none", "disclosure.profile"},
        Refusal{"min_k = 5", "min_k = 0", "disclosure.min_k"},
        Refusal{"max_relinked_share = 0.01", "max_relinked_share = 1.5",
                "disclosure.max_relinked_share"},
        Refusal{"id = \"sus-apc\"", "id = \"gp-event\"", "dataset[1].id"},
        Refusal{"\"gp-supplier-b\"", "\"../b\"", "dataset[0].sources[0]"},
        Refusal{"[\"admission_date\", \"diag_01\"]", "[]",
                "dataset[1].columns"},
        Refusal{"op = \"in\"", "op = \"like\"", "dataset[0].filter[0].op"},
        Refusal{"value = [\"FRAILTY_COD\", \"DM_COD\"]", "value = \"DM_COD\"",
                "dataset[0].filter[0].value"},
        Refusal{"value = [\"FRAILTY_COD\", \"DM_COD\"]", "value = []",
                "dataset[0].filter[0].value"},
        Refusal{"op = \"in\"", "op = \"is-null\"",
                "dataset[0].filter[0].value"},
        Refusal{"op = \"in\"", "op = \"=\"", "dataset[0].filter[0].value"},
        Refusal{", date_grain = \"day\"", ", grain = \"day\"", "dataset[1]"},
        Refusal{"ethnicity = \"5\"", "etnicity = \"5\"", "agreement"}));

TEST(Agreement, RefusesWhatIsNotToml) {
  EXPECT_EQ(FieldOfRefusal("project = {"), "agreement");
  EXPECT_EQ(FieldOfRefusal(std::string("\0", 1)), "agreement");
}

TEST(Agreement, RefusesMoreThan64KiB) {
  const std::string padding(kMaxAgreementBytes, '\n');
  EXPECT_EQ(FieldOfRefusal(std::string(kAgreement) + padding), "agreement");
}

TEST(Agreement, NeverRepeatsAValueInItsErrors) {
  for (const std::string_view from :
       {"gp-patient", "frailty-2026", "commissioning", "cluster_id",
        "admission_date", "DM_COD", "nhs-subnational", "month"}) {
    const std::string text = With(from, "secret9990000018");
    const absl::StatusOr<Agreement> a = ParseAgreement(text, "a.toml");
    if (a.ok()) continue;
    EXPECT_THAT(std::string(a.status().message()),
                Not(HasSubstr("secret9990000018")));
  }
}

TEST(Agreement, NamesEveryGrainAndOperator) {
  EXPECT_EQ(DateGrainName(DateGrain::kWeek), "week");
  EXPECT_EQ(FilterOpName(FilterOp::kNotIn), "not-in");
  EXPECT_EQ(FilterOpName(FilterOp::kPrefix), "prefix");
}

}  // namespace
}  // namespace tally::linkage
