// Bars of every kind.
#include <utility>

#include "absl/strings/str_format.h"
#include "gallery.h"

namespace tally::analytics {
namespace {

Chart Bars(const std::string& id, int rows) {
  std::vector<GalleryRow> list;
  for (int i = 0; i < rows; ++i) {
    const std::string name = i == 1   ? kHostileScript
                             : i == 2 ? kHostileFormula
                             : i == 3 ? "a \"quoted\", 'odd' & <b>bold</b> name"
                                      : absl::StrFormat("Z9%04d", i);
    const int64_t count = i == 4 ? 3 : 9000 - 143 * i;
    list.push_back({name, count});
  }
  Chart chart = GalleryChart(
      id, "bar", {{"area", "Practice", "text"}, {"n", "Admissions", "count"}},
      list);
  chart.options.Set("x", "n").Set("y", "area");
  return chart;
}

Chart LongBars() {
  Chart chart = GalleryChart(
      "bar-long-names", "bar",
      {{"service", "Service", "text"},
       {"place", "Place", "text"},
       {"rate", "Rate", "per 1,000"},
       {"lo", "Lower 95 % limit", "per 1,000"},
       {"hi", "Upper 95 % limit", "per 1,000"}},
      {{kLongName, "North", 12.5, 11.2, 13.9},
       {kLongName, "South", 4.25, 3.9, 4.6},
       {"Glaucoma repeat readings", "North", 10.0, 8.5, 11.8},
       {"Cataract, first eye", "South", GalleryNa(), GalleryNa(), GalleryNa()},
       {"Overlong\nname with a line break and " + std::string(60, 'W'), "East",
        1.5, 1.1, 2.0}});
  chart.options.Set("x", "rate")
      .Set("y", "service")
      .Set("y2", "place")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("reference", 9.75)
      .Set("reference_label", "All practices 9.75");
  return chart;
}

Chart SignedBars() {
  Chart chart = GalleryChart(
      "bar-signed", "bar",
      {{"area", "Practice", "text"},
       {"gap", "Distance from target share", "%"}},
      {{"Z90001", 4.25}, {"Z90002", -6.5}, {"Z90003", 0.0}, {"Z90004", -0.75}});
  chart.options.Set("x", "gap").Set("y", "area");
  return chart;
}

Chart Deciles() {
  std::vector<GalleryRow> list;
  for (int decile = 1; decile <= 10; ++decile) {
    list.push_back({std::to_string(decile), 210.0 - 14 * decile,
                    190.0 - 13 * decile, 231.0 - 14 * decile,
                    204.0 - 13.4 * decile, 150.0});
  }
  Chart chart =
      GalleryChart("column-deciles", "column",
                   {{"decile", "Deprivation decile, 1 = most deprived", "text"},
                    {"rate", "Emergency admissions", "per 1,000"},
                    {"lo", "Lower 95 % limit", "per 1,000"},
                    {"hi", "Upper 95 % limit", "per 1,000"},
                    {"fit", "Fitted line", "per 1,000"},
                    {"peer", "All practices", "per 1,000"}},
                   list);
  chart.options.Set("x", "decile")
      .Set("y", "rate")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("fit", "fit")
      .Set("fit_label", "Slope of inequality")
      .Set("peer", "peer")
      .Set("peer_label", "All practices");
  return chart;
}

Chart Weeks() {
  std::vector<GalleryRow> list;
  for (int week = 1; week <= 60; ++week) {
    list.push_back({std::to_string(week), int64_t{1000} / week + (week % 7)});
  }
  Chart chart = GalleryChart(
      "column-weeks", "column",
      {{"week", "Weeks waited", "text"}, {"n", "Incomplete pathways", "count"}},
      list);
  chart.options.Set("x", "week")
      .Set("y", "n")
      .Set("marker", "18")
      .Set("marker_label", "18 weeks");
  return chart;
}

// Nothing but zeros: an axis without a bar would be left. The last column has
// no value at all.
Chart Zeros(const std::string& type) {
  Chart chart = GalleryChart(type + "-zeros", type,
                             {{"week", "Weeks waited", "text"},
                              {"n", "Incomplete pathways", "count"},
                              {"none", "Never known", "weeks"}},
                             {{"0", int64_t{0}, GalleryNa()},
                              {"1", int64_t{0}, GalleryNa()},
                              {"2", int64_t{3}, GalleryNa()}});
  chart.options.Set(type == "bar" ? "y" : "x", "week")
      .Set(type == "bar" ? "x" : "y", "n");
  return chart;
}

Chart Ethnicity() {
  Chart chart = GalleryChart(
      "column-names", "column",
      {{"group", "Ethnic group", "text"},
       {"n", "People", "count"},
       {"peer", "All practices", "persons"}},
      {{"Asian or Asian British: Bangladeshi", int64_t{120}, 150.0},
       {"Mixed: White and Black Caribbean", int64_t{3}, 40.0},
       {"White: English, Welsh, Scottish, Northern Irish or British",
        int64_t{2105}, 1900.0},
       {kHostileScript, int64_t{45}, 55.0},
       {"unknown", int64_t{60}, 80.0}});
  chart.options.Set("x", "group")
      .Set("y", "n")
      .Set("peer", "peer")
      .Set("peer_label", "All practices");
  return chart;
}

Chart Pyramid(bool selectable) {
  std::vector<GalleryRow> list;
  for (const char* area : {"Z90001", kHostileScript}) {
    for (int band = 0; band < 19; ++band) {
      for (const char* sex : {"male", "female"}) {
        const double share = 3.4 - 0.14 * band + (sex[0] == 'f' ? 0.1 : 0);
        GalleryRow row = {
            area,
            band == 18 ? "90+"
                       : absl::StrFormat("%d-%d", 5 * band, 5 * band + 4),
            sex, share, share * 0.9 + 0.2};
        if (band == 18 && sex[0] == 'm') row[3] = GalleryNa();
        list.push_back(std::move(row));
      }
    }
    if (!selectable) break;
  }
  Chart chart =
      GalleryChart(selectable ? "pyramid-select" : "pyramid", "pyramid",
                   {{"area", "Area", "text"},
                    {"age_band", "Age band", "text"},
                    {"sex", "Sex", "text"},
                    {"share", "Share", "%"},
                    {"comparator_share", "All practices", "%"}},
                   list);
  if (selectable) {
    chart.SelectBy("area", "Practice", "Z90001");
    for (const std::string& area : chart.LevelsOf("area")) {
      chart.Describe(area, absl::StrFormat("%s: age and sex", area),
                     absl::StrFormat("Age pyramid of %s.", area));
    }
  }
  return chart;
}

Chart Stack(const std::string& id, const std::string& layout, int series,
            bool time) {
  static const char* const kNames[] = {
      "8 to 9 medicines",     "10 to 14 medicines", "15 to 19 medicines",
      "20 medicines or more", kHostileScript,       kHostileFormula};
  std::vector<GalleryRow> list;
  for (int i = 0; i < (time ? 36 : 5); ++i) {
    for (int s = 0; s < series; ++s) {
      const std::string level = time     ? GalleryMonth(i)
                                : i == 0 ? std::string(kHostileScript)
                                         : absl::StrFormat("Z9000%d", i);
      GalleryRow row = {level, kNames[s]};
      if (layout == "share") {
        row.push_back(100.0 / series);
      } else {
        row.push_back(i == 1 && s == 1
                          ? int64_t{2}
                          : static_cast<int64_t>(400 / (s + 1) + 13 * i));
      }
      list.push_back(std::move(row));
    }
  }
  Chart chart = GalleryChart(
      id, "stacked",
      {{"level", time ? "Month" : "Practice", "text"},
       {"group", "Medicines", "text"},
       {"n", "People of 65 and over", layout == "share" ? "%" : "count"}},
      list);
  chart.options.Set("x", "level")
      .Set("series", "group")
      .Set("value", "n")
      .Set("layout", layout);
  return chart;
}

Chart Attrition() {
  Chart chart = GalleryChart(
      "attrition", "attrition",
      {{"rule", "Step", "text"},
       {"remaining", "Remaining", "count"},
       {"removed", "Removed", "count"}},
      {{"Everyone registered", int64_t{20105}, GalleryNa()},
       {"Aged 18 or over on the index date", int64_t{15990}, int64_t{4115}},
       {"At least one prescription of a medicine in the list, in the year "
        "before",
        int64_t{4210}, int64_t{11780}},
       {kHostileScript, int64_t{4205}, int64_t{4}},
       {"Not in a care home", int64_t{3}, int64_t{4200}}});
  chart.options.Set("x", "remaining")
      .Set("y", "rule")
      .Set("removed", "removed");
  return chart;
}

Chart Waterfall(bool below_zero) {
  std::vector<GalleryRow> list = {
      {"Target share", "total", 1204.5},
      {"Need and age", "step", below_zero ? -1500.25 : 210.25},
      {"Market forces", "step", -96.75},
      {kLongName, "step", 64.5},
      {kHostileFormula, "step", 0.0},
      {"Not to be had", "step", GalleryNa()},
      {"Actual share", "total", below_zero ? -328.0 : 1382.5}};
  Chart chart = GalleryChart(below_zero ? "waterfall-below-zero" : "waterfall",
                             "waterfall",
                             {{"part", "Part", "text"},
                              {"kind", "Kind", "text"},
                              {"pounds", "Cost", "thousand pounds"}},
                             list);
  chart.options.Set("y", "part").Set("kind", "kind").Set("value", "pounds");
  return chart;
}

Chart Text() {
  Chart chart = GalleryChart("table", "table",
                             {{"practice", "Practice", "text"},
                              {"note", "Note", "text"},
                              {"n", "Rows", "count"}},
                             {{kHostileScript, kHostileFormula, int64_t{120}},
                              {kLongName, "+1 and -1 and @x", int64_t{4}},
                              {std::string(80, 'W'), "", GalleryNa()}});
  return chart;
}

}  // namespace

std::vector<Page> GalleryBars() {
  std::vector<Page> pages(3);
  pages[0].id = "bars";
  pages[0].title = "Bars";
  pages[0].charts = {Bars("bar", 8), Bars("bar-one", 1), Bars("bar-none", 0),
                     LongBars(),     SignedBars(),       Bars("bar-sixty", 60)};
  pages[1].id = "columns";
  pages[1].title = "Columns";
  pages[1].charts = {Deciles(),      Weeks(),       Ethnicity(),
                     Pyramid(false), Pyramid(true), Zeros("column"),
                     Zeros("bar"),   Text()};
  pages[2].id = "stacks";
  pages[2].title = "Stacks and steps";
  pages[2].charts = {Stack("stacked", "stacked", 4, false),
                     Stack("stacked-six", "stacked", 6, false),
                     Stack("stacked-time", "stacked", 4, true),
                     Stack("stacked-share", "share", 4, false),
                     Stack("grouped", "grouped", 2, false),
                     Attrition(),
                     Waterfall(false),
                     Waterfall(true)};
  return pages;
}

}  // namespace tally::analytics
