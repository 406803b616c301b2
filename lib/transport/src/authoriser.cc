#include "transport/authoriser.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "tally/common/v1/access.pb.h"

namespace tally::transport {
namespace {

namespace pb = ::tally::common::v1;

// What may be added to a deadline on its way: gRPC rounds the grpc-timeout
// header up to a whole second and, from 1,000 s, to a multiple of ten (one part
// in a hundred at most).
constexpr int64_t kDeadlineSlackMs = 1'000;
constexpr int64_t kDeadlineRounding = 100;

pb::Role ProtoRole(PeerRole role) {
  switch (role) {
    case PeerRole::kSource:
      return pb::ROLE_SOURCE;
    case PeerRole::kOperator:
      return pb::ROLE_OPERATOR;
    case PeerRole::kAnalyst:
      return pb::ROLE_ANALYST;
    case PeerRole::kAuditor:
      return pb::ROLE_AUDITOR;
    case PeerRole::kHub:
      break;
  }
  return pb::ROLE_UNSPECIFIED;
}

bool HasGrant(const Grants& grants, pb::Grant wanted) {
  switch (wanted) {
    case pb::GRANT_UNSPECIFIED:
      return true;
    case pb::GRANT_ADMIN:
      return grants.admin;
    case pb::GRANT_APPROVE:
      return grants.approve;
    default:
      return false;  // a grant that this program does not know
  }
}

// Role and grant of `caller` against the method's option.
absl::Status CheckRole(const PeerIdentity& identity, const Grants& grants,
                       std::string_view method) {
  const pb::Access* access = Authoriser::AccessOf(method);
  const pb::Role role = ProtoRole(identity.role);
  const bool listed = access != nullptr && role != pb::ROLE_UNSPECIFIED &&
                      std::find(access->roles().begin(), access->roles().end(),
                                role) != access->roles().end();
  if (!listed || !HasGrant(grants, access->grant())) {
    return Error(Reason::kRoleNotAllowed,
                 "the caller's role or grants do not include this method");
  }
  return absl::OkStatus();
}

absl::Status NotListed() {
  return Error(Reason::kPeerNotListed,
               "the allow-list has no valid entry for this identity and key");
}

// The text of a field by its dotted path; nothing if a part of the path is no
// field of that kind.
std::optional<std::string> TextAt(const google::protobuf::Message& message,
                                  std::string_view path) {
  const google::protobuf::Message* at = &message;
  while (true) {
    const size_t dot = path.find('.');
    const auto* field =
        at->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
    if (field == nullptr || field->is_repeated()) return std::nullopt;
    if (dot == std::string_view::npos) {
      if (field->type() != google::protobuf::FieldDescriptor::TYPE_STRING) {
        return std::nullopt;
      }
      return at->GetReflection()->GetString(*at, field);
    }
    if (field->message_type() == nullptr) return std::nullopt;
    at = &at->GetReflection()->GetMessage(*at, field);
    path.remove_prefix(dot + 1);
  }
}

bool IsBelow(std::string_view resource, std::string_view owner) {
  return resource == owner ||
         (resource.size() > owner.size() && resource[owner.size()] == '/' &&
          resource.substr(0, owner.size()) == owner);
}

}  // namespace

PeerEvidence EvidenceOf(const grpc::ServerContextBase& context) {
  PeerEvidence evidence;
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return evidence;
  for (const grpc::string_ref& uri :
       auth->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    evidence.uris.emplace_back(uri.data(), uri.size());
  }
  for (const grpc::string_ref& pem :
       auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
    evidence.certificate_pem.assign(pem.data(), pem.size());
  }
  return evidence;
}

absl::Status CheckDeadline(int64_t remaining_ms, bool is_set, int64_t limit_s) {
  const int64_t limit_ms = limit_s * 1'000;
  if (is_set && remaining_ms <= limit_ms + limit_ms / kDeadlineRounding +
                                    kDeadlineSlackMs) {
    return absl::OkStatus();
  }
  ErrorDetail detail;
  detail.field = "deadline";
  detail.limit = limit_s;
  return Error(
      Reason::kFieldInvalid,
      absl::StrFormat("a call needs a deadline of at most %d s", limit_s),
      std::move(detail));
}

Authoriser::Authoriser(PeerBook& peers, Observer observer)
    : peers_(peers), observer_(std::move(observer)) {}

const pb::Access* Authoriser::AccessOf(std::string_view method) {
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          std::string(method));
  if (descriptor == nullptr ||
      !descriptor->options().HasExtension(pb::access)) {
    return nullptr;
  }
  return &descriptor->options().GetExtension(pb::access);
}

