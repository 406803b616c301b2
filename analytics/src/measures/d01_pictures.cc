// Charts and sentences of D01: crude and weighted lists, distance from target.
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/d01_capitation.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

Chart WeightedBars(const GatedTable& table, std::string id) {
  Chart chart(std::move(id), "bar", table,
              {"area", "weighted", "crude", "index", "share"},
              [](const GatedTable&, size_t) { return true; });
  chart.SortBy("index", true);
  chart.unit = "weighted people";
  chart.options.Set("x", "weighted").Set("y", "area");
  const std::vector<size_t> shown = ShownRows(chart, "", "", "index");
  if (shown.empty()) {
    chart.title = "No area has an index of need that can be printed";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title =
      *Say("Need per head is highest in $0 ($1) and lowest in $2 ($3)",
           chart.text(shown.front(), 0), chart.cell(shown.front(), 3),
           chart.text(shown.back(), 0), chart.cell(shown.back(), 3));
  chart.summary = absl::StrFormat(
      "Weighted people of %d areas in the order of their index; 1 is the "
      "average.%s",
      chart.rows(),
      FirstSaid({Say(" $0 counts $1 people as $2.", chart.text(0, 0),
                     chart.cell(0, 2), chart.cell(0, 1))},
                ""));
  return chart;
}

Chart Distances(const GatedTable& table) {
  Chart chart("capitation-distance", "interval", table,
              {"area", "dft", "pace", "target", "baseline", "allocation"},
              [](const GatedTable&, size_t) { return true; });
  chart.SortBy("dft", true);
  chart.unit = "% of target";
  JsonValue references = JsonValue::MakeObject();
  references.Set("", 0.0);
  chart.options.Set("x", "dft")
      .Set("y", "area")
      .Set("references", std::move(references))
      .Set("reference_label", "at target");
  int above = 0, below = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto distance = chart.cell(row, 1).number();
    if (!distance.has_value()) continue;
    above += *distance > 0;
    below += *distance < 0;
  }
  chart.title = Capitalised(
      absl::StrFormat("%s funded above target, %d below",
                      Counted(above, {"area is", "areas are"}), below));
  if (chart.rows() > 0) {
    const size_t last = chart.rows() - 1;
    chart.summary = absl::StrFormat(
        "Distance of the baseline from target in per cent, from %s %% (%s) to "
        "%s %% (%s).",
        chart.cell(0, 1).text(), chart.cell(0, 0).text(),
        chart.cell(last, 1).text(), chart.cell(last, 0).text());
  }
  return chart;
}

}  // namespace

std::vector<PagePart> DrawCapitation(const MeasureDefinition&,
                                     const std::vector<GatedTable>& tables) {
  PagePart finance{"finance", {}, {}};
  for (const GatedTable& table : tables) {
    const std::string& name = table.info().table;
    if (table.rows() == 0 || !name.starts_with("capitation")) continue;
    Chart bars = WeightedBars(table, name + "-weighted");
    finance.sentences.push_back(
        {name == "capitation" ? 2 : 5, bars.title + "."});
    finance.charts.push_back(std::move(bars));
    if (!table.ColumnIndex("dft").ok() || name != "capitation") continue;
    Chart distances = Distances(table);
    finance.sentences.push_back({1, distances.title + "."});
    finance.charts.push_back(std::move(distances));
  }
  std::vector<PagePart> parts;
  if (!finance.charts.empty()) parts.push_back(std::move(finance));
  return parts;
}

}  // namespace tally::analytics
