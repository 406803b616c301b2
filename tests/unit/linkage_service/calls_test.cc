#include "linkage/service/calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "base/strings.h"
#include "dataset/receipt.h"
#include "hub_fixture.h"
#include "request_guard.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class Calls : public ::testing::Test {
 protected:
  Calls() { fixture_.Unseal(); }

  HubFixture fixture_;
};

TEST(IsUuid4, AcceptsOnlyVersionFour) {
  EXPECT_TRUE(IsUuid4("6b1f3a0e-1f67-4b7a-9a53-2f2f3f0e8a11"));
  EXPECT_FALSE(IsUuid4("6b1f3a0e-1f67-1b7a-9a53-2f2f3f0e8a11"));  // version 1
  EXPECT_FALSE(IsUuid4("6b1f3a0e-1f67-4b7a-7a53-2f2f3f0e8a11"));  // variant
  EXPECT_FALSE(IsUuid4("6b1f3a0e1f674b7a9a532f2f3f0e8a11"));
  EXPECT_FALSE(IsUuid4(""));
  EXPECT_TRUE(IsUuid4(FreshRequestId()));
}

TEST(PageOf, RefusesNegativeSizesAndForeignTokens) {
  EXPECT_THAT(PageOf(-1, ""), ReasonIs(Reason::kPageSizeInvalid));
  EXPECT_THAT(PageOf(0, "!!"), ReasonIs(Reason::kFieldInvalid));
  EXPECT_EQ(PageOf(0, "")->size, 50);
  EXPECT_EQ(PageOf(5000, "")->size, 1000);
  EXPECT_EQ(PageOf(7, PageToken("after-this"))->after, "after-this");
}

TEST_F(Calls, CreateASourceOnceForOneRequest) {
  SourceCalls calls(fixture_.hub());
  hub::v1::CreateSourceRequest request;
  request.set_source_id("gp-supplier-a");
  request.set_title("Supplier A");
  request.set_request_id(FreshRequestId());
  hub::v1::CreateSourceResponse first;
  ASSERT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &first),
              IsOk());
  EXPECT_EQ(first.source().state(), hub::v1::SOURCE_STATE_AWAITING_FACTOR);
  EXPECT_THAT(first.audit().corr(), SizeIs(32));
  hub::v1::CreateSourceResponse again;
  ASSERT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &again),
              IsOk());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  // The same id with other content, or from another caller.
  request.set_title("Another");
  EXPECT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &again),
              ReasonIs(Reason::kRequestIdReused));
  request.set_request_id(FreshRequestId());
  EXPECT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &again),
              ReasonIs(Reason::kResourceExists));
}

TEST_F(Calls, RefuseASourceThatTheRegistryDoesNotName) {
  SourceCalls calls(fixture_.hub());
  hub::v1::CreateSourceRequest request;
  request.set_source_id("gp-supplier-z");
  request.set_request_id(FreshRequestId());
  hub::v1::CreateSourceResponse response;
  EXPECT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &response),
              ReasonIs(Reason::kResourceNotFound));
  request.set_source_id("../etc");
  EXPECT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &response),
              ReasonIs(Reason::kNameInvalid));
  request.set_source_id("gp-supplier-a");
  request.set_request_id("not-a-uuid");
  EXPECT_THAT(calls.CreateSource(OperatorCaller("j-price"), request, &response),
              ReasonIs(Reason::kFieldInvalid));
}

TEST_F(Calls, AnswerAChangeOnlyOnceItIsLogged) {
  fixture_.AdmitSource();
  const uint64_t size = fixture_.hub().audit_size();
  EXPECT_EQ(size, 3u);  // start, unseal, source
  ASSERT_THAT(fixture_.hub().Seal("someone", "", nullptr), IsOk());
  ProjectCalls calls(fixture_.hub(), fixture_.releases());
  hub::v1::CreateProjectRequest request;
  request.set_project_id("frailty-2026");
  request.set_request_id(FreshRequestId());
  hub::v1::CreateProjectResponse response;
  EXPECT_THAT(
      calls.CreateProject(OperatorCaller("j-price"), request, &response),
      ReasonIs(Reason::kHubSealed));
}

