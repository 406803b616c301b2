#include "column_decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/status.h"
#include "dataset/value_check.h"
#include "row_batch_fields.h"
#include "wire/limits.h"

namespace tally::wire {

using dataset::ColumnType;
using dataset::RowReason;

absl::Status ColumnDecoder::Fault(Reason reason, std::string_view part,
                                  std::string_view what) const {
  ErrorDetail detail;
  detail.field = absl::StrFormat("columns[%u]%s%s", number_,
                                 part.empty() ? "" : ".", std::string(part));
  detail.column = spec_.name;
  std::string message =
      absl::StrFormat("%s: %s", detail.field, std::string(what));
  return Error(reason, std::move(message), std::move(detail));
}

absl::Status ColumnDecoder::Misencoded(std::string_view what) const {
  return Fault(Reason::kColumnEncoding, ValueName(spec_.type), what);
}

absl::Status ColumnDecoder::Refused(size_t row, RowReason why) const {
  ErrorDetail detail;
  detail.field = absl::StrFormat("columns[%u].%s", number_,
                                 std::string(ValueName(spec_.type)));
  detail.column = spec_.name;
  detail.row = static_cast<int64_t>(first_row_ + row) + 1;
  std::string message =
      absl::StrFormat("%s: %s in row %d", detail.field,
                      std::string(dataset::RowReasonName(why)), detail.row);
  return Error(Reason::kValueRefused, std::move(message), std::move(detail));
}

absl::Status ColumnDecoder::Decode(std::span<const uint8_t> message,
                                   dataset::Column& column) {
  WireReader reader(message);
  TALLY_RETURN_IF_ERROR(ReadNumber(reader));
  dataset::ColumnFiller filler(column);
  filler_ = &filler;
  TALLY_RETURN_IF_ERROR(ReadPresent(reader));

  const uint32_t field = ValueField(spec_.type);
  if (!reader.TakeTag(field, WireType::kBytes)) {
    for (uint32_t other = kColumnBools; other <= kColumnTexts; ++other) {
      if (reader.PeekTag() == Tag(other, WireType::kBytes)) {
        return Fault(Reason::kColumnMismatch, "", "values of another type");
      }
    }
    return Misencoded("no values, or an unknown field");
  }
  std::span<const uint8_t> values;
  if (!reader.Bytes(values)) return Misencoded("malformed length");
  if (!reader.AtEnd()) return Misencoded("something follows the values");
  TALLY_RETURN_IF_ERROR(ReadValues(values));
  filler.Finish(rows_, nulls_);
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadNumber(WireReader& reader) const {
  uint64_t number = 0;
  if (reader.TakeTag(kColumnNumber, WireType::kVarint) &&
      (!reader.Varint(number) || number == 0)) {
    return Fault(Reason::kColumnEncoding, "column", "malformed");
  }
  if (number != number_) {
    return Fault(Reason::kColumnMismatch, "column",
                 "columns are those of the specification, in its order");
  }
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadPresent(WireReader& reader) {
  const size_t map_bytes = (rows_ + 7) / 8;
  const auto last = static_cast<uint8_t>(0xff >> (8 * map_bytes - rows_));
  std::vector<uint8_t>& present = filler_->present();
  nulls_ = 0;
  if (!reader.TakeTag(kColumnPresent, WireType::kBytes)) {
    present.assign(map_bytes, 0xff);
    present.back() = last;
    present_ = present.data();
    return absl::OkStatus();
  }
  std::span<const uint8_t> bits;
  if (!reader.Bytes(bits) || bits.size() != map_bytes) {
    return Fault(Reason::kColumnEncoding, "present", "not one bit a row");
  }
  if ((bits.back() & ~last) != 0) {
    return Fault(Reason::kColumnEncoding, "present", "spare bits are not zero");
  }
  size_t set = 0;
  for (const uint8_t byte : bits) {
    set += static_cast<size_t>(std::popcount(byte));
  }
  if (set == rows_) {
    return Fault(Reason::kColumnEncoding, "present",
                 "left out when all rows have a value");
  }
  present.assign(bits.begin(), bits.end());
  present_ = present.data();
  nulls_ = rows_ - set;
  if (spec_.required) {
    size_t row = 0;
    while (!IsNull(row)) ++row;
    return Refused(row, RowReason::kValueMissing);
  }
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadValues(std::span<const uint8_t> values) {
  switch (spec_.type) {
    case ColumnType::kBool:
      return ReadBools(values);
    case ColumnType::kCode:
      return ReadCodes(WireReader(values));
    case ColumnType::kText:
      return ReadTexts(WireReader(values));
    case ColumnType::kInt32:
    case ColumnType::kInt64:
    case ColumnType::kDouble:
    case ColumnType::kDate:
      break;
  }
  WireReader reader(values);
  std::span<const uint8_t> packed;
  if (!reader.TakeTag(kNumberValues, WireType::kBytes) ||
      !reader.Bytes(packed) || !reader.AtEnd()) {
    return Misencoded("not one packed array");
  }
  if (spec_.type == ColumnType::kInt32) return ReadInt32s(packed);
  if (spec_.type == ColumnType::kInt64) return ReadInt64s(packed);
  if (spec_.type == ColumnType::kDouble) return ReadDoubles(packed);
  return ReadDates(packed);
}

absl::Status ColumnDecoder::ReadBools(std::span<const uint8_t> bits) {
  if (bits.size() != (rows_ + 7) / 8) return Misencoded("not one bit a row");
  for (size_t i = 0; i < bits.size(); ++i) {
    if ((bits[i] & ~present_[i]) != 0) {
      return Misencoded("a bit under a null, or a spare bit, is not zero");
    }
  }
  filler_->bits().assign(bits.begin(), bits.end());
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadInt32s(std::span<const uint8_t> packed) {
  // A slot takes at least one byte, so memory stays in proportion to input.
  if (packed.size() < rows_) return Misencoded("not one value a row");
  std::vector<int32_t>& out = filler_->ints();
  out.resize(rows_);
  const uint8_t* at = packed.data();
  const uint8_t* const end = at + packed.size();
  for (size_t row = 0; row < rows_; ++row) {
    uint64_t raw = 0;
    at = GetVarint(at, end, raw);
    if (at == nullptr || raw > UINT32_MAX) return Misencoded("malformed value");
    const auto half = static_cast<uint32_t>(raw);
    out[row] = static_cast<int32_t>((half >> 1) ^ (0 - (half & 1)));
    if (IsNull(row)) {
      if (raw != 0) return Misencoded("a slot under a null is not zero");
      continue;
    }
    const RowReason why = dataset::CheckInteger(spec_, out[row]);
    if (why != RowReason::kNone) return Refused(row, why);
  }
  if (at != end) return Misencoded("more values than rows");
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadInt64s(std::span<const uint8_t> packed) {
  if (packed.size() < rows_) return Misencoded("not one value a row");
  std::vector<int64_t>& out = filler_->longs();
  out.resize(rows_);
  const uint8_t* at = packed.data();
  const uint8_t* const end = at + packed.size();
  for (size_t row = 0; row < rows_; ++row) {
    uint64_t raw = 0;
    at = GetVarint(at, end, raw);
    if (at == nullptr) return Misencoded("malformed value");
    out[row] = static_cast<int64_t>((raw >> 1) ^ (0 - (raw & 1)));
    if (IsNull(row)) {
      if (raw != 0) return Misencoded("a slot under a null is not zero");
      continue;
    }
    const RowReason why = dataset::CheckInteger(spec_, out[row]);
    if (why != RowReason::kNone) return Refused(row, why);
  }
  if (at != end) return Misencoded("more values than rows");
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadDoubles(std::span<const uint8_t> packed) {
  if (packed.size() != rows_ * sizeof(double)) {
    return Misencoded("not one value a row");
  }
  std::vector<double>& out = filler_->doubles();
  out.resize(rows_);
  std::memcpy(out.data(), packed.data(), packed.size());
  for (size_t row = 0; row < rows_; ++row) {
    if (IsNull(row)) {
      if (std::bit_cast<uint64_t>(out[row]) != 0) {
        return Misencoded("a slot under a null is not zero");
      }
      continue;
    }
    const RowReason why = dataset::CheckDouble(spec_, out[row]);
    if (why == RowReason::kValueType) return Misencoded("not finite, or -0");
    if (why != RowReason::kNone) return Refused(row, why);
  }
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadDates(std::span<const uint8_t> packed) {
  if (packed.size() != rows_ * sizeof(int32_t)) {
    return Misencoded("not one value a row");
  }
  std::vector<int32_t>& out = filler_->ints();
  out.resize(rows_);
  std::memcpy(out.data(), packed.data(), packed.size());
  for (size_t row = 0; row < rows_; ++row) {
    if (IsNull(row)) {
      if (out[row] != 0) return Misencoded("a slot under a null is not zero");
      continue;
    }
    const RowReason why = dataset::CheckDate(spec_, out[row], today_days_);
    if (why != RowReason::kNone) return Refused(row, why);
  }
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadDictionary(WireReader& reader) {
  dataset::CodeDictionary& dictionary = filler_->dictionary();
  std::string_view before;
  while (reader.TakeTag(kCodeDictionary, WireType::kBytes)) {
    std::span<const uint8_t> bytes;
    if (!reader.Bytes(bytes)) return Misencoded("malformed dictionary");
    const std::string_view code = AsChars(bytes);
    if (dictionary.size() != 0 && code <= before) {
      return Misencoded("dictionary is not ascending");
    }
    if (dictionary.size() == rows_) {
      return Misencoded("more dictionary entries than rows");
    }
    if (dataset::CheckCode(spec_, code) != RowReason::kNone) {
      return Fault(Reason::kValueRefused, "codes.dictionary",
                   dataset::RowReasonName(dataset::CheckCode(spec_, code)));
    }
    dictionary.AppendDistinct(code);
    before = code;
  }
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadCodes(WireReader reader) {
  TALLY_RETURN_IF_ERROR(ReadDictionary(reader));
  const size_t entries = filler_->dictionary().size();
  std::span<const uint8_t> packed;
  if (!reader.TakeTag(kCodeIndex, WireType::kBytes) || !reader.Bytes(packed) ||
      !reader.AtEnd()) {
    return Misencoded("not one packed index");
  }
  if (packed.size() < rows_) return Misencoded("not one index a row");
  std::vector<uint32_t>& out = filler_->indices();
  out.resize(rows_);
  std::vector<bool> used(entries);
  size_t used_count = 0;
  const uint8_t* at = packed.data();
  const uint8_t* const end = at + packed.size();
  for (size_t row = 0; row < rows_; ++row) {
    uint64_t index = 0;
    at = GetVarint(at, end, index);
    if (at == nullptr) return Misencoded("malformed index");
    out[row] = static_cast<uint32_t>(index);
    if (IsNull(row)) {
      if (index != 0) return Misencoded("a slot under a null is not zero");
      continue;
    }
    if (index >= entries) return Misencoded("index outside the dictionary");
    if (!used[index]) {
      used[index] = true;
      ++used_count;
    }
  }
  if (at != end) return Misencoded("more indices than rows");
  if (used_count != entries) return Misencoded("dictionary entry not used");
  return absl::OkStatus();
}

absl::Status ColumnDecoder::ReadTexts(WireReader reader) {
  std::span<const uint8_t> data;
  if (reader.TakeTag(kTextData, WireType::kBytes) &&
      (!reader.Bytes(data) || data.empty())) {
    return Misencoded("malformed data");
  }
  std::span<const uint8_t> packed;
  if (!reader.TakeTag(kTextEnd, WireType::kBytes) || !reader.Bytes(packed) ||
      !reader.AtEnd()) {
    return Misencoded("not one packed array of ends");
  }
  if (packed.size() < rows_) return Misencoded("not one end a row");
  std::vector<uint32_t>& out = filler_->ends();
  out.resize(rows_);
  const uint8_t* at = packed.data();
  const uint8_t* const end = at + packed.size();
  uint64_t begin = 0;
  for (size_t row = 0; row < rows_; ++row) {
    uint64_t stop = 0;
    at = GetVarint(at, end, stop);
    if (at == nullptr) return Misencoded("malformed end");
    if (stop < begin || stop > data.size()) {
      return Misencoded("ends do not ascend inside the data");
    }
    out[row] = static_cast<uint32_t>(stop);
    const std::string_view text = AsChars(data.subspan(begin, stop - begin));
    begin = stop;
    if (IsNull(row)) {
      if (!text.empty()) return Misencoded("a slot under a null is not empty");
      continue;
    }
    const RowReason why = dataset::CheckText(spec_, text);
    if (why != RowReason::kNone) return Refused(row, why);
  }
  if (at != end || begin != data.size()) {
    return Misencoded("data or ends beyond the last row");
  }
  filler_->data().assign(data.begin(), data.end());
  return absl::OkStatus();
}

}  // namespace tally::wire
