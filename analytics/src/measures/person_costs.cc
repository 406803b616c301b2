#include "measures/person_costs.h"

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/activity.h"
#include "measures/admissions.h"

namespace tally::analytics {
namespace {

// Parts of the statement: each gives person, pence and events.
struct YearParts {
  std::vector<std::string> selects;
  std::vector<std::string> costs;
  std::vector<std::string> events;
};

void AddAdmissionParts(const MeasureContext& context, std::string_view between,
                       YearParts& parts) {
  if (!HasColumns(context, "sus_apc",
                  {"admission_date", "admission_method", "provider_code"})) {
    return;
  }
  const bool priced = HasColumns(context, "sus_apc", {"tariff_pence"});
  const bool factor = HasColumns(context, "sus_apc", {"mff"});
  const std::string price =
      priced ? absl::StrFormat(
                   "CAST(round(coalesce(max(tariff_pence%s), 0)) "
                   "AS BIGINT)",
                   factor ? " * coalesce(mff, 1)" : "")
             : "CAST(0 AS BIGINT)";
  parts.selects.push_back(absl::StrFormat(
      "SELECT person, pence, CAST(emergency AS BIGINT) AS events FROM ("
      "SELECT person, %s AS pence, "
      "bool_or(coalesce(admission_method LIKE '2%%', false)) AS emergency "
      "FROM sus_apc WHERE person IS NOT NULL AND admission_date %s "
      "GROUP BY person, provider_code, admission_date)",
      price, between));
  if (priced) parts.costs.emplace_back("admissions");
  parts.events.emplace_back("emergency admissions");
}

YearParts PartsOf(const MeasureContext& context, std::string_view between) {
  YearParts parts;
  AddAdmissionParts(context, between, parts);
  if (HasColumns(context, "ecds", {"arrival_date", "attendance_category"})) {
    parts.selects.push_back(absl::StrFormat(
        "SELECT person, CAST(0 AS BIGINT) AS pence, CAST(1 AS BIGINT) AS "
        "events FROM first_attendance WHERE person IS NOT NULL AND day %s",
        between));
    parts.events.emplace_back("first unplanned attendances");
  }
  if (HasColumns(context, "sus_op",
                 {"appointment_date", "attended", "tariff_pence"})) {
    parts.selects.push_back(absl::StrFormat(
        "SELECT person, coalesce(tariff_pence, 0) AS pence, "
        "CAST(0 AS BIGINT) AS events FROM sus_op WHERE attended IN ('5', '6') "
        "AND person IS NOT NULL AND appointment_date %s",
        between));
    parts.costs.emplace_back("attended appointments");
  }
  if (HasColumns(context, "gp_prescription", {"issue_date", "nic_pence"})) {
    parts.selects.push_back(
        absl::StrFormat("SELECT person, coalesce(nic_pence, 0) AS pence, "
                        "CAST(0 AS BIGINT) AS events FROM gp_prescription "
                        "WHERE person IS NOT NULL AND issue_date %s",
                        between));
    parts.costs.emplace_back("prescribed items");
  }
  return parts;
}

}  // namespace

absl::StatusOr<PersonYear> MakePersonYear(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, context.month.AddMonths(-11));
  const YearParts parts = PartsOf(
      context, absl::StrFormat("BETWEEN DATE '%s' AND DATE '%s'", first.ToIso(),
                               context.month.LastOfMonth().ToIso()));
  if (HasColumns(context, "ecds", {"arrival_date", "attendance_category"})) {
    TALLY_RETURN_IF_ERROR(MakeFirstAttendances(context));
  }
  TALLY_RETURN_IF_ERROR(context.base.Once("person_year", [&] {
    std::string rows =
        "SELECT CAST(NULL AS INTEGER) AS person, CAST(0 AS BIGINT) AS pence, "
        "CAST(0 AS BIGINT) AS events WHERE false";
    for (const std::string& select : parts.selects) {
      rows += " UNION ALL " + select;
    }
    return context.connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE person_year AS SELECT person, "
        "CAST(sum(pence) AS BIGINT) AS pence, "
        "CAST(sum(events) AS BIGINT) AS events FROM (%s) GROUP BY person",
        rows));
  }));
  return PersonYear{JoinText(parts.costs, ", "), JoinText(parts.events, ", ")};
}

}  // namespace tally::analytics
