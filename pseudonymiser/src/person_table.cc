#include "pseudonymiser/person_table.h"

#include <utility>

#include "base/config.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/random.h"

namespace tally::pseudonymiser {
namespace {

constexpr uint64_t kStemMask = (uint64_t{1} << 30) - 1;
constexpr int kFlagShift = 30;
constexpr uint64_t kFlagMask = 7;
constexpr int kIndexShift = 33;
constexpr size_t kFirstSlots = 64;

uint32_t StemOf(uint64_t entry) {
  return static_cast<uint32_t>(entry & kStemMask);
}
uint8_t FlagsOf(uint64_t entry) {
  return static_cast<uint8_t>(entry >> kFlagShift & kFlagMask);
}
uint32_t IndexPart(uint64_t entry) {
  return static_cast<uint32_t>(entry >> kIndexShift);
}
uint64_t WithFlags(uint64_t entry, uint8_t flags) {
  return entry | uint64_t{flags} << kFlagShift;
}

}  // namespace

PersonTable::PersonTable() : seed_(crypto::RandomUint64Below(~uint64_t{0})) {
  for (Part& part : parts_) {
    MutexLock lock(part.mu);
    part.slots.resize(kFirstSlots);
  }
}

PersonTable::~PersonTable() {
  for (Part& part : parts_) {
    MutexLock lock(part.mu);
    WipeMemory(part.slots.data(), part.slots.size() * sizeof(Entry));
  }
}

uint64_t PersonTable::HashOf(uint32_t stem) const {
  uint64_t x = (stem ^ seed_) * 0x9E37'79B9'7F4A'7C15;
  x ^= x >> 32;
  x *= 0xD6E8'FEB8'6659'FD93;
  return x ^ x >> 32;
}

PersonTable::Entry& PersonTable::Find(Part& part, uint32_t stem) {
  const size_t mask = part.slots.size() - 1;
  size_t at = (HashOf(stem) >> 8) & mask;
  while (part.slots[at] != 0 && StemOf(part.slots[at]) != stem) {
    at = (at + 1) & mask;
  }
  return part.slots[at];
}

void PersonTable::Grow(Part& part) {
  std::vector<Entry> old(part.slots.size() * 2);
  old.swap(part.slots);
  for (const Entry entry : old) {
    if (entry != 0) Find(part, StemOf(entry)) = entry;
  }
  WipeMemory(old.data(), old.size() * sizeof(Entry));
}

PersonTable::Entry& PersonTable::FindOrAdd(Part& part, NhsNumber number,
                                           const Judge& judge) {
  Entry* entry = &Find(part, number.stem());
  if (*entry != 0) return *entry;
  if ((part.used + 1) * 4 > part.slots.size() * 3) {
    Grow(part);
    entry = &Find(part, number.stem());
  }
  ++part.used;
  *entry = WithFlags(number.stem() | uint64_t{kNoIndex} << kIndexShift,
                     judge(number));
  return *entry;
}

uint8_t PersonTable::Note(NhsNumber number, const Judge& judge) {
  Part& part = parts_[HashOf(number.stem()) % kParts];
  MutexLock lock(part.mu);
  return FlagsOf(FindOrAdd(part, number, judge));
}

void PersonTable::AddFlags(NhsNumber number, uint8_t flags,
                           const Judge& judge) {
  Part& part = parts_[HashOf(number.stem()) % kParts];
  MutexLock lock(part.mu);
  Entry& entry = FindOrAdd(part, number, judge);
  entry = WithFlags(entry, flags);
}

absl::StatusOr<uint32_t> PersonTable::IndexOf(NhsNumber number, bool verified) {
  Part& part = parts_[HashOf(number.stem()) % kParts];
  MutexLock lock(part.mu);
  Entry& entry = Find(part, number.stem());
  TALLY_CHECK(entry != 0);
  if (verified) entry = WithFlags(entry, kPersonVerified);
  if (IndexPart(entry) == kNoIndex) {
    const uint32_t index = persons_.fetch_add(1);
    if (index > kMaxPersons) {
      return WithExitCode(
          absl::ResourceExhaustedError("more people than an extract can hold"),
          kExitInvalidInput);
    }
    entry = (entry & ((uint64_t{1} << kIndexShift) - 1)) | uint64_t{index}
                                                               << kIndexShift;
  }
  return IndexPart(entry);
}

bool PersonTable::Contains(NhsNumber number) const {
  const Part& part = parts_[HashOf(number.stem()) % kParts];
  MutexLock lock(part.mu);
  const size_t mask = part.slots.size() - 1;
  size_t at = (HashOf(number.stem()) >> 8) & mask;
  while (part.slots[at] != 0) {
    if (StemOf(part.slots[at]) == number.stem()) return true;
    at = (at + 1) & mask;
  }
  return false;
}

uint64_t PersonTable::numbers() const {
  uint64_t count = 0;
  for (const Part& part : parts_) {
    MutexLock lock(part.mu);
    count += part.used;
  }
  return count;
}

void PersonTable::ForEachPerson(
    const std::function<void(NhsNumber, uint32_t, bool)>& fn) const {
  for (const Part& part : parts_) {
    MutexLock lock(part.mu);
    for (const Entry entry : part.slots) {
      if (entry == 0 || IndexPart(entry) == kNoIndex) continue;
      const auto number = NhsNumber::FromStem(StemOf(entry));
      TALLY_CHECK(number.has_value());
      fn(*number, IndexPart(entry), (FlagsOf(entry) & kPersonVerified) != 0);
    }
  }
}

}  // namespace tally::pseudonymiser
