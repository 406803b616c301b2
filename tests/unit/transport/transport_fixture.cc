#include "transport_fixture.h"

#include <fcntl.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/files.h"
#include "base/status.h"
#include "transport/status_mapping.h"

namespace tally::transport {
namespace {

namespace pb = ::tally::extract::v1;

std::string NewFolder() {
  std::string pattern = ::testing::TempDir() + "/tally-transport-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  return pattern;
}

// Certificates are made once for all test processes of a build folder: every
// case is a process of its own under CTest, and openssl takes seconds.
class Certificates {
 public:
  Certificates()
      : folder(std::string(TALLY_BINARY_DIR) + "/tests/certificates") {
    TALLY_CHECK(MakeDirectories(folder, 0700).ok());
    const int lock =
        open((folder + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    TALLY_CHECK(lock >= 0 && flock(lock, LOCK_EX) == 0);
    if (!IsFresh()) Make();
    close(lock);
    peers = ReadText(folder + "/peers.toml");
  }

  std::string folder;
  std::string peers;

 private:
  // Long before "not yet valid" becomes valid.
  bool IsFresh() const {
    const absl::StatusOr<int64_t> made = FileModifiedMs(folder + "/complete");
    return made.ok() && NowUnixMs() - *made < 12 * 3'600'000;
  }
  void Make() const {
    const std::string command =
        std::string(TALLY_SOURCE_DIR) +
        "/keys-example/make-certificates --trust-domain " + kTrustDomain +
        " --bad " + folder +
        " hub/hub-a source/gp-supplier-a source/national-apc "
        "operator/j-price operator/a-khan analyst/r-okoro auditor/m-evans > " +
        folder + "/peers.toml 2> " + folder + "/log && touch " + folder +
        "/complete";
    TALLY_CHECK(std::system(command.c_str()) == 0);
  }
};

const Certificates& TheCertificates() {
  static const Certificates* const certificates = new Certificates();
  return *certificates;
}

// Acknowledges batch after batch, under the stream watch.
class UploadReactor
    : public grpc::ServerBidiReactor<pb::UploadBatchesRequest,
                                     pb::UploadBatchesResponse> {
 public:
  UploadReactor(CallRuntime& calls, StreamWatch& watch,
                grpc::CallbackServerContext* context, std::atomic<int>& reached)
      : context_(context) {
    constexpr char kMethod[] = "tally.extract.v1.ExtractService.UploadBatches";
    absl::StatusOr<Caller> caller =
        calls.authoriser.Authorise(*context, kMethod);
    if (!caller.ok()) {
      End(caller.status());
      return;
    }
    ++reached;
    ticket_ = watch.Register(*caller, kMethod, /*min_rate=*/true,
                             [this](const absl::Status& why) { End(why); });
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      End(absl::OkStatus());
      return;
    }
    const absl::Status status =
        ticket_->OnMessage(static_cast<int64_t>(request_.ByteSizeLong()));
    if (!status.ok()) {
      End(status);
      return;
    }
    response_.set_persisted_sequence(request_.batch().sequence());
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) {
    if (ended_.exchange(true)) return;
    Finish(ToGrpc(status, *context_, "test"));
  }

  grpc::CallbackServerContext* const context_;
  std::unique_ptr<StreamWatch::Ticket> ticket_;
  std::atomic<bool> ended_{false};
  pb::UploadBatchesRequest request_;
  pb::UploadBatchesResponse response_;
};

}  // namespace

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string& CertificateFolder() { return TheCertificates().folder; }
const std::string& PeersText() { return TheCertificates().peers; }

grpc::ServerUnaryReactor* EchoService::GetExtract(
    grpc::CallbackServerContext* context, const pb::GetExtractRequest* request,
    pb::GetExtractResponse* response) {
  return HandleUnary(calls_, context, request, response,
                     "tally.extract.v1.ExtractService.GetExtract",
                     [this](const Caller& caller, const pb::GetExtractRequest&,
                            pb::GetExtractResponse* out) {
                       ++reached;
                       while (hold) std::this_thread::yield();
                       out->mutable_extract()->set_name(caller.uri);
                       return answer;
                     });
}

grpc::ServerBidiReactor<pb::UploadBatchesRequest, pb::UploadBatchesResponse>*
EchoService::UploadBatches(grpc::CallbackServerContext* context) {
  return new UploadReactor(calls_, watch_, context, reached);
}

TestHub::TestHub(StreamLimits limits, const std::string& hub_name, int port)
    : folder_(NewFolder()) {
  WritePeers(PeersText());
  peers_ = std::make_unique<PeerBook>(folder_ + "/peers.toml", kTrustDomain);
  authoriser_ = std::make_unique<Authoriser>(*peers_);
  executor_ = std::make_unique<CallExecutor>(2, 64);
  calls_ =
      std::make_unique<CallRuntime>(CallRuntime{*authoriser_, *executor_, {}});
  watch_ = std::make_unique<StreamWatch>(*authoriser_, limits);
  service_ = std::make_unique<EchoService>(*calls_, *watch_);
  ServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(port);
  // Copies, so that a test may replace them.
  for (const char* ending : {".pem", ".key"}) {
    std::ofstream(folder_ + "/hub" + ending)
        << ReadText((hub_name[0] == '/' ? "" : CertificateFolder() + "/") +
                    hub_name + ending);
  }
  EXPECT_EQ(chmod((folder_ + "/hub.key").c_str(), 0600), 0);
  options.certificate_file = folder_ + "/hub.pem";
  options.key_reference = "file:" + folder_ + "/hub.key";
  options.ca_file = CertificateFolder() + "/ca.pem";
  options.staging_directory = folder_ + "/staging";
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(options, {service_.get()});
  EXPECT_THAT(server, IsOk());
  if (!server.ok()) std::abort();
  server_ = *std::move(server);
  server_->SetServing(true);
}

TestHub::~TestHub() {
  service_->hold = false;
  server_.reset();
  executor_.reset();
  watch_.reset();
  RemoveTree(folder_).IgnoreError();
}

std::string TestHub::address() const {
  return "127.0.0.1:" + std::to_string(server_->port());
}

void TestHub::WritePeers(const std::string& text) {
  ASSERT_THAT(WriteFileAtomically(folder_ + "/peers.toml", text, 0600), IsOk());
}

std::shared_ptr<grpc::Channel> RawChannel(const std::string& address,
                                          const std::string& name) {
  using grpc::experimental::IdentityKeyCertPair;
  const std::string base = CertificateFolder() + "/" + name;
  grpc::experimental::TlsChannelCredentialsOptions options;
  std::vector<IdentityKeyCertPair> pairs;
  if (!name.empty()) {
    pairs.push_back({ReadText(base + ".key"), ReadText(base + ".pem")});
  }
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          ReadText(CertificateFolder() + "/ca.pem"), pairs));
  options.watch_root_certs();
  if (!name.empty()) options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  grpc::ChannelArguments arguments;
  // Channels of different tests never share a connection.
  static std::atomic<int> number{0};
  arguments.SetInt("tally.test.channel", ++number);
  return grpc::CreateCustomChannel(
      address, grpc::experimental::TlsCredentials(options), arguments);
}

