#include "measures/level_words.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

namespace tally::analytics {
namespace {

using CodeWords = std::pair<std::string_view, std::string_view>;  // code, words

// Empty if the code is not among them.
std::string_view FindWords(std::span<const CodeWords> list,
                           std::string_view wanted) {
  for (const auto& [code, words] : list) {
    if (code == wanted) return words;
  }
  return "";
}

// "Chinese (R)"
std::string WithCode(std::span<const CodeWords> list, const std::string& code) {
  const std::string_view words = FindWords(list, code);
  return words.empty() ? code : absl::StrFormat("%s (%s)", words, code);
}

std::string WithoutCode(std::span<const CodeWords> list,
                        const std::string& code) {
  const std::string_view words = FindWords(list, code);
  return words.empty() ? code : std::string(words);
}

// NHS Data Dictionary, ETHNIC CATEGORY: the 16 groups of the census of 2001,
// each behind the group that it belongs to, so that a label which is cut in a
// picture still tells.
constexpr CodeWords kEthnicCategories[] = {
    {"A", "White: British"},
    {"B", "White: Irish"},
    {"C", "White: any other White background"},
    {"D", "Mixed: White and Black Caribbean"},
    {"E", "Mixed: White and Black African"},
    {"F", "Mixed: White and Asian"},
    {"G", "Mixed: any other mixed background"},
    {"H", "Asian: Indian"},
    {"J", "Asian: Pakistani"},
    {"K", "Asian: Bangladeshi"},
    {"L", "Asian: any other Asian background"},
    {"M", "Black: Caribbean"},
    {"N", "Black: African"},
    {"P", "Black: any other Black background"},
    {"R", "Chinese"},
    {"S", "Any other ethnic group"},
    {"X", "Not known"},
    {"Z", "Not stated"},
    {"99", "Not known"}};

// What a release with `ethnicity = "5"` holds.
constexpr CodeWords kEthnicGroups[] = {{"white", "White (A B C)"},
                                       {"mixed", "Mixed (D E F G)"},
                                       {"asian", "Asian (H J K L)"},
                                       {"black", "Black (M N P)"},
                                       {"other", "Other ethnic groups (R S)"}};

// NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE.
constexpr CodeWords kNumberStatus[] = {
    {"01", "Present and verified"},
    {"02", "Present but not traced"},
    {"03", "Trace required"},
    {"04", "Traced, no match or several"},
    {"05", "Trace needs to be resolved"},
    {"06", "Trace in progress"},
    {"07", "Not present, trace not required"},
    {"08", "Trace postponed"}};

// NHS Data Dictionary, TREATMENT FUNCTION CODE: those of the national waiting
// times, and the commonest beside them.
constexpr CodeWords kTreatmentFunctions[] = {
    {"100", "General surgery"},      {"101", "Urology"},
    {"107", "Vascular surgery"},     {"110", "Trauma and orthopaedics"},
    {"120", "Ear, nose and throat"}, {"130", "Ophthalmology"},
    {"140", "Oral surgery"},         {"150", "Neurosurgery"},
    {"160", "Plastic surgery"},      {"170", "Cardiothoracic surgery"},
    {"180", "Emergency medicine"},   {"300", "General internal medicine"},
    {"301", "Gastroenterology"},     {"302", "Endocrinology"},
    {"303", "Clinical haematology"}, {"320", "Cardiology"},
    {"330", "Dermatology"},          {"340", "Respiratory medicine"},
    {"370", "Medical oncology"},     {"400", "Neurology"},
    {"410", "Rheumatology"},         {"420", "Paediatrics"},
    {"430", "Elderly medicine"},     {"501", "Obstetrics"},
    {"502", "Gynaecology"},          {"560", "Midwifery"}};

// The codes of datasets/gos-claim.toml.
constexpr CodeWords kClaimTypes[] = {
    {"GOS1", "Sight tests (GOS1)"},
    {"GOS3", "Vouchers (GOS3)"},
    {"GOS4", "Repairs and replacements (GOS4)"},
    {"GOS6", "Visits at home (GOS6)"},
    {"MECS", "Minor eye conditions (MECS)"},
    {"CUES", "Urgent eye care (CUES)"},
    {"REPEAT_IOP", "Repeated eye pressure measurements"},
    {"CATARACT_PRE", "Referral checks before cataract surgery"},
    {"CATARACT_POST", "Checks after cataract surgery"}};
constexpr CodeWords kEligibility[] = {
    {"under16", "Under 16"},
    {"ft_education_16_18", "16 to 18 in full-time education"},
    {"aged60", "60 or over"},
    {"diabetes", "Diabetes"},
    {"glaucoma", "Glaucoma"},
    {"glaucoma_risk", "At risk of glaucoma"},
    {"relative40_glaucoma", "40 or over, close relative with glaucoma"},
    {"sight_impaired", "Registered sight impaired"},
    {"complex_lens", "Complex lenses"},
    {"benefit", "On a benefit"},
    {"HC2", "HC2 certificate"},
    {"prisoner_leave", "Prisoner on leave"}};
constexpr CodeWords kEyeOutcomes[] = {
    {"no_rx", "No prescription"},
    {"new_rx", "New prescription"},
    {"referred_gp", "Referred to the practice"},
    {"referred_hes_urgent", "Referred to hospital, urgent"},
    {"referred_hes_routine", "Referred to hospital, routine"},
    {"managed", "Managed in the service"},
    {"discharged", "Discharged"},
    {"dna", "Did not attend"}};

}  // namespace

std::string EthnicGroupWords(const std::string& code) {
  const std::string_view group = FindWords(kEthnicGroups, code);
  return group.empty() ? WithCode(kEthnicCategories, code) : std::string(group);
}

bool IsEthnicGroup(const std::string& code) {
  static constexpr std::string_view kNone[] = {"unknown", "X", "Z", "99"};
  return std::find(std::begin(kNone), std::end(kNone), code) == std::end(kNone);
}

std::string NumberStatusWords(const std::string& code) {
  return WithCode(kNumberStatus, code);
}

std::string TreatmentFunctionWords(const std::string& code) {
  return WithCode(kTreatmentFunctions, code);
}

std::string SeriesWords(const std::string& series) {
  constexpr std::string_view kBefore = ", specialty ";
  const size_t at = series.find(kBefore);
  if (at == std::string::npos) return series;
  const std::string code = series.substr(at + kBefore.size());
  const std::string words = TreatmentFunctionWords(code);
  return words == code ? series : series.substr(0, at) + ", " + words;
}

std::string ClaimTypeWords(const std::string& type) {
  return WithoutCode(kClaimTypes, type);
}

std::string EligibilityWords(const std::string& reason) {
  return WithoutCode(kEligibility, reason);
}

std::string EyeOutcomeWords(const std::string& outcome) {
  return WithoutCode(kEyeOutcomes, outcome);
}

}  // namespace tally::analytics
