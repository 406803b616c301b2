// bench_merge [PEOPLE [THREADS [ROUNDS]]]: two runs of so many people, half of
// them in common, merged without pseudonyms, and in turn the same tokens joined
// by DuckDB in memory with the same number of threads. Default: 10,000,000
// people, 2 threads, 5 rounds. Ends at once when the two disagree on the number
// of common people. Bars, from 10,000,000 people on: faster than the join, and
// in 512 MiB, which is what a hub may use to link.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"
#include "base/worker_pool.h"
#include "bench/child.h"
#include "bench/report.h"
#include "crypto/init.h"
#include "engine/database.h"
#include "linkage/index/run_merger.h"
#include "run_writer.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

constexpr int64_t kBarPeople = 10'000'000;
constexpr int64_t kSteadyPeople = 1'000'000;
constexpr double kMostMib = 512;

// What some work took.
struct Cost {
  double seconds = 0;
  double processor_seconds = 0;
};
class Watch {
 public:
  Cost Read() const {
    return {bench::WallSeconds() - start_,
            bench::ProcessSeconds() - processor_};
  }

 private:
  double start_ = bench::WallSeconds();
  double processor_ = bench::ProcessSeconds();
};

// The token of person n: SHA-256 of its decimal digits, as DuckDB makes it.
Record TokenOf(int64_t n, uint32_t person) {
  Record record{};
  const auto digest = Sha256Of(std::to_string(n));
  std::copy(digest.begin(), digest.end(), record.bytes);
  SetPlace(record, person, 1, 0);
  return record;
}

class CountingSink final : public LinkSink {
 public:
  absl::Status AddLinks(std::span<const LinkRow> rows) override {
    links += static_cast<int64_t>(rows.size());
    return absl::OkStatus();
  }
  absl::Status AddPersons(std::span<const PersonRow> rows,
                          std::span<const dataset::Pseudonym>) override {
    for (const PersonRow& row : rows) common += row.sources == 2;
    return absl::OkStatus();
  }
  int64_t links = 0;
  int64_t common = 0;
};

class Merge {
 public:
  Merge(const std::string& directory, int64_t people, int threads)
      : directory_(directory),
        people_(people),
        key_(*crypto::StorageKey::Generate(crypto::Environment::kTest,
                                           "hub-a")) {
    // In a child, for its memory is not the merge's; before there are threads.
    const auto written = bench::RunInChild([this] {
      for (int run = 0; run < 2; ++run) WriteRun(run);
      return absl::OkStatus();
    });
    TALLY_CHECK(written.ok());
    pool_.emplace(threads);
  }

  // One whole Link; checks its answer.
  Cost Once() {
    std::vector<MergeInput> inputs;
    for (int run = 0; run < 2; ++run) {
      inputs.push_back({Path(run), Context(run), run, run});
    }
    RunMergerOptions options;
    options.storage_keys = [this](const crypto::KeyId&) { return &key_; };
    options.storage_key = &key_;
    options.pool = &*pool_;
    options.temp_directory = directory_;
    options.parts = pool_->threads();
    const Watch watch;
    auto merger = RunMerger::Create(inputs, options);
    TALLY_CHECK(merger.ok());
    CountingSink sink;
    TALLY_CHECK((*merger)->Link(nullptr, "", sink).ok());
    const Cost cost = watch.Read();
    TALLY_CHECK(sink.links == 2 * people_);
    TALLY_CHECK(sink.common == people_ - people_ / 2);
    return cost;
  }

 private:
  std::string Path(int run) const {
    return directory_ + "/" + std::to_string(run) + ".run";
  }
  static crypto::SealContext Context(int run) {
    return {crypto::Environment::kTest, "commissioning",
            "extracts/" + std::to_string(run) + "/index.run", 1};
  }
  void WriteRun(int run) {
    std::vector<Record> records;
    records.reserve(static_cast<size_t>(people_));
    const int64_t first = run * (people_ / 2);
    for (int64_t i = 0; i < people_; ++i) {
      records.push_back(TokenOf(first + i, static_cast<uint32_t>(i)));
    }
    std::sort(records.begin(), records.end(), Before);
    auto writer = RunWriter::Create(Path(run), Context(run), key_, {});
    TALLY_CHECK(writer.ok());
    for (const Record& record : records) TALLY_CHECK(writer->Add(record).ok());
    TALLY_CHECK(writer->Finish().ok());
  }

