// A release as it lies on the analyst's disk, opened only after its signature
// and the digest of every file have been checked; or a synthetic one, which has
// digests and no signature.
// Runs in: the analyst's program.
//
// Spec: docs/spec/release-v1.md.
// Threading: immutable after Open.
// Secrets: record values lie in the folder; this class reads none of them.
#ifndef TALLY_ANALYTICS_RELEASE_RELEASE_FOLDER_H_
#define TALLY_ANALYTICS_RELEASE_RELEASE_FOLDER_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/progress.h"
#include "dataset/dictionary.h"
#include "dataset/release_manifest.h"

namespace tally::analytics {

struct OpenOptions {
  std::string release_key;  // pinned public key of the hub
  // Only these tables need to be there (pull --table); empty: all of them.
  std::vector<std::string> tables;
  // Tables that are absent as a whole are left out instead of refused.
  bool allow_absent_tables = false;
  ProgressReporter* progress = nullptr;  // not owned; may be null
};

// The table of a file "tables/<table>/part-00000.parquet"; empty for others.
std::string TableOfPath(std::string_view path);

class ReleaseFolder {
 public:
  // Checks and opens `path`.
  // kNotFound (exit 4): no such folder, or no manifest in it.
  // kDataLoss (exit 11): wrong signature, or none though the environment is not
  //   "synthetic"; a file is missing, longer, shorter
  //   or of another digest; a file that the manifest does not name (but for
  //   csv/<table>.csv, made here, and unfinished downloads NAME.part); a link.
  // Cost: reads every byte once.
  [[nodiscard]] static absl::StatusOr<ReleaseFolder> Open(
      const std::string& path, const OpenOptions& options);

  const std::string& path() const { return path_; }  // absolute
  // Made by `commissioning synth`: unsigned, about nobody. Whatever is made
  // from it says so.
  bool synthetic() const {
    return manifest_.environment == dataset::kSyntheticEnvironment;
  }
  const dataset::ReleaseManifest& manifest() const { return manifest_; }
  const dataset::Dictionary& dictionary() const { return dictionary_; }
  // "projects/frailty-2026/releases/r2026-11"
  std::string name() const;

  // Names of the tables that are there, ascending.
  std::vector<std::string> Tables() const;
  bool HasTable(std::string_view table) const;
  // Absolute paths of a table's parts. REQUIRES: HasTable(table).
  const std::vector<std::string>& Parts(std::string_view table) const;
  // The dictionary's column, or null.
  const dataset::DictionaryColumn* Column(std::string_view table,
                                          std::string_view column) const;
  // day, week or month of a table's dates; "month" if nothing says more.
  std::string Grain(std::string_view table) const;

 private:
  ReleaseFolder() = default;
  absl::Status ReadManifest(const OpenOptions& options);
  absl::Status CheckFiles(const OpenOptions& options);

  std::string path_;
  dataset::ReleaseManifest manifest_;
  dataset::Dictionary dictionary_;
  std::map<std::string, std::vector<std::string>, std::less<>> parts_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_RELEASE_RELEASE_FOLDER_H_
