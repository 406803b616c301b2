#ifndef TALLY_WIRE_STREAM_DIGEST_H_
#define TALLY_WIRE_STREAM_DIGEST_H_

// The digest of a whole upload, which the manifest signs: over each batch in
// order, sequence (8 bytes, big-endian), kind (1), length of the content (4)
// and the content. The source computes it from its spool and the hub from its
// journal, so nothing can be lost, added or changed between them.
//
// Role: pseudonymiser and hub.
//
// Spec: docs/spec/wire-v1.md, "Stream digest".
// Threading: not safe for concurrent use.
// Secrets: none kept.

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/sha256.h"
#include "wire/limits.h"

namespace tally::wire {

class StreamDigest {
 public:
  // Adds the next batch; the first has sequence 1. Aborts when `content` is
  // longer than kMaxContentBytes. Cost: linear.
  void Add(BatchKind kind, std::span<const uint8_t> content);

  // Batches so far: the sequence of the last one.
  uint64_t batches() const { return batches_; }

  // Ends the digest. Add must not follow.
  std::array<uint8_t, 32> Finish() { return sha256_.Finish(); }

 private:
  Sha256 sha256_;
  uint64_t batches_ = 0;
};

}  // namespace tally::wire

#endif  // TALLY_WIRE_STREAM_DIGEST_H_
