// Charts and sentences of C09: graph of steps, journeys, references.
#include <utility>

#include "absl/strings/str_format.h"
#include "measures/c09_pathways.h"

namespace tally::analytics {
namespace {

// The `flow` type draws so many rows; the commonest steps come first.
constexpr size_t kMostEdges = 40;

void DrawEdges(const GatedTable& table, PagePart& page) {
  Chart chart("pathway-steps", "flow", table,
              {"from", "to", "n", "persons", "median_gap", "p90_gap"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "from").text() != "other";
              });
  chart.SortBy("n", true);
  chart.unit = "times";
  chart.options.Set("value", "n")
      .Set("from", "from")
      .Set("to", "to")
      .Set("days", "median_gap");
  JsonValue starts = JsonValue::MakeArray();
  starts.Append("Start");
  chart.options.Set("starts", std::move(starts));
  if (chart.rows() > kMostEdges) {
    chart.notes.push_back("The picture cannot hold all steps; the table does.");
  }
  std::optional<size_t> commonest;  // between two events
  for (size_t row = 0; row < chart.rows() && !commonest; ++row) {
    if (chart.cell(row, 0).text() != "Start" &&
        chart.cell(row, 1).text() != "End" && chart.cell(row, 2).number()) {
      commonest = row;
    }
  }
  if (commonest) {
    chart.title = absl::StrFormat(
        "The commonest step is from %s to %s: %s times, in %s people",
        chart.cell(*commonest, 0).text(), chart.cell(*commonest, 1).text(),
        DisplayText(chart.cell(*commonest, 2)),
        DisplayText(chart.cell(*commonest, 3)));
    page.sentences.push_back({1, chart.title + "."});
  } else {
    chart.title = "Steps from one event to the next";
  }
  chart.summary = absl::StrFormat(
      "Graph of steps from one event to the next, %d kinds of step. %s.",
      chart.rows(), chart.title);
  page.charts.push_back(std::move(chart));
}

void DrawVariants(const GatedTable& table, PagePart& page) {
  Chart chart("pathway-journeys", "bar", table,
              {"steps", "variant_id", "persons", "share"},
              [](const GatedTable&, size_t) { return true; });
  chart.SortBy("persons", true);
  chart.unit = "people";
  chart.options.Set("x", "persons").Set("y", "steps");
  chart.title = absl::StrFormat(
      "Commonest journey: %s (%s people, %s %%)", chart.cell(0, 0).text(),
      DisplayText(chart.cell(0, 2)), chart.cell(0, 3).text());
  chart.summary = absl::StrFormat(
      "People by the sequence of their events, %d "
      "journeys. %s.",
      chart.rows(), chart.title);
  page.sentences.push_back({2, chart.title + "."});
  page.charts.push_back(std::move(chart));
}

void DrawConformance(const GatedTable& table, PagePart& page) {
  Chart chart("pathway-references", "bar", table,
              {"reference", "persons", "all_persons", "share"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "% of people with any event";
  chart.options.Set("x", "share").Set("y", "reference");
  chart.title = absl::StrFormat("%s: %s %% of people", chart.cell(0, 0).text(),
                                chart.cell(0, 3).text());
  chart.summary = "Share of people whose events hold these steps in order.";
  for (size_t row = 0; row < chart.rows(); ++row) {
    chart.summary += absl::StrFormat(" %s: %s %%.", chart.cell(row, 0).text(),
                                     chart.cell(row, 3).text());
  }
  page.sentences.push_back({3, chart.title + "."});
  page.charts.push_back(std::move(chart));
}

}  // namespace

std::vector<PagePart> DrawPathways(const std::vector<GatedTable>& tables) {
  PagePart page{"pathways", {}, {}};
  for (const GatedTable& table : tables) {
    if (table.rows() == 0) continue;
    if (table.info().table == "dfg_edges") DrawEdges(table, page);
    if (table.info().table == "variants") DrawVariants(table, page);
    if (table.info().table == "conformance") DrawConformance(table, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  return parts;
}

}  // namespace tally::analytics
