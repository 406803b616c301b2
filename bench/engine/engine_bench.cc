// Rows per second through the table function into Parquet (zstd), with one and
// two source threads: 11 mixed columns, 16,384 rows a batch. Every run reads
// its file back and compares count and sums; a wrong one fails.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/status.h"
#include "engine/database.h"
#include "engine/row_writer.h"
#include "temp_dir.h"

namespace tally::engine {
namespace {

using dataset::ColumnType;
using dataset::RecordBatch;

constexpr int32_t kRows = 2'000'000;
constexpr int32_t kBatchRows = 16'384;

RowSchema Schema() {
  using From = RowColumn::From;
  RowSchema schema = {{"person_index", From::kPersonIndex}};
  const ColumnType types[] = {ColumnType::kDate,   ColumnType::kCode,
                              ColumnType::kCode,   ColumnType::kDouble,
                              ColumnType::kDouble, ColumnType::kInt32,
                              ColumnType::kInt32,  ColumnType::kInt64,
                              ColumnType::kBool,   ColumnType::kText};
  for (size_t i = 0; i < std::size(types); ++i) {
    schema.push_back({"c" + std::to_string(i), From::kColumn, i, types[i]});
  }
  return schema;
}

RecordBatch Batch(int32_t first) {
  RecordBatch batch;
  for (const RowColumn& column : Schema()) {
    if (column.from == RowColumn::From::kColumn) {
      batch.columns.emplace_back(column.type);
    }
  }
  auto& c = batch.columns;
  for (int32_t n = first; n < first + kBatchRows; ++n) {
    batch.AppendPerson(n % 1'000'003, dataset::RowReason::kNone);
    c[0].AppendDate(18'000 + n % 1'500);
    c[1].AppendCode("C" + std::to_string(n % 400));
    c[2].AppendCode("practice-" + std::to_string(n % 90));
    c[3].AppendDouble(n % 977 / 10.0);
    n % 3 == 0 ? c[4].AppendNull() : c[4].AppendDouble(n % 1'009 / 7.0);
    c[5].AppendInt32(n % 100);
    c[6].AppendInt32(n * 17);
    c[7].AppendInt64(int64_t{n} * 1'000'003);
    c[8].AppendBool(n % 5 == 0);
    n % 4 == 0 ? c[9].AppendText("note " + std::to_string(n % 5'000))
               : c[9].AppendNull();
  }
  return batch;
}

// Fails the run unless the file holds every row once.
void Check(Database& database, const std::string& folder) {
  absl::StatusOr<Connection> connection = database.Connect();
  TALLY_CHECK(connection.ok());
  const std::string rows =
      " FROM read_parquet('" + folder + "/part-*.parquet')";
  const auto number = [&](const std::string& what) {
    absl::StatusOr<Value> value =
        connection->Scalar("SELECT CAST(" + what + " AS BIGINT)" + rows);
    TALLY_CHECK(value.ok());
    return *value->As<int64_t>();
  };
  constexpr int64_t kBatches = kRows / kBatchRows;
  constexpr int64_t kAll = kBatches * kBatchRows;
  TALLY_CHECK(number("count(*)") == kAll);
  TALLY_CHECK(number("sum(c7)") == kAll * (kAll - 1) / 2 * 1'000'003);
  TALLY_CHECK(number("count(c4)") == kAll - (kAll + 2) / 3);
}

void BM_RowWriter(benchmark::State& state) {
  const TempDir folder;
  TALLY_CHECK(MakeDirectories(folder.Path("temp"), 0700).ok());
  DatabaseOptions options;
  options.directories = {folder.path()};
  options.temp_directory = folder.Path("temp");
  options.threads = static_cast<int>(state.range(0));
  absl::StatusOr<Database> database = Database::Open(options);
  TALLY_CHECK(database.ok());
  std::vector<RecordBatch> batches;
  for (int32_t first = 0; first + kBatchRows <= kRows; first += kBatchRows) {
    batches.push_back(Batch(first));
  }
  int64_t run = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::string out = folder.Path(std::to_string(run++));
    TALLY_CHECK(MakeDirectories(out, 0700).ok());
    std::vector<RecordBatch> copies = batches;
    state.ResumeTiming();
    RowWriterOptions writer_options;
    writer_options.source_threads = static_cast<int>(state.range(0));
    auto writer = RowWriter::Open(*database, Schema(), out, writer_options);
    TALLY_CHECK(writer.ok());
    for (RecordBatch& batch : copies) {
      TALLY_CHECK((*writer)->Write(std::move(batch)).ok());
    }
    TALLY_CHECK((*writer)->Finish().ok());
    state.PauseTiming();
    Check(*database, out);
    TALLY_CHECK(RemoveTree(out).ok());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(BM_RowWriter)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace tally::engine

BENCHMARK_MAIN();
