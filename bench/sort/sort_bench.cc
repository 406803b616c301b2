// bench_sort [PEOPLE [ROUNDS]]: as many tokens of a source converted, sorted
// and sealed as a run, in the memory that a hub of the default size gives it,
// on all processors. What comes after the conversion stands beside DuckDB,
// which sorts a table of as many 32-byte tokens in memory and writes it as
// Parquet; only while all people fit that memory, for else most are sorted
// while others are converted. Default: 10,000,000 people, 3 rounds. Looks up a
// thousand people in the run and reads it whole, counts the rival's rows and
// looks at their order; ends at once when something is not as it must be. Bar:
// 512 MiB.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"
#include "base/worker_pool.h"
#include "bench/child.h"
#include "bench/report.h"
#include "crypto/init.h"
#include "crypto/keys.h"
#include "crypto/source_key.h"
#include "crypto/token_converter.h"
#include "crypto/token_kernel.h"
#include "engine/database.h"
#include "linkage/index/convert_and_sort.h"
#include "linkage/index/run_reader.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

constexpr int64_t kBarPeople = 10'000'000;
constexpr int64_t kSteadyPeople = 1'000'000;
constexpr double kMostMib = 512;
// A hub with 2 GiB gives the publication half, and that the sort half.
constexpr size_t kSortMemory = size_t{512} << 20;
constexpr int64_t kBlock = 24'000;  // tokens of a message

crypto::SourceKey MakeKey(const std::string& party) {
  return *crypto::SourceKey::Generate({crypto::Environment::kTest,
                                       crypto::KeyRole::kSource, party,
                                       "commissioning", 1});
}

std::vector<crypto::NhsMessage> Numbers(int64_t first, int64_t count) {
  std::vector<crypto::NhsMessage> numbers;
  numbers.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    numbers.push_back(
        *crypto::NhsMessage::Create(absl::StrFormat("%010d", first + i)));
  }
  return numbers;
}

class Sort {
 public:
  Sort(const std::string& directory, int64_t people)
      : directory_(directory),
        people_(people),
        source_(MakeKey("source-a")),
        hub_(MakeKey("hub-stands-in")),
        factor_(*crypto::ConversionFactor::Create(
            {crypto::Environment::kTest, "commissioning", "source-a"},
            *hub_.scalar().Times(*source_.scalar().Inverse()))),
        storage_(
            *crypto::StorageKey::Generate(crypto::Environment::kTest, "hub-a")),
        converter_(*crypto::TokenConverter::Create(
            {&factor_}, *crypto::AvailableKernels().front())) {
    // In a child, before there are threads: its memory is not the sort's.
    TALLY_CHECK(bench::RunInChild([this] { return WriteTokens(); }).ok());
    pool_.emplace(0);
  }

  struct Cost {
    double seconds = 0;
    double processor_seconds = 0;
    double seconds_after = 0;  // the conversion
    // Nothing was sorted before all was converted.
    bool in_memory = false;
  };

  Cost Once() {
    RemoveFile(RunPath()).IgnoreError();
    ConvertAndSortOptions options;
    options.path = RunPath();
    options.context = Context();
    options.converter = &converter_;
    options.storage_key = &storage_;
    options.pool = &*pool_;
    options.memory_bytes = kSortMemory;
    double converted = 0;
    options.on_converted = [&](uint64_t done) {
      if (done == static_cast<uint64_t>(people_)) {
        converted = bench::WallSeconds();
      }
    };
    const double start = bench::WallSeconds();
    const double processor = bench::ProcessSeconds();
    auto sorter = ConvertAndSort::Create(options);
    TALLY_CHECK(sorter.ok());
    AddTokens(**sorter);
    const bool in_memory = !std::filesystem::exists(RunPath() + ".piece-0");
    auto summary = (*sorter)->Finish();
    TALLY_CHECK(summary.ok());
    const double end = bench::WallSeconds();
    const Cost cost{end - start, bench::ProcessSeconds() - processor,
                    end - converted, in_memory};
    TALLY_CHECK(summary->records == static_cast<uint64_t>(people_));
    Check();
    return cost;
  }

