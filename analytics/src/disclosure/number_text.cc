#include "disclosure/number_text.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace tally::analytics {

std::string FixedDecimals(double value, int decimals) {
  std::string text = absl::StrFormat("%.*f", decimals, value);
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) {
    text.erase(0, 1);
  }
  return text;
}

std::string ThreeFigures(double value) {
  if (value == 0) return "0";
  // Rounding may carry into the next power of ten (999.6 -> 1000), so the
  // exponent is taken from the rounded number.
  const std::string scientific = absl::StrFormat("%.2e", value);
  const double rounded = std::strtod(scientific.c_str(), nullptr);
  const int exponent =
      static_cast<int>(std::floor(std::log10(std::fabs(rounded)) + 1e-12));
  return FixedDecimals(rounded, exponent >= 2 ? 0 : 2 - exponent);
}

std::string Percentage(int64_t numerator, int64_t denominator) {
  const int64_t tenths = (2000 * numerator + denominator) / (2 * denominator);
  return absl::StrFormat("%d.%d", tenths / 10, tenths % 10);
}

}  // namespace tally::analytics
