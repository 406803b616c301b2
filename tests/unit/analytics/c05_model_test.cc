// C05: a model whose figures are known by hand.
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"
#include "measures/c05_risk.h"
#include "risk_cast.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

RiskCast QuotaCast() {
  RiskCast cast;
  for (int i = 1; i <= 400; ++i) {
    const int p = cast.Person(30 + i % 40, i % 2 == 0 ? "1" : "2");
    const bool prior = i <= 100;
    const bool next = i <= 50 || (i > 100 && i <= 115);
    const bool last = (i <= 26) || (i > 200 && i <= 234);
    if (prior) cast.Stay(p, "2024-03-01", "2024-03-02");
    if (next) cast.Stay(p, "2025-03-01", "2025-03-02");
    if (last) cast.Stay(p, "2026-03-01", "2026-03-02");
  }
  cast.Finish();
  return cast;
}

RunOptions OneFeature(const Bench& bench, const std::string& features) {
  RunOptions options;
  options.definitions = bench.root() + "/definitions";
  std::filesystem::create_directories(options.definitions);
  std::string text = *ReadFile(std::string(TALLY_SOURCE_DIR) +
                                   "/analytics/measures/definitions/C05.toml",
                               1 << 20);
  const size_t from = text.find("\nfeatures = [") + 1;
  text.replace(from, text.find(']', from) + 1 - from, features);
  EXPECT_TRUE(
      WriteFileAtomically(options.definitions + "/C05.toml", text, 0600).ok());
  return options;
}

TEST(RiskModelOfC05, FiguresEqualThoseWorkedByHand) {
  RiskCast cast = QuotaCast();
  Bench bench(cast.release);
  const MeasureResult result =
      RunRisk(bench, OneFeature(bench, "features = [\"emergency_12\"]"));
  const GatedTable& models = *RiskTable(result, "risk_model");
  const std::map<std::string, std::string> row = {{"model", "Logistic model"}};
  EXPECT_EQ(Find(models, row, "persons"), "400");
  EXPECT_EQ(Find(models, row, "admitted"), "60");
  EXPECT_EQ(Find(models, row, "trained"), "2024-10");
  EXPECT_EQ(Find(models, row, "judged"), "2025-10");
  // (26 x 301 + (26 x 39 + 34 x 301) / 2) / (60 x 340)
  EXPECT_EQ(Find(models, row, "auc"), "0.66");
  // Of the top 5 %, 20 of the 65: 26 x 20 / 65 = 8 of 60.
  EXPECT_EQ(Find(models, row, "capture_5"), "13");
  // All 26, and 15 of the 335 others: 34 x 15 / 335.
  EXPECT_EQ(Find(models, row, "capture_20"), "46");
  const GatedTable& groups = *RiskTable(result, "risk_calibration");
  const std::map<std::string, std::string> all = {{"group", "all"}};
  EXPECT_EQ(Find(groups, all, "observed"), "15.0");
  // 65 at 50 % and 335 at 5 %; the ridge pulls a little.
  EXPECT_NEAR(std::strtod(Find(groups, all, "predicted").c_str(), nullptr),
              100 * (65 * 0.5 + 335 * 0.05) / 400, 0.4);
  EXPECT_NEAR(std::strtod(Find(groups, all, "ratio").c_str(), nullptr),
              60 / 49.25, 0.04);
  int people = 0;
  for (const char* sex : {"male", "female"}) {
    people +=
        std::stoi(Find(groups, {{"group", "sex"}, {"level", sex}}, "persons"));
  }
  EXPECT_EQ(people, 400);
  // Two scores only: those of one score are in one band.
  const GatedTable& bands = *RiskTable(result, "risk_bands");
  const auto in_band = [&](const std::string& band, const char* column) {
    return Find(bands,
                {{"model", "Logistic model"}, {"area", "All"}, {"band", band}},
                column);
  };
  EXPECT_EQ(in_band("top 0.5 %", "persons"), "65");
  EXPECT_EQ(in_band("top 0.5 %", "admitted"), "26");
  EXPECT_EQ(in_band("top 0.5 %", "observed"), "40.0");
  EXPECT_EQ(in_band("next 4.5 %", "persons"), "0");
  EXPECT_EQ(in_band("next 15 %", "persons"), "335");
  EXPECT_EQ(in_band("rest", "list"), "400");
}

TEST(RiskModelOfC05, ASeparatingFeatureIsRefusedWithItsReason) {
  RiskCast cast;
  for (int i = 1; i <= 60; ++i) {
    const int p = cast.Person();
    if (i > 20) continue;
    cast.Stay(p, "2024-03-01", "2024-03-02");
    cast.Stay(p, "2025-03-01", "2025-03-02");
  }
  // Twice in the window makes it a number, not a flag of zeros and ones.
  for (int i = 1; i <= 10; ++i) cast.Stay(i, "2024-04-01", "2024-04-02");
  cast.Finish();
  Bench bench(cast.release);
  const MeasureResult result =
      RunRisk(bench, OneFeature(bench, "features = [\"emergency_12\"]"));
  const GatedTable& models = *RiskTable(result, "risk_model");
  EXPECT_EQ(Find(models, {{"model", "Logistic model"}}, "auc"), "absent");
  EXPECT_THAT(models.info().notes,
              testing::Contains(HasSubstr("The model is refused")));
  EXPECT_EQ(RiskTable(result, "risk_calibration"), nullptr);
}

