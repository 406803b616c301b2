#include "merge_runs.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/wiped_bytes.h"
#include "merge_tree.h"

namespace tally::linkage {

namespace {

constexpr uint64_t kAskEvery = 65'536;

std::vector<RecordStream*> Borrow(
    std::span<const std::unique_ptr<RecordStream>> streams) {
  std::vector<RecordStream*> borrowed;
  for (const auto& stream : streams) borrowed.push_back(stream.get());
  return borrowed;
}

}  // namespace

absl::Status MergeInto(std::span<const std::unique_ptr<RecordStream>> streams,
                       RunWriter& writer,
                       const std::function<absl::Status()>& go_on) {
  MergeTree tree(Borrow(streams));
  TALLY_RETURN_IF_ERROR(tree.Start());
  for (uint64_t n = 1; tree.top() != nullptr; ++n) {
    TALLY_RETURN_IF_ERROR(writer.Add(*tree.top()));
    TALLY_RETURN_IF_ERROR(tree.Pop());
    if (n % kAskEvery == 0 && go_on) TALLY_RETURN_IF_ERROR(go_on());
  }
  return absl::OkStatus();
}

absl::Status MergeDistinctInto(
    std::span<const std::unique_ptr<RecordStream>> streams, RunWriter& writer,
    const std::function<absl::Status()>& go_on, RepeatedTokens& repeated) {
  MergeTree tree(Borrow(streams));
  TALLY_RETURN_IF_ERROR(tree.Start());
  Record before{};
  bool has_before = false;
  absl::Status status;
  for (uint64_t n = 1; tree.top() != nullptr && status.ok(); ++n) {
    const Record& record = *tree.top();
    // Equal tokens come in order of person_index: all but the first repeat.
    if (has_before && CompareTokens(before, record) == 0) {
      ++repeated.count;
      repeated.first = std::min<uint64_t>(repeated.first, PersonIndex(record));
    } else if (repeated.count == 0) {
      status = writer.Add(record);
    }
    before = record;
    has_before = true;
    if (status.ok()) status = tree.Pop();
    if (status.ok() && n % kAskEvery == 0 && go_on) status = go_on();
  }
  crypto::Wipe(before.bytes, sizeof before.bytes);
  return status;
}

}  // namespace tally::linkage
