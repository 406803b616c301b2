#ifndef TALLY_ENGINE_VALUE_H_
#define TALLY_ENGINE_VALUE_H_

// Values that are bound to the `?` of a statement, and single values that come
// back. A value never becomes part of a statement's text.
//
// Role: hub and analyst. Spec: docs/spec/engine.md, "Values".
// Threading: values.
// Secrets: may hold record values; nothing here prints.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace tally::engine {

// A day, in days since 1970-01-01.
struct Date {
  int32_t days = 0;
  friend bool operator==(Date, Date) = default;
};

// NULL, BOOLEAN, BIGINT, DOUBLE, DATE or VARCHAR (UTF-8).
class Value {
 public:
  Value() = default;  // NULL
  static Value Null() { return Value(); }
  static Value Bool(bool value) { return Value(Data(value)); }
  static Value Int64(int64_t value) { return Value(Data(value)); }
  static Value Double(double value) { return Value(Data(value)); }
  static Value Day(int32_t days) { return Value(Data(Date{days})); }
  static Value Text(std::string value) { return Value(Data(std::move(value))); }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  // The value if it is of type T, else nullptr. T: bool, int64_t, double, Date,
  // std::string.
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data_);
  }

  friend bool operator==(const Value&, const Value&) = default;

 private:
  using Data =
      std::variant<std::monostate, bool, int64_t, double, Date, std::string>;
  explicit Value(Data data) : data_(std::move(data)) {}

  Data data_;
};

}  // namespace tally::engine

#endif  // TALLY_ENGINE_VALUE_H_
