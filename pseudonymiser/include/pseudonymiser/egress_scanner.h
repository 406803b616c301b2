#ifndef TALLY_PSEUDONYMISER_EGRESS_SCANNER_H_
#define TALLY_PSEUDONYMISER_EGRESS_SCANNER_H_

// Looks for people in values that are about to leave: NHS Numbers in any of
// their spellings, e-mail addresses, postcodes, dates of birth. It knows forms;
// whether a number is one of this delivery is found out by HiddenNumbers once
// everything has been read, because a number may appear before its own row.
//
// Not found, and said so in the documents: a number spread over two fields, in
// Base64 or in hexadecimal, or with other text between its digits.
//
// Spec: docs/spec/dataset-v1.md, "Scan".
// Threading: pure functions; HiddenNumbers from any thread.
// Secrets: sees values, holds numbers, prints neither.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "pseudonymiser/nhs_number.h"
#include "pseudonymiser/person_table.h"

namespace tally::pseudonymiser {

struct ScanResult {
  // Something that looks like an identifier of a person.
  bool pattern = false;
  // Every number with a right check digit that the text holds, of any range.
  std::vector<NhsNumber> numbers;
};

// Scans text. A run of ten digits counts when it is bounded (no letter or digit
// beside it, no decimal point with a digit before it); it may be parted by
// spaces or by hyphens, in any groups but with one kind of sign. It is a
// pattern when it passes Modulus 11 and lies in a range that is issued or kept
// for tests. Digits of other scripts, dashes and spaces of Unicode count as
// theirs. Cost: linear for text without digits and "@".
ScanResult ScanText(std::string_view text);

// The number that an integer would be, if it has ten digits and passes.
std::optional<NhsNumber> ScanInteger(int64_t value);

// The number that a whole code would be. Codes are not scanned for patterns:
// clinical codes of ten digits that pass Modulus 11 exist.
std::optional<NhsNumber> ScanCode(std::string_view code);

// Where a value stood.
struct ValuePlace {
  uint32_t file = 0;  // number of the file in the delivery
  uint64_t line = 0;
  std::string column;
};

// Numbers that were seen in outgoing values, each with one place.
class HiddenNumbers {
 public:
  void Add(NhsNumber number, uint32_t file, uint64_t line,
           std::string_view column);

  // The first place, by file and line, of a number that `people` holds; empty
  // when there is none.
  std::optional<ValuePlace> FindIn(const PersonTable& people) const;

 private:
  mutable Mutex mu_;
  std::map<std::string, uint32_t, std::less<>> columns_ TALLY_GUARDED_BY(mu_);
  struct Place {
    uint32_t file;
    uint32_t column;
    uint64_t line;
  };
  std::unordered_map<uint32_t, Place> places_ TALLY_GUARDED_BY(mu_);
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_EGRESS_SCANNER_H_
