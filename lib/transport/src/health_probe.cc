#include "health_probe.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"

namespace tally::transport {
namespace {

using grpc::experimental::IdentityKeyCertPair;

std::shared_ptr<grpc::Channel> FreshChannel(const Address& address,
                                            const TlsMaterial& material) {
  std::vector<IdentityKeyCertPair> pairs(1);
  pairs[0].private_key = std::string(material.key_pem.Reveal());
  pairs[0].certificate_chain = material.certificate_pem;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          material.ca_pem, pairs));
  WipeMemory(pairs[0].private_key.data(), pairs[0].private_key.size());
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Never an old connection of another channel.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + address.host + "]" : address.host;
  return grpc::CreateCustomChannel(absl::StrFormat("%s:%d", host, address.port),
                                   grpc::experimental::TlsCredentials(options),
                                   arguments);
}

}  // namespace

absl::Status ProbeHealth(const Address& address, const TlsMaterial& material,
                         int64_t timeout_ms) {
  grpc::GenericStub stub(FreshChannel(address, material));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(timeout_ms));
  // The request for the whole server is the empty message.
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  if (!status.ok()) return TemporaryError("a health call was not answered");
  return absl::OkStatus();
}

}  // namespace tally::transport
