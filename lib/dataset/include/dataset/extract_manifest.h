#ifndef TALLY_DATASET_EXTRACT_MANIFEST_H_
#define TALLY_DATASET_EXTRACT_MANIFEST_H_

// What a source says about one extract: counts, digests, key, period. One line
// of JSON, signed by the source, stored unchanged by the hub. The same struct
// is what the hub computes from its journal, so the two can be compared.
//
// Role: built by the pseudonymiser, checked by the hub. Holds no record, no
// token and no exact number of opted-out rows.
//
// Spec: docs/spec/manifest-v1.md, "Extract manifest".
// Threading: values and pure functions.
// Secrets: none.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/resource_name.h"
#include "dataset/row_reason.h"

namespace tally::dataset {

inline constexpr size_t kMaxManifestBytes = 65536;
inline constexpr int64_t kManifestFormat = 1;

using ReasonCounts = std::map<RowReason, uint64_t>;

// Rows of one dataset. Rows read are not here: read minus sent would give the
// exact number of opted-out rows.
struct DatasetCounts {
  std::string dataset;         // id
  std::string spec_sha256;     // 64 lower-case hex digits; empty in a receipt
  uint64_t rows = 0;           // sent
  uint64_t rows_unlinked = 0;  // of `rows`, without a person
  ReasonCounts unlinked;       // adds up to rows_unlinked
  ReasonCounts dropped;        // never an opt-out, never a zero
  friend bool operator==(const DatasetCounts&, const DatasetCounts&) = default;
};

// One list file that the source used.
struct ListFacts {
  std::string date;    // YYYY-MM-DD, last change of the file
  std::string rows;    // decimal; rounded for the lists of NHS Numbers
  std::string sha256;  // hex; empty for the lists of NHS Numbers
  friend bool operator==(const ListFacts&, const ListFacts&) = default;
};

struct ExtractManifest {
  uint64_t batches = 0;  // UploadBatch messages, persons and rows
  std::string created;   // RFC 3339, UTC, seconds: 2026-11-20T08:15:00Z
  std::vector<DatasetCounts> datasets;  // ascending by id, as in CreateExtract
  std::string domain;
  std::string environment;  // example | test | production
  uint32_t epoch = 0;
  ExtractName extract;
  std::string key_id;                      // 16 lower-case hex digits
  std::map<std::string, ListFacts> lists;  // by key of [lists]
  std::string opted_out;                   // as RoundCount
  std::string period_end;                  // YYYY-MM-DD, last day
  std::string period_start;                // YYYY-MM-DD, first day
  uint64_t persons = 0;
  std::string persons_sha256;  // hex, over all kind 1 tokens in order
  std::string stream_sha256;   // hex, over all batches in order
  std::string suite;           // name of the cryptographic suite

  // Everything that can be checked without the journal: forms of the texts,
  // the month of the extract against the period, reasons in the right place,
  // sums. Returns Reason::kManifestInvalid (kInvalidArgument) with the JSON
  // path as field.
  absl::Status Check() const;

  // The one line of ASCII JSON with its newline. REQUIRES: Check() is OK.
  std::string ToJson() const;

  // Reads at most kMaxManifestBytes. Unknown, missing or repeated keys, other
  // spellings and what Check refuses are Reason::kManifestInvalid. What parses
  // gives the same bytes back through ToJson.
  [[nodiscard]] static absl::StatusOr<ExtractManifest> Parse(
      std::string_view json);

  friend bool operator==(const ExtractManifest&,
                         const ExtractManifest&) = default;
};

// Compares what the source claims with what the hub counted. Returns
// Reason::kManifestMismatch with the JSON path of the first difference. Facts
// only the source knows (created, lists, dropped, optedOut) are not compared.
absl::Status CompareManifest(const ExtractManifest& claimed,
                             const ExtractManifest& counted);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_EXTRACT_MANIFEST_H_