  std::string directory_;
  int64_t people_;
  crypto::StorageKey key_;
  std::optional<WorkerPool> pool_;
};

// DuckDB joining two tables of the same tokens.
Cost JoinOnce(engine::Connection& connection, int64_t expected) {
  const Watch watch;
  auto common = connection.Scalar(
      "SELECT CAST(count(*) AS BIGINT) FROM a JOIN b USING (token)");
  const Cost cost = watch.Read();
  TALLY_CHECK(common.ok());
  TALLY_CHECK(*common->As<int64_t>() == expected);
  return cost;
}

// Both tables of the join, filled.
engine::Connection FillTables(engine::Database& database, int64_t people) {
  auto connection = database.Connect();
  TALLY_CHECK(connection.ok());
  for (int table = 0; table < 2; ++table) {
    const int64_t first = table * (people / 2);
    TALLY_CHECK(
        connection
            ->Execute("CREATE TABLE " + std::string(1, "ab"[table]) +
                      " AS SELECT unhex(sha256(CAST(i AS VARCHAR))) AS "
                      "token, CAST(i AS INTEGER) AS person FROM range(" +
                      std::to_string(first) + ", " +
                      std::to_string(first + people) + ") t(i)")
            .ok());
  }
  return *std::move(connection);
}

int Run(int64_t people, int threads, int rounds, bench::Report& report) {
  TALLY_CHECK(crypto::InitCrypto().ok());
  const TempDir dir;
  Merge merge(dir.path(), people, threads);
  merge.Once();  // what a first run warms is not ours to time
  const int64_t peak = bench::PeakBytes();
  const std::string temp = dir.Path("tmp");
  std::filesystem::create_directory(temp);
  engine::DatabaseOptions options;
  options.temp_directory = temp;
  options.memory_bytes = int64_t{6} << 30;
  options.threads = threads;
  auto database = engine::Database::Open(options);
  TALLY_CHECK(database.ok());
  engine::Connection connection = FillTables(*database, people);
  const int64_t common = people - people / 2;
  JoinOnce(connection, common);
  std::vector<Cost> merges;
  std::vector<Cost> joins;
  for (int i = 0; i < rounds; ++i) {
    merges.push_back(merge.Once());
    joins.push_back(JoinOnce(connection, common));
  }
  const auto add = [&](const char* name, double Cost::*part, bench::Bar bar) {
    bench::Row row{.name = name,
                   .unit = "s",
                   .size = people,
                   .values = {},
                   .rival = "DuckDB, join in memory",
                   .bar = bar,
                   .peak_bytes = peak,
                   .is_steady = people >= kSteadyPeople};
    for (const Cost& cost : merges) row.values.push_back(cost.*part);
    for (const Cost& cost : joins) row.rival_values.push_back(cost.*part);
    report.Add(row);
  };
  add("merge of two runs", &Cost::seconds,
      people >= kBarPeople ? bench::RatioAtMost(1) : bench::Bar{});
  add("merge of two runs, processor", &Cost::processor_seconds, {});
  report.Add(bench::MemoryRow(
      "merge of two runs, memory", people, peak,
      people >= kBarPeople ? bench::ValueAtMost(kMostMib) : bench::Bar{}));
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const int64_t people = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  if (people < 2 || people > 1'000'000'000 || threads < 1 || rounds < 1) {
    std::fprintf(stderr, "usage: bench_merge [PEOPLE [THREADS [ROUNDS]]]\n");
    return 2;
  }
  return tally::linkage::Run(people, threads, rounds, report);
}
