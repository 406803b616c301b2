#include "batch_checker.h"

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/status.h"
#include "status_matchers.h"
#include "store_fixture.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"

namespace tally::linkage {
namespace {

using wire::BatchKind;

class BatchCheckerTest : public testing::Test {
 protected:
  BatchCheckerTest() : checker_(Make(1'000)) {}

  BatchChecker Make(uint64_t limit) {
    return BatchChecker(
        {specs_->Newest("gp-event"), specs_->Newest("gp-patient")},
        {Day("2026-10-01"), Day("2026-10-31")}, limit);
  }
  static int32_t Day(const std::string& iso) {
    return CivilDay::Parse(iso)->days();
  }
  static std::string Persons(uint64_t first, size_t n, uint8_t fill = 2) {
    std::vector<uint8_t> tokens(n * 32, fill);
    const std::vector<uint8_t> flags(n, 0);
    std::string content;
    TALLY_CHECK(
        wire::EncodePersonBatch(
            {wire::PersonKind::kNhsNumber, first, tokens, flags}, content)
            .ok());
    return content;
  }
  std::string Events(uint64_t first_row, int rows, int32_t person = 0,
                     const std::string& day = "2026-10-15") const {
    const dataset::Specification& spec = *specs_->Newest("gp-event");
    auto batch = dataset::RecordBatch::For(spec, 0);
    batch.first_row = first_row;
    for (int i = 0; i < rows; ++i) {
      batch.AppendPerson(person, person < 0
                                     ? dataset::RowReason::kNhsNumberMissing
                                     : dataset::RowReason::kNone);
      batch.columns[0].AppendDate(Day(day));
      batch.columns[1].AppendCode("DM_COD");
      batch.columns[2].AppendNull();
    }
    std::string content;
    TALLY_CHECK(wire::EncodeRowBatch(spec, batch, content).ok());
    return content;
  }
  std::string Patients(uint64_t first_row, uint32_t dataset = 1) const {
    const dataset::Specification& spec = *specs_->Newest("gp-patient");
    auto batch = dataset::RecordBatch::For(spec, dataset);
    batch.first_row = first_row;
    batch.AppendPerson(0, dataset::RowReason::kNone);
    batch.columns[0].AppendInt32(1950);
    batch.columns[1].AppendCode("Z90001");
    std::string content;
    TALLY_CHECK(wire::EncodeRowBatch(spec, batch, content).ok());
    return content;
  }
  absl::Status Take(BatchKind kind, const std::string& content) {
    TALLY_RETURN_IF_ERROR(checker_.Check(kind, AsBytes(content)));
    checker_.Accept();
    return absl::OkStatus();
  }
  absl::Status Look(BatchKind kind, const std::string& content) {
    return checker_.Check(kind, AsBytes(content));
  }

  std::shared_ptr<const SpecificationStore> specs_ = TestSpecifications();
  BatchChecker checker_;
};

TEST_F(BatchCheckerTest, CountsWhatItAccepts) {
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 3)), IsOk());
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(3, 2)), IsOk());
  ASSERT_THAT(Take(BatchKind::kRows, Events(0, 4)), IsOk());
  ASSERT_THAT(Take(BatchKind::kRows, Events(4, 2, -1)), IsOk());
  ASSERT_THAT(Take(BatchKind::kRows, Patients(0)), IsOk());
  EXPECT_EQ(checker_.persons(), 5u);
  EXPECT_EQ(checker_.rows(), 7u);
  const DatasetTally& events = checker_.datasets()[0];
  EXPECT_EQ(events.rows, 6u);
  EXPECT_EQ(events.rows_unlinked, 2u);
  EXPECT_EQ(events.unlinked.at(dataset::RowReason::kNhsNumberMissing), 2u);
  EXPECT_EQ(events.nulls, (std::vector<uint64_t>{0, 0, 6}));
}

