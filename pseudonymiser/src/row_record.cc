#include "row_record.h"

#include <algorithm>
#include <array>
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

constexpr size_t kRowsAhead = 8;
constexpr size_t kCacheLine = 64;

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
    : codes_(codes) {
  for (const dataset::ColumnSpec& column : specification.columns()) {
    types_.push_back(column.type);
    numbers_.emplace_back(codes_[numbers_.size()].size());
  }
}

void RowDecoder::Decode(std::span<const char* const> rows,
                        const std::vector<uint32_t>& person_of,
                        dataset::RecordBatch* batch) {
  batch->Clear();
  ++batch_number_;
  DecodePeople(rows, person_of, batch);
  for (size_t i = 0; i < types_.size(); ++i) {
    DecodeColumn(i, &batch->columns[i]);
  }
}

void RowDecoder::DecodePeople(std::span<const char* const> rows,
                              const std::vector<uint32_t>& person_of,
                              dataset::RecordBatch* batch) {
  const size_t map_bytes = (types_.size() + 7) / 8;
  cursors_.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    // Rows lie in random order: the next ones are fetched ahead.
    if (i + kRowsAhead < rows.size()) {
      __builtin_prefetch(rows[i + kRowsAhead]);
      __builtin_prefetch(rows[i + kRowsAhead] + kCacheLine);
    }
    const char* at = rows[i] + kPersonAt;
    const uint32_t person = Get<uint32_t>(at);
    const auto reason = static_cast<dataset::RowReason>(Get<uint8_t>(at));
    if (person == kNoProvisional) {
      batch->AppendPerson(dataset::kNoPerson, reason);
    } else {
      batch->AppendPerson(static_cast<int32_t>(person_of[person]),
                          dataset::RowReason::kNone);
    }
    cursors_[i] = {.present = at, .value = at + map_bytes};
  }
}

// Calls each(row, whether it has a value, where its value is) and makes the map
// of rows that have one; returns how many have none.
template <typename Each>
size_t RowDecoder::ForEachRow(size_t column, std::vector<uint8_t>& present,
                              Each each) {
  const size_t byte = column / 8;
  const unsigned bit = column % 8;
  const size_t rows = cursors_.size();
  present.assign((rows + 7) / 8, 0);
  size_t nulls = 0;
  for (size_t row = 0; row < rows; ++row) {
    Cursor& cursor = cursors_[row];
    const unsigned has = static_cast<uint8_t>(cursor.present[byte]) >> bit & 1U;
    present[row >> 3] =
        static_cast<uint8_t>(present[row >> 3] | has << (row & 7));
    nulls += 1 - has;
    each(row, has != 0, cursor.value);
  }
  return nulls;
}

template <typename T>
size_t RowDecoder::DecodeFixed(size_t column, std::vector<uint8_t>& present,
                               std::vector<T>& out) {
  static constexpr std::array<char, sizeof(T)> kZero{};
  out.resize(cursors_.size());
  return ForEachRow(column, present,
                    [&](size_t row, bool has, const char*& value) {
                      const char* from = has ? value : kZero.data();
                      std::memcpy(&out[row], from, sizeof(T));
                      value += has ? sizeof(T) : 0;
                    });
}

size_t RowDecoder::DecodeCodes(size_t column, dataset::ColumnFiller& out) {
  std::vector<CodeNumber>& numbers = numbers_[column];
  dataset::CodeDictionary& dictionary = out.dictionary();
  std::vector<uint32_t>& indices = out.indices();
  indices.resize(cursors_.size());
  return ForEachRow(
      column, out.present(), [&](size_t row, bool has, const char*& value) {
        if (!has) return;
        const uint32_t code = Get<uint32_t>(value);
        if (code == SharedCodes::kFull) {
          const size_t length = Get<uint8_t>(value);
          indices[row] = dictionary.Intern({value, length});
          value += length;
          return;
        }
        CodeNumber& number = numbers[code];
        if (number.batch != batch_number_) {
          number = {.batch = batch_number_,
                    .index = dictionary.Intern(codes_[column].value(code))};
        }
        indices[row] = number.index;
      });
}

void RowDecoder::DecodeColumn(size_t column, dataset::Column* out) {
  dataset::ColumnFiller filler(*out);
  std::vector<uint8_t>& present = filler.present();
  size_t nulls = 0;
  switch (types_[column]) {
    case ColumnType::kBool: {
      std::vector<uint8_t>& bits = filler.bits();
      bits.resize((cursors_.size() + 7) / 8);
      nulls = ForEachRow(
          column, present, [&](size_t row, bool has, const char*& value) {
            const unsigned set = has && Get<uint8_t>(value) != 0 ? 1 : 0;
            bits[row >> 3] =
                static_cast<uint8_t>(bits[row >> 3] | set << (row & 7));
          });
      break;
    }
    case ColumnType::kInt32:
    case ColumnType::kDate:
      nulls = DecodeFixed(column, present, filler.ints());
      break;
    case ColumnType::kInt64:
      nulls = DecodeFixed(column, present, filler.longs());
      break;
    case ColumnType::kDouble:
      nulls = DecodeFixed(column, present, filler.doubles());
      break;
    case ColumnType::kCode:
      nulls = DecodeCodes(column, filler);
      break;
    case ColumnType::kText: {
      std::vector<char>& data = filler.data();
      std::vector<uint32_t>& ends = filler.ends();
      ends.resize(cursors_.size());
      nulls = ForEachRow(column, present,
                         [&](size_t row, bool has, const char*& value) {
                           if (has) {
                             const size_t length = Get<uint8_t>(value);
                             data.insert(data.end(), value, value + length);
                             value += length;
                           }
                           ends[row] = static_cast<uint32_t>(data.size());
                         });
      break;
    }
  }
  filler.Finish(cursors_.size(), nulls);
}

}  // namespace tally::pseudonymiser
