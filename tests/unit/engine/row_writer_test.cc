#include "engine/row_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "base/exit_code.h"
#include "dataset/row_reason.h"
#include "engine_fixture.h"

namespace tally::engine {
namespace {

using dataset::ColumnType;
using dataset::RecordBatch;
using dataset::RowReason;

// A schema with every type.
RowSchema Schema() {
  using From = RowColumn::From;
  return {{"person_index", From::kPersonIndex},
          {"unlinked_reason", From::kPersonReason},
          {"b", From::kColumn, 0, ColumnType::kBool},
          {"i", From::kColumn, 1, ColumnType::kInt32},
          {"n", From::kColumn, 2, ColumnType::kInt64},
          {"d", From::kColumn, 3, ColumnType::kDouble},
          {"day", From::kColumn, 4, ColumnType::kDate},
          {"code", From::kColumn, 5, ColumnType::kCode},
          {"words", From::kColumn, 6, ColumnType::kText}};
}

// Row `n`: values follow from n alone, every seventh has no values, every
// fifth has no person.
void AppendRow(RecordBatch& batch, int32_t n) {
  if (n % 5 == 4) {
    batch.AppendPerson(dataset::kNoPerson, RowReason::kNhsNumberMissing);
  } else {
    batch.AppendPerson(n, RowReason::kNone);
  }
  auto& c = batch.columns;
  if (n % 7 == 3) {
    for (dataset::Column& column : c) column.AppendNull();
    return;
  }
  c[0].AppendBool(n % 2 == 0);
  c[1].AppendInt32(-n);
  c[2].AppendInt64(int64_t{n} << 33);
  c[3].AppendDouble(n / 4.0);
  c[4].AppendDate(n - 1000);
  // Short ones lie in the engine's 16 bytes, long ones beside them.
  c[5].AppendCode((n % 2 == 0 ? "code" : "code of more bytes than twelve ") +
                  std::to_string(n % 50));
  c[6].AppendText(std::string(static_cast<size_t>(n % 30), 't'));
}

RecordBatch Batch(int32_t first, int32_t rows) {
  RecordBatch batch;
  for (const ColumnType type :
       {ColumnType::kBool, ColumnType::kInt32, ColumnType::kInt64,
        ColumnType::kDouble, ColumnType::kDate, ColumnType::kCode,
        ColumnType::kText}) {
    batch.columns.emplace_back(type);
  }
  for (int32_t n = first; n < first + rows; ++n) AppendRow(batch, n);
  return batch;
}

class RowWriterTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    database_.emplace(Open());
    connection_.emplace(Connect(*database_));
  }
  std::unique_ptr<RowWriter> Writer(RowWriterOptions options = {}) {
    auto writer = RowWriter::Open(*database_, Schema(), data(), options);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  int64_t Count(const std::string& from) {
    absl::StatusOr<Value> value =
        connection_->Scalar("SELECT count(*) FROM " + from);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value->As<int64_t>() : -1;
  }
  std::string Parts() const {
    return "read_parquet('" + file("part-*.parquet") + "')";
  }

  std::optional<Database> database_;
  std::optional<Connection> connection_;
};

TEST_F(RowWriterTest, EveryValueComesBack) {
  const auto writer = Writer();
  for (int32_t first = 0; first < 20'000; first += 5'000) {
    ASSERT_TRUE(writer->Write(Batch(first, 5'000)).ok());
  }
  const auto files = writer->Finish();
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ((*files)[0].path, file("part-00000.parquet"));
  EXPECT_EQ((*files)[0].rows, 20'000);
  EXPECT_EQ((*files)[0].size_bytes, *FileSize((*files)[0].path));

  // The oracle computes the same rows in SQL; both differences are empty.
  const std::string oracle =
      "(SELECT CASE WHEN n % 5 = 4 THEN NULL ELSE n END, "
      "CASE WHEN n % 5 = 4 THEN 'NHS_NUMBER_MISSING' END, "
      "CASE WHEN v THEN n % 2 = 0 END, CASE WHEN v THEN -n END, "
      "CASE WHEN v THEN n * 8589934592 END, CASE WHEN v THEN n / 4.0 END, "
      "CASE WHEN v THEN DATE '1970-01-01' + CAST(n - 1000 AS INTEGER) END, "
      "CASE WHEN v THEN CASE WHEN n % 2 = 0 THEN 'code' "
      "ELSE 'code of more bytes than twelve ' END || (n % 50) END, "
      "CASE WHEN v THEN repeat('t', n % 30) END "
      "FROM (SELECT n, n % 7 <> 3 AS v FROM range(20000) r(n)))";
  EXPECT_EQ(Count("(FROM " + Parts() + " EXCEPT ALL FROM " + oracle + ")"), 0);
  EXPECT_EQ(Count("(FROM " + oracle + " EXCEPT ALL FROM " + Parts() + ")"), 0);
}

TEST_F(RowWriterTest, TypesOnDiskAreThoseOfBothEngines) {
  const auto writer = Writer();
  ASSERT_TRUE(writer->Write(Batch(0, 10)).ok());
  ASSERT_TRUE(writer->Finish().ok());
  absl::StatusOr<Result> result =
      connection_->Query("DESCRIBE SELECT * FROM " + Parts());
  ASSERT_TRUE(result.ok());
  std::string types;
  const auto rows = result->AllRows();
  ASSERT_TRUE(rows.ok());
  for (const auto& row : *rows) {
    types += *row[0].As<std::string>() + " " + *row[1].As<std::string>() + ";";
  }
  EXPECT_EQ(types,
            "person_index INTEGER;unlinked_reason VARCHAR;b BOOLEAN;i INTEGER;"
            "n BIGINT;d DOUBLE;day DATE;code VARCHAR;words VARCHAR;");
}

TEST_F(RowWriterTest, BeginsAFurtherPartAtTheLimit) {
  RowWriterOptions options;
  options.max_rows_per_part = 1'000;
  const auto writer = Writer(options);
  for (int32_t first = 0; first < 2'500; first += 500) {
    ASSERT_TRUE(writer->Write(Batch(first, 500)).ok());
  }
  const auto files = writer->Finish();
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].rows, 1'000);
  EXPECT_EQ((*files)[1].rows, 1'000);
  EXPECT_EQ((*files)[2].rows, 500);
  EXPECT_EQ((*files)[2].path, file("part-00002.parquet"));
  EXPECT_EQ(Count(Parts()), 2'500);
}

// A row group of the usual size would take more than the whole memory.
TEST_F(RowWriterTest, WideRowsFitIntoLittleMemory) {
  constexpr size_t kColumns = 40;
  constexpr int32_t kBatches = 25, kRows = 8'000;
  DatabaseOptions options = Options();
  options.memory_bytes = int64_t{64} << 20;
  Database database = Open(options);
  RowSchema schema = {{"person_index", RowColumn::From::kPersonIndex}};
  for (size_t i = 0; i < kColumns; ++i) {
    schema.push_back({"c" + std::to_string(i), RowColumn::From::kColumn, i,
                      ColumnType::kText});
  }
  auto writer = RowWriter::Open(database, schema, data());
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (int32_t b = 0; b < kBatches; ++b) {
    RecordBatch batch;
    for (size_t i = 0; i < kColumns; ++i) {
      batch.columns.emplace_back(ColumnType::kText);
    }
    for (int32_t n = b * kRows; n < (b + 1) * kRows; ++n) {
      batch.AppendPerson(n, RowReason::kNone);
      for (size_t i = 0; i < kColumns; ++i) {
        batch.columns[i].AppendText(
            "a text of its own " +
            std::to_string(int64_t{n} * 7919 + static_cast<int64_t>(i)));
      }
    }
    const absl::Status written = (*writer)->Write(std::move(batch));
    ASSERT_TRUE(written.ok()) << written;
  }
  const auto files = (*writer)->Finish();
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(Count(Parts()), kBatches * kRows);
}

TEST_F(RowWriterTest, NoRowsLeaveOnePartWithTheSchema) {
  const auto writer = Writer();
  const auto files = writer->Finish();
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ((*files)[0].rows, 0);
  EXPECT_EQ(Count(Parts()), 0);
  EXPECT_TRUE(
      connection_->Execute("SELECT person_index, words FROM " + Parts()).ok());
}

TEST_F(RowWriterTest, WritesZstdRowGroupsAndMetadata) {
  RowWriterOptions options;
  options.parquet.row_group_rows = 2'048;
  options.parquet.metadata = {{"tally.unit", "it's \"rows\""},
                              {"tally.release", "r2026-11"}};
  const auto writer = Writer(options);
  for (int32_t first = 0; first < 16'384; first += 4'096) {
    ASSERT_TRUE(writer->Write(Batch(first, 4'096)).ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  const std::string part = "'" + file("part-00000.parquet") + "'";
  EXPECT_EQ(Count("(SELECT DISTINCT compression FROM parquet_metadata(" + part +
                  ") WHERE compression <> 'ZSTD')"),
            0);
  EXPECT_GE(Count("(SELECT DISTINCT row_group_id FROM parquet_metadata(" +
                  part + "))"),
            4);
  EXPECT_EQ(Count("parquet_kv_metadata(" + part +
                  ") WHERE decode(key) = 'tally.unit' AND decode(value) = "
                  "'it''s \"rows\"'"),
            1);
}

TEST_F(RowWriterTest, WithoutFinishNothingIsLeft) {
  {
    RowWriterOptions options;
    options.max_rows_per_part = 100;
    const auto writer = Writer(options);
    for (int32_t first = 0; first < 300; first += 100) {
      ASSERT_TRUE(writer->Write(Batch(first, 100)).ok());
    }
  }
  const auto left = ListDirectory(data());
  ASSERT_TRUE(left.ok());
  EXPECT_TRUE(left->empty());
}

TEST_F(RowWriterTest, RefusesToOverwriteAPart) {
  std::ofstream(file("part-00000.parquet")) << "mine";
  const auto writer = RowWriter::Open(*database_, Schema(), data());
  EXPECT_EQ(ExitCodeOf(writer.status()), kExitConflict);
  EXPECT_EQ(*ReadFile(file("part-00000.parquet"), 100), "mine");
}

TEST_F(RowWriterTest, RefusesAFolderOutside) {
  const auto writer = RowWriter::Open(*database_, Schema(), root());
  absl::Status status = writer.status();
  if (status.ok()) {
    // The engine opens the file on its own thread.
    for (int i = 0; status.ok() && i < 1'000; ++i) {
      status = (*writer)->Write(Batch(i, 10));
    }
    if (status.ok()) status = (*writer)->Finish().status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_FALSE(FileExists(root() + "/part-00000.parquet"));
}

TEST_F(RowWriterTest, RefusesBatchesThatDoNotFit) {
  const auto writer = Writer();
  RecordBatch lacks = Batch(0, 3);
  lacks.columns.pop_back();
  EXPECT_EQ(writer->Write(lacks).code(), absl::StatusCode::kInvalidArgument);
  RecordBatch other = Batch(0, 3);
  std::swap(other.columns[0], other.columns[1]);
  EXPECT_EQ(writer->Write(other).code(), absl::StatusCode::kInvalidArgument);
  RecordBatch uneven = Batch(0, 3);
  uneven.AppendPerson(7, RowReason::kNone);
  EXPECT_EQ(writer->Write(uneven).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(writer->Write(Batch(0, 3)).ok());
  EXPECT_EQ((*writer->Finish())[0].rows, 3);
}

TEST_F(RowWriterTest, RefusesBadSchemasAndOptions) {
  const auto code = [&](RowSchema schema, RowWriterOptions options = {}) {
    return RowWriter::Open(*database_, std::move(schema), data(), options)
        .status()
        .code();
  };
  EXPECT_EQ(code({}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({{"Bad Name", RowColumn::From::kPersonIndex}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({{"a", RowColumn::From::kPersonIndex},
                  {"a", RowColumn::From::kPersonReason}}),
            absl::StatusCode::kInvalidArgument);
  RowWriterOptions queue;
  queue.queue_batches = 0;
  EXPECT_EQ(code(Schema(), queue), absl::StatusCode::kInvalidArgument);
  RowWriterOptions groups;
  groups.parquet.row_group_rows = 1;
  EXPECT_EQ(code(Schema(), groups), absl::StatusCode::kInvalidArgument);
  RowWriterOptions nul;
  nul.parquet.metadata = {{"k", std::string("a\0b", 3)}};
  EXPECT_EQ(code(Schema(), nul), absl::StatusCode::kInvalidArgument);
}

// Gives batches of 1 to 16,384 rows, then an error if it is told to.
class Source : public RowSource {
 public:
  Source(int32_t rows, bool fails) : left_(rows), fails_(fails) {}
  absl::StatusOr<std::optional<RecordBatch>> Next() override {
    if (left_ == 0) {
      if (fails_) return absl::DataLossError("the source broke");
      return std::optional<RecordBatch>();
    }
    const int32_t rows = std::min(left_, next_size_);
    next_size_ = next_size_ * 5 % 16'383 + 1;
    left_ -= rows;
    return std::optional<RecordBatch>(Batch(left_, rows));
  }

 private:
  int32_t left_;
  int32_t next_size_ = 1;
  bool fails_;
};

TEST_F(RowWriterTest, DrainsASourceWhole) {
  Source source(50'000, false);
  const auto files = WriteParquet(*database_, source, Schema(), data());
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)[0].rows, 50'000);
  EXPECT_EQ(Count("(SELECT DISTINCT person_index FROM " + Parts() +
                  " WHERE person_index IS NOT NULL)"),
            40'000);
}

TEST_F(RowWriterTest, BrokenSourceLeavesNothing) {
  Source source(50'000, true);
  const auto files = WriteParquet(*database_, source, Schema(), data());
  EXPECT_EQ(files.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(ListDirectory(data())->empty());
}

TEST_F(RowWriterTest, SeveralWritersWorkAtOnce) {
  ASSERT_TRUE(MakeDirectories(file("a"), 0700).ok());
  ASSERT_TRUE(MakeDirectories(file("b"), 0700).ok());
  auto a = RowWriter::Open(*database_, Schema(), file("a"));
  auto b = RowWriter::Open(*database_, Schema(), file("b"));
  ASSERT_TRUE(a.ok() && b.ok());
  for (int32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE((*a)->Write(Batch(i * 10, 10)).ok());
    ASSERT_TRUE((*b)->Write(Batch(i * 30, 30)).ok());
  }
  EXPECT_EQ((*(*a)->Finish())[0].rows, 200);
  EXPECT_EQ((*(*b)->Finish())[0].rows, 600);
}

}  // namespace
}  // namespace tally::engine
