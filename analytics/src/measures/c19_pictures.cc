// Charts and sentences of C19: activity by month, plan to actual, providers.
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/activity.h"
#include "measures/c19_provider.h"
#include "measures/printed.h"
#include "measures/said_figures.h"

namespace tally::analytics {
namespace {

// The types that the picture of months shows: it draws at most 12 lines. The
// table of the report has them all.
bool IsDrawnType(const std::string& title) {
  static const auto& titles = *new std::set<std::string>{
      ActivityTitle("day_case"),  ActivityTitle("elective"),
      ActivityTitle("emergency"), ActivityTitle("maternity"),
      ActivityTitle("op_first"),  ActivityTitle("op_follow_up"),
      ActivityTitle("ed_1"),      ActivityTitle("ed_3")};
  return titles.contains(title);
}

void DrawProviderMonths(const GatedTable& table, PagePart& page) {
  Chart chart("provider-months", "lines", table,
              {"provider", "pod", "month", "activity", "cost"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "month").text() != kAllLevels &&
                       IsDrawnType(t.at(row, "pod").text());
              });
  if (chart.rows() == 0) return;
  chart.notes.push_back("The commonest types; the others are in the tables.");
  chart.unit = "activity";
  chart.SelectBy("provider", "Provider", std::string(kAllLevels));
  chart.options.Set("x", "month").Set("y", "activity").Set("series", "pod");
  for (const std::string& provider : chart.LevelsOf("provider")) {
    const std::string who = provider == kAllLevels
                                ? "All providers"
                                : absl::StrFormat("Provider %s", provider);
    const std::vector<size_t> shown =
        ShownRows(chart, "provider", provider, "activity");
    std::vector<size_t> last;  // rows of the last month that is printed
    for (const size_t row : shown) {
      if (last.empty() || chart.text(row, 2) > chart.text(last[0], 2)) {
        last.clear();
      }
      if (last.empty() || chart.text(row, 2) == chart.text(last[0], 2)) {
        last.push_back(row);
      }
    }
    const std::optional<size_t> most = LargestRow(chart, last, "activity");
    const std::string words =
        !most.has_value() ? who + ": too little activity to be printed"
                          : *Say("$0: most activity in $1 is $2, $3", who,
                                 MonthInWords(chart.text(*most, 2)),
                                 chart.text(*most, 1), chart.cell(*most, 3));
    chart.Describe(provider, words,
                   absl::StrFormat("%s. Admissions, attended appointments and "
                                   "attendances by type and month, %s.",
                                   words, MonthInWords(table.info().period)));
  }
  page.charts.push_back(std::move(chart));
}

void DrawBridge(const GatedTable& table, PagePart& page) {
  Chart chart("provider-bridge", "waterfall", table, {"step", "kind", "value"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "activity";
  chart.options.Set("value", "value").Set("y", "step").Set("kind", "kind");
  const size_t last = chart.rows() - 1;
  chart.title = FirstSaid(
      {Say("Plan $0, actual $1", chart.cell(0, 2), chart.cell(last, 2)),
       Say("Plan $0; the actual activity is too little to be printed",
           chart.cell(0, 2))},
      "Too little activity to compare with the plan");
  chart.summary = absl::StrFormat(
      "From planned to actual activity by type. %s.", chart.title);
  page.sentences.push_back({4, "Activity: " + chart.title + "."});
  page.charts.push_back(std::move(chart));
}

void DrawOverview(const GatedTable& table, PagePart& page) {
  Chart chart("provider-overview", "bar", table,
              {"provider", "activity", "cost", "daycase_rate", "mean_los",
               "readmit_ratio"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "provider").text() != kAllLevels;
              });
  chart.SortBy("cost", true);
  const bool priced = chart.rows() > 0 && chart.cell(0, 2).number().has_value();
  if (!priced) chart.SortBy("activity", true);
  chart.unit = priced ? "pounds" : "activity";
  chart.options.Set("x", priced ? "cost" : "activity").Set("y", "provider");
  if (chart.rows() > 0) {
    chart.title = FirstSaid(
        {Say("$0 is the largest of $1 providers: $2 $3", chart.text(0, 0),
             chart.rows(), chart.cell(0, priced ? 2 : 1),
             priced ? "pounds a year" : "pieces of activity a year")},
        "No provider has enough activity to be printed");
    page.sentences.push_back({2, chart.title + "."});
  } else {
    chart.title = "Providers";
  }
  chart.summary = absl::StrFormat(
      "Providers by cost of their activity in a year, with day-case rate, mean "
      "length of stay and readmission ratio. %s.",
      chart.title);
  page.charts.push_back(std::move(chart));
}

void DrawDayCases(const GatedTable& table, PagePart& page) {
  Chart chart("provider-day-cases", "interval", table,
              {"provider", "day_cases", "planned", "daycase_rate",
               "daycase_rate_lo", "daycase_rate_hi", "mean_los"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "provider").text() != kAllLevels;
              });
  chart.SortBy("daycase_rate", true);
  chart.unit = "% of planned admissions";
  chart.options.Set("x", "daycase_rate")
      .Set("lo", "daycase_rate_lo")
      .Set("hi", "daycase_rate_hi")
      .Set("y", "provider");
  chart.title = "Too few planned admissions for a day-case rate";
  if (const auto all = FindPrintedRow(table, {{"provider", kAllLevels}})) {
    AlsoSays(chart, {table.at(*all, "daycase_rate").text(),
                     table.at(*all, "mean_los").text()});
    chart.title = FirstSaid(
        {Say("$0 % of planned admissions are day cases; a stay lasts $1 nights "
             "on average",
             table.at(*all, "daycase_rate"), table.at(*all, "mean_los")),
         Say("$0 % of planned admissions are day cases",
             table.at(*all, "daycase_rate"))},
        chart.title);
  }
  chart.summary = absl::StrFormat(
      "Day-case rate of %d providers with 95 %% limits. All together: %s.",
      chart.rows(), chart.title);
  page.sentences.push_back({3, chart.title + "."});
  page.charts.push_back(std::move(chart));
}

}  // namespace

std::vector<PagePart> DrawProviderReport(
    const std::vector<GatedTable>& tables) {
  PagePart page{"finance", {}, {}};
  for (const GatedTable& table : tables) {
    if (table.rows() == 0) continue;
    const std::string& name = table.info().table;
    if (name == "provider_report") DrawProviderMonths(table, page);
    if (name == "provider_rates") DrawDayCases(table, page);
    if (name == "provider_overview") DrawOverview(table, page);
    if (name == "provider_bridge") DrawBridge(table, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  return parts;
}

}  // namespace tally::analytics
