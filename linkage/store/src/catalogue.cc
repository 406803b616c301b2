#include "linkage/store/catalogue.h"

#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"
#include "catalogue_impl.h"
#include "crypto/random.h"
#include "schema.h"

namespace tally::linkage {

absl::StatusOr<std::optional<std::string>> Catalogue::Impl::Answered(
    const RequestKey& request) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT method, digest, answer FROM requests "
                  "WHERE request_id = :id AND caller = :caller",
                  "ttt", {request.request_id, request.caller}));
  if (rows.empty()) return std::optional<std::string>();
  if (rows[0].Text(0) != request.method || rows[0].Text(1) != request.digest) {
    return Error(Reason::kRequestIdReused,
                 "the request id was used for another request",
                 {.field = "request_id"});
  }
  return std::optional<std::string>(rows[0].Text(2));
}

absl::StatusOr<int64_t> Catalogue::Impl::Next(std::string_view counter) {
  TALLY_RETURN_IF_ERROR(
      sql_->Execute("UPDATE counters SET value = value + 1 WHERE name = :name",
                    {std::string(counter)})
          .status());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT value FROM counters WHERE name = :name", "i",
                  {std::string(counter)}));
  if (rows.empty()) return BadRow();
  return rows[0].Int(0);
}

absl::StatusOr<std::string> Catalogue::Impl::Commit(
    const Change& change, const std::function<absl::Status()>& mutate) {
  TALLY_ASSIGN_OR_RETURN(std::string entry, EncodeAuditEntry(change.entry));
  MutexLock lock(mu_);
  std::string answer = change.answer;
  TALLY_RETURN_IF_ERROR(sql_->Transaction([&]() -> absl::Status {
    if (change.request.has_value()) {
      TALLY_ASSIGN_OR_RETURN(std::optional<std::string> before,
                             Answered(*change.request));
      if (before.has_value()) {
        answer = *std::move(before);
        return absl::OkStatus();
      }
    }
    TALLY_RETURN_IF_ERROR(mutate());
    if (change.request.has_value()) {
      const RequestKey& request = *change.request;
      TALLY_RETURN_IF_ERROR(
          sql_->Execute("INSERT INTO requests (request_id, caller, method, "
                        "digest, answer, time) VALUES (:id, :caller, :method, "
                        ":digest, :answer, :time)",
                        {request.request_id, request.caller, request.method,
                         request.digest, answer, NowUtcRfc3339()})
              .status());
    }
    TALLY_ASSIGN_OR_RETURN(const int64_t id, Next("outbox"));
    return sql_
        ->Execute("INSERT INTO outbox (id, entry) VALUES (:id, :entry)",
                  {id, entry})
        .status();
  }));
  return answer;
}

absl::Status Catalogue::Impl::InsertFiles(std::string_view owner,
                                          std::span<const FileRecord> files) {
  for (const FileRecord& file : files) {
    TALLY_RETURN_IF_ERROR(
        sql_->Execute("INSERT INTO files (owner, path, bytes, sha256) "
                      "VALUES (:owner, :path, :bytes, :sha256)",
                      {std::string(owner), file.path, file.bytes, file.sha256})
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FileRecord>> Catalogue::Impl::Files(
    std::string_view owner) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows,
                         sql_->Query("SELECT path, bytes, sha256 FROM files "
                                     "WHERE owner = :owner ORDER BY path",
                                     "tit", {std::string(owner)}));
  std::vector<FileRecord> files;
  for (const SqlRow& row : rows) {
    files.push_back({row.Text(0), row.Int(1), row.Text(2)});
  }
  return files;
}

absl::StatusOr<std::vector<ApprovalRecord>> Catalogue::Impl::Approvals(
    std::string_view owner) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT person, peer, time FROM approvals "
                  "WHERE owner = :owner ORDER BY time, person",
                  "ttt", {std::string(owner)}));
  std::vector<ApprovalRecord> approvals;
  for (const SqlRow& row : rows) {
    approvals.push_back({row.Text(0), row.Text(1), row.Text(2)});
  }
  return approvals;
}

absl::StatusOr<int64_t> Catalogue::Impl::AddApproval(
    std::string_view owner, const ApprovalRecord& approval,
    std::string_view resource) {
  if (approval.person.empty()) {
    return absl::InvalidArgumentError("an approval needs a person");
  }
  TALLY_ASSIGN_OR_RETURN(
      const int64_t added,
      sql_->Execute("INSERT INTO approvals (owner, person, peer, time) "
                    "VALUES (:owner, :person, :peer, :time) "
                    "ON CONFLICT (owner, person) DO NOTHING",
                    {std::string(owner), approval.person, approval.peer,
                     approval.time.empty() ? NowUtcRfc3339() : approval.time}));
  if (added == 0) {
    return Error(Reason::kSamePerson, "this person has approved already",
                 {.resource = std::string(resource)});
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT COUNT(*) FROM approvals WHERE owner = :owner", "i",
                  {std::string(owner)}));
  return rows.at(0).Int(0);
}

