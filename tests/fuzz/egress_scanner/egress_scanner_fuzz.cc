// The scanner on any text, and the property that it exists for: a number put
// into the text with spaces around it is found.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "pseudonymiser/egress_scanner.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::pseudonymiser::ScanText;
  // A copy of exact size, so that a sanitizer sees every step beyond it.
  const std::vector<char> exact(data, data + size);
  const std::string_view text(exact.data(), exact.size());
  static_cast<void>(ScanText(text));
  static_cast<void>(tally::pseudonymiser::ScanCode(text));
  if (size > 64) return 0;
  // Only bounded by letters: a digit or sign beside it may join the run.
  const std::string planted = "x 9434765919 x";
  if (!ScanText(planted).pattern) std::abort();
  const std::string around = std::string(text) + "x; " + "9434765919" + " ;x";
  if (around.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789 ;-./@") ==
          std::string::npos &&
      !ScanText(around).pattern) {
    std::abort();
  }
  return 0;
}
