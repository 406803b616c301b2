#ifndef TALLY_BASE_ERROR_H_
#define TALLY_BASE_ERROR_H_

// The catalogue of errors that programs tell each other: one reason, its status
// code, its exit code, and the detail that goes with it. Runs in every program.
// Never holds a field's value, a path of the hub, SQL or exception text.
//
// Spec: docs/errors.md (a test compares it with this list); on the wire the
// numbers are those of tally.common.v1.ErrorReason.
// Threading: no state.
// Secrets: none may be put into a detail.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/exit_code.h"

namespace tally {

// Numbers are published: never changed, never used again.
enum class Reason : int32_t {
  kUnspecified = 0,
  // UNAUTHENTICATED, exit 6
  kIdentityMissing = 1,
  kIdentityAmbiguous = 2,
  // PERMISSION_DENIED, exit 6
  kRoleNotAllowed = 3,
  kPeerNotListed = 4,
  kNotYourResource = 5,
  kSamePerson = 6,
  kNotAnAnalystOfProject = 7,
  // NOT_FOUND, exit 4
  kResourceNotFound = 8,
  // ALREADY_EXISTS, exit 7
  kResourceExists = 9,
  kRequestIdReused = 10,
  // ABORTED, exit 7
  kBatchConflict = 11,
  kUploadSuperseded = 12,
  // INVALID_ARGUMENT, exit 8
  kNameInvalid = 13,
  kFieldInvalid = 14,
  kPageSizeInvalid = 15,
  kBatchSequence = 16,
  kBatchTooLarge = 17,
  kBatchOrder = 18,
  kElementLength = 19,
  kElementTopBit = 20,
  kElementIdentity = 21,
  kElementInvalid = 22,
  kElementRepeated = 23,
  kPersonIndexRange = 24,
  kColumnMismatch = 25,
  kColumnEncoding = 26,
  kValueRefused = 27,
  kManifestInvalid = 28,
  kManifestMismatch = 29,
  kSignatureInvalid = 30,
  kAgreementInvalid = 31,
  // FAILED_PRECONDITION, exit 10
  kKeyUnknown = 32,
  kEpochRetired = 33,
  kFactorMismatch = 34,
  kCanaryInvalid = 35,
  kEnvironmentMismatch = 36,
  kHubSealed = 37,
  // FAILED_PRECONDITION, exit 7
  kSpecMismatch = 38,
  kPeriodOverlap = 39,
  kExtractState = 40,
  kReleaseState = 41,
  // FAILED_PRECONDITION, exit 6
  kAgreementExpired = 42,
  kAgreementExceeded = 43,
  kTermsNotAccepted = 44,
  kDisclosureRefused = 45,
  kPersonLimit = 46,
  // RESOURCE_EXHAUSTED, exit 5
  kRateLimited = 47,
  kQuota = 48,
  kDiskLow = 49,
  // UNAVAILABLE, exit 5
  kDraining = 50,
  kCatalogueBusy = 51,
  kAuditUnavailable = 52,
  // DATA_LOSS, exit 11
  kJournalCorrupt = 53,
  kRunCorrupt = 54,
  kAuditCorrupt = 55,
  kFileDigest = 56,
  // INTERNAL, exit 1
  kInternal = 57,
  // RESOURCE_EXHAUSTED, exit 5
  kMemoryLow = 58,
};

// What a status carries besides its text. Fields that do not apply stay empty.
struct ErrorDetail {
  Reason reason = Reason::kUnspecified;
  std::string resource = {};  // resource name, as in "sources/gp-supplier-a"
  std::string field = {};     // path of a field, as in "columns[3].dates"
  int64_t row = 0;            // from 1; 0: not about a row
  std::string column = {};    // column name from a specification
  int64_t limit = 0;          // the bound that was broken, or the current epoch
  int64_t count = 0;          // how many
  std::string corr = {};      // correlation id, 32 hex digits

  friend bool operator==(const ErrorDetail&, const ErrorDetail&) = default;
};

// An error with `reason`; its status code is ReasonCode(reason). `message` is
// for people: file, row, field name, never a value. `detail.reason` is set from
// `reason`. kUnspecified gives kInternal: an error always has a reason.
absl::Status Error(Reason reason, std::string message, ErrorDetail detail = {});

// The detail of a status made by Error(), or that came with one over the wire.
// Empty when there is none, or when the payload does not decode.
std::optional<ErrorDetail> DetailOf(const absl::Status& status);

// The reason of DetailOf(), or kUnspecified.
Reason ReasonOf(const absl::Status& status);

// "ELEMENT_INVALID"; "UNSPECIFIED" for kUnspecified and unknown numbers.
std::string_view ReasonName(Reason reason);

// The inverse. Empty for a name that is not in the catalogue.
std::optional<Reason> ReasonFromName(std::string_view name);

// The reason with this number, empty when there is none (0 included).
std::optional<Reason> ReasonFromNumber(int32_t number);

// The status code that belongs to a reason; kInternal for kUnspecified.
absl::StatusCode ReasonCode(Reason reason);

// The exit code that belongs to a reason; kExitFailure for kUnspecified.
ExitCode ReasonExitCode(Reason reason);

// `status` whose text keeps its line breaks when it is printed (FormatError):
// for lists and places in the user's own text. Never for what a peer said.
absl::Status KeepLines(absl::Status status);
bool KeepsLines(const absl::Status& status);

// Every reason but kUnspecified, in order of number.
std::span<const Reason> AllReasons();

}  // namespace tally

#endif  // TALLY_BASE_ERROR_H_
