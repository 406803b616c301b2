#ifndef TALLY_PSEUDONYMISER_INPUT_FILE_H_
#define TALLY_PSEUDONYMISER_INPUT_FILE_H_

// A supplier's file while it is read: a regular file, opened once, that must
// not change underneath. Its digest is taken on the way, so that a repeated
// push can tell whether it has the same files before it.
//
// Spec: docs/pseudonymiser.md, "Files".
// Threading: one thread per object.
// Secrets: the bytes hold identifiers; the digest stays at the source, sealed.

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/sha256.h"
#include "pseudonymiser/csv_reader.h"

namespace tally::pseudonymiser {

// What tells one state of a file from another.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t modified_ns = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

class InputFile final : public ByteSource {
 public:
  // Opens `path` for reading; symbolic links are followed. Returns kNotFound
  // (exit 4) when nothing is there, kInvalidArgument (exit 8) for a folder,
  // FIFO, socket or device and for a file that may not be read.
  [[nodiscard]] static absl::StatusOr<InputFile> Open(const std::string& path);

  InputFile(InputFile&&) = default;
  InputFile& operator=(InputFile&&) = default;

  // At the end compares what was read with what was opened: kInvalidArgument
  // (exit 8) when the file grew, shrank or was written meanwhile. A read error
  // is kInvalidArgument too: the file is no use.
  absl::StatusOr<size_t> Read(std::span<char> out) override;

  const std::string& path() const { return path_; }
  const FileIdentity& identity() const { return identity_; }
  int64_t bytes_read() const { return bytes_read_; }
  // SHA-256 of all that was read. REQUIRES: Read() has returned 0.
  std::array<uint8_t, Sha256::kBytes> Digest() { return digest_.Finish(); }

 private:
  InputFile(UniqueFd fd, std::string path, const FileIdentity& identity)
      : fd_(std::move(fd)), path_(std::move(path)), identity_(identity) {}

  UniqueFd fd_;
  std::string path_;
  FileIdentity identity_;
  Sha256 digest_;
  int64_t bytes_read_ = 0;
};

// The identity of a file by name, without reading it. Errors as Open().
absl::StatusOr<FileIdentity> IdentifyFile(const std::string& path);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_INPUT_FILE_H_
