// Charts and sentences of C21: Lorenz curve, thresholds, months.
#include <cstdlib>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "measures/c21_users.h"

namespace tally::analytics {
namespace {

const GatedTable* UserTable(const std::vector<GatedTable>& tables,
                            std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name && table.rows() > 0) return &table;
  }
  return nullptr;
}

std::optional<size_t> UserRow(const GatedTable& table,
                              const std::string& threshold) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "department").text() == kAllLevels &&
        table.at(row, "area").text() == kAllLevels &&
        table.at(row, "threshold").text() == threshold) {
      return row;
    }
  }
  return std::nullopt;
}

// The lowest threshold: the first level without a dash.
std::string LowestThreshold(const GatedTable& table) {
  std::string lowest;
  double value = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string& level = table.at(row, "threshold").text();
    if (level.find('-') != std::string::npos) continue;
    const double number = std::strtod(level.c_str(), nullptr);
    if (lowest.empty() || number < value) {
      lowest = level;
      value = number;
    }
  }
  return lowest;
}

void SayUsers(const GatedTable& summary, const GatedTable* shares,
              PagePart& page, PagePart& front) {
  const std::string lowest = LowestThreshold(summary);
  const auto row = UserRow(summary, lowest);
  if (!row) return;
  std::string words = absl::StrFormat(
      "%s people attended emergency departments %s times or more in a year "
      "(%s %% of those who attended)",
      DisplayText(summary.at(*row, "persons")), lowest,
      summary.at(*row, "share_persons").text());
  const auto share =
      shares == nullptr ? std::nullopt : UserRow(*shares, lowest);
  if (share && shares->at(*share, "share_attendances").number()) {
    words += absl::StrFormat("; theirs were %s %% of attendances",
                             shares->at(*share, "share_attendances").text());
  }
  page.sentences.push_back({1, words + "."});
  front.sentences.push_back({4, words + "."});
}

void DrawLorenz(const GatedTable& table, const GatedTable* gini,
                PagePart& page) {
  Chart chart("hiu-lorenz", "lorenz", table, {"at_most", "x", "y"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "%";
  chart.options.Set("x", "x").Set("y", "y").Set("diagonal_label",
                                                "everybody equally often");
  const std::string value = gini == nullptr ? "NA" : gini->at(0, "gini").text();
  chart.title = absl::StrFormat(
      "Attendances are unevenly spread: Gini "
      "coefficient %s",
      value);
  if (value == "NA" || value == "*") {
    chart.title = "How attendances are spread over people";
  }
  chart.summary = absl::StrFormat(
      "Lorenz curve: share of people who attended, fewest attendances first, "
      "against their share of all attendances. Gini coefficient: %s.",
      value);
  page.charts.push_back(std::move(chart));
}

void DrawThresholds(const GatedTable& table, PagePart& page) {
  Chart chart("hiu-thresholds", "bar", table,
              {"threshold", "persons", "share_persons", "attendances"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "department").text() == kAllLevels &&
                       t.at(row, "area").text() == kAllLevels &&
                       t.at(row, "threshold").text().find('-') !=
                           std::string::npos;
              });
  chart.unit = "people";
  chart.options.Set("x", "persons").Set("y", "threshold");
  chart.title = "People by how often they attended in a year";
  chart.summary = chart.title + ": ";
  for (size_t row = 0; row < chart.rows(); ++row) {
    chart.summary += absl::StrFormat("%s%s times %s", row == 0 ? "" : ", ",
                                     chart.cell(row, 0).text(),
                                     DisplayText(chart.cell(row, 1)));
  }
  chart.summary += ".";
  page.charts.push_back(std::move(chart));
}

void DrawRolling(const GatedTable& table, PagePart& page) {
  Chart chart("hiu-rolling", "lines", table,
              {"month", "department", "frequent", "attendances", "share"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "% of attendances";
  chart.options.Set("x", "month").Set("y", "share").Set("series", "department");
  std::string first, last, month;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "department").text() != kAllLevels) continue;
    last = table.at(row, "share").text();
    month = table.at(row, "month").text();
    if (first.empty()) first = last;
  }
  chart.title = absl::StrFormat(
      "%s %% of attendances in %s were the fourth or later in a year", last,
      month);
  chart.summary = absl::StrFormat(
      "Attendances with three or more earlier ones of the same person in the "
      "365 days before, by month. First month %s %%, last month %s %%.",
      first, last);
  page.sentences.push_back({3, chart.title + "."});
  page.charts.push_back(std::move(chart));
}

}  // namespace

std::vector<PagePart> DrawUsers(const std::vector<GatedTable>& tables) {
  PagePart page{"emergency", {}, {}};
  PagePart front{"summary", {}, {}};
  const GatedTable* summary = UserTable(tables, "hiu_summary");
  if (summary != nullptr) {
    SayUsers(*summary, UserTable(tables, "hiu_concentration"), page, front);
    DrawThresholds(*summary, page);
  }
  if (const GatedTable* lorenz = UserTable(tables, "hiu_lorenz")) {
    DrawLorenz(*lorenz, UserTable(tables, "hiu_gini"), page);
  }
  if (const GatedTable* rolling = UserTable(tables, "hiu_rolling")) {
    DrawRolling(*rolling, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  if (!front.sentences.empty()) parts.push_back(std::move(front));
  return parts;
}

}  // namespace tally::analytics
