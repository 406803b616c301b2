#include "base/config.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"

extern char** environ;

namespace tally {
namespace {

using Texts = std::vector<std::string>;

absl::StatusOr<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return absl::InvalidArgumentError("not true or false");
}

absl::StatusOr<std::string> AnyText(std::string_view text) {
  return std::string(text);
}

// How a value of the file becomes a T: empty when it is of another kind.
absl::StatusOr<std::string> TextOf(const TomlValue& value) {
  if (value.is_string()) return value.AsString();
  return absl::InvalidArgumentError(
      absl::StrFormat("is %s, not a text", value.KindName()));
}

absl::StatusOr<int64_t> IntOf(const TomlValue& value) {
  if (value.is_int()) return value.AsInt();
  return absl::InvalidArgumentError(
      absl::StrFormat("is %s, not an integer", value.KindName()));
}

absl::StatusOr<bool> BoolOf(const TomlValue& value) {
  if (value.is_bool()) return value.AsBool();
  return absl::InvalidArgumentError(
      absl::StrFormat("is %s, not true or false", value.KindName()));
}

absl::StatusOr<double> DoubleOf(const TomlValue& value) {
  if (value.is_number()) return value.AsDouble();
  return absl::InvalidArgumentError(
      absl::StrFormat("is %s, not a number", value.KindName()));
}

absl::StatusOr<CivilDay> DateOf(const TomlValue& value) {
  if (value.is_date()) return value.AsDate();
  return absl::InvalidArgumentError(
      absl::StrFormat("is %s, not a date", value.KindName()));
}

absl::StatusOr<int64_t> SizeOf(const TomlValue& value) {
  if (value.is_int() && value.AsInt() >= 0) return value.AsInt();
  TALLY_ASSIGN_OR_RETURN(const std::string text, TextOf(value));
  return ParseSize(text);
}

absl::StatusOr<int64_t> DurationOf(const TomlValue& value) {
  TALLY_ASSIGN_OR_RETURN(const std::string text, TextOf(value));
  return ParseDurationMs(text);
}

absl::StatusOr<Texts> TextsOf(const TomlValue& value) {
  if (!value.is_array()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("is %s, not an array of texts", value.KindName()));
  }
  Texts texts;
  for (const TomlValue& item : value.AsArray()) {
    TALLY_ASSIGN_OR_RETURN(std::string text, TextOf(item));
    texts.push_back(std::move(text));
  }
  return texts;
}

absl::StatusOr<Texts> SplitTexts(std::string_view text) {
  Texts texts;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    texts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return texts;
}

// What `config print` shows.
std::string ShowText(const std::string& text) { return JsonValue(text).Dump(); }
std::string ShowInt(int64_t value) { return std::to_string(value); }
std::string ShowBool(bool value) { return value ? "true" : "false"; }
std::string ShowDouble(double value) { return JsonValue(value).Dump(); }
std::string ShowDate(CivilDay day) { return day.ToIso(); }
std::string ShowMs(int64_t ms) { return absl::StrFormat("\"%dms\"", ms); }
std::string ShowTexts(const Texts& texts) {
  JsonValue array = JsonValue::MakeArray();
  for (const std::string& text : texts) array.Append(text);
  return array.Dump();
}
std::string ShowReference(const std::string& text) {
  return text.empty()
             ? "\"\""
             : JsonValue(text.substr(0, text.find(':')) + ":...").Dump();
}

// `key` and the tables it lies in: "a", "a.b", "a.b.c".
void AddWithParents(std::string_view key, std::set<std::string>& out) {
  for (size_t dot = key.find('.'); dot != std::string_view::npos;
       dot = key.find('.', dot + 1)) {
    out.emplace(key.substr(0, dot));
  }
  out.emplace(key);
}

}  // namespace

ConfigReader::ConfigReader(TomlTable root, std::string env_prefix,
                           Environment environment)
    : root_(std::move(root)),
      env_prefix_(std::move(env_prefix)),
      environment_(std::move(environment)) {}

absl::StatusOr<ConfigReader> ConfigReader::FromFile(const std::string& path,
                                                    std::string env_prefix) {
  TALLY_ASSIGN_OR_RETURN(TomlTable root, ReadTomlFile(path));
  return ConfigReader(std::move(root), std::move(env_prefix),
                      ProcessEnvironment());
}

