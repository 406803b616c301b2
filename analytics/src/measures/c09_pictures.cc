// Charts and sentences of C09: graph of steps, journeys, references.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c09_pathways.h"

namespace tally::analytics {
namespace {

// The picture draws the commonest steps that together are so much of all, and
// never more than a reader can follow; the table has all of them.
constexpr double kDrawnShare = 0.8;
constexpr size_t kMostEdges = 25;
constexpr size_t kMostJourneys = 20;

// How many of the rows, largest first, together make `share` of the sum.
size_t RowsOfShare(const Chart& chart, std::string_view value, double share) {
  const size_t column = chart.ColumnIndex(value);
  double all = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    all += chart.number(row, column).value_or(0);
  }
  double sum = 0;
  size_t row = 0;
  while (row < chart.rows() && sum < share * all) {
    sum += chart.number(row++, column).value_or(0);
  }
  return row;
}

// The share of the drawn rows in the sum, in per cent.
double DrawnShare(const Chart& chart, std::string_view value, size_t drawn) {
  const size_t column = chart.ColumnIndex(value);
  double all = 0, sum = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const double number = chart.number(row, column).value_or(0);
    all += number;
    if (row < drawn) sum += number;
  }
  return all > 0 ? 100 * sum / all : 0;
}

// Draws the first `drawn` rows and says so.
void DrawFirst(Chart& chart, std::string_view value, size_t drawn,
               std::string_view what) {
  if (drawn == 0 || drawn >= chart.rows()) return;
  chart.options.Set("draw_first", static_cast<int64_t>(drawn));
  chart.notes.push_back(absl::StrFormat(
      "The picture shows the %d commonest of %d %s, %.0f %% of them all; the "
      "table has every one.",
      drawn, chart.rows(), std::string(what), DrawnShare(chart, value, drawn)));
}

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
  DrawFirst(chart, "n",
            std::min(RowsOfShare(chart, "n", kDrawnShare), kMostEdges),
            "kinds of step");
  std::optional<size_t> commonest;  // between two events
  for (size_t row = 0; row < chart.rows() && !commonest; ++row) {
    if (chart.cell(row, 0).text() != "Start" &&
        chart.cell(row, 1).text() != "End" && chart.cell(row, 2).number()) {
      commonest = row;
    }
  }
  if (commonest) {
    chart.title = FirstSaid(
        {Say("The commonest step between two events is from $0 to $1: $2 "
             "times, "
             "in $3 people",
             chart.text(*commonest, 0), chart.text(*commonest, 1),
             chart.cell(*commonest, 2), chart.cell(*commonest, 3)),
         Say("The commonest step between two events is from $0 to $1: $2 "
             "times",
             chart.text(*commonest, 0), chart.text(*commonest, 1),
             chart.cell(*commonest, 2))},
        "");
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
  DrawFirst(chart, "persons", kMostJourneys, "journeys");
  std::optional<size_t> commonest;
  for (size_t row = 0; row < chart.rows() && !commonest; ++row) {
    if (chart.text(row, 0) != "other") commonest = row;
  }
  const size_t row = commonest.value_or(0);
  chart.title = FirstSaid(
      {Say("Commonest journey: $0 ($1 people, $2 %)", chart.text(row, 0),
           chart.cell(row, 2), chart.cell(row, 3)),
       Say("Commonest journey: $0 ($1 people)", chart.text(row, 0),
           chart.cell(row, 2))},
      "No journey is common enough to be printed");
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
  chart.title =
      FirstSaid({Say("$0: $1 % of people", chart.text(0, 0), chart.cell(0, 3))},
                chart.text(0, 0) + ": too few people to print a share");
  chart.summary = "Share of people whose events hold these steps in order.";
  for (size_t row = 0; row < chart.rows(); ++row) {
    chart.summary += FirstSaid(
        {Say(" $0: $1 %.", chart.text(row, 0), chart.cell(row, 3))}, "");
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
