// Spooled rows come out of the stage once each, unchanged, in another order.

#include "row_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/process.h"
#include "bucket_spool.h"
#include "crypto/init.h"
#include "crypto/keys.h"
#include "status_matchers.h"
#include "temp_dir.h"
#include "wire/limits.h"
#include "wire/row_batch_codec.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ColumnType;
using dataset::RowReason;

constexpr uint32_t kStagePersons = 500;

// One column of each type, the first of which is the row's number, and
// `texts` more of text.
dataset::Specification StageSpecification(int texts) {
  std::string toml = R"(
id = "stage-test"
version = 1
title = "Rows of every type"
kind = "snapshot"
person = { input = "nhs_number" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "number", type = "int64", class = "ATTR", min = 0, max = 9000000000, description = "d" },
  { name = "flag", type = "bool", class = "ATTR", description = "d" },
  { name = "small", type = "int32", class = "ATTR", min = -1000, max = 1000, description = "d" },
  { name = "day", type = "date", class = "ATTR", min = 1990-01-01, max = 2030-01-01, description = "d" },
  { name = "amount", type = "double", class = "ATTR", min = -10.0, max = 10.0, description = "d" },
  { name = "code", type = "code", class = "ATTR", pattern = "[A-Z0-9]{1,6}", max_length = 6, description = "d" },
)";
  for (int i = 0; i < texts; ++i) {
    toml += absl::StrFormat(
        "  { name = \"text%d\", type = \"text\", class = \"ATTR\", pattern = "
        "\"[a-z]{1,64}\", max_length = 64, description = \"d\" },\n",
        i);
  }
  auto specification =
      dataset::Specification::Parse(toml + "]\n", "stage-test.toml");
  EXPECT_OK(specification);
  return *std::move(specification);
}

// A row's values as text; the column's value, or null.
std::string ShowStaged(const dataset::Column& column, size_t row) {
  if (column.IsNull(row)) return "-";
  switch (column.type()) {
    case ColumnType::kBool:
      return column.Bool(row) ? "true" : "false";
    case ColumnType::kInt32:
    case ColumnType::kDate:
      return std::to_string(column.Int32(row));
    case ColumnType::kInt64:
      return std::to_string(column.Int64(row));
    case ColumnType::kDouble:
      return std::to_string(column.Double(row));
    case ColumnType::kCode:
      return std::string(column.Code(row));
    case ColumnType::kText:
      return std::string(column.Text(row));
  }
  return "?";
}

class RowStageTest : public testing::Test {
 protected:
  RowStageTest() : pool_(2), random_(20261123) {
    EXPECT_OK(crypto::InitCrypto());
    key_ = std::make_unique<crypto::StorageKey>(
        *crypto::StorageKey::Generate(crypto::Environment::kTest, "gp-a"));
    // Provisional numbers mean something, those of the extract do not.
    for (uint32_t i = 0; i < kStagePersons; ++i) {
      person_of_.push_back((i * 7 + 3) % kStagePersons);
    }
  }

  // A random value for a column, and how it will be shown.
  Cell RandomCell(ColumnType type, size_t column, std::string* shown) {
    Cell cell;
    cell.form = Cell::Form::kNumber;
    switch (type) {
      case ColumnType::kBool:
        cell.number = static_cast<int64_t>(random_() % 2);
        *shown = cell.number != 0 ? "true" : "false";
        return cell;
      case ColumnType::kInt64:
      case ColumnType::kInt32:
      case ColumnType::kDate:
        cell.number = static_cast<int64_t>(random_() % 1000);
        if (type == ColumnType::kDate) cell.number += 10'000;
        *shown = std::to_string(cell.number);
        return cell;
      case ColumnType::kDouble:
        cell.form = Cell::Form::kReal;
        cell.real = static_cast<double>(random_() % 1000) / 128 - 3.5;
        *shown = std::to_string(cell.real);
        return cell;
      case ColumnType::kCode:
        *shown = absl::StrFormat("C%d", random_() % 300);
        texts_.push_back(*shown);
        cell.form = Cell::Form::kCode;
        // As when there is no number left for a code.
        if (random_() % 4 == 0) cell.form = Cell::Form::kText;
        cell.number = codes_[column].Intern(*shown);
        cell.text = texts_.back();
        return cell;
      case ColumnType::kText:
        *shown = std::string(1 + random_() % 64,
                             static_cast<char>('a' + random_() % 26));
        texts_.push_back(*shown);
        cell.form = Cell::Form::kText;
        cell.text = texts_.back();
        return cell;
    }
    return cell;
  }

