// The hub's catalogue: one small SQL database that says what exists and in
// which state. Files are data; the catalogue decides which of them count.
//
// Role: hub. Holds names, states, counts and digests, agreements as text and
// audit entries on their way to the log; never a record, token or pseudonym.
//
// Every change is one transaction together with its audit entry (outbox) and,
// where it has one, its request id (replay table). Method by method: a repeated
// request id with the same content returns the first answer without changing
// anything; with other content REQUEST_ID_REUSED.
//
// SQLite (WAL, synchronous FULL) by default; PostgreSQL by URL. Any method may
// return CATALOGUE_BUSY: the database is away or locked; the next call looks
// for it anew. A change may have been made, or be on its way, although it
// returned that: nothing that it refers to may be removed before a later call
// has told. Whoever tries again without a request id gets the error of a change
// that is there already (RESOURCE_EXISTS, EXTRACT_STATE, RELEASE_STATE); an
// entry that Record() alone puts into the outbox may then be there twice.
//
// Spec: docs/spec/hub-directory-v1.md
// Threading: all methods may be called from any thread; one at a time inside.
// Secrets: the password of a PostgreSQL URL. Messages never quote the library's
//   text, which contains bound values.

#ifndef TALLY_LINKAGE_STORE_CATALOGUE_H_
#define TALLY_LINKAGE_STORE_CATALOGUE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "linkage/audit/outbox.h"
#include "linkage/store/catalogue_types.h"

namespace tally::linkage {

class Catalogue : public AuditOutbox {
 public:
  // Opens the database and brings its schema to the current version.
  // `url`: "sqlite" (then `sqlite_path` is the file) or "postgresql://...".
  // Errors: CATALOGUE_BUSY if it cannot be reached or is locked; FILE_DIGEST
  // (exit 11) if it is damaged or of a later version than this program knows;
  // FailedPrecondition if a database of PostgreSQL does not sort by bytes.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Catalogue>> Open(
      std::string_view url, const std::string& sqlite_path,
      std::string_view password = {});

  ~Catalogue() override;

  // The migrations that Open would run on this file, oldest first; empty when
  // it is current. Changes nothing.
  [[nodiscard]] static absl::StatusOr<std::vector<std::string>> PlanMigrations(
      std::string_view url, const std::string& sqlite_path,
      std::string_view password = {});

  // A new uid: 16 random bytes as hex.
  static std::string NewUid();

  // The first answer of this request, or nothing if it is new.
  // Errors: REQUEST_ID_REUSED if it came with other content.
  [[nodiscard]] absl::StatusOr<std::optional<std::string>> FindAnswer(
      const RequestKey& request);
  // Forgets requests older than this time (UTC text). For a daily timer.
  [[nodiscard]] absl::Status ForgetRequestsBefore(std::string_view time);

  // Whether anything was ever written to it: false for a new catalogue.
  [[nodiscard]] absl::StatusOr<bool> WasChanged();

  // Puts an entry into the outbox alone, for acts that change no table.
  [[nodiscard]] absl::StatusOr<std::string> Record(const Change& change);

  // Sources. Create: RESOURCE_EXISTS. All changes return the answer.
  [[nodiscard]] absl::StatusOr<std::string> CreateSource(
      const SourceRecord& source, const Change& change);
  [[nodiscard]] absl::StatusOr<SourceRecord> GetSource(std::string_view id);
  [[nodiscard]] absl::StatusOr<Page<SourceRecord>> ListSources(
      const PageRequest& page);

  // Extracts.
  //
  // Create checks, in the same transaction: the source exists; no extract of
  // this id that is not rejected (RESOURCE_EXISTS); no newer revision of its
  // period (EXTRACT_STATE); its period equals or does not overlap any other of
  // the source that is not rejected (PERIOD_OVERLAP, resource = that one).
  // Open extracts of lower revisions of the period are rejected as
  // UPLOAD_SUPERSEDED; their uids are returned for removal in `superseded`.
  [[nodiscard]] absl::StatusOr<std::string> CreateExtract(
      const ExtractRecord& extract, const Change& change,
      std::vector<std::string>* superseded);
  // By name: the one that is not rejected, else the last rejected one.
  [[nodiscard]] absl::StatusOr<ExtractRecord> GetExtract(
      std::string_view source, std::string_view extract_id);
  [[nodiscard]] absl::StatusOr<ExtractRecord> GetExtractByUid(
      std::string_view uid);
  // By name; of one source, or of all with "". A rejected extract is listed
  // only while no other has its name.
  [[nodiscard]] absl::StatusOr<Page<ExtractRecord>> ListExtracts(
      std::string_view source, const PageRequest& page);
  [[nodiscard]] absl::StatusOr<std::vector<ExtractRecord>> ExtractsInState(
      ExtractState state);
  // All published extracts of a source, all revisions, by period and revision.
  [[nodiscard]] absl::StatusOr<std::vector<ExtractRecord>> PublishedExtracts(
      std::string_view source);
  [[nodiscard]] absl::Status MarkResumed(std::string_view uid);
  // OPEN -> FINALIZING; EXTRACT_STATE otherwise.
  [[nodiscard]] absl::StatusOr<std::string> BeginFinalize(
      std::string_view uid, std::string_view manifest_sha256, int64_t batches,
      int64_t rows, const Change& change);
  // FINALIZING -> PUBLISHED with everything of `extract` that publishing sets,
  // and its files. EXTRACT_STATE otherwise.
  [[nodiscard]] absl::Status PublishExtract(const ExtractRecord& extract,
                                            std::span<const FileRecord> files,
                                            const Change& change);
  // OPEN or FINALIZING -> REJECTED; EXTRACT_STATE otherwise.
  [[nodiscard]] absl::Status RejectExtract(std::string_view uid,
                                           const ErrorDetail& error,
                                           std::string_view validation,
                                           const Change& change);
  [[nodiscard]] absl::StatusOr<std::vector<FileRecord>> ExtractFiles(
      std::string_view uid);

