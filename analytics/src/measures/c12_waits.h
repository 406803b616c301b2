// What C12 reads from its definition, its counts, queue figures and pictures.
// Threading: one connection; pure functions.
// Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C12_WAITS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C12_WAITS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/derived_table.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/measure.h"
#include "measures/crossed_rows.h"

namespace tally::analytics {

struct RttRules {
  int64_t months = 0;
  std::vector<std::string> start_codes, continue_codes, stop_codes;
  int64_t within_days = 0;
  double standard_pct = 0;
  int64_t long_days = 0;
  int64_t very_long_days = 0;
  int64_t histogram_weeks = 0;
  int64_t weeks = 0;
  double target_wait = 0;  // weeks
  double weeks_to_target = 0;
  double factor = 0;
};

// kInvalidArgument (exit 2) with file and line: a key missing or unknown, a
// number out of range, a status code that is no two digits or is there twice.
absl::StatusOr<RttRules> ReadRttRules(const MeasureDefinition& definition);

// Provider and treatment function; "All" of either for all of them.
using RttUnit = CrossedUnit;

// Pathways whose clock runs on one day.
struct RttWaiting {
  int64_t incomplete = 0;
  int64_t within = 0;
  int64_t over_long = 0;
  int64_t over_very_long = 0;
  int64_t wait_days = 0;       // of all together
  std::vector<int64_t> weeks;  // by whole weeks waited

  void Add(const RttWaiting& other);
};

// Clocks that started and stopped in each week; the last week is number 0.
struct RttFlow {
  std::vector<int64_t> starts;
  std::vector<int64_t> stops;
};

struct RttCounts {
  std::vector<CivilDay> censuses;  // ascending
  // Of provider and treatment function apart, by number of the census.
  std::map<std::pair<RttUnit, size_t>, RttWaiting> waiting;
  std::map<RttUnit, RttFlow> flow;
};

// Makes the temporary table `rtt_pathway` (provider, tfc, started, stopped) and
// counts it. Cost: one hash aggregation of the rows with a clock.
absl::StatusOr<RttCounts> CountWaits(const MeasureContext& context,
                                     const RttRules& rules);

// queue_stats from the printed queue_counts.
absl::StatusOr<std::vector<DerivedTable>> DeriveQueues(
    const DeriveContext& context);

std::vector<PagePart> DrawWaits(const MeasureDefinition& definition,
                                const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C12_WAITS_H_
