// ProjectService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/hub/v1/project.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class ProjectServiceShell final
    : public hub::v1::ProjectService::CallbackService {
 public:
  ProjectServiceShell(Hub& hub, ReleaseManager& releases, CallRuntime& calls)
      : calls_(calls), core_(hub, releases) {}

  ServerUnaryReactor* CreateProject(
      CallbackServerContext* context, const hub::v1::CreateProjectRequest* in,
      hub::v1::CreateProjectResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.ProjectService.CreateProject",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.CreateProject(caller, request, response);
        });
  }
  ServerUnaryReactor* ListProjects(
      CallbackServerContext* context, const hub::v1::ListProjectsRequest* in,
      hub::v1::ListProjectsResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.ProjectService.ListProjects",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ListProjects(caller, request, response);
        });
  }
  ServerUnaryReactor* AddAgreement(
      CallbackServerContext* context, const hub::v1::AddAgreementRequest* in,
      hub::v1::AddAgreementResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.hub.v1.ProjectService.AddAgreement",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.AddAgreement(caller, request, response);
        });
  }
  ServerUnaryReactor* ApproveAgreement(
      CallbackServerContext* context,
      const hub::v1::ApproveAgreementRequest* in,
      hub::v1::ApproveAgreementResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.hub.v1.ProjectService.ApproveAgreement",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ApproveAgreement(caller, request, response);
        });
  }

 private:
  CallRuntime& calls_;
  ProjectCalls core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeProjectService(Hub& hub,
                                                  ReleaseManager& releases,
                                                  CallRuntime& calls) {
  return std::make_unique<ProjectServiceShell>(hub, releases, calls);
}

}  // namespace tally::linkage
