#include "release_engine.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::linkage {
namespace {

constexpr size_t kMostResultRows = 4'000'000;
constexpr int64_t kWatchMs = 100;
constexpr int64_t kLeastSpill = int64_t{1} << 20;  // that the engine takes
constexpr std::string_view kPartColumn = "part_no";

}  // namespace

absl::StatusOr<std::unique_ptr<ReleaseEngine>> ReleaseEngine::Open(
    ReleaseEngineOptions options) {
  auto engine =
      std::unique_ptr<ReleaseEngine>(new ReleaseEngine(std::move(options)));
  const ReleaseEngineOptions& given = engine->options_;
  const std::string spill = given.work_directory + "/spill";
  TALLY_RETURN_IF_ERROR(MakeDirectories(spill, 0700));
  engine::DatabaseOptions database;
  database.directories = given.input_directories;
  database.directories.push_back(given.work_directory);
  if (!given.output_directory.empty()) {
    database.directories.push_back(given.output_directory);
  }
  database.temp_directory = spill;
  // What is free bounds a release, not a number; a tenth is left to uploads.
  TALLY_ASSIGN_OR_RETURN(const int64_t free, FreeBytes(spill));
  database.max_temp_bytes = std::max(kLeastSpill, free / 10 * 9);
  database.memory_bytes = given.memory_bytes;
  database.threads = given.threads;
  TALLY_ASSIGN_OR_RETURN(engine::Database opened,
                         engine::Database::Open(database));
  engine->database_.emplace(std::move(opened));
  TALLY_ASSIGN_OR_RETURN(engine->sql_,
                         engine::MakeDuckDbEngine(*engine->database_));
  TALLY_ASSIGN_OR_RETURN(engine::Connection reader,
                         engine->database_->Connect());
  engine->reader_.emplace(std::move(reader));
  if (given.cancelled) {
    ReleaseEngine* raw = engine.get();
    engine->watcher_ = std::thread([raw] { raw->Watch(); });
  }
  return engine;
}

ReleaseEngine::~ReleaseEngine() {
  {
    MutexLock lock(watch_mu_);
    done_ = true;
    watch_wake_.NotifyAll();
  }
  if (watcher_.joinable()) watcher_.join();
}

void ReleaseEngine::Watch() {
  while (true) {
    {
      MutexLock lock(watch_mu_);
      if (!done_) watch_wake_.WaitFor(watch_mu_, kWatchMs);
      if (done_) return;
    }
    // Cancel() ends the statement of this moment only, so it is said again.
    if (options_.cancelled()) sql_->Cancel();
  }
}

absl::Status ReleaseEngine::Register(std::string_view name,
                                     const std::vector<std::string>& files,
                                     const engine::TableSchema& schema) {
  return sql_->RegisterParquet(name, files, schema);
}

absl::StatusOr<int64_t> ReleaseEngine::Materialise(
    std::string_view name, const std::vector<SqlStatement>& statements,
    const engine::TableSchema& schema) {
  std::vector<std::string>& files = files_[std::string(name)];
  int64_t rows = 0;
  for (const SqlStatement& statement : statements) {
    const std::string path = absl::StrFormat(
        "%s/%s-%05d.parquet", options_.work_directory, name, files.size());
    TALLY_ASSIGN_OR_RETURN(const engine::ParquetFile file,
                           Write(statement, path, {}));
    files.push_back(path);
    rows += file.rows;
  }
  TALLY_RETURN_IF_ERROR(Register(name, files, schema));
  return rows;
}

absl::StatusOr<engine::Result> ReleaseEngine::StreamTable(
    std::string_view name) {
  std::vector<std::string> quoted;
  for (const std::string& path : FilesOf(name)) {
    quoted.push_back(engine::QuoteLiteral(path));
  }
  return reader_->Stream(absl::StrCat("SELECT * FROM read_parquet([",
                                      absl::StrJoin(quoted, ", "), "])"));
}

absl::Status ReleaseEngine::Discard(std::string_view name) {
  for (const std::string& path : FilesOf(name)) {
    TALLY_RETURN_IF_ERROR(RemoveFile(path));
  }
  return absl::OkStatus();
}

