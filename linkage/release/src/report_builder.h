#ifndef TALLY_LINKAGE_RELEASE_SRC_REPORT_BUILDER_H_
#define TALLY_LINKAGE_RELEASE_SRC_REPORT_BUILDER_H_

// Fills the linkage report from the linked extracts and the manifests of their
// sources.
//
// Spec: docs/spec/release-v1.md, "linkage_quality"
// Threading: one thread.
// Secrets: none.

#include "absl/status/statusor.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_builder.h"
#include "linked_extracts.h"
#include "release_engine.h"

namespace tally::linkage {

// Everything but uniqueness and join attack, which tables are needed for.
// Errors: those of the engine; FILE_DIGEST when a manifest does not parse.
[[nodiscard]] absl::StatusOr<LinkageReport> BuildLinkageReport(
    const LinkInputs& inputs, const LinkedExtracts& linked,
    ReleaseEngine& engine);

// Months whose rows lie outside three standard deviations of the same months of
// earlier years; with fewer than two such months nothing is said. Counts are
// never steadier than chance, so the deviation is at least the square root of
// the mean. `rows_by_month`: "2026-11" -> rows.
std::vector<UnusualMonth> FindUnusualMonths(
    const std::map<std::string, int64_t>& rows_by_month);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_REPORT_BUILDER_H_
