// Hospital use of people: admissions as provider spells, attendances and
// appointments that took place.
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_ADMISSIONS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_ADMISSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Whether the release has the table with all of `columns`.
bool HasColumns(const MeasureContext& context, std::string_view table,
                const std::vector<std::string>& columns);

// Whether admissions can be counted: sus_apc with all that spells are built of.
bool HasAdmissions(const MeasureContext& context);

// Makes the temporary table `admission`, a row a provider spell: person,
// admission_date, discharge_date, admission_method, discharge_method,
// patient_classification, spell_no, and `emergency`: method 2x of a spell that
// begins its CIP spell, since within one it is a transfer; where dates are
// coarser than days, and so nobody knows of CIP spells, 2x but 2B. Made once
// for a run. Spells that another measure built are used. REQUIRES:
// HasAdmissions.
absl::Status MakeAdmissions(const MeasureContext& context);

// The relation (person, day) of emergency admissions, as `admission` has them;
// of a release that has no more than admission_date and admission_method of
// sus_apc, the days on which a person has a row of method 2x but 2B.
// REQUIRES: sus_apc with these two.
absl::StatusOr<std::string> EmergencyAdmissions(const MeasureContext& context);

// "('21', '22')": texts as an SQL list. REQUIRES: not empty.
std::string SqlList(const std::vector<std::string>& texts);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_ADMISSIONS_H_
