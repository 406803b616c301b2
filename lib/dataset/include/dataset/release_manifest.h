#ifndef TALLY_DATASET_RELEASE_MANIFEST_H_
#define TALLY_DATASET_RELEASE_MANIFEST_H_

// What is in a release folder: every other file with its length, digest and
// rows, and where it came from. Signed by the hub; two people approve its
// SHA-256; the analyst checks it before opening anything.
//
// Role: written by the hub, read by the analyst.
//
// Spec: docs/spec/manifest-v1.md, "Release manifest".
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

namespace tally::dataset {

inline constexpr size_t kMaxReleaseManifestBytes = 16 * 1024 * 1024;
// Format 1, which is read still, does not say which datasets an extract holds.
inline constexpr int64_t kReleaseFormat = 2;
// The environment of a release that an analyst's program made up. It is the
// only one that carries no signature, and no hub has it.
inline constexpr std::string_view kSyntheticEnvironment = "synthetic";

struct ReleaseFile {
  std::string path;    // IsReleasePath, not manifest.json or manifest.sig
  uint64_t bytes = 0;  // length
  std::string sha256;  // hex
  uint64_t rows = 0;   // rows of a table part; 0 for other files
  friend bool operator==(const ReleaseFile&, const ReleaseFile&) = default;
};

struct ReleaseExtract {
  ExtractName extract;
  std::string manifest_sha256;  // hex, of the source's manifest
  std::string period_start;     // YYYY-MM-DD
  std::string period_end;       // YYYY-MM-DD
  // Ids, ascending: what it holds of the datasets that the release takes from
  // its source, older snapshots too. Empty in format 1.
  std::vector<std::string> datasets{};

  // Whether the extract holds a dataset, by the name of its table
  // ("gp_event"); of format 1 that is not known, and it is taken to.
  bool HoldsTable(std::string_view table) const;

  friend bool operator==(const ReleaseExtract&,
                         const ReleaseExtract&) = default;
};

struct ReleaseManifest {
  int64_t format = kReleaseFormat;
  std::string agreement_sha256;  // hex, of agreement.toml
  std::string created;           // RFC 3339, UTC
  std::map<std::string, std::string>
      date_grain;  // dataset id -> day|week|month
  std::string environment;
  std::vector<ReleaseExtract> extracts;  // ascending by name
  std::vector<ReleaseFile> files;        // ascending by path
  std::string hub;                       // id
  std::string project;                   // id
  ReleaseId release;
  std::map<std::string, uint64_t> row_counts;  // table -> rows
  std::string suite;
  std::string tally_version;

  // Forms, order, no path twice, row counts equal to the sum of the parts of
  // each table. Reason::kManifestInvalid with the JSON path.
  absl::Status Check() const;

  // One line of ASCII JSON with its newline. REQUIRES: Check() is OK.
  std::string ToJson() const;

  // Strict: what parses gives the same bytes back.
  [[nodiscard]] static absl::StatusOr<ReleaseManifest> Parse(
      std::string_view json);

  const ReleaseFile* Find(std::string_view path) const;  // or null

  friend bool operator==(const ReleaseManifest&,
                         const ReleaseManifest&) = default;
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_RELEASE_MANIFEST_H_
