#ifndef TALLY_LINKAGE_SERVICE_CALLS_H_
#define TALLY_LINKAGE_SERVICE_CALLS_H_

// What the hub's methods do, without a network: a caller who has passed the
// authoriser, a request and a response. The gRPC services beside this translate
// and nothing else, and tests call these functions directly.
//
// Every function returns the reasons of docs/errors.md; no message repeats a
// value of the request. A change answers once it is in the audit log.
//
// Role: hub.
// Spec: docs/spec/api-v1.md
// Threading: any thread.
// Secrets: Unseal's passphrase is wiped from the request.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "linkage/service/hub.h"
#include "linkage/service/release_manager.h"
#include "tally/extract/v1/extract.pb.h"
#include "tally/hub/v1/audit.pb.h"
#include "tally/hub/v1/hub.pb.h"
#include "tally/hub/v1/linkage.pb.h"
#include "tally/hub/v1/project.pb.h"
#include "tally/hub/v1/release_admin.pb.h"
#include "tally/hub/v1/source.pb.h"
#include "tally/release/v1/release.pb.h"
#include "transport/authoriser.h"
#include "transport/certificates.h"

namespace tally::linkage {

// The notice that an analyst accepts with each download.
inline constexpr std::string_view kTermsVersion = "dpa2018-s171-v1";
// An answer of one message stays below this.
inline constexpr size_t kMaxAnswerBytes = 1'000'000;

class ExtractCalls {
 public:
  explicit ExtractCalls(Hub& hub) : hub_(hub) {}

  absl::Status CreateExtract(const transport::Caller& caller,
                             const extract::v1::CreateExtractRequest& in,
                             extract::v1::CreateExtractResponse* out);
  absl::Status GetUploadStatus(const transport::Caller& caller,
                               const extract::v1::GetUploadStatusRequest& in,
                               extract::v1::GetUploadStatusResponse* out);
  absl::Status FinalizeExtract(const transport::Caller& caller,
                               const extract::v1::FinalizeExtractRequest& in,
                               extract::v1::FinalizeExtractResponse* out);
  absl::Status GetExtract(const transport::Caller& caller,
                          const extract::v1::GetExtractRequest& in,
                          extract::v1::GetExtractResponse* out);
  absl::Status ListExtracts(const transport::Caller& caller,
                            const extract::v1::ListExtractsRequest& in,
                            extract::v1::ListExtractsResponse* out);

 private:
  Hub& hub_;
};

class SourceCalls {
 public:
  explicit SourceCalls(Hub& hub) : hub_(hub) {}

  absl::Status CreateSource(const transport::Caller& caller,
                            const hub::v1::CreateSourceRequest& in,
                            hub::v1::CreateSourceResponse* out);
  absl::Status ListSources(const transport::Caller& caller,
                           const hub::v1::ListSourcesRequest& in,
                           hub::v1::ListSourcesResponse* out);
  absl::Status ImportFactor(const transport::Caller& caller,
                            const hub::v1::ImportFactorRequest& in,
                            hub::v1::ImportFactorResponse* out);

 private:
  bool IsImported(const hub::v1::ImportFactorRequest& in,
                  const std::string& source, const crypto::BoxKey& box) const;
  absl::Status TakeFactor(const hub::v1::ImportFactorRequest& in,
                          const std::string& source);
  int64_t PersonLimitOf(std::string_view source) const;

  Hub& hub_;
};

class ProjectCalls {
 public:
  ProjectCalls(Hub& hub, ReleaseManager& releases)
      : hub_(hub), releases_(releases) {}

  absl::Status CreateProject(const transport::Caller& caller,
                             const hub::v1::CreateProjectRequest& in,
                             hub::v1::CreateProjectResponse* out);
  absl::Status ListProjects(const transport::Caller& caller,
                            const hub::v1::ListProjectsRequest& in,
                            hub::v1::ListProjectsResponse* out);
  absl::Status AddAgreement(const transport::Caller& caller,
                            const hub::v1::AddAgreementRequest& in,
                            hub::v1::AddAgreementResponse* out);
  absl::Status ApproveAgreement(const transport::Caller& caller,
                                const hub::v1::ApproveAgreementRequest& in,
                                hub::v1::ApproveAgreementResponse* out);

