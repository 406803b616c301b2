#ifndef TALLY_TESTS_UNIT_TRANSPORT_TRANSPORT_FIXTURE_H_
#define TALLY_TESTS_UNIT_TRANSPORT_TRANSPORT_FIXTURE_H_

// Certificates of every role from keys-example, made once, and a hub with a
// service that only says who called, over mutual TLS on 127.0.0.1.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "status_matchers.h"
#include "tally/extract/v1/extract.grpc.pb.h"
#include "transport/authoriser.h"
#include "transport/client.h"
#include "transport/peers.h"
#include "transport/server.h"
#include "transport/stream_watch.h"
#include "transport/unary.h"

namespace tally::transport {

inline constexpr char kTrustDomain[] = "example.test";

// The folder of certificates, made at the first call: for reading only.
const std::string& CertificateFolder();
// Text of the peers.toml that fits it.
const std::string& PeersText();

std::string ReadText(const std::string& path);

// A service that counts its calls. GetExtract answers with the caller's URI as
// the name of the extract; UploadBatches acknowledges each batch.
class EchoService final
    : public tally::extract::v1::ExtractService::CallbackService {
 public:
  EchoService(CallRuntime& calls, StreamWatch& watch)
      : calls_(calls), watch_(watch) {}

  grpc::ServerUnaryReactor* GetExtract(
      grpc::CallbackServerContext* context,
      const tally::extract::v1::GetExtractRequest* request,
      tally::extract::v1::GetExtractResponse* response) override;
  grpc::ServerBidiReactor<tally::extract::v1::UploadBatchesRequest,
                          tally::extract::v1::UploadBatchesResponse>*
  UploadBatches(grpc::CallbackServerContext* context) override;

  // Calls that reached the handler's own code.
  std::atomic<int> reached{0};
  // While set, GetExtract waits.
  std::atomic<bool> hold{false};
  // What GetExtract answers if it is no OK.
  absl::Status answer;

 private:
  CallRuntime& calls_;
  StreamWatch& watch_;
};

// A hub of the test's own.
class TestHub {
 public:
  // `hub_name`: a certificate of the folder, or a path without its ending.
  explicit TestHub(StreamLimits limits = {},
                   const std::string& hub_name = "hub-hub-a", int port = 0);
  ~TestHub();

  std::string address() const;
  int port() const { return server_->port(); }
  EchoService& service() { return *service_; }
  Server& server() { return *server_; }
  PeerBook& peers() { return *peers_; }
  StreamWatch& watch() { return *watch_; }
  const std::string& folder() const { return folder_; }
  void WritePeers(const std::string& text);

 private:
  std::string folder_;
  std::unique_ptr<PeerBook> peers_;
  std::unique_ptr<Authoriser> authoriser_;
  std::unique_ptr<CallExecutor> executor_;
  std::unique_ptr<CallRuntime> calls_;
  std::unique_ptr<StreamWatch> watch_;
  std::unique_ptr<EchoService> service_;
  std::unique_ptr<Server> server_;
};

// A server that serves so many connections by a function, which need not close
// the socket, and then listens no more.
class SmallServer {
 public:
  SmallServer(int connections, std::function<void(int peer)> serve);
  ~SmallServer();
  int port() const { return port_; }

 private:
  void Run(int connections);

  const std::function<void(int peer)> serve_;
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

// For a server with the hub's certificate; to be freed.
SSL_CTX* HubContext();

// A client without any check of its own: what an attacker has. `name` is that
// of a certificate in the folder ("source-gp-supplier-a", "bad/expired"); empty
// for none.
std::shared_ptr<grpc::Channel> RawChannel(const std::string& address,
                                          const std::string& name);

// Our own client, as party `name`.
ClientOptions OptionsOf(const std::string& address, const std::string& name);

struct Answer {
  grpc::Status status;
  absl::Status mapped;
  std::string name;
};
// GetExtract of `resource` with a deadline of `timeout_ms` (0 = none).
Answer CallGet(const std::shared_ptr<grpc::Channel>& channel,
               const std::string& resource, int64_t timeout_ms = 10'000);

}  // namespace tally::transport

#endif  // TALLY_TESTS_UNIT_TRANSPORT_TRANSPORT_FIXTURE_H_
