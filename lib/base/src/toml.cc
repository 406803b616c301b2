#include "base/toml.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <toml++/toml.h>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally {
namespace {

constexpr int64_t kMaxFileBytes = 4 << 20;
constexpr int kMaxDepth = 32;

absl::Status ErrorIn(const std::string& file, int64_t line,
                     std::string_view message) {
  return UsageError(absl::StrFormat("%s:%d: %s", file, line, message));
}

// Signs of the language, such as '=' and ']]', which say nothing of the file.
bool IsTomlSign(std::string_view text) {
  return !text.empty() && text.size() <= 3 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::string_view("=,.[]{}#").find(c) !=
                  std::string_view::npos;
         });
}

// The parser's words up to where it begins to quote the file; signs of the
// language are kept, and an "expected" without its sign is not.
std::string OwnWords(std::string_view description) {
  description = description.substr(0, description.find(", saw"));
  std::string words;
  while (!description.empty()) {
    const size_t quote = description.find_first_of("'\"");
    words += description.substr(0, quote);
    if (quote == std::string_view::npos) break;
    const size_t end = description.find(description[quote], quote + 1);
    if (end == std::string_view::npos) break;
    const std::string_view inner =
        description.substr(quote + 1, end - quote - 1);
    if (!IsTomlSign(inner)) break;
    words += description.substr(quote, end - quote + 1);
    description.remove_prefix(end + 1);
  }
  const auto strip = [&](std::string_view tail) {
    if (words.ends_with(tail)) words.resize(words.size() - tail.size());
  };
  for (size_t before = 0; before != words.size();) {
    before = words.size();
    for (const std::string_view tail : {" ", ",", ":", " expected", " or"}) {
      strip(tail);
    }
  }
  const bool plain = std::all_of(words.begin(), words.end(),
                                 [](char c) { return c >= ' ' && c < '\x7f'; });
  return plain && !words.empty() ? words : "not valid TOML";
}

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  absl::StatusOr<TomlTable> Table(const toml::table& table, int line,
                                  int depth) {
    if (depth > kMaxDepth) return ErrorIn(file_, line, "nests too deeply");
    TomlTable::Map entries;
    for (const auto& [key, node] : table) {
      TALLY_ASSIGN_OR_RETURN(TomlValue value, Value(node, depth));
      entries.emplace(std::string(key.str()), std::move(value));
    }
    return TomlTable(file_, line, std::move(entries));
  }

 private:
  absl::StatusOr<TomlValue> Value(const toml::node& node, int depth) {
    // Tables that a dotted key makes have no place of their own.
    const int line = std::max(1, static_cast<int>(node.source().begin.line));
    switch (node.type()) {
      case toml::node_type::string:
        return TomlValue(std::string(node.ref<std::string>()), line);
      case toml::node_type::integer:
        return TomlValue(int64_t{node.ref<int64_t>()}, line);
      case toml::node_type::boolean:
        return TomlValue(bool{node.ref<bool>()}, line);
      case toml::node_type::floating_point: {
        const double value = node.ref<double>();
        if (!std::isfinite(value)) {
          return ErrorIn(file_, line, "inf and nan are not accepted");
        }
        return TomlValue(value, line);
      }
      case toml::node_type::date:
        return Date(node.ref<toml::date>(), line);
      case toml::node_type::array:
        return Array(*node.as_array(), line, depth);
      case toml::node_type::table: {
        TALLY_ASSIGN_OR_RETURN(TomlTable table,
                               Table(*node.as_table(), line, depth + 1));
        return TomlValue(std::move(table), line);
      }
      default:
        return ErrorIn(file_, line,
                       "times and date-times are not accepted; a date is "
                       "written 2026-11-20");
    }
  }

  absl::StatusOr<TomlValue> Date(const toml::date& date, int line) {
    const absl::StatusOr<CivilDay> day =
        CivilDay::Create(date.year, date.month, date.day);
    if (!day.ok()) return ErrorIn(file_, line, "there is no such day");
    return TomlValue(*day, line);
  }

  absl::StatusOr<TomlValue> Array(const toml::array& array, int line,
                                  int depth) {
    if (depth >= kMaxDepth) return ErrorIn(file_, line, "nests too deeply");
    TomlArray items;
    items.reserve(array.size());
    for (const toml::node& node : array) {
      TALLY_ASSIGN_OR_RETURN(TomlValue item, Value(node, depth + 1));
      items.push_back(std::move(item));
    }
    return TomlValue(std::move(items), line);
  }

  const std::string& file_;
};

