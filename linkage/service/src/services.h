#ifndef TALLY_LINKAGE_SERVICE_SRC_SERVICES_H_
#define TALLY_LINKAGE_SERVICE_SRC_SERVICES_H_

// One maker a gRPC service; the shells themselves are in *_service.cc.
//
// Threading: at start.
// Secrets: none.

#include <grpcpp/impl/service_type.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "linkage/service/hub.h"
#include "linkage/service/release_manager.h"
#include "transport/certificates.h"
#include "transport/stream_watch.h"
#include "transport/unary.h"

namespace tally::linkage {

std::unique_ptr<grpc::Service> MakeExtractService(
    Hub& hub, transport::CallRuntime& calls, transport::StreamWatch& watch);
std::unique_ptr<grpc::Service> MakeSourceService(Hub& hub,
                                                 transport::CallRuntime& calls);
std::unique_ptr<grpc::Service> MakeProjectService(
    Hub& hub, ReleaseManager& releases, transport::CallRuntime& calls);
std::unique_ptr<grpc::Service> MakeLinkageService(
    Hub& hub, ReleaseManager& releases, transport::CallRuntime& calls);
std::unique_ptr<grpc::Service> MakeReleaseAdminService(
    Hub& hub, ReleaseManager& releases, transport::CallRuntime& calls);
std::unique_ptr<grpc::Service> MakeHubService(
    Hub& hub, transport::CallRuntime& calls,
    std::function<transport::CertificateTerm()> certificate_term);
std::unique_ptr<grpc::Service> MakeAuditService(Hub& hub,
                                                transport::CallRuntime& calls);
std::unique_ptr<grpc::Service> MakeReleaseService(
    Hub& hub, transport::CallRuntime& calls, transport::StreamWatch& watch);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_SERVICES_H_
