#include "transport/peer_identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/strings.h"

namespace tally::transport {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr size_t kMaxUriBytes = 255;

constexpr std::array<PeerRole, 5> kRoles = {
    PeerRole::kSource, PeerRole::kOperator, PeerRole::kAnalyst,
    PeerRole::kAuditor, PeerRole::kHub};

absl::Status NotAnIdentity() {
  return Error(Reason::kIdentityAmbiguous,
               "the URI name of the certificate is not an identity");
}

}  // namespace

std::string_view PeerRoleName(PeerRole role) {
  switch (role) {
    case PeerRole::kSource:
      return "source";
    case PeerRole::kOperator:
      return "operator";
    case PeerRole::kAnalyst:
      return "analyst";
    case PeerRole::kAuditor:
      return "auditor";
    case PeerRole::kHub:
      break;
  }
  return "hub";
}

std::string PeerIdentity::ToUri() const {
  std::string uri(kScheme);
  uri += trust_domain;
  uri += '/';
  uri += PeerRoleName(role);
  uri += '/';
  uri += id;
  return uri;
}

bool IsTrustDomain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  char before = '.';
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '.') return false;
    // A part neither begins nor ends with a hyphen, and is not empty.
    if ((c == '-' || c == '.') && before == '.') return false;
    if (c == '.' && before == '-') return false;
    before = c;
  }
  return before != '.' && before != '-';
}

absl::StatusOr<PeerIdentity> ParsePeerUri(std::string_view uri) {
  if (uri.size() > kMaxUriBytes || uri.substr(0, kScheme.size()) != kScheme) {
    return NotAnIdentity();
  }
  const std::string_view rest = uri.substr(kScheme.size());
  const size_t first = rest.find('/');
  if (first == std::string_view::npos) return NotAnIdentity();
  const size_t second = rest.find('/', first + 1);
  if (second == std::string_view::npos) return NotAnIdentity();
  const std::string_view domain = rest.substr(0, first);
  const std::string_view role = rest.substr(first + 1, second - first - 1);
  const std::string_view id = rest.substr(second + 1);
  const auto found =
      std::find_if(kRoles.begin(), kRoles.end(),
                   [role](PeerRole r) { return PeerRoleName(r) == role; });
  if (!IsTrustDomain(domain) || found == kRoles.end() || !IsResourceId(id)) {
    return NotAnIdentity();
  }
  return PeerIdentity{std::string(domain), *found, std::string(id)};
}

}  // namespace tally::transport
