// C27: which admissions and appointments meet the rule of a procedure, in SQL.
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/activity.h"
#include "measures/activity_prices.h"
#include "measures/c27_ebi.h"
#include "measures/hospital.h"
#include "measures/months.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

// Units of appointments are numbered from here, those of episodes from 0.
constexpr int64_t kFirstAppointment = 1'000'000'000'000;

bool HasOp(const MeasureContext& context, std::string_view column) {
  return context.release.Column("sus_op", column) != nullptr;
}

// The table ebi_episode: episodes of admissions without cancer.
absl::Status MakeEbiEpisodes(const MeasureContext& context, CivilDay from) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable excluded,
                         context.definition.root().GetTable("excluded"));
  TALLY_RETURN_IF_ERROR(excluded.OnlyKeys({"diagnoses"}));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> cancer,
                         excluded.GetStrings("diagnoses"));
  TALLY_RETURN_IF_ERROR(CheckCodeStarts(excluded, cancer));
  TALLY_RETURN_IF_ERROR(MakeHospitalSpells(context));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE ebi_spell AS "
                      "SELECT spell_no, CAST(date_trunc('month', %s) AS DATE) "
                      "AS month FROM provider_spell WHERE %s",
                      PlacedDay(context, "sus_apc", "admission_date"),
                      WithinSpan(context, "sus_apc", "admission_date",
                                 {from, context.month.LastOfMonth()}))));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE ebi_cancer AS "
      "SELECT DISTINCT e.spell_no FROM spell_episode AS e "
      "INNER JOIN ebi_spell AS s ON s.spell_no = e.spell_no WHERE %s",
      AnyCodeSql("e.diagnoses", cancer))));
  // Of no rule without a procedure.
  return context.connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE ebi_episode AS "
      "SELECT row_number() OVER () - 1 AS unit, e.spell_no, e.person, "
      "s.month, e.age_fy, e.diagnoses, e.procedures FROM spell_episode AS e "
      "INNER JOIN ebi_spell AS s ON s.spell_no = e.spell_no "
      "WHERE e.procedures <> '' AND NOT EXISTS ("
      "SELECT 1 FROM ebi_cancer AS c WHERE c.spell_no = e.spell_no)");
}

// The table ebi_appointment: attended appointments with a procedure, without
// cancer; empty where the release has none.
absl::Status MakeEbiAppointments(const MeasureContext& context, CivilDay from) {
  const bool there = context.release.HasTable("sus_op") &&
                     HasOp(context, "appointment_date") &&
                     HasOp(context, "attended");
  if (!there) {
    return context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE ebi_appointment (unit BIGINT, "
        "person INTEGER, month DATE, age_fy INTEGER, diagnoses VARCHAR, "
        "procedures "
        "VARCHAR, cost_pence BIGINT)");
  }
  TALLY_ASSIGN_OR_RETURN(const TomlTable excluded,
                         context.definition.root().GetTable("excluded"));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> cancer,
                         excluded.GetStrings("diagnoses"));
  const std::vector<std::string> columns = ReleaseColumns(context, "sus_op");
  const auto own = [&](std::string_view column, std::string_view type) {
    return HasOp(context, column)
               ? absl::StrFormat("CAST(%s AS %s)", column, type)
               : absl::StrFormat("CAST(NULL AS %s)", type);
  };
  TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "sus_op"));
  // A procedure may stand in any of its places: there are gaps.
  const std::string priced = PricedSql(absl::StrFormat(
      "SELECT * FROM (SELECT person, CAST(date_trunc('month', %s) AS DATE) AS "
      "month, %s AS age_fy, %s AS diagnoses, "
      "%s AS procedures, %s AS provider, %s AS pod, %s AS hrg, "
      "%s AS own_price, CAST(NULL AS DOUBLE) AS own_factor FROM %s "
      "WHERE attended IN ('5', '6') "
      "AND %s) "
      "WHERE procedures <> '' AND NOT %s",
      PlacedDay(context, "sus_op", "appointment_date"),
      own("age_fy", "INTEGER"), PackedCodes(CodeKind::kDiagnosis, columns),
      PackedCodes(CodeKind::kProcedure, columns),
      own("provider_code", "VARCHAR"),
      AppointmentPodSql(own("attendance_type", "VARCHAR")),
      own("hrg", "VARCHAR"), own("tariff_pence", "BIGINT"), rows,
      WithinSpan(context, "sus_op", "appointment_date",
                 {from, context.month.LastOfMonth()}),
      AnyCodeSql("diagnoses", cancer)));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE ebi_appointment AS "
      "SELECT %d + row_number() OVER () AS unit, person, month, age_fy, "
      "diagnoses, "
      "procedures, cost_pence FROM (%s)",
      kFirstAppointment, priced));
}

}  // namespace

absl::Status MakeEbiEvents(const MeasureContext& context,
                           const std::vector<CodeRule>& rules, CivilDay from) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(MakeActivity(context).status());
  TALLY_RETURN_IF_ERROR(MakeEbiEpisodes(context, from));
  TALLY_RETURN_IF_ERROR(MakeEbiAppointments(context, from));
  TALLY_RETURN_IF_ERROR(
      MakeCodeTable(connection, "ebi_code",
                    "SELECT unit, diagnoses, procedures FROM ebi_episode "
                    "UNION ALL SELECT unit, diagnoses, procedures "
                    "FROM ebi_appointment"));
  TALLY_RETURN_IF_ERROR(
      connection.Execute("CREATE OR REPLACE TEMPORARY VIEW ebi_age AS "
                         "SELECT unit, age_fy FROM ebi_episode UNION ALL "
                         "SELECT unit, age_fy FROM ebi_appointment"));
  TALLY_RETURN_IF_ERROR(
      ApplyCodeRules(connection, rules, {"ebi_code", "ebi_age"}));
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE ebi_kind (rule INTEGER, kind "
      "VARCHAR)"));
  for (size_t i = 0; i < rules.size(); ++i) {
    TALLY_RETURN_IF_ERROR(
        connection.Execute("INSERT INTO ebi_kind VALUES (?, ?)",
                           {engine::Value::Int64(static_cast<int64_t>(i)),
                            engine::Value::Text(rules[i].counts_as)}));
  }
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE ebi_event AS "
      "WITH met AS (SELECT DISTINCT k.kind, e.spell_no, e.person, e.month "
      "FROM rule_hit AS h INNER JOIN ebi_kind AS k ON k.rule = h.rule "
      "INNER JOIN ebi_episode AS e ON e.unit = h.unit) "
      "SELECT m.kind, m.person, m.month, a.cost_pence FROM met AS m "
      "LEFT JOIN activity_admission AS a ON a.spell_no = m.spell_no UNION ALL "
      "SELECT k.kind, a.person, a.month, a.cost_pence FROM ("
      "SELECT DISTINCT unit, kind FROM rule_hit AS h "
      "INNER JOIN ebi_kind AS k ON k.rule = h.rule) AS k "
      "INNER JOIN ebi_appointment AS a ON a.unit = k.unit"));
  TALLY_RETURN_IF_ERROR(connection.Execute("DROP VIEW ebi_age"));
  for (const char* table :
       {"ebi_code", "ebi_episode", "ebi_spell", "ebi_cancer"}) {
    TALLY_RETURN_IF_ERROR(
        connection.Execute(absl::StrFormat("DROP TABLE %s", table)));
  }
  return connection.Execute("DROP TABLE ebi_appointment");
}

}  // namespace tally::analytics
