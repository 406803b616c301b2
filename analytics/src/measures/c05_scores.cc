// The working tables of C05: scores beside their persons.
#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/admissions.h"
#include "measures/c05_risk.h"
#include "measures/hospital.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kFrailtyFile = "hfrs_weights";

constexpr std::string_view kEmergency = "admission_method LIKE '2%'";
// Days from a discharge to the last one that is a return: 30 with the first.
constexpr int kReturnDays = 29;

std::string DiagnosisRows(const MeasureContext& context) {
  std::string rows;
  for (int i = 1; i <= 20; ++i) {
    const std::string column = absl::StrFormat("diag_%02d", i);
    if (context.release.Column("sus_apc", column) == nullptr) continue;
    rows += absl::StrFormat(
        "%sSELECT person, admission_date AS day, %s AS code FROM sus_apc "
        "WHERE %s IS NOT NULL AND person IS NOT NULL "
        "AND admission_date IS NOT NULL",
        rows.empty() ? "" : " UNION ALL ", column, column);
  }
  return "(" + rows + ")";
}

// Scores of Charlson's index from charlson_hit in a window.
absl::Status MakeCharlsonScores(const MeasureContext& context, CivilDay from,
                                CivilDay to) {
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE charlson_score AS "
      "WITH present AS (SELECT DISTINCT person, grp FROM charlson_hit "
      "WHERE day BETWEEN DATE '%s' AND DATE '%s'), "
      "cancelled AS (SELECT DISTINCT p.person, c.grp FROM present AS p "
      "INNER JOIN charlson_cancel AS c ON c.by_group = p.grp) "
      "SELECT p.person, CAST(sum(w.weight_1987) AS BIGINT) AS score_1987, "
      "CAST(sum(w.weight_2011) AS BIGINT) AS score_2011 FROM present AS p "
      "INNER JOIN charlson_weight AS w ON w.grp = p.grp "
      "ANTI JOIN cancelled AS x ON x.person = p.person AND x.grp = p.grp "
      "GROUP BY p.person",
      from.ToIso(), to.ToIso()));
}

// The temporary table frailty_weight (code, tenths): of the reference file if
// there is one, else of the definition.
absl::Status LoadFrailtyWeights(const MeasureContext& context,
                                const RiskDefinition& definition) {
  if (HasReference(context.comparators, kFrailtyFile)) {
    TALLY_ASSIGN_OR_RETURN(
        const ReferenceFile weights,
        ReferenceFile::Read(context.comparators, kFrailtyFile,
                            {{"code", ReferenceType::kText},
                             {"tenths", ReferenceType::kInteger}},
                            context.month));
    return weights.Load(context.connection, "frailty_weight");
  }
  std::vector<std::string> rows;
  for (const auto& [code, tenths] : definition.frailty_tenths) {
    rows.push_back(
        absl::StrFormat("(%s, %d)", engine::QuoteLiteral(code), tenths));
  }
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE frailty_weight AS "
      "SELECT code, CAST(tenths AS BIGINT) AS tenths FROM (VALUES %s) AS "
      "v(code, tenths)",
      JoinText(rows, ", ")));
}

// The Hospital Frailty Risk Score in tenths: each three-character code once,
// over the index admission (the last emergency one of a year) and the two years
// before it.
absl::Status MakeFrailtyScores(const MeasureContext& context,
                               const RiskDefinition& definition, CivilDay at) {
  TALLY_RETURN_IF_ERROR(LoadFrailtyWeights(context, definition));
  TALLY_ASSIGN_OR_RETURN(const CivilDay next, at.AddDays(1));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, next.AddMonths(-12));
  TALLY_ASSIGN_OR_RETURN(const std::string admitted,
                         EmergencyAdmissions(context));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE frailty_score AS "
      "WITH stay AS (SELECT person, max(day) AS last FROM %s "
      "WHERE person IS NOT NULL AND day BETWEEN DATE '%s' "
      "AND DATE '%s' GROUP BY person), "
      "coded AS (SELECT DISTINCT d.person, left(d.code, 3) AS code "
      "FROM %s AS d INNER JOIN stay AS s ON s.person = d.person "
      "WHERE d.day <= s.last AND d.day > s.last - INTERVAL 2 YEAR) "
      "SELECT s.person, CAST(coalesce(sum(w.tenths), 0) AS BIGINT) AS tenths "
      "FROM stay AS s LEFT JOIN coded AS c ON c.person = s.person "
      "LEFT JOIN frailty_weight AS w ON w.code = c.code GROUP BY s.person",
      admitted, first.ToIso(), at.ToIso(), DiagnosisRows(context)));
}

