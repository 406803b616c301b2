// D10: cost by month, and the outturn of the year from printed months.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/substitute.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/reference.h"
#include "analytics/statistics/forecast.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/activity.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/indicator_series.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int kYearMonths = 12;
constexpr int kFirstMonth = 4;  // April

// Cost of each person in each month, of a type or of all together, where a
// person contributes once with all that they had: who has no person
// contributes a row at a time. $0 is the line, $1 the type as a column before
// others, or nothing.
constexpr char kCostSql[] =
    "SELECT $0 AS line, strftime(month, '%Y-%m') AS in_month, "
    "CAST(sum(events) AS BIGINT), CAST(sum(priced) AS BIGINT), "
    "CAST(sum(cost) AS BIGINT), count(*) FILTER (WHERE cost > 0), "
    "coalesce(max(cost, 2)[1], 0), coalesce(max(cost, 2)[2], 0) FROM ("
    "SELECT $1month, count(*) AS events, count(cost_pence) AS priced, "
    "CAST(coalesce(sum(cost_pence), 0) AS BIGINT) AS cost FROM activity "
    "WHERE person IS NOT NULL GROUP BY $1month, person UNION ALL "
    "SELECT $1month, 1, CAST(cost_pence IS NOT NULL AS BIGINT), "
    "coalesce(cost_pence, 0) FROM activity WHERE person IS NULL) "
    "GROUP BY $1month";

// Months that the dataset of a line covers; of All those that each covers.
absl::StatusOr<std::map<std::string, MonthRange>> LineMonths(
    const MeasureContext& context, const ActivityParts& parts,
    MonthRange range) {
  TALLY_ASSIGN_OR_RETURN(auto of, ActivityMonths(context, parts, range));
  std::optional<MonthRange> all;
  for (const auto& [table, months] : of) {
    if (!all.has_value()) all = months;
    all->first = std::max(all->first, months.first);
    all->last = std::min(all->last, months.last);
  }
  if (all.has_value()) of.emplace(std::string(kAllLevels), *all);
  return of;
}

// A month of a line: events, priced, pence, contributors, the two largest. A
// month without activity costs nothing; one without a price is not known.
void AddCosts(const std::string& line, const std::string& month,
              const std::vector<int64_t>& counts, TableBuilder& table) {
  const auto pounds = [](int64_t pence) {
    return static_cast<double>(pence) / 100;
  };
  const size_t row = table.AddRow({line, month});
  table.Set(row, "events", counts[0]).Set(row, "priced", counts[1]);
  const std::string all(kAllLevels);
  table.Counted(row, "events", CountedActivity(line, all, month));
  if (counts[0] > 0 && counts[1] == 0) return;
  table.SetSum(row, "cost", pounds(counts[2]), counts[3], pounds(counts[4]),
               pounds(counts[5]));
}

absl::StatusOr<RawTable> CostTable(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const double months,
                         context.definition.Parameter("months"));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         context.month.AddMonths(1 - static_cast<int>(months)));
  TALLY_ASSIGN_OR_RETURN(const ActivityParts parts, MakeActivity(context));
  TALLY_ASSIGN_OR_RETURN(const auto ranges,
                         LineMonths(context, parts, {first, context.month}));
  TableInfo info = context.Info("cost_month", "Cost of activity by month");
  info.notes = parts.notes;
  TableBuilder table(std::move(info));
  table.Dimension("pod", "Type")
      .Dimension("month", "Month")
      .Events("events", "Events")
      .Events("priced", "With a cost")
      .Proportion("priced_share", "With a cost", "priced", "events", false)
      .Sum("cost", "Cost", "pounds", "priced");
  if (ranges.empty()) return table.Finish();
  const std::string sql =
      absl::StrCat(absl::Substitute(kCostSql, "pod", "pod, "), " UNION ALL ",
                   absl::Substitute(kCostSql, "'All'", ""), " ORDER BY 1, 2");
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> rows,
                         QueryGroups(context.connection, sql, 2));
  std::map<std::string, std::map<std::string, const GroupedRow*>> lines;
  for (const GroupedRow& row : rows) lines[row.levels[0]][row.levels[1]] = &row;
  for (const auto& [line, by_month] : lines) {
    const auto range = ranges.find(
        line == kAllLevels ? line : std::string(TableOfActivity(line)));
    if (range == ranges.end()) continue;
    CivilDay month = range->second.first;
    while (month <= range->second.last) {
      const auto found = by_month.find(month.ToMonth());
      AddCosts(line, month.ToMonth(),
               found == by_month.end() ? std::vector<int64_t>(6, 0)
                                       : found->second->counts,
               table);
      TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
    }
  }
  return table.Finish();
}

// --- outturn, from printed months --------------------------------------------