TEST_F(BatchCheckerTest, ACheckThatIsNotAcceptedChangesNothing) {
  ASSERT_THAT(Look(BatchKind::kPerson, Persons(0, 3)), IsOk());
  EXPECT_EQ(checker_.persons(), 0u);
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 3)), IsOk());
  EXPECT_FALSE(Look(BatchKind::kRows, Events(0, 1, 3)).ok());
  ASSERT_THAT(Take(BatchKind::kRows, Events(0, 1, 2)), IsOk());
}

TEST_F(BatchCheckerTest, PersonsComeBeforeRowsAndOneAfterTheOther) {
  EXPECT_THAT(Look(BatchKind::kPerson, Persons(1, 1)),
              ReasonIs(Reason::kBatchOrder));
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 1)), IsOk());
  EXPECT_THAT(Look(BatchKind::kPerson, Persons(0, 1)),
              ReasonIs(Reason::kBatchOrder));
  ASSERT_THAT(Take(BatchKind::kRows, Events(0, 1)), IsOk());
  EXPECT_THAT(Look(BatchKind::kPerson, Persons(1, 1)),
              ReasonIs(Reason::kBatchOrder));
}

TEST_F(BatchCheckerTest, DatasetsComeInOrderEachInOneStretch) {
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 1)), IsOk());
  EXPECT_THAT(Look(BatchKind::kRows, Events(1, 1)),
              ReasonIs(Reason::kBatchOrder));
  ASSERT_THAT(Take(BatchKind::kRows, Events(0, 2)), IsOk());
  EXPECT_THAT(Look(BatchKind::kRows, Events(1, 1)),
              ReasonIs(Reason::kBatchOrder));
  ASSERT_THAT(Take(BatchKind::kRows, Patients(0)), IsOk());
  EXPECT_THAT(Look(BatchKind::kRows, Events(2, 1)),
              ReasonIs(Reason::kBatchOrder));
}

TEST_F(BatchCheckerTest, ADatasetThatWasNotAnnouncedIsRefused) {
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 1)), IsOk());
  EXPECT_THAT(Look(BatchKind::kRows, Patients(0, 2)),
              ReasonIs(Reason::kFieldInvalid));
}

TEST_F(BatchCheckerTest, ElementsAreCheckedByTheirBytes) {
  EXPECT_THAT(Look(BatchKind::kPerson, Persons(0, 1, 0)),
              ReasonIs(Reason::kElementIdentity));
  EXPECT_THAT(Look(BatchKind::kPerson, Persons(0, 1, 0xff)),
              ReasonIs(Reason::kElementTopBit));
}

TEST_F(BatchCheckerTest, MorePeopleThanTheRegistryAllowsAreRefused) {
  checker_ = Make(4);
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 4)), IsOk());
  EXPECT_THAT(Look(BatchKind::kPerson, Persons(4, 1)),
              ReasonIs(Reason::kPersonLimit));
}

TEST_F(BatchCheckerTest, ADayOutsideThePeriodIsRefusedByRowAndColumn) {
  ASSERT_THAT(Take(BatchKind::kPerson, Persons(0, 1)), IsOk());
  for (const char* day : {"2026-09-30", "2026-11-01", "1990-01-01"}) {
    const absl::Status status = Look(BatchKind::kRows, Events(0, 3, 0, day));
    EXPECT_THAT(status, ReasonIs(Reason::kValueRefused)) << day;
    EXPECT_EQ(DetailOf(status)->row, 1);
    EXPECT_EQ(DetailOf(status)->column, "event_date");
  }
  for (const char* day : {"2026-10-01", "2026-10-31"}) {
    EXPECT_THAT(Look(BatchKind::kRows, Events(0, 1, 0, day)), IsOk());
  }
}

TEST_F(BatchCheckerTest, AnUnknownKindIsRefused) {
  EXPECT_THAT(Look(static_cast<BatchKind>(7), "x"),
              ReasonIs(Reason::kFieldInvalid));
}

}  // namespace
}  // namespace tally::linkage
