// A release of the same shape about nobody: tables, columns, types, codes and
// date grain of a real one, rows made up from its dictionary. Plans, notebooks
// and SQL are written on it and run on the real one without a change.
// Runs in: the analyst's program. Must never read: a table of the real release.
//
// Spec: docs/spec/release-v1.md, "Synthetic releases".
// Threading: pure but for the files it writes; the engine uses one thread.
// Secrets: none. What it takes from the real release is its dictionary (words,
// bounds, codes; shares filled rounded to 5 %, rows to one figure), the periods
// and sources of its manifest, and its agreement.
#ifndef TALLY_ANALYTICS_RELEASE_SYNTHETIC_RELEASE_H_
#define TALLY_ANALYTICS_RELEASE_SYNTHETIC_RELEASE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/dictionary.h"
#include "dataset/release_manifest.h"

namespace tally::analytics {

inline constexpr int64_t kMaxSyntheticPeople = 10'000'000;

// The shape that is copied.
struct SyntheticShape {
  dataset::Dictionary dictionary;
  dataset::ReleaseManifest manifest;  // its extracts, grains and names
  std::string agreement;              // agreement.toml
  // Values of columns for which the dictionary has neither codes nor a
  // pattern, by column; such as the code clusters that measures ask for.
  std::map<std::string, std::vector<std::string>> words;
};

struct SyntheticOptions {
  int64_t people = 10'000;  // rows of `persons`, 1 to kMaxSyntheticPeople
  uint64_t seed = 1;
  std::string temp;  // for the engine: exists
  int64_t memory_bytes = int64_t{1} << 30;
};

// Writes the folder, which must not exist. The same shape, options and program
// version give the same bytes. Rows per table, for `synth` to print.
// kInvalidArgument (exit 2): people out of range. kInvalidArgument (exit 8): a
// dictionary without `persons`, or with a pattern or name that no release has.
// Errors of the engine and of the file system.
absl::StatusOr<std::map<std::string, uint64_t>> WriteSyntheticRelease(
    const SyntheticShape& shape, const SyntheticOptions& options,
    const std::string& folder);

// `share` as it may be copied: 0 and 1 as they are, else to the nearest 5 %, at
// least 2 % and at most 98 %.
double CoarseShare(double share);
// `count` to one significant figure, half up: 17,999 -> 20,000.
uint64_t CoarseCount(uint64_t count);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_RELEASE_SYNTHETIC_RELEASE_H_
