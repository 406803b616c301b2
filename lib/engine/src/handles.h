#ifndef TALLY_ENGINE_SRC_HANDLES_H_
#define TALLY_ENGINE_SRC_HANDLES_H_

// What stands behind Database and Connection: DuckDB's own handles, closed in
// the right order. Private to lib/engine.
//
// Threading: DatabaseHandle from any thread; a ConnectionHandle from one at a
// time, except interrupt.

#include <duckdb.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "engine/database.h"
#include "row_table_function.h"

namespace tally::engine {

class DatabaseHandle {
 public:
  DatabaseHandle() = default;
  ~DatabaseHandle() {
    if (database_ != nullptr) duckdb_close(&database_);
  }
  DatabaseHandle(const DatabaseHandle&) = delete;
  DatabaseHandle& operator=(const DatabaseHandle&) = delete;

  duckdb_database* database() { return &database_; }
  RowFeeds& feeds() { return feeds_; }
  ErrorText error_text = ErrorText::kOurs;

 private:
  duckdb_database database_ = nullptr;
  RowFeeds feeds_;
};

class ConnectionHandle {
 public:
  ConnectionHandle(std::shared_ptr<DatabaseHandle> owner,
                   duckdb_connection connection)
      : owner_(std::move(owner)), connection_(connection) {}
  ~ConnectionHandle() { duckdb_disconnect(&connection_); }
  ConnectionHandle(const ConnectionHandle&) = delete;
  ConnectionHandle& operator=(const ConnectionHandle&) = delete;

  duckdb_connection get() const { return connection_; }
  DatabaseHandle& database() const { return *owner_; }
  ErrorText error_text() const { return owner_->error_text; }

 private:
  const std::shared_ptr<DatabaseHandle> owner_;
  duckdb_connection connection_;
};

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_HANDLES_H_
