#include "measures/code_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr size_t kLongestCode = 4;
constexpr int64_t kOldestAge = 90;

bool IsCodeStart(std::string_view code) {
  return !code.empty() && code.size() <= kLongestCode && code[0] >= 'A' &&
         code[0] <= 'Z' &&
         std::all_of(code.begin() + 1, code.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == 'X'; });
}

absl::StatusOr<CodeClause> ReadClause(const TomlTable& file,
                                      const TomlValue& value) {
  if (!value.is_table()) {
    return file.ErrorAt(value.line(),
                        "a clause is { at = ..., codes = [...] }");
  }
  const TomlTable& table = value.AsTable();
  TALLY_RETURN_IF_ERROR(table.OnlyKeys({"at", "codes"}));
  CodeClause clause;
  TALLY_ASSIGN_OR_RETURN(const std::string at, table.GetString("at"));
  if (at == "primary") {
    clause.at = CodeClause::At::kPrimary;
  } else if (at == "secondary") {
    clause.at = CodeClause::At::kSecondary;
  } else if (at != "any") {
    return file.ErrorAt(value.line(), "at is primary, secondary or any");
  }
  TALLY_ASSIGN_OR_RETURN(clause.codes, table.GetStrings("codes"));
  if (clause.codes.empty() ||
      !std::all_of(clause.codes.begin(), clause.codes.end(), IsCodeStart)) {
    return file.ErrorAt(value.line(),
                        "codes are a capital and up to three digits");
  }
  return clause;
}

absl::StatusOr<std::vector<CodeClause>> ReadClauses(const TomlTable& file,
                                                    const TomlValue& value) {
  if (!value.is_array())
    return file.ErrorAt(value.line(), "clauses are a list");
  std::vector<CodeClause> clauses;
  for (const TomlValue& one : value.AsArray()) {
    TALLY_ASSIGN_OR_RETURN(CodeClause clause, ReadClause(file, one));
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

// Clauses of an optional key; none if it is not there.
absl::StatusOr<std::vector<CodeClause>> ClausesAt(const TomlTable& table,
                                                  std::string_view key) {
  const TomlValue* value = table.Find(key);
  if (value == nullptr) return std::vector<CodeClause>();
  return ReadClauses(table, *value);
}

absl::StatusOr<std::vector<CodeCase>> CasesAt(const TomlTable& table,
                                              std::string_view key) {
  std::vector<CodeCase> cases;
  const TomlValue* value = table.Find(key);
  if (value == nullptr) return cases;
  if (!value->is_array()) {
    return table.ErrorAt(value->line(), "cases are a list of lists of clauses");
  }
  for (const TomlValue& one : value->AsArray()) {
    TALLY_ASSIGN_OR_RETURN(CodeCase clauses, ReadClauses(table, one));
    if (clauses.empty()) {
      return table.ErrorAt(one.line(), "a case needs a clause");
    }
    cases.push_back(std::move(clauses));
  }
  return cases;
}

absl::StatusOr<CodeRule> ReadRule(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(
      {"id", "title", "group", "counts_as", "diagnoses", "procedures",
       "no_diagnoses", "no_procedures", "age_below"}));
  CodeRule rule;
  TALLY_ASSIGN_OR_RETURN(rule.id, table.GetString("id"));
  TALLY_ASSIGN_OR_RETURN(rule.title, table.GetString("title"));
  if (table.Find("group") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(rule.group, table.GetString("group"));
  }
  rule.counts_as = rule.id;
  if (table.Find("counts_as") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(rule.counts_as, table.GetString("counts_as"));
  }
  if (table.Find("age_below") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const int64_t age,
                           table.GetInt("age_below", 1, kOldestAge));
    rule.age_below = static_cast<int>(age);
  }
  TALLY_ASSIGN_OR_RETURN(rule.diagnoses, CasesAt(table, "diagnoses"));
  TALLY_ASSIGN_OR_RETURN(rule.procedures, CasesAt(table, "procedures"));
  TALLY_ASSIGN_OR_RETURN(rule.no_diagnoses, ClausesAt(table, "no_diagnoses"));
  TALLY_ASSIGN_OR_RETURN(rule.no_procedures, ClausesAt(table, "no_procedures"));
  if (rule.diagnoses.empty() && rule.procedures.empty()) {
    return table.ErrorAt(table.line(), "a rule needs diagnoses or procedures");
  }
  return rule;
}

std::string_view AtText(CodeClause::At at) {
  switch (at) {
    case CodeClause::At::kPrimary:
      return "primary";
    case CodeClause::At::kSecondary:
      return "secondary";
    case CodeClause::At::kAny:
      break;
  }
  return "any";
}

// A column diag_01 to diag_99 or proc_01 to proc_99; not proc_date_01.
struct CodeColumn {
  char kind;
  int position;
};

