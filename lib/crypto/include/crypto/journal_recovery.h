#ifndef TALLY_CRYPTO_JOURNAL_RECOVERY_H_
#define TALLY_CRYPTO_JOURNAL_RECOVERY_H_

// Recovery of a journal after a crash: what is whole stays, a torn tail is cut,
// damage is told apart from it.
//
// Role: the hub, for each open upload at start; the source for its spool.
// Spec: docs/spec/sealed-files-v1.md, "Torn tail or damage".
// Threading: needs the file alone.
// Secrets: as SealedReader.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_file.h"

namespace tally::crypto {

// One fsync window: 16 batches of at most 1 MiB with their framing. What lies
// within it at the end was never acknowledged, and a power loss may leave its
// pages in any order.
inline constexpr uint64_t kTornTailLimit = uint64_t{17} << 20;

// Called with each whole frame in order. An error ends recovery with it.
using FrameVisitor = std::function<absl::Status(
    const FrameInfo& info, std::span<const uint8_t> plaintext)>;

struct RecoveredJournal {
  SealedWriter writer;     // goes on after the last whole frame
  uint64_t frames = 0;     // whole frames
  bool finished = false;   // the last frame is there
  uint64_t cut_bytes = 0;  // torn bytes that were cut off
};

// Reads all whole frames, cuts the file at the first one that does not open if
// at most kTornTailLimit bytes follow, syncs it and returns a writer. kDataLoss
// with reason JOURNAL_CORRUPT (exit 11), and the file untouched, when: the
// header does not open; more than that follows; an authentic frame has a
// sequence number that leaves a gap; bytes follow the last frame. That fails
// one upload, never the hub. The caller still compares what its peer believes
// to be acknowledged with `frames`: a next_sequence beyond the journal is
// damage too.
// Cost: one pass over the file.
[[nodiscard]] absl::StatusOr<RecoveredJournal> RecoverJournal(
    std::string_view path, const StorageKeyFinder& keys,
    const SealContext& context, const FrameVisitor& visit);
// The same for any kind (a spool), and on a file interface.
[[nodiscard]] absl::StatusOr<RecoveredJournal> RecoverOn(
    std::unique_ptr<ByteFile> file, const StorageKeyFinder& keys,
    SealedKind kind, const SealContext& context, const FrameVisitor& visit);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_JOURNAL_RECOVERY_H_
