// The datasets that elements of rules read, as rows of one shape.
// Threading: pure functions.
// Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_ELEMENT_SOURCES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_ELEMENT_SOURCES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// How a dataset is read.
struct ElementSource {
  std::string_view dataset;
  std::string_view table;
  std::vector<std::string> columns;  // it cannot do without
  bool prefixes;                     // codes are prefixes, not whole codes
  bool coded;                        // has codes at all
};

const std::vector<ElementSource>& ElementSources();
// Null if elements cannot read the dataset.
const ElementSource* ElementSourceOf(std::string_view dataset);

// The rows of a dataset as an SQL relation: person, day, code, emergency. The
// last is false throughout unless `emergencies` are asked for: then rows of
// method 2x on a day of an emergency admission (EmergencyAdmissions).
absl::StatusOr<std::string> ElementRows(const MeasureContext& context,
                                        const ElementSource& source,
                                        bool with_codes, bool emergencies);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_ELEMENT_SOURCES_H_
