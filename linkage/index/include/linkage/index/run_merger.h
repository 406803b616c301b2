// Merges sorted runs: equal hub tokens are the same person.
//
// Role: hub, when a release or a preview is made. It reads the sealed runs of
// the pinned extracts side by side and yields, person by person, where they
// occur: the link map. A token never leaves: what comes out is (extract,
// person_index, person) and, for a project, the person's pseudonym.
//
// `person` is a random number below the number of records of all runs, drawn
// afresh by every Link(), so that it tells nothing about tokens, sources or
// earlier releases. Numbers have gaps; their order is what counts.
//
// Memory is constant: two frames a run and thread; where that would exceed the
// budget, groups of runs are first merged into sealed temporary files.
//
// Spec: docs/spec/run-v1.md
// Threading: one thread drives a merger; it works on the pool. Sinks are called
//   by one thread at a time.
// Secrets: hub tokens and the project key (borrowed); buffers are wiped.

#ifndef TALLY_LINKAGE_INDEX_RUN_MERGER_H_
#define TALLY_LINKAGE_INDEX_RUN_MERGER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "crypto/keys.h"
#include "crypto/sealed_file.h"
#include "dataset/pseudonym.h"
#include "linkage/index/run_format.h"

namespace tally::linkage {

// One run of the merge.
struct MergeInput {
  std::string path;
  crypto::SealContext context;
  int32_t extract = 0;  // the caller's number of the extract, 0 to 2^20 - 1
  int32_t source = 0;   // the caller's number of its source
};

// One row of the link map.
struct LinkRow {
  int32_t extract = 0;
  int32_t person_index = 0;
  int32_t person = 0;
  uint8_t flags = 0;  // of the record: kRunFlagVerified
};

// One person of the merge.
struct PersonRow {
  int32_t person = 0;
  int32_t extracts = 0;  // extracts that hold the person
  int32_t sources = 0;   // distinct sources among them
};

// Takes what a merge yields, in blocks. Blocks come in no useful order; an
// error of a sink ends the merge with that error.
class LinkSink {
 public:
  virtual ~LinkSink() = default;
  [[nodiscard]] virtual absl::Status AddLinks(
      std::span<const LinkRow> links) = 0;
  // `pseudonyms` has one entry a person, or is empty when no project was given.
  [[nodiscard]] virtual absl::Status AddPersons(
      std::span<const PersonRow> persons,
      std::span<const dataset::Pseudonym> pseudonyms) = 0;
};

struct RunMergerOptions {
  crypto::StorageKeyFinder storage_keys;            // opens the runs
  const crypto::StorageKey* storage_key = nullptr;  // borrowed; temporary files
  WorkerPool* pool = nullptr;                       // borrowed
  // Sealed temporary files, if there are many runs; must exist, emptied after.
  std::string temp_directory;
  // Threads (parts of the token space) that merge at once; at least 1.
  int parts = 1;
  size_t memory_bytes = size_t{256} << 20;  // at least 16 MiB
  // Asked before each run is opened for a pass and every 65,536 records, from
  // several threads; an error ends the merge with that error. May be empty.
  std::function<absl::Status()> go_on;
};

class RunMerger {
 public:
  // Opens all runs. Errors: kInvalidArgument for missing parts or an extract
  // named twice; RUN_CORRUPT.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RunMerger>> Create(
      std::vector<MergeInput> inputs, const RunMergerOptions& options);

  ~RunMerger();
  RunMerger(const RunMerger&) = delete;
  RunMerger& operator=(const RunMerger&) = delete;

  // Number of distinct people in all runs. One pass the first time, then known.
  // Link() does not need it.
  [[nodiscard]] absl::StatusOr<uint64_t> CountPersons();

  // Yields every record of every run once as a LinkRow, and every person once
  // as a PersonRow, with the pseudonym in `project` if a key is given
  // (`project_key` and a non-empty `project` id, or neither).
  // Cost: one pass (beyond 2^31 - 1 records two: people are counted first);
  // one HMAC a person for pseudonyms.
  // Errors: RUN_CORRUPT, kResourceExhausted for more than 2^31 - 1 people, and
  // those of the sink.
  [[nodiscard]] absl::Status Link(const crypto::ProjectKey* project_key,
                                  std::string_view project, LinkSink& sink);

 private:
  class Impl;
  explicit RunMerger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_RUN_MERGER_H_
