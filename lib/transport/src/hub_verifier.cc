#include "hub_verifier.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_verifier.h>

#include <algorithm>
#include <utility>

#include "address.h"
#include "base/exit_code.h"
#include "transport/peer_identity.h"

namespace tally::transport {
namespace {

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string> Texts(const std::vector<grpc::string_ref>& refs) {
  std::vector<std::string> texts;
  for (const grpc::string_ref& ref : refs) {
    texts.emplace_back(ref.data(), ref.size());
  }
  return texts;
}

class HubVerifier : public grpc::experimental::ExternalCertificateVerifier {
 public:
  HubVerifier(std::string host, std::string trust_domain)
      : host_(std::move(host)), trust_domain_(std::move(trust_domain)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/,
              grpc::Status* sync_status) override {
    const absl::Status status =
        CheckHubNames({Texts(request->uri_names()), Texts(request->dns_names()),
                       Texts(request->ip_names())},
                      host_, trust_domain_);
    *sync_status = status.ok() ? grpc::Status::OK
                               : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                              std::string(status.message()));
    return true;
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {
  }

 private:
  const std::string host_;
  const std::string trust_domain_;
};

}  // namespace

absl::Status CheckHubNames(const CertificateNames& names,
                           const std::string& host,
                           std::string_view trust_domain) {
  const bool host_fits = std::any_of(names.dns.begin(), names.dns.end(),
                                     [&](const std::string& name) {
                                       return EqualIgnoringCase(name, host);
                                     }) ||
                         std::any_of(names.ips.begin(), names.ips.end(),
                                     [&](const std::string& name) {
                                       return SameIpAddress(name, host);
                                     });
  if (!host_fits) {
    return NotPermittedError(
        "the hub's certificate is not valid for this address");
  }
  const absl::StatusOr<PeerIdentity> identity =
      names.uris.size() == 1 ? ParsePeerUri(names.uris.front())
                             : absl::InvalidArgumentError("not one URI name");
  if (!identity.ok() || identity->role != PeerRole::kHub ||
      identity->trust_domain != trust_domain) {
    return NotPermittedError(
        "the other side's certificate is not that of a hub of this trust "
        "domain");
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::experimental::CertificateVerifier> MakeHubVerifier(
    std::string host, std::string trust_domain) {
  return grpc::experimental::ExternalCertificateVerifier::Create<HubVerifier>(
      std::move(host), std::move(trust_domain));
}

}  // namespace tally::transport
