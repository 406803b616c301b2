#include "postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/civil_day.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

constexpr int64_t kMostWaitMs = 30'000;
constexpr auto kPoll = std::chrono::milliseconds(10);

PostgresServer* const kServer = static_cast<PostgresServer*>(
    testing::AddGlobalTestEnvironment(new PostgresServer));

struct Account {
  uid_t user;
  gid_t group;
};
Account ServerAccount() {
  if (geteuid() != 0) return {geteuid(), getegid()};
  const passwd* nobody =
      getpwnam("nobody");  // NOLINT(concurrency-mt-unsafe): before any thread
  TALLY_CHECK(nobody != nullptr);
  return {nobody->pw_uid, nobody->pw_gid};
}

// Between fork and exec. The server must not outlive a test that is killed.
void BecomeServer(const Account& account, const char* log) {
  const int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
  if (geteuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setgid(account.group) != 0 ||
       setuid(account.user) != 0)) {
    _exit(126);
  }
  if (chdir("/") != 0 || prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0) _exit(126);
}

}  // namespace

PostgresServer& PostgresServer::Get() { return *kServer; }

pid_t PostgresServer::Spawn(const std::vector<std::string>& command) const {
  const Account account = ServerAccount();
  const std::string log = dir_->Path("server.log");
  std::vector<std::string> words = command;
  words[0] = std::string(TALLY_POSTGRES_BIN) + "/" + words[0];
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  TALLY_CHECK(child >= 0);
  if (child == 0) {
    BecomeServer(account, log.c_str());
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  return child;
}

void PostgresServer::SetUp() {
  dir_ = std::make_unique<TempDir>();
  const Account account = ServerAccount();
  TALLY_CHECK(chown(dir_->path().c_str(), account.user, account.group) == 0);
  const pid_t initdb = Spawn({"initdb", "-D", dir_->Path("data"), "-U", "tally",
                              "-E", "UTF8", "--locale=C", "--no-sync"});
  int status = 0;
  TALLY_CHECK(waitpid(initdb, &status, 0) == initdb);
  TALLY_CHECK(status == 0);
  WriteFile(dir_->Path("data/pg_hba.conf"),
            "local all with_password scram-sha-256\nlocal all all trust\n",
            0644);
  Start();
}

void PostgresServer::TearDown() {
  if (pid_ > 0) Stop();
  dir_.reset();
}

void PostgresServer::Start() {
  pid_ = Spawn({"postgres", "-D", dir_->Path("data"), "-k", dir_->path(), "-c",
                "listen_addresses=", "-c", "fsync=off", "-c",
                "shared_buffers=16MB", "-c", "autovacuum=off"});
  const int64_t until = NowMonotonicMs() + kMostWaitMs;
  while (!Sql::Open(Url("postgres"), "", "").ok()) {
    TALLY_CHECK(waitpid(pid_, nullptr, WNOHANG) == 0);
    TALLY_CHECK(NowMonotonicMs() < until);
    std::this_thread::sleep_for(kPoll);
  }
}

void PostgresServer::Stop(int signal) {
  TALLY_CHECK(kill(pid_, signal) == 0);
  TALLY_CHECK(waitpid(pid_, nullptr, 0) == pid_);
  pid_ = -1;
}

std::string PostgresServer::Url(std::string_view database,
                                std::string_view user) const {
  return "postgresql:///" + std::string(database) + "?host=" + dir_->path() +
         "&user=" + std::string(user);
}

std::unique_ptr<Sql> PostgresServer::Connect() const {
  auto sql = Sql::Open(Url("postgres"), "", "");
  TALLY_CHECK(sql.ok());
  return *std::move(sql);
}

void PostgresServer::Execute(const std::string& statement) {
  TALLY_CHECK(Connect()->Execute(statement).ok());
}

int64_t PostgresServer::Ask(const std::string& query) {
  const auto rows = Connect()->Query(query, "i");
  TALLY_CHECK(rows.ok() && rows->size() == 1);
  return rows->at(0).Int(0);
}

std::string PostgresServer::CreateDatabase(std::string_view options) {
  const std::string name = "test" + std::to_string(++databases_);
  Execute("CREATE DATABASE " + name +
          " TEMPLATE template0 STRATEGY file_copy " + std::string(options));
  return name;
}

int64_t PostgresServer::CutSessions(const std::string& database) {
  // Waits until they have ended.
  return Ask(
      "SELECT count(pg_terminate_backend(pid, 30000)) FROM pg_stat_activity "
      "WHERE datname = '" +
      database + "'");
}

void PostgresServer::AwaitWaiting(const std::string& database,
                                  const std::string& event) {
  const std::string waiting =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database +
      "' AND wait_event = '" + event + "'";
  const int64_t until = NowMonotonicMs() + kMostWaitMs;
  while (Ask(waiting) == 0) {
    TALLY_CHECK(NowMonotonicMs() < until);
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace tally::linkage
