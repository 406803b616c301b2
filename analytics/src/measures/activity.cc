#include "measures/activity.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/spells.h"
#include "base/status.h"
#include "measures/activity_prices.h"
#include "measures/admissions.h"
#include "measures/hospital.h"
#include "measures/list_stays.h"
#include "measures/months.h"
#include "measures/record_keys.h"
#include "measures/table_months.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kCommonColumns =
    "pod, person, practice, provider, tfc, day, month, price_pence, "
    "cost_pence";

bool HasAll(const MeasureContext& context, std::string_view table,
            const std::vector<std::string>& columns) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](const std::string& column) {
                       return context.release.Column(table, column) != nullptr;
                     });
}

// "<column> AS <name>", or a null of the type where the release has none.
std::string ColumnOrNull(const MeasureContext& context, std::string_view table,
                         std::string_view column, std::string_view type,
                         std::string_view name = "") {
  if (name.empty()) name = column;
  if (context.release.Column(table, column) == nullptr) {
    return absl::StrFormat("CAST(NULL AS %s) AS %s", type, name);
  }
  return absl::StrFormat("CAST(%s AS %s) AS %s", column, type, name);
}

std::string CodeOrUnknown(const MeasureContext& context, std::string_view table,
                          std::string_view column, std::string_view name) {
  if (context.release.Column(table, column) == nullptr) {
    return absl::StrFormat("'%s' AS %s", kUnknown, name);
  }
  return absl::StrFormat("coalesce(%s, '%s') AS %s", column, kUnknown, name);
}

// Makes `name` of the rows of `relation`, which has day, person and what
// PricedSql asks for: adds the month, the practice of that month and prices.
absl::Status MakePart(const MeasureContext& context, std::string_view name,
                      const std::string& relation) {
  const std::string_view table = name == "activity_admission"     ? "sus_apc"
                                 : name == "activity_appointment" ? "sus_op"
                                                                  : "ecds";
  const std::string placed_day = PlacedDay(context, table, "day");
  const std::string placed = absl::StrFormat(
      "SELECT d.*, coalesce(l.practice, '%s') AS practice FROM ("
      "SELECT *, CAST(date_trunc('month', %s) AS DATE) AS month FROM (%s) "
      "WHERE %s <= DATE '%s') AS d LEFT JOIN list_stay AS l "
      "ON l.person = d.person AND l.from_month <= d.month "
      "AND l.to_month >= d.month",
      kUnknown, placed_day, relation, placed_day,
      context.month.LastOfMonth().ToIso());
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE %s AS %s", name, PricedSql(placed)));
}

absl::Status MakeActivityAdmissions(const MeasureContext& context) {
  TALLY_RETURN_IF_ERROR(MakeActivitySpells(context));
  TALLY_RETURN_IF_ERROR(MakeAdmissions(context));
  const auto own = [&](std::string_view column, std::string_view type,
                       std::string_view name = "") {
    return ColumnOrNull(context, "sus_apc", column, type, name);
  };
  const std::string nights =
      context.release.Grain("sus_apc") == "day"
          ? "date_diff('day', admission_date, discharge_date)"
          : "CAST(NULL AS BIGINT)";
  const std::string spells = absl::StrFormat(
      "SELECT spell_no, person, coalesce(provider_code, '%s') AS provider, %s, "
      "admission_date AS day, discharge_date, %s AS nights, admission_method, "
      "patient_classification, %s, %s, %s, %s, %s, %s FROM provider_spell",
      kUnknown, CodeOrUnknown(context, "sus_apc", "treatment_function", "tfc"),
      nights, own("main_specialty", "VARCHAR"),
      own("treatment_function", "VARCHAR", "own_function"),
      own("hrg_spell", "VARCHAR", "hrg"), own("age_fy", "INTEGER", "age"),
      own("sex", "VARCHAR"), own("diag_01", "VARCHAR"));
  const std::string typed = absl::StrFormat(
      "SELECT s.* EXCLUDE (own_function), CASE "
      "WHEN patient_classification = '2' THEN 'day_case' "
      "WHEN patient_classification IN ('3', '4') THEN 'regular' "
      "WHEN admission_method IN ('31', '32') "
      "OR (coalesce(main_specialty, own_function) IN ('501', '560') "
      "AND sex = '2' AND age BETWEEN 13 AND 55) THEN 'maternity' "
      "WHEN admission_method LIKE '1%%' THEN 'elective' "
      "WHEN admission_method LIKE '2%%' THEN 'emergency' "
      "WHEN admission_method = '81' THEN 'transfer' "
      "WHEN admission_method IN ('82', '83') THEN 'birth' "
      "ELSE 'admission_other' END AS pod, a.emergency, "
      "p.best.price AS own_price, p.best.factor AS own_factor "
      "FROM (%s) AS s INNER JOIN (SELECT spell_no, emergency FROM admission) "
      "AS a ON a.spell_no = s.spell_no LEFT JOIN (SELECT spell_no, "
      "max(struct_pack(price := price_pence, known := factor IS NOT NULL, "
      "factor := factor)) AS best "
      "FROM spell_episode WHERE price_pence IS NOT NULL GROUP BY spell_no) "
      "AS p ON p.spell_no = s.spell_no",
      spells);
  return MakePart(context, "activity_admission", typed);
}

