// Charts and sentences of D17: where episodes end, providers side by side,
// outcomes by month.
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/d17_mecs.h"
#include "measures/level_words.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

constexpr size_t kMostFlows = 60;

// The row of all providers and outcomes in a period.
std::optional<size_t> MecsTotal(const GatedTable& table,
                                const std::string& period) {
  return FindPrintedRow(
      table,
      {{"provider", kAllLevels}, {"outcome", kAllLevels}, {"period", period}});
}

// From provider to outcome; of many providers, all of them together.
Chart Outcomes(const GatedTable& table, const std::string& period) {
  size_t flows = 0;
  const auto apart = [&](const GatedTable& t, size_t row, bool all) {
    return t.at(row, "period").text() == period &&
           !IsAllLevel(t, row, "outcome") &&
           IsAllLevel(t, row, "provider") == all;
  };
  for (size_t row = 0; row < table.rows(); ++row) {
    flows += apart(table, row, false);
  }
  Chart chart(
      "mecs-outcomes", "sankey", table,
      {"provider", "outcome", "n", "episodes", "share", "share_lo", "share_hi"},
      [&](const GatedTable& t, size_t row) {
        return apart(t, row, flows > kMostFlows);
      });
  chart.SayLevels("outcome", EyeOutcomeWords);
  chart.unit = "episodes";
  chart.options.Set("value", "n").Set("from", "provider").Set("to", "outcome");
  const auto total = MecsTotal(table, period);
  // A title speaks of what is drawn: outcomes with a printed flow.
  std::set<std::string> drawn;
  for (const size_t row : ShownRows(chart, "", "", "n")) {
    if (*chart.number(row, chart.ColumnIndex("n")) > 0) {
      drawn.insert(chart.text(row, chart.ColumnIndex("outcome")));
    }
  }
  std::optional<size_t> most;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!apart(table, row, true)) continue;
    const auto n = table.at(row, "n").number();
    if (n.value_or(0) <= 0) continue;
    if (!drawn.contains(EyeOutcomeWords(table.at(row, "outcome").text()))) {
      continue;
    }
    if (!most.has_value() || *n > *table.at(*most, "n").number()) most = row;
  }
  if (!most.has_value() || !total.has_value()) {
    chart.title = "Too few episodes to show";
    chart.summary = chart.title + ".";
    return chart;
  }
  const std::string end = EyeOutcomeWords(table.at(*most, "outcome").text());
  chart.title = FirstSaid({Say("Commonest end of an episode: $0, $1 %", end,
                               table.at(*most, "share")),
                           Say("Commonest end of an episode: $0", end)},
                          "");
  chart.summary = absl::StrFormat(
      "Episodes by provider and outcome, %s. %s.%s", MonthInWords(period),
      chart.title,
      FirstSaid(
          {Say(" $0 of $1.", table.at(*most, "n"), table.at(*total, "n"))},
          ""));
  return chart;
}

Chart Providers(const GatedTable& table, const std::string& period) {
  Chart chart("mecs-providers", "interval", table,
              {"provider", "episodes", "match_share", "followed",
               "avoided_first_op", "avoided_share", "avoided_share_lo",
               "avoided_share_hi", "re_present_12w", "re_present_share"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "period").text() == period &&
                       IsAllLevel(t, row, "outcome") &&
                       !IsAllLevel(t, row, "provider");
              });
  chart.SortBy("avoided_share", true);
  chart.unit = "% of episodes followed";
  chart.options.Set("x", "avoided_share")
      .Set("y", "provider")
      .Set("lo", "avoided_share_lo")
      .Set("hi", "avoided_share_hi");
  const size_t share = chart.ColumnIndex("avoided_share");
  if (chart.rows() == 0 || !chart.cell(0, share).number().has_value()) {
    chart.title = "No provider has enough episodes to be compared";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title = absl::StrFormat(
      "First hospital visits avoided: most at provider %s, %s %% of episodes",
      chart.cell(0, 0).text(), chart.cell(0, share).text());
  chart.summary = absl::StrFormat(
      "Episodes that were managed and had no first hospital eye attendance in "
      "12 weeks, among those that could be followed, with 95 %% limits, by "
      "provider. %s.",
      chart.title);
  chart.notes.push_back(
      "Only episodes with a person can be followed; the match rate stands "
      "beside.");
  return chart;
}

Chart ByMonth(const GatedTable& table, const std::string& period) {
  Chart chart("mecs-months", "lines", table,
              {"outcome", "period", "n", "episodes", "share"},
              [&](const GatedTable& t, size_t row) {
                return IsAllLevel(t, row, "provider") &&
                       t.at(row, "period").text() != period;
              });
  chart.unit = "episodes";
  chart.options.Set("x", "period").Set("y", "n").Set("zero", true);
  if (chart.rows() == 0) return chart;
  chart.SayLevels("outcome", EyeOutcomeWords);
  chart.SelectBy("outcome", "Outcome", std::string(kAllLevels));
  for (const std::string& outcome : chart.LevelsOf("outcome")) {
    const std::vector<size_t> shown = ShownRows(chart, "outcome", outcome, "n");
    const std::string who =
        outcome == kAllLevels
            ? std::string("All episodes")
            : absl::StrFormat("Episodes that ended thus: %s", outcome);
    const std::optional<size_t> most = LargestRow(chart, shown, "n");
    const std::string words =
        !most.has_value() || *chart.number(*most, 2) <= 0
            ? who + "; too few in every month to be printed"
            : *Say("$0; most in $1, $2", who,
                   MonthInWords(chart.text(*most, 1)), chart.cell(*most, 2));
    chart.Describe(outcome, words, words + ", all providers together.");
  }
  return chart;
}

}  // namespace

std::vector<PagePart> DrawMecs(const MeasureDefinition&,
                               const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  if (tables.empty() || tables[0].rows() == 0) return parts;
  const GatedTable& table = tables[0];
  const std::string& period = table.info().period;
  const std::optional<size_t> total = MecsTotal(table, period);
  if (!total.has_value()) return parts;
  PagePart page{"pathways", {}, {}};
  Chart outcomes = Outcomes(table, period);
  page.sentences.push_back({3, outcomes.title + "."});
  const std::string followed = FirstSaid(
      {Say("Of $0 community eye care episodes that were managed and could be "
           "followed, $1 % had no first hospital visit in 12 weeks; after $2 % "
           "of all that could be followed the patient came back.",
           table.at(*total, "managed_followed"),
           table.at(*total, "avoided_share"),
           table.at(*total, "re_present_share"))},
      "");
  if (!followed.empty()) page.sentences.push_back({4, followed});
  page.charts.push_back(std::move(outcomes));
  page.charts.push_back(Providers(table, period));
  Chart months = ByMonth(table, period);
  if (months.rows() > 0) page.charts.push_back(std::move(months));
  parts.push_back(std::move(page));
  return parts;
}

}  // namespace tally::analytics
