// Rows of dots, points of two numbers, icons.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "gallery.h"

namespace tally::analytics {
namespace {

std::string Area(int i) {
  if (i == 2) return kHostileScript;
  if (i == 3) return kLongName;
  return absl::StrFormat("Z9%04d", i);
}

Chart Intervals(const std::string& id, int rows, bool log) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < rows; ++i) {
    const double value = (log ? 0.6 : 40) + (log ? 0.04 : 1.9) * i;
    const std::string flag = i < 2 ? "better" : i > 6 ? "worse" : "similar";
    GalleryRow row = {Area(i), value, value * 0.8, value * 1.25, flag};
    if (i == 4) row[1] = row[2] = row[3] = GalleryNa();
    if (i == 5) row[2] = row[3] = GalleryNa();
    list.push_back(std::move(row));
  }
  Chart chart = GalleryChart(id, "interval",
                             {{"area", "Practice", "text"},
                              {"value", log ? "Ratio" : "Rate",
                               log ? "observed / expected" : "per 1,000"},
                              {"lo", "Lower 95 % limit", ""},
                              {"hi", "Upper 95 % limit", ""},
                              {"flag", "Against the peers", "text"}},
                             list);
  if (log) chart.options.Set("flag", "flag");
  JsonValue references = JsonValue::MakeObject();
  if (!log) references.Set("", 61.25);
  chart.options.Set("x", "value")
      .Set("y", "area")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("log", log)
      .Set("references", std::move(references))
      .Set("reference_label", "All practices 61.25");
  return chart;
}

Chart Groups() {
  std::vector<GalleryRow> list;
  const char* const kIndicators[] = {
      "Maternity: continuity of carer", "Severe mental illness: health check",
      "Chronic obstructive pulmonary disease", kHostileScript};
  for (int i = 0; i < 4; ++i) {
    int at = 0;
    for (const char* group : {"Core20", "Rest"}) {
      const double value = 48 + 7 * i + 6 * at++;
      list.push_back({kIndicators[i], group, value, value - 3, value + 3});
    }
  }
  Chart chart = GalleryChart("interval-groups", "interval",
                             {{"indicator", "Indicator", "text"},
                              {"group", "Group", "text"},
                              {"value", "Share", "%"},
                              {"lo", "Lower 95 % limit", "%"},
                              {"hi", "Upper 95 % limit", "%"}},
                             list);
  chart.options.Set("x", "value")
      .Set("y", "indicator")
      .Set("series", "group")
      .Set("lo", "lo")
      .Set("hi", "hi");
  return chart;
}

Chart Ranks(int rows) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < rows; ++i) {
    list.push_back({Area(i), static_cast<double>(i + 1),
                    static_cast<double>(std::max(1, i - 3)),
                    static_cast<double>(std::min(rows, i + 5))});
  }
  Chart chart = GalleryChart(absl::StrFormat("rank-%d", rows), "rank",
                             {{"area", "Practice", "text"},
                              {"rank", "Rank", ""},
                              {"lo", "Lowest rank", ""},
                              {"hi", "Highest rank", ""}},
                             list);
  chart.options.Set("rank", "rank")
      .Set("y", "area")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("best", "lowest rate");
  return chart;
}

Chart Spine() {
  const char* const kFlags[] = {"better", "similar", "worse", "higher",
                                "lower"};
  const char* const kDirections[] = {"higher", "lower", "neither"};
  const char* const kNames[] = {
      "Hypertension: recorded prevalence", "Emergency admissions",
      "Readmissions within 30 days", kHostileScript, kLongName};
  std::vector<GalleryRow> list;
  for (int i = 0; i < 12; ++i) {
    const double mid = 20 + 3.5 * i;
    GalleryRow row = {i < 5 ? kNames[i] : absl::StrFormat("Indicator %d", i),
                      mid + 6 * (GalleryNoise(i) - 0.5),
                      mid - 8,
                      mid - 2.5,
                      mid,
                      mid + 2,
                      mid + 5,
                      kDirections[i % 3],
                      kFlags[i % 5]};
    if (i == 6) row[1] = GalleryNa();
    list.push_back(std::move(row));
  }
  Chart chart = GalleryChart("spine", "spine",
                             {{"indicator", "Indicator", "text"},
                              {"value", "Z90001", ""},
                              {"low", "Lowest peer", ""},
                              {"q1", "Lower quartile", ""},
                              {"mid", "Median of the peers", ""},
                              {"q3", "Upper quartile", ""},
                              {"high", "Highest peer", ""},
                              {"direction", "Better", "text"},
                              {"flag", "Against the peers", "text"}},
                             list);
  chart.summary = "Spine chart of 12 rows.";
  chart.options.Set("y", "indicator").Set("value", "value").Set("low", "low");
  chart.options.Set("q1", "q1")
      .Set("mid", "mid")
      .Set("q3", "q3")
      .Set("high", "high");
  chart.options.Set("direction", "direction").Set("flag", "flag");
  return chart;
}

