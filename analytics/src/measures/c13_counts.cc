// Counts of C13: items, cost, new users and persistence by month.
//
// Which months a person had a group in is one number, a bit a month, so that
// looking back is arithmetic on it and needs no order of rows.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "measures/areas.h"
#include "measures/c13_prescribing.h"
#include "measures/counts.h"
#include "measures/list_stays.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMostBits = 62;
constexpr std::string_view kOtherPractices = "other practices";
// Slack of a comparison of whole months with a share of them.
constexpr double kPdcSlack = 1e-9;

absl::StatusOr<int64_t> C13Number(const TomlTable& table, std::string_view key,
                                  int64_t from, int64_t to) {
  TALLY_ASSIGN_OR_RETURN(const int64_t number, table.GetInt(key));
  if (number < from || number > to) {
    return table.ErrorAt(
        table.Find(key)->line(),
        absl::StrFormat("%s is %d to %d", std::string(key), from, to));
  }
  return number;
}

// rx_code (bnf_code, unit): paragraphs are 1, 2, ... by code; group i is -1-i.
// rx_unit (unit, bnf).
absl::Status MakeUnits(const MeasureContext& context,
                       const PrescribingRules& rules) {
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rx_known AS SELECT DISTINCT bnf_code "
      "FROM gp_prescription WHERE %s",
      InChapters("bnf_code", rules.chapters))));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rx_unit AS SELECT "
      "CAST(row_number() OVER (ORDER BY bnf) AS INTEGER) AS unit, bnf FROM "
      "(SELECT DISTINCT left(bnf_code, %d) AS bnf FROM rx_known)",
      kBnfParagraph)));
  std::string codes = absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rx_code AS SELECT k.bnf_code, u.unit "
      "FROM rx_known AS k INNER JOIN rx_unit AS u ON u.bnf = "
      "left(k.bnf_code, %d)",
      kBnfParagraph);
  for (size_t i = 0; i < rules.groups.size(); ++i) {
    codes +=
        absl::StrFormat(" UNION ALL SELECT bnf_code, %d FROM rx_known WHERE %s",
                        -1 - static_cast<int>(i),
                        StartsWithOne("bnf_code", rules.groups[i].prefixes));
  }
  return context.connection.Execute(codes);
}

// rx_use (person, unit, m, items, nic), a row a person, unit and month; m
// counts from `first`. rx_mask (person, unit, mask).
absl::Status MakeUse(const MeasureContext& context, const Span& read) {
  const bool nic =
      context.release.Column("gp_prescription", "nic_pence") != nullptr;
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rx_use AS SELECT p.person, c.unit, "
      "CAST(datediff('month', DATE '%1$s', %2$s) AS INTEGER) AS m, "
      "CAST(sum(%3$s) AS BIGINT) AS items, "
      "CAST(sum(%4$s) AS BIGINT) AS nic FROM gp_prescription AS p "
      "INNER JOIN rx_code AS c ON c.bnf_code = p.bnf_code "
      "WHERE p.person IS NOT NULL AND %5$s AND %3$s > 0 "
      "GROUP BY p.person, c.unit, m",
      read.first.ToIso(), PlacedDay(context, "gp_prescription", "p.issue_date"),
      ItemsSql(context), nic ? "coalesce(p.nic_pence, 0)" : "0",
      WithinSpan(context, "gp_prescription", "p.issue_date", read))));
  return context.connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE rx_mask AS SELECT person, unit, "
      "bit_or(CAST(1 AS BIGINT) << m) AS mask FROM rx_use GROUP BY person, "
      "unit");
}

