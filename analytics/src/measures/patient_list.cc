#include "analytics/measures/patient_list.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kTable = "gp_patient";
constexpr int kOldestKnown = 90;  // ages of a release are held to it
constexpr int kBandYears = 5;

bool Has(const MeasureContext& context, std::string_view column) {
  return context.release.Column(kTable, column) != nullptr;
}

// The financial year of month_of_age.
constexpr std::string_view kYearOfAge =
    "(year(month_of_age) - CASE WHEN month(month_of_age) < 4 THEN 1 ELSE 0 "
    "END)";

// The financial year of the newest extract of each row's source that holds the
// register: that of which the release's age_fy is the age.
std::string YearOfSnapshotSql(const MeasureContext& context) {
  std::map<std::string, int> years;
  for (const dataset::ReleaseExtract& extract :
       context.release.manifest().extracts) {
    if (!extract.HoldsTable(kTable)) continue;
    const absl::StatusOr<CivilDay> end = CivilDay::Parse(extract.period_end);
    if (!end.ok()) continue;  // a manifest is checked when it is read
    int& year = years[extract.extract.source];
    year = std::max(year, end->FinancialYear());
  }
  if (years.empty()) return std::string(kYearOfAge);  // no register: no rows
  std::string sql = "CASE source";
  for (const auto& [source, year] : years) {
    absl::StrAppendFormat(&sql, " WHEN '%s' THEN %d", source, year);
  }
  return absl::StrFormat("(%s ELSE %s END)", sql, kYearOfAge);
}

// Age in completed years of the financial year of the list, 0 to 90; NULL where
// the release has bands only. The release's age_fy is held to 90, so who was
// 90 or more in the snapshot may have been older than this says in years before
// it. greatest() and least() pass over NULL, so that is asked for first.
std::string AgeSql(const MeasureContext& context) {
  if (Has(context, "year_of_birth")) {
    return absl::StrFormat(
        "CASE WHEN year_of_birth IS NOT NULL THEN "
        "CAST(least(greatest(%s - year_of_birth, 0), 90) AS INTEGER) END",
        kYearOfAge);
  }
  if (Has(context, "age_fy")) {
    return absl::StrFormat(
        "CASE WHEN age_fy IS NOT NULL THEN "
        "CAST(least(greatest(age_fy - (%s - %s), 0), 90) AS INTEGER) END",
        YearOfSnapshotSql(context), kYearOfAge);
  }
  return "CAST(NULL AS INTEGER)";
}

// The financial year of the newest extract that holds the register: the release
// holds ages to 90 in it.
int YearOfSnapshot(const MeasureContext& context) {
  int year = 0;
  for (const dataset::ReleaseExtract& extract :
       context.release.manifest().extracts) {
    if (!extract.HoldsTable(kTable)) continue;
    const absl::StatusOr<CivilDay> end = CivilDay::Parse(extract.period_end);
    if (end.ok()) year = std::max(year, end->FinancialYear());
  }
  return year;
}

bool InYears(const MeasureContext& context) {
  return Has(context, "year_of_birth") || Has(context, "age_fy");
}

// As OldestBand, for each month_of_age.
std::string OldestBandSql(const MeasureContext& context) {
  return absl::StrFormat("least(%d, greatest(0, %d - %d + %s)) // %d * %d",
                         kOldestKnown, kOldestKnown, YearOfSnapshot(context),
                         kYearOfAge, kBandYears, kBandYears);
}

std::string AgeBandSql(const MeasureContext& context) {
  if (!InYears(context)) {
    return absl::StrFormat("coalesce(age_band, '%s')", kUnknown);
  }
  // Looked up: putting the text together for each person costs more than all
  // else of a list.
  std::string bands, oldest;
  for (int age = 0; age <= kOldestKnown; age += kBandYears) {
    absl::StrAppendFormat(&bands, "%s'%d-%d'", bands.empty() ? "" : ", ", age,
                          age + kBandYears - 1);
    absl::StrAppendFormat(&oldest, "%s'%d+'", oldest.empty() ? "" : ", ", age);
  }
  return absl::StrFormat(
      "coalesce(CASE WHEN age >= oldest THEN [%1$s][oldest // %3$d + 1] "
      "ELSE [%2$s][age // %3$d + 1] END, '%4$s')",
      oldest, bands, kBandYears, kUnknown);
}