ConfigReader::Environment ConfigReader::ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

void ConfigReader::Override(std::string_view key, std::string text,
                            std::string flag) {
  flags_.insert_or_assign(std::string(key),
                          FlagValue{std::move(text), std::move(flag)});
}

std::string ConfigReader::EnvironmentName(std::string_view key) const {
  std::string name = env_prefix_ + "_";
  for (const char c : key) {
    const bool lower = c >= 'a' && c <= 'z';
    name += lower                  ? static_cast<char>(c - 'a' + 'A')
            : c == '.' || c == '-' ? '_'
                                   : c;
  }
  return name;
}

ConfigReader::Found ConfigReader::Look(std::string_view key,
                                       bool from_environment) {
  known_.emplace(key);
  std::string variable;
  if (from_environment && !env_prefix_.empty()) {
    variable = EnvironmentName(key);
    usable_variables_.insert(variable);
  }
  Found found;
  found.value = root_.FindPath(key);
  if (const auto flag = flags_.find(key); flag != flags_.end()) {
    found.text = flag->second.text;
    found.origin = "flag " + flag->second.flag;
    return found;
  }
  if (!variable.empty()) {
    if (const auto it = environment_.find(variable); it != environment_.end()) {
      found.text = it->second;
      found.origin = "environment " + variable;
      return found;
    }
  }
  if (found.value != nullptr) {
    found.origin = absl::StrFormat("%s:%d", root_.file(), found.value->line());
  }
  return found;
}

void ConfigReader::Note(std::string_view key, std::string value,
                        std::string origin, bool secret) {
  effective_.push_back(
      {std::string(key), std::move(value), std::move(origin), secret});
}

void ConfigReader::FailAt(const Found& found, std::string_view key,
                          std::string_view message) {
  if (!first_error_.ok()) return;
  const std::string where = found.origin.empty() ? root_.file() : found.origin;
  first_error_ =
      UsageError(absl::StrFormat("%s: `%s` %s", where, key, message));
}

void ConfigReader::Fail(std::string_view key, std::string_view message) {
  Found found;
  if (const auto flag = flags_.find(key); flag != flags_.end()) {
    found.origin = "flag " + flag->second.flag;
  } else if (const auto it = environment_.find(EnvironmentName(key));
             !env_prefix_.empty() && it != environment_.end()) {
    found.origin = "environment " + it->first;
  } else if (const TomlValue* value = root_.FindPath(key)) {
    found.origin = absl::StrFormat("%s:%d", root_.file(), value->line());
  }
  FailAt(found, key, message);
}

template <typename T, typename FromToml, typename FromText, typename Show>
T ConfigReader::Get(std::string_view key, std::optional<T> fallback,
                    FromToml from_toml, FromText from_text, Show show) {
  const Found found = Look(key, /*from_environment=*/true);
  if (!found.text.has_value() && found.value == nullptr) {
    if (!fallback.has_value()) FailAt(found, key, "is missing");
    T value = fallback.value_or(T());
    Note(key, show(value), "default");
    return value;
  }
  absl::StatusOr<T> value =
      found.text.has_value() ? from_text(*found.text) : from_toml(*found.value);
  if (!value.ok()) {
    FailAt(found, key, ToStd(value.status().message()));
    return fallback.value_or(T());
  }
  Note(key, show(*value), found.origin);
  return *std::move(value);
}

