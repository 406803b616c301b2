// A PostgreSQL server of the tests' own: a new cluster in a temporary folder,
// reached by a socket in it, without fsync. It is started before the first test
// of the program and ends with it. Root runs it as nobody, since it refuses to
// run as root.

#ifndef TALLY_TESTS_UNIT_LINKAGE_STORE_POSTGRES_SERVER_H_
#define TALLY_TESTS_UNIT_LINKAGE_STORE_POSTGRES_SERVER_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sql.h"
#include "temp_dir.h"

namespace tally::linkage {

class PostgresServer : public testing::Environment {
 public:
  // The one of this program.
  static PostgresServer& Get();

  void SetUp() override;
  void TearDown() override;

  // A new database without tables, sorted by bytes unless `options` says
  // otherwise; its name.
  std::string CreateDatabase(std::string_view options = "LOCALE 'C'");
  std::string Url(std::string_view database,
                  std::string_view user = "tally") const;
  // One statement of the superuser, in the server's own database. Aborts the
  // test program if it fails.
  void Execute(const std::string& statement);
  // The integer that a SELECT gives there.
  int64_t Ask(const std::string& query);
  // Ends all sessions of a database, as pg_terminate_backend does; how many.
  int64_t CutSessions(const std::string& database);
  // Waits (at most 30 s) until a session of it waits for `event`.
  void AwaitWaiting(const std::string& database, const std::string& event);

  // SIGINT tells each session so (57P01), SIGQUIT does not care.
  void Stop(int signal = SIGINT);
  void Start();

 private:
  pid_t Spawn(const std::vector<std::string>& command) const;
  std::unique_ptr<Sql> Connect() const;

  std::unique_ptr<TempDir> dir_;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_STORE_POSTGRES_SERVER_H_
