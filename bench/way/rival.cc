#include "rival.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::bench {
namespace {

constexpr int64_t kRivalMemory = int64_t{4} << 30;

}  // namespace

Rival::Rival(engine::Database database, engine::Connection connection)
    : database_(std::move(database)), connection_(std::move(connection)) {}

absl::StatusOr<Rival> Rival::Open(const Places& places) {
  const std::string temp = places.folder + "/engine";
  TALLY_RETURN_IF_ERROR(MakeDirectories(temp, 0700));
  engine::DatabaseOptions options;
  options.directories = {places.folder};
  options.temp_directory = temp;
  options.memory_bytes = kRivalMemory;
  options.threads =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  // The data are made up.
  options.error_text = engine::ErrorText::kEngine;
  TALLY_ASSIGN_OR_RETURN(engine::Database database,
                         engine::Database::Open(options));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  return Rival(std::move(database), std::move(connection));
}

absl::Status Rival::CopyToParquet(const std::string& from,
                                  const std::string& path) {
  return connection_.Execute("COPY (SELECT * FROM " + from + ") TO " +
                             engine::QuoteLiteral(path) +
                             " (FORMAT parquet, COMPRESSION zstd)");
}

absl::Status Rival::Check(const char* what, int64_t expected,
                          const std::string& sql) {
  TALLY_ASSIGN_OR_RETURN(const engine::Value value, connection_.Scalar(sql));
  const int64_t* found = value.As<int64_t>();
  if (found == nullptr) return absl::InternalError("a count of another type");
  if (*found == expected) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrFormat("%s: expected %d, found %d", what, expected, *found));
}

absl::Status Rival::CheckCount(const char* what, int64_t expected,
                               const std::string& tables,
                               const std::string& where) {
  return Check(
      what, expected,
      "SELECT CAST(count(*) AS BIGINT) FROM " + tables + " WHERE " + where);
}

absl::Status Rival::CheckTenths(const char* what, int64_t expected,
                                const std::string& column,
                                const std::string& table) {
  return Check(what, expected,
               "SELECT CAST(sum(CAST(round(" + column +
                   " * 10) AS BIGINT)) AS BIGINT) FROM " + table);
}

std::string Parquet(const std::string& pattern) {
  return "read_parquet(" + engine::QuoteLiteral(pattern) + ")";
}

}  // namespace tally::bench
