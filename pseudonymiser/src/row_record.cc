#include "row_record.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ColumnType;

constexpr size_t kPersonAt = 2;
constexpr size_t kReasonAt = 6;
constexpr size_t kNullMapAt = 7;
// Of a text or a code, which no specification lets be longer.
constexpr size_t kMaxTextBytes = 64;
// Of a value: a code that has no number. 512 columns of them fit the length.
constexpr size_t kMaxValueBytes = sizeof(uint32_t) + 1 + kMaxTextBytes;

template <typename T>
T Get(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  at += sizeof(T);
  return value;
}

}  // namespace

RowWriter::RowWriter(const dataset::Specification& specification)
    : head_bytes_(kNullMapAt + (specification.columns().size() + 7) / 8) {
  for (const dataset::ColumnSpec& column : specification.columns()) {
    types_.push_back(column.type);
  }
  row_.resize(head_bytes_ + types_.size() * kMaxValueBytes);
}

void RowWriter::Begin() {
  column_ = 0;
  size_ = head_bytes_;
  std::memset(row_.data(), 0, head_bytes_);
}

void RowWriter::Add(const Cell& cell) {
  const size_t column = column_++;
  const dataset::ColumnType type = types_[column];
  if (cell.form == Cell::Form::kNull) return;
  char& present = row_[kNullMapAt + column / 8];
  present = static_cast<char>(present | 1 << (column % 8));
  switch (type) {
    case ColumnType::kBool:
      Put(static_cast<uint8_t>(cell.number));
      return;
    case ColumnType::kInt32:
    case ColumnType::kDate:
      Put(static_cast<int32_t>(cell.number));
      return;
    case ColumnType::kInt64:
      Put(cell.number);
      return;
    case ColumnType::kDouble:
      Put(cell.real);
      return;
    case ColumnType::kCode:
      if (cell.form == Cell::Form::kCode) {
        Put(static_cast<uint32_t>(cell.number));
        return;
      }
      Put(SharedCodes::kFull);
      break;
    case ColumnType::kText:
      break;
  }
  TALLY_CHECK(cell.text.size() <= kMaxTextBytes);
  Put(static_cast<uint8_t>(cell.text.size()));
  std::copy(cell.text.begin(), cell.text.end(), row_.data() + size_);
  size_ += cell.text.size();
}

std::string_view RowWriter::Finish(uint32_t person, dataset::RowReason reason) {
  TALLY_CHECK(column_ == types_.size());
  const uint16_t length = static_cast<uint16_t>(size_ - kPersonAt);
  std::memcpy(row_.data(), &length, sizeof(length));
  std::memcpy(row_.data() + kPersonAt, &person, sizeof(person));
  row_[kReasonAt] = static_cast<char>(reason);
  return {row_.data(), size_};
}

RowDecoder::RowDecoder(const dataset::Specification& specification,
                       const std::deque<SharedCodes>& codes)
    : specification_(specification),
      codes_(codes),
      maps_(specification.columns().size()) {
  for (size_t i = 0; i < maps_.size(); ++i) {
    maps_[i].index.resize(codes_[i].size());
    maps_[i].batch.resize(codes_[i].size());
  }
}

void RowDecoder::BeginBatch(dataset::RecordBatch* batch) {
  batch_ = batch;
  ++batch_number_;
}

void RowDecoder::Append(const char* row,
                        const std::vector<uint32_t>& person_of) {
  const char* at = row + kPersonAt;
  const uint32_t person = Get<uint32_t>(at);
  const auto reason = static_cast<dataset::RowReason>(Get<uint8_t>(at));
  if (person == kNoProvisional) {
    batch_->AppendPerson(dataset::kNoPerson, reason);
  } else {
    batch_->AppendPerson(static_cast<int32_t>(person_of[person]),
                         dataset::RowReason::kNone);
  }
  const char* present = at;
  at += (maps_.size() + 7) / 8;
  for (size_t column = 0; column < maps_.size(); ++column) {
    if ((present[column / 8] >> (column % 8) & 1) == 0) {
      batch_->columns[column].AppendNull();
    } else {
      at = AppendValue(column, at);
    }
  }
}

const char* RowDecoder::AppendValue(size_t column, const char* at) {
  dataset::Column& out = batch_->columns[column];
  switch (specification_.columns()[column].type) {
    case ColumnType::kBool:
      out.AppendBool(Get<uint8_t>(at) != 0);
      return at;
    case ColumnType::kInt32:
      out.AppendInt32(Get<int32_t>(at));
      return at;
    case ColumnType::kDate:
      out.AppendDate(Get<int32_t>(at));
      return at;
    case ColumnType::kInt64:
      out.AppendInt64(Get<int64_t>(at));
      return at;
    case ColumnType::kDouble:
      out.AppendDouble(Get<double>(at));
      return at;
    case ColumnType::kCode: {
      const uint32_t number = Get<uint32_t>(at);
      if (number != SharedCodes::kFull) {
        CodeMap& map = maps_[column];
        if (map.batch[number] == batch_number_) {
          out.AppendCodeIndex(map.index[number]);
        } else {
          out.AppendCode(codes_[column].value(number));
          map.batch[number] = batch_number_;
          map.index[number] = out.code_indices().back();
        }
        return at;
      }
      break;
    }
    case ColumnType::kText:
      break;
  }
  const size_t length = Get<uint8_t>(at);
  const std::string_view text(at, length);
  if (specification_.columns()[column].type == ColumnType::kCode) {
    out.AppendCode(text);
  } else {
    out.AppendText(text);
  }
  return at + length;
}

}  // namespace tally::pseudonymiser
