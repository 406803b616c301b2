// Rules over codes by position: how they are read, and which units meet them.
#include "measures/code_rules.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "engine_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<std::vector<CodeRule>> Rules(const std::string& rules) {
  auto definition = MeasureDefinition::Parse(
      "id = \"C31\"\nversion = \"1\"\ntitle = \"T\"\nquestion = \"Q?\"\n"
      "stage = 7\nowner = \"o\"\nnumerator = \"n\"\ndenominator = \"d\"\n"
      "exclusions = \"e\"\ndirection = \"lower\"\ntarget = \"\"\n"
      "interval = \"i\"\nminimum_count = 8\npicture = \"p\"\n"
      "pages = [\"needs\"]\nneeds = []\noutput = [\n"
      "  { table = \"t\", columns = [\"c\"] },\n]\n" +
          rules,
      "C31.toml");
  EXPECT_OK(definition);
  return ReadCodeRules(*definition);
}

class CodeRulesTest : public EngineFixture {
 protected:
  CodeRulesTest() {
    EXPECT_OK(connection_->Execute(
        "CREATE TABLE stay (unit BIGINT, age_fy INTEGER, diag_01 VARCHAR, "
        "diag_02 VARCHAR, diag_04 VARCHAR, proc_01 VARCHAR, proc_02 VARCHAR, "
        "proc_date_01 DATE)"));
  }

  // A stay of three diagnoses (positions 1, 2, 4), two procedures and an age.
  void Stay(int unit, const std::string& values, const std::string& age) {
    EXPECT_OK(connection_->Execute(
        absl::StrFormat("INSERT INTO stay SELECT %d, %s, %s, DATE '2026-01-01'",
                        unit, age, values)));
  }

  // "rule:unit" of every hit.
  std::vector<std::string> Hits(const std::string& toml) {
    const auto rules = Rules(toml);
    EXPECT_OK(rules);
    EXPECT_OK(MakeCodeTable(*connection_, "stay_code", "stay", "unit",
                            "unit < 100",
                            {"unit", "age_fy", "diag_01", "diag_02", "diag_04",
                             "proc_01", "proc_02", "proc_date_01"}));
    EXPECT_OK(ApplyCodeRules(*connection_, *rules, {"stay_code", "stay"}));
    auto result = connection_->Query(
        "SELECT concat(rule, ':', unit) FROM rule_hit ORDER BY rule, unit");
    EXPECT_OK(result);
    std::vector<std::string> out;
    const auto rows = result->AllRows();
    for (const auto& row : *rows) out.push_back(*row[0].As<std::string>());
    return out;
  }
};

constexpr char kHead[] = "[[rule]]\nid = \"a\"\ntitle = \"A\"\n";

TEST_F(CodeRulesTest, PositionsKeepTheirNumbersOverGaps) {
  Stay(1, "NULL, 'I10', 'E119', NULL, NULL", "40");
  EXPECT_EQ(Hits(std::string(kHead) +
                 "diagnoses = [[{ at = \"any\", codes = [\"Z\"] }]]\n")
                .size(),
            0u);
  const auto rows = connection_->Scalar(
      "SELECT string_agg(concat_ws(' ', kind, position, code), '; ' "
      "ORDER BY position) FROM stay_code");
  ASSERT_OK(rows);
  EXPECT_EQ(*rows->As<std::string>(), "D 2 I10; D 4 E119");
}

TEST_F(CodeRulesTest, ACodeIsMetByThoseThatStartWithIt) {
  Stay(1, "'J45', NULL, NULL, NULL, NULL", "40");
  Stay(2, "'J459', NULL, NULL, NULL, NULL", "40");
  Stay(3, "'J44', NULL, NULL, NULL, NULL", "40");
  Stay(4, "'J4', NULL, NULL, NULL, NULL", "40");
  Stay(100, "'J45', NULL, NULL, NULL, NULL", "40");  // not among the rows
  EXPECT_THAT(Hits(std::string(kHead) +
                   "diagnoses = [[{ at = \"any\", codes = [\"J45\"] }]]\n"),
              ElementsAre("0:1", "0:2"));
}

TEST_F(CodeRulesTest, PrimaryIsTheFirstPlaceAndSecondaryAnyOther) {
  Stay(1, "'J45', NULL, NULL, NULL, NULL", "40");
  Stay(2, "'I10', 'J45', NULL, NULL, NULL", "40");
  Stay(3, "'I10', NULL, 'J45', NULL, NULL", "40");
  Stay(4, "NULL, 'J45', NULL, NULL, NULL", "40");
  const auto at = [&](const std::string& place) {
    return Hits(absl::StrFormat(
        "%sdiagnoses = [[{ at = \"%s\", codes = [\"J45\"] }]]\n", kHead,
        place));
  };
  EXPECT_THAT(at("primary"), ElementsAre("0:1"));
  EXPECT_THAT(at("secondary"), ElementsAre("0:2", "0:3", "0:4"));
  EXPECT_THAT(at("any"), ElementsAre("0:1", "0:2", "0:3", "0:4"));
}

