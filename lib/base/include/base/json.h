#ifndef TALLY_BASE_JSON_H_
#define TALLY_BASE_JSON_H_

// JSON values, a strict reader and a writer; and the canonical form of signed
// documents, in which one value has exactly one text. Errors give line and
// column, never a part of the text.
//
// Spec: docs/spec/manifest-v1.md; docs/spec/token-v1.md, "Registry".
// Threading: values.
// Secrets: none.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace tally {

class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  // Sorted by key, byte by byte.
  using Object = std::map<std::string, JsonValue, std::less<>>;

  // NOLINTBEGIN(google-explicit-constructor): a value is what it holds
  JsonValue() = default;  // null
  JsonValue(std::nullptr_t) {}
  JsonValue(bool value);
  JsonValue(int value);
  JsonValue(int64_t value);
  // REQUIRES: value <= INT64_MAX.
  JsonValue(uint64_t value);
  JsonValue(uint32_t value);
  // REQUIRES: finite.
  JsonValue(double value);
  JsonValue(std::string value);
  JsonValue(std::string_view value);
  JsonValue(const char* value);
  JsonValue(Array value);
  JsonValue(Object value);
  // NOLINTEND(google-explicit-constructor)
  JsonValue(const JsonValue&) = default;
  JsonValue(JsonValue&&) noexcept = default;
  JsonValue& operator=(const JsonValue&) = default;
  JsonValue& operator=(JsonValue&&) noexcept = default;
  ~JsonValue() = default;
  static JsonValue MakeArray() { return JsonValue(Array()); }
  static JsonValue MakeObject() { return JsonValue(Object()); }

  bool is_null() const;
  bool is_bool() const;
  bool is_int() const;
  bool is_double() const;
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const;
  bool is_array() const;
  bool is_object() const;

  // REQUIRES: the value is of that type; AsDouble takes integers too.
  bool AsBool() const;
  int64_t AsInt() const;
  double AsDouble() const;
  const std::string& AsString() const;
  const Array& AsArray() const;
  const Object& AsObject() const;

  // The member of an object, or nullptr: no such member, or no object.
  const JsonValue* Find(std::string_view key) const;

  // Members by type, for readers of documents: kInvalidArgument naming the key
  // when it is missing or of another type.
  absl::StatusOr<std::string> GetString(std::string_view key) const;
  absl::StatusOr<int64_t> GetInt(std::string_view key) const;
  // The same, of `least` to `most`; kInvalidArgument also outside.
  absl::StatusOr<int64_t> GetInt(std::string_view key, int64_t least,
                                 int64_t most) const;
  absl::StatusOr<bool> GetBool(std::string_view key) const;
  absl::StatusOr<double> GetDouble(std::string_view key) const;
  absl::StatusOr<const Array*> GetArray(std::string_view key) const;
  absl::StatusOr<const Object*> GetObject(std::string_view key) const;

  // OK when the object has no member beyond `keys`; else kInvalidArgument
  // naming one. Also when this is no object.
  absl::Status OnlyKeys(std::initializer_list<std::string_view> keys) const;

  // Sets a member. REQUIRES: an object, or null, which becomes one.
  JsonValue& Set(std::string_view key, JsonValue value);
  // Appends. REQUIRES: an array, or null, which becomes one.
  JsonValue& Append(JsonValue value);

  // One line without white space, ASCII (others as \u escapes, lower-case hex),
  // members in order of key. REQUIRES: every text is valid UTF-8.
  std::string Dump() const;
  // Two spaces a level, no final newline.
  std::string DumpPretty() const;

  friend bool operator==(const JsonValue&, const JsonValue&) = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array,
               Object>
      value_;
};

// Reads one JSON text (RFC 8259). Returns kInvalidArgument with line and column
// for anything else: a key twice in an object, deeper than `max_depth` (a
// scalar has depth 0), invalid UTF-8, an integer beyond int64, a double beyond
// its range, text after the value.
absl::StatusOr<JsonValue> ParseJson(std::string_view text, int max_depth);

// Reads a canonical document: at most `max_bytes`, ASCII, keys sorted, integers
// and text only (no null, bool or fraction; objects and arrays may nest to
// `max_depth`), no white space, one final newline, and re-encodes to the same
// bytes. Returns kInvalidArgument saying which rule is broken.
absl::StatusOr<JsonValue> ParseCanonicalJson(std::string_view text,
                                             int64_t max_bytes, int max_depth);

// The canonical text, with the final newline. REQUIRES: integers, text, arrays
// and objects only; text valid UTF-8.
std::string DumpCanonicalJson(const JsonValue& value);

}  // namespace tally

#endif  // TALLY_BASE_JSON_H_
