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
        : *chart.number(*most, 3) == 0
            ? *Say("$0: the activity printed in $1 is 0", who,
                   MonthInWords(chart.text(*most, 2)))
            : *Say("$0: most activity in $1 is $2, $3", who,
                   MonthInWords(chart.text(*most, 2)), chart.text(*most, 1),
                   chart.cell(*most, 3));
    chart.Describe(provider, words,
                   absl::StrFormat("%s. Admissions, attended appointments and "
                                   "attendances by type and month, %s.",
                                   words, MonthInWords(table.info().period)));
  }
  page.charts.push_back(std::move(chart));
}

void DrawBridge(const GatedTable& table, PagePart& page) {
  // Without the actual activity a bridge ends nowhere: nothing is drawn.
  const bool ends = table.at(table.rows() - 1, "value").number().has_value();
  Chart chart("provider-bridge", ends ? "waterfall" : "table", table,
              {"step", "kind", "value"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "activity";
  if (ends) {
    chart.options.Set("value", "value").Set("y", "step").Set("kind", "kind");
  }
  const size_t last = chart.rows() - 1;
  chart.title = FirstSaid(
      {Say("Plan $0, actual $1", chart.cell(0, 2), chart.cell(last, 2)),
       Say("Plan $0; parts of the actual activity are too little to be "
           "printed, so there is no sum to compare",
           chart.cell(0, 2))},
      "Too little activity to compare with the plan");
  chart.summary = absl::StrFormat(
      "From planned to actual activity by type. %s.", chart.title);
  page.sentences.push_back({4, "Activity: " + chart.title + "."});
  page.charts.push_back(std::move(chart));
}

// Providers by cost, those of which nearly all activity has one; where there
// are none, by activity.
void DrawOverview(const GatedTable& table, PagePart& page) {
  const auto is_provider = [](const GatedTable& t, size_t row) {
    return t.at(row, "provider").text() != kAllLevels;
  };
  const auto is_priced = [&](const GatedTable& t, size_t row) {
    return is_provider(t, row) && t.at(row, "compared").text() == "yes";
  };
  int providers = 0;
  int compared = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    providers += is_provider(table, row);
    compared += is_priced(table, row);
  }
  const bool priced = compared > 0;
  const std::string value = priced ? "cost" : "activity";
  Chart chart("provider-overview", "bar", table,
              {"provider", "activity", "priced_share", "cost", "daycase_rate",
               "mean_los", "readmit_ratio"},
              [&](const GatedTable& t, size_t row) {
                return priced ? is_priced(t, row) : is_provider(t, row);
              });
  chart.SortBy(value, true);
  chart.unit = priced ? "pounds" : "activity";
  chart.options.Set("x", value).Set("y", "provider");
  AlsoSays(chart, {std::to_string(providers)});
  if (priced && compared < providers) {
    chart.notes.push_back(absl::StrFormat(
        "Left out: %s of which too much activity has no price, or is too "
        "little to be printed. They are in the table provider_overview.",
        Counted(providers - compared, {"provider", "providers"})));
  }
  const auto shown =
      static_cast<int64_t>(ShownRows(chart, "", "", value).size());
  const std::string per =
      priced ? "pounds a year" : "pieces of activity a year";
  const std::string whose = priced
                                ? "providers with a cost of nearly all they did"
                                : "providers with printed activity";
  if (shown > 0) {
    const GatedCell& most = chart.cell(0, chart.ColumnIndex(value));
    chart.title =
        *(shown == 1 ? Say("$0 is the only one of the $1: $2 $3",
                           chart.text(0, 0), whose, most, per)
                     : Say("$0 is the largest of $1 $2: $3 $4",
                           chart.text(0, 0), shown, whose, most, per));
    page.sentences.push_back({2, chart.title + "."});
  } else {
    chart.title = "No provider has enough activity to be printed";
  }
  chart.summary = absl::StrFormat(
      "Providers by %s in a year, with the share of activity that has a cost, "
      "day-case rate, mean length of stay and readmission ratio. %s.",
      priced ? "cost" : "activity", chart.title);
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