absl::StatusOr<std::unique_ptr<Catalogue>> Catalogue::Open(
    std::string_view url, const std::string& sqlite_path,
    std::string_view password) {
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<Sql> sql,
                         Sql::Open(url, sqlite_path, password));
  TALLY_RETURN_IF_ERROR(Migrate(*sql));
  return std::unique_ptr<Catalogue>(
      new Catalogue(std::make_unique<Impl>(std::move(sql))));
}

Catalogue::Catalogue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalogue::~Catalogue() = default;

absl::StatusOr<std::vector<std::string>> Catalogue::PlanMigrations(
    std::string_view url, const std::string& sqlite_path,
    std::string_view password) {
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<Sql> sql,
                         Sql::Open(url, sqlite_path, password));
  return PendingMigrations(*sql);
}

std::string Catalogue::NewUid() { return crypto::RandomHex(16); }

absl::StatusOr<std::optional<std::string>> Catalogue::FindAnswer(
    const RequestKey& request) {
  MutexLock lock(impl_->mu());
  return impl_->Answered(request);
}

absl::Status Catalogue::ForgetRequestsBefore(std::string_view time) {
  MutexLock lock(impl_->mu());
  return impl_->sql()
      .Execute("DELETE FROM requests WHERE time < :time", {std::string(time)})
      .status();
}

absl::StatusOr<bool> Catalogue::WasChanged() {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      impl_->sql().Query("SELECT value FROM counters WHERE name = :name", "i",
                         {std::string("outbox")}));
  if (rows.empty()) return BadRow();
  return rows[0].Int(0) > 0;
}

absl::StatusOr<std::string> Catalogue::Record(const Change& change) {
  return impl_->Commit(change, [] { return absl::OkStatus(); });
}

absl::StatusOr<std::string> Catalogue::CreateSource(const SourceRecord& source,
                                                    const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(
        const int64_t added,
        impl_->sql().Execute(
            "INSERT INTO sources (id, uid, title, create_time) "
            "VALUES (:id, :uid, :title, :time) ON CONFLICT (id) DO NOTHING",
            {source.id, source.uid, source.title, source.create_time}));
    return added == 1 ? absl::OkStatus() : Exists("sources/" + source.id);
  });
}

absl::StatusOr<SourceRecord> Catalogue::GetSource(std::string_view id) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      impl_->sql().Query("SELECT uid, id, title, create_time FROM sources "
                         "WHERE id = :id",
                         "tttt", {std::string(id)}));
  if (rows.empty()) return NotFound("sources/" + std::string(id));
  return SourceRecord{rows[0].Text(0), rows[0].Text(1), rows[0].Text(2),
                      rows[0].Text(3)};
}

absl::StatusOr<Page<SourceRecord>> Catalogue::ListSources(
    const PageRequest& page) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      impl_->sql().Query("SELECT uid, id, title, create_time FROM sources "
                         "WHERE id > :after ORDER BY id LIMIT :limit",
                         "tttt", {page.after, int64_t{page.size} + 1}));
  std::vector<SourceRecord> sources;
  for (const SqlRow& row : rows) {
    sources.push_back({row.Text(0), row.Text(1), row.Text(2), row.Text(3)});
  }
  return MakePage(std::move(sources), page,
                  [](const SourceRecord& source) { return source.id; });
}

absl::StatusOr<std::vector<AuditOutbox::Pending>> Catalogue::NextPending(
    int limit) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      impl_->sql().Query(
          "SELECT id, entry FROM outbox ORDER BY id LIMIT :limit", "it",
          {int64_t{limit}}));
  std::vector<Pending> pending;
  for (const SqlRow& row : rows) {
    TALLY_ASSIGN_OR_RETURN(AuditEntry entry, ParseAuditEntry(row.Text(1)));
    pending.push_back({row.Int(0), std::move(entry)});
  }
  return pending;
}

absl::Status Catalogue::MarkWritten(std::span<const int64_t> ids) {
  MutexLock lock(impl_->mu());
  return impl_->sql().Transaction([&]() -> absl::Status {
    for (const int64_t id : ids) {
      TALLY_RETURN_IF_ERROR(
          impl_->sql()
              .Execute("DELETE FROM outbox WHERE id = :id", {id})
              .status());
    }
    return absl::OkStatus();
  });
}

}  // namespace tally::linkage
