// Charts and sentences of C02: pyramid, deprivation, ethnic group, list sizes.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c02_population.h"
#include "measures/level_words.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

std::string AreaWords(const std::string& area) {
  return area == kAllLevels ? "All practices"
                            : absl::StrFormat("Practice %s", area);
}

// The largest printed share among the rows of one area; null if none is above
// 0: where every large group is hidden, none is the largest.
std::optional<size_t> Largest(const Chart& chart, const std::string& area,
                              std::string_view value) {
  const std::optional<size_t> row =
      LargestRow(chart, ShownRows(chart, "area", area, value), value);
  const bool some =
      row.has_value() && *chart.number(*row, chart.ColumnIndex(value)) > 0;
  return some ? row : std::nullopt;
}

// The printed list size of an area in a breakdown.
std::string ListOf(const Chart& chart, const std::string& area) {
  const size_t area_column = chart.ColumnIndex("area");
  const size_t list = chart.ColumnIndex("list");
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (chart.cell(row, area_column).text() == area) {
      return FirstSaid({Spoken(chart.cell(row, list))}, "few");
    }
  }
  return "an unknown number of";
}

Chart Breakdown(const GatedTable& table, std::string id, std::string type,
                std::string_view breakdown,
                const std::vector<std::string>& levels) {
  std::vector<std::string> columns = {"area"};
  columns.insert(columns.end(), levels.begin(), levels.end());
  for (const char* column : {"persons", "list", "share", "comparator_share"}) {
    columns.emplace_back(column);
  }
  Chart chart(std::move(id), std::move(type), table, columns,
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "breakdown").text() == breakdown;
              });
  chart.unit = "% of the list";
  chart.SelectBy("area", "Practice", std::string(kAllLevels));
  chart.notes.push_back(
      "A short line across a bar marks the share in all practices.");
  return chart;
}

void DescribeAreas(Chart& chart, std::string_view what,
                   const std::vector<std::string>& levels,
                   std::string_view level_words) {
  for (const std::string& area : chart.LevelsOf("area")) {
    const std::string list = ListOf(chart, area);
    const std::optional<size_t> largest = Largest(chart, area, "share");
    std::string title = absl::StrFormat("%s: %s people by %s", AreaWords(area),
                                        list, std::string(what));
    std::string summary =
        absl::StrFormat("%s: %s people on the list.", AreaWords(area), list);
    if (largest.has_value()) {
      std::string names;
      for (const std::string& level : levels) {
        if (!names.empty()) names += ", ";
        names += chart.text(*largest, chart.ColumnIndex(level));
      }
      const std::string group = absl::StrFormat("%s %s", level_words, names);
      const GatedCell& share = chart.cell(*largest, chart.ColumnIndex("share"));
      title = *Say("$0: of $1 people the largest group is $2, $3 %",
                   AreaWords(area), list, group, share);
      summary +=
          *Say(" The largest group is $0 with $1 % of the list.", group, share);
    }
    chart.Describe(area, std::move(title), std::move(summary));
  }
}

Chart ListSizes(const GatedTable& table) {
  // One row per area: the first of its age and sex rows carries the list.
  std::string last;
  Chart chart("list-sizes", "bar", table, {"area", "list"},
              [&](const GatedTable& t, size_t row) {
                const std::string& area = t.at(row, "area").text();
                const bool first =
                    t.at(row, "breakdown").text() == "age and sex" &&
                    area != last && area != kAllLevels;
                if (first) last = area;
                return first;
              });
  chart.SortBy("list", true);
  chart.unit = "people";
  chart.options.Set("x", "list").Set("y", "area");
  if (chart.rows() > 0) {
    const size_t smallest = chart.rows() - 1;
    chart.title = absl::StrFormat(
        "%d practices, from %s to %s people", chart.rows(),
        DisplayText(chart.cell(smallest, 1)), DisplayText(chart.cell(0, 1)));
    chart.summary = absl::StrFormat(
        "List sizes of %d practices. The largest is %s with %s people, the "
        "smallest %s with %s.",
        chart.rows(), chart.cell(0, 0).text(), DisplayText(chart.cell(0, 1)),
        chart.cell(smallest, 0).text(), DisplayText(chart.cell(smallest, 1)));
  }
  return chart;
}

bool HasBreakdown(const GatedTable& table, std::string_view name) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "breakdown").text() == name) return true;
  }
  return false;
}

