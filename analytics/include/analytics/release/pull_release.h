// Downloads a release, file by file, each from where the last attempt ended.
// Where the bytes come from is behind ReleaseSource, so that this is tested
// without a network.
// Runs in: the analyst's program.
//
// Spec: docs/commissioning.md, "pull".
// Threading: one thread.
// Secrets: record values; files and folders are private to the user.
#ifndef TALLY_ANALYTICS_RELEASE_PULL_RELEASE_H_
#define TALLY_ANALYTICS_RELEASE_PULL_RELEASE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/progress.h"

namespace tally::analytics {

// One release as the hub lists it.
struct RemoteRelease {
  std::string name;  // projects/{project}/releases/{release}
  std::string state;
  std::string title;
  std::string agreement;
  std::string create_time;
  std::string expires;  // YYYY-MM-DD
  std::string manifest_sha256;
  int64_t total_bytes = 0;
};

struct RemoteFile {
  std::string path;
  int64_t size_bytes = 0;
  std::string sha256;  // hex
  int64_t rows = 0;
};

struct RemoteDetails {
  RemoteRelease release;
  std::vector<RemoteFile> files;
  std::string terms_version;
};

class ReleaseSource {
 public:
  // Takes one piece; an error ends the download with it.
  using Sink = std::function<absl::Status(int64_t offset, std::string_view)>;

  virtual ~ReleaseSource() = default;
  virtual absl::StatusOr<std::vector<RemoteRelease>> List(
      std::string_view parent) = 0;
  virtual absl::StatusOr<RemoteDetails> Describe(std::string_view name) = 0;
  // Sends the bytes of one file from `offset` on.
  virtual absl::Status Download(std::string_view name, std::string_view path,
                                int64_t offset, std::string_view terms_version,
                                const Sink& sink) = 0;
};

struct PullOptions {
  std::string release_key;
  std::string accepted_terms;       // version that was accepted, or empty
  std::vector<std::string> tables;  // only these; empty: all
  std::string folder;               // where the release goes
  bool dry_run = false;
  ProgressReporter* progress = nullptr;  // not owned; may be null
};

struct PullResult {
  int64_t files = 0;             // downloaded now
  int64_t bytes = 0;             // downloaded now
  int64_t resumed_at_bytes = 0;  // were there already, in whole files or parts
};

// Downloads what is missing. Each file is written to NAME.part, continued from
// its length, checked against the SHA-256 of the signed manifest and renamed.
// kFailedPrecondition TERMS_NOT_ACCEPTED (exit 6): the hub's terms are not the
//   accepted ones. kNotFound (exit 4): no such release or table.
// kDataLoss (exit 11): wrong signature, or a file of another digest (it is
//   removed, so that the next attempt begins anew). Errors of the source as
//   they come: kUnavailable means that the same command goes on later.
absl::StatusOr<PullResult> PullRelease(ReleaseSource& source,
                                       std::string_view name,
                                       const PullOptions& options);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_RELEASE_PULL_RELEASE_H_
