// What a catalogue in PostgreSQL does when its server or its sessions go away,
// and what else is PostgreSQL's alone.

#include <chrono>
#include <future>
#include <thread>

#include "base/civil_day.h"
#include "linkage/store/catalogue.h"
#include "postgres_server.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

constexpr int64_t kMostMs = 30'000;
constexpr auto kMoment = std::chrono::milliseconds(10);

PostgresServer& Server() { return PostgresServer::Get(); }

class PostgresCatalogueTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(catalogue_, Catalogue::Open(Server().Url(base_), ""));
  }
  static SourceRecord Source(const std::string& id) {
    return {Catalogue::NewUid(), id, "title", NowUtcRfc3339()};
  }
  static Change Request(const std::string& id, const std::string& answer) {
    AuditEntry entry;
    entry.action = AuditAction::kSourceCreate;
    entry.corr = NewCorrelationId();
    return {entry, RequestKey{id, "spiffe://x/operator/j", "Create", "d"},
            answer};
  }
  absl::Status Add(const std::string& id) {
    return catalogue_->CreateSource(Source(id), Request(id, "")).status();
  }
  size_t Waiting() { return catalogue_->NextPending(1'000)->size(); }

  const std::string base_ = Server().CreateDatabase();
  std::unique_ptr<Catalogue> catalogue_;
};

TEST_F(PostgresCatalogueTest, ASessionThatWasCutIdleIsNotNoticed) {
  ASSERT_THAT(Add("a"), IsOk());
  ASSERT_EQ(Server().CutSessions(base_), 1);
  EXPECT_THAT(Add("b"), IsOk());
  ASSERT_EQ(Server().CutSessions(base_), 1);
  EXPECT_THAT(catalogue_->GetSource("b"), IsOk());
  ASSERT_EQ(Server().CutSessions(base_), 1);
  EXPECT_THAT(catalogue_->ForgetRequestsBefore("2999"), IsOk());
  EXPECT_EQ(Waiting(), 2u);
}

class RestartTest : public PostgresCatalogueTest,
                    public testing::WithParamInterface<int> {};

TEST_P(RestartTest, TheCatalogueIsBusyUntilTheServerIsBack) {
  ASSERT_THAT(Add("a"), IsOk());
  Server().Stop(GetParam());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Add("b"), ReasonIs(Reason::kCatalogueBusy));
    EXPECT_THAT(catalogue_->GetSource("a"), ReasonIs(Reason::kCatalogueBusy));
  }
  EXPECT_THAT(Catalogue::Open(Server().Url(base_), ""),
              ReasonIs(Reason::kCatalogueBusy));
  Server().Start();
  // It may not look again for a second.
  const int64_t until = NowMonotonicMs() + kMostMs;
  absl::Status added = Add("b");
  while (!added.ok() && NowMonotonicMs() < until) {
    ASSERT_THAT(added, ReasonIs(Reason::kCatalogueBusy));
    std::this_thread::sleep_for(kMoment);
    added = Add("b");
  }
  EXPECT_THAT(added, IsOk());
  EXPECT_THAT(catalogue_->GetSource("a"), IsOk());
  EXPECT_EQ(Waiting(), 2u);
}
INSTANTIATE_TEST_SUITE_P(Signals, RestartTest,
                         testing::Values(SIGINT, SIGQUIT));

TEST_F(PostgresCatalogueTest, ACommitWhoseAnswerWasLostIsNotSaidToBeDone) {
  // A commit that waits for a standby is committed here already; a session that
  // is cut in the wait does not answer.
  const auto standby = [](const std::string& name) {
    Server().Execute("ALTER SYSTEM SET synchronous_standby_names = '" + name +
                     "'");
    Server().Ask("SELECT 1 FROM pg_reload_conf()");
  };
  const auto waits = [&] {
    return Server().Ask(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event = "
               "'SyncRep' AND datname = '" +
               base_ + "'") == 1;
  };
  standby("nobody");
  std::future<absl::StatusOr<std::string>> answer;
  std::string id = "s";
  do {  // those that come before the server knows of it pass
    id += "s";
    answer = std::async(std::launch::async, [&] {
      return catalogue_->CreateSource(Source(id), Request(id, "first"));
    });
    while (answer.wait_for(kMoment) != std::future_status::ready && !waits()) {
    }
  } while (answer.wait_for(kMoment) == std::future_status::ready);
  ASSERT_EQ(Server().CutSessions(base_), 1);
  EXPECT_THAT(answer.get(), ReasonIs(Reason::kCatalogueBusy));
  standby("");
  // It was, and once: that is what the id of the request is for.
  EXPECT_THAT(catalogue_->GetSource(id), IsOk());
  EXPECT_EQ(Waiting(), id.size() - 1);
  EXPECT_THAT(catalogue_->CreateSource(Source(id), Request(id, "second")),
              IsOkAndHolds("first"));
  EXPECT_EQ(Waiting(), id.size() - 1);
}

