#include "transport/client.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "address.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "base/status.h"
#include "diagnosis.h"
#include "hub_verifier.h"
#include "transport/certificates.h"
#include "transport/peer_identity.h"
#include "transport/status_mapping.h"
#include "transport/tls_policy.h"

namespace tally::transport {
namespace {

constexpr int64_t kDiagnoseTimeoutMs = 5'000;
constexpr int64_t kFirstWaitMs = 200;
constexpr int64_t kLongestWaitMs = 10'000;
constexpr int64_t kWaitSliceMs = 100;

std::shared_ptr<grpc::ChannelCredentials> MutualTls(
    const TlsMaterial& material, const Address& address,
    const std::string& trust_domain) {
  grpc::experimental::IdentityKeyCertPair pair;
  pair.private_key = std::string(material.key_pem.Reveal());
  pair.certificate_chain = material.certificate_pem;
  std::vector<grpc::experimental::IdentityKeyCertPair> pairs;
  pairs.push_back(pair);
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          material.ca_pem, pairs));
  WipeMemory(pair.private_key.data(), pair.private_key.size());
  WipeMemory(pairs[0].private_key.data(), pairs[0].private_key.size());
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  // The names are checked by the verifier: the host and the hub's URI name.
  options.set_check_call_host(false);
  options.set_certificate_verifier(MakeHubVerifier(address.host, trust_domain));
  return grpc::experimental::TlsCredentials(options);
}

grpc::ChannelArguments Arguments(int max_receive_bytes) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(max_receive_bytes);
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // ours are the only ones
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_TCP_TX_ZEROCOPY_ENABLED, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  // Above the hub's shortest interval, so that it never counts as a strike.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 75'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  return arguments;
}

// Waits, or until a lost connection is there again; kCancelled as soon as the
// process was asked to stop. gRPC connects only while somebody waits within it:
// a thread that slept here would let each attempt run into its time limit.
absl::Status WaitOrStop(grpc::Channel& channel, int64_t wait_ms) {
  const int64_t end = NowMonotonicMs() + wait_ms;
  const bool lost = channel.GetState(true) != GRPC_CHANNEL_READY;
  while (true) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    const int64_t left = end - NowMonotonicMs();
    if (left <= 0) return absl::OkStatus();
    const std::chrono::milliseconds slice(std::min(left, kWaitSliceMs));
    if (!lost) {
      std::this_thread::sleep_for(slice);
    } else if (channel.WaitForConnected(std::chrono::system_clock::now() +
                                        slice)) {
      return absl::OkStatus();
    }
  }
}

}  // namespace

int64_t Backoff::NextMs() {
  const int64_t base =
      std::min(kLongestWaitMs, kFirstWaitMs << std::min(step_, 10));
  ++step_;
  uint8_t byte = 0;
  TALLY_CHECK(RAND_bytes(&byte, 1) == 1);
  return base * (800 + 400 * int64_t{byte} / 255) / 1'000;
}

class HubChannel::Impl {
 public:
  Impl(ClientOptions client_options, Address hub, TlsMaterial tls)
      : options(std::move(client_options)),
        address(std::move(hub)),
        material(std::move(tls)) {}

  const ClientOptions options;
  const Address address;
  const TlsMaterial material;
  std::string own_uri;
  std::shared_ptr<grpc::Channel> channel;
};

HubChannel::HubChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HubChannel::~HubChannel() = default;

absl::StatusOr<std::unique_ptr<HubChannel>> HubChannel::Open(
    const ClientOptions& options) {
  TALLY_RETURN_IF_ERROR(CheckTlsPolicy());
  TALLY_ASSIGN_OR_RETURN(Address address,
                         ParseAddress(options.address, /*allow_zero=*/false));
  if (!IsTrustDomain(options.trust_domain)) {
    return UsageError("the hub's trust domain is not a domain name");
  }
  TALLY_ASSIGN_OR_RETURN(
      TlsMaterial material,
      ReadTlsMaterial(options.certificate_file, options.key_reference,
                      options.ca_file));
  TALLY_ASSIGN_OR_RETURN(const CertificateFacts facts,
                         CheckTlsMaterial(material, TlsEnd::kClient));
  if (facts.uris.size() != 1 || !ParsePeerUri(facts.uris[0]).ok()) {
    return KeyError("the certificate has not one URI name of ours");
  }
  auto impl =
      std::make_unique<Impl>(options, std::move(address), std::move(material));
  impl->own_uri = facts.uris[0];
  impl->channel = grpc::CreateCustomChannel(
      options.address,
      MutualTls(impl->material, impl->address, options.trust_domain),
      Arguments(options.max_receive_bytes));
  return std::unique_ptr<HubChannel>(new HubChannel(std::move(impl)));
}

const std::shared_ptr<grpc::Channel>& HubChannel::channel() const {
  return impl_->channel;
}
const std::string& HubChannel::own_uri() const { return impl_->own_uri; }

void HubChannel::SetDeadline(grpc::ClientContext& context, int64_t timeout_ms) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(timeout_ms));
}

absl::Status HubChannel::Diagnose() {
  return DiagnoseHub(impl_->address, impl_->options.trust_domain,
                     impl_->material, kDiagnoseTimeoutMs);
}

absl::Status HubChannel::Explain(const grpc::Status& status,
                                 const grpc::ClientContext& context) {
  absl::Status mapped = FromGrpc(status, context);
  // With a reason it is the hub that speaks.
  if (ReasonOf(mapped) != Reason::kUnspecified) return mapped;
  if (mapped.code() == absl::StatusCode::kCancelled) {
    // Here a call is cancelled for a stop alone; a hub that drains does it too.
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    return TemporaryError("the hub ended the call");
  }
  if (mapped.code() != absl::StatusCode::kUnavailable) return mapped;
  const absl::Status found = Diagnose();
  if (found.ok()) return TemporaryError("the connection to the hub broke");
  return found;
}

absl::Status HubChannel::Call(
    const CallOptions& options,
    const std::function<grpc::Status(grpc::ClientContext&)>& attempt) {
  const int64_t end = NowMonotonicMs() + options.retry_for_ms;
  Backoff backoff;
  while (true) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    grpc::ClientContext context;
    SetDeadline(context, options.timeout_ms);
    const grpc::Status answer = attempt(context);
    if (answer.ok()) return absl::OkStatus();
    const absl::Status status = Explain(answer, context);
    if (status.code() != absl::StatusCode::kUnavailable) return status;
    const int64_t wait_ms = backoff.NextMs();
    if (NowMonotonicMs() + wait_ms > end) return status;
    if (options.on_retry) options.on_retry(status, wait_ms);
    TALLY_RETURN_IF_ERROR(WaitOrStop(*impl_->channel, wait_ms));
  }
}

}  // namespace tally::transport
