// Where the catalogue of a test is. Tests that include this are built twice,
// with sqlite_database.cc and with postgres_database.cc: what the catalogue
// promises holds on both.

#ifndef TALLY_TESTS_UNIT_LINKAGE_STORE_CATALOGUE_DATABASE_H_
#define TALLY_TESTS_UNIT_LINKAGE_STORE_CATALOGUE_DATABASE_H_

#include <memory>
#include <string>

#include "sql.h"
#include "temp_dir.h"

namespace tally::linkage {

struct TestDatabase {
  std::string url;
  std::string sqlite_path;

  absl::StatusOr<std::unique_ptr<Sql>> Open() const {
    return Sql::Open(url, sqlite_path, "");
  }
};

// A new one without tables; it lives as long as `dir`.
TestDatabase NewTestDatabase(const TempDir& dir);

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_STORE_CATALOGUE_DATABASE_H_
