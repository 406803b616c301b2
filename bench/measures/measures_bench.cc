// bench_measures [PEOPLE]: every measure over a region of PEOPLE (1,200,000)
// with 25 rows each, through the gate. Bar: all of them in 60 s and 4 GiB on
// two processors. Beside it DuckDB alone, reading each column of the release
// once. The answer is checked: list sizes add up to PEOPLE, and each measure
// that the region can carry gives a table with rows.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/gate.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "base/status.h"
#include "region.h"

namespace tally::analytics {
namespace {

constexpr double kMostSeconds = 60;
constexpr double kMostGigabytes = 4;
constexpr int kProcessors = 2;

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double PeakGigabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

// Every column of every table, once.
absl::StatusOr<double> RivalSeconds(const ReleaseFolder& folder,
                                    engine::Connection& connection) {
  const Clock::time_point start = Clock::now();
  for (const std::string& table : folder.Tables()) {
    TALLY_ASSIGN_OR_RETURN(
        engine::Result result,
        connection.Query(absl::StrFormat(
            "SELECT CAST(bit_xor(hash(t)) AS VARCHAR) FROM %s AS t", table)));
  }
  return SecondsSince(start);
}

struct Outcome {
  double seconds = 0;
  int computed = 0;
  int empty = 0;
};

absl::StatusOr<Outcome> RunAll(MeasureRunner& runner) {
  Outcome outcome;
  std::printf("%-8s %9s %7s %7s\n", "measure", "seconds", "tables", "rows");
  for (const std::string& id : MeasureIds()) {
    const Clock::time_point start = Clock::now();
    TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner.Run(id));
    const double seconds = SecondsSince(start);
    outcome.seconds += seconds;
    if (result.unavailable.has_value()) {
      std::printf("%-8s not available: %s\n", id.c_str(),
                  result.unavailable->c_str());
      continue;
    }
    size_t rows = 0;
    for (const GatedTable& table : result.tables) rows += table.rows();
    std::printf("%-8s %9.2f %7zu %7zu\n", id.c_str(), seconds,
                result.tables.size(), rows);
    for (const RefusedTable& refused : result.refused) {
      std::printf("         %s refused\n", refused.table.c_str());
    }
    ++outcome.computed;
    outcome.empty += rows == 0;
  }
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

absl::StatusOr<bool> MeasureRegion(int64_t people) {
  std::string root = std::filesystem::temp_directory_path() / "benchXXXXXX";
  if (mkdtemp(root.data()) == nullptr) {
    return absl::InternalError("no temporary folder");
  }
  struct Remove {
    std::string path;
    ~Remove() { std::filesystem::remove_all(path); }
  } remove{root};
  const FixtureKey key = FixtureKey::Make();
  std::printf("region of %lld people\n", static_cast<long long>(people));
  std::fflush(stdout);
  WriteFixtureRelease(MakeRegion(people), key, root + "/release");
  const double made = PeakGigabytes();
  OpenOptions open;
  open.release_key = key.public_base64url;
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder folder,
                         ReleaseFolder::Open(root + "/release", open));
  DatabaseSettings settings;
  settings.work_directory = root + "/work";
  settings.memory_bytes = int64_t{2800} << 20;
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
  Gate gate(std::move(profile), {});
  MeasureRunner runner(folder, database, gate, {});
  TALLY_ASSIGN_OR_RETURN(const Outcome outcome, RunAll(runner));
  TALLY_ASSIGN_OR_RETURN(const bool right, ListsAddUp(runner, people));
  const double peak = PeakGigabytes();
  const bool met = right && outcome.empty == 0 &&
                   outcome.seconds <= kMostSeconds && peak <= kMostGigabytes;
  std::printf(
      "%d measures of %lld rows: %.1f s (bar %.0f s), peak %.2f GiB (bar %.0f "
      "GiB; making the region %.2f GiB); DuckDB reading every column once: "
      "%.1f s, ratio %.1f; answers %s: %s\n",
      outcome.computed, static_cast<long long>(rows), outcome.seconds,
      kMostSeconds, peak, kMostGigabytes, made, rival, outcome.seconds / rival,
      right && outcome.empty == 0 ? "right" : "WRONG", met ? "met" : "missed");
  return met;
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  const int64_t people =
      argc > 1 ? std::strtoll(argv[1], nullptr, 10) : 1200000;
  if (people < 1000) {
    std::fprintf(stderr, "usage: bench_measures [PEOPLE, at least 1000]\n");
    return 2;
  }
  const absl::StatusOr<bool> met = tally::analytics::MeasureRegion(people);
  if (!met.ok()) {
    std::fprintf(stderr, "%s\n", std::string(met.status().message()).c_str());
    return 2;
  }
  return *met ? 0 : 1;
}