std::optional<CodeColumn> CodeColumnOf(std::string_view name) {
  const bool diagnosis = name.starts_with("diag_");
  if (!diagnosis && !name.starts_with("proc_")) return std::nullopt;
  const std::string_view number = name.substr(5);
  if (number.size() != 2 ||
      !std::all_of(number.begin(), number.end(),
                   [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return CodeColumn{diagnosis ? 'D' : 'P',
                    10 * (number[0] - '0') + (number[1] - '0')};
}

// Writes rules into the two small tables that the joins read.
class RuleTables {
 public:
  explicit RuleTables(engine::Connection& connection)
      : connection_(connection) {}

  absl::Status Fill(const std::vector<CodeRule>& rules) {
    TALLY_RETURN_IF_ERROR(connection_.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE rule_clause (clause INTEGER, rule "
        "INTEGER, side VARCHAR, alternative INTEGER, clauses INTEGER, kind "
        "VARCHAR, place VARCHAR)"));
    TALLY_RETURN_IF_ERROR(connection_.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE clause_start (clause INTEGER, kind "
        "VARCHAR, start VARCHAR)"));
    TALLY_RETURN_IF_ERROR(connection_.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE rule_need (rule INTEGER, sides "
        "INTEGER, age_below INTEGER)"));
    for (size_t i = 0; i < rules.size(); ++i) {
      TALLY_RETURN_IF_ERROR(AddRule(static_cast<int64_t>(i), rules[i]));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AddRule(int64_t number, const CodeRule& rule) {
    const int64_t sides =
        (rule.diagnoses.empty() ? 0 : 1) + (rule.procedures.empty() ? 0 : 1);
    TALLY_RETURN_IF_ERROR(connection_.Execute(
        "INSERT INTO rule_need VALUES (?, ?, ?)",
        {engine::Value::Int64(number), engine::Value::Int64(sides),
         rule.age_below > 0 ? engine::Value::Int64(rule.age_below)
                            : engine::Value::Null()}));
    TALLY_RETURN_IF_ERROR(AddCases(number, "D", rule.diagnoses));
    TALLY_RETURN_IF_ERROR(AddCases(number, "P", rule.procedures));
    for (const CodeClause& clause : rule.no_diagnoses) {
      TALLY_RETURN_IF_ERROR(AddClause(number, "none", 0, 1, "D", clause));
    }
    for (const CodeClause& clause : rule.no_procedures) {
      TALLY_RETURN_IF_ERROR(AddClause(number, "none", 0, 1, "P", clause));
    }
    return absl::OkStatus();
  }

  absl::Status AddCases(int64_t rule, const char* kind,
                        const std::vector<CodeCase>& cases) {
    for (size_t i = 0; i < cases.size(); ++i) {
      for (const CodeClause& clause : cases[i]) {
        TALLY_RETURN_IF_ERROR(AddClause(rule, kind, static_cast<int64_t>(i),
                                        static_cast<int64_t>(cases[i].size()),
                                        kind, clause));
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddClause(int64_t rule, const char* side, int64_t alternative,
                         int64_t clauses, const char* kind,
                         const CodeClause& clause) {
    const engine::Value number = engine::Value::Int64(next_++);
    TALLY_RETURN_IF_ERROR(connection_.Execute(
        "INSERT INTO rule_clause VALUES (?, ?, ?, ?, ?, ?, ?)",
        {number, engine::Value::Int64(rule), engine::Value::Text(side),
         engine::Value::Int64(alternative), engine::Value::Int64(clauses),
         engine::Value::Text(kind),
         engine::Value::Text(std::string(AtText(clause.at)))}));
    for (const std::string& code : clause.codes) {
      TALLY_RETURN_IF_ERROR(connection_.Execute(
          "INSERT INTO clause_start VALUES (?, ?, ?)",
          {number, engine::Value::Text(kind), engine::Value::Text(code)}));
    }
    return absl::OkStatus();
  }

  engine::Connection& connection_;
  int64_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<CodeRule>> ReadCodeRules(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("rule"));
  std::vector<CodeRule> rules;
  std::set<std::string> ids;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "a rule is a table");
    }
    TALLY_ASSIGN_OR_RETURN(CodeRule rule, ReadRule(value.AsTable()));
    if (!ids.insert(rule.id).second) {
      return definition.root().ErrorAt(value.line(), "a rule is there twice");
    }
    rules.push_back(std::move(rule));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!ids.contains(rules[i].counts_as)) {
      return definition.root().ErrorAt(array[i].line(),
                                       "counts_as names no rule");
    }
  }
  return rules;
}

absl::Status CheckCodeStarts(const TomlTable& table,
                             const std::vector<std::string>& starts) {
  if (std::all_of(starts.begin(), starts.end(), IsCodeStart)) {
    return absl::OkStatus();
  }
  return table.ErrorAt(table.line(),
                       "codes are a capital and up to three digits");
}

absl::Status ApplyCodeRules(engine::Connection& connection,
                            const std::vector<CodeRule>& rules,
                            const CodeTables& tables) {
  TALLY_CHECK(!tables.ages.empty() ||
              std::none_of(rules.begin(), rules.end(),
                           [](const CodeRule& r) { return r.age_below > 0; }));
  TALLY_RETURN_IF_ERROR(RuleTables(connection).Fill(rules));
  // Few codes are distinct: they are compared with every start, all codes only
  // joined with what came of it.
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE clause_hit AS "
      "SELECT DISTINCT r.clause, c.unit FROM %s AS c INNER JOIN ("
      "SELECT DISTINCT s.clause, d.kind, d.code FROM "
      "(SELECT DISTINCT kind, code FROM %s) AS d INNER JOIN clause_start AS s "
      "ON s.kind = d.kind AND starts_with(d.code, s.start)) AS m "
      "ON m.kind = c.kind AND m.code = c.code "
      "INNER JOIN rule_clause AS r ON r.clause = m.clause "
      "AND (r.place = 'any' OR (r.place = 'primary') = (c.position = 1))",
      tables.codes, tables.codes)));
  // Ages only for rules that ask for one, and by an equality alone: a condition
  // beside it would have every pair compared.
  const std::string young =
      tables.ages.empty()
          ? std::string("WHERE n.age_below IS NULL")
          : absl::StrFormat(
                "LEFT JOIN %s AS a ON a.unit = "
                "CASE WHEN n.age_below IS NOT NULL THEN h.unit END "
                "WHERE (n.age_below IS NULL OR a.age_fy < n.age_below)",
                tables.ages);
  return connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rule_hit AS "
      "SELECT h.rule, h.unit FROM ("
      "SELECT rule, unit, count(*) AS sides FROM ("
      "SELECT DISTINCT rule, side, unit FROM ("
      "SELECT r.rule, r.side, r.alternative, r.clauses, c.unit "
      "FROM clause_hit AS c INNER JOIN rule_clause AS r "
      "ON r.clause = c.clause WHERE r.side <> 'none' "
      "GROUP BY r.rule, r.side, r.alternative, r.clauses, c.unit "
      "HAVING count(*) = r.clauses)) GROUP BY rule, unit) AS h "
      "INNER JOIN rule_need AS n ON n.rule = h.rule AND n.sides = h.sides "
      "%s AND NOT EXISTS (SELECT 1 FROM clause_hit AS c "
      "INNER JOIN rule_clause AS r ON r.clause = c.clause "
      "WHERE r.side = 'none' AND r.rule = h.rule AND c.unit = h.unit)",
      young));
}