struct BudgetSeries {
  std::vector<std::string> months;
  std::vector<double> costs;           // the unbroken months at the end
  std::vector<double> events, priced;  // of them, as printed; hidden: 0
};

std::map<std::string, BudgetSeries> ReadCosts(const GatedTable& table) {
  std::map<std::string, BudgetSeries> lines;
  for (size_t row = 0; row < table.rows(); ++row) {
    BudgetSeries& line = lines[table.at(row, "pod").text()];
    const auto cost = table.at(row, "cost").number();
    if (!cost.has_value()) {
      line = {};
      continue;
    }
    const auto events = table.at(row, "events").number();
    const auto priced = table.at(row, "priced").number();
    const bool known = events.has_value() && priced.has_value();
    line.months.push_back(table.at(row, "month").text());
    line.costs.push_back(*cost);
    line.events.push_back(known ? *events : 0);
    line.priced.push_back(known ? *priced : 0);
  }
  return lines;
}

// Whether enough of the activity of the last `months` has a cost. Added up, for
// printed counts of one month are rounded.
bool IsPriced(const BudgetSeries& line, size_t months, double least) {
  double events = 0;
  double priced = 0;
  for (size_t i = line.costs.size() - months; i < line.costs.size(); ++i) {
    events += line.events[i];
    priced += line.priced[i];
  }
  return priced >= least / 100 * events;
}

struct OutturnSettings {
  double alert = 0, high_alert = 0;
  double least_priced = 0;  // per cent
};

struct YearSoFar {
  int year = 0;
  int months = 0;                          // so far
  std::vector<double> costs;               // of them
  std::optional<ForecastResult> forecast;  // of those left
  bool priced = true;                      // enough of the year has a cost
  bool past_priced = true;  // and of all months that the forecast knows

  double Sum(int first_months) const {
    double sum = 0;
    for (int i = 0; i < first_months; ++i) sum += costs[static_cast<size_t>(i)];
    return sum;
  }
  int left() const { return kYearMonths - months; }
};

// The chance that the year ends above the budget.
Figure ChanceOver(const YearSoFar& year, double budget) {
  const double so_far = year.Sum(year.months);
  if (!year.priced) return Figure::Na(NaReason::kTooFewValues);
  if (year.left() == 0) return Figure::Of(so_far > budget ? 1 : 0);
  if (!year.forecast.has_value() || !year.past_priced) {
    return Figure::Na(NaReason::kTooFewValues);
  }
  return ChanceOfSumAbove(*year.forecast, budget - so_far);
}

// Adds the months of the year up to `month`, unless one is not printed.
absl::Status AddYear(const std::string& name, const BudgetSeries& line,
                     CivilDay month, const OutturnSettings& settings,
                     std::map<std::string, YearSoFar>& years) {
  YearSoFar year;
  year.year = month.FinancialYear();
  year.months = (month.month() - kFirstMonth + kYearMonths) % kYearMonths + 1;
  const auto so_far = static_cast<size_t>(year.months);
  if (line.months.empty() || line.months.back() != month.ToMonth() ||
      line.costs.size() < so_far) {
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         month.AddMonths(1 - year.months));
  if (line.months[line.months.size() - so_far] != first.ToMonth()) {
    return absl::OkStatus();  // a month is not printed
  }
  year.costs.assign(line.costs.end() - year.months, line.costs.end());
  year.priced = IsPriced(line, so_far, settings.least_priced);
  year.past_priced =
      year.priced && IsPriced(line, line.costs.size(), settings.least_priced);
  if (year.left() > 0 && year.past_priced) {
    year.forecast =
        ForecastMonths(line.costs, static_cast<size_t>(year.left()));
  }
  years.emplace(name, std::move(year));
  return absl::OkStatus();
}

absl::Status AddLine(const std::string& line, const YearSoFar& year,
                     double budget, const OutturnSettings& settings,
                     DerivedTable& table) {
  const Figure over = ChanceOver(year, budget);
  std::string alert;
  if (over.known() && over.value() > settings.alert) alert = "alert";
  if (over.known() && over.value() > settings.high_alert) alert = "high alert";
  const double so_far = year.Sum(year.months);
  const double a_month = so_far / year.months;
  TALLY_ASSIGN_OR_RETURN(CivilDay month,
                         CivilDay::Create(year.year, kFirstMonth, 1));
  double ahead = so_far;
  for (int i = 1; i <= kYearMonths; ++i) {
    const bool past = i <= year.months;
    const auto left = static_cast<size_t>(i - year.months - 1);
    const bool forecast = !past && year.forecast.has_value();
    if (forecast) ahead += year.forecast->points[left].point;
    const DerivedCell none = DerivedCell::Na(NaReason::kTooFewValues);
    const DerivedCell ytd = past ? DerivedCell::Number(year.Sum(i), 0) : none;
    const bool last = i == kYearMonths;
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Text(line), DerivedCell::Text(month.ToMonth()),
         DerivedCell::Number(budget * i / kYearMonths, 0), ytd,
         past          ? ytd
         : year.priced ? DerivedCell::Number(a_month * i, 0)
                       : none,
         past       ? ytd
         : forecast ? DerivedCell::Number(ahead, 0)
                    : none,
         last ? DerivedCell::Number(over, 2) : none,
         DerivedCell::Text(last ? alert : "")}));
    TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
  }
  return absl::OkStatus();
}

