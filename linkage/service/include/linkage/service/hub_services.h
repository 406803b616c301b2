#ifndef TALLY_LINKAGE_SERVICE_HUB_SERVICES_H_
#define TALLY_LINKAGE_SERVICE_HUB_SERVICES_H_

// The hub's gRPC services over its calls (calls.h). They authorise, decode,
// call and encode; nothing is decided here.
//
// Role: hub.
// Spec: docs/spec/api-v1.md
// Threading: any thread.
// Secrets: none kept.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "linkage/service/hub.h"
#include "linkage/service/release_manager.h"
#include "transport/certificates.h"
#include "transport/stream_watch.h"
#include "transport/unary.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tally::linkage {

class HubServices {
 public:
  // All references must outlive this.
  HubServices(Hub& hub, ReleaseManager& releases, transport::CallRuntime& calls,
              transport::StreamWatch& streams,
              std::function<transport::CertificateTerm()> certificate_term);
  ~HubServices();
  HubServices(const HubServices&) = delete;
  HubServices& operator=(const HubServices&) = delete;

  // For transport::Server::Start().
  std::vector<grpc::Service*> services() const;

 private:
  std::vector<std::unique_ptr<grpc::Service>> services_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_HUB_SERVICES_H_
