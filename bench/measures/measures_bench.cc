// bench_measures [PEOPLE [FOLDER [ID...]]]: every measure over a region of
// PEOPLE (1,200,000) with 25 rows each, through the gate with its register, as
// `commissioning run --all` computes them. Bars, from 1,200,000 people on: all
// of them in 60 s and 4 GiB on two processors. Beside it DuckDB alone, reading
// each column of the release once. The seconds of a measure are those that its
// caller waits: the next ones are counted meanwhile. The answer is checked:
// list sizes add up to PEOPLE, and every measure is available and gives a table
// with rows.
//   FOLDER  keeps the region there, and takes one that is there already; "-":
//           one below TMPDIR (/tmp) that is removed, as without
//   ID...   these measures only; the bar does not apply
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/gate.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "base/files.h"
#include "base/status.h"
#include "bench/child.h"
#include "bench/report.h"
#include "region.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;

constexpr double kMostSeconds = 60;
constexpr double kMostGigabytes = 4;
constexpr int64_t kBarPeople = 1'200'000;
constexpr int kProcessors = 2;

// What has gone by since it was made.
class Watch {
 public:
  double seconds() const { return bench::WallSeconds() - start_; }
  double processor_seconds() const {
    return bench::ProcessSeconds() - processor_;
  }

 private:
  double start_ = bench::WallSeconds();
  double processor_ = bench::ProcessSeconds();
};

double PeakGigabytes() {
  return static_cast<double>(bench::PeakBytes()) / (1 << 30);
}

// Every column of every table, once.
absl::StatusOr<double> RivalSeconds(const ReleaseFolder& folder,
                                    engine::Connection& connection) {
  const Watch watch;
  for (const std::string& table : folder.Tables()) {
    TALLY_ASSIGN_OR_RETURN(
        engine::Result result,
        connection.Query(absl::StrFormat(
            "SELECT CAST(bit_xor(hash(t)) AS VARCHAR) FROM %s AS t", table)));
  }
  return watch.seconds();
}

struct Outcome {
  double seconds = 0;
  double processor_seconds = 0;
  int computed = 0;
  int missing = 0;  // not available, or no table with rows
};

absl::StatusOr<Outcome> RunAll(MeasureRunner& runner,
                               const std::vector<std::string>& ids) {
  Outcome outcome;
  const Watch all;
  runner.Announce(ids);
  std::printf("%-8s %9s %9s %7s %7s %9s\n", "measure", "seconds", "processor",
              "tables", "rows", "peak GiB");
  for (const std::string& id : ids) {
    const Watch watch;
    TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner.Run(id));
    const double seconds = watch.seconds();
    const double processor = watch.processor_seconds();
    size_t rows = 0;
    for (const GatedTable& table : result.tables) rows += table.rows();
    outcome.missing += rows == 0;
    if (result.unavailable.has_value()) {
      std::printf("%-8s not available: %s\n", id.c_str(),
                  result.unavailable->c_str());
      continue;
    }
    std::printf("%-8s %9.2f %9.2f %7zu %7zu %9.2f\n", id.c_str(), seconds,
                processor, result.tables.size(), rows, PeakGigabytes());
    for (const RefusedTable& refused : result.refused) {
      std::printf("         %s refused: %s\n", refused.table.c_str(),
                  std::string(refused.status.message()).c_str());
    }
    std::fflush(stdout);
    ++outcome.computed;
  }
  outcome.seconds = all.seconds();
  outcome.processor_seconds = all.processor_seconds();
  return outcome;
}

absl::StatusOr<bool> ListsAddUp(MeasureRunner& runner, int64_t people) {
  TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner.Run("C02"));
  for (const GatedTable& table : result.tables) {
    if (table.info().table != "population_profile") continue;
    for (size_t row = 0; row < table.rows(); ++row) {
      if (table.at(row, "area").text() != "All") continue;
      const auto list = table.at(row, "list").number();
      return list.has_value() &&
             std::abs(*list - static_cast<double>(people)) <= 3;
    }
  }
  return false;
}

// Makes the region unless it is there, in a child, for its memory is not the
// measures'; gives the public key of its release.
absl::StatusOr<std::string> KeepRegion(int64_t people,
                                       const std::string& root) {
  const std::string path = root + "/release.key";
  if (!FileExists(path)) {
    const auto make = [&]() -> absl::Status {
      const FixtureKey key = FixtureKey::Make();
      fs::create_directories(root);
      WriteFixtureRelease(MakeRegion(people), key, root + "/release");
      return WriteFileAtomically(path, key.public_base64url, 0644);
    };
    TALLY_RETURN_IF_ERROR(bench::RunInChild(make).status());
  }
  return ReadFile(path, 1024);
}

