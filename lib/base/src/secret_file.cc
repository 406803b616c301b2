// The rules for files that hold secrets.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"

namespace tally {
namespace {

absl::Status Refuse(const std::string& path, std::string_view rule) {
  return KeyError(absl::StrFormat("%s: %s", path, rule));
}

absl::Status CheckFolder(int folder, const std::string& path) {
  struct stat info {};
  if (fstat(folder, &info) != 0) {
    return WithExitCode(ErrnoStatus(errno, "stat the folder of", path),
                        kExitKey);
  }
  if ((info.st_mode & 022) != 0) {
    return Refuse(path,
                  "its folder is writable by group or others (chmod go-w)");
  }
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return Refuse(path, "its folder belongs to another user");
  }
  return absl::OkStatus();
}

absl::Status CheckFile(const struct stat& info, const std::string& path) {
  if (!S_ISREG(info.st_mode)) {
    return Refuse(path, "it holds a secret, so it must be a regular file");
  }
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return Refuse(path, "it belongs to another user");
  }
  if ((info.st_mode & 077) != 0) {
    return Refuse(path, "others have rights on it (chmod 600)");
  }
  if (info.st_size == 0) return Refuse(path, "it is empty");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> OpenSecretFile(const std::string& path) {
  // The folder is opened first and the file through it, so that what is checked
  // is what is used.
  const std::string folder_path = DirectoryOf(path);
  const UniqueFd folder(
      open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    return WithExitCode(ErrnoStatus(errno, "open the folder of", path),
                        kExitKey);
  }
  TALLY_RETURN_IF_ERROR(CheckFolder(folder.get(), path));
  UniqueFd fd(
      openat(folder.get(), BaseNameOf(path).c_str(),
             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ELOOP) return Refuse(path, "it is a symbolic link");
    return WithExitCode(ErrnoStatus(errno, "open", path), kExitKey);
  }
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) {
    return WithExitCode(ErrnoStatus(errno, "stat", path), kExitKey);
  }
  TALLY_RETURN_IF_ERROR(CheckFile(info, path));
  return fd;
}

}  // namespace tally
