// C11: monthly activity by type, and its forecast from printed months.
#include "measures/c11_forecast.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/profile.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/reference.h"
#include "analytics/statistics/forecast.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/activity.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/indicator_series.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// Of the year that the projected population is taken for.
constexpr size_t kMonthsOfDemand = 12;

// (by, level) -> events a month.
using LevelCounts =
    std::map<std::pair<std::string, std::string>, std::vector<int64_t>>;

// Months of one type of activity that all its sources cover.
struct PodMonths {
  std::string pod;
  std::vector<CivilDay> months;
  LevelCounts counts;
};

absl::StatusOr<std::vector<PodMonths>> CountPods(const MeasureContext& context,
                                                 const ActivityParts& parts,
                                                 MonthRange range) {
  std::vector<PodMonths> pods;
  std::map<std::pair<std::string, std::string>, std::pair<size_t, size_t>> at;
  TALLY_ASSIGN_OR_RETURN(const auto covered,
                         ActivityMonths(context, parts, range));
  for (const auto& [pod, title] : ActivityTypes()) {
    const auto months = covered.find(std::string(TableOfActivity(pod)));
    if (months == covered.end()) continue;
    PodMonths& one = pods.emplace_back();
    one.pod = pod;
    for (CivilDay m = months->second.first; !(months->second.last < m);) {
      at[{pod, m.ToMonth()}] = {pods.size() - 1, one.months.size()};
      one.months.push_back(m);
      TALLY_ASSIGN_OR_RETURN(m, m.AddMonths(1));
    }
  }
  if (pods.empty()) return pods;
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          "SELECT pod, strftime(month, '%Y-%m'), "
          "CASE WHEN grouping(provider) = 0 THEN 'provider' "
          "WHEN grouping(tfc) = 0 THEN 'specialty' ELSE 'practice' END, "
          "coalesce(provider, tfc, practice), count(*) FROM activity "
          "GROUP BY GROUPING SETS ((pod, month, provider), "
          "(pod, month, tfc), (pod, month, practice))",
          4));
  for (const GroupedRow& row : rows) {
    const auto place = at.find({row.levels[0], row.levels[1]});
    if (place == at.end()) continue;
    PodMonths& pod = pods[place->second.first];
    std::vector<int64_t>& counts = pod.counts[{row.levels[2], row.levels[3]}];
    counts.resize(pod.months.size());
    counts[place->second.second] = row.counts[0];
  }
  return pods;
}

// Levels with few events a month become one.
LevelCounts PutSmallTogether(const PodMonths& pod, double least) {
  LevelCounts out;
  for (const auto& [key, counts] : pod.counts) {
    int64_t sum = 0;
    for (const int64_t count : counts) sum += count;
    const bool small =
        static_cast<double>(sum) < least * static_cast<double>(counts.size());
    std::vector<int64_t>& to =
        out[{key.first, small ? std::string(kOtherLevels) : key.second}];
    to.resize(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) to[i] += counts[i];
  }
  return out;
}

// The levels of one way of cutting a type in its month `place`, and their
// total.
void AddActivityMonth(const PodMonths& pod, const LevelCounts& levels,
                      const std::string& by, size_t place,
                      TableBuilder& table) {
  const std::string month = pod.months[place].ToMonth();
  std::vector<size_t> parts;
  for (const auto& [key, counts] : levels) {
    const auto& [cut, level] = key;
    if (cut != by) continue;
    const size_t row = table.AddRow({pod.pod, by, level, month});
    table.Set(row, "events", counts[place]);
    if (by == "provider" && level != kOtherLevels) {
      table.Counted(row, "events", CountedActivity(pod.pod, level, month));
    }
    parts.push_back(row);
  }
  if (parts.empty()) return;
  const std::string all(kAllLevels);
  const size_t total = table.AddRow({pod.pod, by, all, month});
  table.Total(total, parts)
      .Counted(total, "events", CountedActivity(pod.pod, all, month));
}

absl::StatusOr<RawTable> ActivityMonthTable(const MeasureContext& context,
                                            const std::vector<PodMonths>& pods,
                                            double least) {
  TableInfo info = context.Info("activity_month", "Activity by month");
  info.notes.emplace_back(
      "Activity of all people, of those on no list as well. Admissions count "
      "in the month of admission.");
  TableBuilder table(std::move(info));
  table.Dimension("pod", "Type")
      .Dimension("by", "By")
      .Dimension("level", "Provider, specialty or practice")
      .Dimension("month", "Month")
      .Events("events", "Events");
  for (const PodMonths& pod : pods) {
    const LevelCounts levels = PutSmallTogether(pod, least);
    for (const std::string by : {"provider", "specialty", "practice"}) {
      if (by == "specialty" && pod.pod.starts_with("ed_")) continue;
      for (size_t i = 0; i < pod.months.size(); ++i) {
        AddActivityMonth(pod, levels, by, i, table);
      }
    }
  }
  return table.Finish();
}

