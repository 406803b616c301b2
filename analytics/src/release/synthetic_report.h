// linkage_quality.csv of a synthetic release, counted from its tables.
#ifndef TALLY_ANALYTICS_SRC_RELEASE_SYNTHETIC_REPORT_H_
#define TALLY_ANALYTICS_SRC_RELEASE_SYNTHETIC_REPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "dataset/dictionary.h"
#include "engine/database.h"

namespace tally::analytics {

// The lines `all`, what became of the rows, `practice`, `sex` and `overlap`;
// docs/spec/release-v1.md has their columns. The tables are there under their
// names.
absl::StatusOr<std::string> SyntheticLinkageReport(
    const dataset::Dictionary& dictionary, engine::Connection& connection);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_RELEASE_SYNTHETIC_REPORT_H_
