// The checks that the hub makes on a whole extract before it is published.
//
// Spec: docs/spec/hub-directory-v1.md, "Validation report"
// Threading: pure functions. Secrets: counts and shares only.

#ifndef TALLY_LINKAGE_STORE_SRC_VALIDATION_H_
#define TALLY_LINKAGE_STORE_SRC_VALIDATION_H_

#include <span>
#include <string>
#include <vector>

#include "linkage/store/validation_report.h"
#include "publisher.h"

namespace tally::linkage {

// What an earlier published extract of the same source came to.
struct EarlierExtract {
  ExtractRecord record;
  ValidationReport validation;
};

// `earlier` in order of period, of each the revision in force.
ValidationReport Validate(
    const ExtractRecord& record, const PublisherOutput& output,
    std::span<const dataset::Specification* const> specifications,
    uint64_t person_limit, std::span<const EarlierExtract> earlier);

// The report of an extract that is rejected for this error.
ValidationReport RejectedReport(const absl::Status& why);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_VALIDATION_H_