 private:
  Hub& hub_;
  ReleaseManager& releases_;
};

class ReleaseAdminCalls {
 public:
  ReleaseAdminCalls(Hub& hub, ReleaseManager& releases)
      : hub_(hub), releases_(releases) {}

  absl::Status PreviewLinkage(const transport::Caller& caller,
                              const hub::v1::PreviewLinkageRequest& in,
                              hub::v1::PreviewLinkageResponse* out);
  absl::Status CreateRelease(const transport::Caller& caller,
                             const hub::v1::CreateReleaseRequest& in,
                             hub::v1::CreateReleaseResponse* out);
  absl::Status GetRelease(const transport::Caller& caller,
                          const hub::v1::GetReleaseRequest& in,
                          hub::v1::GetReleaseResponse* out);
  absl::Status ListReleases(const transport::Caller& caller,
                            const hub::v1::ListReleasesRequest& in,
                            hub::v1::ListReleasesResponse* out);
  absl::Status ApproveRelease(const transport::Caller& caller,
                              const hub::v1::ApproveReleaseRequest& in,
                              hub::v1::ApproveReleaseResponse* out);

 private:
  absl::Status Fill(const ReleaseRecord& release, hub::v1::Release* out);

  Hub& hub_;
  ReleaseManager& releases_;
};

class HubCalls {
 public:
  // `certificate_term`: of the server; may be empty.
  HubCalls(Hub& hub,
           std::function<transport::CertificateTerm()> certificate_term)
      : hub_(hub), certificate_term_(std::move(certificate_term)) {}

  absl::Status GetStatus(const transport::Caller& caller,
                         const hub::v1::GetStatusRequest& in,
                         hub::v1::GetStatusResponse* out);
  absl::Status Seal(const transport::Caller& caller,
                    const hub::v1::SealRequest& in, hub::v1::SealResponse* out);
  absl::Status Unseal(const transport::Caller& caller,
                      const hub::v1::UnsealRequest& in,
                      hub::v1::UnsealResponse* out);
  absl::Status ListEvents(const transport::Caller& caller,
                          const hub::v1::ListEventsRequest& in,
                          hub::v1::ListEventsResponse* out);

 private:
  absl::Status AddSources(hub::v1::GetStatusResponse* out);
  void AddWarnings(hub::v1::GetStatusResponse* out);

  Hub& hub_;
  const std::function<transport::CertificateTerm()> certificate_term_;
};

// A download that was permitted and logged.
struct Download {
  std::string path;    // on the hub's disk
  std::string sha256;  // as published
  int64_t total_bytes = 0;
  int64_t offset = 0;
};

class ReleaseCalls {
 public:
  explicit ReleaseCalls(Hub& hub) : hub_(hub) {}

  absl::Status ListReleases(const transport::Caller& caller,
                            const release::v1::ListReleasesRequest& in,
                            release::v1::ListReleasesResponse* out);
  absl::Status GetRelease(const transport::Caller& caller,
                          const release::v1::GetReleaseRequest& in,
                          release::v1::GetReleaseResponse* out);
  // Checks the right to a file and writes the audit entry; only then may the
  // first byte go. Errors: NOT_AN_ANALYST_OF_PROJECT, RESOURCE_NOT_FOUND,
  // RELEASE_STATE, AGREEMENT_EXPIRED, TERMS_NOT_ACCEPTED, FIELD_INVALID
  // (offset), FILE_DIGEST (another size than published), AUDIT_UNAVAILABLE.
  [[nodiscard]] absl::StatusOr<Download> OpenDownload(
      const transport::Caller& caller,
      const release::v1::DownloadFileRequest& in);

 private:
  // Whether the caller may see releases under this agreement; operators and
  // auditors may. NOT_AN_ANALYST_OF_PROJECT.
  absl::Status CheckNamed(const transport::Caller& caller,
                          std::string_view project, std::string_view agreement);
  absl::StatusOr<ReleaseRecord> FindReadable(const transport::Caller& caller,
                                             std::string_view name);
  absl::Status Fill(const ReleaseRecord& release, release::v1::Release* out);

  Hub& hub_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_CALLS_H_
