// The indicators of a definition, and their numerators and denominators by
// practice and month, counted in one pass over each dataset.
// Threading: one connection.  Secrets: exact counts pass through.
//
// An indicator is [[indicator]] in a definition file:
//   id, name, programme, numerator, denominator, exclusions (words), direction
//   (higher, lower, neither), owner, stage, minimum_count
//   target           a number in the printed unit; left out: none
//   rows             what is counted: admission, appointment, attendance,
//   death,
//                    prescription, contact, claim
//   items            true: prescribed items instead of rows
//   where            conditions on the rows that the numerator counts
//   of               "list": a rate per people on the list; else conditions on
//                    the rows that the denominator counts, and the numerator
//                    counts those of them that meet `where`: a proportion
// A condition is { column, in | starts | from, to | is }: a list of values, of
// beginnings, a range of whole numbers (both included, each may be left out),
// true or false. All of a list hold together.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_INDICATORS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_INDICATORS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

struct IndicatorCondition {
  std::string column;
  std::vector<std::string> in;
  std::vector<std::string> starts;
  std::optional<int64_t> from, to;
  std::optional<bool> is;
};

struct Indicator {
  std::string id, name, programme;
  std::string numerator, denominator, exclusions, direction, owner;
  int stage = 0;
  int64_t minimum_count = 0;
  std::optional<double> target;
  std::string rows;
  bool items = false;
  std::vector<IndicatorCondition> where;
  bool of_list = false;
  std::vector<IndicatorCondition> of;
};

// The indicators of a definition, in its order. kInvalidArgument (exit 2) with
// file and line: an unknown key, kind of rows or column, a condition that is
// none, an id that is there twice, none at all.
absl::StatusOr<std::vector<Indicator>> ReadIndicators(
    const MeasureDefinition& definition);

struct IndicatorCount {
  int64_t numerator = 0;
  int64_t denominator = 0;
};

// Of one indicator.
struct CountedIndicator {
  const Indicator* indicator = nullptr;
  // Positions in CountedIndicators::months that every source of the rows
  // covers, both included. Outside them nothing is known, and 0 is no count.
  size_t first = 0;
  size_t last = 0;
  // Practice -> a count a month of CountedIndicators::months.
  std::map<std::string, std::vector<IndicatorCount>> practices;
};

struct CountedIndicators {
  std::vector<CivilDay> months;  // first days, ascending, the last is context's
  std::vector<CountedIndicator> indicators;
  // Why the release cannot carry some indicators -> their names.
  std::map<std::string, std::vector<std::string>> left_out;
};

// Counts the months from `first` to the context's. Rows count at the practice
// on whose list the person was in their month; rows of nobody and of people on
// no list count nowhere, so that numerator and denominator are of the same
// people. An indicator whose dataset or column is missing is left out.
// `indicators` must outlive the result. REQUIRES: gp_patient. Cost: one hash
// aggregation over each dataset.
absl::StatusOr<CountedIndicators> CountIndicators(
    const MeasureContext& context, const std::vector<Indicator>& indicators,
    CivilDay first);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_INDICATORS_H_
