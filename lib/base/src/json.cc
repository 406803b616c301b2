#include "base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally {
namespace {

// Builds a JsonValue from the events of nlohmann's reader, so that depth,
// repeated keys and numbers are checked as they come.
class Builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  explicit Builder(int max_depth) : max_depth_(max_depth) {}

  // NOLINTBEGIN(readability-identifier-naming): names of the reader's interface
  bool null() { return Put(JsonValue()); }
  bool boolean(bool value) { return Put(JsonValue(value)); }
  bool number_integer(number_integer_t value) { return Put(JsonValue(value)); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Fail("an integer is out of range");
    }
    return Put(JsonValue(static_cast<int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t& text) {
    if (text.find_first_of(".eE") == string_t::npos) {
      return Fail("an integer is out of range");
    }
    if (!std::isfinite(value)) return Fail("a number is out of range");
    return Put(JsonValue(value));
  }
  bool string(string_t& value) { return Put(JsonValue(std::move(value))); }
  bool binary(binary_t& /*value*/) { return Fail("binary is no JSON"); }
  bool start_object(size_t /*size*/) { return Open(JsonValue::MakeObject()); }
  bool start_array(size_t /*size*/) { return Open(JsonValue::MakeArray()); }
  bool key(string_t& name) {
    if (open_.back().value.Find(name) != nullptr) {
      return Fail("a key comes twice in one object");
    }
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    position_ = position;
    return false;
  }
  // NOLINTEND(readability-identifier-naming)

  const std::string& rule() const { return rule_; }
  size_t position() const { return position_; }
  JsonValue Take() { return std::move(result_); }

 private:
  struct Level {
    JsonValue value;
    std::string key;
  };

  bool Fail(const char* rule) {
    rule_ = rule;
    return false;
  }

  bool Open(JsonValue value) {
    if (static_cast<int64_t>(open_.size()) >= max_depth_) {
      return Fail("it nests too deeply");
    }
    open_.push_back({std::move(value), ""});
    return true;
  }

  bool Close() {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    return Put(std::move(value));
  }

  bool Put(JsonValue value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.Append(std::move(value));
    } else {
      open_.back().value.Set(open_.back().key, std::move(value));
    }
    return true;
  }

  const int max_depth_;
  std::vector<Level> open_;
  JsonValue result_;
  std::string rule_;
  size_t position_ = 0;
};

absl::Status PositionError(std::string_view text, size_t position) {
  const std::string_view before =
      text.substr(0, std::min(position == 0 ? 0 : position - 1, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos
                            ? before.size()
                            : before.size() - newline - 1;
  return absl::InvalidArgumentError(absl::StrFormat(
      "not valid JSON at line %d, column %d", line, column + 1));
}

void AppendEscape(std::string& out, uint32_t unit) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out += kDigits[(unit >> shift) & 15];
  }
}

// One code point of valid UTF-8; `i` moves behind it.
uint32_t TakeCodePoint(std::string_view text, size_t& i) {
  const auto lead = static_cast<uint8_t>(text[i++]);
  if (lead < 0x80) return lead;
  const int extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t code = lead & (0x3fU >> extra);
  for (int j = 0; j < extra; ++j) {
    code = code << 6 | (static_cast<uint8_t>(text[i++]) & 0x3fU);
  }
  return code;
}

void AppendString(std::string& out, std::string_view text) {
  TALLY_CHECK(IsValidUtf8(text));
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const uint32_t code = TakeCodePoint(text, i);
    if (code == '"' || code == '\\') {
      out += '\\';
      out += static_cast<char>(code);
    } else if (code == '\n') {
      out += "\\n";
    } else if (code == '\r') {
      out += "\\r";
    } else if (code == '\t') {
      out += "\\t";
    } else if (code == '\b') {
      out += "\\b";
    } else if (code == '\f') {
      out += "\\f";
    } else if (code >= 0x20 && code < 0x7f) {
      out += static_cast<char>(code);
    } else if (code < 0x10000) {
      AppendEscape(out, code);
    } else {
      AppendEscape(out, 0xd800 + ((code - 0x10000) >> 10));
      AppendEscape(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  out += '"';
}

void AppendDouble(std::string& out, double value) {
  std::array<char, 32> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  const std::string_view text(buffer.data(),
                              static_cast<size_t>(result.ptr - buffer.data()));
  out += text;
  // Stays a double when read again.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

// indent < 0: compact.
void Append(std::string& out, const JsonValue& value, int indent);

void AppendLine(std::string& out, int indent) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<size_t>(indent) * 2, ' ');
}

template <typename Container, typename AppendItem>
void AppendAll(std::string& out, char open, char close,
               const Container& container, int indent, AppendItem append_item) {
  out += open;
  const int inner = indent < 0 ? indent : indent + 1;
  bool first = true;
  for (const auto& item : container) {
    if (!first) out += ',';
    first = false;
    AppendLine(out, inner);
    append_item(item, inner);
  }
  if (!container.empty()) AppendLine(out, indent);
  out += close;
}

void Append(std::string& out, const JsonValue& value, int indent) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.AsBool() ? "true" : "false";
  } else if (value.is_int()) {
    out += std::to_string(value.AsInt());
  } else if (value.is_double()) {
    AppendDouble(out, value.AsDouble());
  } else if (value.is_string()) {
    AppendString(out, value.AsString());
  } else if (value.is_array()) {
    AppendAll(
        out, '[', ']', value.AsArray(), indent,
        [&out](const JsonValue& item, int inner) { Append(out, item, inner); });
  } else {
    AppendAll(out, '{', '}', value.AsObject(), indent,
              [&out](const auto& member, int inner) {
                AppendString(out, member.first);
                out += inner < 0 ? ":" : ": ";
                Append(out, member.second, inner);
              });
  }
}