const std::shared_ptr<const TomlTable::Map>& EmptyMap() {
  static const auto* const empty =
      new std::shared_ptr<const TomlTable::Map>(new TomlTable::Map());
  return *empty;
}

// The member `key` when `is_kind` holds for it; else an error.
template <typename IsKind>
absl::StatusOr<const TomlValue*> Member(const TomlTable& table,
                                        std::string_view key,
                                        std::string_view kind, IsKind is_kind) {
  const TomlValue* value = table.Find(key);
  if (value == nullptr) {
    return table.ErrorAt(table.line(), absl::StrFormat("`%s` is missing", key));
  }
  if (!is_kind(*value)) {
    return table.ErrorAt(
        value->line(),
        absl::StrFormat("`%s` is %s, not %s", key, value->KindName(), kind));
  }
  return value;
}

}  // namespace

TomlTable::TomlTable() : entries_(EmptyMap()) {}

TomlTable::TomlTable(std::string file, int line, Map entries)
    : file_(std::move(file)),
      line_(line),
      entries_(std::make_shared<const Map>(std::move(entries))) {}

const TomlTable::Map& TomlTable::entries() const { return *entries_; }
bool TomlTable::empty() const { return entries_->empty(); }

const TomlValue* TomlTable::Find(std::string_view key) const {
  const auto it = entries_->find(key);
  return it == entries_->end() ? nullptr : &it->second;
}

const TomlValue* TomlTable::FindPath(std::string_view path) const {
  const size_t dot = path.find('.');
  const TomlValue* value = Find(path.substr(0, dot));
  if (dot == std::string_view::npos || value == nullptr) return value;
  if (!value->is_table()) return nullptr;
  return value->AsTable().FindPath(path.substr(dot + 1));
}

std::vector<std::string> TomlTable::Keys() const {
  std::vector<std::string> keys;
  keys.reserve(entries_->size());
  for (const auto& [key, value] : *entries_) keys.push_back(key);
  return keys;
}

absl::Status TomlTable::ErrorAt(int line, std::string_view message) const {
  return ErrorIn(file_, line, message);
}

absl::StatusOr<std::string> TomlTable::GetString(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlValue* value,
                         Member(*this, key, "a text", [](const TomlValue& v) {
                           return v.is_string();
                         }));
  return value->AsString();
}

absl::StatusOr<int64_t> TomlTable::GetInt(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlValue* value,
                         Member(*this, key, "an integer",
                                [](const TomlValue& v) { return v.is_int(); }));
  return value->AsInt();
}

absl::StatusOr<int64_t> TomlTable::GetInt(std::string_view key, int64_t least,
                                          int64_t most) const {
  TALLY_ASSIGN_OR_RETURN(const int64_t value, GetInt(key));
  if (value >= least && value <= most) return value;
  return ErrorAt(
      Find(key)->line(),
      absl::StrFormat("%s is %d to %d", std::string(key), least, most));
}

absl::StatusOr<double> TomlTable::GetDouble(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlValue* value,
                         Member(*this, key, "a number", [](const TomlValue& v) {
                           return v.is_number();
                         }));
  return value->AsDouble();
}

absl::StatusOr<bool> TomlTable::GetBool(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(
      const TomlValue* value,
      Member(*this, key, "true or false",
             [](const TomlValue& v) { return v.is_bool(); }));
  return value->AsBool();
}

absl::StatusOr<CivilDay> TomlTable::GetDate(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlValue* value,
                         Member(*this, key, "a date", [](const TomlValue& v) {
                           return v.is_date();
                         }));
  return value->AsDate();
}

