#ifndef TALLY_DATASET_COLUMN_FILLER_H_
#define TALLY_DATASET_COLUMN_FILLER_H_

// Fills a column array by array instead of row by row, for decoders and for
// readers of column files. Whoever uses it keeps the promises of Column: every
// array has one slot a row, slots under nulls are zero, spare bits are zero.
//
// Role: lib/wire; the hub's readers of its own files.
//
// Spec: docs/spec/dataset-v1.md, "Batches in memory".
// Threading: one thread per column.
// Secrets: passes record values through.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataset/record_batch.h"

namespace tally::dataset {

class ColumnFiller {
 public:
  // Empties `column` and keeps its memory.
  explicit ColumnFiller(Column& column) : column_(column) { column.Clear(); }

  std::vector<uint8_t>& present() { return column_.present_; }
  std::vector<uint8_t>& bits() { return column_.bits_; }
  std::vector<int32_t>& ints() { return column_.ints_; }
  std::vector<int64_t>& longs() { return column_.longs_; }
  std::vector<double>& doubles() { return column_.doubles_; }
  std::vector<uint32_t>& indices() { return column_.indices_; }
  CodeDictionary& dictionary() { return column_.dictionary_; }
  std::vector<uint32_t>& ends() { return column_.ends_; }
  std::vector<char>& data() { return column_.data_; }

  // Ends the filling. REQUIRES: present() holds `rows` bits, `nulls` of them
  // zero, and the array of the column's type `rows` slots; else aborts.
  void Finish(size_t rows, size_t nulls);

 private:
  Column& column_;
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_COLUMN_FILLER_H_
