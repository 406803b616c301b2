#ifndef TALLY_TRANSPORT_AUTHORISER_H_
#define TALLY_TRANSPORT_AUTHORISER_H_

// Decides whether a call may go on: one URI name in the certificate, listed
// with this key and still valid; the method's own access option names the role
// and the grant; the named resource lies in the caller's scope; the deadline is
// set and short enough. A method without the option is refused to everybody.
//
// Order of answers: UNAUTHENTICATED, PERMISSION_DENIED, then whatever the
// service finds; a caller without permission never learns what exists.
//
// Role: hub. Spec: docs/spec/api-v1.md, "Who may call".
// Threading: any thread.
// Secrets: none.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "transport/peer_identity.h"
#include "transport/peers.h"

namespace google::protobuf {
class Message;
class MethodDescriptor;
}  // namespace google::protobuf
namespace grpc {
class ServerContextBase;
}  // namespace grpc
namespace tally::common::v1 {
class Access;
}  // namespace tally::common::v1

namespace tally::transport {

// Who is calling, as the certificate and the allow-list say.
struct Caller {
  PeerIdentity identity;
  std::string uri;         // identity as text: the audit log's actor
  std::string key_sha256;  // 64 hexadecimal digits: its public key
  std::string organisation;
  std::string person;       // operators
  Grants grants;            // operators
  uint64_t generation = 0;  // of the allow-list that was asked
};

// What the transport knows about a call before anything is read from it.
struct PeerEvidence {
  std::vector<std::string> uris;  // URI names of the certificate
  std::string certificate_pem;
};
PeerEvidence EvidenceOf(const grpc::ServerContextBase& context);

// SHA-256 of the public key (DER SubjectPublicKeyInfo) of a PEM certificate, 64
// lower-case hexadecimal digits. kInvalidArgument if it does not parse.
absl::StatusOr<std::string> PublicKeySha256(std::string_view certificate_pem);

class Authoriser {
 public:
  // Counts refusals, for metrics and the audit log's `denied` entries. Called
  // from the call's thread; must not block.
  using Observer =
      std::function<void(const std::string& uri, std::string_view method,
                         const absl::Status& refusal)>;

  // `peers` must outlive this.
  explicit Authoriser(PeerBook& peers, Observer observer = {});

  // May this peer call `method` ("tally.extract.v1.ExtractService.GetExtract")?
  // Reasons: IDENTITY_MISSING, IDENTITY_AMBIGUOUS, PEER_NOT_LISTED,
  // ROLE_NOT_ALLOWED; kInvalidArgument FIELD_INVALID for a deadline that is
  // missing or too long (field "deadline", limit in seconds).
  absl::StatusOr<Caller> Authorise(const grpc::ServerContextBase& context,
                                   std::string_view method);

  // The same without a network: identity, list, role and grant.
  absl::StatusOr<Caller> AuthorisePeer(const PeerEvidence& evidence,
                                       std::string_view method);

  // Is `resource` in the caller's scope for this method? NOT_YOUR_RESOURCE if a
  // source names anything but sources/<its id> or what is below it. Scope
  // SCOPE_PROJECT_ANALYST passes here: only the catalogue knows whom an
  // agreement names, so the service asks it.
  absl::Status CheckResource(const Caller& caller, std::string_view method,
                             std::string_view resource);

  // As CheckResource(), with the resource that the option's resource_field
  // names in `request`.
  absl::Status CheckRequest(const Caller& caller, std::string_view method,
                            const google::protobuf::Message& request);

  // For every message of a stream: OK at once while the allow-list is the same;
  // otherwise looks again and renews caller.generation. PEER_NOT_LISTED after a
  // revocation, ROLE_NOT_ALLOWED when the role's grant is gone.
  absl::Status Recheck(Caller& caller, std::string_view method);

  // The access option of a method, or null: no such method, or none set.
  static const tally::common::v1::Access* AccessOf(std::string_view method);

 private:
  absl::StatusOr<Caller> Identify(const PeerEvidence& evidence);
  absl::Status Refuse(const std::string& uri, std::string_view method,
                      absl::Status refusal);

  PeerBook& peers_;
  const Observer observer_;
};

// Whether the remaining time of a call is set and at most the method's limit,
// with room for what gRPC adds when it rounds a timeout up for its header.
absl::Status CheckDeadline(int64_t remaining_ms, bool is_set, int64_t limit_s);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_AUTHORISER_H_
