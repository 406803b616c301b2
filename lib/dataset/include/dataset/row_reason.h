#ifndef TALLY_DATASET_ROW_REASON_H_
#define TALLY_DATASET_ROW_REASON_H_

// What became of one row of a delivery at its source: it was sent with its
// person, sent without one, dropped, or it stopped the push. The numbers
// travel in a batch (one byte a row) and the names in manifests, receipts and
// releases, so neither ever changes. They equal tally.common.v1.RowReason.
//
// Role: written by the pseudonymiser, read by everyone after it. A reason
// never says which value was at fault.
//
// Spec: docs/spec/dataset-v1.md, "Row outcomes".
// Threading: constants and pure functions.
// Secrets: none.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tally::dataset {

enum class RowReason : uint8_t {
  kNone = 0,  // the row was sent with its person
  // Unlinked: sent without a person.
  kNhsNumberMissing = 1,
  kNhsNumberFormat = 2,
  kNhsNumberCheckDigit = 3,
  kNhsNumberRepeatedDigit = 4,
  kNhsNumberRangeChi = 5,
  kNhsNumberRangeHc = 6,
  kNhsNumberRangeIhi = 7,
  kNhsNumberRangeNotIssued = 8,
  kNhsNumberRangeTest = 9,
  kNhsNumberRangeLive = 10,
  kNhsNumberCanary = 11,
  kNhsNumberNotVerified = 12,
  kIdentityWithheld = 13,
  // Dropped by rule: not a fault.
  kOptedOutType1 = 14,
  kOptedOutNational = 15,
  kNotParticipating = 16,
  kRestrictedCode = 17,
  kRestrictedLinkedRow = 18,
  kSensitiveFlag = 19,
  kOutsidePeriod = 20,
  // Dropped as faulty: counts for max_reject.
  kValueMissing = 21,
  kValueType = 22,
  kValueRange = 23,
  kValueNotInList = 24,
  kDateInvalid = 25,
  kDateFuture = 26,
  kDateOrder = 27,
  kTextLength = 28,
  kTextEncoding = 29,
  kTextControl = 30,
  kRowShape = 31,
  kHiddenIdentifierPattern = 32,
  // The push stops; nothing leaves.
  kHiddenIdentifier = 33,
  kFreeText = 34,
  kListMissing = 35,
  kListExpired = 36,
};

// What a reason does with its row.
enum class RowOutcome : uint8_t {
  kSent,
  kUnlinked,
  kDroppedByRule,
  kDroppedFault,
  kStop,
};

// Returns "NHS_NUMBER_MISSING" and the like; "NONE" for kNone and an empty
// text for a number that is no reason.
std::string_view RowReasonName(RowReason reason);

// The reverse of RowReasonName. "NONE" is not accepted: no file names it.
std::optional<RowReason> RowReasonFromName(std::string_view name);

// One English sentence for a reader of a report. Empty for no reason.
std::string_view RowReasonText(RowReason reason);

// REQUIRES: `reason` is one of the enumerators.
RowOutcome OutcomeOf(RowReason reason);

// True for the opt-outs, whose exact counts are never written down.
bool IsOptOut(RowReason reason);

// Every reason but kNone, ascending.
std::span<const RowReason> AllRowReasons();

}  // namespace tally::dataset

#endif  // TALLY_DATASET_ROW_REASON_H_
