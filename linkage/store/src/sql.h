// The one place that talks SOCI: statements with bound values, rows as text and
// integers, transactions, and errors in our own words.
//
// SOCI's exception text contains the bound values; nothing of it leaves here.
//
// A session of PostgreSQL that was lost (the server restarted or failed over, a
// firewall cut an idle connection) is opened again by the next use outside a
// transaction, within the URL's connect_timeout (kPostgresSettings in sql.cc).
// A use that comes sooner than a second after an attempt that failed is refused
// without another. A use that finds the session lost and opens it anew
// succeeds; one that loses it half-way returns CATALOGUE_BUSY, and nothing is
// done a second time here. State of a session (SET, advisory locks of a
// session) does not outlive it: take locks of a transaction.
//
// What CATALOGUE_BUSY means for the caller: a Query read nothing; an Execute
// outside a transaction, or a Transaction, may have been done or be on its way,
// since the answer to the COMMIT may be what was lost. Whoever tries again
// finds out first: by a request id in the same transaction, or by a change that
// can be made only once (UPDATE ... WHERE state = ..., ON CONFLICT DO NOTHING).
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
  // As Catalogue::Open, without the schema. Errors also: FailedPrecondition for
  // a database of PostgreSQL that does not sort by bytes (C collation).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Sql>> Open(
      std::string_view url, const std::string& sqlite_path,
      std::string_view password);
  ~Sql();

  bool is_sqlite() const;

  // Runs a statement; values are bound to its :names in order of appearance.
  // Returns the number of rows that it changed.
  // Errors: CATALOGUE_BUSY if the database is away, or another process holds a
  // lock for longer than 10 s; DISK_LOW; FILE_DIGEST if it is damaged; else
  // INTERNAL. Cost, outside a transaction of PostgreSQL: one more round trip,
  // which asks whether the session is there.
  [[nodiscard]] absl::StatusOr<int64_t> Execute(
      std::string_view statement, const std::vector<SqlValue>& values = {});

  // Runs a SELECT. `types` has one letter a column, i or t. No column may be
  // NULL. Errors and cost: as Execute.
  [[nodiscard]] absl::StatusOr<std::vector<SqlRow>> Query(
      std::string_view statement, std::string_view types,
      const std::vector<SqlValue>& values = {});

  // Runs `body` in a transaction: committed if it returns OK, else undone. A
  // statement that failed in it fails the whole, also where `body` passes over
  // that: PostgreSQL would undo everything and call it done. Not nested.
  // Errors: what `body` or the statement returned, or as Execute. After
  // CATALOGUE_BUSY it may be committed: see above.
  [[nodiscard]] absl::Status Transaction(
      const std::function<absl::Status()>& body);

 private:
  struct Session;
  explicit Sql(std::unique_ptr<Session> session);
  // Opens a lost session again, unless a transaction is at work in it.
  [[nodiscard]] absl::Status Ready();
  // Keeps what failed in a transaction.
  void Failed(const absl::Status& status);
  std::unique_ptr<Session> session_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_SQL_H_
