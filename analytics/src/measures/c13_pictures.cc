// Charts and sentences of C13: the trend of each group, practices' deciles, a
// funnel of the last month, persistence.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "base/status.h"
#include "measures/c13_prescribing.h"

namespace tally::analytics {
namespace {

bool IsRxTotal(const GatedTable& table, size_t row) {
  return table.at(row, "area").text() == kAllLevels;
}

const GatedTable* RxTable(const std::vector<GatedTable>& tables,
                          std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name && table.rows() > 0) return &table;
  }
  return nullptr;
}

// First and last printed rate of one level, and their months.
struct RxEnds {
  std::string first, last, first_month, last_month;
  double change = 0;
};

std::optional<RxEnds> EndsOf(const Chart& chart, const std::string& bnf) {
  const size_t name = chart.ColumnIndex("bnf");
  const size_t month = chart.ColumnIndex("month");
  const size_t rate = chart.ColumnIndex("per_1000");
  std::optional<RxEnds> ends;
  double first = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto number = chart.cell(row, rate).number();
    if (chart.cell(row, name).text() != bnf || !number.has_value()) continue;
    if (!ends.has_value()) {
      ends.emplace();
      first = *number;
      ends->first = chart.cell(row, rate).text();
      ends->first_month = chart.cell(row, month).text();
    }
    ends->last = chart.cell(row, rate).text();
    ends->last_month = chart.cell(row, month).text();
    ends->change = first > 0 ? 100 * (*number - first) / first : 0;
  }
  return ends;
}

// The trend of every level of `bnf` among the rows that `keep` takes; returns
// a sentence about the largest change.
std::string DescribeTrend(Chart& chart) {
  std::string strongest;
  double most = -1;
  for (const std::string& bnf : chart.LevelsOf("bnf")) {
    const std::optional<RxEnds> ends = EndsOf(chart, bnf);
    if (!ends.has_value()) {
      chart.Describe(bnf, absl::StrFormat("%s: too few items to show", bnf),
                     absl::StrFormat("%s: no month has enough items.", bnf));
      continue;
    }
    const std::string words = absl::StrFormat(
        "%s: %s items per 1,000 people in %s, %s in %s", bnf, ends->last,
        ends->last_month, ends->first, ends->first_month);
    chart.Describe(bnf, words,
                   absl::StrFormat("%s. Items per 1,000 people by month, all "
                                   "practices together; change over the time "
                                   "shown %.0f %%.",
                                   words, ends->change));
    if (std::abs(ends->change) > most) {
      most = std::abs(ends->change);
      strongest = words;
    }
  }
  return strongest.empty() ? strongest : strongest + ".";
}

Chart Trend(const GatedTable& table, const std::vector<BnfGroup>& groups,
            std::string& sentence) {
  Chart chart("rx-trend", "xmr", table,
              {"bnf", "month", "items", "list", "per_1000", "nic", "new_users"},
              [&](const GatedTable& t, size_t row) {
                const std::string& bnf = t.at(row, "bnf").text();
                return IsRxTotal(t, row) &&
                       std::any_of(
                           groups.begin(), groups.end(),
                           [&](const BnfGroup& g) { return g.title == bnf; });
              });
  chart.unit = "items per 1,000 people";
  chart.options.Set("x", "month").Set("y", "per_1000");
  if (chart.rows() == 0) return chart;
  chart.SelectBy("bnf", "Group", chart.LevelsOf("bnf").front());
  sentence = DescribeTrend(chart);
  return chart;
}

