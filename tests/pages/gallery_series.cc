// Lines over time, forecasts, control charts, curves.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/xmr_chart.h"
#include "gallery.h"

namespace tally::analytics {
namespace {

Chart SeriesLines(int series, bool strong) {
  const char* const kNames[] = {"GP supplier A", kHostileScript, kLongName,
                                "National APC"};
  std::vector<GalleryRow> list;
  for (int s = 0; s < series; ++s) {
    const std::string name =
        series > 4 ? absl::StrFormat("p%d0", s + 1) : std::string(kNames[s]);
    for (int i = 0; i < 30; ++i) {
      GalleryRow row = {GalleryMonth(i), name,
                        70 + 3.0 * s + 2 * GalleryNoise(i + 40 * s)};
      if (s == 0 && i == 12) row[2] = GalleryNa();
      list.push_back(std::move(row));
    }
  }
  Chart chart = GalleryChart(absl::StrFormat("lines-%d", series), "lines",
                             {{"month", "Month", "text"},
                              {"source", "Source", "text"},
                              {"rate", "Link rate", "%"}},
                             list);
  chart.options.Set("x", "month").Set("y", "rate").Set("series", "source");
  if (strong) {
    JsonValue names = JsonValue::MakeArray();
    names.Append("p50");
    chart.options.Set("strong", std::move(names));
  } else {
    chart.options.Set("target", 75.5).Set("target_label", "Target 75.5");
  }
  return chart;
}

Chart SeriesBand(const std::string& id, int years) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < years; ++i) {
    const double value = 410 - 6.5 * i;
    list.push_back(
        {absl::StrFormat("%d", 2014 + i), value, value - 25, value + 25});
  }
  Chart chart = GalleryChart(id, "lines",
                             {{"year", "Financial year", "text"},
                              {"dsr", "Deaths", "per 100,000"},
                              {"lo", "Lower 95 % limit", "per 100,000"},
                              {"hi", "Upper 95 % limit", "per 100,000"}},
                             list);
  chart.options.Set("x", "year")
      .Set("y", "dsr")
      .Set("lo", "lo")
      .Set("hi", "hi");
  return chart;
}

// 36 months with a shift of 7, a point beyond a limit and a hidden month.
Chart ControlChart(const std::string& id, int months, bool selectable) {
  std::vector<GalleryRow> list;
  for (const char* area : {"All practices", kHostileScript}) {
    for (int i = 0; i < months; ++i) {
      int64_t value = 1000 + static_cast<int64_t>(60 * GalleryNoise(i));
      if (i > 14 && i < 23) value += 70;
      if (i == 6) value -= 260;
      if (i == 10) value = 3;  // hidden
      list.push_back({area, GalleryMonth(i), value});
    }
    if (!selectable) break;
  }
  const std::vector<GalleryColumn> columns = {{"area", "Area", "text"},
                                              {"month", "Month", "text"},
                                              {"n", "Attendances", "count"}};
  Chart chart(id, "xmr", GalleryTable(id, columns, list),
              {"area", "month", "n"},
              [](const GatedTable&, size_t) { return true; });
  if (selectable) chart.SelectBy("area", "Area", "All practices");
  XmrRequest request;
  request.value = "n";
  request.month = "month";
  request.subject = "Emergency attendances";
  request.direction = Direction::kLowerIsBetter;
  request.targets = {{selectable ? "All practices" : "", 950}};
  if (months > 30) request.rebase = {GalleryMonth(30)};
  AddXmr(chart, request);
  return chart;
}

Chart Forecast(bool months) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < 42; ++i) {
    const double season = 90 * std::sin(i * 0.5236);
    const double point = 2000 + 8 * i + season;
    const double width = 40 + 14 * std::max(0, i - 29);
    GalleryRow row = {months ? GalleryMonth(i) : absl::StrFormat("week %d", i),
                      GalleryNa(),
                      GalleryNa(),
                      GalleryNa(),
                      GalleryNa(),
                      GalleryNa(),
                      GalleryNa(),
                      2100 + 6.0 * i};
    if (i < 30) row[1] = static_cast<int64_t>(point + 40 * GalleryNoise(i));
    if (i >= 30) {
      row[2] = point;
      row[3] = point - 1.28 * width;
      row[4] = point + 1.28 * width;
      row[5] = point - 1.96 * width;
      row[6] = point + 1.96 * width;
    }
    list.push_back(std::move(row));
  }
  Chart chart = GalleryChart(months ? "fan" : "fan-weeks", "fan",
                             {{"month", "Month", "text"},
                              {"actual", "Admissions", "count"},
                              {"point", "Forecast", ""},
                              {"lo80", "Lower 80 % limit", ""},
                              {"hi80", "Upper 80 % limit", ""},
                              {"lo95", "Lower 95 % limit", ""},
                              {"hi95", "Upper 95 % limit", ""},
                              {"plan", "Plan", ""}},
                             list);
  chart.options.Set("x", "month").Set("actual", "actual").Set("point", "point");
  chart.options.Set("lo80", "lo80").Set("hi80", "hi80").Set("lo95", "lo95");
  chart.options.Set("hi95", "hi95").Set("plan", "plan");
  return chart;
}

