// Folders, names of paths, and whole trees.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"

namespace tally {
namespace {

struct DirCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};
using Dir = std::unique_ptr<DIR, DirCloser>;

// Takes over `fd`.
absl::StatusOr<std::vector<std::string>> NamesIn(UniqueFd fd,
                                                 const std::string& path) {
  const Dir dir(fdopendir(fd.get()));
  if (dir == nullptr) return ErrnoStatus(errno, "list", path);
  fd.Release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir.get());  // NOLINT(concurrency-mt-unsafe):
                                               // each stream has one thread
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return ErrnoStatus(errno, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

bool ModeIs(const std::string& path, mode_t type) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && (info.st_mode & S_IFMT) == type;
}

absl::Status RemoveBelow(int parent, const std::string& name,
                         const std::string& path) {
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) {
    return absl::OkStatus();
  }
  if (errno != EISDIR && errno != EPERM) {
    return ErrnoStatus(errno, "remove", path);
  }
  UniqueFd fd(openat(parent, name.c_str(),
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "remove", path);
  UniqueFd listed(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         NamesIn(std::move(listed), path));
  for (const std::string& child : names) {
    TALLY_RETURN_IF_ERROR(RemoveBelow(fd.get(), child, JoinPath(path, child)));
  }
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, "remove", path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeDirectories(const std::string& path, int mode) {
  if (path.empty()) return absl::InvalidArgumentError("an empty path");
  for (size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), static_cast<mode_t>(mode) & 0700) == 0) {
      if (chmod(part.c_str(), static_cast<mode_t>(mode)) != 0) {
        return ErrnoStatus(errno, "set the mode of", part);
      }
      TALLY_RETURN_IF_ERROR(FsyncDirectory(DirectoryOf(part)));
      continue;
    }
    const int error = errno;
    struct stat info {};
    const bool there = stat(part.c_str(), &info) == 0;
    if (there && S_ISDIR(info.st_mode)) continue;
    if (!there) return ErrnoStatus(error, "make folder", part);
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is there and is not a folder", part));
  }
  return absl::OkStatus();
}

absl::Status RemoveTree(const std::string& path) {
  return RemoveBelow(AT_FDCWD, path, path);
}

absl::Status FsyncTree(const std::string& path) {
  if (IsDirectory(path)) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(path));
    for (const std::string& name : names) {
      TALLY_RETURN_IF_ERROR(FsyncTree(JoinPath(path, name)));
    }
    return FsyncDirectory(path);
  }
  if (!IsRegularFile(path)) {
    if (FileExists(path)) return absl::OkStatus();
    return ErrnoStatus(ENOENT, "fsync", path);
  }
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  return FsyncFile(fd.get(), path);
}

absl::StatusOr<std::vector<std::string>> ListDirectory(
    const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "list", path);
  return NamesIn(std::move(fd), path);
}

bool FileExists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

bool IsRegularFile(const std::string& path) { return ModeIs(path, S_IFREG); }
bool IsDirectory(const std::string& path) { return ModeIs(path, S_IFDIR); }

absl::StatusOr<int64_t> FileSize(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  return info.st_size;
}

absl::StatusOr<int64_t> FileModifiedMs(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1000000;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  if (slash == 0) return "/";
  return path.substr(0, slash);
}

std::string BaseNameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (name.starts_with('/') || directory.empty()) return std::string(name);
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  path += name;
  return path;
}

}  // namespace tally