// rx_list (person, area, from_m, to_m): list_stay in numbers of months, cut to
// the printed ones. Fills areas and list sizes.
absl::Status MakeAreaList(const MeasureContext& context,
                          const PrescribingRules& rules, const Span& read,
                          int64_t first_printed, RxCounts& counts) {
  TALLY_RETURN_IF_ERROR(MakePatientList(context));
  TALLY_RETURN_IF_ERROR(MakeListStays(context));
  TALLY_ASSIGN_OR_RETURN(const Areas areas,
                         ReadAreas(context.connection, rules.smallest_area));
  counts.note = areas.note;
  TALLY_ASSIGN_OR_RETURN(const auto sizes, ListSizes(context, counts.span));
  std::map<std::string, std::string> shown;
  std::map<int64_t, int64_t> others;
  for (const auto& [key, size] : sizes) {
    const std::string* area = areas.Of(key.first);
    shown[key.first] = area == nullptr ? std::string(kOtherPractices) : *area;
    if (area == nullptr) others[key.second.days()] += size;
  }
  const bool with_others = std::any_of(
      others.begin(), others.end(),
      [&](const auto& month) { return month.second >= rules.smallest_area; });
  std::string values;
  std::set<std::string> names;
  for (const auto& [practice, area] : shown) {
    if (area == kOtherPractices && !with_others) continue;
    if (!values.empty()) values += ", ";
    values += absl::StrFormat("(%s, %s)", engine::QuoteLiteral(practice),
                              engine::QuoteLiteral(area));
    names.insert(area);
  }
  for (const auto& [key, size] : sizes) {
    const std::string& area = shown.at(key.first);
    if (!names.contains(area)) continue;
    const auto month =
        std::find(counts.months.begin(), counts.months.end(), key.second);
    counts.list[{area, month - counts.months.begin()}] += size;
  }
  counts.areas.assign(names.begin(), names.end());
  SortLevels(counts.areas);
  if (values.empty()) values = "('', '')";
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rx_list AS WITH shown(practice, area) "
      "AS (VALUES %1$s) SELECT s.person, a.area, "
      "greatest(CAST(datediff('month', DATE '%2$s', s.from_month) AS INTEGER), "
      "%3$d) AS from_m, CAST(datediff('month', DATE '%2$s', s.to_month) AS "
      "INTEGER) AS to_m FROM list_stay AS s INNER JOIN shown AS a ON "
      "a.practice = s.practice WHERE datediff('month', DATE '%2$s', "
      "s.to_month) >= %3$d",
      values, read.first.ToIso(), first_printed));
}

// Rows of (area or All, bnf, month and numbers) into the figures.
absl::Status ReadFigures(
    const MeasureContext& context, const std::string& sql, int64_t first,
    RxCounts& counts,
    const std::function<RxFigures(const std::vector<int64_t>&)>& make) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> rows,
                         QueryGroups(context.connection, sql, 2));
  for (const GroupedRow& row : rows) {
    const RxKey key{row.levels[0], row.levels[1], row.counts[0] - first};
    counts.figures[key].Add(
        make(std::vector<int64_t>(row.counts.begin() + 1, row.counts.end())));
  }
  return absl::OkStatus();
}

// The name of a unit and the area that its rows stand under.
std::string NamedUnit(const PrescribingRules& rules) {
  std::string names = "CASE g.unit";
  for (size_t i = 0; i < rules.groups.size(); ++i) {
    names += absl::StrFormat(" WHEN %d THEN %s", -1 - static_cast<int>(i),
                             engine::QuoteLiteral(rules.groups[i].title));
  }
  return rules.groups.empty() ? "u.bnf" : names + " ELSE u.bnf END";
}

std::string WithNames(const PrescribingRules& rules, const std::string& columns,
                      const std::string& from) {
  return absl::StrFormat(
      "SELECT %1$s, g.area, g.m, %2$s FROM (%3$s) AS g LEFT JOIN rx_unit AS u "
      "ON u.unit = g.unit",
      NamedUnit(rules), columns, from);
}

constexpr char kAreaOf[] = "CASE WHEN x.unit < 0 THEN l.area ELSE 'All' END";

