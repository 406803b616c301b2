#ifndef TALLY_DATASET_RECORD_BATCH_H_
#define TALLY_DATASET_RECORD_BATCH_H_

// Rows of one dataset in columns: what a source fills row by row, what the
// wire carries and what the hub writes as Parquet. Rows know their person only
// as a number inside their extract.
//
// Role: source and hub. Never holds an NHS Number, a token or a pseudonym.
//
// Spec: docs/spec/dataset-v1.md, "Batches in memory".
// Threading: one writer; const use is safe from several threads.
// Secrets: holds record values; nothing here prints.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dataset/code_dictionary.h"
#include "dataset/column_type.h"
#include "dataset/row_reason.h"
#include "dataset/specification.h"

namespace tally::dataset {

// One column. A slot under a null is zero (an empty text; code number 0).
// Appending a value of another type than the column's aborts: which column is
// which is fixed by the specification, not by input.
class Column {
 public:
  explicit Column(ColumnType type) : type_(type) {}

  ColumnType type() const { return type_; }
  size_t rows() const { return rows_; }
  size_t null_count() const { return nulls_; }
  bool IsNull(size_t row) const {
    return nulls_ != 0 && (present_[row >> 3] >> (row & 7) & 1) == 0;
  }
  // One bit a row, lowest first, 1 = present; spare bits are 0. Always kept,
  // also when nothing is null.
  std::span<const uint8_t> present() const { return present_; }

  void AppendNull();
  void AppendBool(bool value);
  void AppendInt32(int32_t value);
  void AppendInt64(int64_t value);
  void AppendDouble(double value);
  void AppendDate(int32_t days);
  void AppendCode(std::string_view value);
  void AppendText(std::string_view value);

  // A value already in dictionary(). REQUIRES: index < dictionary().size().
  void AppendCodeIndex(uint32_t index);

  // REQUIRES: the column's type fits; row < rows(). Nulls read as zero.
  bool Bool(size_t row) const {
    return (bits_[row >> 3] >> (row & 7) & 1) != 0;
  }
  int32_t Int32(size_t row) const { return ints_[row]; }  // also Date
  int64_t Int64(size_t row) const { return longs_[row]; }
  double Double(size_t row) const { return doubles_[row]; }
  std::string_view Code(size_t row) const {  // empty under a null
    return IsNull(row) ? std::string_view() : dictionary_.value(indices_[row]);
  }
  std::string_view Text(size_t row) const {
    const uint32_t begin = row == 0 ? 0 : ends_[row - 1];
    return {data_.data() + begin, ends_[row] - begin};
  }

  // Whole arrays, one slot a row, for writers that take columns.
  std::span<const uint8_t> bools() const { return bits_; }   // bits, as present
  std::span<const int32_t> int32s() const { return ints_; }  // int32 and date
  std::span<const int64_t> int64s() const { return longs_; }
  std::span<const double> doubles() const { return doubles_; }
  std::span<const uint32_t> code_indices() const { return indices_; }
  const CodeDictionary& dictionary() const { return dictionary_; }
  std::span<const uint32_t> text_ends() const { return ends_; }
  std::string_view text_data() const { return {data_.data(), data_.size()}; }

  // Bytes that this column takes on the wire, at most.
  size_t EncodedBytesBound() const;

  // Forgets the rows and keeps the memory.
  void Clear();

 private:
  friend class ColumnFiller;  // dataset/column_filler.h
  void AppendPresence(bool present);

  ColumnType type_;
  size_t rows_ = 0;
  size_t nulls_ = 0;
  std::vector<uint8_t> present_;
  std::vector<uint8_t> bits_;
  std::vector<int32_t> ints_;
  std::vector<int64_t> longs_;
  std::vector<double> doubles_;
  std::vector<uint32_t> indices_;
  CodeDictionary dictionary_;
  std::vector<uint32_t> ends_;
  std::vector<char> data_;
};

// Number of a row's person inside its extract; -1 = none.
inline constexpr int32_t kNoPerson = -1;

// Largest number of rows in a batch.
inline constexpr size_t kMaxBatchRows = 16384;

// A batch of rows of one dataset. `columns` has one entry for each of
// Specification::columns(), in that order and of those types.
struct RecordBatch {
  // Empty columns of the right types.
  static RecordBatch For(const Specification& specification,
                         uint32_t dataset_index = 0);

  // Adds the person of a row; its values follow through columns[].
  void AppendPerson(int32_t index, RowReason reason) {
    person_index.push_back(index);
    person_reason.push_back(reason);
  }
  size_t rows() const { return person_index.size(); }
  // Rows that have a person.
  size_t rows_with_person() const;
  // Bytes on the wire, at most.
  size_t EncodedBytesBound() const;
  // Forgets the rows and keeps dataset_index and the memory.
  void Clear();

  uint32_t dataset_index = 0;  // place in the list of the extract
  uint64_t first_row = 0;      // number of the first row in its dataset
  std::vector<int32_t> person_index;
  std::vector<RowReason> person_reason;  // kNone where there is an index
  std::vector<Column> columns;
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_RECORD_BATCH_H_
