#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally {
namespace {

absl::StatusCode CodeOf(int errno_value) {
  switch (errno_value) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::StatusOr<struct stat> Stat(int fd, std::string_view path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, "stat", path);
  return info;
}

// Opens again after a signal.
int OpenRetry(const char* path, int flags, mode_t mode) {
  for (;;) {
    const int fd = open(path, flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

// A name beside `path` that nobody else has.
absl::StatusOr<std::string> TemporaryName(const std::string& path) {
  std::array<uint8_t, 8> random{};
  if (getrandom(random.data(), random.size(), 0) !=
      static_cast<ssize_t>(random.size())) {
    return ErrnoStatus(errno, "draw a temporary name for", path);
  }
  return JoinPath(DirectoryOf(path),
                  "." + BaseNameOf(path) + "." + HexEncode(random) + ".tmp");
}

// Creates `path`, writes and fsyncs it. Removes it again on error.
absl::Status WriteNewFile(const std::string& path, std::string_view bytes,
                          int mode) {
  UniqueFd fd(OpenRetry(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                        static_cast<mode_t>(mode) & 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  absl::Status status = WriteAll(fd.get(), bytes, path);
  if (status.ok() && fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
    status = ErrnoStatus(errno, "set the mode of", path);
  }
  if (status.ok()) status = FsyncFile(fd.get(), path);
  if (status.ok()) status = fd.Close();
  if (!status.ok()) unlink(path.c_str());
  return status;
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = other.Release();
  }
  return *this;
}

int UniqueFd::Release() { return std::exchange(fd_, -1); }

void UniqueFd::Reset() {
  if (fd_ >= 0) close(Release());
}

absl::Status UniqueFd::Close() {
  // After EINTR the descriptor is gone on Linux, so close is not repeated.
  const int fd = Release();
  if (fd >= 0 && close(fd) != 0 && errno != EINTR) {
    return ErrnoStatus(errno, "close", "a file");
  }
  return absl::OkStatus();
}

absl::Status ErrnoStatus(int errno_value, std::string_view what,
                         std::string_view path) {
  std::array<char, 128> buffer{};
  const char* text = strerror_r(errno_value, buffer.data(), buffer.size());
  const absl::Status status(
      CodeOf(errno_value),
      absl::StrFormat("cannot %s %s: %s", what, path, text));
  // A right that is missing is for the user to give. Set, the code also says
  // that the text is ours and holds no record's value.
  return WithExitCode(status, absl::IsPermissionDenied(status)
                                  ? kExitUsage
                                  : ExitCodeOf(status));
}

absl::StatusOr<UniqueFd> OpenForRead(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  UniqueFd fd(OpenRetry(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  TALLY_ASSIGN_OR_RETURN(const struct stat info, Stat(fd.get(), path));
  if (!S_ISREG(info.st_mode)) {
    return UsageError(absl::StrFormat("%s is not a regular file", path));
  }
  return fd;
}

absl::StatusOr<std::string> ReadAll(int fd, int64_t max_bytes,
                                    std::string_view name) {
  std::string out;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read", name);
    if (got == 0) return out;
    if (static_cast<int64_t>(out.size()) + got > max_bytes) {
      return UsageError(absl::StrFormat(
          "%s is longer than the %d bytes that are allowed", name, max_bytes));
    }
    out.append(buffer.data(), static_cast<size_t>(got));
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     int64_t max_bytes) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  return ReadAll(fd.get(), max_bytes, path);
}

absl::Status WriteAll(int fd, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return ErrnoStatus(errno, "write", name);
    if (wrote == 0) return ErrnoStatus(EIO, "write", name);
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return absl::OkStatus();
}

absl::Status ReadAt(int fd, int64_t offset, std::span<uint8_t> out,
                    std::string_view name) {
  while (!out.empty()) {
    const ssize_t got = pread(fd, out.data(), out.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read", name);
    if (got == 0) {
      return absl::OutOfRangeError(
          absl::StrFormat("%s ends before the part that was asked for", name));
    }
    out = out.subspan(static_cast<size_t>(got));
    offset += got;
  }
  return absl::OkStatus();
}

absl::Status FsyncFile(int fd, std::string_view name) {
  if (fsync(fd) != 0) return ErrnoStatus(errno, "fsync", name);
  return absl::OkStatus();
}

absl::Status FsyncDirectory(const std::string& path) {
  const UniqueFd fd(OpenRetry(path.c_str(), O_RDONLY | O_DIRECTORY, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "open folder", path);
  return FsyncFile(fd.get(), path);
}

absl::Status WriteFileAtomically(const std::string& path,
                                 std::string_view bytes, int mode) {
  TALLY_ASSIGN_OR_RETURN(const std::string temporary, TemporaryName(path));
  TALLY_RETURN_IF_ERROR(WriteNewFile(temporary, bytes, mode));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return ErrnoStatus(error, "replace", path);
  }
  return FsyncDirectory(DirectoryOf(path));
}

absl::Status CreateFileExclusive(const std::string& path,
                                 std::string_view bytes, int mode) {
  // A whole file appears under its name, or none: the temporary is linked, and
  // link(2) fails when the name is taken, whatever has it.
  TALLY_ASSIGN_OR_RETURN(const std::string temporary, TemporaryName(path));
  TALLY_RETURN_IF_ERROR(WriteNewFile(temporary, bytes, mode));
  const int linked = link(temporary.c_str(), path.c_str());
  const int error = errno;
  unlink(temporary.c_str());
  if (linked != 0) return ErrnoStatus(error, "create", path);
  return FsyncDirectory(DirectoryOf(path));
}

absl::StatusOr<AppendFile> AppendFile::Open(const std::string& path, int mode) {
  bool created = false;
  UniqueFd fd(OpenRetry(path.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW, 0));
  if (!fd.valid() && errno == ENOENT) {
    fd = UniqueFd(OpenRetry(path.c_str(),
                            O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW,
                            static_cast<mode_t>(mode) & 0600));
    created = fd.valid();
  }
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  TALLY_ASSIGN_OR_RETURN(const struct stat info, Stat(fd.get(), path));
  if (!S_ISREG(info.st_mode)) {
    return UsageError(absl::StrFormat("%s is not a regular file", path));
  }
  if (created) {
    if (fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
      return ErrnoStatus(errno, "set the mode of", path);
    }
    TALLY_RETURN_IF_ERROR(FsyncDirectory(DirectoryOf(path)));
  }
  return AppendFile(std::move(fd), path, info.st_size);
}

absl::Status AppendFile::Append(std::string_view bytes) {
  if (!broken_.ok()) return broken_;
  const absl::Status written = WriteAll(fd_.get(), bytes, path_);
  if (written.ok()) {
    size_ += static_cast<int64_t>(bytes.size());
    return written;
  }
  // What a full disk took of it is cut, so that a later try may go on. Only
  // where that fails the file stays broken.
  Truncate(size_).IgnoreError();
  return written;
}

absl::Status AppendFile::Sync() {
  // A failed fdatasync may have dropped pages: it is never tried again.
  if (broken_.ok() && fdatasync(fd_.get()) != 0) {
    broken_ = ErrnoStatus(errno, "fsync", path_);
  }
  return broken_;
}

absl::Status AppendFile::Truncate(int64_t size) {
  if (!broken_.ok()) return broken_;
  if (ftruncate(fd_.get(), size) != 0) {
    broken_ = ErrnoStatus(errno, "cut", path_);
    return broken_;
  }
  size_ = size;
  return Sync();
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoStatus(errno, "rename", from);
  }
  TALLY_RETURN_IF_ERROR(FsyncDirectory(DirectoryOf(to)));
  if (DirectoryOf(from) == DirectoryOf(to)) return absl::OkStatus();
  return FsyncDirectory(DirectoryOf(from));
}

absl::Status RenameDurablyNoReplace(const std::string& from,
                                    const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                RENAME_NOREPLACE) != 0) {
    return ErrnoStatus(errno, "rename", from);
  }
  TALLY_RETURN_IF_ERROR(FsyncDirectory(DirectoryOf(to)));
  if (DirectoryOf(from) == DirectoryOf(to)) return absl::OkStatus();
  return FsyncDirectory(DirectoryOf(from));
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return ErrnoStatus(errno, "remove", path);
  }
  return FsyncDirectory(DirectoryOf(path));
}

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& path) {
  UniqueFd fd(
      OpenRetry(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "open", path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "lock", path);
    return WithExitCode(absl::AbortedError(absl::StrFormat(
                            "%s is locked by another process", path)),
                        kExitConflict);
  }
  return FileLock(std::move(fd));
}

absl::StatusOr<int64_t> FreeBytes(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) {
    return ErrnoStatus(errno, "measure the file system of", path);
  }
  return static_cast<int64_t>(info.f_bavail) *
         static_cast<int64_t>(info.f_frsize);
}

absl::StatusOr<double> FreeShare(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) {
    return ErrnoStatus(errno, "measure the file system of", path);
  }
  if (info.f_blocks == 0) return 1.0;  // no blocks to run out of
  return static_cast<double>(info.f_bavail) /
         static_cast<double>(info.f_blocks);
}

}  // namespace tally
