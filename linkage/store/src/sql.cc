#include "sql.h"

// Debian builds SOCI with Boost, whose headers we neither need nor install.
// Only inline templates of SOCI's headers look at these two.
#include <soci/soci-config.h>
#undef SOCI_HAVE_BOOST
#undef SOCI_HAVE_BOOST_DATE_TIME
#include <soci/soci.h>

#include <exception>
#include <list>
#include <utility>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

constexpr std::string_view kPostgres = "postgresql://";
// Seconds that a statement waits for another process's lock.
constexpr std::string_view kBusySeconds = "10";

bool Says(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What went wrong, told by kind only. `text` is looked at and dropped.
absl::Status MapText(std::string_view text) {
  if (Says(text, "locked") || Says(text, "busy") || Says(text, "connect") ||
      Says(text, "Connection") || Says(text, "server closed")) {
    return Error(Reason::kCatalogueBusy, "the catalogue is not available now");
  }
  if (Says(text, "malformed") || Says(text, "not a database") ||
      Says(text, "file is encrypted")) {
    return Error(Reason::kFileDigest, "the catalogue is damaged");
  }
  if (Says(text, "disk is full") || Says(text, "No space")) {
    return Error(Reason::kDiskLow, "the disk of the catalogue is full");
  }
  return Error(Reason::kInternal, "a statement of the catalogue failed");
}

template <typename F>
auto Guarded(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const soci::soci_error& error) {
    if (error.get_error_category() == soci::soci_error::connection_error) {
      return Error(Reason::kCatalogueBusy,
                   "the catalogue is not available now");
    }
    return MapText(error.what());
  } catch (const std::exception& error) {
    return MapText(error.what());
  }
}

}  // namespace

struct Sql::Session {
  soci::session soci;
  bool is_sqlite = true;
};

Sql::Sql(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Sql::~Sql() = default;

bool Sql::is_sqlite() const { return session_->is_sqlite; }

absl::StatusOr<std::unique_ptr<Sql>> Sql::Open(std::string_view url,
                                               const std::string& sqlite_path,
                                               std::string_view password) {
  auto session = std::make_unique<Session>();
  if (url == "sqlite") {
    if (Says(sqlite_path, "\"")) {
      return absl::InvalidArgumentError("the catalogue's path has a quote");
    }
    TALLY_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      session->soci.open("sqlite3", "db=\"" + sqlite_path + "\" timeout=" +
                                        std::string(kBusySeconds));
      std::string mode;
      session->soci << "PRAGMA journal_mode=WAL", soci::into(mode);
      session->soci << "PRAGMA synchronous=FULL";
      session->soci << "PRAGMA foreign_keys=ON";
      std::string check;
      session->soci << "PRAGMA quick_check(1)", soci::into(check);
      if (check != "ok") {
        return Error(Reason::kFileDigest, "the catalogue is damaged");
      }
      return absl::OkStatus();
    }));
  } else if (url.substr(0, kPostgres.size()) == kPostgres) {
    session->is_sqlite = false;
    std::string target(url);
    if (!password.empty()) {
      target += Says(url, "?") ? "&password=" : "?password=";
      target += password;
    }
    TALLY_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      session->soci.open("postgresql", target);
      return absl::OkStatus();
    }));
  } else {
    return absl::InvalidArgumentError(
        "the catalogue is \"sqlite\" or a postgresql:// URL");
  }
  return std::unique_ptr<Sql>(new Sql(std::move(session)));
}

namespace {

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
  return Guarded([&]() -> absl::StatusOr<int64_t> {
    Exchange exchange;
    soci::statement prepared(session_->soci);
    exchange.Bind(prepared, values);
    prepared.alloc();
    prepared.prepare(std::string(statement));
    prepared.define_and_bind();
    prepared.execute(true);
    return static_cast<int64_t>(prepared.get_affected_rows());
  });
}

absl::StatusOr<std::vector<SqlRow>> Sql::Query(
    std::string_view statement, std::string_view types,
    const std::vector<SqlValue>& values) {
  return Guarded([&]() -> absl::StatusOr<std::vector<SqlRow>> {
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
    prepared.prepare(std::string(statement));
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
}

absl::Status Sql::Transaction(const std::function<absl::Status()>& body) {
  return Guarded([&]() -> absl::Status {
    soci::transaction transaction(session_->soci);
    // Rolls back when it goes out of scope without commit.
    TALLY_RETURN_IF_ERROR(body());
    TALLY_FAILPOINT("catalogue.before_commit");
    transaction.commit();
    TALLY_FAILPOINT("catalogue.after_commit");
    return absl::OkStatus();
  });
}

}  // namespace tally::linkage
