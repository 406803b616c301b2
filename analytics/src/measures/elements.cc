#include "measures/elements.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "measures/admissions.h"
#include "measures/code_lists.h"
#include "measures/counts.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

constexpr int64_t kOldestElementAge = 90;
constexpr int64_t kMostMonths = 1200;
constexpr int64_t kMostRecords = 100'000;

// How a dataset is read: `rows` has person, day, code and counted (what is
// counted once).
struct ElementSource {
  std::string_view dataset;
  std::string_view table;
  std::vector<std::string> columns;  // it cannot do without
  bool prefixes;                     // codes are prefixes, not whole codes
  bool coded;                        // has codes at all
};

const std::vector<ElementSource>& ElementSources() {
  static const auto& sources = *new std::vector<ElementSource>{
      {"gp-event", "gp_event", {"event_date", "cluster_id"}, false, true},
      {"gp-prescription",
       "gp_prescription",
       {"issue_date", "bnf_code"},
       true,
       true},
      {"sus-apc",
       "sus_apc",
       {"admission_date", "admission_method"},
       true,
       true},
      {"ecds", "ecds", {"arrival_date", "attendance_category"}, false, false},
      {"sus-op", "sus_op", {"appointment_date", "attended"}, false, false},
  };
  return sources;
}

const ElementSource* SourceOf(std::string_view dataset) {
  for (const ElementSource& source : ElementSources()) {
    if (source.dataset == dataset) return &source;
  }
  return nullptr;
}

std::vector<std::string> DiagnosisColumns(const MeasureContext& context) {
  std::vector<std::string> columns;
  for (int i = 1; i <= 20; ++i) {
    std::string name = absl::StrFormat("diag_%02d", i);
    if (context.release.Column("sus_apc", name) != nullptr) {
      columns.push_back(std::move(name));
    }
  }
  return columns;
}

// The rows of a dataset as an SQL relation: person, day, code, emergency.
absl::StatusOr<std::string> ElementRows(const MeasureContext& context,
                                        const ElementSource& source,
                                        bool with_codes) {
  if (source.dataset == "gp-event") {
    return "(SELECT person, event_date AS day, cluster_id AS code, false AS "
           "emergency FROM gp_event)";
  }
  if (source.dataset == "gp-prescription") {
    return "(SELECT person, issue_date AS day, bnf_code AS code, false AS "
           "emergency FROM gp_prescription)";
  }
  if (source.dataset == "ecds") {
    TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "ecds"));
    return absl::StrFormat(
        "(SELECT person, arrival_date AS day, '' AS code, false AS "
        "emergency FROM %s WHERE attendance_category = '1')",
        rows);
  }
  if (source.dataset == "sus-op") {
    TALLY_ASSIGN_OR_RETURN(const std::string rows,
                           RowsByKey(context, "sus_op"));
    return absl::StrFormat(
        "(SELECT person, appointment_date AS day, '' AS code, false AS "
        "emergency FROM %s WHERE attended IN ('5', '6'))",
        rows);
  }
  if (!with_codes) {
    // Several episodes of one stay are one admission.
    return "(SELECT DISTINCT person, admission_date AS day, '' AS code, "
           "coalesce(admission_method LIKE '2%', false) AS emergency "
           "FROM sus_apc)";
  }
  std::string rows;
  for (const std::string& column : DiagnosisColumns(context)) {
    rows += absl::StrFormat(
        "%sSELECT person, admission_date AS day, %s AS code, "
        "coalesce(admission_method LIKE '2%%', false) AS emergency "
        "FROM sus_apc WHERE %s IS NOT NULL",
        rows.empty() ? "" : " UNION ALL ", column, column);
  }
  return "(" + rows + ")";
}

