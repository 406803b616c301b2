#include "run_cursor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

constexpr uint64_t kTrailerOnDisk = kRunTrailerBytes + crypto::kFrameOverhead;

// Records of a run of this many bytes, or nothing if no run is so long.
std::optional<uint64_t> RecordsOfLength(uint64_t bytes) {
  const uint64_t fixed = crypto::kSealedHeaderSize + kTrailerOnDisk;
  if (bytes < fixed) return std::nullopt;
  const uint64_t body = bytes - fixed;
  const uint64_t full = body / crypto::kRunFrameOnDisk;
  const uint64_t rest = body % crypto::kRunFrameOnDisk;
  uint64_t records = full * crypto::kRunRecordsPerFrame;
  if (rest == 0) return records;
  if (rest <= crypto::kFrameOverhead) return std::nullopt;
  const uint64_t plain = rest - crypto::kFrameOverhead;
  if (plain % sizeof(Record) != 0) return std::nullopt;
  return records + plain / sizeof(Record);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunCursor>> RunCursor::Open(
    const std::string& path, const crypto::SealContext& context,
    const crypto::StorageKeyFinder& keys, RunUse use) {
  TALLY_ASSIGN_OR_RETURN(crypto::SealedReader reader,
                         crypto::SealedReader::Open(
                             path, keys, crypto::SealedKind::kRun, context));
  std::unique_ptr<RunCursor> cursor(
      new RunCursor(path, std::move(reader), use));
  TALLY_RETURN_IF_ERROR(cursor->ReadTrailer());
  return cursor;
}

RunCursor::RunCursor(std::string path, crypto::SealedReader reader, RunUse use)
    : path_(std::move(path)), reader_(std::move(reader)), use_(use) {}

absl::Status RunCursor::Damaged(const char* what) const {
  return Error(Reason::kRunCorrupt,
               "index run " + BaseNameOf(path_) + ": " + what);
}

uint64_t RunCursor::FrameRecords(uint64_t frame) const {
  return std::min<uint64_t>(
      crypto::kRunRecordsPerFrame,
      summary_.records - frame * crypto::kRunRecordsPerFrame);
}

absl::Status RunCursor::ReadTrailer() {
  summary_.file_bytes = reader_.size_bytes();
  const std::optional<uint64_t> records = RecordsOfLength(summary_.file_bytes);
  // A temporary file of many runs may have more records than any run.
  const bool too_many = use_ == RunUse::kRun && records > kRunMaxRecords;
  if (!records.has_value() || too_many ||
      reader_.max_plaintext() != crypto::kRunFramePlaintext) {
    return Damaged("its length is not that of a run");
  }
  frames_ = (*records + crypto::kRunRecordsPerFrame - 1) /
            crypto::kRunRecordsPerFrame;
  TALLY_ASSIGN_OR_RETURN(
      const crypto::FrameInfo info,
      reader_.ReadFrameAt(summary_.file_bytes - kTrailerOnDisk, frames_,
                          plain_));
  if (!info.last || plain_.size() != kRunTrailerBytes) {
    return Damaged("it does not end with a trailer");
  }
  ByteReader trailer{std::span<const uint8_t>(plain_)};
  TALLY_ASSIGN_OR_RETURN(summary_.records, trailer.U64());
  TALLY_ASSIGN_OR_RETURN(const std::string_view digest, trailer.Bytes(32));
  TALLY_ASSIGN_OR_RETURN(const std::string_view key_id, trailer.Bytes(8));
  std::memcpy(summary_.records_sha256.data(), digest.data(), 32);
  std::memcpy(summary_.hub_key_id.data(), key_id.data(), 8);
  if (summary_.records != *records) {
    return Damaged("its trailer counts other records than it has");
  }
  return absl::OkStatus();
}

absl::Status RunCursor::LoadFrame(uint64_t frame) {
  if (loaded_ == frame) return absl::OkStatus();
  loaded_ = UINT64_MAX;
  TALLY_ASSIGN_OR_RETURN(
      const crypto::FrameInfo info,
      reader_.ReadFrameAt(crypto::RunFrameOffset(frame), frame, plain_));
  if (info.last || plain_.size() != FrameRecords(frame) * sizeof(Record)) {
    return Damaged("a frame has another length than its place calls for");
  }
  TALLY_RETURN_IF_ERROR(CheckFrame());
  loaded_ = frame;
  return absl::OkStatus();
}

absl::Status RunCursor::CheckFrame() const {
  const size_t count = plain_.size() / sizeof(Record);
  const Record* const first = records();
  for (size_t i = 0; i < count; ++i) {
    const Record& record = first[i];
    if ((Flags(record) & ~kRunFlagVerified) != 0 ||
        (use_ != RunUse::kTemporary && Extra(record) != 0) ||
        PersonIndex(record) >= kRunMaxRecords) {
      return Damaged("a record has an impossible place or flag");
    }
    if (i == 0) continue;
    const uint64_t before = Prefix(first[i - 1]);
    const uint64_t here = Prefix(record);
    if (before < here) continue;
    const bool ascending = use_ == RunUse::kRun
                               ? CompareTokens(first[i - 1], record) < 0
                               : !Before(record, first[i - 1]);
    if (!ascending) return Damaged("its records are not in order");
  }
  return absl::OkStatus();
}

absl::Status RunCursor::Refill() {
  if (ended_ || next_frame_ >= frames_) {
    ended_ = true;
    current_ = next_ = end_ = nullptr;
    return absl::OkStatus();
  }
  if (current_ != nullptr) {
    before_ = *current_;
    has_before_ = true;
  }
  TALLY_RETURN_IF_ERROR(LoadFrame(next_frame_));
  const uint64_t count = FrameRecords(next_frame_);
  ++next_frame_;
  const Record* const first = records();
  if (has_before_ && (use_ == RunUse::kRun ? CompareTokens(before_, *first) >= 0
                                           : Before(*first, before_))) {
    return Damaged("its frames are not in order");
  }
  const Record* last = first + count;
  if (last_prefix_ != UINT64_MAX && Prefix(*(last - 1)) > last_prefix_) {
    last = std::upper_bound(
        first, last, last_prefix_,
        [](uint64_t prefix, const Record& r) { return prefix < Prefix(r); });
    ended_ = true;  // after this stretch
    next_frame_ = frames_;
  }
  if (first == last) {
    current_ = next_ = end_ = nullptr;
    return absl::OkStatus();
  }
  current_ = first;
  next_ = first + 1;
  end_ = last;
  return absl::OkStatus();
}

absl::Status RunCursor::SeekToken(std::span<const uint8_t, 32> token) {
  Record wanted{};
  std::memcpy(wanted.bytes, token.data(), token.size());
  current_ = next_ = end_ = nullptr;
  has_before_ = false;
  ended_ = false;
  last_prefix_ = UINT64_MAX;
  // The last frame whose first record is below the token, else frame 0.
  uint64_t low = 0;
  uint64_t high = frames_;
  while (low + 1 < high) {
    const uint64_t middle = low + (high - low) / 2;
    TALLY_RETURN_IF_ERROR(LoadFrame(middle));
    if (CompareTokens(*records(), wanted) < 0) {
      low = middle;
    } else {
      high = middle;
    }
  }
  next_frame_ = low;
  if (frames_ == 0) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(LoadFrame(low));
  const Record* const first = records();
  const Record* const last = first + FrameRecords(low);
  const Record* const found = std::lower_bound(
      first, last, wanted,
      [](const Record& a, const Record& b) { return CompareTokens(a, b) < 0; });
  ++next_frame_;
  // Advance() goes to `found`, or on to the next frame if there is none here.
  next_ = found;
  end_ = last;
  if (found == last) {
    before_ = *(last - 1);
    has_before_ = true;
    next_ = end_ = nullptr;
  }
  return absl::OkStatus();
}

absl::Status RunCursor::SeekPrefix(uint64_t prefix) {
  std::array<uint8_t, 32> lowest{};
  for (int i = 0; i < 8; ++i) {
    lowest[static_cast<size_t>(i)] =
        static_cast<uint8_t>(prefix >> (56 - 8 * i));
  }
  return SeekToken(lowest);
}

absl::StatusOr<uint64_t> RunCursor::RecordsBelow(uint64_t prefix) {
  TALLY_RETURN_IF_ERROR(SeekPrefix(prefix));
  if (frames_ == 0) return 0;
  const uint64_t frame = next_frame_ - 1;
  const uint64_t within = next_ == nullptr
                              ? FrameRecords(frame)
                              : static_cast<uint64_t>(next_ - records());
  return frame * crypto::kRunRecordsPerFrame + within;
}

absl::Status RunCursor::Restrict(uint64_t first, uint64_t last) {
  TALLY_RETURN_IF_ERROR(SeekPrefix(first));
  last_prefix_ = last;
  if (next_ == end_ || last == UINT64_MAX) return absl::OkStatus();
  end_ = std::upper_bound(
      next_, end_, last,
      [](uint64_t prefix, const Record& r) { return prefix < Prefix(r); });
  if (end_ != records() + FrameRecords(next_frame_ - 1)) {
    ended_ = true;
    next_frame_ = frames_;
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
