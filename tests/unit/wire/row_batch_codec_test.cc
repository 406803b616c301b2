#include "wire/row_batch_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/strings.h"
#include "random_batch.h"
#include "row_batch_oracle.h"
#include "status_matchers.h"
#include "wire/limits.h"

namespace tally::wire {
namespace {

using dataset::RecordBatch;
using dataset::RowReason;

constexpr uint64_t kPersons = 500;

std::string Encoded(const RecordBatch& batch) {
  std::string bytes;
  EXPECT_THAT(EncodeRowBatch(EveryType(), batch, bytes), IsOk());
  return bytes;
}

absl::Status Decode(const std::string& bytes, RecordBatch& out,
                    uint64_t persons = kPersons) {
  return DecodeRowBatch(EveryType(), {persons, kToday}, AsBytes(bytes), out);
}

struct Shape {
  size_t rows;
  uint64_t nulls;
};

class RowBatchShapes : public testing::TestWithParam<Shape> {};

TEST_P(RowBatchShapes, EncodesAsTheGeneratedMessagesDo) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const RecordBatch batch =
        RandomBatch(seed, GetParam().rows, GetParam().nulls, kPersons);
    EXPECT_EQ(Encoded(batch), Serialised(ToMessage(batch)));
  }
}

TEST_P(RowBatchShapes, DecodesToTheSameRowsAndEncodesToTheSameBytes) {
  RecordBatch decoded;  // used again: nothing of the batch before may stay
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const RecordBatch batch =
        RandomBatch(seed, GetParam().rows, GetParam().nulls, kPersons);
    const std::string bytes = Encoded(batch);
    ASSERT_THAT(Decode(bytes, decoded), IsOk());
    EXPECT_TRUE(SameRows(batch, decoded));
    EXPECT_EQ(Encoded(decoded), bytes);
  }
}

TEST_P(RowBatchShapes, NeverExceedsItsBound) {
  const RecordBatch batch =
      RandomBatch(5, GetParam().rows, GetParam().nulls, kPersons);
  EXPECT_LE(Encoded(batch).size(), batch.EncodedBytesBound());
}

INSTANTIATE_TEST_SUITE_P(Shapes, RowBatchShapes,
                         testing::Values(Shape{1, 0}, Shape{1, 1}, Shape{7, 3},
                                         Shape{8, 0}, Shape{8, 2}, Shape{9, 2},
                                         Shape{64, 1}, Shape{1000, 5},
                                         Shape{4096, 50}));

TEST(RowBatchCodec, CarriesTheLargestBatch) {
  const RecordBatch batch = RandomBatch(3, kMaxRows, 0, kPersons);
  const std::string bytes = Encoded(batch);
  RecordBatch decoded;
  ASSERT_THAT(Decode(bytes, decoded), IsOk());
  EXPECT_TRUE(SameRows(batch, decoded));
}

TEST(RowBatchCodec, WorkedExampleOfTheSpecification) {
  // docs/spec/wire-v1.md shows these bytes.
  RecordBatch batch = RecordBatch::For(EveryType(), 1);
  batch.first_row = 300;
  batch.AppendPerson(7, RowReason::kNone);
  batch.AppendPerson(-1, RowReason::kNhsNumberCheckDigit);
  batch.columns[0].AppendDate(19723);
  batch.columns[0].AppendDate(19724);
  batch.columns[1].AppendBool(true);
  batch.columns[1].AppendNull();
  batch.columns[2].AppendInt32(-3);
  batch.columns[2].AppendInt32(150);
  batch.columns[3].AppendNull();
  batch.columns[3].AppendInt64(4294967296);
  batch.columns[4].AppendDouble(1.5);
  batch.columns[4].AppendNull();
  batch.columns[5].AppendCode("J44");
  batch.columns[5].AppendCode("E11");
  batch.columns[6].AppendNull();
  batch.columns[6].AppendNull();
  batch.columns[7].AppendText("mg");
  batch.columns[7].AppendText("kg");
  EXPECT_EQ(HexEncode(AsBytes(Encoded(batch))),
            "080110ac021802"                // dataset, first_row, row_count
            "220807000000ffffffff"          // person_index
            "2a020003"                      // person_reason
            "320c3a0a0a080b4d00000c4d0000"  // day
            "320808011201011a0101"          // flag
            "3209080222050a0305ac02"        // small
            "320f08031201022a080a06008080808020"  // large
            "3219080412010132120a10"              // real
            "000000000000f83f0000000000000000"
            "32120805420e0a034531310a034a343412020100"  // code
            "320b0806120100420412020000"                // choice
            "320e08074a0a0a046d676b6712020204");        // text
}

TEST(RowBatchCodec, PeekFindsTheDatasetOfABatch) {
  RecordBatch batch = RandomBatch(1, 3, 0, kPersons);
  batch.dataset_index = 31;
  batch.first_row = 123456789012;
  const absl::StatusOr<RowBatchHeader> header =
      PeekRowBatch(AsBytes(Encoded(batch)));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header->dataset_index, 31u);
  EXPECT_EQ(header->first_row, 123456789012u);
}

TEST(RowBatchCodec, EncodeSortsDictionariesAndLeavesOutUnusedCodes) {
  RecordBatch batch = RandomBatch(1, 2, 0, kPersons);
  batch.columns[5].Clear();
  batch.columns[5].AppendCode("Z9");
  batch.columns[5].AppendCode("A1");
  RecordBatch decoded;
  ASSERT_THAT(Decode(Encoded(batch), decoded), IsOk());
  ASSERT_EQ(decoded.columns[5].dictionary().size(), 2u);
  EXPECT_EQ(decoded.columns[5].dictionary().value(0), "A1");
  EXPECT_EQ(decoded.columns[5].Code(0), "Z9");
}

TEST(RowBatchCodec, EncodeRefusesWhatHasNoEncoding) {
  std::string bytes;
  RecordBatch empty = RecordBatch::For(EveryType());
  EXPECT_THAT(EncodeRowBatch(EveryType(), empty, bytes),
              ReasonIs(Reason::kFieldInvalid));
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), -0.0}) {
    RecordBatch batch = RandomBatch(1, 1, 0, kPersons);
    batch.columns[4].Clear();
    batch.columns[4].AppendDouble(bad);
    EXPECT_THAT(EncodeRowBatch(EveryType(), batch, bytes),
                ReasonIs(Reason::kColumnEncoding));
  }
  RecordBatch reasonless = RandomBatch(1, 1, 0, kPersons);
  reasonless.person_index[0] = dataset::kNoPerson;
  reasonless.person_reason[0] = RowReason::kNone;
  EXPECT_THAT(EncodeRowBatch(EveryType(), reasonless, bytes),
              ReasonIs(Reason::kFieldInvalid));
  RecordBatch long_code = RandomBatch(1, 1, 0, kPersons);
  long_code.columns[5].Clear();
  long_code.columns[5].AppendCode(std::string(65, 'A'));
  EXPECT_THAT(EncodeRowBatch(EveryType(), long_code, bytes),
              ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchCodec, EncodeRefusesTooManyRows) {
  const RecordBatch batch = RandomBatch(1, kMaxRows + 1, 0, kPersons);
  std::string bytes;
  EXPECT_THAT(EncodeRowBatch(EveryType(), batch, bytes),
              ReasonIs(Reason::kBatchTooLarge));
}

}  // namespace
}  // namespace tally::wire
