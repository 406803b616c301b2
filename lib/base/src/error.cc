#include "base/error.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/cord.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally {
namespace {

constexpr char kDetailUrl[] = "tally/error-detail";
constexpr char kLinesUrl[] = "tally/lines";
constexpr uint8_t kDetailVersion = 1;

struct Entry {
  Reason reason;
  std::string_view name;
  absl::StatusCode code;
  ExitCode exit;
};

// In order of number: the entry of reason n is at n - 1.
constexpr auto kCatalogue = std::to_array<Entry>({
    // clang-format off
    {Reason::kIdentityMissing, "IDENTITY_MISSING", absl::StatusCode::kUnauthenticated, kExitNotPermitted},
    {Reason::kIdentityAmbiguous, "IDENTITY_AMBIGUOUS", absl::StatusCode::kUnauthenticated, kExitNotPermitted},
    {Reason::kRoleNotAllowed, "ROLE_NOT_ALLOWED", absl::StatusCode::kPermissionDenied, kExitNotPermitted},
    {Reason::kPeerNotListed, "PEER_NOT_LISTED", absl::StatusCode::kPermissionDenied, kExitNotPermitted},
    {Reason::kNotYourResource, "NOT_YOUR_RESOURCE", absl::StatusCode::kPermissionDenied, kExitNotPermitted},
    {Reason::kSamePerson, "SAME_PERSON", absl::StatusCode::kPermissionDenied, kExitNotPermitted},
    {Reason::kNotAnAnalystOfProject, "NOT_AN_ANALYST_OF_PROJECT", absl::StatusCode::kPermissionDenied, kExitNotPermitted},
    {Reason::kResourceNotFound, "RESOURCE_NOT_FOUND", absl::StatusCode::kNotFound, kExitNotFound},
    {Reason::kResourceExists, "RESOURCE_EXISTS", absl::StatusCode::kAlreadyExists, kExitConflict},
    {Reason::kRequestIdReused, "REQUEST_ID_REUSED", absl::StatusCode::kAlreadyExists, kExitConflict},
    {Reason::kBatchConflict, "BATCH_CONFLICT", absl::StatusCode::kAborted, kExitConflict},
    {Reason::kUploadSuperseded, "UPLOAD_SUPERSEDED", absl::StatusCode::kAborted, kExitConflict},
    {Reason::kNameInvalid, "NAME_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kFieldInvalid, "FIELD_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kPageSizeInvalid, "PAGE_SIZE_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kBatchSequence, "BATCH_SEQUENCE", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kBatchTooLarge, "BATCH_TOO_LARGE", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kBatchOrder, "BATCH_ORDER", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kElementLength, "ELEMENT_LENGTH", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kElementTopBit, "ELEMENT_TOP_BIT", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kElementIdentity, "ELEMENT_IDENTITY", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kElementInvalid, "ELEMENT_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kElementRepeated, "ELEMENT_REPEATED", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kPersonIndexRange, "PERSON_INDEX_RANGE", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kColumnMismatch, "COLUMN_MISMATCH", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kColumnEncoding, "COLUMN_ENCODING", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kValueRefused, "VALUE_REFUSED", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kManifestInvalid, "MANIFEST_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kManifestMismatch, "MANIFEST_MISMATCH", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kSignatureInvalid, "SIGNATURE_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kAgreementInvalid, "AGREEMENT_INVALID", absl::StatusCode::kInvalidArgument, kExitInvalidInput},
    {Reason::kKeyUnknown, "KEY_UNKNOWN", absl::StatusCode::kFailedPrecondition, kExitKey},
    {Reason::kEpochRetired, "EPOCH_RETIRED", absl::StatusCode::kFailedPrecondition, kExitKey},
    {Reason::kFactorMismatch, "FACTOR_MISMATCH", absl::StatusCode::kFailedPrecondition, kExitKey},
    {Reason::kCanaryInvalid, "CANARY_INVALID", absl::StatusCode::kFailedPrecondition, kExitKey},
    {Reason::kEnvironmentMismatch, "ENVIRONMENT_MISMATCH", absl::StatusCode::kFailedPrecondition, kExitKey},
    {Reason::kHubSealed, "HUB_SEALED", absl::StatusCode::kFailedPrecondition, kExitKey},
    {Reason::kSpecMismatch, "SPEC_MISMATCH", absl::StatusCode::kFailedPrecondition, kExitConflict},
    {Reason::kPeriodOverlap, "PERIOD_OVERLAP", absl::StatusCode::kFailedPrecondition, kExitConflict},
    {Reason::kExtractState, "EXTRACT_STATE", absl::StatusCode::kFailedPrecondition, kExitConflict},
    {Reason::kReleaseState, "RELEASE_STATE", absl::StatusCode::kFailedPrecondition, kExitConflict},
    {Reason::kAgreementExpired, "AGREEMENT_EXPIRED", absl::StatusCode::kFailedPrecondition, kExitNotPermitted},
    {Reason::kAgreementExceeded, "AGREEMENT_EXCEEDED", absl::StatusCode::kFailedPrecondition, kExitNotPermitted},
    {Reason::kTermsNotAccepted, "TERMS_NOT_ACCEPTED", absl::StatusCode::kFailedPrecondition, kExitNotPermitted},
    {Reason::kDisclosureRefused, "DISCLOSURE_REFUSED", absl::StatusCode::kFailedPrecondition, kExitNotPermitted},
    {Reason::kPersonLimit, "PERSON_LIMIT", absl::StatusCode::kFailedPrecondition, kExitNotPermitted},
    {Reason::kRateLimited, "RATE_LIMITED", absl::StatusCode::kResourceExhausted, kExitTemporary},
    {Reason::kQuota, "QUOTA", absl::StatusCode::kResourceExhausted, kExitTemporary},
    {Reason::kDiskLow, "DISK_LOW", absl::StatusCode::kResourceExhausted, kExitTemporary},
    {Reason::kDraining, "DRAINING", absl::StatusCode::kUnavailable, kExitTemporary},
    {Reason::kCatalogueBusy, "CATALOGUE_BUSY", absl::StatusCode::kUnavailable, kExitTemporary},
    {Reason::kAuditUnavailable, "AUDIT_UNAVAILABLE", absl::StatusCode::kUnavailable, kExitTemporary},
    {Reason::kJournalCorrupt, "JOURNAL_CORRUPT", absl::StatusCode::kDataLoss, kExitIntegrity},
    {Reason::kRunCorrupt, "RUN_CORRUPT", absl::StatusCode::kDataLoss, kExitIntegrity},
    {Reason::kAuditCorrupt, "AUDIT_CORRUPT", absl::StatusCode::kDataLoss, kExitIntegrity},
    {Reason::kFileDigest, "FILE_DIGEST", absl::StatusCode::kDataLoss, kExitIntegrity},
    {Reason::kInternal, "INTERNAL", absl::StatusCode::kInternal, kExitFailure},
    {Reason::kMemoryLow, "MEMORY_LOW", absl::StatusCode::kResourceExhausted, kExitTemporary},
    // clang-format on
});

constexpr bool CatalogueIsInOrder() {
  for (size_t i = 0; i < kCatalogue.size(); ++i) {
    if (static_cast<size_t>(kCatalogue[i].reason) != i + 1) return false;
  }
  return true;
}
static_assert(CatalogueIsInOrder());

constexpr auto kReasons = [] {
  std::array<Reason, kCatalogue.size()> reasons{};
  for (size_t i = 0; i < reasons.size(); ++i) reasons[i] = kCatalogue[i].reason;
  return reasons;
}();

const Entry* Find(Reason reason) {
  const auto number = static_cast<int64_t>(reason);
  if (number < 1 || number > static_cast<int64_t>(kCatalogue.size())) {
    return nullptr;
  }
  return &kCatalogue[static_cast<size_t>(number - 1)];
}

// Long texts are cut, so that a detail fits into the metadata of a call.
void PutText(ByteWriter& out, std::string_view text) {
  out.Lp1(text.substr(0, 255));
}

std::string Encode(const ErrorDetail& detail) {
  ByteWriter out;
  out.U8(kDetailVersion);
  out.U32(static_cast<uint32_t>(detail.reason));
  PutText(out, detail.resource);
  PutText(out, detail.field);
  out.U64(static_cast<uint64_t>(detail.row));
  PutText(out, detail.column);
  out.U64(static_cast<uint64_t>(detail.limit));
  out.U64(static_cast<uint64_t>(detail.count));
  PutText(out, detail.corr);
  return out.Take();
}

absl::StatusOr<std::string> TakeText(ByteReader& in) {
  TALLY_ASSIGN_OR_RETURN(const std::string_view text, in.Lp1());
  return std::string(text);
}

absl::StatusOr<int64_t> TakeNumber(ByteReader& in) {
  TALLY_ASSIGN_OR_RETURN(const uint64_t value, in.U64());
  return static_cast<int64_t>(value);
}

absl::StatusOr<ErrorDetail> Decode(std::string_view bytes) {
  ByteReader in(bytes);
  ErrorDetail detail;
  TALLY_ASSIGN_OR_RETURN(const uint8_t version, in.U8());
  TALLY_ASSIGN_OR_RETURN(const uint32_t number, in.U32());
  if (version != kDetailVersion) {
    return absl::InvalidArgumentError("unknown version of an error detail");
  }
  detail.reason = ReasonFromNumber(static_cast<int32_t>(number))
                      .value_or(Reason::kUnspecified);
  TALLY_ASSIGN_OR_RETURN(detail.resource, TakeText(in));
  TALLY_ASSIGN_OR_RETURN(detail.field, TakeText(in));
  TALLY_ASSIGN_OR_RETURN(detail.row, TakeNumber(in));
  TALLY_ASSIGN_OR_RETURN(detail.column, TakeText(in));
  TALLY_ASSIGN_OR_RETURN(detail.limit, TakeNumber(in));
  TALLY_ASSIGN_OR_RETURN(detail.count, TakeNumber(in));
  TALLY_ASSIGN_OR_RETURN(detail.corr, TakeText(in));
  TALLY_RETURN_IF_ERROR(in.ExpectEnd());
  return detail;
}

}  // namespace