TEST_F(Calls, ShowAnExtractWithItsReceipt) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  ExtractCalls calls(fixture_.hub());
  extract::v1::GetExtractRequest request;
  request.set_name("sources/gp-supplier-a/extracts/p2026-10-r1");
  extract::v1::GetExtractResponse response;
  ASSERT_THAT(calls.GetExtract(AuditorCaller("m"), request, &response), IsOk());
  EXPECT_EQ(response.extract().state(), extract::v1::EXTRACT_STATE_PUBLISHED);
  EXPECT_EQ(response.extract().persons(), 40);
  const auto receipt = dataset::Receipt::Parse(response.receipt());
  ASSERT_THAT(receipt, IsOk());
  EXPECT_EQ(receipt->persons, 40u);
  EXPECT_THAT(response.receipt_signature(), SizeIs(64));
  EXPECT_GT(response.reasons_size(), 0);
  EXPECT_GT(response.validation_size(), 0);
}

TEST_F(Calls, PageThroughExtracts) {
  fixture_.AdmitSource();
  for (const char* month : {"2026-08", "2026-09", "2026-10"}) {
    DeliveryOptions options;
    options.extract_id = std::string("p") + month + "-r1";
    options.period_start = std::string(month) + "-01";
    options.period_end = std::string(month) + "-30";
    if (std::string(month) == "2026-10" || std::string(month) == "2026-08") {
      options.period_end = std::string(month) + "-31";
    }
    options.events = 20;
    options.patients = 20;
    ASSERT_EQ(fixture_.Deliver(options).state, ExtractState::kPublished);
  }
  ExtractCalls calls(fixture_.hub());
  extract::v1::ListExtractsRequest request;
  request.set_parent("sources/-");
  request.set_page_size(2);
  std::vector<std::string> names;
  do {
    extract::v1::ListExtractsResponse page;
    ASSERT_THAT(calls.ListExtracts(OperatorCaller("j"), request, &page),
                IsOk());
    EXPECT_LE(page.extracts_size(), 2);
    for (const auto& item : page.extracts()) names.push_back(item.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("sources/gp-supplier-a/extracts/p2026-08-r1",
                                 "sources/gp-supplier-a/extracts/p2026-09-r1",
                                 "sources/gp-supplier-a/extracts/p2026-10-r1"));
}

TEST_F(Calls, RefuseAnAgreementThatNamesWhatIsNotThere) {
  fixture_.AdmitSource();
  ProjectCalls calls(fixture_.hub(), fixture_.releases());
  hub::v1::CreateProjectRequest create;
  create.set_project_id("p1");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateProjectResponse created;
  ASSERT_THAT(calls.CreateProject(OperatorCaller("j"), create, &created),
              IsOk());
  hub::v1::AddAgreementRequest add;
  add.set_parent("projects/p1");
  add.set_agreement_id("v1");
  std::string text = fixture_.AgreementText("p1");
  text.replace(text.find("cluster_id"), 10, "surname_xx");
  add.set_text(text);
  add.set_request_id(FreshRequestId());
  hub::v1::AddAgreementResponse added;
  const absl::Status status =
      calls.AddAgreement(OperatorCaller("j"), add, &added);
  EXPECT_THAT(status, ReasonIs(Reason::kAgreementInvalid));
  EXPECT_EQ(DetailOf(status)->field, "dataset[1].columns[1]");
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("surname_xx")));
}

