#ifndef TALLY_TRANSPORT_SRC_HUB_VERIFIER_H_
#define TALLY_TRANSPORT_SRC_HUB_VERIFIER_H_

// Is this certificate the hub's? The chain was checked before; here its names:
// the host that was asked for, and exactly one URI name
// spiffe://<trust-domain>/hub/<id>. A certificate of another party of the same
// authority is refused. Private to lib/transport.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace grpc::experimental {
class CertificateVerifier;
}  // namespace grpc::experimental

namespace tally::transport {

struct CertificateNames {
  std::vector<std::string> uris;
  std::vector<std::string> dns;
  std::vector<std::string> ips;
};

// kPermissionDenied (exit 6) says which name does not fit. DNS names are
// compared whole, ignoring case; there are no wildcards.
absl::Status CheckHubNames(const CertificateNames& names,
                           const std::string& host,
                           std::string_view trust_domain);

// The same as a part of gRPC's handshake.
std::shared_ptr<grpc::experimental::CertificateVerifier> MakeHubVerifier(
    std::string host, std::string trust_domain);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SRC_HUB_VERIFIER_H_
