#ifndef TALLY_BASE_LOG_H_
#define TALLY_BASE_LOG_H_

// The log: one JSON object a line, to stderr or a file. It takes typed fields
// and has no overload for identifiers, secrets, messages or plain text, so that
// a record's value cannot reach it by accident:
//   Log(Level::kInfo, "extract published",
//       {Field("rows", rows), Field("resource", Name(extract_name))});
//
// A Name is text that the program chose or checked: a resource name, a reason
// code, a file's name. As a last guard, a Name is cut at 256 bytes, control
// and non-ASCII characters become '?', and one that holds a bounded run of ten
// digits (an NHS Number, spaced or not) is written as "[redacted]".
//
// Spec: docs/operations.md, "Logs".
// Threading: any thread; lines are never mixed.
// Secrets: none. tests/compile holds what must not compile.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

// Text for the log; see above.
class Name {
 public:
  explicit Name(std::string_view text);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// One key and its value. REQUIRES: `key` is a literal of [a-z0-9_]+.
class Field {
 public:
  // Templates, so that nothing converts on the way: text, characters, pointers,
  // enumerations and identifiers are no fields.
  template <std::same_as<bool> T>
  Field(const char* key, T value) : key_(key), value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>)
      Field(const char* key, T value)
      : key_(key), value_(static_cast<int64_t>(value)) {}
  template <std::floating_point T>
  Field(const char* key, T value)
      : key_(key), value_(static_cast<double>(value)) {}
  Field(const char* key, Name value) : key_(key), value_(std::move(value)) {}

  const char* key() const { return key_; }
  using Value = std::variant<bool, int64_t, double, Name>;
  const Value& value() const { return value_; }

 private:
  const char* key_;
  Value value_;
};

struct LogOptions {
  Level level = Level::kInfo;
  std::string path{};     // empty: stderr
  std::string program{};  // field "program"
};

// Sets up the log of this process; before that, warnings and errors go to
// stderr. Returns the error of opening the file. May be called again, to open
// the file anew after it was moved.
absl::Status InitLog(const LogOptions& options);

// Writes {"ts", "level", "msg", fields...}. `msg` is a literal: fixed words.
void Log(Level level, const char* msg,
         std::initializer_list<Field> fields = {});

// As Log(), with the status' code, and its reason and detail where it has one;
// not its message.
void LogStatus(Level level, const char* msg, const absl::Status& status,
               std::initializer_list<Field> fields = {});

bool LogEnabled(Level level);
void FlushLog();

// "debug", "info", "warning", "error", "off"; kInvalidArgument for others.
absl::StatusOr<Level> ParseLevel(std::string_view text);

}  // namespace tally

#endif  // TALLY_BASE_LOG_H_
