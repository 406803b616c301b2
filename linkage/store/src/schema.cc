#include "schema.h"

#include <array>
#include <span>
#include <string_view>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

struct Migration {
  std::string_view title;
  std::span<const std::string_view> statements;
};

// Version 1. Types INTEGER, BIGINT, TEXT; no NULL, no BLOB: digests are hex,
// times UTC text. Both databases run every statement as it is.
constexpr std::array<std::string_view, 19> kFirst{
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO counters (name, value) VALUES ('outbox', 0)",
    "INSERT INTO counters (name, value) VALUES ('serial', 0)",
    "CREATE TABLE outbox (id BIGINT PRIMARY KEY, entry TEXT NOT NULL)",
    "CREATE TABLE requests (request_id TEXT NOT NULL, caller TEXT NOT NULL, "
    "method TEXT NOT NULL, digest TEXT NOT NULL, answer TEXT NOT NULL, "
    "time TEXT NOT NULL, PRIMARY KEY (request_id, caller))",
    "CREATE INDEX requests_by_time ON requests (time)",
    "CREATE TABLE sources (id TEXT PRIMARY KEY, uid TEXT NOT NULL UNIQUE, "
    "title TEXT NOT NULL, create_time TEXT NOT NULL)",
    "CREATE TABLE extracts (uid TEXT PRIMARY KEY, "
    "source TEXT NOT NULL REFERENCES sources (id), extract_id TEXT NOT NULL, "
    "state TEXT NOT NULL, create_time TEXT NOT NULL, "
    "finish_time TEXT NOT NULL, period_start INTEGER NOT NULL, "
    "period_end INTEGER NOT NULL, revision INTEGER NOT NULL, "
    "key_id TEXT NOT NULL, epoch BIGINT NOT NULL, hub_epoch BIGINT NOT NULL, "
    "resumed INTEGER NOT NULL, batches BIGINT NOT NULL, "
    "row_count BIGINT NOT NULL, persons BIGINT NOT NULL, "
    "manifest_sha256 TEXT NOT NULL, error TEXT NOT NULL, "
    "validation TEXT NOT NULL, receipt TEXT NOT NULL, "
    "receipt_signature TEXT NOT NULL, newest_list TEXT NOT NULL, "
    "serial BIGINT NOT NULL UNIQUE)",
    "CREATE UNIQUE INDEX extracts_by_name ON extracts (source, extract_id) "
    "WHERE state <> 'REJECTED'",
    "CREATE INDEX extracts_by_state ON extracts (state)",
    "CREATE TABLE extract_datasets ("
    "uid TEXT NOT NULL REFERENCES extracts (uid), place INTEGER NOT NULL, "
    "dataset TEXT NOT NULL, spec_sha256 TEXT NOT NULL, "
    "row_count BIGINT NOT NULL, rows_unlinked BIGINT NOT NULL, "
    "PRIMARY KEY (uid, place))",
    "CREATE TABLE files (owner TEXT NOT NULL, path TEXT NOT NULL, "
    "bytes BIGINT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (owner, path))",
    "CREATE TABLE projects (id TEXT PRIMARY KEY, uid TEXT NOT NULL UNIQUE, "
    "title TEXT NOT NULL, create_time TEXT NOT NULL, key_id TEXT NOT NULL)",
    "CREATE TABLE agreements (uid TEXT PRIMARY KEY, "
    "project TEXT NOT NULL REFERENCES projects (id), id TEXT NOT NULL, "
    "state TEXT NOT NULL, create_time TEXT NOT NULL, creator TEXT NOT NULL, "
    "document TEXT NOT NULL, sha256 TEXT NOT NULL, "
    "valid_from INTEGER NOT NULL, expires INTEGER NOT NULL, "
    "UNIQUE (project, id))",
    "CREATE TABLE releases (uid TEXT PRIMARY KEY, "
    "project TEXT NOT NULL REFERENCES projects (id), id TEXT NOT NULL, "
    "agreement TEXT NOT NULL, state TEXT NOT NULL, create_time TEXT NOT NULL, "
    "creator TEXT NOT NULL, manifest_sha256 TEXT NOT NULL, "
    "error TEXT NOT NULL, table_rows TEXT NOT NULL, "
    "serial BIGINT NOT NULL UNIQUE)",
    "CREATE UNIQUE INDEX releases_by_name ON releases (project, id) "
    "WHERE state <> 'FAILED'",
    "CREATE INDEX releases_by_state ON releases (state)",
    "CREATE TABLE release_extracts ("
    "uid TEXT NOT NULL REFERENCES releases (uid), "
    "extract TEXT NOT NULL REFERENCES extracts (uid), "
    "PRIMARY KEY (uid, extract))",
    "CREATE TABLE approvals (owner TEXT NOT NULL, person TEXT NOT NULL, "
    "peer TEXT NOT NULL, time TEXT NOT NULL, PRIMARY KEY (owner, person))",
};

constexpr std::array<Migration, 1> kMigrations{{
    {"1: sources, extracts, projects, agreements, releases, outbox", kFirst},
}};

// Any constant: with it two processes do not migrate one PostgreSQL database at
// once. The lock is the transaction's and ends with it, so that a session that
// is lost and opened again never works without it.
constexpr std::string_view kMigrationLock =
    "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7416001)) AS l";

absl::StatusOr<int64_t> CurrentVersion(Sql& sql) {
  TALLY_RETURN_IF_ERROR(
      sql.Execute("CREATE TABLE IF NOT EXISTS schema_version ("
                  "version INTEGER PRIMARY KEY, title TEXT NOT NULL, "
                  "time TEXT NOT NULL)")
          .status());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql.Query("SELECT COALESCE(MAX(version), 0) FROM schema_version", "i"));
  const int64_t version = rows.at(0).Int(0);
  if (version > static_cast<int64_t>(kMigrations.size())) {
    return Error(Reason::kFileDigest,
                 "the catalogue was made by a later version of this program");
  }
  return version;
}

// Runs the first one that is lacking; whether there was one.
absl::StatusOr<bool> RunNext(Sql& sql) {
  if (!sql.is_sqlite()) {
    TALLY_RETURN_IF_ERROR(sql.Query(kMigrationLock, "i").status());
  }
  TALLY_ASSIGN_OR_RETURN(const int64_t version, CurrentVersion(sql));
  const auto next = static_cast<size_t>(version);
  if (next == kMigrations.size()) return false;
  for (const std::string_view statement : kMigrations.at(next).statements) {
    TALLY_RETURN_IF_ERROR(sql.Execute(statement).status());
  }
  TALLY_RETURN_IF_ERROR(
      sql.Execute("INSERT INTO schema_version (version, title, time) "
                  "VALUES (:version, :title, :time)",
                  {version + 1, std::string(kMigrations.at(next).title),
                   NowUtcRfc3339()})
          .status());
  return true;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PendingMigrations(Sql& sql) {
  TALLY_ASSIGN_OR_RETURN(const int64_t version, CurrentVersion(sql));
  std::vector<std::string> titles;
  for (size_t i = static_cast<size_t>(version); i < kMigrations.size(); ++i) {
    titles.emplace_back(kMigrations[i].title);
  }
  return titles;
}

absl::Status Migrate(Sql& sql) {
  for (bool more = true; more;) {
    TALLY_RETURN_IF_ERROR(sql.Transaction([&]() -> absl::Status {
      TALLY_ASSIGN_OR_RETURN(more, RunNext(sql));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
