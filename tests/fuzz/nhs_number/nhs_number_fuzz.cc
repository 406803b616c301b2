// Any text as an NHS Number, in every environment: what is accepted has the
// accepted form and goes through its stem and back.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "pseudonymiser/nhs_number.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::crypto::Environment;
  using tally::dataset::RowReason;
  using tally::pseudonymiser::NhsNumber;
  const std::string text(reinterpret_cast<const char*>(data), size);
  int accepted = 0;
  for (const Environment environment :
       {Environment::kExample, Environment::kTest, Environment::kProduction}) {
    const auto result = tally::pseudonymiser::ParseNhsNumber(text, environment);
    if (result.reason == RowReason::kNone) {
      ++accepted;
      if (!result.number) std::abort();
    }
    if (!result.number) continue;
    const NhsNumber::Digits digits = result.number->digits();
    std::string plain;
    for (const char c : text) {
      if (c >= '0' && c <= '9') plain += c;
    }
    if (plain != std::string(digits.begin(), digits.end())) std::abort();
    if (NhsNumber::FromStem(result.number->stem()) != result.number) {
      std::abort();
    }
  }
  // Never in a trial environment and in production at once.
  if (accepted == 3) std::abort();
  return 0;
}
