// C19: activity and cost by provider, and rates of their inpatient care.
#include "measures/c19_provider.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/activity.h"
#include "measures/counts.h"
#include "measures/hospital.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr double kPenceInPound = 100;

// Rows of a provider, type and month, with what the gate must know of a sum of
// money.
struct ProviderCell {
  int64_t activity = 0;
  int64_t priced = 0;
  int64_t pence = 0;
  int64_t contributors = 0;
  int64_t largest = 0;
  int64_t second = 0;

  // A sum of cells. One person may be in several of them: so there are at least
  // as many contributors as in one, and nobody has more than the largest of all
  // together. The gate hides rather too much by that than too little.
  void Add(const ProviderCell& part) {
    activity += part.activity;
    priced += part.priced;
    pence += part.pence;
    contributors = std::max(contributors, part.contributors);
    largest += part.largest;
    second += part.second;
  }
};
// By provider (empty: all), type and month (empty: all).
using ProviderKey = std::tuple<std::string, std::string, std::string>;
using ProviderCells = std::map<ProviderKey, ProviderCell>;

// Months of the report by type of activity, those that its dataset covers.
using TypeMonths = std::map<std::string, std::vector<std::string>>;

// Names in `notes` the datasets that cover less than `range`.
absl::StatusOr<TypeMonths> MonthsByType(const MeasureContext& context,
                                        const ActivityParts& parts,
                                        MonthRange range,
                                        std::vector<std::string>& notes) {
  TALLY_ASSIGN_OR_RETURN(const auto covered,
                         ActivityMonths(context, parts, range));
  std::map<std::string, std::vector<std::string>> of_table;
  for (const auto& [table, months] : covered) {
    for (CivilDay month = months.first; month <= months.last;) {
      of_table[table].push_back(month.ToMonth());
      TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
    }
    if (months.first == range.first && months.last == range.last) continue;
    notes.push_back(absl::StrFormat(
        "Table %s covers %s to %s only: so do the sums of its types.", table,
        months.first.ToMonth(), months.last.ToMonth()));
  }
  TypeMonths of_type;
  for (const auto& [pod, title] : ActivityTypes()) {
    const auto months = of_table.find(std::string(TableOfActivity(pod)));
    if (months != of_table.end()) of_type[pod] = months->second;
  }
  return of_type;
}

// Rows without a person contribute one by one. Sums are added in C++: one pass
// over the activity.
absl::StatusOr<ProviderCells> CountProviderCells(const MeasureContext& context,
                                                 CivilDay from,
                                                 const TypeMonths& months) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          "WITH each AS (SELECT provider, pod, month, count(*) AS activity, "
          "count(cost_pence) AS priced, "
          "CAST(coalesce(sum(cost_pence), 0) AS BIGINT) AS pence "
          "FROM activity WHERE month >= ? AND person IS NOT NULL "
          "GROUP BY provider, pod, month, person UNION ALL "
          "SELECT provider, pod, month, 1, "
          "CAST(cost_pence IS NOT NULL AS BIGINT), coalesce(cost_pence, 0) "
          "FROM activity WHERE month >= ? AND person IS NULL) "
          "SELECT provider, pod, strftime(month, '%Y-%m'), "
          "CAST(sum(activity) AS BIGINT), CAST(sum(priced) AS BIGINT), "
          "CAST(sum(pence) AS BIGINT), "
          "CAST(count_if(pence > 0) AS BIGINT), CAST(max(pence) AS BIGINT), "
          "CAST(coalesce(max(pence, 2)[2], 0) AS BIGINT) "
          "FROM each GROUP BY provider, pod, month",
          3,
          {engine::Value::Day(from.days()), engine::Value::Day(from.days())}));
  ProviderCells cells;
  for (const GroupedRow& row : rows) {
    const ProviderCell cell = {row.counts[0], row.counts[1], row.counts[2],
                               row.counts[3], row.counts[4], row.counts[5]};
    const std::string& provider = row.levels[0];
    const std::string& pod = row.levels[1];
    const std::string& month = row.levels[2];
    const auto covered = months.find(pod);
    if (covered == months.end() ||
        !std::binary_search(covered->second.begin(), covered->second.end(),
                            month)) {
      continue;
    }
    cells[{provider, pod, month}].Add(cell);
    cells[{provider, pod, ""}].Add(cell);
    cells[{"", pod, month}].Add(cell);
    cells[{"", pod, ""}].Add(cell);
  }
  return cells;
}

