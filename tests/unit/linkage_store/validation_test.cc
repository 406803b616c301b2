#include "validation.h"

#include "base/civil_day.h"
#include "status_matchers.h"
#include "store_fixture.h"

namespace tally::linkage {
namespace {

const ValidationResult* Find(const ValidationReport& report,
                             std::string_view dataset, std::string_view check) {
  for (const ValidationResult& one : report.results) {
    if (one.dataset == dataset && one.check == check) return &one;
  }
  return nullptr;
}

class ValidationTest : public testing::Test {
 protected:
  ValidationTest() {
    specification_ = specifications_->Newest("gp-event");
    record_ = Month(2026, 10);
    output_.manifest.datasets.resize(1);
    output_.datasets.resize(1);
    output_.run.records = 40;
    SetRows(1'000, 50);
  }
  static ExtractRecord Month(int year, int month) {
    ExtractRecord record;
    const CivilDay first = *CivilDay::Create(year, month, 1);
    record.period_start = first.days();
    record.period_end = first.LastOfMonth().days();
    return record;
  }
  void SetRows(uint64_t rows, uint64_t unlinked) {
    DatasetTally& tally = output_.datasets[0];
    tally.rows = rows;
    tally.rows_unlinked = unlinked;
    tally.nulls = {0, 0, rows / 5};
  }
  void AddEarlier(int year, int month, int64_t rows) {
    EarlierExtract earlier{Month(year, month), {}};
    earlier.record.datasets = {{"gp-event", "", rows, 0}};
    earlier_.push_back(earlier);
  }
  ValidationReport Report() const {
    const std::vector<const dataset::Specification*> specs{specification_};
    return Validate(record_, output_, specs, 100, earlier_);
  }

  std::shared_ptr<const SpecificationStore> specifications_ =
      TestSpecifications();
  const dataset::Specification* specification_;
  ExtractRecord record_;
  PublisherOutput output_;
  std::vector<EarlierExtract> earlier_;
};

TEST_F(ValidationTest, AGoodExtractIsAccepted) {
  const ValidationReport report = Report();
  EXPECT_EQ(report.Worst(), ValidationOutcome::kAccept);
  ASSERT_NE(Find(report, "", "persons"), nullptr);
  EXPECT_EQ(Find(report, "", "persons")->value, 40);
  EXPECT_EQ(Find(report, "", "persons")->bound, 100);
  for (const char* check :
       {"schema", "ranges", "code-sets", "rows", "unlinked-share",
        "reject-share", "filled-event_date", "filled-value1"}) {
    ASSERT_NE(Find(report, "gp-event", check), nullptr) << check;
  }
  EXPECT_DOUBLE_EQ(Find(report, "gp-event", "filled-value1")->value, 0.8);
  EXPECT_EQ(Find(report, "gp-event", "volume-same-month"), nullptr);
}

TEST_F(ValidationTest, SharesBeyondTheSpecificationWarn) {
  SetRows(1'000, 101);
  output_.manifest.datasets[0].dropped[dataset::RowReason::kDateInvalid] = 6;
  output_.manifest.datasets[0].dropped[dataset::RowReason::kRestrictedCode] =
      500;  // by rule: no fault
  const ValidationReport report = Report();
  EXPECT_EQ(Find(report, "gp-event", "unlinked-share")->result,
            ValidationOutcome::kWarn);
  const ValidationResult* rejected = Find(report, "gp-event", "reject-share");
  EXPECT_EQ(rejected->result, ValidationOutcome::kWarn);
  EXPECT_DOUBLE_EQ(rejected->value, 6.0 / 1'006.0);
}

TEST_F(ValidationTest, VolumeIsComparedWithTheSameMonthOfLastYear) {
  for (int month = 10; month <= 12; ++month) AddEarlier(2025, month, 1'000);
  for (int month = 1; month <= 9; ++month) {
    AddEarlier(2026, month, month % 2 == 0 ? 990 : 1'010);
  }
  EXPECT_EQ(Find(Report(), "gp-event", "volume-same-month")->result,
            ValidationOutcome::kAccept);
  SetRows(900, 0);
  const ValidationReport report = Report();
  const ValidationResult* volume =
      Find(report, "gp-event", "volume-same-month");
  EXPECT_EQ(volume->result, ValidationOutcome::kWarn);
  EXPECT_LT(volume->value, -3);
  EXPECT_EQ(volume->bound, 3);
}

TEST_F(ValidationTest, TooLittleHistoryGivesNoVolumeCheck) {
  AddEarlier(2025, 10, 5);
  AddEarlier(2026, 9, 5);
  EXPECT_EQ(Find(Report(), "gp-event", "volume-same-month"), nullptr);
}

TEST_F(ValidationTest, AColumnThatEmptiesWarns) {
  AddEarlier(2026, 9, 1'000);
  earlier_.back().validation.results = {
      {"gp-event", "filled-value1", ValidationOutcome::kAccept, 0.95, 0}};
  const ValidationReport report = Report();
  const ValidationResult* filled = Find(report, "gp-event", "filled-value1");
  EXPECT_EQ(filled->result, ValidationOutcome::kWarn);
  EXPECT_NEAR(filled->bound, 0.85, 1e-9);
}

TEST_F(ValidationTest, AnEmptyDatasetWarns) {
  SetRows(0, 0);
  const ValidationReport report = Report();
  EXPECT_EQ(Find(report, "gp-event", "rows")->result, ValidationOutcome::kWarn);
}

TEST_F(ValidationTest, ReportParsesToTheSame) {
  const ValidationReport report = Report();
  ASSERT_OK_AND_ASSIGN(const ValidationReport parsed,
                       ValidationReport::Parse(report.ToJson("sources/a")));
  EXPECT_EQ(parsed.results, report.results);
  EXPECT_FALSE(ValidationReport::Parse("{}").ok());
  EXPECT_FALSE(ValidationReport::Parse("").ok());
}

TEST_F(ValidationTest, ARejectionIsReportedByItsReason) {
  const ValidationReport report = RejectedReport(
      Error(Reason::kElementRepeated, "tokens", {.row = 5, .count = 3}));
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].check, "element-repeated");
  EXPECT_EQ(report.results[0].value, 3);
  EXPECT_EQ(report.Worst(), ValidationOutcome::kReject);
}

}  // namespace
}  // namespace tally::linkage