class BudgetBurn : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: cost is by type of activity");
    }
    TALLY_ASSIGN_OR_RETURN(RawTable cost, CostTable(context));
    std::vector<RawTable> tables;
    tables.push_back(std::move(cost));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override;
  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override;
};

absl::StatusOr<OutturnSettings> ReadOutturnSettings(
    const MeasureDefinition& definition) {
  OutturnSettings settings;
  TALLY_ASSIGN_OR_RETURN(settings.alert, definition.Parameter("alert"));
  TALLY_ASSIGN_OR_RETURN(settings.high_alert,
                         definition.Parameter("high_alert"));
  TALLY_ASSIGN_OR_RETURN(settings.least_priced,
                         definition.Parameter("least_priced_share"));
  return settings;
}

std::string BudgetTitle(const std::string& line) {
  return line == kAllLevels ? "All activity" : ActivityTitle(line);
}

// Line -> pounds of the year of `month`.
absl::StatusOr<std::map<std::string, double>> BudgetsOf(
    const ReferenceFile& file, CivilDay month) {
  std::map<std::string, double> budgets;
  for (size_t row = 0; row < file.rows(); ++row) {
    if (!(file.Number(row, 2) > 0)) {
      return file.ErrorAt(row, "pounds are not above 0");
    }
    if (file.Integer(row, 1) != month.FinancialYear()) continue;
    if (!budgets.emplace(file.Text(row, 0), file.Number(row, 2)).second) {
      return file.ErrorAt(row, "this line and year come twice");
    }
  }
  return budgets;
}

// What a reader must know of the lines that lack something.
std::vector<std::string> OutturnNotes(
    const std::map<std::string, YearSoFar>& years, double least_priced) {
  std::vector<std::string> unpriced, past, few;
  for (const auto& [line, year] : years) {
    const std::string title = BudgetTitle(line);
    if (!year.priced) {
      unpriced.push_back(title);
    } else if (!year.past_priced) {
      past.push_back(title);
    } else if (year.left() > 0 && (!year.forecast.has_value() ||
                                   year.forecast->summed.origins == 0)) {
      few.push_back(title);
    }
  }
  std::vector<std::string> notes;
  if (!unpriced.empty()) {
    notes.push_back(absl::StrFormat(
        "No outturn and no chance, for less than %g %% of the activity of the "
        "year has a cost: %s.",
        least_priced, JoinText(unpriced, ", ")));
  }
  if (!past.empty()) {
    notes.push_back(absl::StrFormat(
        "No outturn with seasons and no chance, for less than %g %% of the "
        "activity of past years has a cost: %s.",
        least_priced, JoinText(past, ", ")));
  }
  if (!few.empty()) {
    notes.push_back(
        "No chance, for fewer than 12 past forecasts are followed by as many "
        "months as are left: " +
        JoinText(few, ", ") + ".");
  }
  return notes;
}

absl::StatusOr<std::vector<DerivedTable>> BudgetBurn::Derive(
    const DeriveContext& context) const {
  std::vector<DerivedTable> tables;
  const GatedTable* costs = context.Find(context.definition.id(), "cost_month");
  if (costs == nullptr) return tables;
  // Each row is the budget of one year.
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, "budget",
                          {{"line", ReferenceType::kText},
                           {"year", ReferenceType::kInteger},
                           {"pounds", ReferenceType::kNumber}},
                          kAnyMonth));
  TALLY_ASSIGN_OR_RETURN(const auto budgets, BudgetsOf(file, context.month));
  TALLY_ASSIGN_OR_RETURN(const OutturnSettings settings,
                         ReadOutturnSettings(context.definition));
  const auto lines = ReadCosts(*costs);
  std::map<std::string, YearSoFar> years;
  for (const auto& [line, budget] : budgets) {
    const auto series = lines.find(line);
    if (series == lines.end()) continue;
    TALLY_RETURN_IF_ERROR(
        AddYear(line, series->second, context.month, settings, years));
  }
  TableInfo info =
      context.Info("outturn", "Cost of the year against the budget", *costs);
  info.notes = {"Budget: " + file.Citation(),
                "All figures are sums from April on. The budget is spread "
                "evenly over the months."};
  for (std::string& note : OutturnNotes(years, settings.least_priced)) {
    info.notes.push_back(std::move(note));
  }
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("budget_line", "Budget line"),
           DimensionColumn("month", "Month"),
           DerivedColumn("budget", "Budget", "pounds"),
           DerivedColumn("ytd", "Spent", "pounds"),
           DerivedColumn("outturn_linear", "Straight line", "pounds"),
           DerivedColumn("outturn_seasonal", "With seasons", "pounds"),
           DerivedColumn("p_over", "Chance of going over"),
           WordColumn("alert", "Alert")},
          {costs}));
  for (const auto& [line, year] : years) {
    TALLY_RETURN_IF_ERROR(
        AddLine(line, year, budgets.at(line), settings, table));
  }
  tables.push_back(std::move(table));
  return tables;
}