// Days of a column, both included.
struct Window {
  std::string_view column;
  CivilDay from;
  CivilDay to;
};

// What is added to the list `l` to make a table of scores.
struct ScoreParts {
  std::string columns;
  std::string joins;
};

// Adds columns with the rows that each person has in windows, all of them from
// one pass over `rows` (person, day); 0 without `rows`.
void AddWindows(std::string_view rows, const std::vector<Window>& windows,
                ScoreParts& parts) {
  if (rows.empty()) {
    for (const Window& window : windows) {
      parts.columns +=
          absl::StrFormat(", CAST(0 AS BIGINT) AS %s", window.column);
    }
    return;
  }
  std::string counts, any;
  for (const Window& window : windows) {
    const std::string inside =
        absl::StrFormat("day BETWEEN DATE '%s' AND DATE '%s'",
                        window.from.ToIso(), window.to.ToIso());
    counts += absl::StrFormat(", count(*) FILTER (WHERE %s) AS %s", inside,
                              window.column);
    if (!any.empty()) any += " OR ";
    any += "(" + inside + ")";
    parts.columns +=
        absl::StrFormat(", coalesce(w_%s.%s, 0) AS %s", windows[0].column,
                        window.column, window.column);
  }
  parts.joins += absl::StrFormat(
      " LEFT JOIN (SELECT person%s FROM %s WHERE person IS NOT NULL AND (%s) "
      "GROUP BY person) AS w_%s ON w_%s.person = l.person",
      counts, rows, any, windows[0].column, windows[0].column);
}

// First unplanned attendances and attended appointments, each record key once.
absl::StatusOr<std::string> VisitRows(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "ecds"));
  return absl::StrFormat(
      "(SELECT person, arrival_date AS day FROM %s "
      "WHERE attendance_category = '1')",
      rows);
}
absl::StatusOr<std::string> AppointmentRows(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "sus_op"));
  return absl::StrFormat(
      "(SELECT person, appointment_date AS day FROM %s "
      "WHERE attended IN ('5', '6'))",
      rows);
}

// Admissions, attendances and appointments before `at`, and admissions in the
// year after it.
absl::Status AddVisits(const MeasureContext& context,
                       const RiskSources& sources, CivilDay at,
                       ScoreParts& parts) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay next, at.AddDays(1));
  TALLY_ASSIGN_OR_RETURN(const CivilDay year, next.AddMonths(-12));
  TALLY_ASSIGN_OR_RETURN(const CivilDay years, next.AddMonths(-24));
  TALLY_ASSIGN_OR_RETURN(const CivilDay after, next.AddMonths(12));
  TALLY_ASSIGN_OR_RETURN(const CivilDay end, after.AddDays(-1));
  std::string admitted, visits, appointments;
  if (sources.admissions) {
    TALLY_ASSIGN_OR_RETURN(admitted, EmergencyAdmissions(context));
  }
  if (sources.ed) {
    TALLY_ASSIGN_OR_RETURN(visits, VisitRows(context));
  }
  if (sources.outpatients) {
    TALLY_ASSIGN_OR_RETURN(appointments, AppointmentRows(context));
  }
  AddWindows(admitted,
             {{"emergency_12", year, at},
              {"emergency_24", years, at},
              {"later", next, end}},
             parts);
  AddWindows(visits, {{"ed_12", year, at}, {"ed_24", years, at}}, parts);
  AddWindows(appointments,
             {{"outpatient_12", year, at}, {"outpatient_24", years, at}},
             parts);
  return absl::OkStatus();
}

