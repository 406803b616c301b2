// C29: indicators by month and year, their control charts and yearly change.
#include "measures/c29_trends.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/change.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/areas.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/indicator_series.h"

#include "measures/indicators.h"
#include "measures/list_stays.h"
#include "measures/spc_mode.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr size_t kYear = 12;
// Of the 12 months of a year, the one whose list stands for it.
constexpr size_t kMidYear = 6;

std::string TargetText(const Indicator& indicator) {
  return indicator.target.has_value()
             ? absl::StrFormat("%.10g", *indicator.target)
             : std::string();
}

absl::StatusOr<RawTable> CatalogueTable(
    const MeasureContext& context, const std::vector<Indicator>& indicators,
    double rate_per) {
  TableBuilder builder(context.Info(std::string(kIndicatorTable),
                                    "Indicators and what they count"));
  builder.Dimension("indicator", "Indicator");
  const std::pair<std::string, std::string> texts[] = {
      {"name", "Name"},           {"programme", "Programme"},
      {"numerator", "Counted"},   {"denominator", "Of"},
      {"exclusions", "Left out"}, {"direction", "Better when"},
      {"target", "Target"},       {"unit", "Unit"},
      {"owner", "Owner"},         {"stage", "Stage"}};
  for (const auto& [name, title] : texts) builder.Text(name, title);
  for (const Indicator& one : indicators) {
    const size_t row = builder.AddRow({one.id});
    builder.Set(row, "name", one.name)
        .Set(row, "programme", one.programme)
        .Set(row, "numerator", one.numerator)
        .Set(row, "denominator", one.denominator)
        .Set(row, "exclusions", one.exclusions)
        .Set(row, "direction", one.direction)
        .Set(row, "target", TargetText(one))
        .Set(row, "unit", one.of_list ? PerUnit(rate_per) : "%")
        .Set(row, "owner", one.owner)
        .Set(row, "stage", std::to_string(one.stage));
  }
  return builder.Finish();
}

class TrendTables {
 public:
  TrendTables(const MeasureContext& context, const CountedIndicators& counted,
              double rate_per)
      : context_(context), counted_(counted), rate_per_(rate_per) {}

  absl::StatusOr<RawTable> Months(bool rates, const Areas& areas,
                                  const std::vector<std::string>& notes) const;
  absl::StatusOr<RawTable> Year(bool rates, const Areas& areas,
                                const std::vector<std::string>& notes) const;

 private:
  TableBuilder Begin(std::string_view table, std::string title, bool rates,
                     bool by_month, const Areas& areas,
                     const std::vector<std::string>& notes) const;

  const MeasureContext& context_;
  const CountedIndicators& counted_;
  double rate_per_;
};

TableBuilder TrendTables::Begin(std::string_view table, std::string title,
                                bool rates, bool by_month, const Areas& areas,
                                const std::vector<std::string>& notes) const {
  TableInfo info = context_.Info(std::string(table), std::move(title));
  info.notes = notes;
  if (!areas.note.empty()) {
    info.notes.emplace_back(
        "Practices with very few people, and those without a list in the last "
        "month, are shown together.");
  }
  if (!by_month) {
    info.notes.emplace_back(
        "The 12 months that end with the month; people on the list are those "
        "of the seventh of them.");
  }
  TableBuilder builder(std::move(info));
  builder.Dimension("indicator", "Indicator").Dimension("area", "Practice");
  if (by_month) builder.Dimension("month", "Month");
  builder.Events("num", "Events");
  if (rates) {
    builder.Persons("den", "On the list")
        .CrudeRate("value", "Rate", "num", "den", rate_per_);
  } else {
    builder.Events("den", "Of").Proportion("value", "Share", "num", "den");
  }
  return builder;
}

// A rate or share of areas; one number a month, or one in all.
using AreaCounts = std::map<std::string, std::vector<IndicatorCount>>;

