// Records that wait to be sorted: blocks that are filled one after the other,
// converted and sorted in parallel, and read back in order.
//
// Spec: docs/spec/run-v1.md, "Sorting"
// Threading: one thread an object; conversion and sorting use the pool.
// Secrets: source and hub tokens; blocks are wiped before they are freed.

#ifndef TALLY_LINKAGE_INDEX_SRC_RECORD_BLOCKS_H_
#define TALLY_LINKAGE_INDEX_SRC_RECORD_BLOCKS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/worker_pool.h"
#include "crypto/token_converter.h"
#include "crypto/wiped_bytes.h"
#include "record_stream.h"

namespace tally::linkage {

// Tokens that are no group elements.
struct InvalidTokens {
  uint64_t count = 0;
  uint64_t first = UINT64_MAX;  // lowest person_index
};

class RecordBlocks {
 public:
  static constexpr size_t kBlockRecords = 65'536;
  static constexpr size_t kBlockBytes = kBlockRecords * sizeof(Record);

  // REQUIRES: person indices ascend from one call to the next.
  void Add(std::span<const uint8_t, 32> token, uint32_t person_index,
           uint8_t flags);
  uint64_t size() const { return size_; }
  size_t memory_bytes() const { return blocks_.size() * kBlockBytes; }

  // Replaces every token by its hub token, spread over the pool, and adds what
  // cannot be converted to `invalid`. `go_on` is asked between pieces of work;
  // `on_done` is told the size of each, from several threads.
  [[nodiscard]] absl::Status Convert(
      const crypto::TokenConverter& converter, WorkerPool& pool,
      const std::function<absl::Status()>& go_on,
      const std::function<void(uint64_t)>& on_done, InvalidTokens& invalid);

  // Sorts each block, spread over the pool.
  [[nodiscard]] absl::Status Sort(WorkerPool& pool);

  // One stream a block, over what Sort left. Valid until the next Add or Clear.
  std::vector<std::unique_ptr<RecordStream>> Streams() const;

  // Forgets the records, wipes the memory and keeps one block of it.
  void Clear();

 private:
  Record* At(uint64_t i) {
    return reinterpret_cast<Record*>(blocks_[i / kBlockRecords].data()) +
           i % kBlockRecords;
  }

  std::vector<crypto::WipedBytes> blocks_;
  uint64_t size_ = 0;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_RECORD_BLOCKS_H_
