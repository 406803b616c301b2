#ifndef TALLY_WIRE_PERSON_BATCH_CODEC_H_
#define TALLY_WIRE_PERSON_BATCH_CODEC_H_

// A batch of people as bytes: the content of an UploadBatch of kind PERSON.
// The place of a token in its extract is the person's number there. The order
// of tokens is random for each extract and says nothing.
//
// Role: written by the pseudonymiser, read by the hub. Tokens are opaque bytes
// here; whether they are group elements is checked where they are converted.
//
// Spec: docs/spec/wire-v1.md, "PersonBatch".
// Threading: pure functions.
// Secrets: carries tokens; no message does.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::wire {

// What a token was made from. 2 and 11 to 15 are reserved.
enum class PersonKind : uint8_t { kNhsNumber = 1 };

// Bit of a token's flag byte; all others are zero.
inline constexpr uint8_t kFlagNumberVerified = 1;

// Points into the bytes it was read from, or at the caller's arrays.
struct PersonBatchView {
  PersonKind kind = PersonKind::kNhsNumber;
  uint64_t first_person_index = 0;  // number of the first token's person
  std::span<const uint8_t> tokens;  // 32 bytes each
  std::span<const uint8_t> flags;   // one byte each

  size_t size() const { return flags.size(); }
};

// Replaces `out` by the bytes. Returns kInvalidArgument as DecodePersonBatch
// would. Cost: a copy.
absl::Status EncodePersonBatch(const PersonBatchView& batch, std::string& out);

// Reads without copying; the view lives as long as `bytes`. What is accepted
// encodes to the same bytes. Returns kInvalidArgument with an ErrorDetail:
//   BATCH_TOO_LARGE     more than 24,000 tokens
//   ELEMENT_LENGTH      tokens not a multiple of 32 bytes, or none
//   PERSON_INDEX_RANGE  a number above 2^31 - 1
//   FIELD_INVALID       unknown kind; flags of another count or with unknown
//                       bits; a malformed, repeated, unknown or misplaced
//                       field
// Whether first_person_index follows the batch before is for the caller, who
// knows it.
absl::StatusOr<PersonBatchView> DecodePersonBatch(
    std::span<const uint8_t> bytes);

}  // namespace tally::wire

#endif  // TALLY_WIRE_PERSON_BATCH_CODEC_H_
