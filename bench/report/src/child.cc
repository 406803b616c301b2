#include "bench/child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "bench/report.h"

namespace tally::bench {
namespace {

constexpr size_t kShownBytes = 2000;
constexpr int64_t kMostLogBytes = 64 << 20;

double TimeOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         1e-6 * static_cast<double>(time.tv_usec);
}

std::string EndOf(const std::string& log) {
  const absl::StatusOr<std::string> text = ReadFile(log, kMostLogBytes);
  if (!text.ok()) return "";
  return text->substr(text->size() - std::min(text->size(), kShownBytes));
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  seconds += other.seconds;
  processor_seconds += other.processor_seconds;
  kernel_seconds += other.kernel_seconds;
  peak_bytes = std::max(peak_bytes, other.peak_bytes);
  return *this;
}

absl::StatusOr<pid_t> StartCommand(const std::vector<std::string>& words,
                                   const std::string& log) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return ErrnoStatus(errno, "start", words.front());
  if (child > 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int in = ::open("/dev/null", O_RDONLY);
  if (out < 0 || in < 0 || ::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 ||
      ::dup2(out, 2) < 0) {
    ::_exit(127);
  }
  ::execv(argv.front(), argv.data());
  ::_exit(127);
}

absl::StatusOr<Usage> Await(pid_t child, double started, const std::string& log,
                            int also_good) {
  int code = 0;
  rusage usage{};
  while (::wait4(child, &code, 0, &usage) < 0) {
    if (errno != EINTR) return ErrnoStatus(errno, "wait for", "a child");
  }
  Usage result;
  result.seconds = WallSeconds() - started;
  result.processor_seconds = TimeOf(usage.ru_utime) + TimeOf(usage.ru_stime);
  result.kernel_seconds = TimeOf(usage.ru_stime);
  result.peak_bytes = int64_t{usage.ru_maxrss} * 1024;
  TALLY_RETURN_IF_ERROR(CheckNotStopped());
  if (!WIFEXITED(code) ||
      (WEXITSTATUS(code) != 0 && WEXITSTATUS(code) != also_good)) {
    return absl::InternalError(absl::StrFormat(
        "a program ended with %d; the end of its output:\n%s",
        WIFEXITED(code) ? WEXITSTATUS(code) : -WTERMSIG(code), EndOf(log)));
  }
  return result;
}

absl::StatusOr<Usage> RunCommand(const std::vector<std::string>& words,
                                 const std::string& log, int also_good) {
  const double started = WallSeconds();
  TALLY_ASSIGN_OR_RETURN(const pid_t child, StartCommand(words, log));
  return Await(child, started, log, also_good);
}

absl::StatusOr<Usage> RunInChild(const std::function<absl::Status()>& work) {
  std::fflush(stdout);
  const double started = WallSeconds();
  const pid_t child = ::fork();
  if (child < 0) return ErrnoStatus(errno, "start", "a child");
  if (child == 0) {
    const absl::Status status = work();
    if (!status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    }
    std::fflush(stdout);
    ::_exit(status.ok() ? 0 : 1);
  }
  return Await(child, started, "");
}

absl::StatusOr<Usage> UsageSoFar(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::ifstream stat(folder + "/stat");
  std::string text;
  std::getline(stat, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return absl::NotFoundError("the process has ended");
  }
  // proc(5): the fields after the name; utime is the twelfth of them.
  std::istringstream fields(text.substr(name_end + 1));
  std::string passed;
  for (int i = 0; i < 11; ++i) fields >> passed;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  Usage usage;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  usage.processor_seconds = static_cast<double>(user + system) / ticks;
  usage.kernel_seconds = static_cast<double>(system) / ticks;
  std::ifstream status(folder + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      usage.peak_bytes = std::strtoll(line.c_str() + 6, nullptr, 10) * 1024;
    }
  }
  if (usage.peak_bytes <= 0) {
    return absl::NotFoundError("the process does not say its peak");
  }
  return usage;
}

}  // namespace tally::bench