// How many deficits and long-term conditions of the rules somebody of `list`
// has.
absl::Status AddElements(const MeasureContext& context,
                         const RiskDefinition& definition,
                         const RiskSources& sources, CivilDay at,
                         std::string_view list, ScoreParts& parts) {
  std::vector<RuleElement> elements;
  if (sources.deficits) elements = definition.deficits;
  const size_t deficits = elements.size();
  if (sources.conditions) {
    elements.insert(elements.end(), definition.conditions.begin(),
                    definition.conditions.end());
  }
  TALLY_RETURN_IF_ERROR(MatchElements(context, elements, at, list, "risk_hit"));
  parts.columns += absl::StrFormat(
      ", coalesce(%s, 0) AS deficits, coalesce(%s, 0) AS conditions",
      ElementsMetSql(0, deficits), ElementsMetSql(deficits, elements.size()));
  parts.joins += " LEFT JOIN risk_hit AS h ON h.person = l.person";
  return absl::OkStatus();
}

// Charlson's index and the Hospital Frailty Risk Score.
absl::Status AddDiagnoses(const MeasureContext& context,
                          const RiskDefinition& definition,
                          const RiskSources& sources, CivilDay at,
                          ScoreParts& parts) {
  if (sources.diagnoses) {
    TALLY_ASSIGN_OR_RETURN(const CivilDay next, at.AddDays(1));
    TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                           next.AddMonths(-definition.charlson_months));
    TALLY_RETURN_IF_ERROR(MakeCharlsonHits(context, definition));
    TALLY_RETURN_IF_ERROR(MakeCharlsonScores(context, first, at));
    parts.columns +=
        ", coalesce(q.score_1987, 0) AS charlson_1987, "
        "coalesce(q.score_2011, 0) AS charlson_2011";
    parts.joins += " LEFT JOIN charlson_score AS q ON q.person = l.person";
  } else {
    parts.columns +=
        ", CAST(0 AS BIGINT) AS charlson_1987, "
        "CAST(0 AS BIGINT) AS charlson_2011";
  }
  if (sources.frailty_weights) {
    TALLY_RETURN_IF_ERROR(MakeFrailtyScores(context, definition, at));
    parts.columns +=
        ", CASE WHEN l.age >= 75 THEN f.tenths END AS frailty_tenths";
    parts.joins += " LEFT JOIN frailty_score AS f ON f.person = l.person";
  } else {
    parts.columns += ", CAST(NULL AS BIGINT) AS frailty_tenths";
  }
  return absl::OkStatus();
}

// The points of `value` (SQL).
std::string PointsSql(const PointSteps& steps, std::string_view value) {
  std::string sql = "CASE";
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    sql += absl::StrFormat(" WHEN %s >= %d THEN %d", value, step->first,
                           step->second);
  }
  return sql + " ELSE 0 END";
}

// A discharge alive, of nobody who comes and goes regularly.
constexpr std::string_view kLaceDischarge =
    "coalesce(discharge_method IN ('1', '2', '3'), false) "
    "AND coalesce(patient_classification, '') NOT IN ('3', '4')";

// The temporary table lace_stay: discharges alive from `first` to `last`.
absl::Status MakeLaceStays(const MeasureContext& context, CivilDay first,
                           CivilDay last) {
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE lace_stay AS SELECT cip_no, person, "
      "admission_date, last_admission, discharge_date, "
      "coalesce(%s, false) AS emergency FROM cip_spell "
      "WHERE discharge_date BETWEEN DATE '%s' AND DATE '%s' AND %s",
      std::string(kEmergency), first.ToIso(), last.ToIso(),
      std::string(kLaceDischarge)));
}