AreaCounts IndicatorByArea(const CountedIndicator& counted,
                           const Areas& areas) {
  AreaCounts out;
  for (const auto& [practice, counts] : counted.practices) {
    // A practice that has no list today is in no area of its own.
    const std::string* shown = areas.Of(practice);
    std::vector<IndicatorCount>& sum =
        out[shown == nullptr ? std::string(kSmallAreas) : *shown];
    sum.resize(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) {
      sum[i].numerator += counts[i].numerator;
      sum[i].denominator += counts[i].denominator;
    }
  }
  return out;
}

// One area is all there is: it stands for itself.
size_t AddOnly(TableBuilder& builder, const std::vector<std::string>& levels,
               const IndicatorCount& count) {
  const size_t row = builder.AddRow(levels);
  builder.Set(row, "num", count.numerator).Set(row, "den", count.denominator);
  return row;
}

// What other measures call the numerator of a month; empty: they have none.
std::string MonthName(const Indicator& one, const std::string& area,
                      const std::string& month) {
  const bool of_codes = one.items && one.where.size() == 1 &&
                        one.where[0].column == "bnf" &&
                        !one.where[0].starts.empty();
  return of_codes ? CountedItems(one.where[0].starts, area, month) : "";
}

// The same of the twelve months to `last`.
std::string YearName(const Indicator& one, const std::string& area,
                     CivilDay last) {
  if (!one.of_list) return "";
  if (one.rows == "death" && one.where.empty()) {
    return CountedDeaths(area, last);
  }
  const bool emergency = one.rows == "admission" && one.where.size() == 1 &&
                         one.where[0].column == "emergency" &&
                         one.where[0].is == true;
  return emergency ? CountedEmergencies(area, last) : "";
}

absl::StatusOr<RawTable> TrendTables::Months(
    bool rates, const Areas& areas,
    const std::vector<std::string>& notes) const {
  TableBuilder builder = Begin(kIndicatorMonthTables[rates ? 0 : 1],
                               rates ? "Events per people on the list, by month"
                                     : "Shares of events, by month",
                               rates, true, areas, notes);
  for (const CountedIndicator& one : counted_.indicators) {
    if (one.indicator->of_list != rates) continue;
    const AreaCounts by_area = IndicatorByArea(one, areas);
    for (size_t i = one.first; i <= one.last; ++i) {
      const std::string month = counted_.months[i].ToMonth();
      const std::string all(kAllLevels);
      const std::string name = MonthName(*one.indicator, all, month);
      if (by_area.size() == 1) {
        builder.Counted(AddOnly(builder, {one.indicator->id, all, month},
                                by_area.begin()->second[i]),
                        "num", name);
        continue;
      }
      std::vector<size_t> parts;
      for (const auto& [area, counts] : by_area) {
        const size_t row = builder.AddRow({one.indicator->id, area, month});
        builder.Set(row, "num", counts[i].numerator)
            .Set(row, "den", counts[i].denominator)
            .Counted(row, "num", MonthName(*one.indicator, area, month));
        parts.push_back(row);
      }
      if (parts.empty()) continue;
      const size_t total = builder.AddRow({one.indicator->id, all, month});
      builder.Total(total, parts).Counted(total, "num", name);
    }
  }
  return builder.Finish();
}

// Twelve months in one: rows add up, of people on the list it is those of the
// middle of the year.
IndicatorCount YearOf(const std::vector<IndicatorCount>& months, size_t last,
                      bool of_list) {
  IndicatorCount year;
  for (size_t i = last + 1 - kYear; i <= last; ++i) {
    year.numerator += months[i].numerator;
    year.denominator += of_list ? 0 : months[i].denominator;
  }
  if (of_list) {
    year.denominator = months[last + 1 - kYear + kMidYear].denominator;
  }
  return year;
}

