// Merges sorted streams into one sealed file, and finds equal tokens.
//
// Spec: docs/spec/run-v1.md, "Sorting"
// Threading: one thread a call. Secrets: passes hub tokens on.

#ifndef TALLY_LINKAGE_INDEX_SRC_MERGE_RUNS_H_
#define TALLY_LINKAGE_INDEX_SRC_MERGE_RUNS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "record_stream.h"
#include "run_writer.h"

namespace tally::linkage {

// Records whose token an earlier person_index has already.
struct RepeatedTokens {
  uint64_t count = 0;
  uint64_t first = UINT64_MAX;  // lowest person_index among them
};

// Writes the records of all streams in order. `go_on` is asked now and then.
[[nodiscard]] absl::Status MergeInto(
    std::span<const std::unique_ptr<RecordStream>> streams, RunWriter& writer,
    const std::function<absl::Status()>& go_on);

// The same for streams of one extract; counts repeats, and once there is one
// writes no more.
[[nodiscard]] absl::Status MergeDistinctInto(
    std::span<const std::unique_ptr<RecordStream>> streams, RunWriter& writer,
    const std::function<absl::Status()>& go_on, RepeatedTokens& repeated);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_MERGE_RUNS_H_