TEST_F(Calls, WantTwoPersonsForAnAgreement) {
  fixture_.AdmitSource();
  ProjectCalls calls(fixture_.hub(), fixture_.releases());
  hub::v1::CreateProjectRequest create;
  create.set_project_id("p1");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateProjectResponse created;
  ASSERT_THAT(calls.CreateProject(OperatorCaller("j"), create, &created),
              IsOk());
  hub::v1::AddAgreementRequest add;
  add.set_parent("projects/p1");
  add.set_agreement_id("v1");
  add.set_text(fixture_.AgreementText("p1"));
  add.set_request_id(FreshRequestId());
  hub::v1::AddAgreementResponse added;
  ASSERT_THAT(calls.AddAgreement(OperatorCaller("j"), add, &added), IsOk());
  const auto approve = [&](const char* person, std::string digest) {
    hub::v1::ApproveAgreementRequest request;
    request.set_name("projects/p1/agreements/v1");
    request.set_sha256(std::move(digest));
    request.set_request_id(FreshRequestId());
    hub::v1::ApproveAgreementResponse response;
    const absl::Status status =
        calls.ApproveAgreement(OperatorCaller(person), request, &response);
    return std::make_pair(status, response.agreement().state());
  };
  const std::string digest = added.agreement().sha256();
  EXPECT_FALSE(approve("j", std::string(32, 'x')).first.ok());
  EXPECT_EQ(approve("j", digest).second,
            hub::v1::AGREEMENT_STATE_AWAITING_APPROVAL);
  EXPECT_THAT(approve("j", digest).first, ReasonIs(Reason::kSamePerson));
  EXPECT_EQ(approve("m", digest).second, hub::v1::AGREEMENT_STATE_ACTIVE);
}

TEST_F(Calls, BuildNothingUnderAnUnapprovedAgreement) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  ProjectCalls projects(fixture_.hub(), fixture_.releases());
  hub::v1::CreateProjectRequest create;
  create.set_project_id("p1");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateProjectResponse created;
  ASSERT_THAT(projects.CreateProject(OperatorCaller("j"), create, &created),
              IsOk());
  hub::v1::AddAgreementRequest add;
  add.set_parent("projects/p1");
  add.set_agreement_id("v1");
  add.set_text(fixture_.AgreementText("p1"));
  add.set_request_id(FreshRequestId());
  hub::v1::AddAgreementResponse added;
  ASSERT_THAT(projects.AddAgreement(OperatorCaller("j"), add, &added), IsOk());
  ReleaseAdminCalls calls(fixture_.hub(), fixture_.releases());
  hub::v1::CreateReleaseRequest request;
  request.set_parent("projects/p1");
  request.set_release_id("r2026-11");
  request.set_agreement("projects/p1/agreements/v1");
  request.set_request_id(FreshRequestId());
  hub::v1::CreateReleaseResponse response;
  EXPECT_THAT(calls.CreateRelease(OperatorCaller("j"), request, &response),
              ReasonIs(Reason::kReleaseState));
  // A preview needs no approval.
  hub::v1::PreviewLinkageRequest preview;
  preview.set_agreement("projects/p1/agreements/v1");
  preview.set_request_id(FreshRequestId());
  const hub::v1::PreviewLinkageResponse report =
      fixture_.WaitForPreview(preview);
  EXPECT_EQ(report.state(), hub::v1::PREVIEW_STATE_DONE);
  EXPECT_THAT(report.extracts(),
              ElementsAre("sources/gp-supplier-a/extracts/p2026-10-r1"));
  EXPECT_GT(report.rows_size(), 2);
  EXPECT_FALSE(report.report_json().empty());
}

TEST_F(Calls, TakeAReleaseFromExtractToDownload) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  const hub::v1::Release release = fixture_.MakeActiveRelease("p1", "r2026-11");
  EXPECT_EQ(release.state(), hub::v1::RELEASE_STATE_ACTIVE);
  EXPECT_EQ(release.approvals_size(), 2);

  ReleaseCalls calls(fixture_.hub());
  const transport::Caller analyst = AnalystCaller("a-khan");
  release::v1::GetReleaseRequest get;
  get.set_name(release.name());
  release::v1::GetReleaseResponse listed;
  ASSERT_THAT(calls.GetRelease(analyst, get, &listed), IsOk());
  EXPECT_EQ(listed.terms_version(), kTermsVersion);
  EXPECT_GT(listed.files_size(), 10);

  release::v1::DownloadFileRequest request;
  request.set_name(release.name() + "/files/manifest.json");
  EXPECT_THAT(calls.OpenDownload(analyst, request),
              ReasonIs(Reason::kTermsNotAccepted));
  request.set_terms_version(std::string(kTermsVersion));
  const uint64_t before = fixture_.hub().audit_size();
  const absl::StatusOr<Download> download =
      calls.OpenDownload(analyst, request);
  ASSERT_THAT(download, IsOk());
  EXPECT_EQ(fixture_.hub().audit_size(), before + 1);
  EXPECT_EQ(Slurp(download->path).size(),
            static_cast<size_t>(download->total_bytes));
  EXPECT_EQ(download->sha256, HexEncode(AsBytes(release.manifest_sha256())));
}

