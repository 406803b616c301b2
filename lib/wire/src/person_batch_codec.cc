#include "wire/person_batch_codec.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "wire/limits.h"
#include "wire_error.h"
#include "wire_reader.h"
#include "wire_writer.h"

namespace tally::wire {
namespace {

enum Field : uint32_t { kKind = 1, kFirst = 2, kTokens = 3, kFlags = 4 };

absl::Status CheckBatch(const PersonBatchView& batch) {
  if (batch.kind != PersonKind::kNhsNumber) {
    return WireFault(Reason::kFieldInvalid, "kind", "unknown kind");
  }
  if (batch.tokens.empty() || batch.tokens.size() % kTokenBytes != 0) {
    return WireFault(Reason::kElementLength, "tokens",
                     "not a number of 32-byte tokens", kTokenBytes);
  }
  const size_t count = batch.tokens.size() / kTokenBytes;
  if (count > kMaxTokens) {
    return WireFault(Reason::kBatchTooLarge, "tokens", "too many tokens",
                     kMaxTokens);
  }
  if (batch.flags.size() != count) {
    return WireFault(Reason::kFieldInvalid, "flags", "not one byte a token");
  }
  if (std::any_of(batch.flags.begin(), batch.flags.end(),
                  [](uint8_t flag) { return flag > kFlagNumberVerified; })) {
    return WireFault(Reason::kFieldInvalid, "flags", "unknown bits");
  }
  if (batch.first_person_index > kMaxPersons - count) {
    return WireFault(Reason::kPersonIndexRange, "first_person_index",
                     "a number above 2^31 - 1", kMaxPersons - 1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EncodePersonBatch(const PersonBatchView& batch, std::string& out) {
  TALLY_RETURN_IF_ERROR(CheckBatch(batch));
  out.clear();
  out.reserve(batch.tokens.size() + batch.flags.size() + 64);
  WireWriter writer(out);
  writer.VarintField(kKind, static_cast<uint64_t>(batch.kind));
  writer.VarintField(kFirst, batch.first_person_index);
  writer.BytesField(kTokens, AsChars(batch.tokens));
  writer.BytesField(kFlags, AsChars(batch.flags));
  return absl::OkStatus();
}

absl::StatusOr<PersonBatchView> DecodePersonBatch(
    std::span<const uint8_t> bytes) {
  const auto fault = [](std::string_view field) {
    return WireFault(Reason::kFieldInvalid, field, "malformed or misplaced");
  };
  if (bytes.size() > kMaxContentBytes) {
    return WireFault(Reason::kBatchTooLarge, "content", "too long",
                     kMaxContentBytes);
  }
  WireReader reader(bytes);
  PersonBatchView batch;
  uint64_t kind = 0;
  if (!reader.TakeTag(kKind, WireType::kVarint) || !reader.Varint(kind) ||
      kind != static_cast<uint64_t>(PersonKind::kNhsNumber)) {
    return fault("kind");
  }
  if (reader.TakeTag(kFirst, WireType::kVarint) &&
      (!reader.Varint(batch.first_person_index) ||
       batch.first_person_index == 0)) {
    return fault("first_person_index");
  }
  if (reader.PeekTag() != Tag(kTokens, WireType::kBytes)) {
    // Without tokens there is no batch; anything else in their place is alien.
    if (reader.AtEnd() || reader.PeekTag() == Tag(kFlags, WireType::kBytes)) {
      return WireFault(Reason::kElementLength, "tokens", "no tokens",
                       kTokenBytes);
    }
    return fault("tokens");
  }
  reader.TakeTag(kTokens, WireType::kBytes);
  if (!reader.Bytes(batch.tokens)) return fault("tokens");
  if (!reader.TakeTag(kFlags, WireType::kBytes)) {
    TALLY_RETURN_IF_ERROR(CheckBatch(batch));
    return fault("flags");
  }
  if (!reader.Bytes(batch.flags)) return fault("flags");
  if (!reader.AtEnd()) return fault("content");
  TALLY_RETURN_IF_ERROR(CheckBatch(batch));
  return batch;
}

}  // namespace tally::wire