TEST(RiskModelOfC05, IsNotFittedBeforeTheReleaseBegins) {
  for (const bool reaches : {true, false}) {
    RiskCast cast = QuotaCast();
    // The training date is the end of October 2024.
    cast.release.period_start = reaches ? "2024-10-01" : "2024-11-01";
    Bench bench(cast.release);
    const MeasureResult result = RunRisk(bench);
    EXPECT_EQ(RiskTable(result, "risk_calibration") != nullptr, reaches);
    EXPECT_NE(
        Find(*RiskTable(result, "risk_bands"),
             {{"model", "Emergency admissions, 12 months before"}}, "persons"),
        "absent");
  }
}

TEST(RiskModelOfC05, LeavesOutAndNamesWhatTheReleaseLacks) {
  RiskCast cast;
  cast.Person();
  FixtureTable apc;
  apc.dataset = "sus-apc";
  apc.columns = {"admission_date", "admission_method"};
  cast.release.activity = {apc};
  Bench bench(cast.release);
  const MeasureResult result = RunRisk(bench);
  const GatedTable& bands = *RiskTable(result, "risk_bands");
  EXPECT_EQ(Find(bands, {{"model", "Electronic frailty index"}}, "persons"),
            "absent");
  EXPECT_EQ(RiskTable(result, "lace_bands"), nullptr);
  for (const char* words :
       {"Deficits (eFI) are not available", "has no diag_01", "no ecds",
        "no sus-op", "lacks: deficits, charlson_2011, ed_12, outpatient_12."}) {
    EXPECT_THAT(bands.info().notes, testing::Contains(HasSubstr(words)));
  }
}

TEST(RiskModelOfC05, NoOutputNamesAPerson) {
  RiskCast cast = QuotaCast();
  Bench bench(cast.release, "nhs-subnational");
  const MeasureResult result = RunRisk(bench);
  EXPECT_TRUE(result.refused.empty());
  for (const GatedTable& table : result.tables) {
    for (const ColumnSpec& column : table.columns()) {
      EXPECT_NE(column.name, "person");
    }
  }
  ASSERT_EQ(result.parts.size(), 2u);
  EXPECT_EQ(result.parts[0].page, "risk");
  EXPECT_EQ(result.parts[0].charts[1].type(), "calibration");
}

struct RiskReach {
  const char* start;     // of the release
  const char* features;  // that the model does without, or empty
  const char* scores;    // that are not available, or empty
  bool two_years;        // scores of 24 months
  bool lace;
};

TEST(RiskModelOfC05, CountsNoMonthsThatTheReleaseDoesNotCover) {
  // Index dates are the ends of October 2024 and 2025. Two years before the
  // first, and before the admissions of frailty and the discharges of LACE in
  // the year before the second, begin with November 2022.
  const RiskReach cases[] = {
      {"2022-11-01", "", "", true, true},
      {"2022-12-01",
       "from 2024-10 than their dataset reaches: charlson_2011, emergency_24.",
       "from 2025-10 than their dataset reaches: Hospital Frailty Risk Score.",
       true, false},
      {"2023-12-01", ": charlson_2011, emergency_12, emergency_24, ed_12.",
       "Charlson index, weights of 1987, hierarchy on; Charlson index, weights "
       "of 2011, hierarchy on; Emergency admissions, 24 months before; "
       "Attendances, 24 months before.",
       false, false}};
  for (const RiskReach& c : cases) {
    SCOPED_TRACE(c.start);
    RiskCast cast = QuotaCast();
    cast.release.period_start = c.start;
    Bench bench(cast.release);
    const MeasureResult result = RunRisk(bench);
    const GatedTable& bands = *RiskTable(result, "risk_bands");
    const std::vector<std::string>& notes = bands.info().notes;
    for (const auto& [begins, words] :
         {std::pair<const char*, const char*>{
              "The model does without features that look", c.features},
          {"Not available, for they look", c.scores}}) {
      const auto said = testing::Contains(
          testing::AllOf(HasSubstr(begins), HasSubstr(words)));
      if (std::string(words).empty()) {
        EXPECT_THAT(notes, testing::Not(said));
      } else {
        EXPECT_THAT(notes, said);
      }
    }
    EXPECT_EQ(Find(bands, {{"model", "Emergency admissions, 24 months before"}},
                   "persons") != "absent",
              c.two_years);
    EXPECT_NE(Find(bands, {{"model", "Emergency admissions, 12 months before"}},
                   "persons"),
              "absent");
    EXPECT_EQ(RiskTable(result, "lace_bands") != nullptr, c.lace);
    EXPECT_EQ(result.missing.empty(), c.lace);
    if (c.lace) continue;
    ASSERT_EQ(result.missing.size(), 1u);
    EXPECT_THAT(result.missing[0].reason,
                HasSubstr("LACE looks back to 2022-11"));
  }
}

TEST(RiskModelOfC05, NeedsTheMonthsOfTheOutcomes) {
  for (const bool covered : {true, false}) {
    RiskCast cast = QuotaCast();
    cast.release.period_start = covered ? "2025-11-01" : "2025-12-01";
    Bench bench(cast.release);
    EXPECT_EQ(RunRisk(bench).unavailable.has_value(), !covered);
  }
}

}  // namespace
}  // namespace tally::analytics