TEST_F(Calls, ShowAReleaseToItsAnalystsOnly) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  const hub::v1::Release release = fixture_.MakeActiveRelease("p1", "r2026-11");
  ReleaseCalls calls(fixture_.hub());
  release::v1::GetReleaseRequest get;
  get.set_name(release.name());
  release::v1::GetReleaseResponse response;
  EXPECT_THAT(calls.GetRelease(AnalystCaller("b-lee"), get, &response),
              ReasonIs(Reason::kNotAnAnalystOfProject));
  // Whether it exists is not for others to know.
  get.set_name("projects/p1/releases/r2030-01");
  EXPECT_THAT(calls.GetRelease(AnalystCaller("b-lee"), get, &response),
              ReasonIs(Reason::kNotAnAnalystOfProject));
  EXPECT_THAT(calls.GetRelease(AnalystCaller("a-khan"), get, &response),
              ReasonIs(Reason::kResourceNotFound));
  release::v1::ListReleasesRequest list;
  list.set_parent("projects/-");
  release::v1::ListReleasesResponse mine;
  ASSERT_THAT(calls.ListReleases(AnalystCaller("a-khan"), list, &mine), IsOk());
  EXPECT_EQ(mine.releases_size(), 1);
  release::v1::ListReleasesResponse none;
  ASSERT_THAT(calls.ListReleases(AnalystCaller("b-lee"), list, &none), IsOk());
  EXPECT_EQ(none.releases_size(), 0);
}

TEST_F(Calls, HideAReleaseUntilTwoHaveApproved) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  fixture_.ApproveAgreement("p1");
  ReleaseAdminCalls admin(fixture_.hub(), fixture_.releases());
  hub::v1::CreateReleaseRequest create;
  create.set_parent("projects/p1");
  create.set_release_id("r2026-11");
  create.set_agreement("projects/p1/agreements/v1");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateReleaseResponse created;
  ASSERT_THAT(admin.CreateRelease(OperatorCaller("j"), create, &created),
              IsOk());
  const hub::v1::Release built =
      fixture_.WaitForRelease("projects/p1/releases/r2026-11");
  ASSERT_EQ(built.state(), hub::v1::RELEASE_STATE_AWAITING_APPROVAL);
  ReleaseCalls calls(fixture_.hub());
  release::v1::GetReleaseRequest get;
  get.set_name(built.name());
  release::v1::GetReleaseResponse response;
  EXPECT_THAT(calls.GetRelease(AnalystCaller("a-khan"), get, &response),
              ReasonIs(Reason::kResourceNotFound));
  hub::v1::ApproveReleaseRequest approve;
  approve.set_name(built.name());
  approve.set_manifest_sha256(std::string(32, 'x'));
  approve.set_request_id(FreshRequestId());
  hub::v1::ApproveReleaseResponse approved;
  EXPECT_FALSE(
      admin.ApproveRelease(OperatorCaller("j"), approve, &approved).ok());
}

