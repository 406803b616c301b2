#ifndef TALLY_WIRE_ROW_BATCH_CODEC_H_
#define TALLY_WIRE_ROW_BATCH_CODEC_H_

// A batch of rows as bytes: the content of an UploadBatch of kind ROWS, of a
// spool frame and of a journal frame. The bytes are a protobuf RowBatch
// written in one way only, so a batch has one encoding and its digest means
// something.
//
// Role: written by the pseudonymiser, read by the hub. Holds no token.
//
// Spec: docs/spec/wire-v1.md, "RowBatch".
// Threading: pure functions.
// Secrets: record values pass through; no message carries one.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"

namespace tally::wire {

// Replaces `out` by the bytes of `batch`. REQUIRES: the batch has the columns
// of `specification` (it was made by RecordBatch::For) and every column as
// many rows as the batch. Returns kInvalidArgument with the reason that the
// hub would give when there are no rows or too many, a person_reason does not
// fit its person_index, or a value has no encoding (a double that is not
// finite; a code of no or more than 64 bytes, too long a text). Column rules
// beyond that are the source's own check. Cost: linear; sorts dictionaries.
absl::Status EncodeRowBatch(const dataset::Specification& specification,
                            const dataset::RecordBatch& batch,
                            std::string& out);

// The first two fields, to find the specification of a batch.
struct RowBatchHeader {
  uint32_t dataset_index = 0;
  uint64_t first_row = 0;
};
// Reads only the beginning; the rest is not checked. kInvalidArgument
// (COLUMN_ENCODING) when that is malformed.
absl::StatusOr<RowBatchHeader> PeekRowBatch(std::span<const uint8_t> bytes);

struct RowBatchContext {
  uint64_t persons = 0;    // tokens that came before: bound of person_index
  int32_t today_days = 0;  // for columns with max = "today"; days since 1970
};

// Reads `bytes` into `out`, whose memory is used again. Every rule of the
// format and of the specification is checked; what is accepted encodes to the
// same bytes. Memory: at most 16 bytes per input byte plus 64 KiB.
//
// Returns kInvalidArgument with an ErrorDetail whose field is a path such as
// columns[3].dates, whose row counts in the dataset where one row is at fault
// and whose column is the column's name; `out` is then unspecified:
//   BATCH_TOO_LARGE     more than kMaxContentBytes, or row_count over 16,384
//   COLUMN_MISMATCH     not exactly the specification's columns, in order, of
//                       their types
//   COLUMN_ENCODING     not the one encoding: unknown or repeated field, wrong
//                       wire type, order, length or slot count, a default that
//                       is written, a varint that is too long, spare bits or
//                       null slots that are not zero, a dictionary that is
//                       unsorted, repeated or not fully used, a double that is
//                       not finite or is -0
//   PERSON_INDEX_RANGE  a person_index below -1 or not below `persons`
//   FIELD_INVALID       a person_reason that is no unlinked reason, or one
//                       beside an index, or none where there is no index;
//                       no rows; first_row too large
//   VALUE_REFUSED       a value outside what its column allows, or a null in
//                       a required column
absl::Status DecodeRowBatch(const dataset::Specification& specification,
                            const RowBatchContext& context,
                            std::span<const uint8_t> bytes,
                            dataset::RecordBatch& out);

}  // namespace tally::wire

#endif  // TALLY_WIRE_ROW_BATCH_CODEC_H_
