// Secrets by reference, in memory that is wiped.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

extern char** environ;

namespace tally {
namespace {

constexpr size_t kMaxSecretBytes = 64 << 10;
constexpr int64_t kCommandTimeoutMs = 30000;

// Wipes a buffer when it goes out of scope.
struct Buffer {
  std::array<char, 4096> bytes{};
  ~Buffer() { WipeMemory(bytes.data(), bytes.size()); }
};

struct Reference {
  std::string_view kind;
  std::string_view rest;
};

absl::StatusOr<Reference> Split(std::string_view reference) {
  const size_t colon = reference.find(':');
  const std::string_view kind = reference.substr(0, colon);
  const bool known = kind == "credential" || kind == "file" || kind == "fd" ||
                     kind == "command";
  // The text is not repeated: somebody may have written the secret itself.
  if (colon == std::string_view::npos || !known ||
      colon + 1 == reference.size()) {
    return UsageError(
        "a secret is given as credential:NAME, file:PATH, fd:N or "
        "command:PROGRAM ARGS");
  }
  return Reference{kind, reference.substr(colon + 1)};
}

absl::Status Check(const Reference& reference) {
  const std::string_view rest = reference.rest;
  if (reference.kind == "credential") {
    const bool plain =
        rest.find('/') == std::string_view::npos && rest != "." && rest != "..";
    if (!plain) return UsageError("a credential's name has no slash");
  } else if (reference.kind == "fd") {
    const absl::StatusOr<int64_t> number = ParseInt64In(rest, 0, 1 << 20);
    if (!number.ok() || *number == 1 || *number == 2) {
      return UsageError("fd:N takes a descriptor, 0 or from 3");
    }
  } else if (reference.kind == "command" && !rest.starts_with('/')) {
    return UsageError("command: takes the absolute path of a program");
  }
  return absl::OkStatus();
}

// Reads `fd` to its end into `out`, waiting until `deadline_ms` if not 0.
absl::Status ReadInto(int fd, int64_t deadline_ms, SecretText& out) {
  Buffer buffer;
  for (;;) {
    if (deadline_ms != 0) {
      const int64_t left = deadline_ms - NowMonotonicMs();
      pollfd wait = {fd, POLLIN, 0};
      if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) == 0) {
        return KeyError("the command for a secret took too long");
      }
    }
    const ssize_t got = read(fd, buffer.bytes.data(), buffer.bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return KeyError("a secret cannot be read");
    if (got == 0) return absl::OkStatus();
    if (out.size() + static_cast<size_t>(got) > kMaxSecretBytes) {
      return KeyError("a secret is longer than 64 KiB");
    }
    out.Append({buffer.bytes.data(), static_cast<size_t>(got)});
  }
}

absl::Status FromFile(const std::string& path, SecretText& out) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenSecretFile(path));
  return ReadInto(fd.get(), 0, out);
}

absl::Status FromCredential(std::string_view name, SecretText& out) {
  const char* folder =
      getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe):
                                        // nobody sets it
  if (folder == nullptr || *folder == '\0') {
    return KeyError(
        "a credential is asked for, but the service manager gave none "
        "(CREDENTIALS_DIRECTORY is not set)");
  }
  return FromFile(JoinPath(folder, name), out);
}

absl::Status FromDescriptor(std::string_view number, SecretText& out) {
  TALLY_ASSIGN_OR_RETURN(const int64_t value, ParseInt64(number));
  const int fd = static_cast<int>(value);
  if (fcntl(fd, F_GETFD) < 0) {
    return KeyError(absl::StrFormat("descriptor %d is not open", fd));
  }
  // Closed when read, so that no child inherits it; 0 stays.
  UniqueFd owned(fd);
  const absl::Status status = ReadInto(fd, 0, out);
  if (fd == 0) owned.Release();
  return status;
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    if (space != 0) words.emplace_back(text.substr(0, space));
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  return words;
}

