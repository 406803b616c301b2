// Rows of activity, each record key once.
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_RECORD_KEYS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_RECORD_KEYS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// The relation that a measure reads in place of `table` (sus_op, ecds or
// community_contact): its rows and columns, but of rows of one source with one
// attendance or contact key only the first by content, so that which one it is
// does not hang on their order. `table` itself if the release has no such key.
// Repeats are a matter of data quality (C33), not of activity. Made once for a
// run. Cost: one aggregate; a sort of the rows whose key comes again.
// REQUIRES: the release has the table.
absl::StatusOr<std::string> RowsByKey(const MeasureContext& context,
                                      std::string_view table);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_RECORD_KEYS_H_
