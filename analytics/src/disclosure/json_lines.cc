#include "disclosure/json_lines.h"

#include <chrono>
#include <string_view>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr int kLogFileMode = 0600;
constexpr int kLogFolderMode = 0700;
constexpr int64_t kMaxBytes = int64_t{1} << 30;
constexpr int kMaxDepth = 6;
constexpr int64_t kLockWaitMs = 60'000;
constexpr int kLockPauseMs = 20;

// Where the last whole line ends: what stands behind it was torn by a crash.
int64_t WholeLines(std::string_view text) {
  const size_t last = text.rfind('\n');
  return last == std::string_view::npos ? 0 : static_cast<int64_t>(last) + 1;
}

}  // namespace

absl::StatusOr<FileLock> LockJsonLines(const std::string& path) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kLogFolderMode));
  const int64_t end_ms = NowMonotonicMs() + kLockWaitMs;
  while (true) {
    absl::StatusOr<FileLock> lock = FileLock::Acquire(path + ".lock");
    if (lock.ok() || ExitCodeOf(lock.status()) != kExitConflict ||
        NowMonotonicMs() > end_ms) {
      return lock;
    }
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    std::this_thread::sleep_for(std::chrono::milliseconds(kLockPauseMs));
  }
}

absl::Status AppendJsonLine(const std::string& path, const JsonValue& value) {
  TALLY_ASSIGN_OR_RETURN(const FileLock held, LockJsonLines(path));
  return AppendJsonLine(path, value, held);
}

absl::Status AppendJsonLine(const std::string& path, const JsonValue& value,
                            const FileLock& /*held*/) {
  TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path, kLogFileMode));
  if (file.size() > 0) {
    TALLY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBytes));
    const int64_t whole = WholeLines(text);
    if (whole != file.size()) TALLY_RETURN_IF_ERROR(file.Truncate(whole));
  }
  TALLY_RETURN_IF_ERROR(file.Append(value.Dump() + "\n"));
  return file.Sync();
}

absl::StatusOr<std::vector<JsonValue>> ReadJsonLines(const std::string& path) {
  std::vector<JsonValue> values;
  if (!FileExists(path)) return values;
  TALLY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBytes));
  std::string_view rest(text);
  rest = rest.substr(0, static_cast<size_t>(WholeLines(text)));
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    absl::StatusOr<JsonValue> value = ParseJson(rest.substr(0, end), kMaxDepth);
    if (!value.ok()) {
      return IntegrityError(
          absl::StrFormat("%s: line %d is damaged", path, values.size() + 1));
    }
    values.push_back(*std::move(value));
    rest.remove_prefix(end + 1);
  }
  return values;
}

}  // namespace tally::analytics
