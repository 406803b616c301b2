// Numbers as they are written to files: plain digits, no thousands separator,
// no exponent. The rounded number is read back from its text, so that both are
// the same.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_NUMBER_TEXT_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_NUMBER_TEXT_H_

#include <cstdint>
#include <string>

namespace tally::analytics {

// "4.1", "-0.2", never "-0.0".
std::string FixedDecimals(double value, int decimals);
// Three significant figures: "1230", "12.3", "0.00123".
std::string ThreeFigures(double value);
// 100 numerator / denominator to one decimal, half up, in whole-number
// arithmetic. REQUIRES: 0 <= numerator, 0 < denominator < 2^50.
std::string Percentage(int64_t numerator, int64_t denominator);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_NUMBER_TEXT_H_
