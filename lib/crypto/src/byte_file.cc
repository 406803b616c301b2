#include "crypto/byte_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::crypto {
namespace {

class PosixByteFile final : public ByteFile {
 public:
  PosixByteFile(UniqueFd fd, std::string path, uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  absl::Status Append(std::span<const uint8_t> bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(),
                                 static_cast<off_t>(size_));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "write", path_);
      size_ += static_cast<uint64_t>(n);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return ErrnoStatus(errno, "sync", path_);
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() const override { return size_; }

  absl::Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    return ::tally::ReadAt(fd_.get(), static_cast<int64_t>(offset), out, path_);
  }

  absl::Status Truncate(uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
      return ErrnoStatus(errno, "truncate", path_);
    }
    size_ = size;
    return absl::OkStatus();
  }

 private:
  UniqueFd fd_;
  std::string path_;
  uint64_t size_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteFile>> CreateByteFile(
    std::string_view path) {
  const std::string name(path);
  UniqueFd fd(::open(name.c_str(),
                     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    const absl::Status status = ErrnoStatus(errno, "create", name);
    return absl::IsAlreadyExists(status) ? WithExitCode(status, kExitConflict)
                                         : status;
  }
  TALLY_RETURN_IF_ERROR(FsyncDirectory(DirectoryOf(name)));
  return std::make_unique<PosixByteFile>(std::move(fd), name, 0);
}

absl::StatusOr<std::unique_ptr<ByteFile>> OpenByteFile(std::string_view path,
                                                       bool writable) {
  const std::string name(path);
  // O_NONBLOCK: a FIFO in its place must not hang us before it is refused.
  UniqueFd fd(::open(name.c_str(), (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW |
                                       O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, "open", name);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat", name);
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(name + " is not a regular file");
  }
  return std::make_unique<PosixByteFile>(std::move(fd), name,
                                         static_cast<uint64_t>(info.st_size));
}

}  // namespace tally::crypto
