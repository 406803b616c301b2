// SourceService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/hub/v1/source.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class SourceServiceShell final
    : public hub::v1::SourceService::CallbackService {
 public:
  SourceServiceShell(Hub& hub, CallRuntime& calls)
      : calls_(calls), core_(hub) {}

  ServerUnaryReactor* CreateSource(
      CallbackServerContext* context, const hub::v1::CreateSourceRequest* in,
      hub::v1::CreateSourceResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.SourceService.CreateSource",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.CreateSource(caller, request, response);
        });
  }
  ServerUnaryReactor* ListSources(CallbackServerContext* context,
                                  const hub::v1::ListSourcesRequest* in,
                                  hub::v1::ListSourcesResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.SourceService.ListSources",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ListSources(caller, request, response);
        });
  }
  ServerUnaryReactor* ImportFactor(
      CallbackServerContext* context, const hub::v1::ImportFactorRequest* in,
      hub::v1::ImportFactorResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.SourceService.ImportFactor",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ImportFactor(caller, request, response);
        });
  }

 private:
  CallRuntime& calls_;
  SourceCalls core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSourceService(Hub& hub, CallRuntime& calls) {
  return std::make_unique<SourceServiceShell>(hub, calls);
}

}  // namespace tally::linkage