absl::Status CheckDataset(const TomlTable& table, const RuleElement& element) {
  if (element.dataset.empty() || element.dataset == "gp-patient") {
    return absl::OkStatus();
  }
  const ElementSource* source = SourceOf(element.dataset);
  if (source == nullptr) {
    return table.ErrorAt(table.line(), "dataset is none that rules can read");
  }
  if (!source->coded && !element.codes.empty()) {
    return table.ErrorAt(table.line(), "rules read no codes of this dataset");
  }
  if (element.emergency && element.dataset != "sus-apc") {
    return table.ErrorAt(table.line(), "emergency is of sus-apc only");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> WholeNumber(const TomlTable& table, std::string_view key,
                                int otherwise, int64_t least, int64_t most) {
  if (table.Find(key) == nullptr) return otherwise;
  TALLY_ASSIGN_OR_RETURN(const int64_t value, table.GetInt(key));
  if (value < least || value > most) {
    return table.ErrorAt(
        table.Find(key)->line(),
        absl::StrFormat("%s is %d to %d", std::string(key), least, most));
  }
  return static_cast<int>(value);
}

absl::StatusOr<bool> Flag(const TomlTable& table, std::string_view key) {
  if (table.Find(key) == nullptr) return false;
  return table.GetBool(key);
}

absl::Status ReadCodes(const TomlTable& table, RuleElement& element) {
  if (table.Find("codes") == nullptr) return absl::OkStatus();
  if (element.dataset == "sus-apc" || element.dataset == "gp-prescription") {
    TALLY_ASSIGN_OR_RETURN(element.codes, ReadCodePrefixes(table, "codes"));
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(element.codes, table.GetStrings("codes"));
  const bool columns = element.dataset == "gp-patient";
  for (const std::string& code : element.codes) {
    const bool fits =
        !code.empty() && std::all_of(code.begin(), code.end(), [&](char c) {
          return columns ? (c >= 'a' && c <= 'z') || c == '_'
                         : (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               c == '_';
        });
    if (!fits) {
      return table.ErrorAt(table.Find("codes")->line(),
                           columns ? "a column is small letters"
                                   : "a cluster is capitals, digits and "
                                     "underscores");
    }
  }
  return absl::OkStatus();
}

// Fills element_code: whole codes, or the codes of the release that begin with
// a prefix.
absl::Status MakeElementCodes(const MeasureContext& context,
                              const std::vector<RuleElement>& elements,
                              const ElementSource& source) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE element_prefix (element INTEGER, "
      "code VARCHAR)"));
  TALLY_ASSIGN_OR_RETURN(
      engine::PreparedStatement insert,
      connection.Prepare("INSERT INTO element_prefix VALUES (?, ?)"));
  TALLY_RETURN_IF_ERROR(connection.Execute("BEGIN TRANSACTION"));
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].dataset != source.dataset) continue;
    for (const std::string& code : elements[i].codes) {
      TALLY_RETURN_IF_ERROR(
          insert
              .Run({engine::Value::Int64(static_cast<int64_t>(i)),
                    engine::Value::Text(code)})
              .status());
    }
  }
  TALLY_RETURN_IF_ERROR(connection.Execute("COMMIT"));
  if (!source.prefixes) {
    return connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE element_code AS "
        "SELECT DISTINCT element, code FROM element_prefix");
  }
  const std::string codes =
      absl::StrFormat("code_of_%s", std::string(source.table));
  TALLY_RETURN_IF_ERROR(context.base.Once(codes, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(const std::string rows,
                           ElementRows(context, source, true));
    return connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE %s AS SELECT DISTINCT code FROM %s",
        codes, rows));
  }));
  return connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE element_code AS "
      "SELECT DISTINCT p.element, c.code FROM %s AS c "
      "INNER JOIN element_prefix AS p ON starts_with(c.code, p.code)",
      codes));
}

// The table element_rule: what each element of one dataset asks for.
absl::Status MakeElementRules(const MeasureContext& context,
                              const std::vector<RuleElement>& elements,
                              std::string_view dataset, CivilDay at) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE element_rule (element INTEGER, "
      "since DATE, least BIGINT, different BOOLEAN, emergency BOOLEAN, "
      "coded BOOLEAN)"));
  TALLY_ASSIGN_OR_RETURN(engine::PreparedStatement insert,
                         connection.Prepare("INSERT INTO element_rule VALUES "
                                            "(?, ?, ?, ?, ?, ?)"));
  TALLY_ASSIGN_OR_RETURN(const CivilDay next, at.AddDays(1));
  for (size_t i = 0; i < elements.size(); ++i) {
    const RuleElement& element = elements[i];
    if (element.dataset != dataset) continue;
    engine::Value since = engine::Value::Null();
    if (element.look_back_months > 0) {
      TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                             next.AddMonths(-element.look_back_months));
      since = engine::Value::Day(first.days());
    }
    TALLY_RETURN_IF_ERROR(
        insert
            .Run({engine::Value::Int64(static_cast<int64_t>(i)), since,
                  engine::Value::Int64(element.min_count),
                  engine::Value::Bool(element.distinct),
                  engine::Value::Bool(element.emergency),
                  engine::Value::Bool(!element.codes.empty())})
            .status());
  }
  return absl::OkStatus();
}

