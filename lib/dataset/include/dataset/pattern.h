#ifndef TALLY_DATASET_PATTERN_H_
#define TALLY_DATASET_PATTERN_H_

// The small pattern language of dataset specifications, compiled to a table
// that reads each byte once. A value comes from a file or a peer, so matching
// must cost the same for every value: there is no backtracking.
//
// Language: ASCII letters, digits and the signs  space _ - / : % , & # + @ ' =
// < >  stand for themselves, "\" before any other printable sign makes it
// literal, "\d" is a digit; [A-Z0-9_] is one character of a class (no negated
// classes); (a|b) groups and chooses; ?, *, +, {n}, {n,m} repeat what is
// before them. A pattern always describes the whole value. "." does not exist:
// a column that may hold anything is free text.
//
// Role: source and hub, on every outgoing text and code.
//
// Spec: docs/spec/dataset-v1.md, "Patterns".
// Threading: immutable after Create.
// Secrets: none kept.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::dataset {

class Pattern {
 public:
  // Repeats count at most 64, the compiled table has at most 1,024 states.
  // Returns kInvalidArgument, naming the position in the pattern, when it is
  // malformed, too large, or matches the empty value (that is a null).
  // Cost: at most
  // about a million steps; patterns are compiled once, when a file is read.
  [[nodiscard]] static absl::StatusOr<Pattern> Create(std::string_view text);

  // True when the whole of `value` is described. Cost: one look-up a byte.
  bool Matches(std::string_view value) const;

  // True when some value of exactly `count` ASCII digits is described.
  // Cost: states x count.
  bool AdmitsDigits(uint32_t count) const;

  const std::string& text() const { return text_; }

 private:
  Pattern() = default;

  std::string text_;
  // Characters that no part of the pattern tells apart share a class.
  std::array<uint8_t, 256> class_of_{};
  uint32_t classes_ = 0;
  std::vector<uint16_t> next_;  // state x class -> state; 0 = no match
  std::vector<bool> accepts_;
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_PATTERN_H_
