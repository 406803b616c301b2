#include "pseudonymiser/nhs_number.h"

#include <algorithm>
#include <ostream>

namespace tally::pseudonymiser {
namespace {

using dataset::RowReason;

constexpr uint64_t kTenDigits = 10'000'000'000;

// Canary numbers 9990000018 to 9990000174, without those stems that have no
// check digit.
constexpr std::array<uint32_t, 16> kCanaryStems = {
    999000001, 999000002, 999000003, 999000004, 999000005, 999000006,
    999000007, 999000008, 999000009, 999000010, 999000011, 999000012,
    999000013, 999000015, 999000016, 999000017};

// Check digit of a stem; 10 when there is none.
constexpr uint32_t CheckDigit(uint32_t stem) {
  uint32_t sum = 0;
  for (uint32_t weight = 2; weight <= 10; ++weight) {
    sum += weight * (stem % 10);
    stem /= 10;
  }
  const uint32_t digit = 11 - sum % 11;
  return digit == 11 ? 0 : digit;
}

bool IsNhsDigit(char c) { return c >= '0' && c <= '9'; }

// All ten digits equal: 0000000000, 1111111111, ...
bool IsRepeatedDigit(uint64_t number) { return number % 1'111'111'111 == 0; }

RowReason RangeOf(uint64_t number, crypto::Environment environment) {
  const bool production = environment == crypto::Environment::kProduction;
  if (number >= 9'000'000'000) {
    return production ? RowReason::kNhsNumberRangeTest : RowReason::kNone;
  }
  if (number >= 8'600'000'000) return RowReason::kNhsNumberRangeNotIssued;
  if (number >= 8'000'000'000) return RowReason::kNhsNumberRangeIhi;
  if (number >= 6'000'000'000 ||
      (number >= 4'000'000'000 && number < 5'000'000'000)) {
    return production ? RowReason::kNone : RowReason::kNhsNumberRangeLive;
  }
  if (number >= 5'000'000'000) return RowReason::kNhsNumberRangeNotIssued;
  if (number >= 3'200'000'000) return RowReason::kNhsNumberRangeHc;
  if (number >= 3'113'000'000) return RowReason::kNhsNumberRangeNotIssued;
  if (number >= 10'000'000) return RowReason::kNhsNumberRangeChi;
  return RowReason::kNhsNumberRangeNotIssued;
}

}  // namespace

struct NhsNumberParser {
  static NhsNumber Make(uint64_t number) {
    return NhsNumber(static_cast<uint32_t>(number / 10));
  }
};

std::optional<NhsNumber> NhsNumber::FromStem(uint32_t stem) {
  if (stem >= kTenDigits / 10 || CheckDigit(stem) == 10) return std::nullopt;
  return NhsNumber(stem);
}

NhsNumber::Digits NhsNumber::digits() const {
  Digits digits;
  uint32_t rest = stem_;
  for (size_t i = 9; i-- > 0;) {
    digits[i] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  digits[9] = static_cast<char>('0' + CheckDigit(stem_));
  return digits;
}

void PrintTo(const NhsNumber& /*number*/, std::ostream* out) {
  *out << "[redacted]";
}

std::optional<uint64_t> ReadTenDigits(std::string_view text) {
  char separator = 0;
  if (text.size() == 12) {
    separator = text[3];
    if ((separator != ' ' && separator != '-') || text[7] != separator) {
      return std::nullopt;
    }
  } else if (text.size() != 10) {
    return std::nullopt;
  }
  uint64_t number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (separator != 0 && (i == 3 || i == 7)) continue;
    if (!IsNhsDigit(text[i])) return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  return number;
}

bool HasRightCheckDigit(uint64_t number) {
  return CheckDigit(static_cast<uint32_t>(number / 10)) == number % 10;
}

bool IsIssuedOrTestRange(uint64_t number) {
  return RangeOf(number, crypto::Environment::kProduction) !=
         RowReason::kNhsNumberRangeNotIssued;
}

std::array<uint32_t, 16> CanaryStems() { return kCanaryStems; }

NhsNumberResult ParseNhsNumber(std::string_view text,
                               crypto::Environment environment) {
  if (text.empty()) return {RowReason::kNhsNumberMissing, std::nullopt};
  const std::optional<uint64_t> read = ReadTenDigits(text);
  if (!read) return {RowReason::kNhsNumberFormat, std::nullopt};
  const uint64_t number = *read;
  NhsNumberResult result;
  const bool checked = HasRightCheckDigit(number);
  if (checked) result.number = NhsNumberParser::Make(number);
  if (IsRepeatedDigit(number)) {
    // Every one of the ten passes the check digit and belongs to nobody.
    return {RowReason::kNhsNumberRepeatedDigit, std::nullopt};
  }
  if (checked && std::binary_search(kCanaryStems.begin(), kCanaryStems.end(),
                                    result.number->stem())) {
    result.reason = RowReason::kNhsNumberCanary;
    return result;
  }
  result.reason = RangeOf(number, environment);
  if (result.reason == RowReason::kNone && !checked) {
    result.reason = RowReason::kNhsNumberCheckDigit;
  }
  return result;
}

}  // namespace tally::pseudonymiser