absl::StatusOr<RawTable> TrendTables::Year(
    bool rates, const Areas& areas,
    const std::vector<std::string>& notes) const {
  TableBuilder builder = Begin(kIndicatorYearTables[rates ? 0 : 1],
                               rates ? "Events per people on the list, one year"
                                     : "Shares of events, one year",
                               rates, false, areas, notes);
  const size_t last = counted_.months.size() - 1;
  for (const CountedIndicator& one : counted_.indicators) {
    const bool whole = one.last == last && last + 1 >= one.first + kYear;
    if (one.indicator->of_list != rates || !whole) continue;
    const AreaCounts by_area = IndicatorByArea(one, areas);
    const std::string all(kAllLevels);
    const auto name = [&](size_t row, const std::string& area) {
      builder.Counted(row, "num",
                      YearName(*one.indicator, area, counted_.months[last]));
    };
    if (by_area.size() == 1) {
      name(AddOnly(builder, {one.indicator->id, all},
                   YearOf(by_area.begin()->second, last, rates)),
           all);
      continue;
    }
    std::vector<size_t> parts;
    for (const auto& [area, counts] : by_area) {
      const IndicatorCount year = YearOf(counts, last, rates);
      const size_t row = builder.AddRow({one.indicator->id, area});
      builder.Set(row, "num", year.numerator).Set(row, "den", year.denominator);
      name(row, area);
      parts.push_back(row);
    }
    if (parts.empty()) continue;
    const size_t total = builder.AddRow({one.indicator->id, all});
    builder.Total(total, parts);
    name(total, all);
  }
  return builder.Finish();
}

// --- control charts, from printed figures ------------------------------------

struct ChartSettings {
  SpcMode mode = SpcMode::kScreened;
  // (indicator, area) -> months at which its chart starts over.
  std::map<std::pair<std::string, std::string>, std::set<std::string>> rebase;
};

absl::StatusOr<ChartSettings> ReadChartSettings(
    const MeasureDefinition& definition) {
  ChartSettings settings;
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(settings.mode, ReadSpcMode(definition));
  if (root.Find("rebase") == nullptr) return settings;
  TALLY_ASSIGN_OR_RETURN(const TomlArray list, root.GetArray("rebase"));
  for (const TomlValue& value : list) {
    if (!value.is_table()) return root.ErrorAt(value.line(), "[[rebase]]");
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"indicator", "area", "month"}));
    TALLY_ASSIGN_OR_RETURN(const std::string indicator,
                           table.GetString("indicator"));
    TALLY_ASSIGN_OR_RETURN(const std::string area, table.GetString("area"));
    TALLY_ASSIGN_OR_RETURN(const std::string month, table.GetString("month"));
    if (!CivilDay::Parse(month + "-01").ok()) {
      return table.ErrorAt(table.line(), "month is as 2026-04");
    }
    settings.rebase[{indicator, area}].insert(month);
  }
  return settings;
}

std::vector<ColumnSpec> SpcColumns() {
  return {DimensionColumn("indicator", "Indicator"),
          WordColumn("name", "Name"),
          DimensionColumn("area", "Practice"),
          DimensionColumn("month", "Month"),
          DerivedColumn("value", "Value"),
          DerivedColumn("mean", "Mean"),
          DerivedColumn("lpl", "Lower limit"),
          DerivedColumn("upl", "Upper limit"),
          DerivedColumn("target", "Target"),
          WordColumn("point_type", "Kind of point"),
          WordColumn("rule", "Rule"),
          WordColumn("trial", "Trial limits"),
          WordColumn("variation", "Variation of the last month"),
          WordColumn("assurance", "Assurance")};
}

DerivedCell NumberOrNa(const std::optional<double>& value) {
  return value.has_value() ? DerivedCell::Number(*value, 1)
                           : DerivedCell::Na(NaReason::kTooFewValues);
}

