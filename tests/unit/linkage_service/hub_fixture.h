#ifndef TALLY_TESTS_UNIT_LINKAGE_SERVICE_HUB_FIXTURE_H_
#define TALLY_TESTS_UNIT_LINKAGE_SERVICE_HUB_FIXTURE_H_

// A whole hub without a network, in a temporary folder: keys, registry,
// specifications, one source that can deliver, two operators, one analyst.

#include <memory>
#include <string>
#include <string_view>

#include "crypto/registry.h"
#include "crypto/sign.h"
#include "linkage/service/calls.h"
#include "linkage/service/hub.h"
#include "linkage/service/release_manager.h"
#include "store_fixture.h"
#include "temp_dir.h"
#include "transport/authoriser.h"
#include "transport/peers.h"

namespace tally::linkage {

inline constexpr char kTrustDomain[] = "example.test";

// A caller as the authoriser would describe it.
transport::Caller OperatorCaller(const std::string& person);
transport::Caller AnalystCaller(const std::string& id);
transport::Caller SourceCaller(const std::string& id);
transport::Caller AuditorCaller(const std::string& id);

class HubFixture {
 public:
  HubFixture();
  ~HubFixture();

  // Opens the hub of this folder; sealed. Again after Close().
  void Open();
  void Close();
  void Unseal();

  Hub& hub() { return *hub_; }
  ReleaseManager& releases() { return *releases_; }
  transport::PeerBook& peers() { return *peers_; }
  const HubConfig& config() const { return config_; }
  const TestScheme& scheme() const { return scheme_; }
  const crypto::SigningKey& custodian() const { return custodian_; }
  std::string Path(std::string_view name) const { return dir_.Path(name); }

  // The source is created and its factor imported without a ceremony.
  void AdmitSource();
  // Delivers, finalises and waits until it is published.
  ExtractRecord Deliver(const DeliveryOptions& options = {});
  // Waits until the release leaves BUILDING.
  hub::v1::Release WaitForRelease(const std::string& name);
  // Asks as operator j-price until the preview is there or has failed.
  hub::v1::PreviewLinkageResponse WaitForPreview(
      const hub::v1::PreviewLinkageRequest& request);

  // An agreement over the fixture's source, and its approval by two.
  std::string AgreementText(const std::string& project) const;
  void ApproveAgreement(const std::string& project);
  // A project, an approved agreement, a built and approved release.
  hub::v1::Release MakeActiveRelease(const std::string& project,
                                     const std::string& release);

 private:
  void WriteFiles();

  TempDir dir_;
  TestScheme scheme_;
  crypto::SigningKey custodian_;
  HubConfig config_;
  std::unique_ptr<transport::PeerBook> peers_;
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<ReleaseManager> releases_;
};

// A fresh UUID4.
std::string FreshRequestId();

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_SERVICE_HUB_FIXTURE_H_
