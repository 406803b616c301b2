#ifndef TALLY_PSEUDONYMISER_SRC_SHARED_CODES_H_
#define TALLY_PSEUDONYMISER_SRC_SHARED_CODES_H_

// The distinct codes of one column of a delivery, numbered, so that a spooled
// row holds four bytes instead of the text. Bounded: a column with more codes
// than that spools the others as text.
//
// An open hash table of fixed size, made with the first code: whoever looks for
// a code that is there takes no lock, so workers do not wait for each other.
// Memory: 512 KiB for a column that has codes, and the codes.
//
// Threading: any function from any thread.
// Secrets: holds codes of records; never printed.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace tally::pseudonymiser {

class SharedCodes {
 public:
  static constexpr uint32_t kFull = 0xFFFF'FFFF;
  static constexpr size_t kMaxCodes = 65'536;

  // The number of `value`, a new one if need be; kFull when there is none left.
  uint32_t Intern(std::string_view value) {
    const size_t hash = std::hash<std::string_view>()(value);
    if (const Table* table = table_.load(std::memory_order_acquire)) {
      const Place place = Find(*table, hash, value);
      if (place.entry != 0) return place.entry - 1;
      if (size() == kMaxCodes) return kFull;
    }
    MutexLock lock(mu_);
    return Add(hash, value);
  }

  // REQUIRES: Intern() gave `number`.
  std::string_view value(uint32_t number) const {
    return Value(*table_.load(std::memory_order_acquire), number);
  }
  size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  static constexpr size_t kSlots = 2 * kMaxCodes;  // at most half full
  static constexpr size_t kChunk = 1024;
  struct Table {
    // A code's number + 1; 0 = free. Written once, after the code's text.
    std::array<std::atomic<uint32_t>, kSlots> slots{};
    // Texts by number. Those of numbers that are in a slot do not change.
    std::array<std::unique_ptr<std::string[]>, kMaxCodes / kChunk> chunks;
  };

  static std::string_view Value(const Table& table, uint32_t number) {
    return table.chunks[number / kChunk][number % kChunk];
  }

  struct Place {
    size_t slot;
    uint32_t entry;  // what was seen in it
  };
  // The slot that holds `value`, or the free one where it would stand.
  static Place Find(const Table& table, size_t hash, std::string_view value) {
    size_t at = hash % kSlots;
    while (true) {
      const uint32_t entry = table.slots[at].load(std::memory_order_acquire);
      if (entry == 0 || Value(table, entry - 1) == value) return {at, entry};
      at = (at + 1) % kSlots;
    }
  }

  uint32_t Add(size_t hash, std::string_view value) TALLY_REQUIRES(mu_) {
    if (made_ == nullptr) {
      made_ = std::make_unique<Table>();
      table_.store(made_.get(), std::memory_order_release);
    }
    const Place place = Find(*made_, hash, value);
    if (place.entry != 0) return place.entry - 1;  // added meanwhile
    const size_t number = size_.load(std::memory_order_relaxed);
    if (number == kMaxCodes) return kFull;
    std::unique_ptr<std::string[]>& chunk = made_->chunks[number / kChunk];
    if (chunk == nullptr) chunk = std::make_unique<std::string[]>(kChunk);
    chunk[number % kChunk] = value;
    made_->slots[place.slot].store(static_cast<uint32_t>(number) + 1,
                                   std::memory_order_release);
    size_.store(number + 1, std::memory_order_release);
    return static_cast<uint32_t>(number);
  }

  Mutex mu_;
  std::unique_ptr<Table> made_ TALLY_GUARDED_BY(mu_);  // with the first code
  std::atomic<const Table*> table_{nullptr};           // the same
  std::atomic<size_t> size_{0};
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_SHARED_CODES_H_
