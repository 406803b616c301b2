#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "dataset/release_manifest.h"
#include "dataset/resource_name.h"
#include "linkage/release/agreement.h"
#include "linkage/service/calls.h"
#include "proto_convert.h"
#include "request_guard.h"

namespace tally::linkage {
namespace {

using transport::Caller;

constexpr std::string_view kAllProjects = "projects/-";

absl::Status NotNamed() {
  return Error(Reason::kNotAnAnalystOfProject,
               "no agreement of this project names this analyst");
}

bool IsReadable(const ReleaseRecord& release) {
  return release.state == ReleaseState::kActive ||
         release.state == ReleaseState::kExpired;
}

}  // namespace

absl::Status ReleaseCalls::CheckNamed(const Caller& caller,
                                      std::string_view project,
                                      std::string_view agreement) {
  if (caller.identity.role != transport::PeerRole::kAnalyst) {
    return absl::OkStatus();
  }
  const absl::StatusOr<AgreementRecord> record =
      hub_.catalogue().GetAgreement(project, agreement);
  if (!record.ok()) return NotNamed();
  const absl::StatusOr<Agreement> parsed =
      ParseAgreement(record->document, "agreement");
  if (!parsed.ok() || !parsed->NamesAnalyst(caller.uri)) return NotNamed();
  return absl::OkStatus();
}

absl::StatusOr<ReleaseRecord> ReleaseCalls::FindReadable(
    const Caller& caller, std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseName name,
                         dataset::ParseReleaseName(text));
  absl::StatusOr<ReleaseRecord> release =
      hub_.catalogue().GetRelease(name.project, name.release.ToText());
  const bool analyst = caller.identity.role == transport::PeerRole::kAnalyst;
  if (!release.ok()) {
    // Permission comes first: whoever is named nowhere learns nothing.
    if (!analyst) return release.status();
    const auto agreements = hub_.catalogue().ListAgreements(name.project);
    if (!agreements.ok()) return NotNamed();
    for (const AgreementRecord& agreement : *agreements) {
      if (CheckNamed(caller, name.project, agreement.id).ok()) {
        return release.status();
      }
    }
    return NotNamed();
  }
  TALLY_RETURN_IF_ERROR(CheckNamed(caller, name.project, release->agreement));
  if (!IsReadable(*release)) {
    ErrorDetail detail;
    detail.resource = std::string(text);
    return Error(Reason::kResourceNotFound, "there is no such release",
                 std::move(detail));
  }
  return release;
}

absl::Status ReleaseCalls::Fill(const ReleaseRecord& release,
                                release::v1::Release* out) {
  TALLY_ASSIGN_OR_RETURN(const ProjectRecord project,
                         hub_.catalogue().GetProject(release.project));
  TALLY_ASSIGN_OR_RETURN(
      const AgreementRecord agreement,
      hub_.catalogue().GetAgreement(release.project, release.agreement));
  TALLY_ASSIGN_OR_RETURN(const std::vector<FileRecord> files,
                         hub_.catalogue().ReleaseFiles(release.uid));
  int64_t total = 0;
  for (const FileRecord& file : files) total += file.bytes;
  ToProto(release, project, agreement.expires, total, out);
  return absl::OkStatus();
}

absl::Status ReleaseCalls::ListReleases(
    const Caller& caller, const release::v1::ListReleasesRequest& in,
    release::v1::ListReleasesResponse* out) {
  TALLY_ASSIGN_OR_RETURN(PageRequest page,
                         PageOf(in.page_size(), in.page_token()));
  std::string project;
  if (in.parent() != kAllProjects) {
    TALLY_ASSIGN_OR_RETURN(const dataset::ProjectName name,
                           dataset::ParseProjectName(in.parent()));
    project = name.project;
    const auto agreements = hub_.catalogue().ListAgreements(project);
    bool named = caller.identity.role != transport::PeerRole::kAnalyst;
    if (agreements.ok()) {
      for (const AgreementRecord& agreement : *agreements) {
        named = named || CheckNamed(caller, project, agreement.id).ok();
      }
    }
    if (!named) return NotNamed();
    TALLY_RETURN_IF_ERROR(hub_.catalogue().GetProject(project).status());
  }
  // Pages of the catalogue hold releases that this caller may not see; go on
  // until this page is full or there are no more.
  const int32_t wanted = page.size;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const Page<ReleaseRecord> releases,
                           hub_.catalogue().ListReleases(project, page));
    for (const ReleaseRecord& release : releases.items) {
      if (!IsReadable(release) ||
          !CheckNamed(caller, release.project, release.agreement).ok()) {
        continue;
      }
      TALLY_RETURN_IF_ERROR(Fill(release, out->add_releases()));
    }
    page.after = releases.next;
    page.size = wanted - out->releases_size();
    if (page.after.empty() || page.size <= 0) break;
  }
  out->set_next_page_token(PageToken(page.after));
  return absl::OkStatus();
}

