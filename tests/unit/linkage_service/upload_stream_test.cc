// Upload streams over mutual TLS: what the clocks of the watch count.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "hub_fixture.h"
#include "services.h"
#include "status_matchers.h"
#include "tally/extract/v1/extract.grpc.pb.h"
#include "transport/server.h"
#include "transport/status_mapping.h"
#include "transport/stream_watch.h"
#include "transport/unary.h"
#include "transport_fixture.h"

namespace tally::linkage {
namespace {

using extract::v1::ExtractService;

constexpr int64_t kIdleMs = 300;
constexpr char kExtractOfTest[] = "sources/gp-supplier-a/extracts/p2026-10-r1";

transport::StreamLimits ShortLimits() {
  transport::StreamLimits limits;
  limits.idle_ms = kIdleMs;
  limits.tick_ms = 20;
  return limits;
}

class StreamOfHub : public ::testing::Test {
 protected:
  StreamOfHub() {
    WriteFile(fixture_.config().peers_file, transport::PeersText());
    EXPECT_THAT(fixture_.peers().Reload(), IsOk());
    fixture_.Unseal();
    fixture_.AdmitSource();
    CallContext call;
    call.actor = "someone";
    call.corr = NewCorrelationId();
    EXPECT_THAT(fixture_.hub().extracts().CreateExtract(delivery_.create, call),
                IsOk());
    transport::ServerOptions options;
    options.listen = "127.0.0.1:0";
    const std::string hub = transport::CertificateFolder() + "/hub-hub-a";
    options.certificate_file = hub + ".pem";
    options.key_reference = "file:" + hub + ".key";
    options.ca_file = transport::CertificateFolder() + "/ca.pem";
    options.staging_directory = fixture_.Path("tls");
    auto server = transport::Server::Start(options, {service_.get()});
    EXPECT_THAT(server, IsOk());
    if (!server.ok()) std::abort();
    server_ = *std::move(server);
    stub_ = ExtractService::NewStub(
        transport::RawChannel("127.0.0.1:" + std::to_string(server_->port()),
                              "source-gp-supplier-a"));
    transport::HubChannel::SetDeadline(context_, 30'000);
    stream_ = stub_->UploadBatches(&context_);
  }
  ~StreamOfHub() override {
    Relieve();
    context_.TryCancel();
    stream_.reset();
    server_.reset();
  }

  void SendStart() {
    extract::v1::UploadBatchesRequest message;
    message.mutable_start()->set_extract(kExtractOfTest);
    message.mutable_start()->set_next_sequence(1);
    EXPECT_TRUE(stream_->Write(message));
  }
  void SendBatch(size_t sequence) {
    extract::v1::UploadBatchesRequest message;
    auto* batch = message.mutable_batch();
    batch->set_sequence(static_cast<int64_t>(sequence));
    batch->set_kind(static_cast<extract::v1::BatchKind>(
        delivery_.batches[sequence - 1].kind));
    batch->set_content(delivery_.batches[sequence - 1].content);
    EXPECT_TRUE(stream_->Write(message));
  }
  // All acknowledgements, then how the stream ended.
  absl::Status End(int64_t* acknowledged) {
    extract::v1::UploadBatchesResponse response;
    while (stream_->Read(&response)) {
      *acknowledged = response.persisted_sequence();
    }
    return transport::FromGrpc(stream_->Finish(), context_);
  }
  // Every call thread is busy until Relieve().
  void Stall() {
    std::promise<void> stalled;
    ASSERT_TRUE(executor_.TryRun([this, &stalled] {
      stalled.set_value();
      gate_.wait();
    }));
    stalled.get_future().wait();
  }
  void Relieve() {
    if (!std::exchange(relieved_, true)) go_.set_value();
  }
  static void LetTheWatchLook() {
    std::this_thread::sleep_for(std::chrono::milliseconds(3 * kIdleMs));
  }

  std::promise<void> go_;
  const std::shared_future<void> gate_ = go_.get_future().share();
  bool relieved_ = false;
  HubFixture fixture_;
  TestDelivery delivery_ =
      MakeDelivery(fixture_.scheme(), {.rows_per_batch = 8});
  transport::Authoriser authoriser_{fixture_.peers()};
  transport::CallExecutor executor_{1, 64};
  transport::CallRuntime calls_{authoriser_, executor_, {}};
  transport::StreamWatch watch_{authoriser_, ShortLimits()};
  std::unique_ptr<grpc::Service> service_ =
      MakeExtractService(fixture_.hub(), calls_, watch_);
  std::unique_ptr<transport::Server> server_;
  std::unique_ptr<ExtractService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<extract::v1::UploadBatchesRequest,
                                           extract::v1::UploadBatchesResponse>>
      stream_;
};

TEST_F(StreamOfHub, ASourceThatBringsNothingIsEnded) {
  SendStart();
  int64_t acknowledged = 0;
  EXPECT_THAT(End(&acknowledged),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(StreamOfHub, AStallOfTheHubItselfEndsNoStream) {
  Stall();
  SendStart();
  for (size_t i = 1; i <= 6; ++i) SendBatch(i);
  stream_->WritesDone();
  LetTheWatchLook();
  Relieve();
  int64_t acknowledged = 0;
  EXPECT_THAT(End(&acknowledged), IsOk());
  EXPECT_EQ(acknowledged, 6);
}

}  // namespace
}  // namespace tally::linkage
