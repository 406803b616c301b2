#include "crypto/journal_recovery.h"

#include <utility>

#include "base/status.h"
#include "crypto/wiped_bytes.h"
#include "internal/sealed_format.h"
#include "internal/sealed_state.h"

namespace tally::crypto {

SealedWriter JournalAccess::Continue(SealedReader reader, uint64_t sequence,
                                     uint64_t size, bool finished) {
  SealedReader::State& from = *reader.state_;
  auto state = std::make_unique<SealedWriter::State>(
      std::move(from.file), std::move(from.file_key), from.fields);
  state->next_sequence = sequence;
  state->size = size;
  state->finished = finished;
  return SealedWriter(std::move(state));
}

namespace {

struct Scan {
  uint64_t frames = 0;
  uint64_t end = kSealedHeaderSize;  // of the last whole frame
  bool finished = false;
};

// Visits the whole frames from the front.
absl::StatusOr<Scan> ScanFrames(const SealedReader& reader,
                                const FrameVisitor& visit) {
  Scan scan;
  WipedBytes plaintext;
  while (true) {
    FrameInfo info;
    TALLY_ASSIGN_OR_RETURN(
        const FrameState found,
        reader.ProbeFrameAt(scan.end, scan.frames, plaintext, info));
    if (found == FrameState::kGap) {
      return internal::Damaged(reader.kind(),
                               "frames are missing or exchanged");
    }
    if (found != FrameState::kFrame) return scan;
    if (scan.finished) {
      return internal::Damaged(reader.kind(), "frames follow the last one");
    }
    TALLY_RETURN_IF_ERROR(visit(info, plaintext));
    ++scan.frames;
    scan.end = info.next_offset;
    scan.finished = info.last;
  }
}

}  // namespace

absl::StatusOr<RecoveredJournal> RecoverJournal(std::string_view path,
                                                const StorageKeyFinder& keys,
                                                const SealContext& context,
                                                const FrameVisitor& visit) {
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<ByteFile> file,
                         OpenByteFile(path, /*writable=*/true));
  return RecoverOn(std::move(file), keys, SealedKind::kJournal, context, visit);
}

absl::StatusOr<RecoveredJournal> RecoverOn(std::unique_ptr<ByteFile> file,
                                           const StorageKeyFinder& keys,
                                           SealedKind kind,
                                           const SealContext& context,
                                           const FrameVisitor& visit) {
  TALLY_ASSIGN_OR_RETURN(
      SealedReader reader,
      SealedReader::OpenOn(std::move(file), keys, kind, context));
  TALLY_ASSIGN_OR_RETURN(const Scan scan, ScanFrames(reader, visit));
  const uint64_t tail = reader.size_bytes() - scan.end;
  if (tail > 0) {
    if (scan.finished) {
      return internal::Damaged(kind, "bytes follow the last frame");
    }
    if (tail > kTornTailLimit) {
      return internal::Damaged(
          kind, "a frame in the middle does not open: this is no torn tail");
    }
    ByteFile& output = JournalAccess::File(reader);
    TALLY_RETURN_IF_ERROR(output.Truncate(scan.end));
    TALLY_RETURN_IF_ERROR(output.Sync());
  }
  return RecoveredJournal{
      .writer = JournalAccess::Continue(std::move(reader), scan.frames,
                                        scan.end, scan.finished),
      .frames = scan.frames,
      .finished = scan.finished,
      .cut_bytes = tail};
}

}  // namespace tally::crypto