absl::Status Error(Reason reason, std::string message, ErrorDetail detail) {
  if (Find(reason) == nullptr) reason = Reason::kInternal;
  detail.reason = reason;
  absl::Status status(ReasonCode(reason), message);
  status.SetPayload(kDetailUrl, absl::Cord(Encode(detail)));
  return status;
}

std::optional<ErrorDetail> DetailOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kDetailUrl);
  if (!payload.has_value()) return std::nullopt;
  absl::StatusOr<ErrorDetail> detail = Decode(std::string(*payload));
  if (!detail.ok()) return std::nullopt;
  return *std::move(detail);
}

Reason ReasonOf(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = DetailOf(status);
  return detail.has_value() ? detail->reason : Reason::kUnspecified;
}

std::string_view ReasonName(Reason reason) {
  const Entry* entry = Find(reason);
  return entry == nullptr ? "UNSPECIFIED" : entry->name;
}

std::optional<Reason> ReasonFromName(std::string_view name) {
  const auto it =
      std::find_if(kCatalogue.begin(), kCatalogue.end(),
                   [name](const Entry& entry) { return entry.name == name; });
  if (it == kCatalogue.end()) return std::nullopt;
  return it->reason;
}

std::optional<Reason> ReasonFromNumber(int32_t number) {
  const Entry* entry = Find(static_cast<Reason>(number));
  if (entry == nullptr) return std::nullopt;
  return entry->reason;
}

absl::StatusCode ReasonCode(Reason reason) {
  const Entry* entry = Find(reason);
  return entry == nullptr ? absl::StatusCode::kInternal : entry->code;
}

ExitCode ReasonExitCode(Reason reason) {
  const Entry* entry = Find(reason);
  return entry == nullptr ? kExitFailure : entry->exit;
}

absl::Status KeepLines(absl::Status status) {
  if (!status.ok()) status.SetPayload(kLinesUrl, absl::Cord());
  return status;
}

bool KeepsLines(const absl::Status& status) {
  return status.GetPayload(kLinesUrl).has_value();
}

std::span<const Reason> AllReasons() { return kReasons; }

}  // namespace tally