absl::Status CountItems(const MeasureContext& context,
                        const PrescribingRules& rules, int64_t first,
                        RxCounts& counts) {
  const std::string sql = absl::StrFormat(
      "SELECT x.unit, %s AS area, x.m, CAST(sum(x.items) AS BIGINT) AS items, "
      "CAST(sum(x.nic) AS BIGINT) AS nic, count_if(x.nic > 0) AS people, "
      "max(x.nic, 2) AS top FROM rx_use AS x INNER JOIN rx_list AS l ON "
      "l.person = x.person AND x.m BETWEEN l.from_m AND l.to_m "
      "WHERE x.m >= %d GROUP BY x.unit, area, x.m",
      kAreaOf, first);
  return ReadFigures(
      context,
      WithNames(rules,
                "g.items, g.nic, CAST(g.people AS BIGINT), g.top[1], "
                "coalesce(g.top[2], 0)",
                sql),
      first, counts, [](const std::vector<int64_t>& n) {
        RxFigures f;
        f.items = n[0];
        f.nic_pence = n[1];
        f.people = n[2];
        f.largest = n[3];
        f.second = n[4];
        return f;
      });
}

absl::Status CountNewUsers(const MeasureContext& context,
                           const PrescribingRules& rules, int64_t first,
                           RxCounts& counts) {
  const int64_t back = rules.new_user_months;
  const std::string sql = absl::StrFormat(
      "SELECT x.unit, %1$s AS area, x.m, count(*) AS new_users FROM "
      "(SELECT person, unit, m FROM rx_mask, (SELECT CAST(range AS INTEGER) "
      "AS m FROM range(%2$d, %3$d)) WHERE (mask >> m) & 1 = 1 AND "
      "(mask >> (m - %4$d)) & %5$d = 0) AS x INNER JOIN rx_list AS l ON "
      "l.person = x.person AND x.m BETWEEN l.from_m AND l.to_m "
      "GROUP BY x.unit, area, x.m",
      kAreaOf, first + counts.first_new,
      first + static_cast<int64_t>(counts.months.size()), back,
      (int64_t{1} << back) - 1);
  return ReadFigures(context, WithNames(rules, "g.new_users", sql), first,
                     counts, [](const std::vector<int64_t>& n) {
                       RxFigures f;
                       f.new_users = n[0];
                       return f;
                     });
}

absl::Status CountPersistent(const MeasureContext& context,
                             const PrescribingRules& rules, int64_t first,
                             RxCounts& counts) {
  const int64_t window = rules.pdc_window_months;
  const int64_t all = (int64_t{1} << window) - 1;
  std::string covered = "w";
  for (int64_t i = 1; i < rules.supply_months; ++i) {
    covered += absl::StrFormat(" | ((w << %d) & %d)", i, all);
  }
  // w holds the window's months, this month in the highest bit; its lowest one
  // is the month of the first item.
  const std::string sql = absl::StrFormat(
      "SELECT x.unit, %1$s AS area, x.m, count(*) AS users, "
      "CAST(count_if(x.covered >= x.since * %2$.17g - %3$.17g) AS BIGINT) AS "
      "persistent FROM (SELECT person, unit, m, "
      "CAST(%4$d - bit_count((w & -w) - 1) AS INTEGER) AS since, "
      "CAST(bit_count(%5$s) AS INTEGER) AS covered FROM "
      "(SELECT person, unit, m, (mask >> (m - %6$d)) & %7$d AS w FROM rx_mask, "
      "(SELECT CAST(range AS INTEGER) AS m FROM range(%8$d, %9$d))) "
      "WHERE w <> 0) AS x INNER JOIN rx_list AS l ON l.person = x.person AND "
      "x.m BETWEEN l.from_m AND l.to_m WHERE x.since >= %10$d "
      "GROUP BY x.unit, area, x.m",
      kAreaOf, rules.pdc, kPdcSlack, window, covered, window - 1, all,
      first + counts.first_pdc,
      first + static_cast<int64_t>(counts.months.size()),
      rules.pdc_least_months);
  return ReadFigures(context, WithNames(rules, "g.users, g.persistent", sql),
                     first, counts, [](const std::vector<int64_t>& n) {
                       RxFigures f;
                       f.users = n[0];
                       f.persistent = n[1];
                       return f;
                     });
}

// The first printed month whose `back` months before are in the release.
int64_t FirstWith(const RxCounts& counts, CivilDay covered, int64_t back) {
  for (size_t i = 0; i < counts.months.size(); ++i) {
    const auto oldest = counts.months[i].AddMonths(-static_cast<int>(back));
    if (oldest.ok() && covered <= *oldest) return static_cast<int64_t>(i);
  }
  return static_cast<int64_t>(counts.months.size());
}

}  // namespace