size_t AddProviderRow(TableBuilder& table, const std::string& provider,
                      const std::string& pod, const std::string& month,
                      const ProviderCell& cell) {
  const size_t row = table.AddRow({provider, ActivityTitle(pod), month});
  table.Set(row, "activity", cell.activity).Set(row, "priced", cell.priced);
  if (cell.contributors == 0) {
    table.SetNa(row, "cost", NaReason::kReferenceMissing);
    return row;
  }
  table.SetSum(row, "cost", static_cast<double>(cell.pence) / kPenceInPound,
               cell.contributors,
               static_cast<double>(cell.largest) / kPenceInPound,
               static_cast<double>(cell.second) / kPenceInPound);
  return row;
}

// Rows of one provider (empty: all together): months of each type, then all
// months. Adds the rows of months to `parts` by type and month.
using MonthRows =
    std::map<std::pair<std::string, std::string>, std::vector<size_t>>;

void AddProvider(TableBuilder& table, const ProviderCells& cells,
                 const std::string& provider, const TypeMonths& months,
                 MonthRows& parts) {
  const std::string all(kAllLevels);
  const std::string shown = provider.empty() ? all : provider;
  for (const auto& [pod, title] : ActivityTypes()) {
    const auto whole = cells.find({provider, pod, ""});
    if (whole == cells.end()) continue;
    std::vector<size_t> rows;
    for (const std::string& month : months.at(pod)) {
      const auto found = cells.find({provider, pod, month});
      const ProviderCell cell =
          found == cells.end() ? ProviderCell() : found->second;
      rows.push_back(AddProviderRow(table, shown, pod, month, cell));
      std::vector<size_t>& same = parts[{pod, month}];
      if (provider.empty()) {
        table.Total(rows.back(), same);
      } else {
        same.push_back(rows.back());
      }
    }
    const size_t row = AddProviderRow(table, shown, pod, all, whole->second);
    table.Total(row, rows);
  }
}

absl::StatusOr<RawTable> ProviderActivity(const MeasureContext& context,
                                          const ActivityParts& parts,
                                          MonthRange range) {
  std::vector<std::string> notes = parts.notes;
  TALLY_ASSIGN_OR_RETURN(const TypeMonths months,
                         MonthsByType(context, parts, range, notes));
  TALLY_ASSIGN_OR_RETURN(const ProviderCells cells,
                         CountProviderCells(context, range.first, months));
  TableInfo info =
      context.Info("provider_report", "Activity and cost by provider");
  info.period =
      absl::StrFormat("%s to %s", range.first.ToMonth(), range.last.ToMonth());
  info.notes = std::move(notes);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "activity", info));
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider")
      .Dimension("pod", "Type of activity")
      .Dimension("month", "Month")
      .Events("activity", "Activity")
      .Events("priced", "With a cost")
      .Proportion("priced_share", "With a cost", "priced", "activity", false)
      .Sum("cost", "Cost", "pounds", "priced");
  std::set<std::string> providers;
  for (const auto& [key, cell] : cells) {
    if (!std::get<0>(key).empty()) providers.insert(std::get<0>(key));
  }
  std::vector<std::string> order(providers.begin(), providers.end());
  SortLevels(order);
  MonthRows of_providers;
  for (const std::string& provider : order) {
    AddProvider(table, cells, provider, months, of_providers);
  }
  AddProvider(table, cells, "", months, of_providers);
  return table.Finish();
}

struct ProviderRates {
  int64_t day_cases = 0;
  int64_t planned = 0;
  int64_t stays = 0;
  int64_t nights = 0;
};

