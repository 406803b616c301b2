#include "hub_ingest.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "bench/child.h"
#include "extract_files.h"
#include "trial_world.h"

namespace tally::bench {
namespace {

constexpr int64_t kIngestBarPeople = 400'000;
constexpr int64_t kIngestSteadyPeople = 100'000;
constexpr double kIngestBarRows = 1e6;
constexpr double kIngestBarMib = 512;  // of either side

absl::Status CopyRowsByRival(const Places& places, const std::string& rows) {
  TALLY_ASSIGN_OR_RETURN(Rival rival, Rival::Open(places));
  return rival.CopyToParquet(Parquet(rows), places.folder + "/rows.parquet");
}

absl::Status CheckRows(const Places& places, const std::string& rows,
                       const ExpectedRows& expected) {
  TALLY_ASSIGN_OR_RETURN(Rival rival, Rival::Open(places));
  const std::string published = Parquet(rows);
  TALLY_RETURN_IF_ERROR(rival.CheckCount("rows", expected.rows, published));
  TALLY_RETURN_IF_ERROR(rival.Check(
      "people", expected.people,
      "SELECT CAST(count(DISTINCT person_index) AS BIGINT) FROM " + published));
  return rival.CheckTenths("sum of value_1", expected.sum_tenths, "value_1",
                           published);
}

struct IngestRound {
  Usage rival;
  Usage sender;
  Usage hub;
};

absl::StatusOr<IngestRound> RunIngest(const Places& places,
                                      const ExpectedRows& expected) {
  const std::string file = places.folder + "/rows.csv";
  TALLY_RETURN_IF_ERROR(RemoveTree(places.folder + "/world"));
  TALLY_ASSIGN_OR_RETURN(const TrialWorld world,
                         TrialWorld::Start(places.folder, places.programs));
  TALLY_RETURN_IF_ERROR(
      world.PrepareOnly("gp-activity", {"bench-event=" + file}));
  IngestRound round;
  TALLY_ASSIGN_OR_RETURN(round.sender,
                         world.Push("gp-activity", {"bench-event=" + file}));
  TALLY_ASSIGN_OR_RETURN(round.hub, UsageSoFar(world.hub()));
  const std::string rows =
      world.Path("hub/data/extracts/*/rows/bench-event/part-*.parquet");
  TALLY_ASSIGN_OR_RETURN(
      round.rival, RunInChild([&] { return CopyRowsByRival(places, rows); }));
  TALLY_RETURN_IF_ERROR(
      RunInChild([&] { return CheckRows(places, rows, expected); }).status());
  return round;
}

}  // namespace

absl::Status HubIngest(const Places& places, int64_t people, int rounds,
                       Report& report) {
  TALLY_ASSIGN_OR_RETURN(const ExpectedRows expected,
                         WriteIngestFiles(places.folder, people));
  const auto size = static_cast<double>(expected.rows);
  std::vector<double> ours;
  std::vector<double> theirs;
  Usage hub;
  Usage sender;
  for (int i = 0; i < rounds; ++i) {
    TALLY_ASSIGN_OR_RETURN(const IngestRound round,
                           RunIngest(places, expected));
    ours.push_back(size / round.sender.seconds);
    theirs.push_back(size / round.rival.seconds);
    hub += round.hub;
    sender += round.sender;
  }
  report.Add(
      {.name = "hub ingest over mTLS",
       .unit = "rows/s",
       .size = expected.rows,
       .values = ours,
       .rival = "DuckDB, Parquet to Parquet",
       .rival_values = theirs,
       .bar = people >= kIngestBarPeople ? ValueAtLeast(kIngestBarRows) : Bar{},
       .peak_bytes = std::max(hub.peak_bytes, sender.peak_bytes),
       .is_steady = people >= kIngestSteadyPeople});
  const auto add_memory = [&](const char* name, const Usage& who) {
    report.Add(MemoryRow(name, expected.rows, who.peak_bytes,
                         ValueAtMost(kIngestBarMib)));
  };
  add_memory("hub ingest over mTLS, hub's memory", hub);
  add_memory("hub ingest over mTLS, sender's memory", sender);
  return absl::OkStatus();
}

}  // namespace tally::bench
