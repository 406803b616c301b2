// ExtractService: translates, decides nothing.
#include <memory>

#include "linkage/service/calls.h"
#include "services.h"
#include "tally/extract/v1/extract.grpc.pb.h"
#include "transport/unary.h"
#include "upload_stream.h"

namespace tally::linkage {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using transport::CallRuntime;
using transport::HandleUnary;

class ExtractServiceShell final
    : public extract::v1::ExtractService::CallbackService {
 public:
  ExtractServiceShell(Hub& hub, CallRuntime& calls,
                      transport::StreamWatch& watch)
      : calls_(calls), core_(hub), streams_(hub, calls, watch) {}

  ServerUnaryReactor* CreateExtract(
      CallbackServerContext* context,
      const extract::v1::CreateExtractRequest* in,
      extract::v1::CreateExtractResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.extract.v1.ExtractService.CreateExtract",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.CreateExtract(caller, request, response);
        });
  }
  ServerUnaryReactor* GetUploadStatus(
      CallbackServerContext* context,
      const extract::v1::GetUploadStatusRequest* in,
      extract::v1::GetUploadStatusResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.extract.v1.ExtractService.GetUploadStatus",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.GetUploadStatus(caller, request, response);
        });
  }
  ServerUnaryReactor* FinalizeExtract(
      CallbackServerContext* context,
      const extract::v1::FinalizeExtractRequest* in,
      extract::v1::FinalizeExtractResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.extract.v1.ExtractService.FinalizeExtract",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.FinalizeExtract(caller, request, response);
        });
  }
  ServerUnaryReactor* GetExtract(
      CallbackServerContext* context, const extract::v1::GetExtractRequest* in,
      extract::v1::GetExtractResponse* out) override {
    return HandleUnary(
        calls_, context, in, out, "tally.extract.v1.ExtractService.GetExtract",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.GetExtract(caller, request, response);
        });
  }
  ServerUnaryReactor* ListExtracts(
      CallbackServerContext* context,
      const extract::v1::ListExtractsRequest* in,
      extract::v1::ListExtractsResponse* out) override {
    return HandleUnary(
        calls_, context, in, out,
        "tally.extract.v1.ExtractService.ListExtracts",
        [this](const auto& caller, const auto& request, auto* response) {
          return core_.ListExtracts(caller, request, response);
        });
  }
  UploadStreams::Reactor* UploadBatches(
      CallbackServerContext* context) override {
    return streams_.Open(context);
  }

 private:
  CallRuntime& calls_;
  ExtractCalls core_;
  UploadStreams streams_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeExtractService(
    Hub& hub, CallRuntime& calls, transport::StreamWatch& watch) {
  return std::make_unique<ExtractServiceShell>(hub, calls, watch);
}

}  // namespace tally::linkage