  // Spools `rows` random rows and remembers them by number.
  void Spool(const dataset::Specification& specification, int64_t rows) {
    BucketSpool::Options options;
    options.path = dir_.Path("rows.spool");
    options.context = {.environment = crypto::Environment::kTest,
                       .domain = "commissioning",
                       .path = "check/rows.spool"};
    options.max_bytes = int64_t{1} << 30;
    auto spool = BucketSpool::Create(options, *key_);
    ASSERT_OK(spool);
    spool_ = *std::move(spool);
    const auto& columns = specification.columns();
    codes_.resize(columns.size());
    BucketSpool::Pen pen(spool_.get(), 0);
    RowWriter writer(specification);
    for (int64_t number = 0; number < rows; ++number) {
      const bool linked = random_() % 5 != 0;
      const uint32_t person = linked ? random_() % kStagePersons : 0;
      std::string planted =
          linked ? std::to_string(person_of_[person]) : "nobody";
      writer.Begin();
      Cell id;
      id.form = Cell::Form::kNumber;
      id.number = number;
      writer.Add(id);
      for (size_t i = 1; i < columns.size(); ++i) {
        std::string shown = "-";
        Cell cell;
        if (random_() % 3 != 0) cell = RandomCell(columns[i].type, i, &shown);
        writer.Add(cell);
        planted += " " + shown;
      }
      planted_[number] = planted;
      ASSERT_OK(pen.Write(writer.Finish(
          linked ? person : kNoProvisional,
          linked ? RowReason::kNone : RowReason::kNhsNumberMissing)));
    }
    ASSERT_OK(pen.Flush());
    ASSERT_OK(spool_->Close());
  }

  // Decodes what the stage gives, as the hub would, and compares.
  void ExpectAllRowsOnce(const dataset::Specification& specification) {
    RowStage stage(specification, 0, codes_, person_of_, pool_);
    std::vector<int64_t> order;
    ASSERT_OK(stage.Run(*spool_, [&](std::vector<std::string> contents) {
      for (const std::string& content : contents) {
        EXPECT_LE(content.size(), wire::kAimRequestBytes);
        auto batch = dataset::RecordBatch::For(specification);
        TALLY_RETURN_IF_ERROR(wire::DecodeRowBatch(
            specification, {.persons = kStagePersons, .today_days = 20'000},
            AsBytes(content), batch));
        EXPECT_EQ(batch.first_row, order.size());
        for (size_t r = 0; r < batch.rows(); ++r) {
          const int64_t number = batch.columns[0].Int64(r);
          std::string shown = batch.person_index[r] == dataset::kNoPerson
                                  ? "nobody"
                                  : std::to_string(batch.person_index[r]);
          for (size_t i = 1; i < batch.columns.size(); ++i) {
            shown += " " + ShowStaged(batch.columns[i], r);
          }
          EXPECT_EQ(shown, planted_[number]) << number;
          order.push_back(number);
        }
      }
      return absl::OkStatus();
    }));
    EXPECT_EQ(stage.rows(), planted_.size());
    ASSERT_EQ(order.size(), planted_.size());
    if (order.size() > 100) {
      EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    }
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(order[i], static_cast<int64_t>(i));
    }
  }

  TempDir dir_;
  WorkerPool pool_;
  std::mt19937 random_;
  std::unique_ptr<crypto::StorageKey> key_;
  std::vector<uint32_t> person_of_;
  std::deque<SharedCodes> codes_;
  std::deque<std::string> texts_;
  std::unique_ptr<BucketSpool> spool_;
  std::map<int64_t, std::string> planted_;
};

TEST_F(RowStageTest, GivesEveryRowOnceInAnotherOrder) {
  const auto specification = StageSpecification(1);
  Spool(specification, 30'000);
  ExpectAllRowsOnce(specification);
}

TEST_F(RowStageTest, GivesEveryRowOnceWhenRowsAreFewerThanABatch) {
  for (const int64_t rows : {0, 1, 2, 9}) {
    planted_.clear();
    codes_.clear();
    const auto specification = StageSpecification(1);
    Spool(specification, rows);
    ExpectAllRowsOnce(specification);
    spool_.reset();
  }
}

TEST_F(RowStageTest, HalvesBatchesOfWideRowsUntilTheyFit) {
  const auto specification = StageSpecification(40);
  Spool(specification, 9'000);
  ExpectAllRowsOnce(specification);
}

TEST_F(RowStageTest, StopsWithTheErrorOfTheSink) {
  const auto specification = StageSpecification(1);
  Spool(specification, 30'000);
  RowStage stage(specification, 0, codes_, person_of_, pool_);
  int calls = 0;
  EXPECT_THAT(stage.Run(*spool_,
                        [&](std::vector<std::string>) {
                          ++calls;
                          return absl::ResourceExhaustedError("no room");
                        }),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(calls, 1);
}

TEST_F(RowStageTest, EndsSoonWhenAStopIsAskedFor) {
  const auto specification = StageSpecification(1);
  Spool(specification, 60'000);
  RowStage stage(specification, 0, codes_, person_of_, pool_);
  int calls = 0;
  const absl::Status status = stage.Run(*spool_, [&](std::vector<std::string>) {
    ++calls;
    RequestStop(2);
    return absl::OkStatus();
  });
  ResetStopForTesting();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace tally::pseudonymiser
