#include "linkage/service/hub_services.h"

#include <utility>

#include "services.h"

namespace tally::linkage {

HubServices::HubServices(
    Hub& hub, ReleaseManager& releases, transport::CallRuntime& calls,
    transport::StreamWatch& streams,
    std::function<transport::CertificateTerm()> certificate_term) {
  services_.push_back(MakeExtractService(hub, calls, streams));
  services_.push_back(MakeSourceService(hub, calls));
  services_.push_back(MakeProjectService(hub, releases, calls));
  services_.push_back(MakeLinkageService(hub, releases, calls));
  services_.push_back(MakeReleaseAdminService(hub, releases, calls));
  services_.push_back(MakeHubService(hub, calls, std::move(certificate_term)));
  services_.push_back(MakeAuditService(hub, calls));
  services_.push_back(MakeReleaseService(hub, calls, streams));
}

HubServices::~HubServices() = default;

std::vector<grpc::Service*> HubServices::services() const {
  std::vector<grpc::Service*> all;
  for (const auto& service : services_) all.push_back(service.get());
  return all;
}

}  // namespace tally::linkage
