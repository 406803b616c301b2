#include "catalogue_database.h"
#include "linkage/store/catalogue.h"

namespace tally::linkage {

TestDatabase NewTestDatabase(const TempDir& dir) {
  return {"sqlite", dir.Path(Catalogue::NewUid() + ".db")};
}

}  // namespace tally::linkage