Chart BurnUp() {
  std::vector<GalleryRow> list;
  for (int i = 0; i < 12; ++i) {
    GalleryRow row = {GalleryMonth(24 + i), GalleryNa(), 105000.0 * (i + 1),
                      GalleryNa(), GalleryNa()};
    if (i < 7) row[1] = 112000.0 * (i + 1);
    if (i >= 7) row[3] = 112000.0 * (i + 1);
    if (i >= 7) row[4] = 112000.0 * 7 + 121000.0 * (i - 6);
    list.push_back(std::move(row));
  }
  Chart chart = GalleryChart("burnup", "burnup",
                             {{"month", "Month", "text"},
                              {"actual", "Spend since April", "pounds"},
                              {"budget", "Budget since April", "pounds"},
                              {"linear", "Linear outturn", "pounds"},
                              {"seasonal", "Seasonal outturn", "pounds"}},
                             list);
  chart.options.Set("x", "month")
      .Set("actual", "actual")
      .Set("budget", "budget")
      .Set("outturn", "linear")
      .Set("outturn_label", "Outturn, linear")
      .Set("outturn2", "seasonal")
      .Set("outturn2_label", "Outturn, seasonal");
  return chart;
}

Chart Survival() {
  std::vector<GalleryRow> list;
  for (const char* group : {"Frail", "Not frail"}) {
    double alive = 100;
    for (int i = 0; i < 12; ++i) {
      alive *= group[0] == 'F' ? 0.93 : 0.97;
      list.push_back(
          {group, 30.0 * i, alive, alive - 4, std::min(100.0, alive + 4)});
    }
  }
  Chart chart = GalleryChart("step", "step",
                             {{"group", "Group", "text"},
                              {"days", "Days since discharge", "days"},
                              {"alive", "Not readmitted", "%"},
                              {"lo", "Lower 95 % limit", "%"},
                              {"hi", "Upper 95 % limit", "%"}},
                             list);
  chart.options.Set("x", "days")
      .Set("y", "alive")
      .Set("series", "group")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("y_top", 100);
  return chart;
}

Chart SmallOnes() {
  const char* const kNames[] = {"A&E within four hours", kHostileScript,
                                kLongName, "Falls", "One month only"};
  std::vector<GalleryRow> list;
  for (int f = 0; f < 5; ++f) {
    for (int i = 0; i < (f == 4 ? 1 : 24); ++i) {
      list.push_back({kNames[f], GalleryMonth(i),
                      90 - 9.0 * f + 4 * GalleryNoise(i + f), 88 - 9.0 * f,
                      96 - 9.0 * f, 92 - 9.0 * f,
                      i == 20   ? "concern"
                      : i == 21 ? "improvement"
                                : "common"});
    }
  }
  Chart chart = GalleryChart("multiples", "multiples",
                             {{"indicator", "Indicator", "text"},
                              {"month", "Month", "text"},
                              {"value", "Value", "%"},
                              {"lo", "Lower limit", "%"},
                              {"hi", "Upper limit", "%"},
                              {"mean", "Mean", "%"},
                              {"point", "Point", "text"}},
                             list);
  chart.options.Set("facet", "indicator").Set("x", "month").Set("y", "value");
  chart.options.Set("lo", "lo")
      .Set("hi", "hi")
      .Set("mean", "mean")
      .Set("point", "point");
  return chart;
}

Chart Shares(const std::string& type) {
  std::vector<GalleryRow> list;
  for (const char* group : {"All", "Aged 65 and over"}) {
    for (int i = 1; i <= 10; ++i) {
      const double x = 10.0 * i;
      const double power = group[1] == 'l' ? 2.2 : 1.6;
      const double y = type == "lorenz"
                           ? 100 * std::pow(x / 100, power)
                           : 100 * (1 - std::pow(1 - x / 100, power));
      list.push_back({group, x, y});
    }
  }
  Chart chart = GalleryChart(type, type,
                             {{"group", "Group", "text"},
                              {"people", "Share of people", "%"},
                              {"events", "Share of attendances", "%"}},
                             list);
  chart.options.Set("x", "people").Set("y", "events").Set("series", "group");
  return chart;
}

Chart Calibration() {
  std::vector<GalleryRow> list;
  for (int i = 0; i < 10; ++i) {
    const double p = 0.5 + i * i * 0.31;
    const double o = p * (0.86 + 0.3 * GalleryNoise(i));
    list.push_back(
        {absl::StrFormat("Tenth %d", i + 1), p, o, o * 0.85, o * 1.17});
  }
  Chart chart = GalleryChart("calibration", "calibration",
                             {{"tenth", "Tenth of risk", "text"},
                              {"p", "Predicted", "%"},
                              {"o", "Observed", "%"},
                              {"lo", "Lower 95 % limit", "%"},
                              {"hi", "Upper 95 % limit", "%"}},
                             list);
  chart.options.Set("predicted", "p")
      .Set("observed", "o")
      .Set("label", "tenth");
  chart.options.Set("lo", "lo").Set("hi", "hi");
  return chart;
}

}  // namespace

std::vector<Page> GallerySeries() {
  std::vector<Page> pages(3);
  pages[0].id = "series";
  pages[0].title = "Lines";
  pages[0].charts = {SeriesLines(4, false),
                     SeriesLines(9, true),
                     SeriesBand("lines-band", 10),
                     SeriesBand("lines-one", 1),
                     SmallOnes(),
                     Survival()};
  pages[1].id = "control";
  pages[1].title = "Control charts";
  pages[1].charts = {ControlChart("xmr", 36, true),
                     ControlChart("xmr-trial", 9, false),
                     ControlChart("xmr-one", 1, false)};
  pages[2].id = "forecasts";
  pages[2].title = "Forecasts and curves";
  pages[2].charts = {Forecast(true),   Forecast(false), BurnUp(),
                     Shares("lorenz"), Shares("gain"),  Calibration()};
  return pages;
}

}  // namespace tally::analytics
