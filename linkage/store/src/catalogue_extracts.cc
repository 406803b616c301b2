#include <algorithm>
#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "catalogue_impl.h"
#include "linkage/store/catalogue.h"

namespace tally::linkage {

namespace {

constexpr std::string_view kColumns =
    "SELECT uid, source, extract_id, state, create_time, finish_time, "
    "period_start, period_end, revision, key_id, epoch, hub_epoch, resumed, "
    "persons, manifest_sha256, error, validation, receipt, receipt_signature, "
    "newest_list, batches, row_count FROM extracts e ";
constexpr std::string_view kTypes = "ttttttiiitiiiittttttii";

absl::StatusOr<ExtractRecord> FromRow(const SqlRow& row) {
  ExtractRecord extract;
  extract.uid = row.Text(0);
  extract.source = row.Text(1);
  extract.extract_id = row.Text(2);
  const std::optional<ExtractState> state = ExtractStateFromName(row.Text(3));
  if (!state.has_value()) return BadRow();
  extract.state = *state;
  extract.create_time = row.Text(4);
  extract.finish_time = row.Text(5);
  extract.period_start = row.Int32(6);
  extract.period_end = row.Int32(7);
  extract.revision = row.Int32(8);
  extract.key_id = row.Text(9);
  extract.epoch = row.Int32(10);
  extract.hub_epoch = row.Int32(11);
  extract.resumed = row.Int(12) != 0;
  extract.persons = row.Int(13);
  extract.manifest_sha256 = row.Text(14);
  TALLY_ASSIGN_OR_RETURN(extract.error, ErrorFromText(row.Text(15)));
  extract.validation = row.Text(16);
  extract.receipt = row.Text(17);
  extract.receipt_signature = row.Text(18);
  extract.newest_opt_out_list = row.Text(19);
  extract.batches = row.Int(20);
  extract.rows = row.Int(21);
  return extract;
}

// Every extract of the source that takes up its name and its period.
constexpr std::string_view kLiving =
    "WHERE source = :source AND state <> 'REJECTED' ORDER BY serial";

absl::Status CheckPeriod(const ExtractRecord& extract,
                         const std::vector<ExtractRecord>& living,
                         std::vector<std::string>& superseded) {
  for (const ExtractRecord& other : living) {
    if (other.extract_id == extract.extract_id) return Exists(other.name());
    const bool same = other.period_start == extract.period_start &&
                      other.period_end == extract.period_end;
    if (!same && other.period_start <= extract.period_end &&
        extract.period_start <= other.period_end) {
      return Error(Reason::kPeriodOverlap,
                   "the period overlaps that of another extract",
                   {.resource = other.name()});
    }
    if (!same) continue;
    if (other.revision >= extract.revision) {
      return Error(Reason::kExtractState, "the period has a newer revision",
                   {.resource = other.name(), .limit = other.revision});
    }
    if (other.state == ExtractState::kOpen) superseded.push_back(other.uid);
  }
  return absl::OkStatus();
}

absl::Status WrongState(const char* what) {
  return Error(Reason::kExtractState,
               std::string("the extract is not ") + what);
}

}  // namespace

absl::StatusOr<std::vector<ExtractRecord>> Catalogue::Impl::Extracts(
    std::string_view condition, const std::vector<SqlValue>& values) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query(std::string(kColumns) + std::string(condition), kTypes,
                  values));
  std::vector<ExtractRecord> extracts;
  for (const SqlRow& row : rows) {
    TALLY_ASSIGN_OR_RETURN(ExtractRecord extract, FromRow(row));
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<SqlRow> datasets,
        sql_->Query("SELECT dataset, spec_sha256, row_count, rows_unlinked "
                    "FROM extract_datasets WHERE uid = :uid ORDER BY place",
                    "ttii", {extract.uid}));
    for (const SqlRow& dataset : datasets) {
      extract.datasets.push_back(
          {dataset.Text(0), dataset.Text(1), dataset.Int(2), dataset.Int(3)});
    }
    extracts.push_back(std::move(extract));
  }
  return extracts;
}