absl::StatusOr<TomlTable> TomlTable::GetTable(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlValue* value,
                         Member(*this, key, "a table", [](const TomlValue& v) {
                           return v.is_table();
                         }));
  return value->AsTable();
}

absl::StatusOr<TomlArray> TomlTable::GetArray(std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlValue* value,
                         Member(*this, key, "an array", [](const TomlValue& v) {
                           return v.is_array();
                         }));
  return value->AsArray();
}

absl::StatusOr<std::vector<std::string>> TomlTable::GetStrings(
    std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, GetArray(key));
  std::vector<std::string> texts;
  for (const TomlValue& item : array) {
    if (!item.is_string()) {
      return ErrorAt(item.line(),
                     absl::StrFormat("`%s` holds %s, not texts only", key,
                                     item.KindName()));
    }
    texts.push_back(item.AsString());
  }
  return texts;
}

absl::Status TomlTable::OnlyKeys(const std::vector<std::string>& known) const {
  const std::vector<absl::Status> unknown = UnknownKeys(known);
  return unknown.empty() ? absl::OkStatus() : unknown.front();
}

std::vector<absl::Status> TomlTable::UnknownKeys(
    const std::vector<std::string>& known) const {
  std::vector<const std::pair<const std::string, TomlValue>*> found;
  for (const auto& entry : *entries_) {
    if (std::find(known.begin(), known.end(), entry.first) == known.end()) {
      found.push_back(&entry);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto* a, const auto* b) {
                     return a->second.line() < b->second.line();
                   });
  std::vector<absl::Status> errors;
  for (const auto* entry : found) {
    const std::string nearest = NearestMatch(entry->first, known);
    errors.push_back(ErrorAt(
        entry->second.line(),
        absl::StrFormat(
            "unknown key `%s`%s", entry->first,
            nearest.empty() ? "" : "; did you mean `" + nearest + "`?")));
  }
  return errors;
}

bool TomlValue::AsBool() const {
  TALLY_CHECK(is_bool());
  return std::get<bool>(value_);
}
int64_t TomlValue::AsInt() const {
  TALLY_CHECK(is_int());
  return std::get<int64_t>(value_);
}
double TomlValue::AsDouble() const {
  TALLY_CHECK(is_number());
  if (is_int()) return static_cast<double>(std::get<int64_t>(value_));
  return std::get<double>(value_);
}
const std::string& TomlValue::AsString() const {
  TALLY_CHECK(is_string());
  return std::get<std::string>(value_);
}
CivilDay TomlValue::AsDate() const {
  TALLY_CHECK(is_date());
  return std::get<CivilDay>(value_);
}
const TomlArray& TomlValue::AsArray() const {
  TALLY_CHECK(is_array());
  return std::get<TomlArray>(value_);
}
const TomlTable& TomlValue::AsTable() const {
  TALLY_CHECK(is_table());
  return std::get<TomlTable>(value_);
}

std::string_view TomlValue::KindName() const {
  if (is_bool()) return "true or false";
  if (is_int()) return "an integer";
  if (is_double()) return "a number";
  if (is_string()) return "a text";
  if (is_date()) return "a date";
  if (is_array()) return "an array";
  return "a table";
}

absl::StatusOr<TomlTable> ParseToml(std::string_view text, std::string file) {
  if (!IsValidUtf8(text)) {
    return ErrorIn(file, 1, "the file is not UTF-8");
  }
  // The packaged library throws; nothing leaves here.
  try {
    const toml::table table = toml::parse(text);
    return Converter(file).Table(table, 1, 0);
  } catch (const toml::parse_error& error) {
    return UsageError(absl::StrFormat(
        "%s:%d:%d: %s", file, error.source().begin.line,
        error.source().begin.column, OwnWords(error.description())));
  } catch (const std::exception&) {
    return ErrorIn(file, 1, "not valid TOML");
  }
}

absl::StatusOr<TomlTable> ReadTomlFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return WithExitCode(text.status(), kExitUsage);
  return ParseToml(*text, path);
}

}  // namespace tally
