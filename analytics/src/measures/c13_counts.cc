// Counts of C13: what is read, areas and lists, and the rules of it all.
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

// rx_list (person, area, from_m, to_m): list_stay in numbers of months, cut to
// the printed ones; area is the position in counts.areas. Fills areas and list
// sizes.
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
  std::set<std::string> names;
  for (const auto& [practice, area] : shown) {
    if (area != kOtherPractices || with_others) {
      names.insert(area);
    } else {
      counts.everybody = false;
    }
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
  std::string values;
  for (const auto& [practice, area] : shown) {
    if (!names.contains(area)) continue;
    const auto place =
        std::find(counts.areas.begin(), counts.areas.end(), area);
    if (!values.empty()) values += ", ";
    values += absl::StrFormat("(%s, %d)", engine::QuoteLiteral(practice),
                              place - counts.areas.begin());
  }
  if (values.empty()) values = "('', 0)";
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
  TALLY_ASSIGN_OR_RETURN(rules.months, table.GetInt("months", 1, 60));
  TALLY_ASSIGN_OR_RETURN(rules.new_user_months,
                         table.GetInt("new_user_months", 1, 48));
  TALLY_ASSIGN_OR_RETURN(rules.pdc_window_months,
                         table.GetInt("pdc_window_months", 1, 48));
  TALLY_ASSIGN_OR_RETURN(
      rules.pdc_least_months,
      table.GetInt("pdc_least_months", 1, rules.pdc_window_months));
  TALLY_ASSIGN_OR_RETURN(
      rules.supply_months,
      table.GetInt("supply_months", 1, rules.pdc_window_months));
  TALLY_ASSIGN_OR_RETURN(rules.smallest_area,
                         table.GetInt("smallest_area", 1, 1'000'000));
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
  // Of a month that no extract covers nothing is known: it has no row.
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(context.release));
  TALLY_ASSIGN_OR_RETURN(counts.span,
                         MonthsEndingWith(context.month, rules.months));
  counts.span.first = std::max(counts.span.first, covered.first);
  counts.months = MonthsOf(counts.span);
  const int64_t first = rules.LookBack();
  TALLY_ASSIGN_OR_RETURN(
      const Span read,
      MonthsEndingWith(context.month,
                       static_cast<int64_t>(counts.months.size()) + first));
  counts.first_new = FirstWith(counts, covered.first, rules.new_user_months);
  counts.first_pdc =
      FirstWith(counts, covered.first, rules.pdc_window_months - 1);
  TALLY_RETURN_IF_ERROR(MakeUnits(context, rules));
  TALLY_RETURN_IF_ERROR(MakeAreaList(context, rules, read, first, counts));
  TALLY_RETURN_IF_ERROR(CountUse(context, rules, read, counts));
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
