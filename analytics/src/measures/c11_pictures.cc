// Charts and sentences of C11.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/statistics/forecast.h"
#include "measures/c11_forecast.h"
#include "measures/indicator_series.h"
#include "measures/level_words.h"
#include "measures/said_figures.h"

namespace tally::analytics {
namespace {

struct ForecastSummary {
  double year = 0;    // forecast of the months ahead
  double before = 0;  // counted in as many months before
  int months = 0;
  bool repeats = false;  // seasonal naive
  std::string title;
};

// Of a total of a type; nothing if a point is not printed.
std::vector<ForecastSummary> SummariesOf(const GatedTable& forecast) {
  std::vector<ForecastSummary> all;
  std::vector<double> actual, points;
  std::string now, model;
  const auto close = [&] {
    ForecastSummary summary;
    summary.title = now;
    summary.repeats = model == ForecastModelText(ForecastModel::kSeasonalNaive);
    summary.months = static_cast<int>(points.size());
    if (points.empty() || actual.size() < points.size()) return;
    for (size_t i = 0; i < points.size(); ++i) {
      summary.year += points[i];
      summary.before += actual[actual.size() - 1 - i];
    }
    all.push_back(summary);
  };
  for (size_t row = 0; row < forecast.rows(); ++row) {
    if (forecast.at(row, "level").text() != kAllLevels) continue;
    if (forecast.at(row, "series").text() != now) {
      close();
      now = forecast.at(row, "series").text();
      model = forecast.at(row, "model").text();
      actual.clear();
      points.clear();
    }
    const auto counted = forecast.at(row, "actual").number();
    const auto point = forecast.at(row, "point").number();
    if (counted.has_value()) actual.push_back(*counted);
    if (point.has_value()) points.push_back(*point);
  }
  close();
  return all;
}

// The series to open with: a total of a type.
std::string FirstForecast(const GatedTable& table) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "level").text() == kAllLevels) {
      return table.at(row, "series").text();
    }
  }
  return table.rows() == 0 ? "" : table.at(0, "series").text();
}

Chart FanChart(const GatedTable& forecast) {
  Chart chart("forecast", "fan", forecast,
              {"series", "month", "actual", "point", "lo80", "hi80", "lo95",
               "hi95", "model"},
              [](const GatedTable&, size_t) { return true; });
  chart.SayLevels("series", SeriesWords);
  const std::vector<std::string> series = chart.LevelsOf("series");
  chart.SelectBy("series", "Series", SeriesWords(FirstForecast(forecast)));
  for (const std::string& name : series) {
    chart.Describe(
        name, absl::StrFormat("%s: too few printed months for a sum", name),
        absl::StrFormat("%s by month, with the forecast and its 80 "
                        "and 95 %% intervals.",
                        name));
  }
  std::vector<std::string> sums;  // of printed months
  for (const ForecastSummary& one : SummariesOf(forecast)) {
    sums.push_back(absl::StrFormat("%.0f", one.year));
    sums.push_back(absl::StrFormat("%.0f", one.before));
    const std::string words = absl::StrFormat(
        "%s: %s expected in the next %d months, after %s in the last",
        one.title, WithThousands(absl::StrFormat("%.0f", one.year)), one.months,
        WithThousands(absl::StrFormat("%.0f", one.before)));
    chart.Describe(one.title, words,
                   words + ". By month, with intervals of 80 and 95 %.");
  }
  AlsoSays(chart, sums);
  chart.unit = "events";
  chart.options.Set("x", "month")
      .Set("actual", "actual")
      .Set("point", "point")
      .Set("lo80", "lo80")
      .Set("hi80", "hi80")
      .Set("lo95", "lo95")
      .Set("hi95", "hi95");
  return chart;
}

Chart BacktestChart(const GatedTable& backtest) {
  Chart chart("forecast-errors", "interval", backtest,
              {"series", "horizon", "mase", "mae", "mape", "cover80", "cover95",
               "model"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "level").text() == kAllLevels;
              });
  chart.SayLevels("series", SeriesWords);
  const std::vector<std::string> series = chart.LevelsOf("series");
  chart.SelectBy("series", "Series", SeriesWords(FirstForecast(backtest)));
  JsonValue references = JsonValue::MakeObject();
  for (const std::string& name : series) {
    const std::vector<size_t> shown = ShownRows(chart, "series", name, "mase");
    const size_t value = chart.ColumnIndex("mase");
    const auto better = std::count_if(
        shown.begin(), shown.end(),
        [&](size_t row) { return *chart.number(row, value) < 1; });
    const std::string words =
        shown.empty()
            ? name + ": past forecasts could not be judged"
            : absl::StrFormat(
                  "%s: past forecasts beat last year's month at %s", name,
                  PartOf(better, static_cast<int64_t>(shown.size()),
                         {"distance", "distances"}, {"ahead", "ahead"}));
    chart.Describe(
        name, words,
        words +
            ". Mean absolute scaled error by months ahead; below 1 is better "
            "than the same month of the year before.");
    references.Set(name, 1);
  }
  chart.options.Set("x", "mase")
      .Set("y", "horizon")
      .Set("references", std::move(references))
      .Set("reference_label", "same month last year");
  return chart;
}

}  // namespace

std::vector<PagePart> DrawForecast(const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const GatedTable* forecast = PrintedTable(tables, "forecast");
  const GatedTable* backtest = PrintedTable(tables, "forecast_backtest");
  if (forecast == nullptr || forecast->rows() == 0) return parts;
  PagePart capacity{"capacity", {}, {}};
  int rank = 1;
  for (const ForecastSummary& one : SummariesOf(*forecast)) {
    // The seasonal naive model repeats the last year: no news.
    if (one.before <= 0 || one.repeats) continue;
    const double change = 100 * (one.year / one.before - 1);
    capacity.sentences.push_back(
        {rank++, absl::StrFormat(
                     "%s: %.1f %% %s expected in the next %d months than "
                     "in the last %d.",
                     one.title, std::abs(change), change < 0 ? "fewer" : "more",
                     one.months, one.months)});
  }
  capacity.charts.push_back(FanChart(*forecast));
  if (backtest != nullptr && backtest->rows() > 0) {
    capacity.charts.push_back(BacktestChart(*backtest));
  }
  parts.push_back(std::move(capacity));
  return parts;
}

}  // namespace tally::analytics
