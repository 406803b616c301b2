#ifndef TALLY_LINKAGE_RELEASE_RELEASE_BUILDER_H_
#define TALLY_LINKAGE_RELEASE_RELEASE_BUILDER_H_

// Makes a release: merges the index runs of the pinned extracts into a link
// map, joins the payload to it in SQL, writes tables, reports and a signed
// manifest, and destroys the link map. A preview goes the same way as far as
// the linkage report and writes nothing that stays.
//
// Runs at the hub. Tokens stay behind RunMerger; the engine sees the link map
// (extract, person_index, person) and the payload, never both with a token.
//
// A release is built in a folder of its own and appears under its final name by
// one rename, after everything in it is fsynced. After a kill nothing of it
// counts: the folder is removed at the next start.
//
// Spec: docs/spec/release-v1.md
// Threading: one build an object; Cancel() from any thread.
// Secrets: borrows the storage, project and signing keys for the call.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "crypto/keys.h"
#include "crypto/sealed_file.h"
#include "crypto/sign.h"
#include "dataset/resource_name.h"
#include "linkage/release/agreement.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_plan.h"
#include "linkage/store/catalogue_types.h"

namespace tally::linkage {

// A release of another project that can be downloaded, for the join attack.
struct LiveRelease {
  std::string project;
  std::string release;
  std::string directory;  // its folder
  Agreement agreement;    // under which it was made
};

// Everything that linking needs.
struct LinkInputs {
  const Agreement* agreement = nullptr;  // borrowed, all pointers
  const ReleasePlan* plan = nullptr;
  // Folder of an extract: index.run, rows/<dataset>/, manifest.json.
  std::function<std::string(std::string_view uid)> extract_directory;
  // Name that a run is sealed under, relative to the data directory.
  std::function<std::string(std::string_view uid)> run_name;
  crypto::StorageKeyFinder storage_keys;            // open the runs
  const crypto::StorageKey* storage_key = nullptr;  // seals temporary files
  WorkerPool* pool = nullptr;
  crypto::Environment environment = crypto::Environment::kExample;
  // Newest opt-out list of each source over everything it has published.
  std::map<std::string, std::string> newest_opt_out_list;
  // A folder of ours on the encrypted volume, made and removed by the call.
  std::string work_directory;
  size_t memory_bytes = size_t{1} << 30;
  int threads = 1;
  // Most people that one statement groups by text. 0: as many as the engine's
  // memory holds.
  int64_t max_people_counted = 0;
  std::string created;  // RFC 3339
  // Stage, done, total, unit; may be empty.
  std::function<void(const OperationProgress&)> progress;
  // Asked often, from several threads; true ends the work with kCancelled. May
  // be empty.
  std::function<bool()> cancelled;
  // Sees every statement before it runs, for tests. May be empty.
  std::function<void(std::string_view sql)> on_statement;
};

struct BuildInputs {
  LinkInputs link;
  dataset::ReleaseName name;
  std::string hub_id;
  std::string agreement_bytes;
  const crypto::ProjectKey* project_key = nullptr;  // borrowed
  const crypto::SigningKey* sign_key = nullptr;     // borrowed
  std::string audit_summary_csv;
  std::vector<LiveRelease> live_releases;
  std::string tally_version;
  std::string contact;  // whom to ask, for README.txt
  // The final folder; its parent exists, itself it does not.
  std::string directory;
  // A table of more rows is cut into parts of about so many, by person. 0: as
  // many as the engine sorts with its memory (RowsThatSort).
  int64_t max_rows_per_part = 0;
  // A table of more parts is put apart on disk first: reading all its rows for
  // a part, of which the others are left out, costs a twelfth of that. So is
  // one of several parts of which something is withheld, or of which rows
  // without a person fill several.
  size_t max_readings = 12;
};

struct BuiltRelease {
  std::string manifest_sha256;
  std::map<std::string, int64_t> tables;  // name -> rows
  std::vector<FileRecord> files;          // every file, manifest included
  LinkageReport report;
};

// The linkage report of an agreement over the planned extracts.
// Errors: RUN_CORRUPT, MEMORY_LOW, kResourceExhausted (DISK_LOW), kCancelled,
// kInternal.
[[nodiscard]] absl::StatusOr<LinkageReport> PreviewLinkage(
    const LinkInputs& inputs);

// Builds the release. Also DISCLOSURE_REFUSED when the join attack against
// another live project re-links more than the agreement allows. With any error
// neither `directory` nor the work folder is left behind.
[[nodiscard]] absl::StatusOr<BuiltRelease> BuildRelease(
    const BuildInputs& inputs);

// The folder in which a release is built before its rename.
std::string BuildingDirectory(std::string_view final_directory);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_RELEASE_BUILDER_H_
