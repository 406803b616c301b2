#include "measures/list_stays.h"

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

// Months of list_month before the reference month: six years with it.
constexpr int kListMonthsBefore = 71;

// Registrations with their months, cut to the reference month and to life: a
// death counts on whichever of the registrations of a person it stands.
absl::Status MakeListRegistrations(const MeasureContext& context) {
  const bool deaths = context.release.Column("gp_patient", "death_month");
  const std::string reference =
      absl::StrFormat("DATE '%s'", context.month.ToIso());
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE list_registration AS "
      "SELECT r.person, practice, registration_start, from_month, "
      "%s AS to_month FROM (SELECT person, "
      "coalesce(practice_code, '%s') AS practice, registration_start, "
      "%s AS from_month, least(coalesce(%s, %s), %s) AS until "
      "FROM gp_patient WHERE person IS NOT NULL "
      "AND registration_start IS NOT NULL) AS r%s "
      "WHERE from_month <= to_month",
      deaths ? "least(until, coalesce(died, until))" : "until", kUnknown,
      RegistrationMonthSql(context, "registration_start"),
      RegistrationMonthSql(context, "registration_end"), reference, reference,
      deaths ? absl::StrFormat(
                   " LEFT JOIN (SELECT person, min(%s) AS died FROM gp_patient "
                   "WHERE person IS NOT NULL AND death_month IS NOT NULL "
                   "GROUP BY person) AS d ON d.person = r.person",
                   RegistrationMonthSql(context, "death_month"))
             : "")));
  return context.connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE list_several AS "
      "SELECT person FROM list_registration GROUP BY person "
      "HAVING count(*) > 1");
}

// Of people with several registrations, every stretch between two of their
// beginnings and ends belongs to one registration, or to none.
constexpr std::string_view kListStays =
    "CREATE OR REPLACE TEMPORARY TABLE list_stay AS "
    "WITH several AS (SELECT r.* FROM list_registration AS r "
    "SEMI JOIN list_several AS s ON s.person = r.person), "
    "cut AS (SELECT person, from_month AS month FROM several UNION "
    "SELECT person, CAST(to_month + INTERVAL 1 MONTH AS DATE) FROM several), "
    "stretch AS (SELECT person, month, lead(month) OVER ("
    "PARTITION BY person ORDER BY month) AS until FROM cut) "
    "SELECT r.person, r.practice, r.from_month, r.to_month "
    "FROM list_registration AS r ANTI JOIN list_several AS s "
    "ON s.person = r.person UNION ALL "
    "SELECT person, practice, month, CAST(until - INTERVAL 1 MONTH AS DATE) "
    "FROM (SELECT t.person, r.practice, t.month, t.until, row_number() OVER ("
    "PARTITION BY t.person, t.month ORDER BY r.registration_start DESC, "
    "r.practice) AS place FROM stretch AS t INNER JOIN several AS r "
    "ON r.person = t.person AND r.from_month <= t.month "
    "AND r.to_month >= t.month WHERE t.until IS NOT NULL) WHERE place = 1";

absl::Status MakeListMonths(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         context.month.AddMonths(-kListMonthsBefore));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE list_month AS "
      "WITH change AS (SELECT practice, month, CAST(sum(people) AS BIGINT) "
      "AS people FROM (SELECT practice, from_month AS month, "
      "count(*) AS people FROM list_stay GROUP BY practice, from_month "
      "UNION ALL SELECT practice, CAST(to_month + INTERVAL 1 MONTH AS DATE), "
      "-count(*) FROM list_stay GROUP BY practice, to_month) "
      "GROUP BY practice, month), "
      "months AS (SELECT CAST(unnest(generate_series(DATE '%s', DATE '%s', "
      "INTERVAL 1 MONTH)) AS DATE) AS month) "
      "SELECT c.practice, m.month, CAST(sum(c.people) AS BIGINT) AS people "
      "FROM months AS m INNER JOIN change AS c ON c.month <= m.month "
      "GROUP BY c.practice, m.month HAVING sum(c.people) > 0",
      first.ToIso(), context.month.ToIso()));
}

}  // namespace

absl::Status MakeListStays(const MeasureContext& context) {
  const std::string name =
      absl::StrFormat("list_stay %s", context.month.ToMonth());
  return context.base.Once(name, [&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(MakeListRegistrations(context));
    TALLY_RETURN_IF_ERROR(context.connection.Execute(kListStays));
    TALLY_RETURN_IF_ERROR(
        context.connection.Execute("DROP TABLE list_registration"));
    TALLY_RETURN_IF_ERROR(
        context.connection.Execute("DROP TABLE list_several"));
    return MakeListMonths(context);
  });
}

}  // namespace tally::analytics
