#ifndef TALLY_DATASET_CODE_DICTIONARY_H_
#define TALLY_DATASET_CODE_DICTIONARY_H_

// The distinct values of one code column of one batch. Values lie end to end
// in one buffer and are found through an open hash table of numbers, so that a
// row costs no allocation once the buffers have grown.
//
// Role: source (building) and hub (reading).
//
// Spec: docs/spec/dataset-v1.md, "Batches in memory".
// Threading: not safe for concurrent writing.
// Secrets: holds codes of records; never printed.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tally::dataset {

class CodeDictionary {
 public:
  // Number of `value`, which is added when it is new. Numbers are given in
  // order of arrival. Cost: O(length).
  uint32_t Intern(std::string_view value);
  // Adds at the end without looking for an equal value: for a reader that has
  // checked that values are distinct. Intern must not follow.
  void AppendDistinct(std::string_view value);

  size_t size() const { return ends_.size(); }
  // REQUIRES: index < size(). Valid until the next Intern or Clear.
  std::string_view value(uint32_t index) const;
  // Sum of all lengths.
  size_t total_bytes() const { return bytes_.size(); }

  // Forgets the values and keeps the memory.
  void Clear();

 private:
  void Grow();

  std::vector<char> bytes_;
  std::vector<uint32_t> ends_;
  std::vector<uint32_t> hashes_;  // of each value, for Grow
  std::vector<uint32_t> slots_;   // number + 1; 0 = free; a power of two long
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_CODE_DICTIONARY_H_
