// bench_merge [PEOPLE [THREADS]]: two runs of so many people, half of them in
// common, merged without pseudonyms, and the same tokens joined by DuckDB with
// the same number of threads. Default: 10,000,000 people, 2 threads.
//
// Prints the median of three by the clock and the mean by the processor's time,
// which other work on the machine disturbs less, and fails when the two
// disagree on the number of common people or the merge is slower than the join.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"
#include "base/worker_pool.h"
#include "crypto/init.h"
#include "engine/database.h"
#include "linkage/index/run_merger.h"
#include "run_writer.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since)
      .count();
}
// Of all threads, user and system.
double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}
double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

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
        pool_(threads),
        key_(*crypto::StorageKey::Generate(crypto::Environment::kTest,
                                           "hub-a")) {
    for (int run = 0; run < 2; ++run) WriteRun(run);
  }

  // Seconds of one whole Link; checks its answer.
  double Once() {
    std::vector<MergeInput> inputs;
    for (int run = 0; run < 2; ++run) {
      inputs.push_back({Path(run), Context(run), run, run});
    }
    RunMergerOptions options;
    options.storage_keys = [this](const crypto::KeyId&) { return &key_; };
    options.storage_key = &key_;
    options.pool = &pool_;
    options.temp_directory = directory_;
    options.parts = pool_.threads();
    const auto start = std::chrono::steady_clock::now();
    auto merger = RunMerger::Create(inputs, options);
    TALLY_CHECK(merger.ok());
    CountingSink sink;
    TALLY_CHECK((*merger)->Link(nullptr, "", sink).ok());
    const double seconds = Seconds(start);
    TALLY_CHECK(sink.links == 2 * people_);
    TALLY_CHECK(sink.common == people_ - people_ / 2);
    return seconds;
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
  WorkerPool pool_;
  crypto::StorageKey key_;
};

// Seconds of DuckDB joining two tables of the same tokens.
double JoinOnce(engine::Connection& connection, int64_t expected) {
  const auto start = std::chrono::steady_clock::now();
  auto common = connection.Scalar(
      "SELECT CAST(count(*) AS BIGINT) FROM a JOIN b USING (token)");
  const double seconds = Seconds(start);
  TALLY_CHECK(common.ok());
  TALLY_CHECK(*common->As<int64_t>() == expected);
  return seconds;
}

int Run(int64_t people, int threads) {
  TALLY_CHECK(crypto::InitCrypto().ok());
  const TempDir dir;
  std::vector<double> merges;
  double merge_processor = 0;
  {
    Merge merge(dir.path(), people, threads);
    const double before = ProcessorSeconds();
    for (int i = 0; i < 3; ++i) merges.push_back(merge.Once());
    merge_processor = (ProcessorSeconds() - before) / 3;
  }
  const std::string temp = dir.Path("tmp");
  std::filesystem::create_directory(temp);
  engine::DatabaseOptions options;
  options.temp_directory = temp;
  options.memory_bytes = int64_t{6} << 30;
  options.threads = threads;
  auto database = engine::Database::Open(options);
  TALLY_CHECK(database.ok());
  auto connection = database->Connect();
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
  std::vector<double> joins;
  const double before = ProcessorSeconds();
  for (int i = 0; i < 3; ++i) {
    joins.push_back(JoinOnce(*connection, people - people / 2));
  }
  const double join_processor = (ProcessorSeconds() - before) / 3;
  const double merge = Median(merges);
  const double join = Median(joins);
  std::printf("%lld people a run, %d threads\n", static_cast<long long>(people),
              threads);
  std::printf("merge of two sealed runs, numbered: %.3f s\n", merge);
  std::printf("DuckDB join of the same tokens:     %.3f s (%.2f x)\n", join,
              join / merge);
  std::printf("of the processor: %.3f s and %.3f s (%.2f x)\n", merge_processor,
              join_processor, join_processor / merge_processor);
  return merge <= join ? 0 : 1;
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  const int64_t people = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  return tally::linkage::Run(people, threads);
}