  int threads() const { return pool_->threads(); }

 private:
  std::string RunPath() const { return directory_ + "/index.run"; }
  std::string TokensPath() const { return directory_ + "/tokens"; }
  static crypto::SealContext Context() {
    return {crypto::Environment::kTest, "commissioning", "extracts/0/index.run",
            1};
  }
  crypto::StorageKeyFinder Finder() const {
    return [this](const crypto::KeyId&) { return &storage_; };
  }

  absl::Status WriteTokens() {
    WorkerPool pool(0);
    std::FILE* file = std::fopen(TokensPath().c_str(), "wb");
    TALLY_CHECK(file != nullptr);
    const int64_t group = kBlock * pool.threads();
    std::vector<uint8_t> tokens(static_cast<size_t>(group) * 32);
    for (int64_t at = 0; at < people_; at += group) {
      const int64_t count = std::min(group, people_ - at);
      TALLY_RETURN_IF_ERROR(pool.ParallelFor(
          count, 1024, [&](int64_t begin, int64_t end) -> absl::Status {
            return crypto::TokeniseBatch(
                *crypto::AvailableKernels().front(), source_,
                Numbers(at + begin, end - begin),
                std::span(tokens).subspan(
                    static_cast<size_t>(begin) * 32,
                    static_cast<size_t>(end - begin) * 32));
          }));
      const auto bytes = static_cast<size_t>(count) * 32;
      TALLY_CHECK(std::fwrite(tokens.data(), 1, bytes, file) == bytes);
    }
    TALLY_CHECK(std::fclose(file) == 0);
    return absl::OkStatus();
  }

  void AddTokens(ConvertAndSort& sorter) const {
    std::FILE* file = std::fopen(TokensPath().c_str(), "rb");
    TALLY_CHECK(file != nullptr);
    std::vector<uint8_t> tokens(static_cast<size_t>(kBlock) * 32);
    while (const size_t got =
               std::fread(tokens.data(), 1, tokens.size(), file)) {
      TALLY_CHECK(sorter.Add(std::span(tokens).first(got), {}).ok());
    }
    TALLY_CHECK(std::fclose(file) == 0);
  }

  // Every token of the run in its order, and of a thousand people that they are
  // found by the token that the hub's own key gives.
  void Check() const {
    const auto verified = VerifyRun(RunPath(), Context(), Finder());
    TALLY_CHECK(verified.ok());
    auto reader = RunReader::Open(RunPath(), Context(), Finder());
    TALLY_CHECK(reader.ok());
    const int64_t step = std::max<int64_t>(people_ / 1000, 1);
    std::vector<uint8_t> token(32);
    for (int64_t person = 0; person < people_; person += step) {
      TALLY_CHECK(crypto::TokeniseBatch(crypto::PortableKernel(), hub_,
                                        Numbers(person, 1), token)
                      .ok());
      const auto hub_token =
          crypto::HubToken::Create(std::span(token).first<32>());
      TALLY_CHECK(hub_token.ok());
      const auto found = (*reader)->Find(*hub_token);
      TALLY_CHECK(found.ok() && found->has_value());
      TALLY_CHECK((*found)->person_index == static_cast<int32_t>(person));
    }
  }

  const std::string directory_;
  const int64_t people_;
  crypto::SourceKey source_;
  crypto::SourceKey hub_;
  crypto::ConversionFactor factor_;
  crypto::StorageKey storage_;
  crypto::TokenConverter converter_;
  std::optional<WorkerPool> pool_;
};

