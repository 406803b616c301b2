#include "sql.h"

// Debian builds SOCI with Boost, whose headers we neither need nor install.
// Only inline templates of SOCI's headers look at these two.
#include <soci/soci-config.h>
#undef SOCI_HAVE_BOOST
#undef SOCI_HAVE_BOOST_DATE_TIME
#include <soci/soci.h>

#include <array>
#include <exception>
#include <list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

constexpr std::string_view kPostgres = "postgresql://";
// Seconds that a statement waits for another process's lock.
constexpr std::string_view kBusySeconds = "10";
// After an attempt to open a lost session that failed, uses are refused at once
// for so long: those who wait for the catalogue's lock do not wait for an
// attempt each.
constexpr int64_t kPauseMs = 1'000;

// What a URL says about these is kept. Libpq's own would wait two minutes for a
// host that is away, and a quarter of an hour, or for ever, for the answer of
// one that went away.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5>
    kPostgresSettings{{{"connect_timeout", "10"},  // s, for each address
                       {"keepalives_idle", "30"},  // s; keeps firewalls open
                       {"keepalives_interval", "10"},
                       {"keepalives_count", "3"},
                       {"tcp_user_timeout", "30000"}}};  // ms

bool Says(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

absl::Status Away() {
  return Error(Reason::kCatalogueBusy, "the catalogue is not available now");
}
absl::Status DiskFull() {
  return Error(Reason::kDiskLow, "the disk of the catalogue is full");
}
absl::Status StatementFailed() {
  return Error(Reason::kInternal, "a statement of the catalogue failed");
}

// What went wrong, told by kind only. `text` is looked at and dropped. SQLite's
// own words hold names of tables and columns, and no values.
absl::Status MapSqlite(std::string_view text) {
  if (Says(text, "locked") || Says(text, "busy")) return Away();
  if (Says(text, "malformed") || Says(text, "not a database") ||
      Says(text, "file is encrypted")) {
    return Error(Reason::kFileDigest, "the catalogue is damaged");
  }
  if (Says(text, "disk is full") || Says(text, "No space")) return DiskFull();
  return StatementFailed();
}

// A lost session is told by its own state, since the words for it differ (08xxx
// and 57P01 to 57P03, with or without TLS) and are translated. Only what fails
// while it stands is told by the server's words.
absl::Status MapPostgres(const soci::soci_error& error, std::string_view text,
                         soci::session& session) {
  using Category = soci::soci_error::error_category;
  const Category category = error.get_error_category();
  if (Says(text, "shared library for backend")) {
    return absl::FailedPreconditionError(
        "SOCI's backend for PostgreSQL is not installed");
  }
  if (category == Category::connection_error || !session.is_connected()) {
    return Away();
  }
  // Others quote the values, which might say anything.
  if (category != Category::unknown && category != Category::system_error) {
    return StatementFailed();
  }
  const std::string_view words = text.substr(0, text.find('\n'));
  if (Says(words, "No space")) return DiskFull();
  if (Says(words, "read-only transaction")) {
    // A standby, or the former primary after a failover: look for the new one.
    session.close();
    return Away();
  }
  if (Says(words, "could not serialize") || Says(words, "deadlock detected") ||
      Says(words, "canceling statement")) {
    return Away();
  }
  return StatementFailed();
}

template <typename F>
auto Guarded(soci::session& session, bool is_sqlite, F&& body)
    -> decltype(body()) {
  try {
    return body();
  } catch (const soci::soci_error& error) {
    // Not what(), which has the statement and its values.
    const std::string text = error.get_error_message();
    return is_sqlite ? MapSqlite(text) : MapPostgres(error, text, session);
  } catch (const std::exception&) {
    return StatementFailed();
  }
}

void AddSetting(std::string_view name, std::string_view value,
                std::string& url) {
  url += Says(url, "?") ? '&' : '?';
  url += name;
  url += '=';
  for (const char c : value) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      url += c;
    } else {
      url += absl::StrFormat("%%%02X", static_cast<unsigned char>(c));
    }
  }
}

std::string PostgresTarget(std::string_view url, std::string_view password) {
  std::string target(url);
  for (const auto& [name, value] : kPostgresSettings) {
    if (!Says(url, std::string(name) + "=")) AddSetting(name, value, target);
  }
  if (!password.empty()) AddSetting("password", password, target);
  return target;
}

void OpenSqlite(const std::string& path, soci::session& session,
                std::string& check) {
  session.open("sqlite3",
               "db=\"" + path + "\" timeout=" + std::string(kBusySeconds));
  std::string mode;
  session << "PRAGMA journal_mode=WAL", soci::into(mode);
  session << "PRAGMA synchronous=FULL";
  session << "PRAGMA foreign_keys=ON";
  session << "PRAGMA quick_check(1)", soci::into(check);
}

// What a new session of PostgreSQL begins with.
void SetUpPostgres(soci::session& session) {
  session << "SET lock_timeout = '" + std::string(kBusySeconds) + "s'";
}

}  // namespace

struct Sql::Session {
  soci::session soci;
  bool is_sqlite = true;
  bool in_transaction = false;
  absl::Status failed;          // the first statement that did, in it
  int64_t next_attempt_ms = 0;  // not before this time, NowMonotonicMs()

  template <typename F>
  auto Guard(F&& body) {
    return Guarded(soci, is_sqlite, std::forward<F>(body));
  }
};