// The chart of the unbroken months at the end; nothing without one.
absl::Status AddSeriesPoints(const PrintedSeries& series,
                             const CatalogueEntry& entry,
                             const ChartSettings& settings,
                             DerivedTable& table) {
  const size_t first = FirstUnbroken(series, "value");
  std::vector<double> values;
  std::vector<size_t> rebase;
  const auto starts =
      settings.rebase.find(std::pair(series.indicator, series.area));
  for (size_t i = first; i < series.rows.size(); ++i) {
    values.push_back(*series.table->at(series.rows[i], "value").number());
    const std::string& month = series.table->at(series.rows[i], "month").text();
    if (starts != settings.rebase.end() && starts->second.contains(month)) {
      rebase.push_back(i - first);
    }
  }
  const std::vector<SpcPoint> chart = XmrChart(values, settings.mode, rebase);
  const Variation variation = VariationOf(chart, entry.direction);
  const Assurance assurance = AssuranceOf(chart, entry.target, entry.direction);
  for (size_t i = 0; i < chart.size(); ++i) {
    const size_t row = series.rows[first + i];
    const SpcPoint& point = chart[i];
    const Variation kind = VariationOfPoint(point, entry.direction);
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Text(series.indicator), DerivedCell::Text(entry.name),
         DerivedCell::Text(series.area),
         DerivedCell::Copy(series.table->at(row, "month")),
         DerivedCell::Copy(series.table->at(row, "value")),
         DerivedCell::Number(point.mean, 1), NumberOrNa(point.lower),
         NumberOrNa(point.upper),
         entry.target.has_value()
             ? DerivedCell::Number(*entry.target, 1)
             : DerivedCell::Na(NaReason::kReferenceMissing),
         DerivedCell::Text(std::string(VariationCode(kind))),
         DerivedCell::Text(std::string(SpcRuleText(point.rule))),
         DerivedCell::Text(point.trial ? "yes" : "no"),
         DerivedCell::Text(std::string(VariationCode(variation))),
         DerivedCell::Text(std::string(AssuranceCode(assurance)))}));
  }
  return absl::OkStatus();
}

// Rates of whole years of 12 months that end with the last one, from printed
// counts. Nothing if a month of them is not printed.
std::vector<YearRate> IndicatorYears(const PrintedSeries& series) {
  std::vector<YearRate> years;
  const size_t first =
      std::max(FirstUnbroken(series, "num"), FirstUnbroken(series, "den"));
  const size_t whole = (series.rows.size() - first) / kYear;
  const size_t begin = series.rows.size() - whole * kYear;
  for (size_t year = 0; year < whole; ++year) {
    double events = 0;
    double of = 0;
    for (size_t i = 0; i < kYear; ++i) {
      const size_t row = series.rows[begin + year * kYear + i];
      events += *series.table->at(row, "num").number();
      of += *series.table->at(row, "den").number();
    }
    if (of > 0) years.push_back({static_cast<double>(year), events / of});
  }
  return years;
}

absl::StatusOr<DerivedTable> IndicatorTrendTable(
    const DeriveContext& context,
    const std::map<std::string, CatalogueEntry>& catalogue,
    const std::vector<const GatedTable*>& sources) {
  TableInfo info =
      context.Info("indicator_trend", "Change a year", *sources.front());
  info.method = "Least squares of the logarithm on the year, Student's limits";
  info.notes.emplace_back(
      "Years of 12 months that end with the last month; at least four.");
  std::vector<ColumnSpec> columns = {SpcColumns()[0], SpcColumns()[1],
                                     SpcColumns()[2],
                                     DerivedColumn("years", "Years")};
  columns.push_back(DerivedColumn("change_pct", "Change a year", "%"));
  columns.push_back(DerivedColumn("change_lo", "Lower limit", "%"));
  columns.push_back(DerivedColumn("change_hi", "Upper limit", "%"));
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(std::move(info), std::move(columns), sources));
  for (const GatedTable* source : sources) {
    for (const PrintedSeries& series : SeriesOf(*source)) {
      const auto entry = catalogue.find(series.indicator);
      if (entry == catalogue.end()) continue;
      const std::vector<YearRate> years = IndicatorYears(series);
      const Estimate change = AnnualChange(years);
      const auto percent = [](const Figure& figure) {
        return figure.known() ? DerivedCell::Number(100 * figure.value(), 1)
                              : DerivedCell::Na(figure.reason());
      };
      TALLY_RETURN_IF_ERROR(table.AddRow(
          {DerivedCell::Text(series.indicator),
           DerivedCell::Text(entry->second.name),
           DerivedCell::Text(series.area),
           DerivedCell::Number(static_cast<double>(years.size()), 0),
           percent(change.value), percent(change.lower),
           percent(change.upper)}));
    }
  }
  return table;
}

