#include "dataset/row_reason.h"

#include <array>

#include "base/status.h"

namespace tally::dataset {
namespace {

struct Entry {
  std::string_view name;
  std::string_view text;
  RowOutcome outcome;
};

using enum RowOutcome;

// By number.
constexpr std::array<Entry, 37> kEntries = {{
    {"NONE", "The row was sent with its person.", kSent},
    {"NHS_NUMBER_MISSING", "There is no NHS Number.", kUnlinked},
    {"NHS_NUMBER_FORMAT", "The NHS Number is not ten digits.", kUnlinked},
    {"NHS_NUMBER_CHECK_DIGIT", "The check digit of the NHS Number is wrong.",
     kUnlinked},
    {"NHS_NUMBER_REPEATED_DIGIT", "The NHS Number is one digit ten times.",
     kUnlinked},
    {"NHS_NUMBER_RANGE_CHI",
     "The number is in the range of Scotland's CHI numbers.", kUnlinked},
    {"NHS_NUMBER_RANGE_HC",
     "The number is in the range of Northern Ireland's H&C numbers.",
     kUnlinked},
    {"NHS_NUMBER_RANGE_IHI",
     "The number is in the range of Ireland's IHI numbers.", kUnlinked},
    {"NHS_NUMBER_RANGE_NOT_ISSUED",
     "The number is in a range that was never issued.", kUnlinked},
    {"NHS_NUMBER_RANGE_TEST", "The number is a test number (9xx).", kUnlinked},
    {"NHS_NUMBER_RANGE_LIVE",
     "The number is not a test number, outside production.", kUnlinked},
    {"NHS_NUMBER_CANARY", "The number is one of the 16 canary numbers.",
     kUnlinked},
    {"NHS_NUMBER_NOT_VERIFIED",
     "The status of the NHS Number does not allow linking.", kUnlinked},
    {"IDENTITY_WITHHELD", "Identity was removed for legal reasons.", kUnlinked},
    {"OPTED_OUT_TYPE1", "The person has a Type 1 opt-out.", kDroppedByRule},
    {"OPTED_OUT_NATIONAL", "The person has a national data opt-out.",
     kDroppedByRule},
    {"NOT_PARTICIPATING", "The practice does not take part.", kDroppedByRule},
    {"RESTRICTED_CODE", "The row has a restricted code.", kDroppedByRule},
    {"RESTRICTED_LINKED_ROW", "The row is tied to one with a restricted code.",
     kDroppedByRule},
    {"SENSITIVE_FLAG", "The supplier marked the row as sensitive.",
     kDroppedByRule},
    {"OUTSIDE_PERIOD", "The row is outside the period of the extract.",
     kDroppedByRule},
    {"VALUE_MISSING", "A required value is missing.", kDroppedFault},
    {"VALUE_TYPE", "A value is not of its column's type.", kDroppedFault},
    {"VALUE_RANGE", "A value is outside its range or form.", kDroppedFault},
    {"VALUE_NOT_IN_LIST", "A code is not in its list.", kDroppedFault},
    {"DATE_INVALID", "There is no such day, or it is not in the date format.",
     kDroppedFault},
    {"DATE_FUTURE", "A day is in the future.", kDroppedFault},
    {"DATE_ORDER", "Two days are in the wrong order.", kDroppedFault},
    {"TEXT_LENGTH", "A text is too long.", kDroppedFault},
    {"TEXT_ENCODING", "A text is not UTF-8.", kDroppedFault},
    {"TEXT_CONTROL", "A text holds a control character.", kDroppedFault},
    {"ROW_SHAPE", "The row has another number of fields than the header.",
     kDroppedFault},
    {"HIDDEN_IDENTIFIER_PATTERN", "A text looks as if it held an identifier.",
     kDroppedFault},
    {"HIDDEN_IDENTIFIER", "A value equals an NHS Number of this delivery.",
     kStop},
    {"FREE_TEXT", "A column holds free text.", kStop},
    {"LIST_MISSING", "A list that is needed is missing.", kStop},
    {"LIST_EXPIRED", "A list that is needed has expired.", kStop},
}};

constexpr std::array<RowReason, kEntries.size() - 1> MakeAll() {
  std::array<RowReason, kEntries.size() - 1> all{};
  for (size_t i = 0; i < all.size(); ++i) {
    all[i] = static_cast<RowReason>(i + 1);
  }
  return all;
}

constexpr auto kAll = MakeAll();
static_assert(static_cast<size_t>(RowReason::kListExpired) ==
              kEntries.size() - 1);

const Entry* EntryOf(RowReason reason) {
  const auto number = static_cast<size_t>(reason);
  return number < kEntries.size() ? &kEntries[number] : nullptr;
}

}  // namespace

std::string_view RowReasonName(RowReason reason) {
  const Entry* entry = EntryOf(reason);
  return entry == nullptr ? std::string_view() : entry->name;
}

std::optional<RowReason> RowReasonFromName(std::string_view name) {
  for (RowReason reason : kAll) {
    if (RowReasonName(reason) == name) return reason;
  }
  return std::nullopt;
}

std::string_view RowReasonText(RowReason reason) {
  const Entry* entry = EntryOf(reason);
  return entry == nullptr ? std::string_view() : entry->text;
}

RowOutcome OutcomeOf(RowReason reason) {
  const Entry* entry = EntryOf(reason);
  TALLY_CHECK(entry != nullptr);
  return entry->outcome;
}

bool IsOptOut(RowReason reason) {
  return reason == RowReason::kOptedOutType1 ||
         reason == RowReason::kOptedOutNational;
}

std::span<const RowReason> AllRowReasons() { return kAll; }

}  // namespace tally::dataset
