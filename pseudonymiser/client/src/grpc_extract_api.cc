#include "pseudonymiser/client/grpc_extract_api.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/process.h"
#include "base/status.h"
#include "tally/extract/v1/extract.grpc.pb.h"

namespace tally::pseudonymiser {
namespace {

// A stream may last an hour; a little less, so that it is we who end it.
constexpr int64_t kStreamMs = 3'500'000;
constexpr int64_t kCallMs = 30'000;
constexpr int64_t kStopCheckMs = 200;
constexpr int32_t kPageSize = 1000;

class GrpcUploadStream final : public UploadStream {
 public:
  GrpcUploadStream(transport::HubChannel& channel,
                   pb::ExtractService::Stub& stub, const std::string& name,
                   uint64_t next_sequence)
      : channel_(channel), persisted_(next_sequence - 1) {
    transport::HubChannel::SetDeadline(context_, kStreamMs);
    stream_ = stub.UploadBatches(&context_);
    reader_ = std::thread([this] { ReadAcknowledgements(); });
    watcher_ = std::thread([this] { CancelOnStop(); });
    pb::UploadBatchesRequest request;
    request.mutable_start()->set_extract(name);
    request.mutable_start()->set_next_sequence(
        static_cast<int64_t>(next_sequence));
    broken_ = !stream_->Write(request);
  }

  ~GrpcUploadStream() override {
    if (!finished_) {
      context_.TryCancel();
      static_cast<void>(End());
    }
  }

  absl::Status Send(uint64_t sequence, wire::BatchKind kind,
                    std::string_view content) override {
    if (broken_) return End();
    pb::UploadBatch* batch = request_.mutable_batch();
    batch->set_sequence(static_cast<int64_t>(sequence));
    batch->set_kind(kind == wire::BatchKind::kPerson ? pb::BATCH_KIND_PERSON
                                                     : pb::BATCH_KIND_ROWS);
    batch->set_content(content.data(), content.size());
    broken_ = !stream_->Write(request_);
    return broken_ ? End() : absl::OkStatus();
  }

  uint64_t persisted() const override { return persisted_.load(); }

  absl::Status Finish() override {
    if (!broken_ && !finished_) stream_->WritesDone();
    return End();
  }

 private:
  void ReadAcknowledgements() {
    pb::UploadBatchesResponse response;
    while (stream_->Read(&response)) {
      if (response.persisted_sequence() > 0) {
        persisted_ = static_cast<uint64_t>(response.persisted_sequence());
      }
    }
  }

  // A Ctrl-C must not wait for a hub that does not read.
  void CancelOnStop() {
    MutexLock lock(mu_);
    while (!over_) {
      if (StopRequested()) {
        context_.TryCancel();
        return;
      }
      over_changed_.WaitFor(mu_, kStopCheckMs);
    }
  }

  // Ends the stream once and remembers how.
  absl::Status End() {
    if (finished_) return end_;
    finished_ = true;
    reader_.join();
    const grpc::Status status = stream_->Finish();
    {
      MutexLock lock(mu_);
      over_ = true;
    }
    over_changed_.NotifyAll();
    watcher_.join();
    end_ = CheckNotStopped();
    if (end_.ok() && !status.ok()) end_ = channel_.Explain(status, context_);
    if (end_.ok() && broken_) {
      end_ = absl::UnavailableError("the upload stream broke");
    }
    return end_;
  }

  transport::HubChannel& channel_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::UploadBatchesRequest,
                                           pb::UploadBatchesResponse>>
      stream_;
  std::atomic<uint64_t> persisted_;
  std::thread reader_;
  std::thread watcher_;
  Mutex mu_;
  CondVar over_changed_;
  bool over_ TALLY_GUARDED_BY(mu_) = false;
  pb::UploadBatchesRequest request_;
  bool broken_ = false;
  bool finished_ = false;
  absl::Status end_;
};

class GrpcExtractApi final : public ExtractApi {
 public:
  GrpcExtractApi(transport::HubChannel& channel, int64_t retry_for_ms)
      : channel_(channel),
        stub_(pb::ExtractService::NewStub(channel.channel())) {
    options_.timeout_ms = kCallMs;
    options_.retry_for_ms = retry_for_ms;
  }

  absl::StatusOr<pb::Extract> CreateExtract(
      const pb::CreateExtractRequest& request) override {
    pb::CreateExtractResponse response;
    TALLY_RETURN_IF_ERROR(
        channel_.Call(options_, [&](grpc::ClientContext& context) {
          return stub_->CreateExtract(&context, request, &response);
        }));
    return std::move(*response.mutable_extract());
  }

  absl::StatusOr<pb::GetUploadStatusResponse> GetUploadStatus(
      const std::string& name) override {
    pb::GetUploadStatusRequest request;
    request.set_name(name);
    pb::GetUploadStatusResponse response;
    TALLY_RETURN_IF_ERROR(
        channel_.Call(options_, [&](grpc::ClientContext& context) {
          return stub_->GetUploadStatus(&context, request, &response);
        }));
    return response;
  }

  absl::StatusOr<std::unique_ptr<UploadStream>> OpenUpload(
      const std::string& name, uint64_t next_sequence) override {
    return std::make_unique<GrpcUploadStream>(channel_, *stub_, name,
                                              next_sequence);
  }

  absl::StatusOr<pb::Extract> FinalizeExtract(
      const pb::FinalizeExtractRequest& request) override {
    pb::FinalizeExtractResponse response;
    TALLY_RETURN_IF_ERROR(
        channel_.Call(options_, [&](grpc::ClientContext& context) {
          return stub_->FinalizeExtract(&context, request, &response);
        }));
    return std::move(*response.mutable_extract());
  }

  absl::StatusOr<pb::GetExtractResponse> GetExtract(
      const std::string& name) override {
    pb::GetExtractRequest request;
    request.set_name(name);
    pb::GetExtractResponse response;
    TALLY_RETURN_IF_ERROR(
        channel_.Call(options_, [&](grpc::ClientContext& context) {
          return stub_->GetExtract(&context, request, &response);
        }));
    return response;
  }

  absl::StatusOr<std::vector<pb::Extract>> ListExtracts(
      const std::string& parent) override {
    std::vector<pb::Extract> all;
    pb::ListExtractsRequest request;
    request.set_parent(parent);
    request.set_page_size(kPageSize);
    do {
      pb::ListExtractsResponse response;
      TALLY_RETURN_IF_ERROR(
          channel_.Call(options_, [&](grpc::ClientContext& context) {
            response.Clear();
            return stub_->ListExtracts(&context, request, &response);
          }));
      for (pb::Extract& extract : *response.mutable_extracts()) {
        all.push_back(std::move(extract));
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

 private:
  transport::HubChannel& channel_;
  std::unique_ptr<pb::ExtractService::Stub> stub_;
  transport::CallOptions options_;
};

}  // namespace

std::unique_ptr<ExtractApi> MakeGrpcExtractApi(transport::HubChannel& channel,
                                               int64_t retry_for_ms) {
  return std::make_unique<GrpcExtractApi>(channel, retry_for_ms);
}

}  // namespace tally::pseudonymiser