TEST_F(PostgresCatalogueTest, ACommitThatWasCutIsMadeByTheNextAttempt) {
  ASSERT_OK_AND_ASSIGN(const auto sql, Sql::Open(Server().Url(base_), "", ""));
  for (const char* statement :
       {"CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); "
        "RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON sources "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()"}) {
    ASSERT_THAT(sql->Execute(statement), IsOk());
  }
  EXPECT_THAT(Add("a"), ReasonIs(Reason::kCatalogueBusy));
  EXPECT_THAT(catalogue_->GetSource("a"), ReasonIs(Reason::kResourceNotFound));
  ASSERT_THAT(sql->Execute("DROP TRIGGER cut ON sources"), IsOk());
  EXPECT_THAT(Add("a"), IsOk());
  EXPECT_EQ(Waiting(), 1u);
}

TEST_F(PostgresCatalogueTest, SeveralProcessesMigrateADatabaseOnce) {
  const std::string url = Server().Url(Server().CreateDatabase());
  std::vector<std::future<absl::Status>> opened;
  for (int i = 0; i < 6; ++i) {
    opened.push_back(std::async(
        std::launch::async, [&] { return Catalogue::Open(url, "").status(); }));
  }
  for (auto& one : opened) EXPECT_THAT(one.get(), IsOk());
}

class PostgresSqlTest : public testing::Test {
 protected:
  void SetUp() override {
    sql_ = Open();
    ASSERT_THAT(sql_->Execute("CREATE TABLE things (name TEXT PRIMARY KEY)"),
                IsOk());
  }
  std::unique_ptr<Sql> Open() const {
    auto sql = Sql::Open(Server().Url(base_), "", "");
    TALLY_CHECK(sql.ok());
    return *std::move(sql);
  }
  static absl::Status Insert(Sql& sql, const std::string& name) {
    return sql.Execute("INSERT INTO things (name) VALUES (:name)", {name})
        .status();
  }
  int64_t Count() {
    return sql_->Query("SELECT COUNT(*) FROM things", "i")->at(0).Int(0);
  }

  const std::string base_ = Server().CreateDatabase();
  std::unique_ptr<Sql> sql_;
};

TEST_F(PostgresSqlTest, ASessionLostInATransactionFailsTheWhole) {
  EXPECT_THAT(sql_->Transaction([&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(Insert(*sql_, "a"));
    Server().CutSessions(base_);
    EXPECT_THAT(Insert(*sql_, "b"), ReasonIs(Reason::kCatalogueBusy));
    // No statement of it runs in a session of its own.
    EXPECT_THAT(Insert(*sql_, "c"), ReasonIs(Reason::kCatalogueBusy));
    return absl::OkStatus();
  }),
              ReasonIs(Reason::kCatalogueBusy));
  EXPECT_EQ(Count(), 0);
  EXPECT_THAT(sql_->Transaction([&] { return Insert(*sql_, "a"); }), IsOk());
  EXPECT_EQ(Count(), 1);
}

TEST_F(PostgresSqlTest, ASessionLostBeforeTheCommitFailsTheWhole) {
  EXPECT_THAT(sql_->Transaction([&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(Insert(*sql_, "a"));
    Server().CutSessions(base_);
    return absl::OkStatus();
  }),
              ReasonIs(Reason::kCatalogueBusy));
  EXPECT_EQ(Count(), 0);
}

TEST_F(PostgresSqlTest, AStatementThatIsCutAtWorkMayBeTriedAgain) {
  auto answer = std::async(std::launch::async, [&] {
    return sql_->Query("SELECT 1 FROM (SELECT pg_sleep(600)) AS s", "i")
        .status();
  });
  Server().AwaitWaiting(base_, "PgSleep");
  Server().CutSessions(base_);
  EXPECT_THAT(answer.get(), ReasonIs(Reason::kCatalogueBusy));
  EXPECT_EQ(Count(), 0);
}

TEST_F(PostgresSqlTest, AnotherSessionsLockIsWaitedForOnlySoLong) {
  for (int i = 0; i < 2; ++i) {  // in a session that was opened again too
    ASSERT_OK_AND_ASSIGN(const auto rows,
                         sql_->Query("SHOW lock_timeout", "t"));
    EXPECT_EQ(rows.at(0).Text(0), "10s");
    Server().CutSessions(base_);
  }
  const std::unique_ptr<Sql> other = Open();
  ASSERT_THAT(other->Execute("SET lock_timeout = '20ms'"), IsOk());
  EXPECT_THAT(sql_->Transaction([&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(Insert(*sql_, "a"));
    EXPECT_THAT(Insert(*other, "a"), ReasonIs(Reason::kCatalogueBusy));
    return absl::OkStatus();
  }),
              IsOk());
}

TEST_F(PostgresSqlTest, ChangesThatMetMayBeTriedAgain) {
  ASSERT_THAT(Insert(*sql_, "a"), IsOk());
  const std::unique_ptr<Sql> other = Open();
  const std::string rename = "UPDATE things SET name = name || '1'";
  EXPECT_THAT(sql_->Transaction([&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(
        sql_->Execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").status());
    EXPECT_EQ(Count(), 1);
    TALLY_RETURN_IF_ERROR(other->Execute(rename).status());
    return sql_->Execute(rename).status();
  }),
              ReasonIs(Reason::kCatalogueBusy));
}

TEST_F(PostgresSqlTest, AServerThatTakesNoChangesIsLeft) {
  const std::string alter = "ALTER DATABASE " + base_;
  Server().Execute(alter + " SET default_transaction_read_only = on");
  Server().CutSessions(base_);
  EXPECT_THAT(Insert(*sql_, "a"), ReasonIs(Reason::kCatalogueBusy));
  EXPECT_THAT(sql_->Transaction([&] { return Insert(*sql_, "a"); }),
              ReasonIs(Reason::kCatalogueBusy));
  // The primary of now, which a session of then would not know.
  Server().Execute(alter + " RESET default_transaction_read_only");
  EXPECT_THAT(sql_->Transaction([&] { return Insert(*sql_, "a"); }), IsOk());
}

TEST_F(PostgresSqlTest, NothingIsLeftInASessionByWhatFailed) {
  ASSERT_THAT(Insert(*sql_, "a"), IsOk());
  EXPECT_FALSE(sql_->Transaction([&] { return Insert(*sql_, "a"); }).ok());
  EXPECT_THAT(sql_->Query("SELECT name FROM pg_prepared_statements", "t"),
              IsOkAndHolds(testing::IsEmpty()));
}

TEST_F(PostgresSqlTest, APasswordMayHaveAnyCharacter) {
  const std::string password = "p&a=s%s/w?o#r+d \xc3\xa9@:";
  Server().Execute("CREATE ROLE with_password LOGIN PASSWORD '" + password +
                   "'");
  const std::string url = Server().Url(base_, "with_password");
  ASSERT_OK_AND_ASSIGN(const auto sql, Sql::Open(url, "", password));
  // Also when it is opened again.
  Server().CutSessions(base_);
  EXPECT_THAT(sql->Query("SELECT 1", "i"), IsOk());
  EXPECT_THAT(Sql::Open(url, "", "another"), testing::Not(IsOk()));
}

TEST(PostgresOpenTest, RefusesADatabaseThatIsNotSortedByBytes) {
  const std::string base =
      Server().CreateDatabase("LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en'");
  EXPECT_THAT(Catalogue::Open(Server().Url(base), ""),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace tally::linkage