std::string TextOrUnknown(const MeasureContext& context,
                          std::string_view column) {
  if (!Has(context, column)) return absl::StrFormat("'%s'", kUnknown);
  return absl::StrFormat("coalesce(CAST(%s AS VARCHAR), '%s')", column,
                         kUnknown);
}

// 5+1 groups stay as the release has them; of 16+1 the codes stay, and what
// says "not stated" or "not known" becomes unknown.
std::string EthnicitySql(const MeasureContext& context) {
  if (!Has(context, "ethnic_category")) {
    return absl::StrFormat("'%s'", kUnknown);
  }
  return absl::StrFormat(
      "CASE WHEN ethnic_category IS NULL OR ethnic_category IN "
      "('X', 'Z', '99') THEN '%s' ELSE ethnic_category END",
      kUnknown);
}

// SQL: whether somebody was alive in a month. A death counts on whichever of
// the registrations of a person it stands.
std::string AliveSql(const MeasureContext& context, CivilDay month) {
  if (!Has(context, "death_month")) return "true";
  return absl::StrFormat(
      "person NOT IN (SELECT person FROM gp_patient WHERE person IS NOT NULL "
      "AND death_month IS NOT NULL AND %s < DATE '%s')",
      RegistrationMonthSql(context, "death_month"), month.ToIso());
}

// What a list is made of.
struct ListRows {
  // gp_patient with the further columns month_of_list, month_of_age (ages are
  // those of its financial year) and `more`.
  std::string rows;
  std::string alive = "true";  // who of them
  std::string more = {};       // ", column, column": kept, and each their own
};

// The registrations that count, as columns of the list.
std::string CandidatesSql(const MeasureContext& context, std::string_view rows,
                          const ListRows& list) {
  return absl::StrFormat(
      "SELECT person, source, registration_start, registration_end, "
      "coalesce(practice_code, '%s') AS practice, "
      "CASE sex WHEN '1' THEN 'male' WHEN '2' THEN 'female' ELSE '%s' END "
      "AS sex, %s AS imd_decile, %s AS ethnicity, %s AS age%s%s "
      "FROM %s "
      "WHERE person IS NOT NULL AND registration_start IS NOT NULL "
      "AND %s <= month_of_list "
      "AND (registration_end IS NULL OR %s >= month_of_list) AND %s",
      kUnknown, kUnknown, TextOrUnknown(context, "imd_decile"),
      EthnicitySql(context), AgeSql(context),
      InYears(context) ? ", " + OldestBandSql(context) + " AS oldest"
                       : ", age_band",
      list.more, rows, RegistrationMonthSql(context, "registration_start"),
      RegistrationMonthSql(context, "registration_end"), list.alive);
}

// Makes a list as the table `name`. Only who has several rows in gp_patient can
// have several that count: for the others nothing is put in order.
absl::Status MakeList(const MeasureContext& context, std::string_view name,
                      const ListRows& list) {
  TALLY_RETURN_IF_ERROR(context.base.Once("registered_again", [&] {
    return context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE registered_again AS SELECT person "
        "FROM gp_patient WHERE person IS NOT NULL GROUP BY person "
        "HAVING count(*) > 1");
  }));
  const auto candidates = [&](std::string_view join) {
    return CandidatesSql(
        context,
        absl::StrFormat("(SELECT * FROM %s) AS g %s JOIN registered_again AS a "
                        "ON a.person = g.person",
                        list.rows, join),
        list);
  };
  const std::string columns = absl::StrFormat(
      "person, practice, sex, imd_decile, ethnicity, age, %s AS age_band%s",
      AgeBandSql(context), list.more);
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE %1$s AS SELECT %2$s FROM (%3$s) "
      "UNION ALL SELECT %2$s FROM (SELECT *, row_number() OVER ("
      "PARTITION BY person%5$s "
      "ORDER BY registration_start DESC NULLS LAST, practice NULLS LAST, "
      "registration_end DESC NULLS FIRST, source NULLS LAST, sex NULLS LAST, "
      "age NULLS LAST, imd_decile NULLS LAST, ethnicity NULLS LAST) AS place "
      "FROM (%4$s)) WHERE place = 1",
      name, columns, candidates("ANTI"), candidates("SEMI"), list.more));
}

}  // namespace

