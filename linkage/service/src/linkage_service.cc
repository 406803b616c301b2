// LinkageService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/hub/v1/linkage.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class LinkageServiceShell final
    : public hub::v1::LinkageService::CallbackService {
 public:
  LinkageServiceShell(Hub& hub, ReleaseManager& releases, CallRuntime& calls)
      : calls_(calls), core_(hub, releases) {}

  ServerUnaryReactor* PreviewLinkage(
      CallbackServerContext* context, const hub::v1::PreviewLinkageRequest* in,
      hub::v1::PreviewLinkageResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.LinkageService.PreviewLinkage",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.PreviewLinkage(caller, request, response);
        });
  }

 private:
  CallRuntime& calls_;
  ReleaseAdminCalls core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLinkageService(Hub& hub,
                                                  ReleaseManager& releases,
                                                  CallRuntime& calls) {
  return std::make_unique<LinkageServiceShell>(hub, releases, calls);
}

}  // namespace tally::linkage
