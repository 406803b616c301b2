#include "pseudonymiser/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace tally::pseudonymiser {
namespace {

FileIdentity IdentityOf(const struct stat& info) {
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = info.st_size,
          .modified_ns = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 +
                         info.st_mtim.tv_nsec};
}

absl::Status Refused(const std::string& path, const char* why) {
  return InputError(absl::StrFormat("%s: %s", path, why));
}

absl::Status CheckKind(const std::string& path, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return absl::OkStatus();
  if (S_ISDIR(info.st_mode)) {
    return Refused(path, "is a folder; name the files in it");
  }
  return Refused(path,
                 "is not a regular file (pipes, sockets and devices are "
                 "not read: a push must be able to start again)");
}

absl::StatusOr<UniqueFd> OpenRegular(const std::string& path,
                                     FileIdentity* identity) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  UniqueFd fd(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return NotFoundError(absl::StrFormat("%s: no such file", path));
    }
    return Refused(path, errno == EACCES ? "may not be read by this user"
                                         : "cannot be opened");
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Refused(path, "cannot be examined");
  TALLY_RETURN_IF_ERROR(CheckKind(path, info));
  *identity = IdentityOf(info);
  return fd;
}

}  // namespace

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  FileIdentity identity;
  TALLY_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegular(path, &identity));
  // Advice only: an error changes nothing but speed.
  static_cast<void>(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL));
  return InputFile(std::move(fd), path, identity);
}

absl::StatusOr<FileIdentity> IdentifyFile(const std::string& path) {
  FileIdentity identity;
  TALLY_RETURN_IF_ERROR(OpenRegular(path, &identity).status());
  return identity;
}

absl::StatusOr<size_t> InputFile::Read(std::span<char> out) {
  ssize_t got = 0;
  do {
    got = ::read(fd_.get(), out.data(), out.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return Refused(path_, "a read failed; the file or its disk is damaged");
  }
  bytes_read_ += got;
  if (bytes_read_ > identity_.size) {
    return Refused(path_, "grew while it was read; push a finished file");
  }
  if (got > 0) {
    const size_t count = static_cast<size_t>(got);
    digest_.Update(std::string_view(out.data(), count));
    return count;
  }
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0 || bytes_read_ != identity_.size ||
      IdentityOf(info) != identity_) {
    return Refused(path_, "changed while it was read; push a finished file");
  }
  return size_t{0};
}

}  // namespace tally::pseudonymiser
