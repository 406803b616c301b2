#include "record_blocks.h"

#include <algorithm>
#include <cstring>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

// Tokens that a thread converts at once. Divides a block.
constexpr int64_t kGrain = 2'048;

class BlockStream final : public RecordStream {
 public:
  BlockStream(const Record* first, const Record* last) {
    next_ = first;
    end_ = last;
  }

 private:
  absl::Status Refill() override {
    current_ = nullptr;
    return absl::OkStatus();
  }
};

}  // namespace

void RecordBlocks::Add(std::span<const uint8_t, 32> token,
                       uint32_t person_index, uint8_t flags) {
  if (size_ == blocks_.size() * kBlockRecords)
    blocks_.emplace_back(kBlockBytes);
  Record& record = *At(size_++);
  std::memcpy(record.bytes, token.data(), token.size());
  SetPlace(record, person_index, flags, 0);
}

absl::Status RecordBlocks::Convert(const crypto::TokenConverter& converter,
                                   WorkerPool& pool,
                                   const std::function<absl::Status()>& go_on,
                                   const std::function<void(uint64_t)>& on_done,
                                   InvalidTokens& invalid) {
  Mutex mu;
  return pool.ParallelFor(
      static_cast<int64_t>(size_), kGrain,
      [&](int64_t begin, int64_t end) -> absl::Status {
        if (go_on) TALLY_RETURN_IF_ERROR(go_on());
        const size_t count = static_cast<size_t>(end - begin);
        crypto::WipedBytes tokens(count * kRunTokenBytes);
        std::vector<uint8_t> rejected(count);
        Record* const first = At(static_cast<uint64_t>(begin));
        for (size_t i = 0; i < count; ++i) {
          std::memcpy(tokens.data() + i * kRunTokenBytes, first[i].bytes,
                      kRunTokenBytes);
        }
        TALLY_ASSIGN_OR_RETURN(const size_t bad,
                               converter.Convert(tokens, tokens, rejected));
        for (size_t i = 0; i < count; ++i) {
          std::memcpy(first[i].bytes, tokens.data() + i * kRunTokenBytes,
                      kRunTokenBytes);
        }
        on_done(count);
        if (bad == 0) return absl::OkStatus();
        MutexLock lock(mu);
        invalid.count += bad;
        for (size_t i = 0; i < count; ++i) {
          if (rejected[i] == 0) continue;
          invalid.first =
              std::min<uint64_t>(invalid.first, PersonIndex(first[i]));
          break;  // indices ascend
        }
        return absl::OkStatus();
      });
}

absl::Status RecordBlocks::Sort(WorkerPool& pool) {
  return pool.ParallelFor(
      static_cast<int64_t>(blocks_.size()), 1,
      [&](int64_t begin, int64_t end) -> absl::Status {
        for (int64_t b = begin; b < end; ++b) {
          const uint64_t start = static_cast<uint64_t>(b) * kBlockRecords;
          if (start >= size_) break;
          Record* const first = At(start);
          Record* const last =
              first + std::min<uint64_t>(kBlockRecords, size_ - start);
          std::sort(first, last, Before);
        }
        return absl::OkStatus();
      });
}

std::vector<std::unique_ptr<RecordStream>> RecordBlocks::Streams() const {
  std::vector<std::unique_ptr<RecordStream>> streams;
  for (uint64_t start = 0; start < size_; start += kBlockRecords) {
    const Record* const first =
        reinterpret_cast<const Record*>(blocks_[start / kBlockRecords].data());
    streams.push_back(std::make_unique<BlockStream>(
        first, first + std::min<uint64_t>(kBlockRecords, size_ - start)));
  }
  return streams;
}

void RecordBlocks::Clear() {
  if (!blocks_.empty()) {
    blocks_.resize(1);
    crypto::Wipe(blocks_[0].data(), blocks_[0].size());
  }
  size_ = 0;
}

}  // namespace tally::linkage
