// Writing a RowBatch.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/status.h"
#include "row_batch_fields.h"
#include "wire/limits.h"
#include "wire/row_batch_codec.h"
#include "wire_error.h"
#include "wire_writer.h"

namespace tally::wire {
namespace {

using dataset::Column;
using dataset::ColumnType;
using dataset::RecordBatch;
using dataset::RowReason;

std::string ColumnPath(size_t number, std::string_view part) {
  return absl::StrFormat("columns[%u].%s", number, std::string(part));
}

// Buffers that every column of a batch uses again.
struct Scratch {
  std::string payload;            // packed values
  std::string values;             // the message around them
  std::string column;             // the column's message
  std::vector<uint32_t> order;    // dictionary numbers by value
  std::vector<uint32_t> renamed;  // old number -> new number
};

// Packs `count` values, each at most `width` bytes, by `put(i, to)`.
template <typename Put>
void Pack(size_t count, size_t width, std::string& out, Put put) {
  out.resize(count * width);
  char* const begin = out.data();
  char* to = begin;
  for (size_t i = 0; i < count; ++i) to = put(i, to);
  out.resize(static_cast<size_t>(to - begin));
}

absl::Status CheckPeople(const RecordBatch& batch) {
  const size_t rows = batch.rows();
  if (rows == 0) {
    return WireFault(Reason::kFieldInvalid, "row_count", "no rows");
  }
  if (rows > kMaxRows) {
    return WireFault(Reason::kBatchTooLarge, "row_count", "too many rows",
                     kMaxRows);
  }
  if (batch.person_reason.size() != rows) {
    return WireFault(Reason::kFieldInvalid, "person_reason",
                     "not one byte a row");
  }
  for (size_t row = 0; row < rows; ++row) {
    if (!PersonFits(batch.person_index[row], batch.person_reason[row])) {
      return WireFault(Reason::kFieldInvalid, "person_reason",
                       "does not fit the person");
    }
  }
  return absl::OkStatus();
}

void PackDates(std::span<const int32_t> days, std::string& out) {
  out.assign(AsFixed(days));
}

absl::Status PackDoubles(const Column& column, size_t number,
                         std::string& out) {
  for (const double value : column.doubles()) {
    if (!std::isfinite(value) || (value == 0 && std::signbit(value))) {
      return WireFault(Reason::kColumnEncoding, ColumnPath(number, "doubles"),
                       "not finite, or -0");
    }
  }
  out.assign(AsFixed(column.doubles()));
  return absl::OkStatus();
}

// Dictionaries are sorted and fully used, whatever order codes came in.
absl::Status PackCodes(const Column& column, size_t number, Scratch& scratch) {
  const dataset::CodeDictionary& dictionary = column.dictionary();
  const size_t rows = column.rows();
  scratch.renamed.assign(dictionary.size(), 0);
  for (size_t row = 0; row < rows; ++row) {
    if (!column.IsNull(row)) scratch.renamed[column.code_indices()[row]] = 1;
  }
  scratch.order.clear();
  for (uint32_t i = 0; i < dictionary.size(); ++i) {
    if (scratch.renamed[i] != 0) scratch.order.push_back(i);
  }
  std::sort(scratch.order.begin(), scratch.order.end(),
            [&](uint32_t a, uint32_t b) {
              return dictionary.value(a) < dictionary.value(b);
            });
  scratch.values.clear();
  WireWriter values(scratch.values);
  for (uint32_t i = 0; i < scratch.order.size(); ++i) {
    const std::string_view code = dictionary.value(scratch.order[i]);
    if (code.empty() || code.size() > kMaxValueBytes) {
      return WireFault(Reason::kColumnEncoding, ColumnPath(number, "codes"),
                       "a code has 1 to 64 bytes", kMaxValueBytes);
    }
    values.BytesField(kCodeDictionary, code);
    scratch.renamed[scratch.order[i]] = i;
  }
  Pack(rows, kMaxVarint32Bytes, scratch.payload, [&](size_t row, char* to) {
    const uint32_t index =
        column.IsNull(row) ? 0 : scratch.renamed[column.code_indices()[row]];
    return PutVarint(to, index);
  });
  values.BytesField(kCodeIndex, scratch.payload);
  return absl::OkStatus();
}

absl::Status PackTexts(const Column& column, size_t number, Scratch& scratch) {
  const std::span<const uint32_t> ends = column.text_ends();
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    if (end - begin > kMaxValueBytes) {
      return WireFault(Reason::kColumnEncoding, ColumnPath(number, "texts"),
                       "a text has at most 64 bytes", kMaxValueBytes);
    }
    begin = end;
  }
  scratch.values.clear();
  WireWriter values(scratch.values);
  if (!column.text_data().empty()) {
    values.BytesField(kTextData, column.text_data());
  }
  Pack(ends.size(), kMaxVarint32Bytes, scratch.payload,
       [&](size_t row, char* to) { return PutVarint(to, ends[row]); });
  values.BytesField(kTextEnd, scratch.payload);
  return absl::OkStatus();
}

// Fills scratch.values with the message that goes under the value field.
absl::Status PackValues(const Column& column, size_t number, Scratch& scratch) {
  const size_t rows = column.rows();
  switch (column.type()) {
    case ColumnType::kBool:
      scratch.values.assign(AsChars(column.bools()));
      return absl::OkStatus();
    case ColumnType::kCode:
      return PackCodes(column, number, scratch);
    case ColumnType::kText:
      return PackTexts(column, number, scratch);
    case ColumnType::kInt32:
      Pack(rows, kMaxVarint32Bytes, scratch.payload, [&](size_t row, char* to) {
        return PutVarint(to, ZigZag32(column.int32s()[row]));
      });
      break;
    case ColumnType::kInt64:
      Pack(rows, kMaxVarintBytes, scratch.payload, [&](size_t row, char* to) {
        return PutVarint(to, ZigZag64(column.int64s()[row]));
      });
      break;
    case ColumnType::kDouble:
      TALLY_RETURN_IF_ERROR(PackDoubles(column, number, scratch.payload));
      break;
    case ColumnType::kDate:
      PackDates(column.int32s(), scratch.payload);
      break;
  }
  scratch.values.clear();
  WireWriter(scratch.values).BytesField(kNumberValues, scratch.payload);
  return absl::OkStatus();
}

absl::Status EncodeColumn(const Column& column, size_t number, Scratch& scratch,
                          WireWriter& out) {
  TALLY_RETURN_IF_ERROR(PackValues(column, number, scratch));
  scratch.column.clear();
  WireWriter writer(scratch.column);
  writer.VarintField(kColumnNumber, number);
  if (column.null_count() != 0) {
    writer.BytesField(kColumnPresent, AsChars(column.present()));
  }
  writer.BytesField(ValueField(column.type()), scratch.values);
  out.BytesField(kRowColumns, scratch.column);
  return absl::OkStatus();
}

}  // namespace

