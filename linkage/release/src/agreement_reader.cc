#include "agreement_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/strings.h"

namespace tally::linkage {

void AgreementReader::Fail(int line, std::string_view path,
                           std::string_view what) {
  if (!status_.ok()) return;
  ErrorDetail detail;
  detail.field = std::string(path);
  status_ = Error(Reason::kAgreementInvalid,
                  absl::StrFormat("%s:%d: %s: %s", file_, line, path, what),
                  std::move(detail));
}

void AgreementReader::OnlyKeys(const TomlTable& table, const std::string& path,
                               std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : table.entries()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::vector<std::string> names(known.begin(), known.end());
    const std::string nearest = NearestMatch(key, names);
    Fail(value.line(), path.empty() ? "agreement" : path,
         nearest.empty() ? std::string("unknown key on this line")
                         : absl::StrFormat("unknown key on this line; "
                                           "nearest known: %s",
                                           nearest));
  }
}

const TomlTable* AgreementReader::Table(const TomlTable& from,
                                        const std::string& key) {
  const TomlValue* value = from.Find(key);
  if (value == nullptr || !value->is_table()) {
    Fail(value == nullptr ? from.line() : value->line(), key,
         "a table is needed here");
    return nullptr;
  }
  return &value->AsTable();
}

const TomlValue* AgreementReader::Required(const TomlTable& table,
                                           std::string_view key,
                                           const std::string& path) {
  const TomlValue* value = table.Find(key);
  if (value == nullptr) Fail(table.line(), path, "missing");
  return value;
}

std::string AgreementReader::Text(const TomlTable& table, std::string_view key,
                                  const std::string& path, size_t max) {
  const TomlValue* value = Required(table, key, path);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    Fail(value->line(), path, "must be a text");
    return {};
  }
  CheckText(value->AsString(), value->line(), path, max);
  return value->AsString();
}

void AgreementReader::CheckText(const std::string& text, int line,
                                const std::string& path, size_t max) {
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (text.empty() || text.size() > max || control || !IsValidUtf8(text)) {
    Fail(line, path,
         absl::StrFormat("must have 1 to %d bytes and no control character",
                         max));
  }
}

std::string AgreementReader::Id(const TomlTable& table, std::string_view key,
                                const std::string& path) {
  const TomlValue* value = Required(table, key, path);
  if (value == nullptr) return {};
  if (!value->is_string() || !IsResourceId(value->AsString())) {
    Fail(value->line(), path,
         "must be an id: a small letter, then up to 62 small letters, "
         "digits and hyphens");
    return {};
  }
  return value->AsString();
}

CivilDay AgreementReader::Date(const TomlTable& table, std::string_view key,
                               const std::string& path) {
  const TomlValue* value = Required(table, key, path);
  if (value == nullptr) return {};
  if (!value->is_date()) {
    Fail(value->line(), path, "must be a date, without quotes");
    return {};
  }
  return value->AsDate();
}

std::string AgreementReader::Choice(
    const TomlTable& table, std::string_view key, const std::string& path,
    std::initializer_list<std::string_view> allowed,
    std::string_view fallback) {
  const TomlValue* value = table.Find(key);
  if (value == nullptr && !fallback.empty()) return std::string(fallback);
  if (value == nullptr) {
    Fail(table.line(), path, "missing");
    return {};
  }
  if (value->is_string() && std::find(allowed.begin(), allowed.end(),
                                      value->AsString()) != allowed.end()) {
    return value->AsString();
  }
  std::vector<std::string> names(allowed.begin(), allowed.end());
  Fail(value->line(), path, "must be one of " + JoinText(names, ", "));
  return {};
}

int AgreementReader::Int(const TomlTable& table, std::string_view key,
                         const std::string& path, int low, int high,
                         int fallback) {
  const TomlValue* value = table.Find(key);
  if (value == nullptr) return fallback;
  if (!value->is_int() || value->AsInt() < low || value->AsInt() > high) {
    Fail(value->line(), path,
         absl::StrFormat("must be an integer from %d to %d", low, high));
    return fallback;
  }
  return static_cast<int>(value->AsInt());
}

std::vector<std::string> AgreementReader::Texts(const TomlTable& table,
                                                std::string_view key,
                                                const std::string& path,
                                                size_t min, size_t max) {
  const TomlValue* value = Required(table, key, path);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    Fail(value->line(), path, "must be a list of texts");
    return {};
  }
  const TomlArray& array = value->AsArray();
  if (array.size() < min || array.size() > max) {
    Fail(value->line(), path,
         absl::StrFormat("must have %d to %d entries", min, max));
    return {};
  }
  std::vector<std::string> texts;
  std::set<std::string> seen;
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string at = absl::StrFormat("%s[%d]", path, i);
    if (!array[i].is_string()) {
      Fail(array[i].line(), at, "must be a text");
      return {};
    }
    if (!seen.insert(array[i].AsString()).second) {
      Fail(array[i].line(), at, "is there twice");
    }
    texts.push_back(array[i].AsString());
  }
  return texts;
}

}  // namespace tally::linkage
