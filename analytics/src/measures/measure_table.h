// The table of measures that the build makes from the definition files.
// Threading: constant.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_MEASURE_TABLE_H_
#define TALLY_ANALYTICS_SRC_MEASURES_MEASURE_TABLE_H_

#include <memory>
#include <span>
#include <string_view>

#include "analytics/measures/measure.h"

namespace tally::analytics {

struct MeasureEntry {
  std::string_view id;
  std::unique_ptr<Measure> (*make)();
  std::string_view definition;  // text of the built-in definition file
};

// The measure that counts what the gate decided about the others: its figures
// are counted in their turn, not ahead.
inline constexpr std::string_view kDisclosureAudit = "C23";

// Ascending by id.
std::span<const MeasureEntry> MeasureTable();

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_MEASURE_TABLE_H_