  // Projects and agreements.
  [[nodiscard]] absl::StatusOr<std::string> CreateProject(
      const ProjectRecord& project, const Change& change);
  [[nodiscard]] absl::StatusOr<ProjectRecord> GetProject(std::string_view id);
  [[nodiscard]] absl::StatusOr<Page<ProjectRecord>> ListProjects(
      const PageRequest& page);
  [[nodiscard]] absl::StatusOr<std::string> AddAgreement(
      const AgreementRecord& agreement, const Change& change);
  [[nodiscard]] absl::StatusOr<AgreementRecord> GetAgreement(
      std::string_view project, std::string_view id);
  [[nodiscard]] absl::StatusOr<std::vector<AgreementRecord>> ListAgreements(
      std::string_view project);
  // Adds an approval. The second one by another person makes it ACTIVE.
  // Errors: SAME_PERSON; AGREEMENT_INVALID if `sha256` is not the document's;
  // AGREEMENT_EXPIRED.
  [[nodiscard]] absl::StatusOr<std::string> ApproveAgreement(
      std::string_view project, std::string_view id, std::string_view sha256,
      const ApprovalRecord& approval, const Change& change);
  // Agreements that are not expired yet although `today` is past their last
  // day; ExpireAgreement ends one, and its releases with it.
  [[nodiscard]] absl::StatusOr<std::vector<AgreementRecord>> AgreementsToExpire(
      int32_t today);
  [[nodiscard]] absl::Status ExpireAgreement(std::string_view project,
                                             std::string_view id,
                                             const Change& change);

  // Releases.
  [[nodiscard]] absl::StatusOr<std::string> CreateRelease(
      const ReleaseRecord& release, const Change& change);
  [[nodiscard]] absl::StatusOr<ReleaseRecord> GetRelease(
      std::string_view project, std::string_view id);
  // Of one project, or of all with "".
  [[nodiscard]] absl::StatusOr<Page<ReleaseRecord>> ListReleases(
      std::string_view project, const PageRequest& page);
  [[nodiscard]] absl::StatusOr<std::vector<ReleaseRecord>> ReleasesInState(
      ReleaseState state);
  // BUILDING -> AWAITING_APPROVAL; RELEASE_STATE otherwise. `files` are all
  // files of its directory, manifest.json and manifest.sig included.
  [[nodiscard]] absl::Status FinishRelease(std::string_view uid,
                                           std::string_view manifest_sha256,
                                           std::string_view tables,
                                           std::span<const FileRecord> files,
                                           const Change& change);
  // BUILDING -> FAILED; RELEASE_STATE otherwise.
  [[nodiscard]] absl::Status FailRelease(std::string_view uid,
                                         const ErrorDetail& error,
                                         const Change& change);
  // As ApproveAgreement; RELEASE_STATE unless it awaits approval, FILE_DIGEST
  // if `manifest_sha256` is another one. The second approval makes it ACTIVE.
  [[nodiscard]] absl::StatusOr<std::string> ApproveRelease(
      std::string_view project, std::string_view id,
      std::string_view manifest_sha256, const ApprovalRecord& approval,
      const Change& change);
  [[nodiscard]] absl::StatusOr<std::vector<FileRecord>> ReleaseFiles(
      std::string_view uid);

  // AuditOutbox.
  absl::StatusOr<std::vector<Pending>> NextPending(int limit) override;
  absl::Status MarkWritten(std::span<const int64_t> ids) override;

 private:
  class Impl;
  explicit Catalogue(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_CATALOGUE_H_