// Adds who meets the elements of one dataset to element_hit. Of an admission
// the days are counted, of anything else the rows.
absl::Status MatchRows(const MeasureContext& context,
                       const ElementSource& source, bool coded, CivilDay at) {
  const bool stays = source.dataset == "sus-apc";
  const std::string counted =
      stays ? "count(DISTINCT day)" : "CAST(sum(n) AS BIGINT)";
  TALLY_ASSIGN_OR_RETURN(const std::string rows,
                         ElementRows(context, source, coded));
  return context.connection.Execute(
      absl::StrFormat(
          "INSERT INTO element_hit SELECT g.element, g.person FROM ("
          "SELECT element, person, %s AS records, count(DISTINCT code) AS "
          "codes FROM (SELECT r.element, e.person, e.code%s, count(*) AS n "
          "FROM %s AS e %s INNER JOIN element_rule AS r ON %s "
          "WHERE e.person IS NOT NULL AND e.day <= ? "
          "AND (r.since IS NULL OR e.day >= r.since) "
          "AND (e.emergency OR NOT r.emergency) "
          "GROUP BY r.element, e.person, e.code%s) "
          "GROUP BY element, person) AS g "
          "INNER JOIN element_rule AS r ON r.element = g.element "
          "WHERE CASE WHEN r.different THEN g.codes ELSE g.records END "
          ">= r.least",
          counted, stays ? ", e.day" : "", rows,
          coded ? "INNER JOIN element_code AS c ON c.code = e.code" : "",
          coded ? "r.element = c.element" : "NOT r.coded",
          stays ? ", e.day" : ""),
      {engine::Value::Day(at.days())});
}

absl::Status MatchSource(const MeasureContext& context,
                         const std::vector<RuleElement>& elements,
                         const ElementSource& source, CivilDay at) {
  bool coded = false, uncoded = false;
  for (const RuleElement& element : elements) {
    if (element.dataset != source.dataset) continue;
    (element.codes.empty() ? uncoded : coded) = true;
  }
  if (!coded && !uncoded) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(
      MakeElementRules(context, elements, source.dataset, at));
  if (coded) {
    TALLY_RETURN_IF_ERROR(MakeElementCodes(context, elements, source));
    TALLY_RETURN_IF_ERROR(MatchRows(context, source, true, at));
  }
  if (!uncoded) return absl::OkStatus();
  return MatchRows(context, source, false, at);
}

// What an element asks of the list: ages and sex.
std::string ListCondition(const RuleElement& element) {
  std::string sql;
  if (element.age_from > 0 || element.age_to < kOldestElementAge) {
    sql += absl::StrFormat(" AND l.age BETWEEN %d AND %d", element.age_from,
                           element.age_to);
  }
  if (!element.sex.empty()) {
    sql += absl::StrFormat(" AND l.sex = '%s'", element.sex);
  }
  return sql;
}

}  // namespace

const std::vector<std::string>& RuleElementKeys() {
  static const auto& keys = *new std::vector<std::string>{
      "dataset",   "codes",    "look_back_months", "min_count", "distinct",
      "emergency", "age_from", "age_to",           "sex"};
  return keys;
}

