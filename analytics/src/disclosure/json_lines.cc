#include "disclosure/json_lines.h"

#include <sys/stat.h>

#include <chrono>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "base/table_printer.h"

namespace tally::analytics {
namespace {

constexpr int kLogFileMode = 0600;
constexpr int kLogFolderMode = 0700;
constexpr int64_t kMaxBytes = int64_t{1} << 30;
constexpr int kMaxDepth = 6;
constexpr int kLockPauseMs = 20;

// Where the last whole line ends: what stands behind it was torn by a crash.
int64_t WholeLines(std::string_view text) {
  const size_t last = text.rfind('\n');
  return last == std::string_view::npos ? 0 : static_cast<int64_t>(last) + 1;
}

// Bytes of an open file from `begin` on.
absl::StatusOr<std::string> ReadPart(const UniqueFd& fd, int64_t begin,
                                     int64_t size, const std::string& path) {
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  TALLY_RETURN_IF_ERROR(ReadAt(fd.get(), begin, bytes, path));
  return std::string(bytes.begin(), bytes.end());
}

// Whether a file of `size` bytes does not end with a newline.
absl::StatusOr<bool> EndsTorn(const std::string& path, int64_t size) {
  if (size == 0) return false;
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  uint8_t last[1] = {0};
  TALLY_RETURN_IF_ERROR(ReadAt(fd.get(), size - 1, last, path));
  return last[0] != '\n';
}

}  // namespace

absl::StatusOr<FileLock> LockJsonLines(const std::string& path,
                                       const LockWait& wait) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kLogFolderMode));
  const int64_t begin_ms = NowMonotonicMs();
  bool said = false;
  while (true) {
    absl::StatusOr<FileLock> lock = FileLock::Acquire(path + ".lock");
    if (lock.ok() || ExitCodeOf(lock.status()) != kExitConflict) return lock;
    const int64_t waited_ms = NowMonotonicMs() - begin_ms;
    if (waited_ms >= wait.give_up_after_ms) return lock;
    if (!said && waited_ms >= wait.say_after_ms) {
      const std::string text = absl::StrFormat(
          "waiting for %s: another program audits or releases figures", path);
      if (wait.say) {
        wait.say(text);
      } else {
        PrintNote(text);
      }
      said = true;
    }
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    std::this_thread::sleep_for(std::chrono::milliseconds(kLockPauseMs));
  }
}

absl::Status AppendJsonLine(const std::string& path, const JsonValue& value) {
  TALLY_ASSIGN_OR_RETURN(const FileLock held, LockJsonLines(path));
  return AppendJsonText(path, value.Dump(), held).status();
}

absl::StatusOr<JsonLinePlace> AppendJsonText(const std::string& path,
                                             std::string_view text,
                                             const FileLock& /*held*/) {
  TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path, kLogFileMode));
  TALLY_ASSIGN_OR_RETURN(const bool torn, EndsTorn(path, file.size()));
  if (torn) {
    TALLY_ASSIGN_OR_RETURN(const std::string all, ReadFile(path, kMaxBytes));
    TALLY_RETURN_IF_ERROR(file.Truncate(WholeLines(all)));
  }
  const JsonLinePlace place{file.size(), static_cast<int64_t>(text.size())};
  TALLY_RETURN_IF_ERROR(file.Append(text));
  TALLY_RETURN_IF_ERROR(file.Append("\n"));
  TALLY_RETURN_IF_ERROR(file.Sync());
  return place;
}

absl::StatusOr<std::vector<JsonValue>> ReadJsonLines(const std::string& path) {
  JsonLineReader reader(path);
  TALLY_ASSIGN_OR_RETURN(JsonLineReader::News news, reader.Next());
  std::vector<JsonValue> values;
  values.reserve(news.lines.size());
  for (JsonLineReader::Line& line : news.lines) {
    values.push_back(std::move(line.value));
  }
  return values;
}

JsonValue TextsToJson(const std::vector<std::string>& texts) {
  JsonValue json = JsonValue::MakeArray();
  for (const std::string& text : texts) json.Append(text);
  return json;
}

absl::StatusOr<std::vector<std::string>> TextsFromJson(const JsonValue& json) {
  if (!json.is_array()) return absl::InvalidArgumentError("not an array");
  std::vector<std::string> texts;
  for (const JsonValue& item : json.AsArray()) {
    if (!item.is_string()) return absl::InvalidArgumentError("not a text");
    texts.push_back(item.AsString());
  }
  return texts;
}

absl::StatusOr<JsonLineReader::News> JsonLineReader::Next() {
  News news;
  if (!FileExists(path_)) {
    news.again = read_ > 0;
    *this = JsonLineReader(path_);
    return news;
  }
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path_));
  struct stat is {};
  if (fstat(fd.get(), &is) != 0) return ErrnoStatus(errno, "stat", path_);
  if (is.st_ino != file_ || is.st_size < read_) {
    news.again = read_ > 0;
    *this = JsonLineReader(path_);
    file_ = is.st_ino;
  }
  if (is.st_size - read_ > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is longer than 1 GiB", path_));
  }
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadPart(fd, read_, is.st_size - read_, path_));
  std::string_view rest(text);
  rest = rest.substr(0, static_cast<size_t>(WholeLines(text)));
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    absl::StatusOr<JsonValue> value = ParseJson(rest.substr(0, end), kMaxDepth);
    if (!value.ok()) {
      const size_t line = lines_ + 1;
      *this = JsonLineReader(path_);  // the next call finds the damage again
      return IntegrityError(
          absl::StrFormat("%s: line %d is damaged", path_, line));
    }
    const auto size = static_cast<int64_t>(end);
    news.lines.push_back(
        {{read_, size}, *std::move(value), std::string(rest.substr(0, end))});
    read_ += size + 1;
    ++lines_;
    rest.remove_prefix(end + 1);
  }
  return news;
}

bool JsonLineReader::Pass(const JsonLinePlace& place) {
  if (file_ == 0 || place.begin != read_) return false;
  read_ += place.size + 1;
  ++lines_;
  return true;
}

absl::StatusOr<JsonValue> JsonLineReader::ReadAgain(
    const JsonLinePlace& place) const {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path_));
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadPart(fd, place.begin, place.size, path_));
  absl::StatusOr<JsonValue> value = ParseJson(text, kMaxDepth);
  if (value.ok()) return value;
  return IntegrityError(absl::StrFormat("%s: a line is damaged", path_));
}

}  // namespace tally::analytics
