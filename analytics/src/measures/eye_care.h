// What measures of eye care share: claim types, treatment functions, what an
// attendance is, when a sight test is an early one, and the claims of a time
// with their people. All values stand in the definition, under [eye_care] and
// [[retest]].
// Runs in: the analyst's program.
// Threading: one connection; pure functions.
// Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_EYE_CARE_H_
#define TALLY_ANALYTICS_SRC_MEASURES_EYE_CARE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"
#include "measures/months.h"

namespace tally::analytics {

// Least whole months between two sight tests of somebody with one of these
// eligibilities (empty: any) and of an age, both ends included.
struct RetestRule {
  std::vector<std::string> eligibility;
  int64_t age_from = 0;
  int64_t age_to = 90;
  int64_t months = 0;
};

struct EyeCareRules {
  std::vector<std::string> sight_tests;  // claim types
  std::vector<std::string> domiciliary;  // claim types at the patient's home
  std::vector<std::string> vouchers;     // claim types
  std::vector<std::string> services;     // community services: MECS, CUES
  std::vector<std::string> functions;    // treatment functions of eye care
  std::vector<std::string> hospital;     // of those, the hospital's own
  std::vector<std::string> seen;         // `attended` codes
  std::vector<std::string> first;        // `attendance_type` codes
  std::vector<std::string> follow_up;    // likewise
  std::vector<std::string> cataract;     // OPCS-4 prefixes
  std::vector<RetestRule> retest;        // the first that fits counts
};

// kInvalidArgument (exit 2) with file and line: an unknown key, an empty list,
// a code that is none or is there twice. Lists that a definition does not have
// are empty.
absl::StatusOr<EyeCareRules> ReadEyeCare(const MeasureDefinition& definition);

// "column IN ('a', 'b')"; false if there is none.
std::string OneOf(std::string_view column,
                  const std::vector<std::string>& values);

// The SQL expression of the least months since the test before, over columns
// eligibility and age; null where no rule fits or the age is not known.
std::string RetestMonthsSql(const EyeCareRules& rules);

// Makes the temporary table `name`, a row a claim of `span`. Those with the
// outcome dna are no activity and are left out unless `with_unattended`.
//   person, source, claim_type, contractor, eligibility, condition,
//   voucher_band, outcome, day (see PlacedDay), month (first day), age,
//   imd_decile (text), domiciliary, sight_test (bool),
//   asked   a sight test of which the test before and its least months are
//           known, and is not after it
//   early   asked, and before the least months
//   coded   early, with a code of reason
// Columns that the release lacks are null.
absl::Status MakeEyeClaims(const MeasureContext& context,
                           const EyeCareRules& rules, const Span& span,
                           std::string_view name, bool with_unattended = false);

// The month at the middle of `span`, and the table of its list (see
// MakePatientListAt).
CivilDay MonthOfEyeList(const Span& span);
absl::StatusOr<std::string> MakeEyeList(const MeasureContext& context,
                                        const Span& span);

// The note that every figure of eye care is read with.
std::string MatchNote();

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_EYE_CARE_H_