// How a sentence about the end of the year goes on: two places round a chance
// to none and to certainty, and neither is.
std::optional<std::string> ChanceInWords(const GatedCell& p_over) {
  const auto chance = p_over.number();
  if (chance.has_value() && *chance >= 0.995) {
    return "it will almost certainly go over";
  }
  if (chance.has_value() && *chance < 0.005) {
    return "it will almost certainly not go over";
  }
  return Say("the chance of going over is $0", p_over);
}

// What is said of a budget line at the end of its year.
struct BudgetWords {
  std::string name;
  std::string words;
  double p_over = 0;  // 0 where it is not known
};

BudgetWords WordsOfLine(const GatedTable& table, size_t row) {
  BudgetWords line;
  line.name = BudgetTitle(table.at(row, "budget_line").text());
  line.p_over = table.at(row, "p_over").number().value_or(0);
  const auto chance = ChanceInWords(table.at(row, "p_over"));
  line.words = FirstSaid(
      {chance.has_value()
           ? Say("$0: $1 pounds expected at the end of the year, of a budget "
                 "of $2; $3",
                 line.name, table.at(row, "outturn_seasonal"),
                 table.at(row, "budget"), *chance)
           : std::nullopt,
       Say("$0: $1 pounds at the end of the year in a straight line, of a "
           "budget of $2",
           line.name, table.at(row, "outturn_linear"),
           table.at(row, "budget"))},
      line.name + ": no outturn is known; the notes of its table say why");
  return line;
}

Chart BudgetChart(const GatedTable& table,
                  const std::vector<BudgetWords>& lines) {
  Chart chart("budget-burn", "burnup", table,
              {"budget_line", "month", "ytd", "budget", "outturn_seasonal",
               "outturn_linear", "p_over", "alert"},
              [](const GatedTable&, size_t) { return true; });
  chart.SayLevels("budget_line", BudgetTitle);
  // The line that is likeliest to go over is shown first.
  const auto first = std::max_element(
      lines.begin(), lines.end(),
      [](const auto& a, const auto& b) { return a.p_over < b.p_over; });
  chart.SelectBy("budget_line", "Budget line",
                 first == lines.end() ? "" : first->name);
  for (const BudgetWords& line : lines) {
    chart.Describe(line.name, line.words, line.words + ". Sums from April on.");
  }
  chart.unit = "pounds";
  chart.options.Set("x", "month")
      .Set("actual", "ytd")
      .Set("budget", "budget")
      .Set("outturn", "outturn_seasonal")
      .Set("outturn_label", "with seasons")
      .Set("outturn2", "outturn_linear")
      .Set("outturn2_label", "straight line");
  return chart;
}

std::vector<PagePart> BudgetBurn::Draw(
    const MeasureDefinition&, const std::vector<GatedTable>& tables) const {
  std::vector<PagePart> parts;
  const GatedTable* table = PrintedTable(tables, "outturn");
  if (table == nullptr || table->rows() == 0) return parts;
  std::vector<BudgetWords> lines;
  for (size_t row = 0; row < table->rows(); ++row) {
    if (!table->at(row, "month").text().ends_with("-03")) continue;
    lines.push_back(WordsOfLine(*table, row));
  }
  PagePart finance{"finance", {}, {}};
  finance.charts.push_back(BudgetChart(*table, lines));
  std::stable_sort(
      lines.begin(), lines.end(),
      [](const auto& a, const auto& b) { return a.p_over > b.p_over; });
  for (const BudgetWords& line : lines) {
    finance.sentences.push_back(
        {static_cast<int>(finance.sentences.size()) + 1, line.words + "."});
  }
  PagePart summary{"summary", {}, {}};
  if (!lines.empty()) {
    summary.sentences.push_back({3, lines.front().words + "."});
  }
  parts.push_back(std::move(finance));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace

std::unique_ptr<Measure> MakeD10() { return std::make_unique<BudgetBurn>(); }

}  // namespace tally::analytics
