// HubService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/hub/v1/hub.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class HubServiceShell final : public hub::v1::HubService::CallbackService {
 public:
  HubServiceShell(Hub& hub, CallRuntime& calls,
                  std::function<transport::CertificateTerm()> certificate_term)
      : calls_(calls), core_(hub, std::move(certificate_term)) {}

  ServerUnaryReactor* GetStatus(CallbackServerContext* context,
                                const hub::v1::GetStatusRequest* in,
                                hub::v1::GetStatusResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.HubService.GetStatus",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.GetStatus(caller, request, response);
        });
  }
  ServerUnaryReactor* Seal(CallbackServerContext* context,
                           const hub::v1::SealRequest* in,
                           hub::v1::SealResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.HubService.Seal",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.Seal(caller, request, response);
        });
  }
  ServerUnaryReactor* Unseal(CallbackServerContext* context,
                             const hub::v1::UnsealRequest* in,
                             hub::v1::UnsealResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.HubService.Unseal",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.Unseal(caller, request, response);
        });
  }

 private:
  CallRuntime& calls_;
  HubCalls core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeHubService(
    Hub& hub, CallRuntime& calls,
    std::function<transport::CertificateTerm()> certificate_term) {
  return std::make_unique<HubServiceShell>(hub, calls,
                                           std::move(certificate_term));
}

}  // namespace tally::linkage
