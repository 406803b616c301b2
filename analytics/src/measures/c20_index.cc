// C20: index spells and the readmissions that belong to them, in SQL.
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/c20_readmission.h"
#include "measures/hospital.h"

namespace tally::analytics {
namespace {

struct Excluded {
  std::string specialties;  // an SQL list
  std::vector<std::string> diagnoses;
  std::vector<std::string> procedures;
};

absl::StatusOr<Excluded> ReadExcluded(const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("excluded"));
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"specialties", "diagnoses", "procedures"}));
  Excluded excluded;
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> specialties,
                         table.GetStrings("specialties"));
  for (const std::string& code : specialties) {
    excluded.specialties += excluded.specialties.empty() ? "" : ", ";
    excluded.specialties += engine::QuoteLiteral(code);
  }
  if (specialties.empty()) excluded.specialties = "''";
  TALLY_ASSIGN_OR_RETURN(excluded.diagnoses, table.GetStrings("diagnoses"));
  TALLY_ASSIGN_OR_RETURN(excluded.procedures, table.GetStrings("procedures"));
  TALLY_RETURN_IF_ERROR(CheckCodeStarts(table, excluded.diagnoses));
  TALLY_RETURN_IF_ERROR(CheckCodeStarts(table, excluded.procedures));
  return excluded;
}

// The tables readmission_cancer (spells with such a code) and readmission_out
// (CIP spells that are neither index nor readmission), both small.
absl::Status MakeExcluded(const MeasureContext& context,
                          const Excluded& excluded) {
  const std::string cancer =
      absl::StrFormat("(%s OR %s)", AnyCodeSql("diagnoses", excluded.diagnoses),
                      AnyCodeSql("procedures", excluded.procedures));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE readmission_flag AS "
      "SELECT spell_no, bool_or(cancer) AS cancer FROM ("
      "SELECT spell_no, %s AS cancer, "
      "coalesce(main_specialty IN (%s), false) "
      "OR coalesce(treatment_function IN (%s), false) AS specialty "
      "FROM spell_episode) WHERE cancer OR specialty GROUP BY spell_no",
      cancer, excluded.specialties, excluded.specialties)));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE readmission_cancer AS "
      "SELECT s.person, "
      "coalesce(s.discharge_date, s.admission_date) AS ended "
      "FROM provider_spell AS s INNER JOIN readmission_flag AS f "
      "ON f.spell_no = s.spell_no WHERE f.cancer AND s.person IS NOT NULL"));
  return context.connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE readmission_out AS "
      "SELECT DISTINCT c.cip_no FROM spell_chain AS c "
      "INNER JOIN readmission_flag AS f ON f.spell_no = c.spell_no");
}

// CIP spells of people with several: few, so they are found before anything is
// joined with them.
constexpr std::string_view kSeveral =
    "CREATE OR REPLACE TEMPORARY TABLE readmission_several AS "
    "SELECT * FROM cip_spell WHERE person IN ("
    "SELECT person FROM cip_spell GROUP BY person HAVING count(*) > 1)";

// The table readmission_stay: CIP spells of people with several, in their
// order, and the latest discharge before each. Of stays that agree in days,
// provider and method those that can be an index come last; then what a figure
// reads of them decides, so that keys do not.
constexpr std::string_view kStays =
    "CREATE OR REPLACE TEMPORARY TABLE readmission_stay AS "
    "SELECT cip_no, person, admission_date, discharge_date, admission_method, "
    "first_spell, row_number() OVER stays AS turn, "
    "max(discharge_date) OVER (stays ROWS BETWEEN UNBOUNDED PRECEDING "
    "AND 1 PRECEDING) AS last_end FROM (SELECT c.*, l.provider_code AS leaves, "
    "f.diag_01, f.practice_code, f.hrg_spell, f.treatment_function, "
    "f.episode_type, f.age_fy, f.sex, f.imd_decile, o.cip_no IS NULL "
    "AND coalesce(c.patient_classification, '') NOT IN ('2', '3', '4') "
    "AND coalesce(c.discharge_method, '') NOT IN ('4', '5') AS can_be_index "
    "FROM readmission_several AS c "
    "INNER JOIN provider_spell AS f ON f.spell_no = c.first_spell "
    "INNER JOIN provider_spell AS l ON l.spell_no = c.last_spell "
    "LEFT JOIN readmission_out AS o ON o.cip_no = c.cip_no) "
    "WINDOW stays AS (PARTITION BY person ORDER BY admission_date, "
    "discharge_date NULLS LAST, provider_code, admission_method, "
    "can_be_index, discharge_method, discharge_destination, diag_01, "
    "hrg_spell, treatment_function, episode_type, leaves, practice_code, "
    "age_fy, sex, imd_decile, cip_no)";