absl::StatusOr<std::string> Catalogue::CreateExtract(
    const ExtractRecord& extract, const Change& change,
    std::vector<std::string>* superseded) {
  return impl_->Commit(change, [&]() -> absl::Status {
    Sql& sql = impl_->sql();
    TALLY_ASSIGN_OR_RETURN(const std::vector<SqlRow> source,
                           sql.Query("SELECT id FROM sources WHERE id = :id",
                                     "t", {extract.source}));
    if (source.empty()) return NotFound("sources/" + extract.source);
    TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> living,
                           impl_->Extracts(kLiving, {extract.source}));
    std::vector<std::string> left_behind;
    TALLY_RETURN_IF_ERROR(CheckPeriod(extract, living, left_behind));
    for (const std::string& uid : left_behind) {
      TALLY_RETURN_IF_ERROR(
          sql.Execute(
                 "UPDATE extracts SET state = 'REJECTED', "
                 "finish_time = :time, error = :error WHERE uid = :uid",
                 {NowUtcRfc3339(),
                  ErrorText(ErrorDetail{.reason = Reason::kUploadSuperseded,
                                        .resource = extract.name()}),
                  uid})
              .status());
    }
    TALLY_ASSIGN_OR_RETURN(const int64_t serial, impl_->Next("serial"));
    TALLY_RETURN_IF_ERROR(
        sql.Execute(
               "INSERT INTO extracts (uid, source, extract_id, state, "
               "create_time, finish_time, period_start, period_end, revision, "
               "key_id, epoch, hub_epoch, resumed, batches, row_count, "
               "persons, manifest_sha256, error, validation, receipt, "
               "receipt_signature, newest_list, serial) "
               "VALUES (:uid, :source, :id, 'OPEN', :created, '', "
               ":start, :end, :revision, :key, :epoch, :hub, 0, 0, 0, 0, '', "
               "'', "
               "'', '', '', '', :serial)",
               {extract.uid, extract.source, extract.extract_id,
                extract.create_time.empty() ? NowUtcRfc3339()
                                            : extract.create_time,
                int64_t{extract.period_start}, int64_t{extract.period_end},
                int64_t{extract.revision}, extract.key_id,
                int64_t{extract.epoch}, int64_t{extract.hub_epoch}, serial})
            .status());
    for (size_t i = 0; i < extract.datasets.size(); ++i) {
      TALLY_RETURN_IF_ERROR(
          sql.Execute(
                 "INSERT INTO extract_datasets (uid, place, dataset, "
                 "spec_sha256, row_count, rows_unlinked) "
                 "VALUES (:uid, :place, :dataset, :digest, 0, 0)",
                 {extract.uid, static_cast<int64_t>(i),
                  extract.datasets[i].dataset, extract.datasets[i].spec_sha256})
              .status());
    }
    if (superseded != nullptr) *superseded = std::move(left_behind);
    return absl::OkStatus();
  });
}

absl::StatusOr<ExtractRecord> Catalogue::GetExtract(
    std::string_view source, std::string_view extract_id) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      std::vector<ExtractRecord> found,
      impl_->Extracts("WHERE source = :source AND extract_id = :id ORDER BY "
                      "CASE WHEN state = 'REJECTED' THEN 1 ELSE 0 END, "
                      "serial DESC LIMIT 1",
                      {std::string(source), std::string(extract_id)}));
  if (found.empty()) {
    return NotFound("sources/" + std::string(source) + "/extracts/" +
                    std::string(extract_id));
  }
  return std::move(found[0]);
}

absl::StatusOr<ExtractRecord> Catalogue::GetExtractByUid(std::string_view uid) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      std::vector<ExtractRecord> found,
      impl_->Extracts("WHERE uid = :uid", {std::string(uid)}));
  if (found.empty()) return NotFound("");
  return std::move(found[0]);
}

absl::StatusOr<Page<ExtractRecord>> Catalogue::ListExtracts(
    std::string_view source, const PageRequest& page) {
  // The token of a page is the last row's "source/extract".
  const size_t slash = page.after.find('/');
  const std::string after_source = page.after.substr(0, slash);
  const std::string after_id =
      slash == std::string::npos ? "" : page.after.substr(slash + 1);
  std::vector<SqlValue> values{after_source, after_source, after_id};
  std::string condition =
      "WHERE (source > :a OR (source = :b AND extract_id > :c)) ";
  if (!source.empty()) {
    condition += "AND source = :source ";
    values.emplace_back(std::string(source));
  }
  condition +=
      "AND (state <> 'REJECTED' OR NOT EXISTS (SELECT 1 FROM extracts o WHERE "
      "o.source = e.source AND o.extract_id = e.extract_id AND "
      "(o.state <> 'REJECTED' OR o.serial > e.serial))) "
      "ORDER BY source, extract_id LIMIT :limit";
  values.emplace_back(int64_t{page.size} + 1);
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(std::vector<ExtractRecord> rows,
                         impl_->Extracts(condition, values));
  return MakePage(std::move(rows), page, [](const ExtractRecord& extract) {
    return extract.source + "/" + extract.extract_id;
  });
}

