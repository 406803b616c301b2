#include "measures/indicator_rows.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/months.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

using enum IndicatorType;

constexpr std::string_view kAppointmentStatus =
    "CASE WHEN seen THEN 'seen' WHEN not_attended THEN 'missed' "
    "ELSE 'other' END";

// Rows of a dataset at the practice of their month.
std::string PlacedRows(const MeasureContext& context, std::string_view table,
                       std::string_view day) {
  return absl::StrFormat(
      "(SELECT l.practice, r.* FROM (SELECT *, CAST(date_trunc('month', %1$s) "
      "AS DATE) AS month FROM %2$s WHERE %1$s <= DATE '%3$s') AS r "
      "INNER JOIN list_stay AS l ON l.person = r.person "
      "AND l.from_month <= r.month AND l.to_month >= r.month)",
      day, table, context.month.LastOfMonth().ToIso());
}

// The first registered death of each person, as in C15.
std::string FirstDeaths(const MeasureContext& context) {
  std::string order = "date_of_death";
  for (const char* column : {"registration_date", "underlying_cause",
                             "place_type", "age_fy", "sex"}) {
    if (context.release.Column("ons_death", column) == nullptr) continue;
    order += absl::StrFormat(", %s NULLS LAST", column);
  }
  return absl::StrFormat(
      "(SELECT * FROM ons_death WHERE person IS NOT NULL "
      "AND date_of_death IS NOT NULL QUALIFY row_number() OVER ("
      "PARTITION BY person ORDER BY %s) = 1)",
      order);
}

std::string MissingTable(std::string_view table) {
  return absl::StrFormat("the release has no usable table %s", table);
}

// Kinds of rows of activity.h.
std::vector<IndicatorRows> HospitalRows() {
  return {
      {"admission",
       "sus_apc",
       {{"pod", kCode, "pod", ""},
        {"emergency", kTruth, "emergency", ""},
        {"provider", kCode, "provider", ""},
        {"tfc", kCode, "tfc", "treatment_function"},
        {"admission_method", kCode, "admission_method", ""},
        {"patient_classification", kCode, "patient_classification", ""},
        {"main_specialty", kCode, "main_specialty", "main_specialty"},
        {"hrg", kCode, "hrg", "hrg_spell"},
        {"age", kWhole, "age", "age_fy"},
        {"sex", kCode, "sex", "sex"},
        {"diag_01", kCode, "diag_01", "diag_01"},
        {"nights", kWhole, "nights", ""}}},
      {"appointment",
       "sus_op",
       {{"pod", kCode, "pod", "attendance_type"},
        {"provider", kCode, "provider", "provider_code"},
        {"tfc", kCode, "tfc", "treatment_function"},
        {"status", kCode, kAppointmentStatus, ""},
        {"first", kTruth, "first", "attendance_type"},
        {"remote", kTruth, "remote", "attendance_type"},
        {"outcome", kCode, "outcome", "outcome"},
        {"referral_source", kCode, "referral_source", "referral_source"},
        {"priority", kCode, "priority", "priority"},
        {"age", kWhole, "age", "age_fy"},
        {"sex", kCode, "sex", "sex"},
        {"proc_01", kCode, "proc_01", "proc_01"}}},
      {"attendance",
       "ecds",
       {{"pod", kCode, "pod", "department_type"},
        {"provider", kCode, "provider", "provider_code"},
        {"category", kCode, "category", "attendance_category"},
        {"planned", kTruth, "planned", "attendance_category"},
        {"minutes", kWhole, "minutes", "dur_departure"},
        {"within_4h", kTruth, "within_4h", "dur_departure"},
        {"over_12h", kTruth, "over_12h", "dur_departure"},
        {"age", kWhole, "age", "age_fy"}}},
  };
}

std::vector<IndicatorRows> OtherRows() {
  return {
      {"death",
       "ons_death",
       {{"cause", kCode, "underlying_cause", "underlying_cause"},
        {"place", kCode, "place_type", "place_type"},
        {"age", kWhole, "age_fy", "age_fy"},
        {"sex", kCode, "sex", "sex"}}},
      {"prescription",
       "gp_prescription",
       {{"bnf", kCode, "bnf_code", "bnf_code"}}},
      {"contact",
       "community_contact",
       {{"dataset", kCode, "dataset", "dataset"},
        {"provider", kCode, "provider_code", "provider_code"},
        {"team", kCode, "service_or_team_type", "service_or_team_type"},
        {"attended", kCode, "attended", "attended"},
        {"mechanism", kCode, "mechanism", "mechanism"},
        {"minutes", kWhole, "duration_min", "duration_min"}}},
      {"claim",
       "gos_claim",
       {{"claim_type", kCode, "claim_type", "claim_type"},
        {"outcome", kCode, "outcome", "outcome"},
        {"eligibility", kCode, "eligibility", "eligibility"},
        {"domiciliary", kTruth, "domiciliary", "domiciliary"},
        {"age", kWhole, "age_fy", "age_fy"}}},
  };
}

}  // namespace

const IndicatorColumn* IndicatorRows::Column(std::string_view column) const {
  for (const IndicatorColumn& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

std::vector<std::string> IndicatorRows::Columns() const {
  std::vector<std::string> names;
  for (const IndicatorColumn& column : columns) names.emplace_back(column.name);
  return names;
}

const std::vector<IndicatorRows>& AllIndicatorRows() {
  static const auto& all = *new std::vector<IndicatorRows>([] {
    std::vector<IndicatorRows> kinds = HospitalRows();
    std::vector<IndicatorRows> others = OtherRows();
    for (IndicatorRows& other : others) kinds.push_back(std::move(other));
    return kinds;
  }());
  return all;
}

const IndicatorRows* FindIndicatorRows(std::string_view name) {
  for (const IndicatorRows& rows : AllIndicatorRows()) {
    if (rows.name == name) return &rows;
  }
  return nullptr;
}

absl::StatusOr<IndicatorRelation> RelationOf(const MeasureContext& context,
                                             const ActivityParts& parts,
                                             const IndicatorRows& rows) {
  struct Shared {
    std::string_view name, sql;
    bool there;
  };
  const Shared shared[] = {
      {"admission", "activity_admission", parts.admissions},
      {"appointment", "activity_appointment", parts.appointments},
      {"attendance", "activity_attendance", parts.attendances}};
  for (const Shared& part : shared) {
    if (part.name != rows.name) continue;
    if (part.there) return IndicatorRelation{std::string(part.sql), ""};
    return IndicatorRelation{"", MissingTable(rows.table)};
  }
  struct Dated {
    std::string_view name, day;
  };
  const Dated dated[] = {{"death", "date_of_death"},
                         {"prescription", "issue_date"},
                         {"contact", "contact_date"},
                         {"claim", "service_date"}};
  for (const Dated& kind : dated) {
    if (kind.name != rows.name) continue;
    if (context.release.Column(rows.table, kind.day) == nullptr) {
      return IndicatorRelation{"", MissingTable(rows.table)};
    }
    std::string relation = FirstDeaths(context);
    if (kind.name != "death") {
      TALLY_ASSIGN_OR_RETURN(relation, RowsByKey(context, rows.table));
    }
    return IndicatorRelation{
        PlacedRows(context, relation, PlacedDay(context, rows.table, kind.day)),
        ""};
  }
  return IndicatorRelation{"", MissingTable(rows.table)};
}

}  // namespace tally::analytics
