#include "base/process.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally {
namespace {

// Both are touched by signal handlers: lock-free atomics are safe there.
std::atomic<int> stop_signal{0};
std::atomic<int> stop_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void NoteStop(int signal_number) {
  stop_signal.store(signal_number);
  const int fd = stop_fd.load();
  if (fd >= 0) {
    const uint64_t one = 1;
    // Only fails when the counter is full, and then it is readable already.
    [[maybe_unused]] const ssize_t wrote = write(fd, &one, sizeof(one));
  }
}

void OnStopSignal(int signal_number) {
  const int saved = errno;
  if (stop_signal.load() != 0) _exit(StopExitCode());
  NoteStop(signal_number);
  errno = saved;
}

absl::Status OpenStandardDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    const int opened = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
    if (opened < 0) return ErrnoStatus(errno, "open", "/dev/null");
    // The lowest free number is handed out, so it is `fd`.
    TALLY_CHECK(opened == fd);
  }
  return absl::OkStatus();
}

void Handle(int signal_number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // calls that wait end with EINTR
  TALLY_CHECK(sigaction(signal_number, &action, nullptr) == 0);
}

// The number in a file such as memory.max, or the largest one.
int64_t LimitIn(const char* path) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  absl::StatusOr<std::string> text = ReadFile(path, 64);
  if (!text.ok()) return kNone;
  while (text->ends_with('\n')) text->pop_back();
  return ParseInt64(*text).value_or(kNone);
}

}  // namespace

// NOLINTBEGIN(concurrency-mt-unsafe): before any thread
void UseLargePages(char* const* argv, const char* mode_file) {
  constexpr const char* kTunables = "GLIBC_TUNABLES";
  // Of a program with more rights than its user glibc removes the variable: it
  // would start for ever.
  if (getauxval(AT_SECURE) != 0 || getenv(kTunables) != nullptr) return;
  // Started by the loader by name, the program at work is the loader.
  if (getauxval(AT_BASE) == 0) return;
  const absl::StatusOr<std::string> mode = ReadFile(mode_file, 256);
  if (!mode.ok() || mode->find("[madvise]") == std::string::npos) return;
  // The path, not the link to it: it names the process.
  char path[PATH_MAX + 1] = {};
  if (readlink("/proc/self/exe", path, PATH_MAX) <= 0) return;
  if (setenv(kTunables, "glibc.malloc.hugetlb=1", 0) != 0) return;
  execv(path, argv);
  unsetenv(kTunables);
}
// NOLINTEND(concurrency-mt-unsafe)

absl::Status HardenProcess() {
  const rlimit no_core = {0, 0};
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) {
    return ErrnoStatus(errno, "set the limit of", "core files");
  }
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return ErrnoStatus(errno, "make undumpable", "the process");
  }
  umask(077);
  Handle(SIGPIPE, SIG_IGN);
  return OpenStandardDescriptors();
}

void InstallStopSignals(bool hangup) {
  if (stop_fd.load() < 0) {
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    TALLY_CHECK(fd >= 0);
    stop_fd.store(fd);
  }
  Handle(SIGINT, OnStopSignal);
  Handle(SIGTERM, OnStopSignal);
  if (hangup) Handle(SIGHUP, OnStopSignal);
}

bool StopRequested() { return stop_signal.load() != 0; }

ExitCode StopExitCode() {
  switch (stop_signal.load()) {
    case 0:
      return kExitDone;
    case SIGINT:
      return kExitInterrupted;
    default:
      return kExitTerminated;
  }
}

absl::Status CheckNotStopped() {
  if (!StopRequested()) return absl::OkStatus();
  return WithExitCode(
      absl::CancelledError("stopped by a signal: run the same command again"),
      StopExitCode());
}

void RequestStop(int signal_number) { NoteStop(signal_number); }

void ResetStopForTesting() {
  stop_signal.store(0);
  const int fd = stop_fd.load();
  uint64_t count = 0;
  if (fd >= 0) {
    [[maybe_unused]] const ssize_t got = read(fd, &count, sizeof(count));
  }
}

int StopEventFd() {
  TALLY_CHECK(stop_fd.load() >= 0);
  return stop_fd.load();
}

bool IsTerminal(int fd) { return isatty(fd) == 1; }

int64_t DefaultMemoryBytes() {
  struct sysinfo info {};
  int64_t bytes = int64_t{1} << 30;
  if (sysinfo(&info) == 0) {
    bytes = static_cast<int64_t>(info.totalram) * info.mem_unit;
  }
  bytes = std::min(bytes, LimitIn("/sys/fs/cgroup/memory.max"));
  bytes =
      std::min(bytes, LimitIn("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  return bytes / 2;
}

int64_t PeakMemoryBytes() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace tally
