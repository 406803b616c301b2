#include "catalogue_database.h"
#include "postgres_server.h"

namespace tally::linkage {

TestDatabase NewTestDatabase(const TempDir& /*dir*/) {
  PostgresServer& server = PostgresServer::Get();
  return {server.Url(server.CreateDatabase()), ""};
}

}  // namespace tally::linkage