TEST_F(Calls, NoticeAFileThatChangedOnDisk) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  const hub::v1::Release release = fixture_.MakeActiveRelease("p1", "r2026-11");
  const std::string path =
      fixture_.hub().directory().ReleaseDirectory(release.uid()) +
      "/README.txt";
  WriteFile(path, "shorter");
  ReleaseCalls calls(fixture_.hub());
  release::v1::DownloadFileRequest request;
  request.set_name(release.name() + "/files/README.txt");
  request.set_terms_version(std::string(kTermsVersion));
  EXPECT_THAT(calls.OpenDownload(AnalystCaller("a-khan"), request),
              ReasonIs(Reason::kFileDigest));
}

TEST_F(Calls, ListTheAuditLogInPages) {
  fixture_.AdmitSource();
  HubCalls calls(fixture_.hub(), {});
  hub::v1::ListEventsRequest request;
  request.set_page_size(2);
  int64_t next = 0;
  do {
    hub::v1::ListEventsResponse page;
    ASSERT_THAT(calls.ListEvents(AuditorCaller("m"), request, &page), IsOk());
    for (const auto& event : page.events()) EXPECT_EQ(event.seq(), next++);
    EXPECT_THAT(page.checkpoint(), HasSubstr("tally.example.test/hub-a/audit"));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(next, 3);
}

TEST_F(Calls, TellTheHubsState) {
  fixture_.AdmitSource();
  ASSERT_EQ(fixture_.Deliver().state, ExtractState::kPublished);
  HubCalls calls(fixture_.hub(), [] {
    return transport::CertificateTerm{5, true};
  });
  hub::v1::GetStatusResponse status;
  ASSERT_THAT(calls.GetStatus(OperatorCaller("j"), {}, &status), IsOk());
  EXPECT_EQ(status.hub(), "hub-a");
  EXPECT_FALSE(status.sealed());
  EXPECT_TRUE(status.serving());
  ASSERT_EQ(status.sources_size(), 1);
  EXPECT_EQ(status.sources(0).newest_extract(),
            "sources/gp-supplier-a/extracts/p2026-10-r1");
  ASSERT_EQ(status.warnings_size(), 1);
  EXPECT_EQ(status.warnings(0).code(), "certificate-expires");
  // As limits.kernel of the fixture says, not what the CPU could do.
  EXPECT_EQ(status.kernel(), "portable");
}

TEST_F(Calls, OfTwoExtractsOfOneSecondTheHigherRevisionIsTheNewest) {
  fixture_.AdmitSource();
  HubCalls calls(fixture_.hub(), {});
  // Mostly within one second; r10 comes before r9 in order of names.
  for (const char* id : {"p2026-10-r1", "p2026-10-r9", "p2026-10-r10"}) {
    DeliveryOptions options;
    options.extract_id = id;
    ASSERT_EQ(fixture_.Deliver(options).state, ExtractState::kPublished);
  }
  hub::v1::GetStatusResponse status;
  ASSERT_THAT(calls.GetStatus(OperatorCaller("j"), {}, &status), IsOk());
  ASSERT_EQ(status.sources_size(), 1);
  EXPECT_EQ(status.sources(0).newest_extract(),
            "sources/gp-supplier-a/extracts/p2026-10-r10");
}

TEST_F(Calls, SealAndUnsealOverTheApi) {
  HubCalls calls(fixture_.hub(), {});
  hub::v1::SealRequest seal;
  seal.set_request_id(FreshRequestId());
  hub::v1::SealResponse sealed;
  ASSERT_THAT(calls.Seal(OperatorCaller("j"), seal, &sealed), IsOk());
  EXPECT_TRUE(fixture_.hub().sealed());
  hub::v1::UnsealRequest unseal;
  unseal.set_passphrase(std::string(kTestPassphrase));
  unseal.set_request_id(FreshRequestId());
  hub::v1::UnsealResponse response;
  ASSERT_THAT(calls.Unseal(OperatorCaller("j"), unseal, &response), IsOk());
  EXPECT_FALSE(fixture_.hub().sealed());
  // Nothing of the passphrase is left in the request.
  EXPECT_EQ(unseal.passphrase(), std::string(kTestPassphrase.size(), '\0'));
}

}  // namespace
}  // namespace tally::linkage
