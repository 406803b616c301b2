// What D11 counts, its funnel, and its pictures.
// Threading: one connection; pure functions.
// Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_D11_REFERRALS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_D11_REFERRALS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/derived_table.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/measure.h"
#include "measures/crossed_rows.h"
#include "measures/event_lists.h"
#include "measures/eye_care.h"

namespace tally::analytics {

inline constexpr std::string_view kByPractice = "practice";
inline constexpr std::string_view kByOptometrist = "optometrist";

struct ReferralRules {
  EyeCareRules eye;
  int64_t months = 0;
  int64_t follow_days = 0;
  int64_t smallest_area = 0;
  std::vector<std::string> sources;
  std::vector<std::string> discharged;
  std::vector<std::string> treated_status;
  std::vector<std::string> elective_methods;
  std::vector<std::string> referred_outcomes;
};

// kInvalidArgument (exit 2) with file and line: a key missing or unknown, a
// number out of range.
absl::StatusOr<ReferralRules> ReadReferralRules(
    const MeasureDefinition& definition);

// Referrals of one row.
struct Referrals {
  int64_t referrals = 0;
  int64_t followed = 0;
  int64_t treated = 0;
  int64_t follow_ups = 0;
  int64_t discharged = 0;
  int64_t false_positives = 0;

  void Add(const Referrals& other);
};

// Makes the temporary table `eye_referral`, a row a referral of somebody in
// `year`: id, kind, contractor (of an optometrist), tfc, person, month (first
// day, of the referral), provider and received (of a practice), first_day,
// discharged, followed; and `eye_referral_after` (id, follow_ups, treated) of
// those that were followed to the end of `year`. Cost: hash joins of the
// attendances of people with a referral.
absl::Status MakeReferrals(const MeasureContext& context,
                           const ReferralRules& rules, const Span& year);

// By referrer (practice on whose list the person was in the month of the
// referral, or contractor) and treatment function. REQUIRES: MakeReferrals.
absl::StatusOr<std::map<CrossedUnit, Referrals>> CountReferrals(
    const MeasureContext& context, std::string_view kind,
    const EventLists& lists);

// referral_funnel from the printed referral_monitor.
absl::StatusOr<std::vector<DerivedTable>> DeriveReferrals(
    const DeriveContext& context);

std::vector<PagePart> DrawReferrals(const MeasureDefinition& definition,
                                    const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_D11_REFERRALS_H_
