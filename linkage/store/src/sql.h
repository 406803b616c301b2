// The one place that talks SOCI: statements with bound values, rows as text and
// integers, transactions, and errors in our own words.
//
// SOCI's exception text contains the bound values; nothing of it leaves here.
//
// Spec: docs/spec/hub-directory-v1.md, "Catalogue"
// Threading: one thread at a time (the catalogue holds a lock).
// Secrets: the password of a PostgreSQL URL, for the connection.

#ifndef TALLY_LINKAGE_STORE_SRC_SQL_H_
#define TALLY_LINKAGE_STORE_SRC_SQL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::linkage {

using SqlValue = std::variant<int64_t, std::string>;

class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}
  // REQUIRES: column i was asked for as that type.
  int64_t Int(size_t i) const { return std::get<int64_t>(values_.at(i)); }
  int32_t Int32(size_t i) const { return static_cast<int32_t>(Int(i)); }
  const std::string& Text(size_t i) const {
    return std::get<std::string>(values_.at(i));
  }

 private:
  std::vector<SqlValue> values_;
};

class Sql {
 public:
  // As Catalogue::Open, without the schema.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Sql>> Open(
      std::string_view url, const std::string& sqlite_path,
      std::string_view password);
  ~Sql();

  bool is_sqlite() const;

  // Runs a statement; values are bound to its :names in order of appearance.
  // Returns the number of rows that it changed.
  [[nodiscard]] absl::StatusOr<int64_t> Execute(
      std::string_view statement, const std::vector<SqlValue>& values = {});

  // Runs a SELECT. `types` has one letter a column, i or t. No column may be
  // NULL.
  [[nodiscard]] absl::StatusOr<std::vector<SqlRow>> Query(
      std::string_view statement, std::string_view types,
      const std::vector<SqlValue>& values = {});

  // Runs `body` in a transaction: committed if it returns OK, else undone.
  [[nodiscard]] absl::Status Transaction(
      const std::function<absl::Status()>& body);

 private:
  struct Session;
  explicit Sql(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_SQL_H_