absl::Status MakeAppointments(const MeasureContext& context) {
  const auto own = [&](std::string_view column, std::string_view type,
                       std::string_view name = "") {
    return ColumnOrNull(context, "sus_op", column, type, name);
  };
  TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "sus_op"));
  return MakePart(
      context, "activity_appointment",
      absl::StrFormat(
          "SELECT * EXCLUDE (type), %s AS pod, "
          "CASE WHEN type IN ('1', '3', '21') THEN true "
          "WHEN type IN ('2', '4', '22') THEN false END AS first, "
          "CASE WHEN type IN ('3', '4', '21', '22') THEN true "
          "WHEN type IN ('1', '2') THEN false END AS remote FROM ("
          "SELECT person, %s, %s, appointment_date AS day, %s, "
          "coalesce(attended IN ('5', '6'), false) AS seen, "
          "coalesce(attended IN ('3', '7'), false) AS not_attended, "
          "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
          "CAST(NULL AS DOUBLE) AS own_factor FROM %s)",
          AppointmentPodSql("type"),
          CodeOrUnknown(context, "sus_op", "provider_code", "provider"),
          CodeOrUnknown(context, "sus_op", "treatment_function", "tfc"),
          own("attendance_type", "VARCHAR", "type"), own("outcome", "VARCHAR"),
          own("referral_source", "VARCHAR"), own("priority", "VARCHAR"),
          own("referral_received_date", "DATE"), own("hrg", "VARCHAR"),
          own("age_fy", "INTEGER", "age"), own("sex", "VARCHAR"),
          own("diag_01", "VARCHAR"), own("proc_01", "VARCHAR"),
          own("tariff_pence", "BIGINT", "own_price"), rows));
}

absl::Status MakeAttendances(const MeasureContext& context) {
  const auto own = [&](std::string_view column, std::string_view type,
                       std::string_view name = "") {
    return ColumnOrNull(context, "ecds", column, type, name);
  };
  TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "ecds"));
  return MakePart(
      context, "activity_attendance",
      absl::StrFormat(
          "SELECT * EXCLUDE (department), CASE department WHEN '01' THEN "
          "'ed_1' WHEN '02' THEN 'ed_2' WHEN '03' THEN 'ed_3' "
          "ELSE 'ed_other' END AS pod, category = '2' AS planned, "
          "minutes <= 240 AS within_4h, minutes > 720 AS over_12h FROM ("
          "SELECT person, %s, '%s' AS tfc, arrival_date AS day, %s, %s, %s, "
          "%s, %s, %s, %s, CAST(NULL AS BIGINT) AS own_price, "
          "CAST(NULL AS DOUBLE) AS own_factor FROM %s)",
          CodeOrUnknown(context, "ecds", "provider_code", "provider"), kUnknown,
          own("department_type", "VARCHAR", "department"),
          own("attendance_category", "VARCHAR", "category"),
          own("dur_departure", "INTEGER", "minutes"),
          own("arrival_hour_band", "INTEGER", "hour"), own("hrg", "VARCHAR"),
          own("age_fy", "INTEGER", "age"), own("sex", "VARCHAR"), rows));
}

