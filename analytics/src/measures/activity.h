// Hospital activity by type, the same rows for every measure that counts or
// prices it: admissions, outpatient appointments, emergency attendances.
// Runs in: the analyst's program.
//
// An admission is a provider spell (spells.h), an appointment and an attendance
// a row of its dataset; a record key that comes twice counts once. Unattended
// appointments are no activity. Rows without a person count as events.
//
// Spec: docs/measures/README.md, "Activity".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_ACTIVITY_H_
#define TALLY_ANALYTICS_SRC_MEASURES_ACTIVITY_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Types of activity with their titles, in the order in which tables show them:
// day_case, elective, emergency, maternity, regular, transfer, birth,
// admission_other; op_first, op_follow_up (face to face), op_first_remote,
// op_follow_up_remote, op_other; ed_1, ed_2, ed_3, ed_other.
const std::vector<std::pair<std::string, std::string>>& ActivityTypes();
// The title of a type; the type itself if it is none.
std::string ActivityTitle(std::string_view pod);

// SQL: the type of an appointment from its attendance_type.
std::string AppointmentPodSql(std::string_view type);

// What MakeActivity made.
struct ActivityParts {
  bool admissions = false;    // sus_apc with SpellColumns()
  bool appointments = false;  // sus_op with appointment_date, attended
  bool attendances = false;   // ecds with arrival_date
  // What a page must say of the figures: where prices are from, and what has
  // none. Empty if nothing.
  std::vector<std::string> notes;
};

// Makes, for the parts that the release has, temporary tables with the columns
//   person      null: a row without a person
//   practice    on whose list the person was in that month; "unknown"
//   provider    provider_code; "unknown"
//   tfc         treatment_function; "unknown"; of attendances always
//   pod         a type of ActivityTypes()
//   day, month  DATE, never null: rows without a day are left out, and those
//               after the context's month. A week belongs to the month of its
//               Thursday (months.h).
//   price_pence national price before the market forces factor; null: none
//   cost_pence  price x factor in whole pence; null: price or factor not known
// and those of their own:
//   activity_admission, a row a provider spell; day is that of admission:
//               spell_no, discharge_date, nights (midnights between the two;
//               null while it lasts, and unless dates are by day),
//               admission_method, patient_classification, main_specialty,
//               emergency (an emergency admission, as `admission` of
//               admissions.h has it: of any type, but within no stay),
//               hrg, age, sex ('1' male, '2' female), diag_01: of the first
//               episode, null where the release has no such column
//   activity_appointment, attended or not:
//               seen (attended 5 or 6), not_attended (3, or 7 late and not
//               seen; not cancellations), first, remote (null: type not
//               known), outcome, referral_source, priority,
//               referral_received_date, hrg, age, sex, diag_01, proc_01
//   activity_attendance:
//               category, planned (category 2), minutes (to departure),
//               within_4h (<= 240), over_12h (> 720), hour, hrg, age, sex
// and the view `activity` of the common columns of all: admissions,
// appointments that were seen, attendances. Made once for a run.
//
// Admissions, first match: classification 2 day case; 3, 4 regular attender;
// method 31, 32, or specialty 501, 560 of a woman of 13 to 55, maternity;
// method 1x elective, 2x emergency, 81 transfer, 82, 83 birth.
// Prices: tariff_pence of the row, of a spell the highest of its episodes (one
// price a spell, on one or all of them); else by `pod` and `currency` (an HRG,
// or "any") of the reference file `tariff` (columns pod, currency, pence).
// Factors: mff of the row, of a spell the highest beside its price; else
// `factor` by `provider` of the reference file `market_forces`. Appointments
// and attendances carry none. Neither file is needed; one that is there must
// be valid in the month of the figures; what has a price and no
// factor has no cost: it is never taken as 1. REQUIRES: gp_patient as for
// MakeListStays. Errors: as ReferenceFile::Read; kInvalidArgument (exit 2) for
// a price or factor that is there twice or below 0. Cost: a few hash joins over
// each dataset.
absl::StatusOr<ActivityParts> MakeActivity(const MeasureContext& context);

// The table of the release that has the rows of a type of ActivityTypes().
std::string_view TableOfActivity(std::string_view pod);

// The months of `within` that each of those tables covers (TableMonths), by
// table; one that `parts` has not, or that covers none, is not there.
absl::StatusOr<std::map<std::string, MonthRange>> ActivityMonths(
    const MeasureContext& context, const ActivityParts& parts,
    MonthRange within);

// Makes provider_spell and spell_episode (hospital.h), once for a run. Part of
// MakeActivity.
absl::Status MakeActivitySpells(const MeasureContext& context);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_ACTIVITY_H_