// --- forecast, from printed months -------------------------------------------

struct ForecastSeries {
  std::string pod, by, level, title;
  std::vector<std::string> months;
  std::vector<double> values;
};

// The months after the last one that is not printed. The same total stands
// below each way of cutting it: it is forecast once.
std::vector<ForecastSeries> SeriesToForecast(const GatedTable& table) {
  std::vector<ForecastSeries> all;
  std::map<std::vector<std::string>, size_t> places;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string& pod = table.at(row, "pod").text();
    const std::string& by = table.at(row, "by").text();
    const std::string& level = table.at(row, "level").text();
    if (level == kAllLevels && by != "provider") continue;
    const auto [place, is_new] =
        places.emplace(std::vector<std::string>{pod, by, level}, all.size());
    if (is_new) {
      const std::string title = ActivityTitle(pod);
      all.push_back({pod,
                     by,
                     level,
                     level == kAllLevels
                         ? title
                         : absl::StrFormat("%s, %s %s", title, by, level),
                     {},
                     {}});
    }
    ForecastSeries& series = all[place->second];
    const auto number = table.at(row, "events").number();
    if (!number.has_value()) {
      series.months.clear();
      series.values.clear();
      continue;
    }
    series.months.push_back(table.at(row, "month").text());
    series.values.push_back(*number);
  }
  return all;
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// A forecast is printed as a count of its profile would be.
DerivedCell AsCount(double value, const Profile& profile) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, value)));
  const std::optional<int64_t> printed = profile.PrintCount(whole);
  if (!printed.has_value()) return DerivedCell::Star();
  return DerivedCell::Number(static_cast<double>(*printed), 0);
}

class ForecastTables {
 public:
  static absl::StatusOr<ForecastTables> Begin(const DeriveContext& context,
                                              const GatedTable& source);
  absl::Status Add(const ForecastSeries& series, size_t ahead);
  DerivedTable forecast, backtest;

 private:
  ForecastTables(DerivedTable f, DerivedTable b, Profile profile)
      : forecast(std::move(f)),
        backtest(std::move(b)),
        profile_(std::move(profile)) {}
  absl::Status AddPoints(const ForecastSeries& series,
                         const ForecastResult& result);

  Profile profile_;
};

absl::StatusOr<ForecastTables> ForecastTables::Begin(
    const DeriveContext& context, const GatedTable& source) {
  const std::vector<ColumnSpec> series = {
      DimensionColumn("series", "Series"), DimensionColumn("pod", "Type"),
      DimensionColumn("by", "By"),
      DimensionColumn("level", "Provider, specialty or practice")};
  std::vector<ColumnSpec> points = series;
  points.push_back(DimensionColumn("month", "Month"));
  const std::pair<std::string, std::string> numbers[] = {
      {"actual", "Counted"},        {"point", "Forecast"},
      {"lo80", "80 % lower limit"}, {"hi80", "80 % upper limit"},
      {"lo95", "95 % lower limit"}, {"hi95", "95 % upper limit"}};
  for (const auto& [name, title] : numbers) {
    points.push_back(DerivedColumn(name, title, "events"));
  }
  points.push_back(WordColumn("model", "Model"));
  std::vector<ColumnSpec> errors = series;
  errors.push_back(DimensionColumn("horizon", "Months ahead"));
  const std::pair<std::string, std::string> figures[] = {
      {"origins", "Origins"},
      {"mae", "Mean absolute error"},
      {"mase", "MASE"},
      {"mape", "MAPE"},
      {"pinball", "Pinball loss"},
      {"cover80", "Inside 80 %"},
      {"cover95", "Inside 95 %"}};
  for (const auto& [name, title] : figures) {
    const bool percent = name == "mape" || name.starts_with("cover");
    errors.push_back(DerivedColumn(name, title, percent ? "%" : ""));
  }
  errors.push_back(WordColumn("model", "Model"));
  TableInfo info = context.Info("forecast", "Forecast of activity", source);
  info.notes.emplace_back(
      "A series needs 24 printed months in a row, for Holt-Winters 36. Points "
      "are printed as counts are.");
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable forecast,
      DerivedTable::Create(std::move(info), std::move(points), {&source}));
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable backtest,
      DerivedTable::Create(
          context.Info("forecast_backtest", "Errors of past forecasts", source),
          std::move(errors), {&source}));
  TALLY_ASSIGN_OR_RETURN(Profile profile, Profile::Named(source.profile()));
  return ForecastTables(std::move(forecast), std::move(backtest),
                        std::move(profile));
}

