// ReleaseAdminService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/hub/v1/release_admin.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class ReleaseAdminServiceShell final
    : public hub::v1::ReleaseAdminService::CallbackService {
 public:
  ReleaseAdminServiceShell(Hub& hub, ReleaseManager& releases,
                           CallRuntime& calls)
      : calls_(calls), core_(hub, releases) {}

  ServerUnaryReactor* CreateRelease(
      CallbackServerContext* context, const hub::v1::CreateReleaseRequest* in,
      hub::v1::CreateReleaseResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.hub.v1.ReleaseAdminService.CreateRelease",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.CreateRelease(caller, request, response);
        });
  }
  ServerUnaryReactor* GetRelease(CallbackServerContext* context,
                                 const hub::v1::GetReleaseRequest* in,
                                 hub::v1::GetReleaseResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.ReleaseAdminService.GetRelease",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.GetRelease(caller, request, response);
        });
  }
  ServerUnaryReactor* ListReleases(
      CallbackServerContext* context, const hub::v1::ListReleasesRequest* in,
      hub::v1::ListReleasesResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.hub.v1.ReleaseAdminService.ListReleases",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ListReleases(caller, request, response);
        });
  }
  ServerUnaryReactor* ApproveRelease(
      CallbackServerContext* context, const hub::v1::ApproveReleaseRequest* in,
      hub::v1::ApproveReleaseResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.hub.v1.ReleaseAdminService.ApproveRelease",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ApproveRelease(caller, request, response);
        });
  }

 private:
  CallRuntime& calls_;
  ReleaseAdminCalls core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReleaseAdminService(Hub& hub,
                                                       ReleaseManager& releases,
                                                       CallRuntime& calls) {
  return std::make_unique<ReleaseAdminServiceShell>(hub, releases, calls);
}

}  // namespace tally::linkage
