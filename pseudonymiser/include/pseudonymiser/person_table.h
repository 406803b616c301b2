#ifndef TALLY_PSEUDONYMISER_PERSON_TABLE_H_
#define TALLY_PSEUDONYMISER_PERSON_TABLE_H_

// Every NHS Number of one delivery, once: what the opt-outs say about it, and
// the provisional number under which its rows are spooled. The provisional
// numbers follow the files and so mean something: they are replaced by a random
// permutation before anything leaves.
//
// Memory: 8 bytes an entry in open tables that are at least three eighths full
// once they have grown, so at most 21.4 bytes a number.
//
// Threading: all functions but ForEachPerson from any thread; numbers are
// spread over parts that have a lock each.
// Secrets: holds numbers of people; nothing prints them, memory is wiped when
// the table goes.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "pseudonymiser/nhs_number.h"

namespace tally::pseudonymiser {

// What is known of a person; bits, combined.
enum PersonFlag : uint8_t {
  kPersonVerified = 1,     // some row said that the number was traced
  kPersonType1 = 2,        // opted out of secondary use: in no dataset
  kPersonNotEligible = 4,  // not on the list that the national service gave
};

class PersonTable {
 public:
  static constexpr uint32_t kNoIndex = 0x7FFF'FFFF;
  static constexpr uint32_t kMaxPersons = 0x7FFF'FFFE;

  // What is known of a number that is seen for the first time: PersonFlag
  // bits. Called under a lock; must not call back.
  using Judge = std::function<uint8_t(NhsNumber)>;

  PersonTable();
  ~PersonTable();
  PersonTable(const PersonTable&) = delete;
  PersonTable& operator=(const PersonTable&) = delete;

  // Takes note that the delivery holds this number, whatever becomes of its
  // row; returns its flags.
  uint8_t Note(NhsNumber number, const Judge& judge);

  // Adds flags to a number, which is noted if it is new.
  void AddFlags(NhsNumber number, uint8_t flags, const Judge& judge);

  // The person's provisional number, the next free one on the first call.
  // `verified` is remembered once true. REQUIRES: the number was noted.
  // kResourceExhausted beyond kMaxPersons people.
  absl::StatusOr<uint32_t> IndexOf(NhsNumber number, bool verified);

  bool Contains(NhsNumber number) const;

  // Numbers noted, and people who have a provisional number.
  uint64_t numbers() const;
  uint32_t persons() const { return persons_.load(); }

  // Calls `fn` for each person that has a provisional number, in no order.
  // REQUIRES: no other call runs.
  void ForEachPerson(const std::function<void(NhsNumber, uint32_t index,
                                              bool verified)>& fn) const;

 private:
  // Low 30 bits: the stem; 3 flags; 31 bits: the provisional number. 0 is a
  // free slot: stem 0 is a repeated digit and never comes here.
  using Entry = uint64_t;
  static constexpr size_t kParts = 256;

  struct Part {
    mutable Mutex mu;
    std::vector<Entry> slots TALLY_GUARDED_BY(mu);
    size_t used TALLY_GUARDED_BY(mu) = 0;
  };

  Entry& Find(Part& part, uint32_t stem) TALLY_REQUIRES(part.mu);
  Entry& FindOrAdd(Part& part, NhsNumber number, const Judge& judge)
      TALLY_REQUIRES(part.mu);
  void Grow(Part& part) TALLY_REQUIRES(part.mu);
  uint64_t HashOf(uint32_t stem) const;

  uint64_t seed_;
  std::array<Part, kParts> parts_;
  std::atomic<uint32_t> persons_{0};
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_PERSON_TABLE_H_
