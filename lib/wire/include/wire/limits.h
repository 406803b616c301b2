#ifndef TALLY_WIRE_LIMITS_H_
#define TALLY_WIRE_LIMITS_H_

// The limits of an upload. Both sides use these constants, so a batch that the
// source may build is one that the hub accepts.
//
// Spec: docs/spec/wire-v1.md, "Limits".
// Threading: constants.
// Secrets: none.

#include <cstddef>
#include <cstdint>

#include "dataset/record_batch.h"

namespace tally::wire {

// A whole UploadBatchesRequest: the hub's receive limit.
inline constexpr size_t kMaxRequestBytes = 1'048'576;
// What a writer aims at, so that the envelope always fits.
inline constexpr size_t kAimRequestBytes = 983'040;
// Envelope around the content: tags, lengths, sequence, kind.
inline constexpr size_t kMaxEnvelopeBytes = 32;
// The content of one batch.
inline constexpr size_t kMaxContentBytes = kMaxRequestBytes - kMaxEnvelopeBytes;

inline constexpr size_t kMaxRows = dataset::kMaxBatchRows;
inline constexpr size_t kMaxTokens = 24'000;
inline constexpr size_t kTokenBytes = 32;
inline constexpr size_t kMaxColumns = 512;
inline constexpr size_t kMaxDatasets = 32;
inline constexpr size_t kMaxValueBytes = 64;            // a code or a text
inline constexpr uint64_t kMaxPersons = 2'147'483'648;  // indices 0 to 2^31 - 1

// At the latest after so many batches the hub acknowledges.
inline constexpr uint64_t kAckBatches = 16;

// UploadBatch.kind.
enum class BatchKind : uint8_t { kPerson = 1, kRows = 2 };

}  // namespace tally::wire

#endif  // TALLY_WIRE_LIMITS_H_
