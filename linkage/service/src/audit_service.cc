// AuditService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/hub/v1/audit.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class AuditServiceShell final : public hub::v1::AuditService::CallbackService {
 public:
  AuditServiceShell(Hub& hub, CallRuntime& calls)
      : calls_(calls), core_(hub, {}) {}

  ServerUnaryReactor* ListEvents(CallbackServerContext* context,
                                 const hub::v1::ListEventsRequest* in,
                                 hub::v1::ListEventsResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.AuditService.ListEvents",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ListEvents(caller, request, response);
        });
  }

 private:
  CallRuntime& calls_;
  HubCalls core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAuditService(Hub& hub, CallRuntime& calls) {
  return std::make_unique<AuditServiceShell>(hub, calls);
}

}  // namespace tally::linkage
