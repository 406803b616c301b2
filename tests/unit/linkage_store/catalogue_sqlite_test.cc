// What holds for a catalogue in SQLite only.

#include <sqlite3.h>

#include "linkage/store/catalogue.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

TEST(SqliteCatalogueTest, UsesWalAndFullSync) {
  const TempDir dir;
  const std::string path = dir.Path("catalogue.db");
  ASSERT_THAT(Catalogue::Open("sqlite", path), IsOk());
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  std::string mode;
  sqlite3_exec(
      db, "PRAGMA journal_mode",
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0];
        return 0;
      },
      &mode, nullptr);
  sqlite3_close(db);
  EXPECT_EQ(mode, "wal");
}

TEST(SqliteCatalogueTest, RefusesAFileThatIsNoDatabase) {
  const TempDir dir;
  WriteFile(dir.Path("other.db"), std::string(8'192, 'x'));
  EXPECT_THAT(Catalogue::Open("sqlite", dir.Path("other.db")),
              ExitCodeIs(kExitIntegrity));
}

TEST(SqliteCatalogueTest, RefusesAnUnknownUrl) {
  const TempDir dir;
  EXPECT_THAT(Catalogue::Open("mysql://x", dir.Path("catalogue.db")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tally::linkage