ClientOptions OptionsOf(const std::string& address, const std::string& name) {
  ClientOptions options;
  options.address = address;
  options.trust_domain = kTrustDomain;
  options.certificate_file = CertificateFolder() + "/" + name + ".pem";
  options.key_reference = "file:" + CertificateFolder() + "/" + name + ".key";
  options.ca_file = CertificateFolder() + "/ca.pem";
  return options;
}

Answer CallGet(const std::shared_ptr<grpc::Channel>& channel,
               const std::string& resource, int64_t timeout_ms) {
  const auto stub = pb::ExtractService::NewStub(channel);
  grpc::ClientContext context;
  if (timeout_ms > 0) HubChannel::SetDeadline(context, timeout_ms);
  pb::GetExtractRequest request;
  request.set_name(resource);
  pb::GetExtractResponse response;
  Answer answer;
  answer.status = stub->GetExtract(&context, request, &response);
  answer.mapped = FromGrpc(answer.status, context);
  answer.name = response.extract().name();
  return answer;
}

SmallServer::SmallServer(int connections, std::function<void(int peer)> serve)
    : serve_(std::move(serve)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, raw, size), 0);
  EXPECT_EQ(listen(listener_, 1), 0);
  EXPECT_EQ(getsockname(listener_, raw, &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, connections] { Run(connections); });
}

SmallServer::~SmallServer() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void SmallServer::Run(int connections) {
  for (int i = 0; i < connections; ++i) {
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) return;
    // Before the last one is served: whoever sees it end finds nobody.
    if (i + 1 == connections) shutdown(listener_, SHUT_RDWR);
    serve_(peer);
    close(peer);
  }
}

SSL_CTX* HubContext() {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  const std::string base = CertificateFolder() + "/hub-hub-a";
  SSL_CTX_use_certificate_file(context, (base + ".pem").c_str(),
                               SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context, (base + ".key").c_str(),
                              SSL_FILETYPE_PEM);
  return context;
}

}  // namespace tally::transport