absl::StatusOr<Caller> Authoriser::Identify(const PeerEvidence& evidence) {
  if (evidence.uris.empty() || evidence.certificate_pem.empty()) {
    return Error(Reason::kIdentityMissing,
                 "the caller's certificate has no URI name");
  }
  if (evidence.uris.size() != 1) {
    return Error(Reason::kIdentityAmbiguous,
                 "the caller's certificate has more than one URI name");
  }
  Caller caller;
  TALLY_ASSIGN_OR_RETURN(caller.identity, ParsePeerUri(evidence.uris.front()));
  caller.uri = evidence.uris.front();
  absl::StatusOr<std::string> key = PublicKeySha256(evidence.certificate_pem);
  if (!key.ok()) {
    return Error(Reason::kIdentityMissing,
                 "the caller's certificate does not parse");
  }
  caller.key_sha256 = *std::move(key);
  // The generation first: a list that comes in between is looked at again.
  caller.generation = peers_.generation();
  const std::shared_ptr<const PeerList> list = peers_.Current();
  const PeerEntry* entry = list->Find(caller.identity);
  if (entry == nullptr || entry->not_after < CivilDay::TodayUtc() ||
      std::find(entry->public_key_sha256.begin(),
                entry->public_key_sha256.end(),
                caller.key_sha256) == entry->public_key_sha256.end()) {
    return NotListed();
  }
  caller.organisation = entry->organisation;
  caller.person = entry->person;
  caller.grants = entry->grants;
  return caller;
}

absl::Status Authoriser::Refuse(const std::string& uri, std::string_view method,
                                absl::Status refusal) {
  if (observer_) observer_(uri, method, refusal);
  return refusal;
}

absl::StatusOr<Caller> Authoriser::AuthorisePeer(const PeerEvidence& evidence,
                                                 std::string_view method) {
  absl::StatusOr<Caller> caller = Identify(evidence);
  // An identity that does not parse is not repeated anywhere.
  const bool known =
      evidence.uris.size() == 1 && ParsePeerUri(evidence.uris.front()).ok();
  const std::string uri = known ? evidence.uris.front() : "";
  if (!caller.ok()) return Refuse(uri, method, caller.status());
  const absl::Status role = CheckRole(caller->identity, caller->grants, method);
  if (!role.ok()) return Refuse(uri, method, role);
  return caller;
}

absl::StatusOr<Caller> Authoriser::Authorise(
    const grpc::ServerContextBase& context, std::string_view method) {
  TALLY_ASSIGN_OR_RETURN(Caller caller,
                         AuthorisePeer(EvidenceOf(context), method));
  const auto deadline = context.deadline();
  const bool is_set = deadline != std::chrono::system_clock::time_point::max();
  const int64_t remaining_ms =
      is_set ? std::chrono::duration_cast<std::chrono::milliseconds>(
                   deadline - std::chrono::system_clock::now())
                   .count()
             : 0;
  TALLY_RETURN_IF_ERROR(
      CheckDeadline(remaining_ms, is_set, AccessOf(method)->max_deadline_s()));
  return caller;
}

absl::Status Authoriser::CheckResource(const Caller& caller,
                                       std::string_view method,
                                       std::string_view resource) {
  const pb::Access* access = AccessOf(method);
  if (access == nullptr || access->scope() == pb::SCOPE_UNSPECIFIED) {
    return Refuse(caller.uri, method,
                  Error(Reason::kRoleNotAllowed,
                        "the method has no rule for its resources"));
  }
  if (access->scope() != pb::SCOPE_OWN_SOURCE ||
      caller.identity.role != PeerRole::kSource) {
    return absl::OkStatus();
  }
  if (IsBelow(resource, "sources/" + caller.identity.id)) {
    return absl::OkStatus();
  }
  return Refuse(caller.uri, method,
                Error(Reason::kNotYourResource,
                      "the named resource belongs to somebody else"));
}

absl::Status Authoriser::CheckRequest(
    const Caller& caller, std::string_view method,
    const google::protobuf::Message& request) {
  const pb::Access* access = AccessOf(method);
  if (access == nullptr || access->resource_field().empty()) {
    return CheckResource(caller, method, "");
  }
  const std::optional<std::string> resource =
      TextAt(request, access->resource_field());
  if (!resource) {
    return Refuse(caller.uri, method,
                  Error(Reason::kRoleNotAllowed,
                        "the method's rule names a field that is not there"));
  }
  return CheckResource(caller, method, *resource);
}

absl::Status Authoriser::Recheck(Caller& caller, std::string_view method) {
  const uint64_t generation = peers_.generation();
  if (caller.generation == generation) return absl::OkStatus();
  const std::shared_ptr<const PeerList> list = peers_.Current();
  const PeerEntry* entry = list->Find(caller.identity);
  if (entry == nullptr || entry->not_after < CivilDay::TodayUtc() ||
      std::find(entry->public_key_sha256.begin(),
                entry->public_key_sha256.end(),
                caller.key_sha256) == entry->public_key_sha256.end()) {
    return Refuse(caller.uri, method, NotListed());
  }
  const absl::Status role = CheckRole(caller.identity, entry->grants, method);
  if (!role.ok()) return Refuse(caller.uri, method, role);
  caller.organisation = entry->organisation;
  caller.person = entry->person;
  caller.grants = entry->grants;
  caller.generation = generation;
  return absl::OkStatus();
}

}  // namespace tally::transport