// The table readmission_pair: a row an index that has a readmission. Of several
// discharges on that day the last in the order is the index; of several
// readmissions (the first has not ended) the first one counts.
absl::Status MakePairs(const MeasureContext& context) {
  TALLY_RETURN_IF_ERROR(context.connection.Execute(kSeveral));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(kStays));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE readmission_pair AS "
      "WITH back AS (SELECT cip_no, person, turn, last_end, first_spell, "
      "date_diff('day', last_end, admission_date) AS gap_days "
      "FROM readmission_stay AS r WHERE %s AND last_end IS NOT NULL "
      "AND date_diff('day', last_end, admission_date) BETWEEN 0 AND 29 "
      "AND NOT EXISTS (SELECT 1 FROM readmission_out AS o "
      "WHERE o.cip_no = r.cip_no)) "
      "SELECT index_no, gap_days, first_spell FROM ("
      "SELECT p.cip_no AS index_no, b.turn, b.gap_days, b.first_spell "
      "FROM back AS b INNER JOIN readmission_stay AS p "
      "ON p.person = b.person AND p.discharge_date = b.last_end "
      "AND p.turn < b.turn QUALIFY row_number() OVER ("
      "PARTITION BY b.cip_no ORDER BY p.turn DESC) = 1) "
      "QUALIFY row_number() OVER (PARTITION BY index_no ORDER BY turn) = 1",
      IsEmergencySql("admission_method")));
}

}  // namespace

absl::Status MakeReadmissionIndex(const MeasureContext& context, CivilDay from,
                                  CivilDay to) {
  TALLY_ASSIGN_OR_RETURN(const Excluded excluded,
                         ReadExcluded(context.definition));
  TALLY_ASSIGN_OR_RETURN(const double history,
                         context.definition.Parameter("history_days"));
  TALLY_RETURN_IF_ERROR(MakeExcluded(context, excluded));
  TALLY_RETURN_IF_ERROR(MakePairs(context));
  const std::string well_baby =
      "coalesce(f.hrg_spell = 'PB03Z', false) OR coalesce("
      "f.treatment_function = '424' AND f.episode_type = '3', false)";
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE readmission_index AS "
      "WITH found AS (SELECT * FROM cip_spell AS c "
      "WHERE discharge_date BETWEEN DATE '%s' AND DATE '%s' "
      "AND coalesce(discharge_method, '') NOT IN ('4', '5') "
      "AND coalesce(patient_classification, '') NOT IN ('2', '3', '4') "
      "AND NOT EXISTS (SELECT 1 FROM readmission_out AS o "
      "WHERE o.cip_no = c.cip_no)), "
      "ill AS (SELECT DISTINCT c.cip_no FROM found AS c "
      "INNER JOIN readmission_cancer AS k ON k.person = c.person "
      "WHERE date_diff('day', k.ended, c.admission_date) "
      "BETWEEN 0 AND %.0f) "
      "SELECT f.practice_code AS practice, l.provider_code AS provider, "
      "strftime(c.discharge_date, '%%Y-%%m') AS month, c.discharge_date, "
      "%s AS age_band, %s AS sex, CAST(f.imd_decile AS VARCHAR) AS imd_decile, "
      "%s AS admission, %s AS diagnosis, %s AS well_baby, "
      "p.gap_days, CASE WHEN p.index_no IS NOT NULL THEN %s END AS reason "
      "FROM found AS c "
      "INNER JOIN provider_spell AS f ON f.spell_no = c.first_spell "
      "INNER JOIN provider_spell AS l ON l.spell_no = c.last_spell "
      "LEFT JOIN readmission_pair AS p ON p.index_no = c.cip_no "
      "LEFT JOIN provider_spell AS r ON r.spell_no = p.first_spell "
      "WHERE NOT EXISTS (SELECT 1 FROM ill AS i WHERE i.cip_no = c.cip_no)",
      from.ToIso(), to.ToIso(), history, AgeBandOfSql("f.age_fy"),
      SexOfSql("f.sex"), AdmissionGroupSql("c.admission_method"),
      ChapterSql("f.diag_01"), well_baby, ChapterSql("r.diag_01"))));
  for (const char* table :
       {"readmission_flag", "readmission_cancer", "readmission_out",
        "readmission_several", "readmission_stay", "readmission_pair"}) {
    TALLY_RETURN_IF_ERROR(
        context.connection.Execute(absl::StrFormat("DROP TABLE %s", table)));
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
