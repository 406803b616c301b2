#ifndef TALLY_TESTS_UNIT_WIRE_ROW_BATCH_ORACLE_H_
#define TALLY_TESTS_UNIT_WIRE_ROW_BATCH_ORACLE_H_

// The slow plain twin of the codec: batches through the generated messages.

#include <string>

#include "dataset/record_batch.h"
#include "tally/extract/v1/extract.pb.h"

namespace tally::wire {

// The message of a batch, written out value by value. `batch` may have its
// codes in any order.
extract::v1::RowBatch ToMessage(const dataset::RecordBatch& batch);

// The bytes of a message in protobuf's deterministic form.
std::string Serialised(const extract::v1::RowBatch& message);

// Whether two batches hold the same rows, values and nulls.
bool SameRows(const dataset::RecordBatch& a, const dataset::RecordBatch& b);

}  // namespace tally::wire

#endif  // TALLY_TESTS_UNIT_WIRE_ROW_BATCH_ORACLE_H_
