#include "measures/person_costs.h"

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/activity.h"
#include "measures/admissions.h"
#include "measures/counts.h"
#include "measures/months.h"

namespace tally::analytics {
namespace {

constexpr int64_t kYearOfMonths = 12;
constexpr std::string_view kNoPence = "CAST(0 AS BIGINT) AS pence";
constexpr std::string_view kNoEvents = "CAST(0 AS BIGINT) AS events";

// Parts of the statement: each gives person, pence and events.
struct YearParts {
  std::vector<std::string> selects;
  std::vector<std::string> costs;
  std::vector<std::string> events;
};

// Rows of activity.h, which knows the month of a row.
std::string MonthWithin(const Span& year) {
  return absl::StrFormat("month BETWEEN DATE '%s' AND DATE '%s'",
                         year.first.ToIso(), year.last.ToIso());
}

// Whether any row of the year has a cost.
absl::StatusOr<bool> AnyCost(const MeasureContext& context,
                             std::string_view table, const Span& year) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT count(cost_pence) FROM %s "
                                  "WHERE %s AND person IS NOT NULL",
                                  table, MonthWithin(year)),
                  0));
  return rows.at(0).counts[0] > 0;
}

// Rows of a part of activity.h; `events` is an SQL number.
absl::Status AddActivity(const MeasureContext& context, std::string_view table,
                         std::string_view where, std::string_view events,
                         std::string_view name, const Span& year,
                         YearParts& parts) {
  parts.selects.push_back(absl::StrFormat(
      "SELECT person, coalesce(cost_pence, 0) AS pence, %s FROM %s "
      "WHERE person IS NOT NULL AND %s AND %s",
      events, table, MonthWithin(year), where));
  TALLY_ASSIGN_OR_RETURN(const bool any, AnyCost(context, table, year));
  if (any) parts.costs.emplace_back(name);
  return absl::OkStatus();
}

absl::StatusOr<YearParts> PartsOf(const MeasureContext& context,
                                  const ActivityParts& activity,
                                  const Span& year) {
  YearParts parts;
  if (activity.admissions) {
    TALLY_RETURN_IF_ERROR(AddActivity(context, "activity_admission", "true",
                                      kNoEvents, "admissions", year, parts));
  }
  if (HasColumns(context, "sus_apc", {"admission_date", "admission_method"})) {
    TALLY_ASSIGN_OR_RETURN(const std::string emergency,
                           EmergencyAdmissions(context));
    parts.selects.push_back(absl::StrFormat(
        "SELECT person, %s, CAST(1 AS BIGINT) AS events FROM %s "
        "WHERE person IS NOT NULL AND %s",
        kNoPence, emergency, WithinSpan(context, "sus_apc", "day", year)));
    parts.events.emplace_back("emergency admissions");
  }
  if (activity.attendances) {
    TALLY_RETURN_IF_ERROR(
        AddActivity(context, "activity_attendance", "true",
                    "CAST(coalesce(category = '1', false) AS BIGINT) AS events",
                    "attendances of emergency departments", year, parts));
    parts.events.emplace_back("first unplanned attendances");
  }
  if (activity.appointments) {
    TALLY_RETURN_IF_ERROR(AddActivity(context, "activity_appointment", "seen",
                                      kNoEvents, "attended appointments", year,
                                      parts));
  }
  if (HasColumns(context, "gp_prescription", {"issue_date", "nic_pence"})) {
    parts.selects.push_back(absl::StrFormat(
        "SELECT person, coalesce(nic_pence, 0) AS pence, %s "
        "FROM gp_prescription "
        "WHERE person IS NOT NULL AND %s",
        kNoEvents, WithinSpan(context, "gp_prescription", "issue_date", year)));
    parts.costs.emplace_back("prescribed items");
  }
  return parts;
}

}  // namespace

absl::StatusOr<PersonYear> MakePersonYear(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const Span year,
                         MonthsEndingWith(context.month, kYearOfMonths));
  TALLY_ASSIGN_OR_RETURN(const ActivityParts activity, MakeActivity(context));
  TALLY_ASSIGN_OR_RETURN(const YearParts parts,
                         PartsOf(context, activity, year));
  TALLY_RETURN_IF_ERROR(context.base.Once("person_year", [&] {
    std::string rows = absl::StrFormat(
        "SELECT CAST(NULL AS INTEGER) AS person, %s, %s WHERE false", kNoPence,
        kNoEvents);
    for (const std::string& select : parts.selects) {
      rows += " UNION ALL " + select;
    }
    return context.connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE person_year AS SELECT person, "
        "CAST(sum(pence) AS BIGINT) AS pence, "
        "CAST(sum(events) AS BIGINT) AS events FROM (%s) GROUP BY person",
        rows));
  }));
  return PersonYear{JoinText(parts.costs, ", "), JoinText(parts.events, ", "),
                    activity.notes};
}

}  // namespace tally::analytics
