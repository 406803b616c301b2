#ifndef TALLY_LINKAGE_SERVICE_SRC_REQUEST_GUARD_H_
#define TALLY_LINKAGE_SERVICE_SRC_REQUEST_GUARD_H_

// What every call has in common: request ids, pages, the audit entry of a
// change, and answers that repeat. No network here.
//
// Threading: pure functions, or as the hub.
// Secrets: none.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "linkage/service/hub.h"
#include "linkage/store/catalogue_types.h"
#include "tally/common/v1/progress.pb.h"
#include "transport/authoriser.h"

namespace tally::linkage {

inline constexpr int32_t kDefaultPage = 50;
inline constexpr int32_t kLargestPage = 1000;

// Whether `text` is a UUID of version 4, lower or upper case.
bool IsUuid4(std::string_view text);

// FIELD_INVALID with field `request_id` unless it is a UUID4.
[[nodiscard]] absl::StatusOr<RequestKey> RequestKeyOf(
    const transport::Caller& caller, std::string_view method,
    const google::protobuf::Message& request);

// PAGE_SIZE_INVALID for a negative size; FIELD_INVALID for a token that this
// hub did not give.
[[nodiscard]] absl::StatusOr<PageRequest> PageOf(int32_t page_size,
                                                 const std::string& token);
std::string PageToken(std::string_view next);

// An entry of this caller about `object`, with a new correlation id.
AuditEntry EntryOf(const transport::Caller& caller, AuditAction action,
                   std::string object);

// The first 16 hex digits of the caller's key digest.
std::string ActorKey(const transport::Caller& caller);

CallContext ContextOf(const transport::Caller& caller,
                      std::optional<RequestKey> request);

void SetAudit(const AuditPlace& place, common::v1::AuditReference* out);

// Makes a change and answers it once it is in the audit log. A repeat of the
// request changes nothing: it gives the same audit reference again, with the
// resource as it stands. `commit` checks and commits with the Change that it is
// given (entry, request, answer), and returns what the catalogue returned;
// `fill` then sets the resource. Response must have a field `audit`.
template <typename Response>
absl::Status AnswerChange(
    Hub& hub, const RequestKey& request, AuditEntry entry, Response* response,
    const std::function<absl::StatusOr<std::string>(const Change&)>& commit,
    const std::function<absl::Status(Response*)>& fill) {
  absl::StatusOr<std::optional<std::string>> before =
      hub.catalogue().FindAnswer(request);
  if (!before.ok()) return before.status();
  std::string corr;
  if (before->has_value()) {
    corr = **before;
  } else {
    Change change;
    change.answer = entry.corr;
    change.entry = std::move(entry);
    change.request = request;
    absl::StatusOr<std::string> given = commit(change);
    if (!given.ok()) return given.status();
    corr = *std::move(given);
  }
  if (absl::Status drained = hub.DrainAudit(); !drained.ok()) return drained;
  absl::StatusOr<AuditPlace> place = hub.PlaceOf(corr);
  if (!place.ok()) return place.status();
  SetAudit(*place, response->mutable_audit());
  return fill(response);
}

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_REQUEST_GUARD_H_