std::string ConfigReader::String(std::string_view key) {
  return Get<std::string>(key, std::nullopt, TextOf, AnyText, ShowText);
}
std::string ConfigReader::String(std::string_view key,
                                 std::string_view fallback) {
  return Get<std::string>(key, std::string(fallback), TextOf, AnyText,
                          ShowText);
}
int64_t ConfigReader::Int(std::string_view key) {
  return Get<int64_t>(key, std::nullopt, IntOf, ParseInt64, ShowInt);
}
int64_t ConfigReader::Int(std::string_view key, int64_t fallback) {
  return Get<int64_t>(key, fallback, IntOf, ParseInt64, ShowInt);
}
bool ConfigReader::Bool(std::string_view key) {
  return Get<bool>(key, std::nullopt, BoolOf, ParseBool, ShowBool);
}
bool ConfigReader::Bool(std::string_view key, bool fallback) {
  return Get<bool>(key, fallback, BoolOf, ParseBool, ShowBool);
}
double ConfigReader::Double(std::string_view key) {
  return Get<double>(key, std::nullopt, DoubleOf, ParseDouble, ShowDouble);
}
double ConfigReader::Double(std::string_view key, double fallback) {
  return Get<double>(key, fallback, DoubleOf, ParseDouble, ShowDouble);
}
int64_t ConfigReader::Size(std::string_view key) {
  return Get<int64_t>(key, std::nullopt, SizeOf, ParseSize, ShowInt);
}
int64_t ConfigReader::Size(std::string_view key, int64_t fallback) {
  return Get<int64_t>(key, fallback, SizeOf, ParseSize, ShowInt);
}
int64_t ConfigReader::DurationMs(std::string_view key) {
  return Get<int64_t>(key, std::nullopt, DurationOf, ParseDurationMs, ShowMs);
}
int64_t ConfigReader::DurationMs(std::string_view key, int64_t fallback) {
  return Get<int64_t>(key, fallback, DurationOf, ParseDurationMs, ShowMs);
}
CivilDay ConfigReader::Date(std::string_view key) {
  return Get<CivilDay>(
      key, std::nullopt, DateOf,
      [](std::string_view text) { return CivilDay::Parse(text); }, ShowDate);
}

double ConfigReader::Share(std::string_view key, double fallback) {
  const double share = Double(key, fallback);
  if (!(share >= 0 && share <= 1)) Fail(key, "is not between 0 and 1");
  return share;
}

std::string ConfigReader::Choice(std::string_view key,
                                 const std::vector<std::string>& allowed) {
  std::string value = String(key);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    Fail(key, "is not one of " + JoinText(allowed, ", "));
  }
  return value;
}

std::string ConfigReader::Choice(std::string_view key,
                                 const std::vector<std::string>& allowed,
                                 std::string_view fallback) {
  std::string value = String(key, fallback);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    Fail(key, "is not one of " + JoinText(allowed, ", "));
  }
  return value;
}

std::vector<std::string> ConfigReader::Strings(std::string_view key) {
  return Get<Texts>(key, Texts(), TextsOf, SplitTexts, ShowTexts);
}

std::string ConfigReader::SecretReference(std::string_view key) {
  std::string reference = OptionalSecretReference(key);
  if (reference.empty()) Fail(key, "is missing");
  return reference;
}

std::string ConfigReader::OptionalSecretReference(std::string_view key) {
  const Found found = Look(key, /*from_environment=*/false);
  std::string reference;
  if (found.text.has_value()) {
    reference = *found.text;
  } else if (found.value != nullptr) {
    if (!found.value->is_string()) FailAt(found, key, "is not a text");
    if (found.value->is_string()) reference = found.value->AsString();
  }
  // As every path of a configuration; PATH of a flag is the shell's.
  constexpr std::string_view kFile = "file:";
  if (found.value != nullptr && !found.text.has_value() &&
      std::string_view(reference).starts_with(kFile)) {
    reference = std::string(kFile) + JoinPath(DirectoryOf(root_.file()),
                                              reference.substr(kFile.size()));
  }
  if (!reference.empty()) {
    const absl::Status status = CheckSecretReference(reference);
    if (!status.ok())
      FailAt(found, key, "is no reference: " + std::string(status.message()));
  }
  Note(key, ShowReference(reference),
       found.origin.empty() ? "default" : found.origin, /*secret=*/true);
  return reference;
}

std::string ConfigReader::Path(std::string_view key) {
  const std::string path = String(key);
  return path.empty() ? path : JoinPath(DirectoryOf(root_.file()), path);
}

std::string ConfigReader::Path(std::string_view key,
                               std::string_view fallback) {
  const std::string path = String(key, fallback);
  return path.empty() ? path : JoinPath(DirectoryOf(root_.file()), path);
}

std::optional<TomlTable> ConfigReader::Table(std::string_view key) {
  open_.emplace(key);
  const TomlValue* value = root_.FindPath(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_table()) {
    Fail(key, absl::StrFormat("is %s, not a table", value->KindName()));
    return std::nullopt;
  }
  return value->AsTable();
}

TomlArray ConfigReader::Array(std::string_view key) {
  open_.emplace(key);
  const TomlValue* value = root_.FindPath(key);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    Fail(key, absl::StrFormat("is %s, not an array", value->KindName()));
    return {};
  }
  return value->AsArray();
}

