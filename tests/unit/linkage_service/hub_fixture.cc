#include "hub_fixture.h"

#include <chrono>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "upload_session.h"

namespace tally::linkage {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  ADD_FAILURE() << status;
  std::abort();
}
template <typename T>
T Must(absl::StatusOr<T> value) {
  Must(value.status());
  return *std::move(value);
}

transport::Caller CallerOf(transport::PeerRole role, const std::string& id) {
  transport::Caller caller;
  caller.identity = {kTrustDomain, role, id};
  caller.uri = caller.identity.ToUri();
  caller.key_sha256 = std::string(64, 'a');
  caller.organisation = id;
  return caller;
}

}  // namespace

transport::Caller OperatorCaller(const std::string& person) {
  transport::Caller caller = CallerOf(transport::PeerRole::kOperator, person);
  caller.person = person;
  caller.grants = {true, true};
  return caller;
}
transport::Caller AnalystCaller(const std::string& id) {
  return CallerOf(transport::PeerRole::kAnalyst, id);
}
transport::Caller SourceCaller(const std::string& id) {
  return CallerOf(transport::PeerRole::kSource, id);
}
transport::Caller AuditorCaller(const std::string& id) {
  return CallerOf(transport::PeerRole::kAuditor, id);
}

std::string FreshRequestId() {
  std::string hex = crypto::RandomHex(16);
  hex[12] = '4';
  hex[16] = '8';
  return absl::StrFormat("%s-%s-%s-%s-%s", hex.substr(0, 8), hex.substr(8, 4),
                         hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

HubFixture::HubFixture()
    : custodian_(Must(
          crypto::SigningKey::Generate(crypto::Environment::kTest, "custodian",
                                       crypto::SignPurpose::kRegistry))) {
  WriteFiles();
  config_.environment = crypto::Environment::kTest;
  config_.hub_id = "hub-a";
  config_.data_directory = Path("data");
  config_.temp_directory = Path("tmp");
  config_.datasets_directory = Path("datasets");
  config_.trust_domain = kTrustDomain;
  config_.peers_file = Path("peers.toml");
  config_.keys_directory = Path("keys");
  config_.registry_file = Path("registry.json");
  config_.registry_key = custodian_.public_key();
  config_.memory_bytes = int64_t{1} << 30;
  config_.threads = 2;
  config_.min_free_disk = 0.0;
  config_.kernel = "portable";
  config_.contact = "the operator of the hub";
  HubKeys keys({config_.keys_directory, config_.environment, "commissioning",
                config_.hub_id});
  Must(keys.CreateOwnKeys(
      Must(crypto::RingSecret::Passphrase(kTestPassphrase))));
  peers_ = std::make_unique<transport::PeerBook>(config_.peers_file,
                                                 config_.trust_domain);
  Open();
}

HubFixture::~HubFixture() { Close(); }

void HubFixture::WriteFiles() {
  Must(MakeDirectories(Path("data"), 0700));
  Must(MakeDirectories(Path("tmp"), 0700));
  Must(MakeDirectories(Path("datasets"), 0700));
  WriteFile(Path("datasets/gp-event.toml"), kTestEventSpecification);
  WriteFile(Path("datasets/gp-patient.toml"), kTestPatientSpecification);
  WriteFile(Path("peers.toml"), "peer = []\n");
  const std::string json = scheme_.registry().json();
  WriteFile(Path("registry.json"), json);
  WriteFile(Path("registry.sig"),
            crypto::EncodeSignatureFile(
                Must(custodian_.Sign(crypto::SignLabel::kRegistry, json))));
}

void HubFixture::Open() {
  hub_ = Must(Hub::Open(config_));
  releases_ = std::make_unique<ReleaseManager>(*hub_, *peers_);
}

void HubFixture::Close() {
  if (hub_ != nullptr) hub_->Stop();
  releases_.reset();
  hub_.reset();
}

void HubFixture::Unseal() {
  const crypto::RingSecret secret =
      Must(crypto::RingSecret::Passphrase(kTestPassphrase));
  Must(hub_->Unseal(secret, config_.OwnUri(), "", nullptr).status());
}

void HubFixture::AdmitSource() {
  SourceCalls calls(*hub_);
  hub::v1::CreateSourceRequest request;
  request.set_source_id(std::string(kTestSource));
  request.set_request_id(FreshRequestId());
  hub::v1::CreateSourceResponse response;
  Must(calls.CreateSource(OperatorCaller("j-price"), request, &response));
  Must(hub_->keys().AddFactor(scheme_.Factor(), scheme_.registry()));
  FactorCheck check;
  check.source = std::string(kTestSource);
  check.source_epoch = 1;
  check.hub_epoch = 1;
  check.key_id = scheme_.Factor().key_id().Hex();
  check.loaded = true;
  hub_->SetFactors({check});
}

ExtractRecord HubFixture::Deliver(const DeliveryOptions& options) {
  const TestDelivery delivery = MakeDelivery(scheme_, options);
  CallContext call;
  call.actor = SourceCaller(std::string(kTestSource)).uri;
  call.corr = NewCorrelationId();
  Must(hub_->extracts().CreateExtract(delivery.create, call).status());
  const UploadTicket ticket = Must(hub_->extracts().BeginStream(
      delivery.create.source, delivery.create.extract_id, 1));
  for (size_t i = 0; i < delivery.batches.size(); ++i) {
    Must(hub_->extracts()
             .AddBatch(ticket, i + 1, delivery.batches[i].kind,
                       AsBytes(delivery.batches[i].content))
             .status());
  }
  Must(hub_->extracts().Sync(ticket).status());
  ExtractCalls calls(*hub_);
  extract::v1::FinalizeExtractRequest request;
  request.set_name("sources/" + delivery.create.source + "/extracts/" +
                   delivery.create.extract_id);
  request.set_manifest(delivery.ManifestBytes());
  request.set_signature(SignManifest(scheme_, delivery.ManifestBytes()));
  request.set_request_id(FreshRequestId());
  extract::v1::FinalizeExtractResponse response;
  Must(calls.FinalizeExtract(SourceCaller(delivery.create.source), request,
                             &response));
  ExtractRecord record;
  for (int i = 0; i < 3000; ++i) {
    record = Must(hub_->catalogue().GetExtract(delivery.create.source,
                                               delivery.create.extract_id));
    if (record.state != ExtractState::kFinalizing) return record;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "the extract was not published in 30 s";
  return record;
}

hub::v1::Release HubFixture::WaitForRelease(const std::string& name) {
  ReleaseAdminCalls calls(*hub_, *releases_);
  hub::v1::GetReleaseRequest request;
  request.set_name(name);
  for (int i = 0; i < 6000; ++i) {
    hub::v1::GetReleaseResponse response;
    Must(calls.GetRelease(OperatorCaller("j-price"), request, &response));
    if (response.release().state() != hub::v1::RELEASE_STATE_BUILDING) {
      return response.release();
    }
    releases_->Tick();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "the release was not built in 60 s";
  return {};
}

hub::v1::PreviewLinkageResponse HubFixture::WaitForPreview(
    const hub::v1::PreviewLinkageRequest& request) {
  ReleaseAdminCalls calls(*hub_, *releases_);
  for (int i = 0; i < 6000; ++i) {
    hub::v1::PreviewLinkageResponse response;
    Must(calls.PreviewLinkage(OperatorCaller("j-price"), request, &response));
    if (response.state() == hub::v1::PREVIEW_STATE_DONE ||
        response.state() == hub::v1::PREVIEW_STATE_FAILED) {
      return response;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "the preview was not made in 60 s";
  return {};
}

std::string HubFixture::AgreementText(const std::string& project) const {
  return absl::StrFormat(
      R"toml(project = { id = "%s", agreement = "v1", title = "Trial", purpose = "Testing" }
authority = { controller = "Example ICB", legal_basis = "approval 7", domain = "commissioning" }
term = { valid_from = %s, expires = %s }
analysts = ["spiffe://example.test/analyst/a-khan"]
population = "gp-patient"
date_grain = "month"
geography = ["practice"]
disclosure = { profile = "nhs-subnational", min_k = 2 }
dataset = [
  { id = "gp-patient", sources = ["gp-supplier-a"], columns = ["year_of_birth", "practice_code"] },
  { id = "gp-event", sources = ["gp-supplier-a"], columns = ["event_date", "cluster_id", "value1"] },
]
)toml",
      project, CivilDay::TodayUtc().ToIso(),
      CivilDay::TodayUtc().AddDays(300)->ToIso());
}

void HubFixture::ApproveAgreement(const std::string& project) {
  ProjectCalls calls(*hub_, *releases_);
  hub::v1::CreateProjectRequest create;
  create.set_project_id(project);
  create.set_title("Trial");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateProjectResponse created;
  Must(calls.CreateProject(OperatorCaller("j-price"), create, &created));
  hub::v1::AddAgreementRequest add;
  add.set_parent("projects/" + project);
  add.set_agreement_id("v1");
  add.set_text(AgreementText(project));
  add.set_request_id(FreshRequestId());
  hub::v1::AddAgreementResponse added;
  Must(calls.AddAgreement(OperatorCaller("j-price"), add, &added));
  for (const char* person : {"j-price", "m-evans"}) {
    hub::v1::ApproveAgreementRequest approve;
    approve.set_name(added.agreement().name());
    approve.set_sha256(added.agreement().sha256());
    approve.set_request_id(FreshRequestId());
    hub::v1::ApproveAgreementResponse approved;
    Must(calls.ApproveAgreement(OperatorCaller(person), approve, &approved));
  }
}

hub::v1::Release HubFixture::MakeActiveRelease(const std::string& project,
                                               const std::string& release) {
  ApproveAgreement(project);
  ReleaseAdminCalls calls(*hub_, *releases_);
  hub::v1::CreateReleaseRequest create;
  create.set_parent("projects/" + project);
  create.set_release_id(release);
  create.set_agreement("projects/" + project + "/agreements/v1");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateReleaseResponse created;
  Must(calls.CreateRelease(OperatorCaller("j-price"), create, &created));
  hub::v1::Release built = WaitForRelease(created.release().name());
  EXPECT_EQ(built.state(), hub::v1::RELEASE_STATE_AWAITING_APPROVAL)
      << built.error().reason();
  for (const char* person : {"j-price", "m-evans"}) {
    hub::v1::ApproveReleaseRequest approve;
    approve.set_name(built.name());
    approve.set_manifest_sha256(built.manifest_sha256());
    approve.set_request_id(FreshRequestId());
    hub::v1::ApproveReleaseResponse approved;
    Must(calls.ApproveRelease(OperatorCaller(person), approve, &approved));
    built = approved.release();
  }
  return built;
}

}  // namespace tally::linkage
