#ifndef TALLY_CRYPTO_BYTE_FILE_H_
#define TALLY_CRYPTO_BYTE_FILE_H_

// The few file operations that sealed files need, behind an interface, so that
// tests can lose power between any two of them.
//
// Role: sealed files at sources and hub.
// Spec: docs/spec/sealed-files-v1.md.
// Threading: one thread writes; ReadAt from several threads.
// Secrets: sees sealed bytes only.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::crypto {

class ByteFile {
 public:
  virtual ~ByteFile() = default;
  // Adds all of `bytes` at the end. kResourceExhausted (exit 5) when the disk
  // is full, kInternal for other failures; then the end may be torn.
  [[nodiscard]] virtual absl::Status Append(std::span<const uint8_t> bytes) = 0;
  // Everything appended is on the disk. A failure is final: never try again.
  [[nodiscard]] virtual absl::Status Sync() = 0;
  [[nodiscard]] virtual absl::StatusOr<uint64_t> Size() const = 0;
  // Reads exactly out.size() bytes; kOutOfRange if the file ends before.
  [[nodiscard]] virtual absl::Status ReadAt(uint64_t offset,
                                            std::span<uint8_t> out) const = 0;
  // Cuts the file; later appends go to the new end.
  [[nodiscard]] virtual absl::Status Truncate(uint64_t size) = 0;
};

// A new file, 0600; kAlreadyExists (exit 7) if there is one.
[[nodiscard]] absl::StatusOr<std::unique_ptr<ByteFile>> CreateByteFile(
    std::string_view path);
// An existing regular file, never through a symbolic link at its end.
// kNotFound if there is none.
[[nodiscard]] absl::StatusOr<std::unique_ptr<ByteFile>> OpenByteFile(
    std::string_view path, bool writable);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_BYTE_FILE_H_
