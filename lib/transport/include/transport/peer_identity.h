#ifndef TALLY_TRANSPORT_PEER_IDENTITY_H_
#define TALLY_TRANSPORT_PEER_IDENTITY_H_

// Who a peer is: the one URI name of its certificate,
//   spiffe://<trust-domain>/{source|operator|analyst|auditor}/<id>
// compared as bytes, never decoded, never case-folded. Common names and DNS
// names say nothing about a peer.
//
// Role: every program that talks over the network.
// Spec: docs/spec/api-v1.md, "Identity".
// Threading: values.
// Secrets: none; identities are public inside the system and may be logged.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::transport {

// The hub has a name of the same form in its own certificate; it calls nobody.
enum class PeerRole { kSource, kOperator, kAnalyst, kAuditor, kHub };

// "source", "operator", "analyst", "auditor", "hub".
std::string_view PeerRoleName(PeerRole role);

struct PeerIdentity {
  std::string trust_domain;  // "example.nhs.uk"
  PeerRole role = PeerRole::kSource;
  std::string id;  // IsResourceId()

  // "spiffe://example.nhs.uk/source/gp-supplier-a".
  std::string ToUri() const;
  friend bool operator==(const PeerIdentity&, const PeerIdentity&) = default;
};

// The identity that a URI names. Accepts exactly one spelling of each, so what
// parses prints as the same text. kInvalidArgument for anything else: another
// scheme, an unknown role, percent signs, dots as parts, upper case, a port, a
// query, more than 255 bytes. The message does not repeat the text.
absl::StatusOr<PeerIdentity> ParsePeerUri(std::string_view uri);

// Whether `text` is a trust domain: 1 to 200 bytes of parts of lower-case
// letters, digits and hyphens, joined by dots.
bool IsTrustDomain(std::string_view text);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_PEER_IDENTITY_H_
