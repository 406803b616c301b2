#ifndef TALLY_TESTS_SQLITE_STATEMENT_H_
#define TALLY_TESTS_SQLITE_STATEMENT_H_

// Another program's statement on a database in SQLite, beside the hub's own
// connection. Link sqlite3.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

namespace tally {

inline void RunOnSqlite(const std::string& path, const std::string& statement) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  EXPECT_EQ(sqlite3_exec(db, statement.c_str(), nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
}

}  // namespace tally

#endif  // TALLY_TESTS_SQLITE_STATEMENT_H_
