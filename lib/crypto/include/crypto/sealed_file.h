#ifndef TALLY_CRYPTO_SEALED_FILE_H_
#define TALLY_CRYPTO_SEALED_FILE_H_

// Sealed files: index runs, upload journals, a source's spool.
//
// A sealed file is a header, which wraps a random file key under the owner's
// storage key, and frames, each sealed by itself with its position, so that
// none can be altered, exchanged, dropped from the middle or moved to another
// file. The wrap is bound to environment, domain, path and hub epoch: a file
// copied elsewhere does not open.
//
// Role: sources (spool) and hub (runs, journals). Sees tokens and records in
// clear; only sealed bytes reach the disk.
// Spec: docs/spec/sealed-files-v1.md, "Sealed container".
// Threading: a writer belongs to one thread; ReadFrameAt() of one reader may be
// called from several.
// Secrets: the file key, in guarded memory. Plain buffers are the caller's.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/byte_file.h"
#include "crypto/key_id.h"
#include "crypto/keys.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "crypto/wiped_bytes.h"

namespace tally::crypto {

enum class SealedKind : uint8_t {
  kRun = 1,
  kJournal = 2,
  kSpool = 3,
  kCarryTable = 4,  // later step; opened and written like the others
};

// Where a file belongs. Not stored in it: whoever opens it must know.
struct SealContext {
  Environment environment = Environment::kExample;
  std::string domain{};
  std::string path{};      // final path inside the data directory, '/' between
  uint32_t hub_epoch = 0;  // 0 where there is none
};

inline constexpr size_t kSealedHeaderSize = 128;
inline constexpr size_t kFrameHeaderSize = 40;
inline constexpr size_t kFrameOverhead = kFrameHeaderSize + 16;
// The largest plaintext that any frame may have: 16 MiB.
inline constexpr uint32_t kMaxFramePlaintext = 16u << 20;

// An index run: 16,384 records of 40 bytes in each frame but the last two.
inline constexpr size_t kRunRecordSize = 40;
inline constexpr size_t kRunRecordsPerFrame = 16384;
inline constexpr size_t kRunFramePlaintext =
    kRunRecordSize * kRunRecordsPerFrame;  // 655,360
inline constexpr size_t kRunFrameOnDisk = kRunFramePlaintext + kFrameOverhead;
static_assert(kRunFrameOnDisk == 655416);
// Where frame i of a run begins.
constexpr uint64_t RunFrameOffset(uint64_t frame) {
  return kSealedHeaderSize + kRunFrameOnDisk * frame;
}

// The storage key with this id, or null. Old storage keys stay readable.
using StorageKeyFinder = std::function<const StorageKey*(const KeyId&)>;

class SealedWriter {
 public:
  // A new file at `path` (0600, O_EXCL), where `context.path` is the path it
  // will have when it is published. `max_plaintext` bounds every frame.
  // kAlreadyExists (exit 7), kInvalidArgument for a bad context or bound,
  // kFailedPrecondition (exit 2) if OpenSSL is configured without the cipher,
  // and the errors of ByteFile.
  [[nodiscard]] static absl::StatusOr<SealedWriter> Create(
      std::string_view path, const StorageKey& key, SealedKind kind,
      const SealContext& context, uint32_t max_plaintext);
  // The same on a file that is empty.
  [[nodiscard]] static absl::StatusOr<SealedWriter> CreateOn(
      std::unique_ptr<ByteFile> file, const StorageKey& key, SealedKind kind,
      const SealContext& context, uint32_t max_plaintext);

  SealedWriter(SealedWriter&&) noexcept;
  SealedWriter& operator=(SealedWriter&&) noexcept;
  ~SealedWriter();

  // Adds one frame. `last` closes the file for further frames. An error of the
  // file is final: every later call returns it again. kInvalidArgument if the
  // frame is longer than the bound, kFailedPrecondition after the last frame.
  [[nodiscard]] absl::Status Append(std::span<const uint8_t> plaintext,
                                    bool last);
  // All frames are on the disk. A failure is final.
  [[nodiscard]] absl::Status Sync();

  uint64_t frames() const;      // appended so far
  uint64_t size_bytes() const;  // of the file
  bool finished() const;        // the last frame is there

 private:
  friend class SealedReader;
  friend struct JournalAccess;
  struct State;
  explicit SealedWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What stands where a frame should begin.
enum class FrameState {
  kFrame,  // a frame, opened
  kEnd,    // nothing: the file ends here
  kTorn,   // bytes that are no frame of this file
  kGap,    // an authentic frame of this file with another sequence number
};

struct FrameInfo {
  uint64_t sequence = 0;
  bool last = false;
  uint64_t offset = 0;       // of the frame's header
  uint64_t next_offset = 0;  // of what follows
};

class SealedReader {
 public:
  // Opens the header. kNotFound if there is no file; kDataLoss (exit 11), with
  // reason RUN_CORRUPT, JOURNAL_CORRUPT or FILE_DIGEST by `kind`, for a file
  // that is too short, of another kind, altered, or that belongs to another
  // place, environment or epoch; kFailedPrecondition (exit 10, KEY_UNKNOWN)
  // if its storage key is not at hand, or (exit 2) OpenSSL lacks the cipher.
  [[nodiscard]] static absl::StatusOr<SealedReader> Open(
      std::string_view path, const StorageKeyFinder& keys, SealedKind kind,
      const SealContext& context);
  [[nodiscard]] static absl::StatusOr<SealedReader> Open(
      std::string_view path, const StorageKey& key, SealedKind kind,
      const SealContext& context);
  [[nodiscard]] static absl::StatusOr<SealedReader> OpenOn(
      std::unique_ptr<ByteFile> file, const StorageKeyFinder& keys,
      SealedKind kind, const SealContext& context);

  SealedReader(SealedReader&&) noexcept;
  SealedReader& operator=(SealedReader&&) noexcept;
  ~SealedReader();

  // The next frame in order into `plaintext` (its capacity is used again), or
  // nothing after the last one. Any fault, a file that ends without its last
  // frame and bytes after it included, is kDataLoss as for Open.
  [[nodiscard]] absl::StatusOr<std::optional<FrameInfo>> ReadNext(
      WipedBytes& plaintext);

  // The frame that begins at `offset` and must have this sequence number:
  // random access into runs. kDataLoss if it is not there or does not open.
  [[nodiscard]] absl::StatusOr<FrameInfo> ReadFrameAt(
      uint64_t offset, uint64_t sequence, WipedBytes& plaintext) const;

  // The same, telling apart the ways in which it can fail to be there. For
  // recovery. Errors are those of the disk only.
  [[nodiscard]] absl::StatusOr<FrameState> ProbeFrameAt(uint64_t offset,
                                                        uint64_t sequence,
                                                        WipedBytes& plaintext,
                                                        FrameInfo& info) const;

  uint64_t size_bytes() const;     // of the file, when it was opened
  uint32_t max_plaintext() const;  // bound of a frame
  KeyId storage_key_id() const;
  SealedKind kind() const;

 private:
  friend struct JournalAccess;
  struct State;
  explicit SealedReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SEALED_FILE_H_
