#include "dataset/record_batch.h"

#include <algorithm>

#include "base/status.h"

namespace tally::dataset {
namespace {

void AppendBit(std::vector<uint8_t>& bits, size_t row, bool bit) {
  if ((row & 7) == 0) bits.push_back(0);
  bits.back() = static_cast<uint8_t>(
      bits.back() | static_cast<uint8_t>(bit ? 1 : 0) << (row & 7));
}

// Largest tag and length around one array, of any depth used.
constexpr size_t kArrayOverhead = 24;
constexpr size_t kMaxVarint32 = 5;
constexpr size_t kMaxVarint64 = 10;

}  // namespace

void Column::AppendPresence(bool present) {
  AppendBit(present_, rows_, present);
  ++rows_;
  if (!present) ++nulls_;
}

void Column::AppendNull() {
  switch (type_) {
    case ColumnType::kBool:
      AppendBit(bits_, rows_, false);
      break;
    case ColumnType::kInt32:
    case ColumnType::kDate:
      ints_.push_back(0);
      break;
    case ColumnType::kInt64:
      longs_.push_back(0);
      break;
    case ColumnType::kDouble:
      doubles_.push_back(0);
      break;
    case ColumnType::kCode:
      indices_.push_back(0);
      break;
    case ColumnType::kText:
      ends_.push_back(static_cast<uint32_t>(data_.size()));
      break;
  }
  AppendPresence(false);
}

void Column::AppendBool(bool value) {
  TALLY_CHECK(type_ == ColumnType::kBool);
  AppendBit(bits_, rows_, value);
  AppendPresence(true);
}

void Column::AppendInt32(int32_t value) {
  TALLY_CHECK(type_ == ColumnType::kInt32);
  ints_.push_back(value);
  AppendPresence(true);
}

void Column::AppendInt64(int64_t value) {
  TALLY_CHECK(type_ == ColumnType::kInt64);
  longs_.push_back(value);
  AppendPresence(true);
}

void Column::AppendDouble(double value) {
  TALLY_CHECK(type_ == ColumnType::kDouble);
  doubles_.push_back(value);
  AppendPresence(true);
}

void Column::AppendDate(int32_t days) {
  TALLY_CHECK(type_ == ColumnType::kDate);
  ints_.push_back(days);
  AppendPresence(true);
}

void Column::AppendCode(std::string_view value) {
  TALLY_CHECK(type_ == ColumnType::kCode);
  indices_.push_back(dictionary_.Intern(value));
  AppendPresence(true);
}

void Column::AppendCodeIndex(uint32_t index) {
  TALLY_CHECK(type_ == ColumnType::kCode && index < dictionary_.size());
  indices_.push_back(index);
  AppendPresence(true);
}

void Column::AppendText(std::string_view value) {
  TALLY_CHECK(type_ == ColumnType::kText);
  data_.insert(data_.end(), value.begin(), value.end());
  ends_.push_back(static_cast<uint32_t>(data_.size()));
  AppendPresence(true);
}

size_t Column::EncodedBytesBound() const {
  const size_t arrays =
      bits_.size() + longs_.size() * kMaxVarint64 + doubles_.size() * 8 +
      ints_.size() * (type_ == ColumnType::kDate ? 4 : kMaxVarint32) +
      // An index is below 16,384: two bytes.
      indices_.size() * 2 + dictionary_.total_bytes() + dictionary_.size() * 3 +
      data_.size() + ends_.size() * kMaxVarint32;
  return arrays + present_.size() + 3 * kArrayOverhead;
}

void Column::Clear() {
  rows_ = 0;
  nulls_ = 0;
  present_.clear();
  bits_.clear();
  ints_.clear();
  longs_.clear();
  doubles_.clear();
  indices_.clear();
  dictionary_.Clear();
  ends_.clear();
  data_.clear();
}

RecordBatch RecordBatch::For(const Specification& specification,
                             uint32_t dataset_index) {
  RecordBatch batch;
  batch.dataset_index = dataset_index;
  batch.columns.reserve(specification.columns().size());
  for (const ColumnSpec& column : specification.columns()) {
    batch.columns.emplace_back(column.type);
  }
  return batch;
}

size_t RecordBatch::rows_with_person() const {
  return static_cast<size_t>(
      std::count_if(person_index.begin(), person_index.end(),
                    [](int32_t index) { return index != kNoPerson; }));
}

size_t RecordBatch::EncodedBytesBound() const {
  size_t bytes = 64 + person_index.size() * 5 + 2 * kArrayOverhead;
  for (const Column& column : columns) bytes += column.EncodedBytesBound();
  return bytes;
}

void RecordBatch::Clear() {
  first_row = 0;
  person_index.clear();
  person_reason.clear();
  for (Column& column : columns) column.Clear();
}

}  // namespace tally::dataset
