// Reading a RowBatch.

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "column_decoder.h"
#include "row_batch_fields.h"
#include "wire/limits.h"
#include "wire/row_batch_codec.h"
#include "wire_error.h"
#include "wire_reader.h"

namespace tally::wire {
namespace {

using dataset::RecordBatch;
using dataset::RowReason;

absl::Status ReadHeader(WireReader& reader, RowBatchHeader& header) {
  uint64_t number = 0;
  if (reader.TakeTag(kRowDataset, WireType::kVarint)) {
    if (!reader.Varint(number) || number == 0) {
      return WireFault(Reason::kColumnEncoding, "dataset", "malformed");
    }
    if (number >= kMaxDatasets) {
      return WireFault(Reason::kFieldInvalid, "dataset", "too large",
                       kMaxDatasets - 1);
    }
    header.dataset_index = static_cast<uint32_t>(number);
  }
  if (reader.TakeTag(kRowFirst, WireType::kVarint)) {
    if (!reader.Varint(number) || number == 0) {
      return WireFault(Reason::kColumnEncoding, "first_row", "malformed");
    }
    constexpr uint64_t kLast =
        static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - kMaxRows;
    if (number > kLast) {
      return WireFault(Reason::kFieldInvalid, "first_row", "too large");
    }
    header.first_row = number;
  }
  return absl::OkStatus();
}

absl::Status ReadRowCount(WireReader& reader, size_t& rows) {
  uint64_t count = 0;
  if (!reader.TakeTag(kRowCount, WireType::kVarint)) {
    if (!reader.AtEnd() &&
        reader.PeekTag() < Tag(kRowPersonIndex, WireType::kVarint)) {
      return WireFault(Reason::kColumnEncoding, "row_count",
                       "an unknown, repeated or misplaced field");
    }
    return WireFault(Reason::kFieldInvalid, "row_count", "no rows");
  }
  if (!reader.Varint(count) || count == 0) {
    return WireFault(Reason::kColumnEncoding, "row_count", "malformed");
  }
  if (count > kMaxRows) {
    return WireFault(Reason::kBatchTooLarge, "row_count", "too many rows",
                     kMaxRows);
  }
  rows = static_cast<size_t>(count);
  return absl::OkStatus();
}

absl::Status PersonFault(Reason reason, std::string_view field,
                         uint64_t first_row, size_t row, uint64_t persons) {
  ErrorDetail detail;
  detail.field = std::string(field);
  detail.row = static_cast<int64_t>(first_row + row) + 1;
  if (reason == Reason::kPersonIndexRange) {
    detail.limit = static_cast<int64_t>(persons);
  }
  std::string message =
      absl::StrFormat("%s: refused in row %d", detail.field, detail.row);
  return Error(reason, std::move(message), std::move(detail));
}

absl::Status ReadPeople(WireReader& reader, size_t rows, uint64_t persons,
                        RecordBatch& out) {
  std::span<const uint8_t> packed;
  if (!reader.TakeTag(kRowPersonIndex, WireType::kBytes) ||
      !reader.Bytes(packed) || packed.size() != rows * sizeof(int32_t)) {
    return WireFault(Reason::kColumnEncoding, "person_index",
                     "not one number a row");
  }
  out.person_index.resize(rows);
  std::memcpy(out.person_index.data(), packed.data(), packed.size());

  out.person_reason.assign(rows, RowReason::kNone);
  if (reader.TakeTag(kRowPersonReason, WireType::kBytes)) {
    std::span<const uint8_t> reasons;
    if (!reader.Bytes(reasons) || reasons.size() != rows) {
      return WireFault(Reason::kColumnEncoding, "person_reason",
                       "not one byte a row");
    }
    if (std::all_of(reasons.begin(), reasons.end(),
                    [](uint8_t reason) { return reason == 0; })) {
      return WireFault(Reason::kColumnEncoding, "person_reason",
                       "left out when all are 0");
    }
    std::memcpy(out.person_reason.data(), reasons.data(), rows);
  }
  for (size_t row = 0; row < rows; ++row) {
    const int32_t index = out.person_index[row];
    if (index != dataset::kNoPerson &&
        (index < 0 || static_cast<uint64_t>(index) >= persons)) {
      return PersonFault(Reason::kPersonIndexRange, "person_index",
                         out.first_row, row, persons);
    }
    if (!PersonFits(index, out.person_reason[row])) {
      return PersonFault(Reason::kFieldInvalid, "person_reason", out.first_row,
                         row, persons);
    }
  }
  return absl::OkStatus();
}

// `out` gets the columns of `specification`, with its memory when it has them
// already.
void ShapeAs(const dataset::Specification& specification, RecordBatch& out) {
  const auto& columns = specification.columns();
  const bool fits = std::equal(
      columns.begin(), columns.end(), out.columns.begin(), out.columns.end(),
      [](const dataset::ColumnSpec& spec, const dataset::Column& column) {
        return spec.type == column.type();
      });
  if (!fits) out = RecordBatch::For(specification);
}

absl::Status ReadColumns(WireReader& reader,
                         const dataset::Specification& specification,
                         const RowBatchContext& context, size_t rows,
                         RecordBatch& out) {
  const auto& specs = specification.columns();
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string path = absl::StrFormat("columns[%u]", i);
    if (!reader.TakeTag(kRowColumns, WireType::kBytes)) {
      return WireFault(
          reader.AtEnd() ? Reason::kColumnMismatch : Reason::kColumnEncoding,
          path, reader.AtEnd() ? "a column is missing" : "an unknown field");
    }
    std::span<const uint8_t> message;
    if (!reader.Bytes(message)) {
      return WireFault(Reason::kColumnEncoding, path, "malformed length");
    }
    ColumnDecoder decoder(specs[i], i, rows, out.first_row, context.today_days);
    TALLY_RETURN_IF_ERROR(decoder.Decode(message, out.columns[i]));
  }
  if (reader.AtEnd()) return absl::OkStatus();
  if (reader.PeekTag() == Tag(kRowColumns, WireType::kBytes)) {
    return WireFault(Reason::kColumnMismatch, "columns",
                     "more columns than the specification has",
                     static_cast<int64_t>(specs.size()));
  }
  return WireFault(Reason::kColumnEncoding, "content", "an unknown field");
}

}  // namespace

absl::StatusOr<RowBatchHeader> PeekRowBatch(std::span<const uint8_t> bytes) {
  WireReader reader(bytes);
  RowBatchHeader header;
  TALLY_RETURN_IF_ERROR(ReadHeader(reader, header));
  return header;
}

absl::Status DecodeRowBatch(const dataset::Specification& specification,
                            const RowBatchContext& context,
                            std::span<const uint8_t> bytes, RecordBatch& out) {
  if (bytes.size() > kMaxContentBytes) {
    return WireFault(Reason::kBatchTooLarge, "content", "too long",
                     kMaxContentBytes);
  }
  ShapeAs(specification, out);
  WireReader reader(bytes);
  RowBatchHeader header;
  TALLY_RETURN_IF_ERROR(ReadHeader(reader, header));
  out.dataset_index = header.dataset_index;
  out.first_row = header.first_row;
  size_t rows = 0;
  TALLY_RETURN_IF_ERROR(ReadRowCount(reader, rows));
  TALLY_RETURN_IF_ERROR(ReadPeople(reader, rows, context.persons, out));
  return ReadColumns(reader, specification, context, rows, out);
}

}  // namespace tally::wire
