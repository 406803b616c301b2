// Hospital stays for measures: the tables of spells, made once for a run with
// every column that some measure reads, and expressions over them.
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_HOSPITAL_H_
#define TALLY_ANALYTICS_SRC_MEASURES_HOSPITAL_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "analytics/measures/measure.h"
#include "measures/code_rules.h"

namespace tally::analytics {

// Makes `provider_spell` and `spell_episode` (analytics/measures/spells.h), for
// all measures of a run: whoever needs a further column adds it here. Both
// have, beside what is named there, age_fy, sex, practice_code, imd_decile,
// main_specialty, treatment_function, episode_type, hrg_spell, diag_01 and
// commissioner_code, null where the release lacks the column; provider_spell of
// the first episode. spell_episode has `diagnoses` and `procedures`, as
// PackedCodes gives them, price_pence (tariff_pence) and factor (mff).
// REQUIRES: sus_apc with SpellColumns().
absl::Status MakeHospitalSpells(const MeasureContext& context);

// The same, and `spell_chain` and `cip_spell`. REQUIRES: day grain of sus-apc.
absl::Status MakeHospitalChains(const MeasureContext& context);

// Names of the columns that the release has in a table.
std::vector<std::string> ReleaseColumns(const MeasureContext& context,
                                        std::string_view table);

// SQL: whether `packed` (PackedCodes) has a code that starts with one of
// `starts`. False for null. REQUIRES: starts are capitals and digits.
std::string AnyCodeSql(std::string_view packed,
                       const std::vector<std::string>& starts);
// SQL: the code in the first place of `packed`; null if there is none.
std::string FirstCodeSql(std::string_view packed);
// SQL: the title of the ICD-10 chapter of a code, or null.
std::string ChapterSql(std::string_view code);

// SQL: the five-year band of an age in years ("45-49", "90+"), or null.
std::string AgeBandOfSql(std::string_view age);
// SQL: male, female, or null.
std::string SexOfSql(std::string_view sex);
// SQL: whether an admission method is an emergency; of null false.
std::string IsEmergencySql(std::string_view method);
// SQL: elective (1x), emergency or other.
std::string AdmissionGroupSql(std::string_view method);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_HOSPITAL_H_
