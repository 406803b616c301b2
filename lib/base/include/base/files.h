#ifndef TALLY_BASE_FILES_H_
#define TALLY_BASE_FILES_H_

// Files: read whole, written so that after a crash there is the old content or
// the new one, locked, and opened with the rules for secrets. Runs in every
// program. Errors name the path and what failed, never content.
//
// Errors of all functions, unless said: kNotFound (no such file),
// kAlreadyExists, kPermissionDenied, kResourceExhausted (disk full, quota,
// descriptors), else kInternal with the name of the system's error. Spec:
// docs/spec/sealed-files-v1.md (secret files), docs/architecture.md
// (durability): a failed fsync is final and is never tried again.
// Threading: no state; UniqueFd and FileLock one thread per object.
// Secrets: ReadFile returns an ordinary string; read secrets through
// OpenSecretFile and a buffer of your own, or base/config.h, SecretText.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally {

// Owns a file descriptor; closes it when destroyed.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();  // gives up ownership
  void Reset();   // closes now, errors ignored: for files only read

  // Closes and reports what close() says, for files that were written.
  absl::Status Close();

 private:
  int fd_ = -1;
};

// The status of `errno_value` after doing `what` ("open", "rename") to `path`:
// kNotFound (exit 4), kPermissionDenied (exit 2), kResourceExhausted (exit 5),
// kAlreadyExists and kInternal (exit 1).
absl::Status ErrnoStatus(int errno_value, std::string_view what,
                         std::string_view path);

// Opens for reading: O_CLOEXEC, and no device, folder, socket or FIFO
// (kInvalidArgument, exit 2). Symbolic links are followed.
absl::StatusOr<UniqueFd> OpenForRead(const std::string& path);

// The whole content. Returns kInvalidArgument when it is not a regular file, or
// longer than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     int64_t max_bytes);

// From an open descriptor, from its position to its end.
absl::StatusOr<std::string> ReadAll(int fd, int64_t max_bytes,
                                    std::string_view name);

// Writes a temporary file beside `path`, fsyncs it, renames it over `path` and
// fsyncs the folder. On any error `path` is as before and the temporary is
// gone. `mode` is exact: the umask does not act on it.
absl::Status WriteFileAtomically(const std::string& path,
                                 std::string_view bytes, int mode);

// Creates `path` with O_EXCL, writes, fsyncs file and folder. kAlreadyExists if
// anything is there, a dangling link included. Never leaves a part behind.
absl::Status CreateFileExclusive(const std::string& path,
                                 std::string_view bytes, int mode);

// A file that only grows. Append writes all or returns an error; Sync is
// fdatasync. After an error of either, every later call returns that error.
class AppendFile {
 public:
  // Opens or creates; a new file's folder is fsynced.
  [[nodiscard]] static absl::StatusOr<AppendFile> Open(const std::string& path,
                                                       int mode);

  absl::Status Append(std::string_view bytes);
  absl::Status Sync();

  // Cuts the file to `size` bytes, as after a torn tail, and syncs.
  absl::Status Truncate(int64_t size);

  int64_t size() const { return size_; }
  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }

 private:
  AppendFile(UniqueFd fd, std::string path, int64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  UniqueFd fd_;
  std::string path_;
  int64_t size_ = 0;
  absl::Status broken_;
};

// Writes all of `bytes` at the descriptor's position, or an error.
absl::Status WriteAll(int fd, std::string_view bytes, std::string_view name);

// Reads exactly `out.size()` bytes at `offset`. kOutOfRange when the file ends
// before.
absl::Status ReadAt(int fd, int64_t offset, std::span<uint8_t> out,
                    std::string_view name);

absl::Status FsyncFile(int fd, std::string_view name);
absl::Status FsyncDirectory(const std::string& path);

// rename(2), then fsync of the folder of `to` (and of `from` if another).
absl::Status RenameDurably(const std::string& from, const std::string& to);

// rename(2) that fails with kAlreadyExists when `to` exists; then fsync.
absl::Status RenameDurablyNoReplace(const std::string& from,
                                    const std::string& to);

// unlink(2), then fsync of the folder. No error when nothing is there.
absl::Status RemoveFile(const std::string& path);

// Opens a file that holds a secret, for reading. Returns kFailedPrecondition
// with kExitKey, naming the rule that is broken, unless: the last part of the
// path is no symbolic link; it is a regular file; its owner is the effective
// user or root; nobody else has any right (mode & 077 = 0); its folder is not
// writable by group or others; it has content. kNotFound has kExitKey too.
absl::StatusOr<UniqueFd> OpenSecretFile(const std::string& path);

// An exclusive flock(2) on a file that is created (0600) when missing; held
// until destroyed. Acquire never waits: kAborted with kExitConflict when
// somebody else holds it.
class FileLock {
 public:
  [[nodiscard]] static absl::StatusOr<FileLock> Acquire(
      const std::string& path);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Room left for an unprivileged user on the file system of `path`, in bytes and
// as a share (0 to 1) of its size.
absl::StatusOr<int64_t> FreeBytes(const std::string& path);
absl::StatusOr<double> FreeShare(const std::string& path);

// Makes `path` and every missing folder above it; `mode` is exact and for those
// that are made. OK when it is there already; kFailedPrecondition when
// something on the way is not a folder.
absl::Status MakeDirectories(const std::string& path, int mode);

// Removes `path` and all below it; never follows a symbolic link. No error when
// nothing is there. Does not fsync.
absl::Status RemoveTree(const std::string& path);

// fsyncs every regular file and folder below `path`, and `path` itself.
absl::Status FsyncTree(const std::string& path);

// Names in a folder, sorted, without "." and "..".
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path);

bool FileExists(const std::string& path);     // anything, no link followed
bool IsRegularFile(const std::string& path);  // no link followed
bool IsDirectory(const std::string& path);    // no link followed
absl::StatusOr<int64_t> FileSize(const std::string& path);

// The last change of a file, milliseconds since 1970.
absl::StatusOr<int64_t> FileModifiedMs(const std::string& path);

// "a/b/c" -> "a/b"; "c" -> "."; "/c" -> "/".
std::string DirectoryOf(const std::string& path);
// "a/b/c" -> "c".
std::string BaseNameOf(const std::string& path);
// One slash between, an absolute `name` wins: JoinPath("a/", "b") = "a/b".
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace tally

#endif  // TALLY_BASE_FILES_H_