// Whether only integers, text, arrays and objects are in it.
bool IsCanonicalKind(const JsonValue& value) {
  if (value.is_int() || value.is_string()) return true;
  if (value.is_array()) {
    return std::all_of(value.AsArray().begin(), value.AsArray().end(),
                       IsCanonicalKind);
  }
  if (value.is_object()) {
    return std::all_of(
        value.AsObject().begin(), value.AsObject().end(),
        [](const auto& member) { return IsCanonicalKind(member.second); });
  }
  return false;
}

absl::Status NoMember(std::string_view key, std::string_view kind) {
  return absl::InvalidArgumentError(
      absl::StrFormat("\"%s\" is missing or is not %s", key, kind));
}

}  // namespace

JsonValue::JsonValue(bool value) : value_(value) {}
JsonValue::JsonValue(int value) : value_(int64_t{value}) {}
JsonValue::JsonValue(int64_t value) : value_(value) {}
JsonValue::JsonValue(uint32_t value) : value_(int64_t{value}) {}
JsonValue::JsonValue(uint64_t value) : value_(static_cast<int64_t>(value)) {
  TALLY_CHECK(value <=
              static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
}
JsonValue::JsonValue(double value) : value_(value) {
  TALLY_CHECK(std::isfinite(value));
}
JsonValue::JsonValue(std::string value) : value_(std::move(value)) {}
JsonValue::JsonValue(std::string_view value) : value_(std::string(value)) {}
JsonValue::JsonValue(const char* value) : value_(std::string(value)) {}
JsonValue::JsonValue(Array value) : value_(std::move(value)) {}
JsonValue::JsonValue(Object value) : value_(std::move(value)) {}

bool JsonValue::is_null() const {
  return std::holds_alternative<std::monostate>(value_);
}
bool JsonValue::is_bool() const { return std::holds_alternative<bool>(value_); }
bool JsonValue::is_int() const {
  return std::holds_alternative<int64_t>(value_);
}
bool JsonValue::is_double() const {
  return std::holds_alternative<double>(value_);
}
bool JsonValue::is_string() const {
  return std::holds_alternative<std::string>(value_);
}
bool JsonValue::is_array() const {
  return std::holds_alternative<Array>(value_);
}
bool JsonValue::is_object() const {
  return std::holds_alternative<Object>(value_);
}

bool JsonValue::AsBool() const {
  TALLY_CHECK(is_bool());
  return std::get<bool>(value_);
}
int64_t JsonValue::AsInt() const {
  TALLY_CHECK(is_int());
  return std::get<int64_t>(value_);
}
double JsonValue::AsDouble() const {
  TALLY_CHECK(is_number());
  if (is_int()) return static_cast<double>(std::get<int64_t>(value_));
  return std::get<double>(value_);
}
const std::string& JsonValue::AsString() const {
  TALLY_CHECK(is_string());
  return std::get<std::string>(value_);
}
const JsonValue::Array& JsonValue::AsArray() const {
  TALLY_CHECK(is_array());
  return std::get<Array>(value_);
}
const JsonValue::Object& JsonValue::AsObject() const {
  TALLY_CHECK(is_object());
  return std::get<Object>(value_);
}

const JsonValue* JsonValue::Find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const Object& object = std::get<Object>(value_);
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &it->second;
}

absl::StatusOr<std::string> JsonValue::GetString(std::string_view key) const {
  const JsonValue* value = Find(key);
  if (value == nullptr || !value->is_string()) return NoMember(key, "a text");
  return value->AsString();
}

