// bench_engine [ROUNDS]: rows a second through the table function into Parquet
// (zstd), with one and two source threads in turn: 11 mixed columns, 16,384
// rows a batch. Every round reads its file back and compares count and sums; a
// wrong one ends the program at once.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "bench/report.h"
#include "engine/database.h"
#include "engine/row_writer.h"
#include "temp_dir.h"

namespace tally::engine {
namespace {

using dataset::ColumnType;
using dataset::RecordBatch;

constexpr int32_t kRows = 2'000'000;
constexpr int32_t kBatchRows = 16'384;
// Whole batches only.
constexpr int32_t kWritten = kRows / kBatchRows * kBatchRows;

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
  constexpr int64_t kAll = kWritten;
  TALLY_CHECK(number("count(*)") == kAll);
  TALLY_CHECK(number("sum(c7)") == kAll * (kAll - 1) / 2 * 1'000'003);
  TALLY_CHECK(number("count(c4)") == kAll - (kAll + 2) / 3);
}

// A database of so many threads in a folder of its own.
class Writing {
 public:
  explicit Writing(int threads) : threads_(threads) {
    TALLY_CHECK(MakeDirectories(folder_.Path("temp"), 0700).ok());
    DatabaseOptions options;
    options.directories = {folder_.path()};
    options.temp_directory = folder_.Path("temp");
    options.threads = threads;
    absl::StatusOr<Database> database = Database::Open(options);
    TALLY_CHECK(database.ok());
    database_.emplace(*std::move(database));
  }

  // Rows a second of one round; checks what was written.
  double Once(const std::vector<RecordBatch>& batches) {
    const std::string out = folder_.Path("rows");
    TALLY_CHECK(MakeDirectories(out, 0700).ok());
    std::vector<RecordBatch> copies = batches;
    const double start = bench::WallSeconds();
    RowWriterOptions options;
    options.source_threads = threads_;
    auto writer = RowWriter::Open(*database_, Schema(), out, options);
    TALLY_CHECK(writer.ok());
    for (RecordBatch& batch : copies) {
      TALLY_CHECK((*writer)->Write(std::move(batch)).ok());
    }
    TALLY_CHECK((*writer)->Finish().ok());
    const double rate = kWritten / (bench::WallSeconds() - start);
    Check(*database_, out);
    TALLY_CHECK(RemoveTree(out).ok());
    return rate;
  }

 private:
  const int threads_;
  const TempDir folder_;
  std::optional<Database> database_;
};

int Run(int rounds, bench::Report& report) {
  std::vector<RecordBatch> batches;
  for (int32_t first = 0; first + kBatchRows <= kRows; first += kBatchRows) {
    batches.push_back(Batch(first));
  }
  Writing with_one(1);
  Writing with_two(2);
  std::vector<double> one;
  std::vector<double> two;
  for (int round = 0; round < rounds; ++round) {
    one.push_back(with_one.Once(batches));
    two.push_back(with_two.Once(batches));
  }
  report.Add({.name = "rows to Parquet, two threads",
              .unit = "rows/s",
              .values = two,
              .rival = "one thread",
              .rival_values = one});
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::engine

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  if (rounds < 1 || argc > 2) {
    std::fprintf(stderr, "usage: bench_engine [ROUNDS]\n");
    return 2;
  }
  return tally::engine::Run(rounds, report);
}