void AddDependency(const GatedTable& table, PagePart& part) {
  Chart chart("dependency", "bar", table,
              {"area", "dependent", "working_age", "ratio"},
              [](const GatedTable& t, size_t row) {
                return !IsAllLevel(t, row, "area");
              });
  chart.SortBy("ratio", true);
  chart.unit = "per 100 people of working age";
  chart.options.Set("x", "ratio").Set("y", "area");
  const auto whole = FindPrintedRow(table, {{"area", kAllLevels}});
  if (whole && table.at(*whole, "ratio").number()) {
    chart.options.Set("reference", *table.at(*whole, "ratio").number())
        .Set("reference_label", "all practices");
  }
  const std::vector<size_t> shown = ShownRows(chart, "", "", "ratio");
  if (!whole || shown.empty()) return;
  const GatedCell& all = table.at(*whole, "ratio");
  const GatedCell& most = chart.cell(shown[0], 3);
  const std::string& where = chart.text(shown[0], 0);
  chart.title = FirstSaid(
      {Say("$0 dependants per 100 people of working age; highest in $1 ($2)",
           all, where, most)},
      *Say("Dependants per 100 people of working age: highest in $0 ($1)",
           where, most));
  chart.summary = absl::StrFormat(
      "Dependency ratio of %d practices: people aged 0 to 15 and 65 and over "
      "per 100 people of working age. %s.",
      chart.rows(), chart.title);
  part.sentences.push_back(
      {2,
       FirstSaid({Say("There are $0 dependants per 100 people of working age; "
                      "practice $1 has most, with $2.",
                      all, where, most)},
                 chart.title + ".")});
  part.charts.push_back(std::move(chart));
}

// Returns the printed number of people on all lists.
std::string AddPyramid(const GatedTable& profile, PagePart& part) {
  const std::string all(kAllLevels);
  Chart pyramid = Breakdown(profile, "pyramid", "pyramid", "age and sex",
                            {"age_band", "sex"});
  DescribeAreas(pyramid, "age and sex", {"age_band", "sex"}, "aged");
  const std::string list = ListOf(pyramid, all);
  const std::optional<size_t> largest = Largest(pyramid, all, "share");
  if (largest.has_value()) {
    const auto text = [&](std::string_view column) {
      return pyramid.cell(*largest, pyramid.ColumnIndex(column)).text();
    };
    part.sentences.push_back(
        {1,
         absl::StrFormat("%s people are on the lists; the largest group is "
                         "%s aged %s, %s %% of all.",
                         list, text("sex"), text("age_band"), text("share"))});
  }
  part.charts.push_back(std::move(pyramid));
  return list;
}

void AddDeprivation(const GatedTable& profile, PagePart& part) {
  if (!HasBreakdown(profile, "deprivation")) return;
  Chart bars = Breakdown(profile, "deprivation", "column", "deprivation",
                         {"imd_decile"});
  DescribeAreas(bars, "deprivation decile", {"imd_decile"}, "IMD decile");
  bars.options.Set("x", "imd_decile")
      .Set("y", "share")
      .Set("peer", "comparator_share");
  bars.notes.push_back("IMD decile 1 is the most deprived tenth.");
  const std::optional<size_t> most =
      Largest(bars, std::string(kAllLevels), "share");
  if (most.has_value()) {
    part.sentences.push_back(
        {3, absl::StrFormat(
                "Most people live in IMD decile %s (%s %%); decile "
                "1 is the most deprived.",
                bars.cell(*most, bars.ColumnIndex("imd_decile")).text(),
                bars.cell(*most, bars.ColumnIndex("share")).text())});
  }
  part.charts.push_back(std::move(bars));
}

}  // namespace

std::vector<PagePart> DrawPopulation(const MeasureDefinition&,
                                     const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  if (tables.empty() || !HasBreakdown(tables[0], "age and sex")) return parts;
  const GatedTable& profile = tables[0];
  PagePart population{"population", {}, {}};
  const std::string list = AddPyramid(profile, population);
  AddDeprivation(profile, population);
  if (HasBreakdown(profile, "ethnic group")) {
    Chart bars = Breakdown(profile, "ethnicity", "column", "ethnic group",
                           {"ethnicity"});
    bars.SayLevels("ethnicity", EthnicGroupWords);
    DescribeAreas(bars, "ethnic group", {"ethnicity"}, "ethnic group");
    bars.options.Set("x", "ethnicity")
        .Set("y", "share")
        .Set("peer", "comparator_share");
    population.charts.push_back(std::move(bars));
  }
  if (tables.size() > 1) AddDependency(tables[1], population);
  parts.push_back(std::move(population));

  PagePart summary{"summary", {}, {}};
  Chart sizes = ListSizes(profile);
  summary.sentences.push_back(
      {1, absl::StrFormat("%s people are registered with %d practices.", list,
                          sizes.rows())});
  parts.push_back(std::move(summary));
  parts.front().charts.push_back(std::move(sizes));
  return parts;
}

}  // namespace tally::analytics