absl::StatusOr<int64_t> JsonValue::GetInt(std::string_view key) const {
  const JsonValue* value = Find(key);
  if (value == nullptr || !value->is_int()) return NoMember(key, "an integer");
  return value->AsInt();
}

absl::StatusOr<int64_t> JsonValue::GetInt(std::string_view key, int64_t least,
                                          int64_t most) const {
  const JsonValue* value = Find(key);
  if (value != nullptr && value->is_int() && value->AsInt() >= least &&
      value->AsInt() <= most) {
    return value->AsInt();
  }
  return NoMember(key,
                  absl::StrFormat("an integer from %d to %d", least, most));
}

absl::StatusOr<bool> JsonValue::GetBool(std::string_view key) const {
  const JsonValue* value = Find(key);
  if (value == nullptr || !value->is_bool()) {
    return NoMember(key, "true or false");
  }
  return value->AsBool();
}

absl::StatusOr<double> JsonValue::GetDouble(std::string_view key) const {
  const JsonValue* value = Find(key);
  if (value == nullptr || !value->is_number()) return NoMember(key, "a number");
  return value->AsDouble();
}

absl::StatusOr<const JsonValue::Array*> JsonValue::GetArray(
    std::string_view key) const {
  const JsonValue* value = Find(key);
  if (value == nullptr || !value->is_array()) return NoMember(key, "an array");
  return &value->AsArray();
}

absl::StatusOr<const JsonValue::Object*> JsonValue::GetObject(
    std::string_view key) const {
  const JsonValue* value = Find(key);
  if (value == nullptr || !value->is_object()) {
    return NoMember(key, "an object");
  }
  return &value->AsObject();
}

absl::Status JsonValue::OnlyKeys(
    std::initializer_list<std::string_view> keys) const {
  if (!is_object()) return absl::InvalidArgumentError("not an object");
  for (const auto& [name, value] : AsObject()) {
    if (std::find(keys.begin(), keys.end(), std::string_view(name)) ==
        keys.end()) {
      // The name comes from outside: shown only when it looks like a name.
      return absl::InvalidArgumentError(
          IsResourceId(name) ? absl::StrFormat("unknown member \"%s\"", name)
                             : "unknown member");
    }
  }
  return absl::OkStatus();
}

JsonValue& JsonValue::Set(std::string_view key, JsonValue value) {
  if (is_null()) value_ = Object();
  TALLY_CHECK(is_object());
  std::get<Object>(value_).insert_or_assign(std::string(key), std::move(value));
  return *this;
}

JsonValue& JsonValue::Append(JsonValue value) {
  if (is_null()) value_ = Array();
  TALLY_CHECK(is_array());
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

std::string JsonValue::Dump() const {
  std::string out;
  ::tally::Append(out, *this, -1);
  return out;
}

std::string JsonValue::DumpPretty() const {
  std::string out;
  ::tally::Append(out, *this, 0);
  return out;
}

absl::StatusOr<JsonValue> ParseJson(std::string_view text, int max_depth) {
  // The reader skips a byte order mark; a document of ours has none.
  if (text.starts_with("\xef\xbb\xbf")) return PositionError(text, 1);
  Builder builder(max_depth);
  try {
    if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
      return builder.Take();
    }
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError("not valid JSON");
  }
  if (!builder.rule().empty()) {
    return absl::InvalidArgumentError("not acceptable JSON: " + builder.rule());
  }
  return PositionError(text, builder.position());
}

absl::StatusOr<JsonValue> ParseCanonicalJson(std::string_view text,
                                             int64_t max_bytes, int max_depth) {
  if (static_cast<int64_t>(text.size()) > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("not canonical JSON: longer than %d bytes", max_bytes));
  }
  if (!text.ends_with('\n')) {
    return absl::InvalidArgumentError(
        "not canonical JSON: it does not end with a newline");
  }
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<uint8_t>(c) < 0x80;
  });
  if (!ascii) {
    return absl::InvalidArgumentError("not canonical JSON: not ASCII");
  }
  TALLY_ASSIGN_OR_RETURN(JsonValue value,
                         ParseJson(text.substr(0, text.size() - 1), max_depth));
  if (!IsCanonicalKind(value)) {
    return absl::InvalidArgumentError(
        "not canonical JSON: integers and text only");
  }
  if (DumpCanonicalJson(value) != text) {
    return absl::InvalidArgumentError(
        "not canonical JSON: it does not re-encode to the same bytes (order of "
        "keys, white space, escapes)");
  }
  return value;
}

std::string DumpCanonicalJson(const JsonValue& value) {
  TALLY_CHECK(IsCanonicalKind(value));
  return value.Dump() + "\n";
}

}  // namespace tally
