// Says coded levels in words, with the code behind them: what pages show where
// a table has a code. A code that is not known stays as it is, and so does any
// text that is none, such as "All".
//
// Spec: docs/measures/README.md, "Codes in words", with the sources.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_LEVEL_WORDS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_LEVEL_WORDS_H_

#include <string>

namespace tally::analytics {

// "A" as "White: British (A)"; of releases with five groups "white" as "White
// (A B C)".
std::string EthnicGroupWords(const std::string& code);
// Whether a level is a group of people: not "unknown", not stated or not known.
bool IsEthnicGroup(const std::string& code);
// "01" as "Present and verified (01)".
std::string NumberStatusWords(const std::string& code);
// "110" as "Trauma and orthopaedics (110)".
std::string TreatmentFunctionWords(const std::string& code);
// The same inside the name of a forecast series: "Day case, specialty 110" as
// "Day case, Trauma and orthopaedics (110)".
std::string SeriesWords(const std::string& series);
// "GOS1" as "Sight tests (GOS1)": claims of General Ophthalmic Services and of
// community eye care.
std::string ClaimTypeWords(const std::string& type);
// "ft_education_16_18" as "16 to 18 in full-time education": why a sight test
// is paid for.
std::string EligibilityWords(const std::string& reason);
// "referred_hes_urgent" as "Referred to hospital, urgent": how an episode of
// community eye care ends.
std::string EyeOutcomeWords(const std::string& outcome);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_LEVEL_WORDS_H_
