#include "request_guard.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "google/protobuf/descriptor.h"

namespace tally::linkage {
namespace {

constexpr size_t kUuidChars = 36;
constexpr size_t kActorKeyChars = 16;
constexpr size_t kMaxTokenChars = 1024;

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
         (c >= 'A' && c <= 'F');
}

// Serialised without the field request_id, in a fixed order: what "the same
// content" means for a repeat.
std::string ContentDigest(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  const auto* field = copy->GetDescriptor()->FindFieldByName("request_id");
  if (field != nullptr) copy->GetReflection()->ClearField(copy.get(), field);
  // No message of ours has a map, so fields come out in order of number.
  return Sha256Hex(copy->SerializeAsString());
}

std::string RequestIdOf(const google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  return field == nullptr ? std::string()
                          : request.GetReflection()->GetString(request, field);
}

}  // namespace

bool IsUuid4(std::string_view text) {
  if (text.size() != kUuidChars) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  const char variant = text[19];
  return text[14] == '4' &&
         (variant == '8' || variant == '9' || variant == 'a' ||
          variant == 'b' || variant == 'A' || variant == 'B');
}

absl::StatusOr<RequestKey> RequestKeyOf(
    const transport::Caller& caller, std::string_view method,
    const google::protobuf::Message& request) {
  RequestKey key;
  key.request_id = RequestIdOf(request);
  if (!IsUuid4(key.request_id)) {
    ErrorDetail detail;
    detail.field = "request_id";
    return Error(Reason::kFieldInvalid, "request_id must be a UUID version 4",
                 std::move(detail));
  }
  key.caller = caller.uri;
  key.method = std::string(method);
  key.digest = ContentDigest(request);
  return key;
}

absl::StatusOr<PageRequest> PageOf(int32_t page_size,
                                   const std::string& token) {
  ErrorDetail detail;
  if (page_size < 0) {
    detail.field = "page_size";
    detail.limit = kLargestPage;
    return Error(Reason::kPageSizeInvalid,
                 "page_size must be 0 or more, and at most 1,000 is given",
                 std::move(detail));
  }
  PageRequest page;
  page.size = page_size == 0 ? kDefaultPage : std::min(page_size, kLargestPage);
  if (token.empty()) return page;
  const absl::StatusOr<std::string> after =
      token.size() > kMaxTokenChars ? absl::InvalidArgumentError("too long")
                                    : Base64UrlDecode(token);
  if (!after.ok() || after->empty()) {
    detail.field = "page_token";
    return Error(Reason::kFieldInvalid,
                 "page_token is none that this hub has given",
                 std::move(detail));
  }
  page.after = *after;
  return page;
}

std::string PageToken(std::string_view next) {
  return next.empty() ? std::string() : Base64UrlEncode(AsBytes(next));
}

std::string ActorKey(const transport::Caller& caller) {
  return caller.key_sha256.substr(0, kActorKeyChars);
}

AuditEntry EntryOf(const transport::Caller& caller, AuditAction action,
                   std::string object) {
  AuditEntry entry;
  entry.actor = caller.uri;
  entry.actor_key = ActorKey(caller);
  entry.action = action;
  entry.object = std::move(object);
  entry.corr = NewCorrelationId();
  return entry;
}

CallContext ContextOf(const transport::Caller& caller,
                      std::optional<RequestKey> request) {
  CallContext context;
  context.actor = caller.uri;
  context.actor_key = ActorKey(caller);
  context.corr = NewCorrelationId();
  context.request = std::move(request);
  return context;
}

void SetAudit(const AuditPlace& place, common::v1::AuditReference* out) {
  out->set_seq(static_cast<int64_t>(place.seq));
  out->set_corr(place.corr);
}

}  // namespace tally::linkage
