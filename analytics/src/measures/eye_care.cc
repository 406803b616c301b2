#include "measures/eye_care.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

constexpr int64_t kEyeOldest = 90;

bool IsEyeCode(std::string_view text) {
  if (text.empty() || text.size() > 32) return false;
  for (const char c : text) {
    const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c >= '0' && c <= '9') || c == '_';
    if (!ok) return false;
  }
  return true;
}

absl::StatusOr<std::vector<std::string>> EyeCodes(const TomlTable& table,
                                                  std::string_view key) {
  if (table.Find(key) == nullptr) return std::vector<std::string>();
  TALLY_ASSIGN_OR_RETURN(std::vector<std::string> codes, table.GetStrings(key));
  const int line = table.Find(key)->line();
  std::set<std::string> seen;
  for (const std::string& code : codes) {
    if (!IsEyeCode(code) || !seen.insert(code).second) {
      return table.ErrorAt(line,
                           "a code is letters, digits and _, in a list once");
    }
  }
  if (codes.empty()) return table.ErrorAt(line, "the list is empty");
  return codes;
}

absl::StatusOr<RetestRule> ReadRetest(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"eligibility", "age_from", "age_to", "months"}));
  RetestRule rule;
  TALLY_ASSIGN_OR_RETURN(rule.eligibility, EyeCodes(table, "eligibility"));
  TALLY_ASSIGN_OR_RETURN(rule.age_from,
                         table.GetInt("age_from", 0, kEyeOldest));
  TALLY_ASSIGN_OR_RETURN(rule.age_to,
                         table.GetInt("age_to", rule.age_from, kEyeOldest));
  TALLY_ASSIGN_OR_RETURN(rule.months, table.GetInt("months", 1, 1200));
  return rule;
}

// A column of gos_claim, or null where the release lacks it.
std::string ClaimColumn(const MeasureContext& context, std::string_view column,
                        std::string_view type) {
  return context.release.Column("gos_claim", column) != nullptr
             ? std::string(column)
             : absl::StrFormat("CAST(NULL AS %s)", type);
}

}  // namespace

absl::StatusOr<EyeCareRules> ReadEyeCare(const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("eye_care"));
  EyeCareRules rules;
  const std::pair<std::string_view, std::vector<std::string>*> lists[] = {
      {"sight_tests", &rules.sight_tests},
      {"domiciliary", &rules.domiciliary},
      {"vouchers", &rules.vouchers},
      {"services", &rules.services},
      {"functions", &rules.functions},
      {"hospital", &rules.hospital},
      {"seen", &rules.seen},
      {"first", &rules.first},
      {"follow_up", &rules.follow_up},
      {"cataract", &rules.cataract}};
  std::vector<std::string> keys;
  for (const auto& [key, target] : lists) {
    keys.emplace_back(key);
    TALLY_ASSIGN_OR_RETURN(*target, EyeCodes(table, key));
  }
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(keys));
  if (definition.root().Find("retest") == nullptr) return rules;
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("retest"));
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "retest holds tables");
    }
    TALLY_ASSIGN_OR_RETURN(RetestRule rule, ReadRetest(value.AsTable()));
    rules.retest.push_back(std::move(rule));
  }
  return rules;
}

std::string OneOf(std::string_view column,
                  const std::vector<std::string>& values) {
  if (values.empty()) return "false";
  std::string list;
  for (const std::string& value : values) {
    if (!list.empty()) list += ", ";
    list += engine::QuoteLiteral(value);
  }
  return absl::StrFormat("%s IN (%s)", column, list);
}

std::string RetestMonthsSql(const EyeCareRules& rules) {
  if (rules.retest.empty()) return "CAST(NULL AS INTEGER)";
  std::string sql = "CASE";
  for (const RetestRule& rule : rules.retest) {
    sql += absl::StrFormat(" WHEN age BETWEEN %d AND %d", rule.age_from,
                           rule.age_to);
    if (!rule.eligibility.empty()) {
      sql += " AND " + OneOf("eligibility", rule.eligibility);
    }
    sql += absl::StrFormat(" THEN %d", rule.months);
  }
  return sql + " END";
}

absl::Status MakeEyeClaims(const MeasureContext& context,
                           const EyeCareRules& rules, const Span& span,
                           std::string_view name, bool with_unattended) {
  const auto column = [&](std::string_view wanted, std::string_view type) {
    return ClaimColumn(context, wanted, type);
  };
  const std::string base = absl::StrFormat(
      "SELECT person, source, claim_type, %1$s AS contractor, %2$s AS "
      "eligibility, %3$s AS condition, %4$s AS voucher_band, %5$s AS outcome, "
      "%6$s AS day, CAST(date_trunc('month', %6$s) AS DATE) AS month, "
      "%7$s AS age, CAST(%8$s AS VARCHAR) AS imd_decile, "
      "coalesce(%9$s, false) OR %10$s AS domiciliary, %11$s AS sight_test, "
      "%12$s AS previous, %13$s AS reason FROM gos_claim WHERE %14$s",
      column("contractor_ods", "VARCHAR"), column("eligibility", "VARCHAR"),
      column("condition", "VARCHAR"), column("voucher_band", "VARCHAR"),
      column("outcome", "VARCHAR"),
      PlacedDay(context, "gos_claim", "service_date"),
      column("age_fy", "INTEGER"), column("imd_decile", "INTEGER"),
      column("domiciliary", "BOOLEAN"), OneOf("claim_type", rules.domiciliary),
      OneOf("claim_type", rules.sight_tests),
      column("previous_test_month", "DATE"),
      column("early_retest_code", "VARCHAR"),
      WithinSpan(context, "gos_claim", "service_date", span));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE %1$s AS SELECT person, source, "
      "claim_type, contractor, eligibility, condition, voucher_band, outcome, "
      "day, month, age, imd_decile, domiciliary, sight_test, "
      "coalesce(asked, false) AS asked, "
      "coalesce(asked AND since < least_months, false) AS early, "
      "coalesce(asked AND since < least_months AND reason IS NOT NULL, false) "
      "AS coded FROM (SELECT *, sight_test AND since >= 0 AND least_months IS "
      "NOT NULL AS asked FROM (SELECT *, datediff('month', previous, month) AS "
      "since, %2$s AS least_months FROM (%3$s)))%4$s",
      name, RetestMonthsSql(rules), base,
      with_unattended ? "" : " WHERE outcome IS NULL OR outcome <> 'dna'"));
}

std::string MatchNote() {
  return "Many claims carry no NHS Number: rates per person are of claims that "
         "were matched, so read them with the match rate beside them.";
}

}  // namespace tally::analytics
