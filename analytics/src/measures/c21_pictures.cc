// Charts and sentences of C21: Lorenz curve, thresholds, months.
#include <cstdlib>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/strings.h"
#include "measures/c21_users.h"
#include "measures/printed.h"
#include "measures/said_figures.h"

namespace tally::analytics {
namespace {

std::optional<size_t> UserRow(const GatedTable& table,
                              const std::string& threshold) {
  return FindPrintedRow(table, {{"department", kAllLevels},
                                {"area", kAllLevels},
                                {"threshold", threshold}});
}

// The lowest threshold: a level without a dash, and not everybody.
std::string LowestThreshold(const GatedTable& table) {
  std::string lowest;
  double value = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string& level = table.at(row, "threshold").text();
    if (level.find('-') != std::string::npos) continue;
    if (level == kAnyAttendance) continue;
    const double number = std::strtod(level.c_str(), nullptr);
    if (lowest.empty() || number < value) {
      lowest = level;
      value = number;
    }
  }
  return lowest;
}

// How many attend often, and what share of attendances is theirs; empty if that
// is not printed.
std::string UserSentence(const GatedTable& summary, const GatedTable* shares) {
  const std::string lowest = LowestThreshold(summary);
  const auto row = UserRow(summary, lowest);
  if (!row) return "";
  const std::optional<std::string> people = Say(
      "$0 people attended emergency departments $1 times or more in a year "
      "($2 % of those who attended)",
      summary.at(*row, "persons"), lowest, summary.at(*row, "share_persons"));
  if (!people) return "";
  const auto share =
      shares == nullptr ? std::nullopt : UserRow(*shares, lowest);
  if (!share) return *people;
  return FirstSaid({Say("$0; theirs were $1 % of attendances", *people,
                        shares->at(*share, "share_attendances"))},
                   *people);
}

// A Gini coefficient in words.
std::string Evenness(double gini) {
  if (gini < 0.2) return "nearly evenly";
  return gini <= 0.4 ? "somewhat unevenly" : "unevenly";
}

void DrawLorenz(const GatedTable& table, const GatedTable* gini,
                PagePart& page) {
  Chart chart("hiu-lorenz", "lorenz", table, {"at_most", "x", "y"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "%";
  chart.options.Set("x", "x").Set("y", "y").Set("diagonal_label",
                                                "everybody equally often");
  const std::optional<std::string> value =
      gini == nullptr ? std::nullopt : Spoken(gini->at(0, "gini"));
  if (value) AlsoSays(chart, {*value});
  chart.title =
      value ? *Say("Attendances are $0 spread: Gini coefficient $1",
                   Evenness(gini->at(0, "gini").number().value_or(0)), *value)
            : "How attendances are spread over the people who attend";
  chart.summary =
      "Lorenz curve: share of people who attended, fewest attendances first, "
      "against their share of all attendances.";
  if (value) chart.summary += " Gini coefficient: " + *value + ".";
  page.charts.push_back(std::move(chart));
}

void DrawThresholds(const GatedTable& table, const std::string& words,
                    PagePart& page) {
  Chart chart(
      "hiu-thresholds", "bar", table,
      {"threshold", "persons", "share_persons", "attendances"},
      [](const GatedTable& t, size_t row) {
        return IsAllLevel(t, row, "department") && IsAllLevel(t, row, "area") &&
               t.at(row, "threshold").text().find('-') != std::string::npos;
      });
  chart.unit = "people";
  chart.options.Set("x", "persons").Set("y", "threshold");
  std::vector<std::string> counts;
  for (const size_t row : ShownRows(chart, "", "", "persons")) {
    counts.push_back(
        *Say("$0 people $1 times", chart.cell(row, 1), chart.text(row, 0)));
  }
  AlsoSays(chart, {words});  // of printed cells of two tables
  chart.title = !words.empty() ? words
                : counts.empty()
                    ? "Too few people by how often they attended to print"
                    : "In a year: " + JoinText(counts, ", ");
  chart.summary =
      "People by how often they attended in a year: " +
      (counts.empty() ? "too few to be printed" : JoinText(counts, ", ")) + ".";
  page.charts.push_back(std::move(chart));
}

void DrawRolling(const GatedTable& table, PagePart& page) {
  Chart chart("hiu-rolling", "lines", table,
              {"month", "department", "frequent", "attendances", "share"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "% of attendances";
  chart.options.Set("x", "month").Set("y", "share").Set("series", "department");
  // The last month whose share is printed, and the first.
  std::optional<size_t> first, last;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsAllLevel(table, row, "department")) continue;
    if (!table.at(row, "share").number()) continue;
    if (!first) first = row;
    last = row;
  }
  chart.title =
      "Too few attendances are the fourth or later in a year to print a share";
  chart.summary =
      "Attendances with three or more earlier ones of the same person in the "
      "365 days before, by month.";
  if (last) {
    const auto month = [&](size_t row) {
      return MonthInWords(table.at(row, "month").text());
    };
    chart.title =
        *Say("$0 % of attendances in $1 were the fourth or later in a year",
             table.at(*last, "share"), month(*last));
    chart.summary +=
        *Say(" $0 % in $1, $2 % in $3.", table.at(*first, "share"),
             month(*first), table.at(*last, "share"), month(*last));
    page.sentences.push_back({3, chart.title + "."});
  }
  page.charts.push_back(std::move(chart));
}

}  // namespace

std::vector<PagePart> DrawUsers(const std::vector<GatedTable>& tables) {
  PagePart page{"emergency", {}, {}};
  PagePart front{"summary", {}, {}};
  if (const GatedTable* summary = FilledTable(tables, "hiu_summary")) {
    const std::string words =
        UserSentence(*summary, PrintedTable(tables, "hiu_concentration"));
    if (!words.empty()) {
      page.sentences.push_back({1, words + "."});
      front.sentences.push_back({4, words + "."});
    }
    DrawThresholds(*summary, words, page);
  }
  if (const GatedTable* lorenz = FilledTable(tables, "hiu_lorenz")) {
    DrawLorenz(*lorenz, FilledTable(tables, "hiu_gini"), page);
  }
  if (const GatedTable* rolling = FilledTable(tables, "hiu_rolling")) {
    DrawRolling(*rolling, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  if (!front.sentences.empty()) parts.push_back(std::move(front));
  return parts;
}

}  // namespace tally::analytics