std::string RegistrationMonthSql(const MeasureContext& context,
                                 std::string_view column) {
  const std::string moved = context.release.Grain(kTable) == "week"
                                ? absl::StrFormat("%s + 6", column)
                                : std::string(column);
  return absl::StrFormat("CAST(date_trunc('month', %s) AS DATE)", moved);
}

int OldestBand(const MeasureContext& context, CivilDay month) {
  const int known =
      kOldestKnown - YearOfSnapshot(context) + month.FinancialYear();
  return std::clamp(known, 0, kOldestKnown) / kBandYears * kBandYears;
}

absl::Status MakePatientList(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const std::string table,
                         MakePatientListAt(context, context.month));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY VIEW patient_list AS SELECT * FROM %s",
      table));
}

absl::StatusOr<std::string> MakePatientListAt(const MeasureContext& context,
                                              CivilDay month) {
  const std::string table =
      absl::StrFormat("patient_list_%d", 100 * month.year() + month.month());
  const std::string rows = absl::StrFormat(
      "gp_patient, (SELECT DATE '%1$s' AS month_of_list, DATE '%1$s' AS "
      "month_of_age)",
      month.ToIso());
  TALLY_RETURN_IF_ERROR(context.base.Once(table, [&] {
    return MakeList(context, table, {rows, AliveSql(context, month)});
  }));
  return table;
}

absl::Status MakePatientListWhen(const MeasureContext& context,
                                 std::string_view people,
                                 std::string_view name) {
  return MakeList(
      context, name,
      {absl::StrFormat("(SELECT *, month_of_list AS month_of_age FROM "
                       "gp_patient INNER JOIN %s AS p USING (person))",
                       people)});
}

absl::Status MakePatientListOfStays(const MeasureContext& context,
                                    std::string_view stays, CivilDay ages,
                                    std::string_view name) {
  return MakeList(
      context, name,
      {absl::StrFormat("(SELECT *, from_month AS month_of_list, DATE '%s' AS "
                       "month_of_age FROM gp_patient INNER JOIN %s AS p USING "
                       "(person))",
                       ages.ToIso(), stays),
       "true", ", from_month, to_month"});
}

absl::StatusOr<std::vector<GroupColumn>> GroupColumns(
    const std::vector<std::string>& names) {
  static const auto& known = *new std::vector<GroupColumn>{
      {"practice", "practice", "Practice"},
      {"sex", "sex", "Sex"},
      {"age_band", "age_band", "Age band"},
      {"imd_decile", "imd_decile", "IMD decile"},
      {"ethnicity", "ethnicity", "Ethnicity"},
  };
  std::vector<GroupColumn> columns;
  std::vector<std::string> all;
  for (const GroupColumn& column : known) all.push_back(column.name);
  for (const std::string& name : names) {
    const auto found =
        std::find_if(known.begin(), known.end(),
                     [&](const GroupColumn& c) { return c.name == name; });
    if (found == known.end()) {
      const std::string near = NearestMatch(name, all);
      return UsageError(absl::StrFormat(
          "--by: people are not grouped by that column%s; use %s",
          near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near),
          JoinText(all, ", ")));
    }
    for (const GroupColumn& before : columns) {
      if (before.name == name) {
        return UsageError(absl::StrFormat("--by: %s is there twice", name));
      }
    }
    columns.push_back(*found);
  }
  return columns;
}

absl::Status FillLinkedRows(const MeasureContext& context,
                            std::string_view table, TableInfo& info) {
  TALLY_ASSIGN_OR_RETURN(engine::Result result,
                         context.connection.Query(absl::StrFormat(
                             "SELECT count(person), count(*) FROM %s", table)));
  TALLY_ASSIGN_OR_RETURN(const auto rows, result.AllRows());
  const int64_t* linked = rows.at(0).at(0).As<int64_t>();
  const int64_t* all = rows.at(0).at(1).As<int64_t>();
  TALLY_CHECK(linked != nullptr && all != nullptr);
  info.rows_linked = *linked;
  info.rows_all = *all;
  return absl::OkStatus();
}

}  // namespace tally::analytics
