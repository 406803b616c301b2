#include "dataset/code_dictionary.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"

namespace tally::dataset {
namespace {

constexpr size_t kFirstSlots = 64;

// FNV-1a over eight bytes at a time, mixed at the end. Values come from the
// source's own files and are at most 64 bytes, so a simple hash is enough; the
// table stays correct, only slower, whatever it returns.
uint32_t HashOf(std::string_view value) {
  uint64_t hash = 0xcbf29ce484222325u ^ value.size();
  size_t at = 0;
  for (; at + 8 <= value.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, value.data() + at, 8);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  }
  uint64_t tail = 0;
  std::memcpy(&tail, value.data() + at, value.size() - at);
  hash = (hash ^ tail) * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 29;
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

std::string_view CodeDictionary::value(uint32_t index) const {
  const uint32_t begin = index == 0 ? 0 : ends_[index - 1];
  return {bytes_.data() + begin, ends_[index] - begin};
}

void CodeDictionary::AppendDistinct(std::string_view value) {
  TALLY_CHECK(slots_.empty() || hashes_.empty());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  ends_.push_back(static_cast<uint32_t>(bytes_.size()));
}

uint32_t CodeDictionary::Intern(std::string_view value) {
  TALLY_CHECK(hashes_.size() == ends_.size());
  // At most half full, so that a free slot ends every search soon.
  if (slots_.size() < 2 * (ends_.size() + 1)) Grow();
  const uint32_t hash = HashOf(value);
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != 0) {
    const uint32_t index = slots_[slot] - 1;
    if (hashes_[index] == hash && this->value(index) == value) return index;
    slot = (slot + 1) & mask;
  }
  const auto index = static_cast<uint32_t>(ends_.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  ends_.push_back(static_cast<uint32_t>(bytes_.size()));
  hashes_.push_back(hash);
  slots_[slot] = index + 1;
  return index;
}

void CodeDictionary::Grow() {
  const size_t slots = std::max(kFirstSlots, slots_.size() * 2);
  slots_.assign(slots, 0);
  for (size_t i = 0; i < hashes_.size(); ++i) {
    size_t slot = hashes_[i] & (slots - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<uint32_t>(i) + 1;
  }
}

void CodeDictionary::Clear() {
  bytes_.clear();
  ends_.clear();
  hashes_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
}

}  // namespace tally::dataset