absl::Status ForecastTables::AddPoints(const ForecastSeries& series,
                                       const ForecastResult& result) {
  const auto row = [&](std::string month, std::vector<DerivedCell> cells) {
    std::vector<DerivedCell> all = {
        DerivedCell::Text(series.title), DerivedCell::Text(series.pod),
        DerivedCell::Text(series.by), DerivedCell::Text(series.level),
        DerivedCell::Text(std::move(month))};
    all.insert(all.end(), cells.begin(), cells.end());
    all.push_back(
        DerivedCell::Text(std::string(ForecastModelText(result.model))));
    return forecast.AddRow(std::move(all));
  };
  const DerivedCell none = DerivedCell::Na(NaReason::kTooFewValues);
  for (size_t i = 0; i < series.months.size(); ++i) {
    TALLY_RETURN_IF_ERROR(
        row(series.months[i], {DerivedCell::Number(series.values[i], 0), none,
                               none, none, none, none}));
  }
  TALLY_ASSIGN_OR_RETURN(CivilDay month,
                         CivilDay::Parse(series.months.back() + "-01"));
  for (const ForecastPoint& p : result.points) {
    TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
    TALLY_RETURN_IF_ERROR(
        row(month.ToMonth(),
            {none, AsCount(p.point, profile_), AsCount(p.low80, profile_),
             AsCount(p.high80, profile_), AsCount(p.low95, profile_),
             AsCount(p.high95, profile_)}));
  }
  return absl::OkStatus();
}

absl::Status ForecastTables::Add(const ForecastSeries& series, size_t ahead) {
  const std::optional<ForecastResult> result =
      ForecastMonths(series.values, ahead);
  if (!result.has_value()) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(AddPoints(series, *result));
  for (const BacktestRow& error : result->backtest) {
    const auto percent = [](const Figure& figure) {
      return figure.known() ? DerivedCell::Number(100 * figure.value(), 1)
                            : DerivedCell::Na(figure.reason());
    };
    TALLY_RETURN_IF_ERROR(backtest.AddRow(
        {DerivedCell::Text(series.title), DerivedCell::Text(series.pod),
         DerivedCell::Text(series.by), DerivedCell::Text(series.level),
         DerivedCell::Text(std::to_string(error.horizon)),
         DerivedCell::Number(error.origins, 0),
         DerivedCell::Number(error.mae, 1), DerivedCell::Number(error.mase, 2),
         percent(error.mape), DerivedCell::Number(error.pinball, 2),
         DerivedCell::Number(100 * error.cover80, 1),
         DerivedCell::Number(100 * error.cover95, 1),
         DerivedCell::Text(std::string(ForecastModelText(result->model)))}));
  }
  return absl::OkStatus();
}

class Forecasts : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: activity is forecast by provider, specialty and practice");
    }
    TALLY_ASSIGN_OR_RETURN(const double months,
                           context.definition.Parameter("months"));
    TALLY_ASSIGN_OR_RETURN(const double least,
                           context.definition.Parameter("least_per_month"));
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay first,
        context.month.AddMonths(1 - static_cast<int>(months)));
    TALLY_ASSIGN_OR_RETURN(const ActivityParts parts, MakeActivity(context));
    TALLY_ASSIGN_OR_RETURN(const std::vector<PodMonths> pods,
                           CountPods(context, parts, {first, context.month}));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable month,
                           ActivityMonthTable(context, pods, least));
    tables.push_back(std::move(month));
    std::vector<std::string> of_a_year;
    for (const PodMonths& pod : pods) {
      if (pod.months.size() >= kMonthsOfDemand) of_a_year.push_back(pod.pod);
    }
    if (HasReference(context.comparators, kProjectionFile) &&
        !of_a_year.empty()) {
      TALLY_ASSIGN_OR_RETURN(RawTable age_sex,
                             ActivityAgeSexTable(context, of_a_year));
      tables.push_back(std::move(age_sex));
      return tables;
    }
    const std::string why =
        of_a_year.empty()
            ? "the release has no activity of a whole year"
            : absl::StrFormat("there is no reference file %s.toml",
                              kProjectionFile);
    context.Lacks("activity_age_sex", why);
    context.Lacks("forecast_demographic", why);
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    const GatedTable* source =
        context.Find(context.definition.id(), "activity_month");
    if (source == nullptr) return tables;
    TALLY_ASSIGN_OR_RETURN(const double ahead,
                           context.definition.Parameter("months_ahead"));
    TALLY_ASSIGN_OR_RETURN(ForecastTables made,
                           ForecastTables::Begin(context, *source));
    TALLY_ASSIGN_OR_RETURN(const double least,
                           context.definition.Parameter("least_to_forecast"));
    for (const ForecastSeries& series : SeriesToForecast(*source)) {
      if (series.by == "practice" && MeanOf(series.values) < least) continue;
      TALLY_RETURN_IF_ERROR(made.Add(series, static_cast<size_t>(ahead)));
    }
    tables.push_back(std::move(made.forecast));
    tables.push_back(std::move(made.backtest));
    TALLY_ASSIGN_OR_RETURN(std::optional<DerivedTable> demographic,
                           DemographicForecast(context));
    if (demographic.has_value()) tables.push_back(*std::move(demographic));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawForecast(tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC11() { return std::make_unique<Forecasts>(); }

}  // namespace tally::analytics
