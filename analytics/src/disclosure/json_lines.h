// Files of one JSON value a line, that only grow: the decision log and the
// register of released tables. Created 0600, locked while written, synced
// before a call returns.
// Threading: a file lock beside the file keeps writers apart.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_JSON_LINES_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_JSON_LINES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/json.h"

namespace tally::analytics {

// How long to wait for a file that another program holds. An audit takes a
// minute at most (GateOptions::audit_time), and several programs may queue.
struct LockWait {
  int64_t say_after_ms = 2'000;
  int64_t give_up_after_ms = 600'000;
  // Told once, with the file, that and why nothing goes on; stderr if empty.
  std::function<void(std::string_view)> say = {};
};

// Waits until no other program writes or holds `path`, ten minutes at most;
// makes its folder (0700) when missing. For what must be read and written as
// one step. kAborted (exit 7) when somebody still holds it; kCancelled after
// SIGINT or SIGTERM.
[[nodiscard]] absl::StatusOr<FileLock> LockJsonLines(const std::string& path,
                                                     const LockWait& wait = {});

// Where a line stands in its file.
struct JsonLinePlace {
  int64_t begin = 0;  // bytes of the file
  int64_t size = 0;   // without the newline
};

// Appends one line, the text of a JSON value without newline, while the lock
// of LockJsonLines(path) is held.
absl::StatusOr<JsonLinePlace> AppendJsonText(const std::string& path,
                                             std::string_view text,
                                             const FileLock& held);

// Waits for the lock, then appends one line.
absl::Status AppendJsonLine(const std::string& path, const JsonValue& value);

// All lines, none if there is no file. A last line without its newline was
// never acknowledged and is left out. kDataLoss if another line is not JSON.
absl::StatusOr<std::vector<JsonValue>> ReadJsonLines(const std::string& path);

// A list of texts as a JSON array, and back. kInvalidArgument if it is none.
JsonValue TextsToJson(const std::vector<std::string>& texts);
absl::StatusOr<std::vector<std::string>> TextsFromJson(const JsonValue& json);

// Reads a file of lines again and again, each line once. Threading: one.
class JsonLineReader {
 public:
  struct Line {
    JsonLinePlace place;
    JsonValue value;
    std::string text;  // without the newline
  };

  explicit JsonLineReader(std::string path) : path_(std::move(path)) {}

  // The whole lines behind those that an earlier call gave. Of a file that is
  // another one or shorter than it was, all; `again` says so. kDataLoss if a
  // line is not JSON.
  struct News {
    bool again = false;
    std::vector<Line> lines;
  };
  absl::StatusOr<News> Next();

  // Takes a line that was just appended as read: Next will not give it. False,
  // and Next will, where it does not follow the last line that was read.
  bool Pass(const JsonLinePlace& place);

  // A line of this place, read again. kDataLoss if it is not JSON any more.
  absl::StatusOr<JsonValue> ReadAgain(const JsonLinePlace& place) const;

 private:
  std::string path_;
  uint64_t file_ = 0;  // the inode that was read
  int64_t read_ = 0;   // bytes
  size_t lines_ = 0;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_JSON_LINES_H_