absl::Status ReleaseEngine::MaterialiseParts(
    std::string_view name, const SqlStatement& statement, size_t parts,
    const engine::TableSchema& schema) {
  Announce(statement.sql);
  engine::OutputOptions output;
  output.partition_by = {std::string(kPartColumn)};
  output.partitions = static_cast<int64_t>(parts);
  output.values = statement.values;
  TALLY_RETURN_IF_ERROR(
      sql_->RunToParquet(
              statement.sql,
              absl::StrFormat("%s/%s", options_.work_directory, name), output)
          .status());
  for (size_t i = 0; i < parts; ++i) {
    std::vector<std::string> files;
    std::error_code error;
    for (std::filesystem::directory_iterator it(PartFolder(name, i), error),
         end;
         !error && it != end; it.increment(error)) {
      files.push_back(it->path().string());
    }
    // A part without rows has no folder.
    if (error && error != std::errc::no_such_file_or_directory) {
      return absl::InternalError("the parts of a table cannot be read");
    }
    std::sort(files.begin(), files.end());
    TALLY_RETURN_IF_ERROR(
        Register(absl::StrFormat("%s_%d", name, i), files, schema));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ReleaseEngine::SliceCombinations(
    std::string_view rows, const engine::TableSchema& columns, size_t slices,
    std::string_view name, const engine::TableSchema& schema) {
  if (slices <= 1) return std::vector<std::string>{std::string(rows)};
  TALLY_RETURN_IF_ERROR(MaterialiseParts(
      name,
      {absl::StrFormat("SELECT r.*, CAST(%s %% %d AS INT) AS %s FROM (%s) AS r",
                       CombinationNumber(columns), slices, kPartColumn, rows),
       {}},
      slices, schema));
  std::vector<std::string> selects;
  for (size_t i = 0; i < slices; ++i) {
    selects.push_back(absl::StrFormat("SELECT * FROM %s_%d", name, i));
  }
  return selects;
}

absl::Status ReleaseEngine::DiscardSlices(std::string_view name,
                                          size_t slices) {
  for (size_t i = 0; slices > 1 && i < slices; ++i) {
    TALLY_RETURN_IF_ERROR(DiscardPart(name, i));
  }
  return absl::OkStatus();
}

absl::Status ReleaseEngine::DiscardPart(std::string_view name, size_t part) {
  return RemoveTree(PartFolder(name, part));
}

const std::vector<std::string>& ReleaseEngine::FilesOf(
    std::string_view name) const {
  const auto it = files_.find(name);
  TALLY_CHECK(it != files_.end());
  return it->second;
}

std::string ReleaseEngine::PartFolder(std::string_view name,
                                      size_t part) const {
  return absl::StrFormat("%s/%s/%s=%d", options_.work_directory, name,
                         kPartColumn, part);
}

absl::StatusOr<engine::ParquetFile> ReleaseEngine::Write(
    const SqlStatement& statement, const std::string& path,
    const engine::ParquetOptions& parquet) {
  Announce(statement.sql);
  engine::OutputOptions output;
  output.parquet = parquet;
  output.values = statement.values;
  return sql_->RunToParquet(statement.sql, path, output);
}

absl::StatusOr<std::vector<std::vector<engine::Value>>> ReleaseEngine::Rows(
    const SqlStatement& statement) {
  const std::string path = absl::StrFormat(
      "%s/result_%d.parquet", options_.work_directory, next_result_++);
  TALLY_ASSIGN_OR_RETURN(const engine::ParquetFile file,
                         Write(statement, path, {}));
  TALLY_ASSIGN_OR_RETURN(
      engine::Result result,
      reader_->Query(absl::StrCat("SELECT * FROM read_parquet(",
                                  engine::QuoteLiteral(file.path), ")")));
  return result.AllRows(kMostResultRows);
}

absl::StatusOr<int64_t> ReleaseEngine::Count(const SqlStatement& statement) {
  Announce(statement.sql);
  TALLY_ASSIGN_OR_RETURN(const engine::Value value,
                         sql_->Scalar(statement.sql, statement.values));
  return IntOf(value);
}

absl::StatusOr<std::string> ReleaseEngine::MakeTableDirectory(
    std::string_view name) {
  const std::string path =
      absl::StrFormat("%s/%s", options_.work_directory, name);
  TALLY_RETURN_IF_ERROR(MakeDirectories(path, 0700));
  return path;
}

int64_t IntOf(const engine::Value& value) {
  const int64_t* number = value.As<int64_t>();
  return number == nullptr ? 0 : *number;
}

std::string TextOf(const engine::Value& value) {
  const std::string* text = value.As<std::string>();
  return text == nullptr ? std::string() : *text;
}

std::optional<CivilDay> DayOf(const engine::Value& value) {
  const engine::Date* date = value.As<engine::Date>();
  if (date == nullptr) return std::nullopt;
  const absl::StatusOr<CivilDay> day = CivilDay::FromDays(date->days);
  if (!day.ok()) return std::nullopt;
  return *day;
}

}  // namespace tally::linkage