std::string PackedCodes(CodeKind kind,
                        const std::vector<std::string>& columns) {
  const char letter = kind == CodeKind::kDiagnosis ? 'D' : 'P';
  std::map<int, std::string> places;
  for (const std::string& column : columns) {
    const std::optional<CodeColumn> code = CodeColumnOf(column);
    if (code && code->kind == letter) places[code->position] = column;
  }
  if (places.empty()) return "CAST(NULL AS VARCHAR)";
  std::string list;
  for (int i = 1; i <= places.rbegin()->first; ++i) {
    const auto found = places.find(i);
    list += found == places.end()
                ? std::string(", ''")
                : absl::StrFormat(", coalesce(%s, '')", found->second);
  }
  return absl::StrFormat("rtrim(concat_ws(' '%s))", list);
}

absl::Status MakeCodeTable(engine::Connection& connection,
                           std::string_view name, std::string_view table,
                           std::string_view unit, std::string_view where,
                           const std::vector<std::string>& columns) {
  return MakeCodeTable(
      connection, name,
      absl::StrFormat("SELECT %s AS unit, %s AS diagnoses, %s AS procedures "
                      "FROM %s WHERE %s",
                      unit, PackedCodes(CodeKind::kDiagnosis, columns),
                      PackedCodes(CodeKind::kProcedure, columns), table,
                      where));
}

absl::Status MakeCodeTable(engine::Connection& connection,
                           std::string_view name, std::string_view packed) {
  return connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE %s AS "
      "WITH packed AS MATERIALIZED (%s) "
      "SELECT unit, kind, position, code FROM ("
      "SELECT unit, kind, generate_subscripts(codes, 1) AS position, "
      "unnest(codes) AS code FROM ("
      "SELECT unit, 'D' AS kind, string_split(diagnoses, ' ') AS codes "
      "FROM packed WHERE diagnoses <> '' AND unit IS NOT NULL UNION ALL "
      "SELECT unit, 'P' AS kind, string_split(procedures, ' ') AS codes "
      "FROM packed WHERE procedures <> '' AND unit IS NOT NULL)) "
      "WHERE code <> ''",
      name, packed));
}

}  // namespace tally::analytics