absl::StatusOr<std::map<std::string, ProviderRates>> CountProviderRates(
    const MeasureContext& context, CivilDay from) {
  std::map<std::string, ProviderRates> rates;
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> admissions,
      QueryGroups(context.connection,
                  "SELECT provider, CAST(count_if(pod = 'day_case') AS BIGINT),"
                  " count(*) FROM activity_admission "
                  "WHERE pod IN ('day_case', 'elective') AND month >= ? "
                  "GROUP BY provider",
                  1, {engine::Value::Day(from.days())}));
  for (const GroupedRow& row : admissions) {
    rates[row.levels[0]].day_cases = row.counts[0];
    rates[row.levels[0]].planned = row.counts[1];
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> stays,
      QueryGroups(
          context.connection,
          "SELECT l.provider_code, count(*), CAST(sum(greatest(date_diff('day',"
          " c.admission_date, c.discharge_date), 0)) AS BIGINT) "
          "FROM cip_spell AS c INNER JOIN provider_spell AS l "
          "ON l.spell_no = c.last_spell "
          "WHERE c.discharge_date BETWEEN ? AND ? "
          "AND coalesce(c.patient_classification, '') NOT IN ('2', '3', '4') "
          "AND coalesce(c.admission_method, '') NOT IN ('82', '83') "
          "GROUP BY l.provider_code",
          1,
          {engine::Value::Day(from.days()),
           engine::Value::Day(context.month.LastOfMonth().days())}));
  for (const GroupedRow& row : stays) {
    rates[row.levels[0]].stays = row.counts[0];
    rates[row.levels[0]].nights = row.counts[1];
  }
  return rates;
}

size_t AddRatesRow(TableBuilder& table, const std::string& provider,
                   const ProviderRates& rates) {
  const size_t row = table.AddRow({provider});
  table.Set(row, "day_cases", rates.day_cases)
      .Set(row, "planned", rates.planned)
      .Set(row, "stays", rates.stays);
  if (rates.stays > 0) {
    table.Set(
        row, "mean_los",
        static_cast<double>(rates.nights) / static_cast<double>(rates.stays));
  }
  return row;
}

absl::StatusOr<RawTable> ProviderRatesTable(const MeasureContext& context,
                                            const std::string& period,
                                            CivilDay from) {
  TALLY_ASSIGN_OR_RETURN(const auto rates, CountProviderRates(context, from));
  TableInfo info = context.Info("provider_rates",
                                "Day cases and length of stay by provider");
  info.period = period;
  info.notes = {
      "Length of stay: nights of continuous inpatient spells that ended in the "
      "period, of people; day cases, regular attenders and births aside."};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider")
      .Events("day_cases", "Day cases")
      .Events("planned", "Day cases and elective stays")
      .Proportion("daycase_rate", "Day-case rate", "day_cases", "planned")
      .Events("stays", "Stays that ended")
      .Mean("mean_los", "Mean length of stay", "nights", "stays");
  std::vector<std::string> order;
  ProviderRates all;
  for (const auto& [provider, one] : rates) {
    order.push_back(provider);
    all.day_cases += one.day_cases;
    all.planned += one.planned;
    all.stays += one.stays;
    all.nights += one.nights;
  }
  SortLevels(order);
  std::vector<size_t> parts;
  for (const std::string& provider : order) {
    parts.push_back(AddRatesRow(table, provider, rates.at(provider)));
  }
  if (!parts.empty()) {
    const size_t row = AddRatesRow(table, std::string(kAllLevels), all);
    table.Total(row, parts);
  }
  return table.Finish();
}

class ProviderReport : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: the provider report is not grouped otherwise");
    }
    TALLY_ASSIGN_OR_RETURN(const double count,
                           context.definition.Parameter("months"));
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay from,
        context.month.AddMonths(1 - static_cast<int>(count)));
    TALLY_ASSIGN_OR_RETURN(const ActivityParts parts, MakeActivity(context));
    TALLY_RETURN_IF_ERROR(MakeHospitalChains(context));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(
        RawTable report,
        ProviderActivity(context, parts, {from, context.month}));
    TALLY_ASSIGN_OR_RETURN(
        RawTable rates,
        ProviderRatesTable(context, report.info().period, from));
    tables.push_back(std::move(report));
    tables.push_back(std::move(rates));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    return DeriveProviders(context);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawProviderReport(tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC19() {
  return std::make_unique<ProviderReport>();
}

}  // namespace tally::analytics