// The temporary table lace_return (cip_no): stays with an emergency admission
// soon after. A return belongs to the last discharge before it, as in C20: of
// stays that agree in days and provider to one that counts, then by what the
// points are made of, so that keys decide between stays alike only.
absl::Status MakeLaceReturns(const MeasureContext& context, CivilDay first) {
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE lace_return AS "
      "SELECT DISTINCT before.cip_no FROM ("
      "SELECT a.admission_date, max(struct_pack(day := s.discharge_date, "
      "admitted := s.admission_date, provider := s.provider_code, "
      "counts := s.counts, method := s.admission_method, "
      "moved := s.last_admission, cip_no := s.cip_no)) AS before "
      "FROM cip_spell AS a INNER JOIN (SELECT *, %s AS counts "
      "FROM cip_spell) AS s ON s.person = a.person "
      "AND s.cip_no <> a.cip_no AND s.discharge_date <= a.admission_date "
      "AND (s.admission_date, s.discharge_date, coalesce(s.provider_code, '')) "
      "< (a.admission_date, coalesce(a.discharge_date, DATE '9999-12-31'), "
      "coalesce(a.provider_code, '')) "
      "WHERE a.%s AND a.admission_date >= DATE '%s' "
      "GROUP BY a.cip_no, a.admission_date) "
      "WHERE admission_date - before.day <= %d",
      std::string(kLaceDischarge), std::string(kEmergency), first.ToIso(),
      kReturnDays));
}

}  // namespace

RiskSources FindRiskSources(const MeasureContext& context,
                            const RiskDefinition& definition) {
  RiskSources sources;
  const auto carried = [&](const std::vector<RuleElement>& elements,
                           std::string_view what) {
    for (const RuleElement& element : elements) {
      const std::string missing = ElementMissing(context, element);
      if (missing.empty()) continue;
      sources.notes.push_back(absl::StrFormat("%s are not available: %s.",
                                              std::string(what), missing));
      return false;
    }
    return true;
  };
  sources.deficits = carried(definition.deficits, "Deficits (eFI)");
  sources.conditions = carried(definition.conditions, "Long-term conditions");
  sources.admissions =
      HasColumns(context, "sus_apc", {"admission_date", "admission_method"});
  sources.diagnoses =
      sources.admissions && HasColumns(context, "sus_apc", {"diag_01"});
  sources.ed =
      HasColumns(context, "ecds", {"arrival_date", "attendance_category"});
  sources.outpatients =
      HasColumns(context, "sus_op", {"appointment_date", "attended"});
  sources.frailty_weights =
      sources.diagnoses && (!definition.frailty_tenths.empty() ||
                            HasReference(context.comparators, kFrailtyFile));
  if (!sources.diagnoses) {
    sources.notes.emplace_back(
        "Charlson index, hospital frailty and LACE are not available: sus-apc "
        "has no diag_01.");
  } else if (!sources.frailty_weights) {
    sources.notes.emplace_back(
        "The Hospital Frailty Risk Score is not available: the definition has "
        "no points, and there is no reference file hfrs_weights.toml.");
  }
  if (!sources.ed) {
    sources.notes.emplace_back(
        "Attendances are not available and LACE is not: the release has no "
        "ecds with arrival_date and attendance_category.");
  }
  if (!sources.outpatients) {
    sources.notes.emplace_back(
        "Outpatient visits are not available: the release has no sus-op with "
        "appointment_date and attended.");
  }
  return sources;
}

absl::Status MakeCharlsonHits(const MeasureContext& context,
                              const RiskDefinition& definition) {
  return context.base.Once("charlson_hit", [&]() -> absl::Status {
    engine::Connection& connection = context.connection;
    for (const char* table :
         {"charlson_prefix (grp INTEGER, code VARCHAR)",
          "charlson_weight (grp INTEGER, weight_1987 INTEGER, "
          "weight_2011 INTEGER)",
          "charlson_cancel (grp INTEGER, by_group INTEGER)"}) {
      TALLY_RETURN_IF_ERROR(connection.Execute(
          absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE %s", table)));
    }
    for (size_t i = 0; i < definition.charlson.size(); ++i) {
      const CharlsonGroup& group = definition.charlson[i];
      TALLY_RETURN_IF_ERROR(connection.Execute(
          absl::StrFormat("INSERT INTO charlson_weight VALUES (%d, %d, %d)", i,
                          group.weight_1987, group.weight_2011)));
      for (const std::string& prefix : group.prefixes) {
        TALLY_RETURN_IF_ERROR(connection.Execute(
            absl::StrFormat("INSERT INTO charlson_prefix VALUES (%d, %s)", i,
                            engine::QuoteLiteral(prefix))));
      }
      for (const size_t milder : group.cancels) {
        if (!definition.hierarchy) break;
        TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
            "INSERT INTO charlson_cancel VALUES (%d, %d)", milder, i)));
      }
    }
    return connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE charlson_hit AS "
        "WITH coded AS (SELECT DISTINCT c.code, p.grp FROM "
        "(SELECT DISTINCT code FROM %1$s) AS c INNER JOIN charlson_prefix AS p "
        "ON starts_with(c.code, p.code)) "
        "SELECT DISTINCT d.person, d.day, c.grp FROM %1$s AS d "
        "INNER JOIN coded AS c ON c.code = d.code",
        DiagnosisRows(context)));
  });
}