absl::Status ReleaseCalls::GetRelease(const Caller& caller,
                                      const release::v1::GetReleaseRequest& in,
                                      release::v1::GetReleaseResponse* out) {
  TALLY_ASSIGN_OR_RETURN(const ReleaseRecord release,
                         FindReadable(caller, in.name()));
  TALLY_RETURN_IF_ERROR(Fill(release, out->mutable_release()));
  out->set_terms_version(std::string(kTermsVersion));
  TALLY_ASSIGN_OR_RETURN(const std::vector<FileRecord> files,
                         hub_.catalogue().ReleaseFiles(release.uid));
  // Rows are in the manifest, which is a file like the others.
  TALLY_ASSIGN_OR_RETURN(
      const std::string json,
      ReadFile(
          hub_.directory().ReleaseDirectory(release.uid) + "/manifest.json",
          dataset::kMaxReleaseManifestBytes));
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseManifest manifest,
                         dataset::ReleaseManifest::Parse(json));
  for (const FileRecord& file : files) {
    release::v1::ReleaseFile* added = out->add_files();
    added->set_name(release.name() + "/files/" + file.path);
    added->set_path(file.path);
    added->set_size_bytes(file.bytes);
    added->set_sha256(BytesOfHex(file.sha256));
    const dataset::ReleaseFile* listed = manifest.Find(file.path);
    if (listed != nullptr) {
      added->set_rows(static_cast<int64_t>(listed->rows));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Download> ReleaseCalls::OpenDownload(
    const Caller& caller, const release::v1::DownloadFileRequest& in) {
  TALLY_ASSIGN_OR_RETURN(const dataset::FileName name,
                         dataset::ParseFileName(in.name()));
  TALLY_ASSIGN_OR_RETURN(const ReleaseRecord release,
                         FindReadable(caller, name.release.ToText()));
  ErrorDetail detail;
  detail.resource = release.name();
  TALLY_ASSIGN_OR_RETURN(
      const AgreementRecord agreement,
      hub_.catalogue().GetAgreement(release.project, release.agreement));
  if (release.state == ReleaseState::kExpired ||
      agreement.expires < CivilDay::TodayUtc().days()) {
    return Error(Reason::kAgreementExpired,
                 "the agreement of this release has expired",
                 std::move(detail));
  }
  if (in.terms_version() != kTermsVersion) {
    detail.field = "terms_version";
    return Error(Reason::kTermsNotAccepted,
                 "the notice under section 171 of the Data Protection Act "
                 "2018 must be accepted in its current version",
                 std::move(detail));
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<FileRecord> files,
                         hub_.catalogue().ReleaseFiles(release.uid));
  for (const FileRecord& file : files) {
    if (file.path != name.path) continue;
    Download download;
    download.path =
        hub_.directory().ReleaseDirectory(release.uid) + "/" + file.path;
    download.sha256 = file.sha256;
    download.total_bytes = file.bytes;
    download.offset = in.read_offset();
    if (download.offset < 0 || download.offset > file.bytes) {
      detail.field = "read_offset";
      detail.limit = file.bytes;
      return Error(Reason::kFieldInvalid,
                   "read_offset must be from 0 to the size of the file",
                   std::move(detail));
    }
    std::error_code error;
    if (static_cast<int64_t>(
            std::filesystem::file_size(download.path, error)) != file.bytes ||
        error) {
      return Error(Reason::kFileDigest,
                   "a file of this release is not as it was published",
                   std::move(detail));
    }
    AuditEntry entry =
        EntryOf(caller, AuditAction::kReleaseDownload, in.name());
    entry.counts["bytes"] = file.bytes - download.offset;
    entry.digests["file"] = file.sha256;
    entry.reason = "terms " + std::string(kTermsVersion) + " accepted";
    TALLY_RETURN_IF_ERROR(hub_.AppendAudit(entry).status());
    return download;
  }
  return Error(Reason::kResourceNotFound, "there is no such file",
               std::move(detail));
}

}  // namespace tally::linkage