// DuckDB sorting as many tokens.
class Rival {
 public:
  Rival(const TempDir& dir, int64_t people, int threads)
      : out_(dir.Path("sorted.parquet")) {
    const std::string temp = dir.Path("tmp");
    std::filesystem::create_directory(temp);
    engine::DatabaseOptions options;
    options.directories = {dir.path()};
    options.temp_directory = temp;
    options.memory_bytes = int64_t{6} << 30;
    options.threads = threads;
    auto database = engine::Database::Open(options);
    TALLY_CHECK(database.ok());
    database_.emplace(*std::move(database));
    auto connection = database_->Connect();
    TALLY_CHECK(connection.ok());
    connection_.emplace(*std::move(connection));
    TALLY_CHECK(connection_
                    ->Execute(absl::StrFormat(
                        "CREATE TABLE t AS SELECT unhex(sha256(CAST(i AS "
                        "VARCHAR))) AS token, CAST(i AS INTEGER) AS person "
                        "FROM range(%d) r(i)",
                        people))
                    .ok());
  }

  // All rows, in order.
  void Check(int64_t people) {
    const auto right = connection_->Scalar(absl::StrFormat(
        "SELECT count(*) = %d AND count(CASE WHEN token > before THEN 1 END) = "
        "%d FROM (SELECT token, lag(token) OVER (ORDER BY file_row_number) AS "
        "before FROM read_parquet('%s', file_row_number = true)) AS t",
        people, people - 1, out_));
    TALLY_CHECK(right.ok());
    TALLY_CHECK(*right->As<bool>());
  }

  double Once() {
    RemoveFile(out_).IgnoreError();
    const double start = bench::WallSeconds();
    TALLY_CHECK(connection_
                    ->Execute(absl::StrFormat(
                        "COPY (SELECT token, person FROM t ORDER BY token) TO "
                        "'%s' (FORMAT parquet)",
                        out_))
                    .ok());
    return bench::WallSeconds() - start;
  }

 private:
  const std::string out_;
  std::optional<engine::Database> database_;
  std::optional<engine::Connection> connection_;
};

int Run(int64_t people, int rounds, bench::Report& report) {
  TALLY_CHECK(crypto::InitCrypto().ok());
  const TempDir dir;
  Sort sort(dir.path(), people);
  // Memory first: DuckDB's is of this process, too.
  const bool in_memory = sort.Once().in_memory;
  const int64_t peak = bench::PeakBytes();
  std::optional<Rival> rival;
  if (in_memory) {
    rival.emplace(dir, people, sort.threads());
    rival->Once();
    rival->Check(people);
  }
  std::vector<Sort::Cost> costs;
  std::vector<double> rivals;
  for (int i = 0; i < rounds; ++i) {
    costs.push_back(sort.Once());
    if (rival.has_value()) rivals.push_back(rival->Once());
  }
  const auto add = [&](const char* name, double Sort::Cost::*part) {
    bench::Row row{.name = name,
                   .unit = "s",
                   .size = people,
                   .values = {},
                   .peak_bytes = peak,
                   .is_steady = people >= kSteadyPeople};
    for (const Sort::Cost& cost : costs) row.values.push_back(cost.*part);
    return row;
  };
  report.Add(add("tokens to sealed run", &Sort::Cost::seconds));
  report.Add(
      add("tokens to sealed run, processor", &Sort::Cost::processor_seconds));
  report.Add(bench::MemoryRow(
      "tokens to sealed run, memory", people, peak,
      people >= kBarPeople ? bench::ValueAtMost(kMostMib) : bench::Bar{}));
  if (!rival.has_value()) return report.ExitCode();
  bench::Row after =
      add("tokens to sealed run, after conversion", &Sort::Cost::seconds_after);
  after.rival = "DuckDB, sorted to Parquet";
  after.rival_values = rivals;
  // A sort's cost of an item grows with how many there are: the sum is flat.
  after.is_steady = false;
  report.Add(after);
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const int64_t people = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  if (people < 1 || people > 1'000'000'000 || rounds < 1) {
    std::fprintf(stderr, "usage: bench_sort [PEOPLE [ROUNDS]]\n");
    return 2;
  }
  return tally::linkage::Run(people, rounds, report);
}