class Trends : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty() &&
        context.by != std::vector<std::string>{"practice"}) {
      return UsageError("--by: indicators are grouped by practice only");
    }
    TALLY_ASSIGN_OR_RETURN(const std::vector<Indicator> indicators,
                           ReadIndicators(context.definition));
    TALLY_ASSIGN_OR_RETURN(const double months,
                           context.definition.Parameter("months"));
    TALLY_ASSIGN_OR_RETURN(const double rate_per,
                           context.definition.Parameter("rate_per"));
    TALLY_ASSIGN_OR_RETURN(const double by_year,
                           context.definition.Parameter("smallest_area"));
    TALLY_ASSIGN_OR_RETURN(const double by_month,
                           context.definition.Parameter("smallest_area_month"));
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                           CoveredMonths(context.release));
    TALLY_ASSIGN_OR_RETURN(
        CivilDay first, context.month.AddMonths(1 - static_cast<int>(months)));
    first = std::max(first, covered.first);
    TALLY_ASSIGN_OR_RETURN(const CountedIndicators counted,
                           CountIndicators(context, indicators, first));
    std::vector<std::string> notes;
    for (const auto& [reason, names] : counted.left_out) {
      notes.push_back(absl::StrFormat("Not available, because %s: %s.", reason,
                                      JoinText(names, "; ")));
    }
    TALLY_ASSIGN_OR_RETURN(
        const Areas large,
        ReadAreas(context.connection, static_cast<int64_t>(by_month)));
    TALLY_ASSIGN_OR_RETURN(
        const Areas small,
        ReadAreas(context.connection, static_cast<int64_t>(by_year)));
    const TrendTables make(context, counted, rate_per);
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable catalogue,
                           CatalogueTable(context, indicators, rate_per));
    tables.push_back(std::move(catalogue));
    for (const bool rates : {true, false}) {
      TALLY_ASSIGN_OR_RETURN(RawTable month, make.Months(rates, large, notes));
      TALLY_ASSIGN_OR_RETURN(RawTable year, make.Year(rates, small, notes));
      tables.push_back(std::move(month));
      tables.push_back(std::move(year));
    }
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    const auto catalogue =
        ReadCatalogue(context.Find(context.definition.id(), kIndicatorTable));
    const std::vector<const GatedTable*> sources = IndicatorTables(
        context, context.definition.id(), kIndicatorMonthTables);
    if (sources.empty()) return tables;
    TALLY_ASSIGN_OR_RETURN(const ChartSettings settings,
                           ReadChartSettings(context.definition));
    TableInfo info =
        context.Info(std::string(kSpcTable), "Control charts of indicators",
                     *sources.front());
    info.notes.push_back(SpcModeNote(settings.mode));
    info.notes.emplace_back(
        "A chart begins after the last month that is not printed. Below 13 "
        "points limits are trial limits. There are no limits where more than "
        "half of the moving ranges are 0. The last month is judged by at least "
        "12 points of which no more than half show a special cause.");
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable points,
        DerivedTable::Create(std::move(info), SpcColumns(), sources));
    for (const GatedTable* source : sources) {
      for (const PrintedSeries& series : SeriesOf(*source)) {
        const auto entry = catalogue.find(series.indicator);
        if (entry == catalogue.end()) continue;
        TALLY_RETURN_IF_ERROR(
            AddSeriesPoints(series, entry->second, settings, points));
      }
    }
    TALLY_ASSIGN_OR_RETURN(DerivedTable trend,
                           IndicatorTrendTable(context, catalogue, sources));
    tables.push_back(std::move(points));
    tables.push_back(std::move(trend));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawTrends(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC29() { return std::make_unique<Trends>(); }

}  // namespace tally::analytics
