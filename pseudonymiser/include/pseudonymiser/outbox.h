#ifndef TALLY_PSEUDONYMISER_OUTBOX_H_
#define TALLY_PSEUDONYMISER_OUTBOX_H_

// The second spool: the batches of one extract as they will be sent, sealed.
// Once it is complete a push needs nothing else, so a push that is killed and
// started again sends identical bytes.
//
// File: frame n (from 0) = kind(1) || content of batch n + 1; the last frame is
// empty.
//
// Spec: docs/spec/sealed-files-v1.md, "Spool".
// Threading: one thread per object.
// Secrets: tokens and records, sealed under the source's storage key.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_file.h"
#include "crypto/wiped_bytes.h"
#include "wire/limits.h"
#include "wire/stream_digest.h"

namespace tally::pseudonymiser {

class OutboxWriter {
 public:
  // A new file of at most `max_bytes`. Errors of crypto::SealedWriter.
  [[nodiscard]] static absl::StatusOr<OutboxWriter> Create(
      const std::string& path, const crypto::StorageKey& key,
      const crypto::SealContext& context, int64_t max_bytes);

  // Adds the next batch. kResourceExhausted (exit 5) when there is no room.
  absl::Status Append(wire::BatchKind kind, std::string_view content);

  // Ends the file and brings it to the disk.
  absl::Status Finish();

  uint64_t batches() const { return digest_.batches(); }
  // Hex, over all batches. Call once, after the last Append.
  std::string StreamSha256();

 private:
  OutboxWriter(crypto::SealedWriter writer, int64_t max_bytes)
      : writer_(std::move(writer)), max_bytes_(max_bytes) {}

  crypto::SealedWriter writer_;
  int64_t max_bytes_;
  wire::StreamDigest digest_;
  std::string frame_;
};

class OutboxReader {
 public:
  [[nodiscard]] static absl::StatusOr<OutboxReader> Open(
      const std::string& path, const crypto::StorageKey& key,
      const crypto::SealContext& context);

  struct Batch {
    uint64_t sequence = 0;  // from 1
    wire::BatchKind kind = wire::BatchKind::kPerson;
    std::string_view content;  // valid until the next call
  };
  // The next batch, or nothing after the last. kDataLoss (exit 11) when the
  // file is not what was written.
  absl::StatusOr<std::optional<Batch>> Next();

  // Passes over the batches below `sequence`. Cost: reads them.
  absl::Status SkipTo(uint64_t sequence);

 private:
  explicit OutboxReader(crypto::SealedReader reader)
      : reader_(std::move(reader)) {}

  crypto::SealedReader reader_;
  crypto::WipedBytes frame_;
  uint64_t next_ = 1;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_OUTBOX_H_