int64_t PrescribingRules::LookBack() const {
  return std::max(new_user_months, pdc_window_months - 1);
}

void RxFigures::Add(const RxFigures& other) {
  items += other.items;
  nic_pence += other.nic_pence;
  people += other.people;
  new_users += other.new_users;
  users += other.users;
  persistent += other.persistent;
  for (const int64_t cost : {other.largest, other.second}) {
    second = std::max(second, std::min(largest, cost));
    largest = std::max(largest, cost);
  }
}

absl::StatusOr<PrescribingRules> ReadPrescribingRules(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"months", "chapters", "new_user_months",
                      "pdc_window_months", "pdc_least_months", "pdc",
                      "supply_months", "smallest_area", "spc_mode"}));
  PrescribingRules rules;
  TALLY_ASSIGN_OR_RETURN(rules.months, C13Number(table, "months", 1, 60));
  TALLY_ASSIGN_OR_RETURN(rules.new_user_months,
                         C13Number(table, "new_user_months", 1, 48));
  TALLY_ASSIGN_OR_RETURN(rules.pdc_window_months,
                         C13Number(table, "pdc_window_months", 1, 48));
  TALLY_ASSIGN_OR_RETURN(
      rules.pdc_least_months,
      C13Number(table, "pdc_least_months", 1, rules.pdc_window_months));
  TALLY_ASSIGN_OR_RETURN(
      rules.supply_months,
      C13Number(table, "supply_months", 1, rules.pdc_window_months));
  TALLY_ASSIGN_OR_RETURN(rules.smallest_area,
                         C13Number(table, "smallest_area", 1, 1'000'000));
  TALLY_ASSIGN_OR_RETURN(rules.pdc, table.GetDouble("pdc"));
  if (!(rules.pdc > 0 && rules.pdc <= 1)) {
    return table.ErrorAt(table.Find("pdc")->line(), "pdc is above 0, up to 1");
  }
  if (rules.months + rules.LookBack() > kMostBits) {
    return table.ErrorAt(table.line(),
                         "months and the months before are 62 at most");
  }
  TALLY_ASSIGN_OR_RETURN(rules.chapters, ReadChapters(definition));
  TALLY_ASSIGN_OR_RETURN(rules.groups, ReadBnfGroups(definition, "group"));
  return rules;
}

absl::StatusOr<RxCounts> CountPrescribing(const MeasureContext& context,
                                          const PrescribingRules& rules) {
  RxCounts counts;
  TALLY_ASSIGN_OR_RETURN(counts.span,
                         MonthsEndingWith(context.month, rules.months));
  counts.months = MonthsOf(counts.span);
  const int64_t first = rules.LookBack();
  TALLY_ASSIGN_OR_RETURN(const Span read,
                         MonthsEndingWith(context.month, rules.months + first));
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(context.release));
  counts.first_new = FirstWith(counts, covered.first, rules.new_user_months);
  counts.first_pdc =
      FirstWith(counts, covered.first, rules.pdc_window_months - 1);
  TALLY_RETURN_IF_ERROR(MakeUnits(context, rules));
  TALLY_RETURN_IF_ERROR(MakeUse(context, read));
  TALLY_RETURN_IF_ERROR(MakeAreaList(context, rules, read, first, counts));
  TALLY_RETURN_IF_ERROR(CountItems(context, rules, first, counts));
  TALLY_RETURN_IF_ERROR(CountNewUsers(context, rules, first, counts));
  TALLY_RETURN_IF_ERROR(CountPersistent(context, rules, first, counts));
  std::set<std::string> titles;
  for (const BnfGroup& group : rules.groups) titles.insert(group.title);
  std::set<std::string> paragraphs;
  for (const auto& [key, figures] : counts.figures) {
    if (figures.items > 0 && !titles.contains(key.bnf)) {
      paragraphs.insert(key.bnf);
    }
  }
  counts.paragraphs.assign(paragraphs.begin(), paragraphs.end());
  return counts;
}

}  // namespace tally::analytics
