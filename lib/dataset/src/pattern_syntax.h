#ifndef TALLY_DATASET_SRC_PATTERN_SYNTAX_H_
#define TALLY_DATASET_SRC_PATTERN_SYNTAX_H_

// The text of a pattern as a tree. Private to lib/dataset.
//
// Threading: values.
// Secrets: none.

#include <bitset>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::dataset {

struct PatternNode {
  enum class Kind : uint8_t { kClass, kSequence, kChoice, kRepeat };
  static constexpr uint32_t kNoLimit = UINT32_MAX;

  Kind kind = Kind::kSequence;
  std::bitset<128> characters;        // kClass
  std::vector<PatternNode> children;  // the others; one for kRepeat
  uint32_t least = 0;                 // kRepeat
  uint32_t most = 0;                  // kRepeat; kNoLimit for * and +
};

inline constexpr uint32_t kMaxPatternRepeat = 64;
inline constexpr size_t kMaxPatternText = 512;
inline constexpr int kMaxPatternDepth = 16;

// Returns kInvalidArgument naming the position, from 1.
absl::StatusOr<PatternNode> ParsePattern(std::string_view text);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_SRC_PATTERN_SYNTAX_H_
