// ReleaseService: translates, decides nothing.
#include <memory>

#include "download_stream.h"
#include "linkage/service/calls.h"
#include "services.h"
#include "tally/release/v1/release.grpc.pb.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class ReleaseServiceShell final
    : public release::v1::ReleaseService::CallbackService {
 public:
  ReleaseServiceShell(Hub& hub, CallRuntime& calls,
                      transport::StreamWatch& watch)
      : calls_(calls), core_(hub), watch_(watch) {}

  ServerUnaryReactor* ListReleases(
      CallbackServerContext* context,
      const release::v1::ListReleasesRequest* in,
      release::v1::ListReleasesResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.release.v1.ReleaseService.ListReleases",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ListReleases(caller, request, response);
        });
  }
  ServerUnaryReactor* GetRelease(
      CallbackServerContext* context, const release::v1::GetReleaseRequest* in,
      release::v1::GetReleaseResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.release.v1.ReleaseService.GetRelease",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.GetRelease(caller, request, response);
        });
  }
  grpc::ServerWriteReactor<release::v1::DownloadFileResponse>* DownloadFile(
      CallbackServerContext* context,
      const release::v1::DownloadFileRequest* in) override {
    return OpenDownloadStream(core_, calls_, watch_, context, in);
  }

 private:
  CallRuntime& calls_;
  ReleaseCalls core_;
  transport::StreamWatch& watch_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReleaseService(
    Hub& hub, CallRuntime& calls, transport::StreamWatch& watch) {
  return std::make_unique<ReleaseServiceShell>(hub, calls, watch);
}

}  // namespace tally::linkage
