// The list of registered people at one month, shared by every measure that
// counts people: one row per person, in the temporary table `patient_list`.
//
// A person is on the list when alive and registered at any time of the month,
// both end months included; who has several registrations counts once, at the
// one that started last (then the practice code that sorts first).
// Runs in: the analyst's program.
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_MEASURES_PATIENT_LIST_H_
#define TALLY_ANALYTICS_MEASURES_PATIENT_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

inline constexpr std::string_view kUnknown = "unknown";
inline constexpr std::string_view kSmallAreas = "small practices together";

// Makes the temporary view `patient_list` (person INT, practice, sex,
// imd_decile, ethnicity, age_band: text, never null; age INT, null if the
// release has bands only), at the context's month. Its rows are made once for a
// run.
// Bands are 0-4, 5-9 ... and an open one, which begins at OldestBand().
absl::Status MakePatientList(const MeasureContext& context);
// The same at another month: returns the table to read it from, which has the
// month in its name, so that lists of different months stay side by side. Ages
// are those of that month's financial year. Made once for a run.
absl::StatusOr<std::string> MakePatientListAt(const MeasureContext& context,
                                              CivilDay month);
// The first age of the open band of a list at `month`: 90, and less in years
// before the snapshot. A release holds ages to 90 in the year of its newest
// extract, so a year earlier nobody can be told from 89 up: that list ends with
// 85+. REQUIRES: ages in years; a release that has bands only keeps them.
int OldestBand(const MeasureContext& context, CivilDay month);
// The registration of each of `people`, an SQL relation with the columns person
// (each once) and month_of_list (the first of a month), in that month: the
// columns of patient_list in the temporary table `name`. People who are not on
// the list of their month are missing; who died in it or before is not left
// out, so that deaths find their registration. Replaces a table that is there.
absl::Status MakePatientListWhen(const MeasureContext& context,
                                 std::string_view people,
                                 std::string_view name);

// The registrations of `stays`, an SQL relation with the columns person,
// from_month and to_month (first days of months; no two of a person begin
// together), as they were in from_month: the columns of patient_list,
// from_month and to_month in the temporary table `name`. Ages are those of the
// financial year of `ages`, for all of them. Replaces a table that is there.
absl::Status MakePatientListOfStays(const MeasureContext& context,
                                    std::string_view stays, CivilDay ages,
                                    std::string_view name);

// The SQL expression of the first day of a registration's or death's month.
// Week grain gives the Monday on or before the first of the month, at most six
// days early.
std::string RegistrationMonthSql(const MeasureContext& context,
                                 std::string_view column);

// The SQL expression and title of a column that people can be grouped by:
// practice, sex, age_band, imd_decile, ethnicity.
struct GroupColumn {
  std::string name;   // as in --by and in the output
  std::string sql;    // column of patient_list
  std::string title;  // for people
};
// kInvalidArgument (exit 2) naming the nearest; also if one is there twice.
absl::StatusOr<std::vector<GroupColumn>> GroupColumns(
    const std::vector<std::string>& names);

// Rows of gp_patient with a person, and all of them.
absl::Status FillLinkedRows(const MeasureContext& context,
                            std::string_view table, TableInfo& info);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_PATIENT_LIST_H_