absl::Status MakeRiskScores(const MeasureContext& context,
                            const RiskDefinition& definition,
                            const RiskSources& sources, CivilDay at,
                            std::string_view name) {
  TALLY_ASSIGN_OR_RETURN(const std::string list,
                         MakePatientListAt(context, at.FirstOfMonth()));
  ScoreParts parts;
  TALLY_RETURN_IF_ERROR(AddVisits(context, sources, at, parts));
  TALLY_RETURN_IF_ERROR(
      AddElements(context, definition, sources, at, list, parts));
  TALLY_RETURN_IF_ERROR(AddDiagnoses(context, definition, sources, at, parts));
  return context.connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE %s AS SELECT *, "
                      "CASE WHEN later > 0 THEN 1 ELSE 0 END AS outcome "
                      "FROM (SELECT l.*%s FROM %s AS l%s)",
                      name, parts.columns, list, parts.joins));
}

absl::Status MakeLace(const MeasureContext& context,
                      const RiskDefinition& definition, CivilDay at) {
  TALLY_RETURN_IF_ERROR(MakeHospitalChains(context));
  TALLY_RETURN_IF_ERROR(MakeCharlsonHits(context, definition));
  TALLY_ASSIGN_OR_RETURN(const CivilDay next, at.AddDays(1));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, next.AddMonths(-12));
  TALLY_RETURN_IF_ERROR(MakeLaceStays(context, first, at));
  TALLY_RETURN_IF_ERROR(MakeLaceReturns(context, first));
  TALLY_ASSIGN_OR_RETURN(const std::string visits, VisitRows(context));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE lace AS "
      "WITH present AS (SELECT DISTINCT s.cip_no, h.grp FROM lace_stay AS s "
      "INNER JOIN charlson_hit AS h ON h.person = s.person "
      "WHERE h.day <= s.last_admission AND h.day > s.admission_date - "
      "INTERVAL %1$d MONTH), "
      "cancelled AS (SELECT DISTINCT p.cip_no, c.grp FROM present AS p "
      "INNER JOIN charlson_cancel AS c ON c.by_group = p.grp), "
      "charlson AS (SELECT p.cip_no, sum(w.weight_1987) AS score "
      "FROM present AS p INNER JOIN charlson_weight AS w ON w.grp = p.grp "
      "ANTI JOIN cancelled AS x ON x.cip_no = p.cip_no AND x.grp = p.grp "
      "GROUP BY p.cip_no), "
      "visits AS (SELECT s.cip_no, count(*) AS n FROM lace_stay AS s "
      "INNER JOIN %2$s AS e ON e.person = s.person "
      "WHERE e.day < s.admission_date "
      "AND e.day >= s.admission_date - INTERVAL 6 MONTH "
      "GROUP BY s.cip_no) "
      "SELECT s.person, CAST(%3$s + CASE WHEN s.emergency THEN %4$d ELSE 0 END "
      "+ %5$s + least(coalesce(v.n, 0), %6$d) AS BIGINT) AS points, "
      "CASE WHEN b.cip_no IS NULL THEN 0 ELSE 1 END AS readmitted "
      "FROM lace_stay AS s LEFT JOIN charlson AS c ON c.cip_no = s.cip_no "
      "LEFT JOIN visits AS v ON v.cip_no = s.cip_no "
      "LEFT JOIN lace_return AS b ON b.cip_no = s.cip_no",
      definition.charlson_months, visits,
      PointsSql(definition.stay_points,
                "date_diff('day', s.admission_date, s.discharge_date)"),
      definition.emergency_points,
      PointsSql(definition.charlson_points, "coalesce(c.score, 0)"),
      definition.most_visits));
}

}  // namespace tally::analytics