absl::StatusOr<std::vector<ExtractRecord>> Catalogue::ExtractsInState(
    ExtractState state) {
  MutexLock lock(impl_->mu());
  return impl_->Extracts("WHERE state = :state ORDER BY serial",
                         {std::string(ExtractStateName(state))});
}

absl::StatusOr<std::vector<ExtractRecord>> Catalogue::PublishedExtracts(
    std::string_view source) {
  MutexLock lock(impl_->mu());
  return impl_->Extracts(
      "WHERE source = :source AND state = 'PUBLISHED' "
      "ORDER BY period_start, revision",
      {std::string(source)});
}

absl::Status Catalogue::MarkResumed(std::string_view uid) {
  MutexLock lock(impl_->mu());
  return impl_->sql()
      .Execute(
          "UPDATE extracts SET resumed = 1 "
          "WHERE uid = :uid AND resumed = 0",
          {std::string(uid)})
      .status();
}

absl::StatusOr<std::string> Catalogue::BeginFinalize(
    std::string_view uid, std::string_view manifest_sha256, int64_t batches,
    int64_t rows, const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(
        const int64_t changed,
        impl_->sql().Execute(
            "UPDATE extracts SET state = 'FINALIZING', "
            "manifest_sha256 = :digest, batches = :batches, row_count = :rows "
            "WHERE uid = :uid AND state = 'OPEN'",
            {std::string(manifest_sha256), batches, rows, std::string(uid)}));
    return changed == 1 ? absl::OkStatus() : WrongState("open");
  });
}

absl::Status Catalogue::PublishExtract(const ExtractRecord& extract,
                                       std::span<const FileRecord> files,
                                       const Change& change) {
  return impl_
      ->Commit(
          change,
          [&]() -> absl::Status {
            Sql& sql = impl_->sql();
            TALLY_ASSIGN_OR_RETURN(
                const int64_t changed,
                sql.Execute(
                    "UPDATE extracts SET state = 'PUBLISHED', "
                    "finish_time = :time, persons = :persons, "
                    "validation = :validation, receipt = :receipt, "
                    "receipt_signature = :signature, newest_list = :list "
                    "WHERE uid = :uid AND state = 'FINALIZING'",
                    {extract.finish_time, extract.persons, extract.validation,
                     extract.receipt, extract.receipt_signature,
                     extract.newest_opt_out_list, extract.uid}));
            if (changed != 1) return WrongState("finalizing");
            for (size_t i = 0; i < extract.datasets.size(); ++i) {
              TALLY_RETURN_IF_ERROR(
                  sql.Execute("UPDATE extract_datasets SET row_count = :rows, "
                              "rows_unlinked = :unlinked "
                              "WHERE uid = :uid AND place = :place",
                              {extract.datasets[i].rows,
                               extract.datasets[i].rows_unlinked, extract.uid,
                               static_cast<int64_t>(i)})
                      .status());
            }
            return impl_->InsertFiles(extract.uid, files);
          })
      .status();
}

absl::Status Catalogue::RejectExtract(std::string_view uid,
                                      const ErrorDetail& error,
                                      std::string_view validation,
                                      const Change& change) {
  return impl_
      ->Commit(change,
               [&]() -> absl::Status {
                 TALLY_ASSIGN_OR_RETURN(
                     const int64_t changed,
                     impl_->sql().Execute(
                         "UPDATE extracts SET state = 'REJECTED', "
                         "finish_time = :time, error = :error, "
                         "validation = :validation WHERE uid = :uid AND "
                         "(state = 'OPEN' OR state = 'FINALIZING')",
                         {NowUtcRfc3339(), ErrorText(error),
                          std::string(validation), std::string(uid)}));
                 return changed == 1 ? absl::OkStatus()
                                     : WrongState("under way");
               })
      .status();
}

absl::StatusOr<std::vector<FileRecord>> Catalogue::ExtractFiles(
    std::string_view uid) {
  MutexLock lock(impl_->mu());
  return impl_->Files(uid);
}

}  // namespace tally::linkage
