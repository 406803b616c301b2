#include "wire/stream_digest.h"

#include "base/bytes.h"
#include "base/status.h"

namespace tally::wire {

void StreamDigest::Add(BatchKind kind, std::span<const uint8_t> content) {
  TALLY_CHECK(content.size() <= kMaxContentBytes);
  ByteWriter head;
  head.U64(++batches_);
  head.U8(static_cast<uint8_t>(kind));
  head.U32(static_cast<uint32_t>(content.size()));
  sha256_.Update(head.view());
  sha256_.Update(content);
}

}  // namespace tally::wire