Sql::Sql(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Sql::~Sql() = default;

bool Sql::is_sqlite() const { return session_->is_sqlite; }

absl::StatusOr<std::unique_ptr<Sql>> Sql::Open(std::string_view url,
                                               const std::string& sqlite_path,
                                               std::string_view password) {
  auto session = std::make_unique<Session>();
  soci::session& soci = session->soci;
  if (url == "sqlite") {
    if (Says(sqlite_path, "\"")) {
      return absl::InvalidArgumentError("the catalogue's path has a quote");
    }
    TALLY_RETURN_IF_ERROR(session->Guard([&]() -> absl::Status {
      std::string check;
      OpenSqlite(sqlite_path, soci, check);
      if (check == "ok") return absl::OkStatus();
      return Error(Reason::kFileDigest, "the catalogue is damaged");
    }));
  } else if (url.substr(0, kPostgres.size()) == kPostgres) {
    session->is_sqlite = false;
    TALLY_RETURN_IF_ERROR(session->Guard([&]() -> absl::Status {
      soci.open("postgresql", PostgresTarget(url, password));
      SetUpPostgres(soci);
      int bytes = 0;
      soci << "SELECT CASE WHEN 'B' < 'a' AND 'a-c' < 'ab' THEN 1 ELSE 0 END",
          soci::into(bytes);
      if (bytes == 1) return absl::OkStatus();
      return absl::FailedPreconditionError(
          "the catalogue's database was not made with the C collation");
    }));
  } else {
    return absl::InvalidArgumentError(
        "the catalogue is \"sqlite\" or a postgresql:// URL");
  }
  return std::unique_ptr<Sql>(new Sql(std::move(session)));
}

absl::Status Sql::Ready() {
  Session& session = *session_;
  if (session.is_sqlite || session.in_transaction) return absl::OkStatus();
  if (session.soci.is_connected()) return absl::OkStatus();
  if (NowMonotonicMs() < session.next_attempt_ms) return Away();
  const absl::Status opened = session.Guard([&]() -> absl::Status {
    session.soci.reconnect();
    SetUpPostgres(session.soci);
    return absl::OkStatus();
  });
  if (!opened.ok()) {
    session.soci.close();  // no use without its settings
    session.next_attempt_ms = NowMonotonicMs() + kPauseMs;
    return opened;
  }
  Log(Level::kWarning, "the lost connection to the catalogue is open again");
  return absl::OkStatus();
}

void Sql::Failed(const absl::Status& status) {
  if (session_->in_transaction) session_->failed.Update(status);
}

namespace {

// Not prepared under a name, which would cost PostgreSQL two more round trips,
// and stay in the session where the statement fails in a transaction.
constexpr soci::details::statement_type kOnce =
    soci::details::st_one_time_query;

// Values and results of one statement, at stable addresses.
struct Exchange {
  std::list<long long> integers;  // the type that SOCI binds: SOCI's type
  std::list<std::string> texts;

  void Bind(soci::statement& statement, const std::vector<SqlValue>& values) {
    for (const SqlValue& value : values) {
      if (const int64_t* integer = std::get_if<int64_t>(&value)) {
        statement.exchange(soci::use(integers.emplace_back(*integer)));
      } else {
        statement.exchange(
            soci::use(texts.emplace_back(std::get<std::string>(value))));
      }
    }
  }
};

}  // namespace

absl::StatusOr<int64_t> Sql::Execute(std::string_view statement,
                                     const std::vector<SqlValue>& values) {
  TALLY_RETURN_IF_ERROR(Ready());
  auto changed = session_->Guard([&]() -> absl::StatusOr<int64_t> {
    Exchange exchange;
    soci::statement prepared(session_->soci);
    exchange.Bind(prepared, values);
    prepared.alloc();
    prepared.prepare(std::string(statement), kOnce);
    prepared.define_and_bind();
    prepared.execute(true);
    return static_cast<int64_t>(prepared.get_affected_rows());
  });
  Failed(changed.status());
  return changed;
}

absl::StatusOr<std::vector<SqlRow>> Sql::Query(
    std::string_view statement, std::string_view types,
    const std::vector<SqlValue>& values) {
  TALLY_RETURN_IF_ERROR(Ready());
  auto found = session_->Guard([&]() -> absl::StatusOr<std::vector<SqlRow>> {
    Exchange exchange;
    soci::statement prepared(session_->soci);
    std::list<long long> integers;  // the type that SOCI binds
    std::list<std::string> texts;
    for (const char type : types) {
      if (type == 'i') {
        prepared.exchange(soci::into(integers.emplace_back()));
      } else {
        prepared.exchange(soci::into(texts.emplace_back()));
      }
    }
    exchange.Bind(prepared, values);
    prepared.alloc();
    prepared.prepare(std::string(statement), kOnce);
    prepared.define_and_bind();
    prepared.execute();
    std::vector<SqlRow> rows;
    while (prepared.fetch()) {
      std::vector<SqlValue> row;
      auto integer = integers.begin();
      auto text = texts.begin();
      for (const char type : types) {
        if (type == 'i') {
          row.emplace_back(static_cast<int64_t>(*integer++));
        } else {
          row.emplace_back(*text++);
        }
      }
      rows.emplace_back(std::move(row));
    }
    return rows;
  });
  Failed(found.status());
  return found;
}

absl::Status Sql::Transaction(const std::function<absl::Status()>& body) {
  TALLY_RETURN_IF_ERROR(Ready());
  Session& session = *session_;
  session.in_transaction = true;
  session.failed = absl::OkStatus();
  const absl::Status status = session.Guard([&]() -> absl::Status {
    soci::transaction transaction(session.soci);
    // Rolls back when it goes out of scope without commit.
    TALLY_RETURN_IF_ERROR(body());
    TALLY_RETURN_IF_ERROR(session.failed);
    TALLY_FAILPOINT("catalogue.before_commit");
    transaction.commit();
    TALLY_FAILPOINT("catalogue.after_commit");
    return absl::OkStatus();
  });
  session.in_transaction = false;
  return status;
}

}  // namespace tally::linkage
