// Grids and flows.
#include <utility>

#include "absl/strings/str_format.h"
#include "gallery.h"

namespace tally::analytics {
namespace {

Chart HeatSegments() {
  const char* const kSegments[] = {"Healthy", "Long-term conditions",
                                   kHostileScript, "Organ failure", kLongName};
  std::vector<GalleryRow> list;
  for (int s = 0; s < 5; ++s) {
    for (int decile = 1; decile <= 10; ++decile) {
      int64_t count = 4000 / (s + 1) - 31 * decile;
      if (s == 3 && decile == 9) count = 4;
      list.push_back({kSegments[s], std::to_string(decile), count});
    }
  }
  Chart chart = GalleryChart("heatmap", "heatmap",
                             {{"segment", "Segment", "text"},
                              {"decile", "Deprivation decile", "text"},
                              {"n", "People", "count"}},
                             list);
  chart.options.Set("x", "decile").Set("y", "segment").Set("value", "n");
  return chart;
}

Chart HeatHours() {
  const char* const kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  std::vector<GalleryRow> list;
  for (int day = 0; day < 7; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      list.push_back(
          {kDays[day], std::to_string(hour),
           static_cast<int64_t>(12 + 110 * GalleryNoise(hour) + 6 * day)});
    }
  }
  Chart chart = GalleryChart("heatmap-hours", "heatmap",
                             {{"day", "Day", "text"},
                              {"hour", "Hour", "text"},
                              {"n", "Arrivals", "count"}},
                             list);
  chart.options.Set("x", "hour").Set("y", "day").Set("value", "n");
  return chart;
}

Chart HeatItems() {
  const char* const kItems[] = {"NHS Number", "Date of birth",
                                "Ethnic category", kLongName};
  std::vector<GalleryRow> list;
  for (const char* source :
       {"gp-supplier-a", "gp-supplier-b", kHostileScript}) {
    for (int i = 0; i < 4; ++i) {
      GalleryRow row = {source, kItems[i], 99.5 - 3.25 * i, "good"};
      if (i == 2) row[3] = "check";
      if (i == 3) row[2] = GalleryNa();
      list.push_back(std::move(row));
    }
  }
  Chart chart = GalleryChart("heatmap-items", "heatmap",
                             {{"source", "Source", "text"},
                              {"item", "Item", "text"},
                              {"score", "Completeness", "%"},
                              {"words", "Verdict", "text"}},
                             list);
  chart.options.Set("x", "source").Set("y", "item").Set("value", "score");
  chart.options.Set("low_is", "dark");
  return chart;
}

Chart Movements() {
  std::vector<GalleryRow> list = {
      {"2024: Healthy", "2025: Healthy", int64_t{9105}},
      {"2024: Healthy", "2025: Long-term conditions", int64_t{1210}},
      {"2024: Healthy", std::string("2025: ") + kHostileScript, int64_t{4}},
      {"2024: Long-term conditions", "2025: Long-term conditions",
       int64_t{3310}},
      {"2024: Long-term conditions", "2025: Organ failure", int64_t{415}},
      {"2024: Organ failure", "2025: Organ failure", int64_t{560}},
      {"2024: Organ failure", "2025: Died", int64_t{130}},
      {std::string("2024: ") + kLongName, "2025: Died", int64_t{45}},
      {"2025: Died", "2026: Died", int64_t{175}},
      {"2025: Organ failure", "2026: Organ failure", int64_t{905}},
      {"2025: Organ failure", std::string("2026: ") + kHostileScript,
       int64_t{70}}};
  Chart chart = GalleryChart("sankey", "sankey",
                             {{"from", "From", "text"},
                              {"to", "To", "text"},
                              {"n", "People", "count"}},
                             list);
  chart.options.Set("from", "from").Set("to", "to").Set("value", "n");
  return chart;
}

Chart TwoColumns(const std::string& id, bool circle) {
  std::vector<GalleryRow> list = {
      {"ED", "Admitted", int64_t{1410}},
      {"ED", "Discharged home", int64_t{4105}},
      {"ED", "Left before being seen", int64_t{205}}};
  if (circle) list.push_back({"Admitted", "ED", int64_t{60}});
  Chart chart = GalleryChart(id, "sankey",
                             {{"from", "From", "text"},
                              {"to", "To", "text"},
                              {"n", "Attendances", "count"}},
                             list);
  chart.options.Set("from", "from").Set("to", "to").Set("value", "n");
  return chart;
}

Chart DirectlyFollows() {
  std::vector<GalleryRow> list = {
      {"GP contact", "Referral", int64_t{1250}, 12.0},
      {"Referral", "First outpatient", int64_t{1105}, 61.5},
      {"First outpatient", "Follow-up outpatient", int64_t{640}, 45.0},
      {"First outpatient", "Elective admission", int64_t{310}, 88.0},
      {"Follow-up outpatient", "Follow-up outpatient", int64_t{220}, 60.0},
      {"Follow-up outpatient", "Elective admission", int64_t{180}, 70.25},
      {"Elective admission", "GP contact", int64_t{95}, 14.0},
      {"GP contact", kHostileScript, int64_t{130}, GalleryNa()},
      {kHostileScript, "Emergency admission, all specialties and hospitals",
       int64_t{90}, 0.0},
      {"Emergency admission, all specialties and hospitals", "GP contact",
       int64_t{4}, 3.0}};
  Chart chart = GalleryChart("flow", "flow",
                             {{"from", "From", "text"},
                              {"to", "To", "text"},
                              {"n", "Times", "count"},
                              {"days", "Median gap", "days"}},
                             list);
  JsonValue starts = JsonValue::MakeArray();
  starts.Append("GP contact");
  chart.options.Set("from", "from")
      .Set("to", "to")
      .Set("value", "n")
      .Set("days", "days");
  chart.options.Set("starts", std::move(starts));
  return chart;
}

Chart OneCell(const std::string& type) {
  Chart chart = GalleryChart(type + "-one", type,
                             {{"from", "From", "text"},
                              {"to", "To", "text"},
                              {"n", "People", "count"}},
                             {{"A", "B", int64_t{40}}});
  chart.options.Set("from", "from").Set("to", "to").Set("value", "n");
  chart.options.Set("x", "from").Set("y", "to");
  return chart;
}

Chart AllHidden() {
  Chart chart = GalleryChart("heatmap-hidden", "heatmap",
                             {{"x", "Across", "text"},
                              {"y", "Down", "text"},
                              {"n", "People", "count"}},
                             {{"A", "B", int64_t{4}}, {"C", "B", int64_t{2}}});
  chart.options.Set("x", "x").Set("y", "y").Set("value", "n");
  return chart;
}

}  // namespace

std::vector<Page> GalleryFlows() {
  std::vector<Page> pages(2);
  pages[0].id = "grids";
  pages[0].title = "Grids";
  pages[0].charts = {HeatSegments(), HeatHours(), HeatItems(),
                     OneCell("heatmap"), AllHidden()};
  pages[1].id = "flows";
  pages[1].title = "Flows";
  pages[1].charts = {Movements(),
                     TwoColumns("sankey-two", false),
                     TwoColumns("sankey-circle", true),
                     DirectlyFollows(),
                     OneCell("flow"),
                     OneCell("sankey")};
  return pages;
}

}  // namespace tally::analytics
