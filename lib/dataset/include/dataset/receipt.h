#ifndef TALLY_DATASET_RECEIPT_H_
#define TALLY_DATASET_RECEIPT_H_

// The hub's signed answer to a published extract; the source keeps it.
//
// Role: made by the hub, verified and printed by the pseudonymiser.
//
// Spec: docs/spec/manifest-v1.md, "Receipt".
// Threading: values and pure functions.
// Secrets: none.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/extract_manifest.h"
#include "dataset/resource_name.h"

namespace tally::dataset {

struct Receipt {
  std::string created;                  // RFC 3339, UTC
  std::vector<DatasetCounts> datasets;  // without spec_sha256
  uint32_t epoch = 0;
  ExtractName extract;
  std::string key_id;           // hex
  std::string manifest_sha256;  // hex, of the manifest's bytes
  std::string opted_out;        // as RoundCount
  uint64_t persons = 0;
  bool resumed = false;  // the upload went over more than one stream
  std::string state;     // "PUBLISHED"

  // The receipt for a manifest whose bytes have this digest.
  static Receipt For(const ExtractManifest& manifest,
                     std::string_view manifest_sha256, std::string_view created,
                     bool resumed);

  // Forms and sums; Reason::kManifestInvalid with the JSON path.
  absl::Status Check() const;

  // One line of JSON with its newline. REQUIRES: Check() is OK.
  std::string ToJson() const;

  // Strict, as ExtractManifest::Parse.
  [[nodiscard]] static absl::StatusOr<Receipt> Parse(std::string_view json);

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_RECEIPT_H_