// Starts the program with /dev/null as its input and `output` as its output.
absl::StatusOr<pid_t> Spawn(std::vector<std::string>& words, int output) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  TALLY_CHECK(posix_spawn_file_actions_init(&actions) == 0);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  pid_t child = 0;
  const int error = posix_spawn(&child, arguments[0], &actions, nullptr,
                                arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return WithExitCode(ErrnoStatus(error, "run", words[0]), kExitKey);
  }
  return child;
}

absl::Status FromCommand(std::string_view line, SecretText& out) {
  std::vector<std::string> words = Words(line);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return WithExitCode(ErrnoStatus(errno, "make", "a pipe"), kExitKey);
  }
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  TALLY_ASSIGN_OR_RETURN(const pid_t child, Spawn(words, writing.get()));
  writing.Reset();
  const absl::Status status =
      ReadInto(reading.get(), NowMonotonicMs() + kCommandTimeoutMs, out);
  if (!status.ok()) kill(child, SIGKILL);
  int result = 0;
  while (waitpid(child, &result, 0) < 0 && errno == EINTR) {
  }
  TALLY_RETURN_IF_ERROR(status);
  if (!WIFEXITED(result) || WEXITSTATUS(result) != 0) {
    return KeyError(
        absl::StrFormat("%s, the command for a secret, failed", words[0]));
  }
  return absl::OkStatus();
}

}  // namespace

void WipeMemory(void* data, size_t size) {
  if (size > 0) explicit_bzero(data, size);
}

SecretText::SecretText(std::string text)
    : bytes_(text.begin(), text.end()), size_(text.size()) {
  WipeMemory(text.data(), text.size());
}

SecretText::~SecretText() { Wipe(); }

SecretText::SecretText(SecretText&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {
  other.bytes_.clear();
}

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

std::string_view SecretText::Reveal() const { return {bytes_.data(), size_}; }

void SecretText::Append(std::string_view bytes) {
  if (size_ + bytes.size() > bytes_.size()) {
    std::vector<char> larger(std::max<size_t>(
        64, std::max(bytes_.size() * 2, size_ + bytes.size())));
    std::copy_n(bytes_.begin(), size_, larger.begin());
    WipeMemory(bytes_.data(), bytes_.size());
    bytes_ = std::move(larger);
  }
  std::copy(bytes.begin(), bytes.end(),
            bytes_.begin() + static_cast<ptrdiff_t>(size_));
  size_ += bytes.size();
}

void SecretText::TrimNewline() {
  if (size_ == 0 || bytes_[size_ - 1] != '\n') return;
  bytes_[--size_] = '\0';
  if (size_ > 0 && bytes_[size_ - 1] == '\r') bytes_[--size_] = '\0';
}

void SecretText::Wipe() {
  WipeMemory(bytes_.data(), bytes_.size());
  size_ = 0;
}

void PrintTo(const SecretText& /*secret*/, std::ostream* out) {
  *out << "[redacted]";
}

absl::Status CheckSecretReference(std::string_view reference) {
  TALLY_ASSIGN_OR_RETURN(const Reference parts, Split(reference));
  return Check(parts);
}

absl::StatusOr<SecretText> ReadSecretReference(std::string_view reference) {
  TALLY_ASSIGN_OR_RETURN(const Reference parts, Split(reference));
  TALLY_RETURN_IF_ERROR(Check(parts));
  SecretText secret;
  absl::Status status;
  if (parts.kind == "credential") {
    status = FromCredential(parts.rest, secret);
  } else if (parts.kind == "file") {
    status = FromFile(std::string(parts.rest), secret);
  } else if (parts.kind == "fd") {
    status = FromDescriptor(parts.rest, secret);
  } else {
    status = FromCommand(parts.rest, secret);
  }
  TALLY_RETURN_IF_ERROR(status);
  secret.TrimNewline();
  if (secret.empty()) {
    return KeyError(
        absl::StrFormat("the secret from %s: is empty", parts.kind));
  }
  return secret;
}

}  // namespace tally
