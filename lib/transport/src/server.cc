#include "transport/server.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <utility>

#include "address.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"
#include "certificate_stage.h"
#include "health_probe.h"
#include "transport/tls_policy.h"

namespace tally::transport {
namespace {

// Seconds between two looks of gRPC at the staging folder.
constexpr unsigned int kProviderRefreshS = 1;
constexpr size_t kMemoryQuotaBytes = size_t{512} << 20;
constexpr int kMinPingIntervalMs = 60'000;
constexpr int kMaxPingStrikes = 2;
constexpr int kMaxConnectionIdleMs = 600'000;
constexpr int kMaxConnectionAgeGraceMs = 300'000;
constexpr int64_t kProbeTimeoutMs = 1'250;  // 4 connections in 5 s

std::shared_ptr<grpc::ServerCredentials> MutualTls(
    const CertificateStage& stage) {
  auto provider =
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          stage.key_path(), stage.certificate_path(), stage.ca_path(),
          kProviderRefreshS);
  grpc::experimental::TlsServerCredentialsOptions options(std::move(provider));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  // The default asks for no client certificate.
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A gzip message of 306 kB allocates 346 MB before it is refused.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
  grpc::ResourceQuota quota("tally");
  quota.Resize(kMemoryQuotaBytes);
  builder.SetResourceQuota(quota);
  const auto set = [&builder](const char* name, int value) {
    builder.AddChannelArgument(name, value);
  };
  set(GRPC_ARG_ALLOW_REUSEPORT, 0);  // else two hubs share a port unnoticed
  set(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS, kMaxConnectionAgeMs);
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kMaxConnectionAgeGraceMs);
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxConnectionIdleMs);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      kMinPingIntervalMs);
  set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kMaxPingStrikes);
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kMaxMessageBytes);
  set(GRPC_ARG_TCP_TX_ZEROCOPY_ENABLED, 0);
  set(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
}

// Where this process reaches its own socket.
std::string LoopbackOf(const Address& address) {
  if (address.host == "0.0.0.0") return "127.0.0.1";
  if (address.host == "::") return "::1";
  return address.host;
}

}  // namespace

class Server::Impl {
 public:
  absl::Status Start(const ServerOptions& options,
                     const std::vector<grpc::Service*>& services) {
    TALLY_RETURN_IF_ERROR(CheckTlsPolicy());
    TALLY_ASSIGN_OR_RETURN(const Address address,
                           ParseAddress(options.listen, /*allow_zero=*/true));
    TALLY_ASSIGN_OR_RETURN(stage_, CertificateStage::Open(options));
    host_ = LoopbackOf(address);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    SetLimits(builder);
    builder.AddListeningPort(options.listen, MutualTls(*stage_), &port_);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return TemporaryError("the address to listen on is taken");
    }
    SetServing(false);
    return CheckServerRefusesTls12(host_, port_);
  }

  ~Impl() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  void SetServing(bool serving) {
    server_->GetHealthCheckService()->SetServingStatus(serving);
  }

  void Drain(int64_t timeout_ms) {
    SetServing(false);
    server_->Shutdown(std::chrono::system_clock::now() +
                      std::chrono::milliseconds(timeout_ms));
    server_->Wait();
  }

  absl::Status ProbeSelf(int connections) {
    TALLY_ASSIGN_OR_RETURN(const TlsMaterial material, stage_->ReadCurrent());
    for (int i = 0; i < connections; ++i) {
      TALLY_RETURN_IF_ERROR(
          ProbeHealth(Address{host_, port_}, material, kProbeTimeoutMs));
    }
    return absl::OkStatus();
  }

  int port() const { return port_; }
  CertificateStage& stage() { return *stage_; }

 private:
  std::unique_ptr<CertificateStage> stage_;
  std::unique_ptr<grpc::Server> server_;
  std::string host_;  // where this process reaches its own socket
  int port_ = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options, const std::vector<grpc::Service*>& services) {
  auto impl = std::make_unique<Impl>();
  TALLY_RETURN_IF_ERROR(impl->Start(options, services));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

int Server::port() const { return impl_->port(); }
void Server::SetServing(bool serving) { impl_->SetServing(serving); }
absl::Status Server::ReloadCertificate() { return impl_->stage().Reload(); }
CertificateTerm Server::CertificateEnd() const { return impl_->stage().Term(); }
absl::Status Server::ProbeSelf(int connections) {
  return impl_->ProbeSelf(connections);
}
void Server::Drain(int64_t timeout_ms) { impl_->Drain(timeout_ms); }

}  // namespace tally::transport
