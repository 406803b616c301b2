// Walks through one sealed run, or the part of it whose tokens begin with a
// range of prefixes. Checks what it reads: tags (the container), order, flags.
//
// Spec: docs/spec/run-v1.md
// Threading: one thread an object.
// Secrets: one frame of plain records, wiped.

#ifndef TALLY_LINKAGE_INDEX_SRC_RUN_CURSOR_H_
#define TALLY_LINKAGE_INDEX_SRC_RUN_CURSOR_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_file.h"
#include "crypto/wiped_bytes.h"
#include "linkage/index/run_format.h"
#include "record_stream.h"

namespace tally::linkage {

// What may follow the flags of a record.
enum class RunUse {
  kRun,        // a published run: zero
  kPiece,      // a sorted piece: zero, and equal tokens may follow each other
  kTemporary,  // the merger's own file: an extract; equal tokens likewise
};

class RunCursor final : public RecordStream {
 public:
  // Opens the run and reads its trailer.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RunCursor>> Open(
      const std::string& path, const crypto::SealContext& context,
      const crypto::StorageKeyFinder& keys, RunUse use);

  const RunSummary& summary() const { return summary_; }

  // Restricts the stream to records whose prefix lies in [first, last], and
  // goes to the beginning of that part. Cost: one frame a bisection step.
  [[nodiscard]] absl::Status Restrict(uint64_t first, uint64_t last);
  // How many records have a prefix below this one; the stream is then before
  // the first that has not. Cost: as Restrict.
  [[nodiscard]] absl::StatusOr<uint64_t> RecordsBelow(uint64_t prefix);
  // Goes before the first record not below `token` (32 bytes); no upper end.
  [[nodiscard]] absl::Status SeekToken(std::span<const uint8_t, 32> token);

 private:
  RunCursor(std::string path, crypto::SealedReader reader, RunUse use);
  [[nodiscard]] absl::Status ReadTrailer();
  [[nodiscard]] absl::Status SeekPrefix(uint64_t prefix);
  [[nodiscard]] absl::Status LoadFrame(uint64_t frame);
  [[nodiscard]] absl::Status CheckFrame() const;
  [[nodiscard]] absl::Status Refill() override;
  [[nodiscard]] absl::Status Damaged(const char* what) const;
  uint64_t FrameRecords(uint64_t frame) const;
  const Record* records() const {
    return reinterpret_cast<const Record*>(plain_.data());
  }

  std::string path_;
  crypto::SealedReader reader_;
  RunUse use_;
  RunSummary summary_;
  uint64_t frames_ = 0;  // data frames
  crypto::WipedBytes plain_;
  uint64_t loaded_ = UINT64_MAX;  // frame in plain_
  uint64_t next_frame_ = 0;
  uint64_t last_prefix_ = UINT64_MAX;
  bool ended_ = false;
  // Last record of the frame before, to check the order across frames.
  Record before_{};
  bool has_before_ = false;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_RUN_CURSOR_H_