Chart Funnel(bool curves) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < 24; ++i) {
    const int64_t size = 800 + 410 * i;
    const double value =
        10 + (i % 6 == 0 ? 5.5 : 2.0) * (GalleryNoise(i) - 0.5);
    list.push_back({Area(i), size, value});
  }
  list.push_back({"Z98000", int64_t{3}, GalleryNa()});
  Chart chart = GalleryChart(curves ? "funnel" : "funnel-bare", "funnel",
                             {{"area", "Practice", "text"},
                              {"list", "People on the list", "count"},
                              {"share", "Recorded prevalence", "%"}},
                             list);
  chart.options.Set("x", "list").Set("y", "share").Set("label", "area");
  JsonValue by_level = JsonValue::MakeObject();
  JsonValue averages = JsonValue::MakeObject();
  if (curves) {
    JsonValue curve = JsonValue::MakeArray();
    for (int n = 400; n < 11000; n += 200) {
      const double spread = 30.0 / std::sqrt(n);
      JsonValue point = JsonValue::MakeArray();
      point.Append(n).Append(10 - 3.09 * spread).Append(10 - 1.96 * spread);
      point.Append(10 + 1.96 * spread).Append(10 + 3.09 * spread);
      curve.Append(std::move(point));
    }
    by_level.Set("", std::move(curve));
    averages.Set("", 10.0);
  }
  chart.options.Set("curves", std::move(by_level))
      .Set("averages", std::move(averages));
  return chart;
}

Chart Scatter(bool quadrants) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < 22; ++i) {
    list.push_back({Area(i), 4 * (GalleryNoise(i) - 0.5),
                    4 * (GalleryNoise(i + 99) - 0.5)});
  }
  Chart chart = GalleryChart(quadrants ? "quadrant" : "scatter", "scatter",
                             {{"programme", "Programme", "text"},
                              {"spend", "Spend, standard deviations", ""},
                              {"outcome", "Outcome, standard deviations", ""}},
                             list);
  chart.options.Set("x", "spend").Set("y", "outcome").Set("label", "programme");
  if (quadrants) {
    JsonValue names = JsonValue::MakeArray();
    names.Append("Lower spend, better outcome")
        .Append("Higher spend, better outcome")
        .Append("Lower spend, worse outcome")
        .Append("Higher spend, worse outcome");
    chart.options.Set("x_cut", 0)
        .Set("y_cut", 0)
        .Set("quadrants", std::move(names));
  }
  return chart;
}

Chart States(const std::string& type) {
  const char* const kVariations[] = {"common",       "improvement", "concern",
                                     "neutral_high", "neutral_low", "too_few",
                                     "too_equal",    "unstable"};
  const char* const kAssurances[] = {"pass", "fail", "inconsistent",
                                     "no_target", "not_judged"};
  const char* const kNames[] = {"A&E within four hours", kHostileScript,
                                kLongName, "Sickness"};
  std::vector<GalleryRow> list;
  for (int i = 0; i < 14; ++i) {
    GalleryRow row = {i < 4 ? kNames[i] : absl::StrFormat("Indicator %d", i),
                      60 + 2.5 * i,
                      58 + 2.5 * i,
                      62 + 2.5 * i,
                      kVariations[i % 8],
                      kAssurances[(i * 3) % 5]};
    if (i == 3) row[1] = GalleryNa();
    list.push_back(std::move(row));
  }
  Chart chart = GalleryChart(type, type,
                             {{"indicator", "Indicator", "text"},
                              {"value", "Value", "%"},
                              {"lo", "Lower 95 % limit", "%"},
                              {"hi", "Upper 95 % limit", "%"},
                              {"variation", "Variation", "text"},
                              {"assurance", "Assurance", "text"}},
                             list);
  chart.options.Set("label", "indicator")
      .Set("value", "value")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("variation", "variation")
      .Set("assurance", "assurance");
  return chart;
}

}  // namespace

std::vector<Page> GalleryDots() {
  std::vector<Page> pages(3);
  pages[0].id = "dots";
  pages[0].title = "Dots and intervals";
  pages[0].charts = {Intervals("interval", 9, false),
                     Intervals("interval-one", 1, false),
                     Intervals("interval-ratio", 12, true),
                     Groups(),
                     Ranks(9),
                     Intervals("interval-sixty", 60, false)};
  pages[1].id = "points";
  pages[1].title = "Points";
  pages[1].charts = {Funnel(true), Funnel(false), Scatter(false), Scatter(true),
                     Ranks(60)};
  pages[2].id = "icons";
  pages[2].title = "Spine and icons";
  pages[2].charts = {Spine(), States("icons"), States("matrix")};
  return pages;
}

}  // namespace tally::analytics