void ReportAll(const Outcome& outcome, double rival, int64_t people,
               int64_t rows, bool has_bar, bench::Report& report) {
  const bool barred = has_bar && people >= kBarPeople;
  const double peak = PeakGigabytes();
  report.Add({.name = "all measures",
              .unit = "s",
              .size = rows,
              .values = {outcome.seconds},
              .rival = "DuckDB, each column read once",
              .rival_values = {rival},
              .bar = barred ? bench::ValueAtMost(kMostSeconds) : bench::Bar{},
              .peak_bytes = bench::PeakBytes()});
  report.Add({.name = "all measures, processor",
              .unit = "s",
              .size = rows,
              .values = {outcome.processor_seconds}});
  report.Add({.name = "all measures, memory",
              .unit = "GiB",
              .size = rows,
              .values = {peak},
              .bar = barred ? bench::ValueAtMost(kMostGigabytes) : bench::Bar{},
              .peak_bytes = bench::PeakBytes()});
}

absl::Status MeasureRegion(int64_t people, const std::string& root,
                           const std::vector<std::string>& ids,
                           bench::Report& report) {
  std::printf("region of %lld people\n", static_cast<long long>(people));
  std::fflush(stdout);
  OpenOptions open;
  TALLY_ASSIGN_OR_RETURN(open.release_key, KeepRegion(people, root));
  fs::remove_all(root + "/scratch");
  WriteRegionReferences(people, root + "/scratch/reference");
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder folder,
                         ReleaseFolder::Open(root + "/release", open));
  DatabaseSettings settings;
  settings.work_directory = root + "/scratch";
  settings.memory_bytes = int64_t{2560} << 20;
  settings.threads = kProcessors;
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(folder, settings));
  int64_t rows = 0;
  for (const auto& [table, count] : folder.manifest().row_counts) {
    rows += static_cast<int64_t>(count);
  }
  TALLY_ASSIGN_OR_RETURN(const double rival,
                         RivalSeconds(folder, database.connection()));
  TALLY_ASSIGN_OR_RETURN(Profile profile, Profile::Named("nhs-subnational"));
  ReleaseRegistry registry(root + "/scratch/released.jsonl");
  DecisionLog log(root + "/scratch/decisions.jsonl");
  GateOptions gate_options;
  gate_options.registry = &registry;
  gate_options.log = &log;
  Gate gate(std::move(profile), gate_options);
  RunOptions options;
  options.comparators = root + "/scratch/reference";
  MeasureRunner runner(folder, database, gate, options);
  TALLY_ASSIGN_OR_RETURN(const Outcome outcome,
                         RunAll(runner, ids.empty() ? MeasureIds() : ids));
  TALLY_ASSIGN_OR_RETURN(const bool right, ListsAddUp(runner, people));
  if (!right) return absl::DataLossError("list sizes do not add up");
  // In a small region the gate may keep all of a table.
  if (outcome.missing > 0 && people >= kBarPeople) {
    return absl::DataLossError("a measure is missing or gave no rows");
  }
  std::printf("%d measures of %lld rows\n", outcome.computed,
              static_cast<long long>(rows));
  ReportAll(outcome, rival, people, rows, ids.empty(), report);
  return absl::OkStatus();
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const int64_t people =
      argc > 1 ? std::strtoll(argv[1], nullptr, 10) : 1200000;
  if (people < 1000) {
    std::fprintf(stderr,
                 "usage: bench_measures [PEOPLE, at least 1000 [FOLDER "
                 "[ID...]]]\n");
    return 2;
  }
  std::string root = argc > 2 ? argv[2] : "-";
  const bool kept = root != "-";
  if (!kept) {
    root = std::filesystem::temp_directory_path() / "benchXXXXXX";
    if (mkdtemp(root.data()) == nullptr) return 2;
  }
  const std::vector<std::string> ids(argv + std::min(argc, 3), argv + argc);
  const absl::Status status =
      tally::analytics::MeasureRegion(people, root, ids, report);
  if (!kept) std::filesystem::remove_all(root);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 2;
  }
  return report.ExitCode();
}