absl::StatusOr<RuleElement> ReadRuleElement(const TomlTable& table) {
  RuleElement element;
  if (table.Find("dataset") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(element.dataset, table.GetString("dataset"));
  }
  TALLY_RETURN_IF_ERROR(ReadCodes(table, element));
  TALLY_ASSIGN_OR_RETURN(
      element.look_back_months,
      WholeNumber(table, "look_back_months", 0, 0, kMostMonths));
  TALLY_ASSIGN_OR_RETURN(element.min_count,
                         WholeNumber(table, "min_count", 1, 1, kMostRecords));
  TALLY_ASSIGN_OR_RETURN(element.distinct, Flag(table, "distinct"));
  TALLY_ASSIGN_OR_RETURN(element.emergency, Flag(table, "emergency"));
  TALLY_ASSIGN_OR_RETURN(element.age_from, WholeNumber(table, "age_from", 0, 0,
                                                       kOldestElementAge));
  TALLY_ASSIGN_OR_RETURN(element.age_to,
                         WholeNumber(table, "age_to", kOldestElementAge,
                                     element.age_from, kOldestElementAge));
  if (table.Find("sex") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(element.sex, table.GetString("sex"));
    if (element.sex != "male" && element.sex != "female") {
      return table.ErrorAt(table.Find("sex")->line(), "sex is male or female");
    }
  }
  TALLY_RETURN_IF_ERROR(CheckDataset(table, element));
  if (element.dataset == "gp-patient" && element.codes.size() != 1) {
    return table.ErrorAt(table.line(),
                         "an element of gp-patient names one "
                         "column under codes");
  }
  return element;
}

std::string ElementMissing(const MeasureContext& context,
                           const RuleElement& element) {
  if (element.dataset.empty()) return "";
  if (element.dataset == "gp-patient") {
    if (HasColumns(context, "gp_patient", element.codes)) return "";
    return "gp-patient has no column " + element.codes[0];
  }
  const ElementSource* source = SourceOf(element.dataset);
  TALLY_CHECK(source != nullptr);
  std::vector<std::string> columns = source->columns;
  if (element.dataset == "sus-apc" && !element.codes.empty()) {
    columns.emplace_back("diag_01");
  }
  if (HasColumns(context, source->table, columns)) return "";
  return absl::StrFormat("the release has no %s with all that it needs",
                         element.dataset);
}

absl::Status MatchElements(const MeasureContext& context,
                           const std::vector<RuleElement>& elements,
                           CivilDay at, std::string_view list,
                           std::string_view name) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE element_hit (element INTEGER, "
      "person INTEGER)"));
  for (const ElementSource& source : ElementSources()) {
    TALLY_RETURN_IF_ERROR(MatchSource(context, elements, source, at));
  }
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE %s (element INTEGER, person INTEGER)",
      name)));
  for (size_t i = 0; i < elements.size(); ++i) {
    const RuleElement& element = elements[i];
    std::string from = absl::StrFormat(
        "element_hit AS h INNER JOIN %s AS l ON l.person = h.person "
        "WHERE h.element = %d",
        list, i);
    if (element.dataset.empty()) {
      from = absl::StrFormat("%s AS l WHERE true", list);
    } else if (element.dataset == "gp-patient") {
      from = absl::StrFormat(
          "(SELECT DISTINCT person FROM gp_patient WHERE %s) AS h "
          "INNER JOIN %s AS l ON l.person = h.person WHERE true",
          element.codes[0], list);
    }
    TALLY_RETURN_IF_ERROR(connection.Execute(
        absl::StrFormat("INSERT INTO %s SELECT %d, l.person FROM %s%s", name, i,
                        from, ListCondition(element))));
  }
  return connection.Execute("DROP TABLE element_hit");
}

absl::StatusOr<std::vector<std::string>> ClustersWithoutRecords(
    const MeasureContext& context, const std::vector<RuleElement>& elements) {
  std::vector<std::string> missing;
  if (!HasColumns(context, "gp_event", {"cluster_id"})) return missing;
  TALLY_RETURN_IF_ERROR(context.base.Once("cluster_seen", [&] {
    return context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE cluster_seen AS SELECT cluster_id, "
        "count(*) AS n FROM gp_event WHERE cluster_id IS NOT NULL "
        "GROUP BY cluster_id");
  }));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection, "SELECT cluster_id, n FROM cluster_seen",
                  1));
  std::set<std::string> seen;
  for (const GroupedRow& row : rows) seen.insert(row.levels[0]);
  for (const RuleElement& element : elements) {
    if (element.dataset != "gp-event") continue;
    for (const std::string& code : element.codes) {
      if (seen.insert(code).second) missing.push_back(code);
    }
  }
  return missing;
}

}  // namespace tally::analytics