const TomlValue* ConfigReader::Any(std::string_view key) {
  open_.emplace(key);
  return root_.FindPath(key);
}

std::vector<std::string> ConfigReader::Keys(std::string_view key) {
  tables_.emplace(key);
  const TomlValue* value = root_.FindPath(key);
  if (value == nullptr) return {};
  if (!value->is_table()) {
    Fail(key, absl::StrFormat("is %s, not a table", value->KindName()));
    return {};
  }
  return value->AsTable().Keys();
}

bool ConfigReader::Has(std::string_view key) const {
  return flags_.contains(key) || root_.FindPath(key) != nullptr ||
         (!env_prefix_.empty() && environment_.contains(EnvironmentName(key)));
}

absl::Status ConfigReader::CheckUnknown(const TomlTable& table,
                                        const std::string& prefix) {
  std::set<std::string> candidates;
  for (const auto* keys : {&known_, &open_, &tables_}) {
    for (const std::string& key : *keys) AddWithParents(key, candidates);
  }
  // In the order of the file, so that the first mistake is named first.
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [name, value] : table.entries()) {
    order.emplace_back(value.line(), name);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [line, name] : order) {
    const std::string path = prefix + name;
    if (open_.contains(path) || known_.contains(path)) continue;
    const TomlValue& value = *table.Find(name);
    if (candidates.contains(path) && value.is_table()) {
      TALLY_RETURN_IF_ERROR(CheckUnknown(value.AsTable(), path + "."));
      continue;
    }
    const std::vector<std::string> all(candidates.begin(), candidates.end());
    const std::string nearest = NearestMatch(path, all);
    return root_.ErrorAt(
        line, absl::StrFormat("unknown key `%s`%s", path,
                              nearest.empty() || nearest == path
                                  ? ""
                                  : "; did you mean `" + nearest + "`?"));
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckVariables() const {
  if (env_prefix_.empty()) return absl::OkStatus();
  const std::string prefix = env_prefix_ + "_";
  const std::vector<std::string> usable(usable_variables_.begin(),
                                        usable_variables_.end());
  for (const auto& [name, value] : environment_) {
    if (!name.starts_with(prefix) || usable_variables_.contains(name)) continue;
    const std::string nearest = NearestMatch(name, usable);
    return UsageError(absl::StrFormat(
        "environment variable %s sets nothing%s", name,
        nearest.empty() ? "" : "; did you mean " + nearest + "?"));
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::Finish() {
  TALLY_RETURN_IF_ERROR(first_error_);
  TALLY_RETURN_IF_ERROR(CheckUnknown(root_, ""));
  for (const auto& [key, flag] : flags_) {
    if (known_.contains(key)) continue;
    return absl::InternalError(
        absl::StrFormat("%s sets `%s`, which is no setting", flag.flag, key));
  }
  return CheckVariables();
}

absl::StatusOr<std::string> FindConfigIfAny(std::string_view asked,
                                            std::string_view program,
                                            bool user) {
  if (!asked.empty()) return std::string(asked);
  const std::string name = absl::StrFormat("tally/%s.toml", program);
  std::vector<std::string> places;
  const char* home =
      getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (user && home != nullptr && *home != '\0') {
    places.push_back(JoinPath(home, ".config/" + name));
  }
  places.push_back("/etc/" + name);
  for (const std::string& place : places) {
    struct stat info {};
    if (stat(place.c_str(), &info) == 0) return place;
    // Who put a file into a folder that may not be entered means it.
    if (errno != ENOENT && errno != ENOTDIR) {
      return ErrnoStatus(errno, "open", place);
    }
  }
  return std::string();
}

absl::StatusOr<std::string> FindConfig(std::string_view asked,
                                       std::string_view program, bool user,
                                       std::string_view hint) {
  TALLY_ASSIGN_OR_RETURN(std::string found,
                         FindConfigIfAny(asked, program, user));
  if (!found.empty()) return found;
  return UsageError(absl::StrFormat(
      "there is no configuration: name a file with --config, or write "
      "%s/etc/tally/%s.toml%s",
      user ? absl::StrFormat("~/.config/tally/%s.toml or ", program) : "",
      program, hint));
}

}  // namespace tally