Chart Deciles(const GatedTable& table) {
  Chart chart("rx-deciles", "lines", table,
              {"bnf", "month", "decile", "per_1000", "practices"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "items per 1,000 people";
  JsonValue strong = JsonValue::MakeArray();
  strong.Append("5");
  chart.options.Set("x", "month")
      .Set("y", "per_1000")
      .Set("series", "decile")
      .Set("strong", std::move(strong));
  chart.SelectBy("bnf", "Group", chart.LevelsOf("bnf").front());
  for (const std::string& bnf : chart.LevelsOf("bnf")) {
    std::string low, high, month;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() != bnf) continue;
      month = chart.cell(row, 1).text();
      const std::string& decile = chart.cell(row, 2).text();
      if (decile == "1") low = chart.cell(row, 3).text();
      if (decile == "9") high = chart.cell(row, 3).text();
    }
    chart.Describe(
        bnf,
        absl::StrFormat("%s: eight in ten practices lie between %s and %s in "
                        "%s",
                        bnf, low, high, month),
        absl::StrFormat("Deciles of the practices' items per 1,000 people for "
                        "%s, by month; the strong line is the middle practice. "
                        "In %s the lowest decile is %s and the highest %s.",
                        bnf, month, low, high));
  }
  return chart;
}

// Practices in the last month, highest rate first.
Chart LastMonth(const GatedTable& table, const std::string& month) {
  Chart chart("rx-practices", "interval", table,
              {"bnf", "area", "month", "items", "list", "per_1000",
               "per_1000_lo", "per_1000_hi", "persistent_share"},
              [&](const GatedTable& t, size_t row) {
                return !IsRxTotal(t, row) && t.at(row, "month").text() == month;
              });
  chart.unit = "items per 1,000 people";
  chart.options.Set("x", "per_1000")
      .Set("y", "area")
      .Set("lo", "per_1000_lo")
      .Set("hi", "per_1000_hi");
  if (chart.rows() == 0) return chart;
  const std::string first = chart.LevelsOf("bnf").front();
  chart.SortBy("per_1000", true);
  chart.SelectBy("bnf", "Group", first);
  const size_t rate = chart.ColumnIndex("per_1000");
  for (const std::string& bnf : chart.LevelsOf("bnf")) {
    std::vector<size_t> shown;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() == bnf &&
          chart.cell(row, rate).number().has_value()) {
        shown.push_back(row);
      }
    }
    if (shown.empty()) {
      const std::string words =
          absl::StrFormat("%s: no practice has enough items to be shown", bnf);
      chart.Describe(bnf, words, words + ".");
      continue;
    }
    const std::string words =
        absl::StrFormat("%s in %s: from %s to %s items per 1,000 people", bnf,
                        month, chart.cell(shown.back(), rate).text(),
                        chart.cell(shown.front(), rate).text());
    chart.Describe(bnf, words,
                   absl::StrFormat("%s. Highest of %d practices: %s; lowest: "
                                   "%s.",
                                   words, shown.size(),
                                   chart.cell(shown.front(), 1).text(),
                                   chart.cell(shown.back(), 1).text()));
  }
  return chart;
}

}  // namespace

std::vector<PagePart> DrawPrescribing(const MeasureDefinition& definition,
                                      const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const absl::StatusOr<PrescribingRules> rules =
      ReadPrescribingRules(definition);
  const GatedTable* trend = RxTable(tables, "rx_trend");
  if (!rules.ok() || trend == nullptr || rules->groups.empty()) return parts;
  PagePart medicines{"medicines", {}, {}};
  std::string sentence;
  Chart chart = Trend(*trend, rules->groups, sentence);
  if (chart.rows() == 0) return parts;
  const std::string last =
      chart.cell(chart.rows() - 1, chart.ColumnIndex("month")).text();
  if (!sentence.empty()) medicines.sentences.push_back({2, sentence});
  medicines.charts.push_back(std::move(chart));
  const GatedTable* deciles = RxTable(tables, "rx_deciles");
  if (deciles != nullptr) medicines.charts.push_back(Deciles(*deciles));
  Chart practices = LastMonth(*trend, last);
  if (practices.rows() > 0) medicines.charts.push_back(std::move(practices));
  parts.push_back(std::move(medicines));
  return parts;
}

}  // namespace tally::analytics