absl::Status MakeUnion(const MeasureContext& context,
                       const ActivityParts& parts) {
  std::string sql;
  const auto add = [&](bool there, std::string_view table,
                       std::string_view where) {
    if (!there) return;
    sql += absl::StrFormat("%sSELECT %s FROM %s%s",
                           sql.empty() ? "" : " UNION ALL ", kCommonColumns,
                           table, where);
  };
  add(parts.admissions, "activity_admission", "");
  add(parts.appointments, "activity_appointment", " WHERE seen");
  add(parts.attendances, "activity_attendance", "");
  if (sql.empty()) return absl::OkStatus();
  return context.connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY VIEW activity AS %s", sql));
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& ActivityTypes() {
  static const auto& types =
      *new std::vector<std::pair<std::string, std::string>>{
          {"day_case", "Day case"},
          {"elective", "Elective, overnight"},
          {"emergency", "Emergency admission"},
          {"maternity", "Maternity admission"},
          {"regular", "Regular attender"},
          {"transfer", "Transfer"},
          {"birth", "Birth"},
          {"admission_other", "Other admission"},
          {"op_first", "Outpatient first"},
          {"op_follow_up", "Outpatient follow-up"},
          {"op_first_remote", "Outpatient first, remote"},
          {"op_follow_up_remote", "Outpatient follow-up, remote"},
          {"op_other", "Other outpatient"},
          {"ed_1", "Emergency department, type 1"},
          {"ed_2", "Emergency department, type 2"},
          {"ed_3", "Urgent treatment, type 3"},
          {"ed_other", "Other emergency care"},
      };
  return types;
}

std::string ActivityTitle(std::string_view pod) {
  for (const auto& [id, title] : ActivityTypes()) {
    if (id == pod) return title;
  }
  return std::string(pod);
}

std::string AppointmentPodSql(std::string_view type) {
  return absl::StrFormat(
      "CASE %s WHEN '1' THEN 'op_first' WHEN '2' THEN 'op_follow_up' "
      "WHEN '3' THEN 'op_first_remote' WHEN '21' THEN 'op_first_remote' "
      "WHEN '4' THEN 'op_follow_up_remote' "
      "WHEN '22' THEN 'op_follow_up_remote' ELSE 'op_other' END",
      type);
}

std::string_view TableOfActivity(std::string_view pod) {
  if (pod.starts_with("op_")) return "sus_op";
  if (pod.starts_with("ed_")) return "ecds";
  return "sus_apc";
}

absl::StatusOr<std::map<std::string, MonthRange>> ActivityMonths(
    const MeasureContext& context, const ActivityParts& parts,
    MonthRange within) {
  std::map<std::string, MonthRange> covered;
  const std::pair<std::string, bool> tables[] = {{"sus_apc", parts.admissions},
                                                 {"sus_op", parts.appointments},
                                                 {"ecds", parts.attendances}};
  for (const auto& [table, there] : tables) {
    if (!there) continue;
    TALLY_ASSIGN_OR_RETURN(const std::optional<MonthRange> months,
                           TableMonths(context, table, within));
    if (months.has_value()) covered.emplace(table, *months);
  }
  return covered;
}

absl::Status MakeActivitySpells(const MeasureContext& context) {
  return MakeHospitalSpells(context);
}

absl::StatusOr<ActivityParts> MakeActivity(const MeasureContext& context) {
  ActivityParts parts;
  const ReleaseFolder& release = context.release;
  parts.admissions =
      release.HasTable("sus_apc") && HasAll(context, "sus_apc", SpellColumns());
  parts.appointments =
      release.HasTable("sus_op") &&
      HasAll(context, "sus_op", {"appointment_date", "attended"});
  parts.attendances =
      release.HasTable("ecds") && HasAll(context, "ecds", {"arrival_date"});
  TALLY_ASSIGN_OR_RETURN(parts.notes, MakeActivityPrices(context));
  TALLY_RETURN_IF_ERROR(MakeListStays(context));
  const std::string name =
      absl::StrFormat("activity %s", context.month.ToMonth());
  TALLY_RETURN_IF_ERROR(context.base.Once(name, [&]() -> absl::Status {
    if (parts.admissions)
      TALLY_RETURN_IF_ERROR(MakeActivityAdmissions(context));
    if (parts.appointments) TALLY_RETURN_IF_ERROR(MakeAppointments(context));
    if (parts.attendances) TALLY_RETURN_IF_ERROR(MakeAttendances(context));
    return MakeUnion(context, parts);
  }));
  return parts;
}

}  // namespace tally::analytics