TEST_F(CodeRulesTest, ACaseNeedsAllItsClausesAndASideOneCase) {
  Stay(1, "'M232', NULL, NULL, NULL, NULL", "40");
  Stay(2, "'M233', 'M238', NULL, NULL, NULL", "40");
  Stay(3, "'M233', NULL, NULL, NULL, NULL", "40");
  Stay(4, "'M238', 'M232', 'M233', NULL, NULL", "40");
  EXPECT_THAT(Hits(std::string(kHead) +
                   "diagnoses = [[{ at = \"any\", codes = [\"M232\"] }], "
                   "[{ at = \"any\", codes = [\"M233\"] }, "
                   "{ at = \"any\", codes = [\"M238\"] }]]\n"),
              ElementsAre("0:1", "0:2", "0:4"));
}

TEST_F(CodeRulesTest, ARuleNeedsBothSidesThatItNames) {
  Stay(1, "'R065', NULL, NULL, 'F324', NULL", "40");
  Stay(2, "'R065', NULL, NULL, NULL, NULL", "40");
  Stay(3, "NULL, NULL, NULL, 'F324', NULL", "40");
  // A procedure is no diagnosis, whatever its code.
  Stay(4, "'F324', NULL, NULL, 'R065', NULL", "40");
  EXPECT_THAT(Hits(std::string(kHead) +
                   "diagnoses = [[{ at = \"primary\", codes = [\"R065\"] }]]\n"
                   "procedures = [[{ at = \"primary\", codes = [\"F324\"] "
                   "}]]\n"),
              ElementsAre("0:1"));
}

TEST_F(CodeRulesTest, OneExcludedCodeTakesTheUnitOut) {
  Stay(1, "'J10', NULL, NULL, NULL, NULL", "40");
  Stay(2, "'J10', 'D570', NULL, NULL, NULL", "40");
  Stay(3, "'D570', 'J10', NULL, NULL, NULL", "40");  // not secondary
  Stay(4, "'J10', NULL, NULL, 'K401', NULL", "40");
  Stay(5, "'J10', NULL, NULL, 'X999', 'K40'", "40");
  EXPECT_THAT(
      Hits(std::string(kHead) +
           "diagnoses = [[{ at = \"any\", codes = [\"J10\"] }]]\n"
           "no_diagnoses = [{ at = \"secondary\", codes = [\"D57\"] }]\n"
           "no_procedures = [{ at = \"any\", codes = [\"K4\"] }]\n"),
      ElementsAre("0:1", "0:3"));
}

TEST_F(CodeRulesTest, AgesBelowTheLimitAndKnown) {
  Stay(1, "'J10', NULL, NULL, NULL, NULL", "17");
  Stay(2, "'J10', NULL, NULL, NULL, NULL", "18");
  Stay(3, "'J10', NULL, NULL, NULL, NULL", "NULL");
  EXPECT_THAT(Hits(std::string(kHead) +
                   "age_below = 18\n"
                   "diagnoses = [[{ at = \"any\", codes = [\"J10\"] }]]\n"
                   "[[rule]]\nid = \"b\"\ntitle = \"B\"\n"
                   "diagnoses = [[{ at = \"any\", codes = [\"J1\"] }]]\n"),
              ElementsAre("0:1", "1:1", "1:2", "1:3"));
}

TEST(ReadCodeRules, RefusesWhatIsNoRule) {
  const auto refused = [](const std::string& toml) {
    const auto rules = Rules(toml);
    EXPECT_EQ(ExitCodeOf(rules.status()), kExitUsage) << toml;
    return std::string(rules.status().message());
  };
  const std::string good = "diagnoses = [[{ at = \"any\", codes = [\"J1\"] }]]";
  EXPECT_OK(Rules(std::string(kHead) + good).status());
  EXPECT_THAT(refused(kHead), HasSubstr("needs diagnoses or procedures"));
  EXPECT_THAT(refused(std::string(kHead) + good + "\nsex = 1\n"),
              HasSubstr("sex"));
  EXPECT_THAT(refused(std::string(kHead) + good + "\n" + kHead + good),
              HasSubstr("twice"));
  EXPECT_THAT(refused(std::string(kHead) + good + "\ncounts_as = \"b\"\n"),
              HasSubstr("counts_as"));
  EXPECT_THAT(refused(std::string(kHead) + good + "\nage_below = 0\n"),
              HasSubstr("1 to 90"));
  EXPECT_THAT(refused(std::string(kHead) +
                      "diagnoses = [[{ at = \"first\", codes = [\"J1\"] }]]"),
              HasSubstr("primary, secondary or any"));
  for (const char* code : {"j10", "J1.0", "J1000", ""}) {
    EXPECT_THAT(refused(absl::StrFormat(
                    "%sdiagnoses = [[{ at = \"any\", codes = [\"%s\"] }]]",
                    kHead, code)),
                HasSubstr("a capital and up to three digits"));
  }
  EXPECT_THAT(refused(std::string(kHead) + "diagnoses = [[]]"),
              HasSubstr("a case needs a clause"));
}

}  // namespace
}  // namespace tally::analytics