absl::Status EncodeRowBatch(const dataset::Specification& specification,
                            const RecordBatch& batch, std::string& out) {
  TALLY_CHECK(batch.columns.size() == specification.columns().size());
  TALLY_RETURN_IF_ERROR(CheckPeople(batch));
  const size_t rows = batch.rows();

  out.clear();
  WireWriter writer(out);
  writer.VarintField(kRowDataset, batch.dataset_index);
  writer.VarintField(kRowFirst, batch.first_row);
  writer.VarintField(kRowCount, rows);
  writer.BytesField(kRowPersonIndex,
                    AsFixed(std::span<const int32_t>(batch.person_index)));
  const std::span<const RowReason> reasons = batch.person_reason;
  if (std::any_of(reasons.begin(), reasons.end(), [](RowReason reason) {
        return reason != RowReason::kNone;
      })) {
    writer.BytesField(kRowPersonReason, AsFixed(reasons));
  }
  Scratch scratch;
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    TALLY_CHECK(column.type() == specification.columns()[i].type);
    TALLY_CHECK(column.rows() == rows);
    TALLY_RETURN_IF_ERROR(EncodeColumn(column, i, scratch, writer));
  }
  if (out.size() > kMaxContentBytes) {
    return WireFault(Reason::kBatchTooLarge, "content", "too long",
                     kMaxContentBytes);
  }
  return absl::OkStatus();
}

}  // namespace tally::wire
