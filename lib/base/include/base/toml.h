#ifndef TALLY_BASE_TOML_H_
#define TALLY_BASE_TOML_H_

// TOML 1.0 as a read-only tree in which every value knows its line, so that
// errors can say "gp-event.toml:14: ...". Dates are CivilDay; times of day,
// date-times, inf and nan are refused, since no file of ours has any.
//
// Threading: immutable after parsing.
// Secrets: the text of a configuration may hold none, only references.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"

namespace tally {

class TomlValue;
using TomlArray = std::vector<TomlValue>;

class TomlTable {
 public:
  using Map = std::map<std::string, TomlValue, std::less<>>;

  TomlTable();  // empty, no file
  TomlTable(std::string file, int line, Map entries);

  // nullptr when there is no such key. Find takes one key; FindPath a dotted
  // path through tables, as "hub.address".
  const TomlValue* Find(std::string_view key) const;
  const TomlValue* FindPath(std::string_view path) const;

  const Map& entries() const;  // in order of key
  std::vector<std::string> Keys() const;
  bool empty() const;
  int line() const { return line_; }  // of its header, from 1
  const std::string& file() const { return file_; }

  // kInvalidArgument with kExitUsage: "FILE:LINE: message".
  absl::Status ErrorAt(int line, std::string_view message) const;

  // Values by type; kInvalidArgument, with file and line, when the key is
  // missing or of another type. GetDouble takes integers too.
  absl::StatusOr<std::string> GetString(std::string_view key) const;
  absl::StatusOr<int64_t> GetInt(std::string_view key) const;
  // The same, of `least` to `most`; kInvalidArgument also outside.
  absl::StatusOr<int64_t> GetInt(std::string_view key, int64_t least,
                                 int64_t most) const;
  absl::StatusOr<double> GetDouble(std::string_view key) const;
  absl::StatusOr<bool> GetBool(std::string_view key) const;
  absl::StatusOr<CivilDay> GetDate(std::string_view key) const;
  absl::StatusOr<TomlTable> GetTable(std::string_view key) const;
  absl::StatusOr<TomlArray> GetArray(std::string_view key) const;
  // An array of strings.
  absl::StatusOr<std::vector<std::string>> GetStrings(
      std::string_view key) const;

  // OK when there is no key beyond `known`; else kInvalidArgument at the line
  // of the first unknown one, naming the nearest of `known`.
  absl::Status OnlyKeys(const std::vector<std::string>& known) const;
  // One such status for every unknown key, in the order of their lines.
  std::vector<absl::Status> UnknownKeys(
      const std::vector<std::string>& known) const;

 private:
  std::string file_;
  int line_ = 1;
  std::shared_ptr<const Map> entries_;
};

class TomlValue {
 public:
  using Storage = std::variant<bool, int64_t, double, std::string, CivilDay,
                               TomlArray, TomlTable>;
  TomlValue(Storage value, int line) : value_(std::move(value)), line_(line) {}

  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<int64_t>(value_); }
  bool is_double() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_date() const { return std::holds_alternative<CivilDay>(value_); }
  bool is_array() const { return std::holds_alternative<TomlArray>(value_); }
  bool is_table() const { return std::holds_alternative<TomlTable>(value_); }

  // REQUIRES: the value is of that type; AsDouble takes integers too.
  bool AsBool() const;
  int64_t AsInt() const;
  double AsDouble() const;
  const std::string& AsString() const;
  CivilDay AsDate() const;
  const TomlArray& AsArray() const;
  const TomlTable& AsTable() const;

  // "a text", "an integer", ... for messages.
  std::string_view KindName() const;
  int line() const { return line_; }

 private:
  Storage value_;
  int line_;
};

// Parses `text`; `file` is the name for messages. Returns kInvalidArgument with
// kExitUsage and "FILE:LINE:COLUMN: ..." for what is not TOML 1.0, nests deeper
// than 32, or holds a time, a date-time, inf or nan.
absl::StatusOr<TomlTable> ParseToml(std::string_view text, std::string file);

// Reads at most 4 MiB from `path` and parses it.
absl::StatusOr<TomlTable> ReadTomlFile(const std::string& path);

}  // namespace tally

#endif  // TALLY_BASE_TOML_H_
