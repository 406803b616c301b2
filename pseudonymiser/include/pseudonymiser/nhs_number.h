#ifndef TALLY_PSEUDONYMISER_NHS_NUMBER_H_
#define TALLY_PSEUDONYMISER_NHS_NUMBER_H_

// The NHS Number: read from text, checked in a fixed order, held as a number
// that nothing can print. Lives at the source only: no other program has this
// type. It must never leave the process except as a token.
//
// Spec: docs/spec/dataset-v1.md, "NHS Number"; vectors in
// tests/vectors/nhs_number.csv.
// Threading: values and pure functions.
// Secrets: the number is a direct identifier. No stream operator, no
// conversion, and GoogleTest prints "[redacted]".

#include <array>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>

#include "crypto/token.h"
#include "dataset/row_reason.h"

namespace tally::pseudonymiser {

// A ten-digit number whose check digit is right. Ordered and compared by value.
class NhsNumber {
 public:
  // Ten ASCII digits, as they enter a token's message.
  using Digits = std::array<char, 10>;

  // `stem` is the number without its check digit, below 1,000,000,000. Empty
  // when no number has this stem (the check digit would be 10: one stem in
  // eleven), and for a larger one.
  static std::optional<NhsNumber> FromStem(uint32_t stem);

  // The first nine digits: together with the check digit rule, the whole
  // number. For tables of numbers, which hold four bytes a person.
  uint32_t stem() const { return stem_; }
  // The ten digits. The one way out; for tokens and for comparison.
  Digits digits() const;

  friend bool operator==(NhsNumber, NhsNumber) = default;
  friend auto operator<=>(NhsNumber, NhsNumber) = default;

 private:
  friend struct NhsNumberParser;
  explicit NhsNumber(uint32_t stem) : stem_(stem) {}
  uint32_t stem_;
};

void PrintTo(const NhsNumber& number, std::ostream* out);
std::ostream& operator<<(std::ostream&, const NhsNumber&) = delete;

// What one text turned out to be.
struct NhsNumberResult {
  // kNone when the number may be tokenised in this environment; otherwise the
  // first test that failed. Never kNhsNumberNotVerified: the status is another
  // field.
  dataset::RowReason reason = dataset::RowReason::kNhsNumberMissing;
  // Set whenever ten digits with a right check digit were read, whatever their
  // range: the scanner for hidden numbers and the opt-outs know such a person
  // too. Always set when reason is kNone.
  std::optional<NhsNumber> number;
};

// Reads `text`, from which white space around has been cut and null markers
// removed. Accepts 9999999999, 999 999 9999 and 999-999-9999. The tests in
// order: missing, form, ten equal digits, canary, range, environment, check
// digit; the first that fails is the reason. Cost: constant.
NhsNumberResult ParseNhsNumber(std::string_view text,
                               crypto::Environment environment);

// The ten digits of one of the three accepted forms as a number; empty for any
// other text. No further test.
std::optional<uint64_t> ReadTenDigits(std::string_view text);

// Whether the check digit of a ten-digit number is right (Modulus 11).
// REQUIRES: number < 10,000,000,000.
bool HasRightCheckDigit(uint64_t number);

// Whether a ten-digit number lies in a range that some body issues or that is
// kept for tests: what a text is scanned for.
bool IsIssuedOrTestRange(uint64_t number);

// The 16 never-issued numbers that prove the key, as stems, ascending.
std::array<uint32_t, 16> CanaryStems();

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_NHS_NUMBER_H_
