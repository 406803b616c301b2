// Charts and sentences of C13: the trend of each group, practices' deciles, a
// funnel of the last month, persistence.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/dashboard/xmr_chart.h"
#include "base/status.h"
#include "measures/c13_prescribing.h"
#include "measures/printed.h"
#include "measures/spc_mode.h"

namespace tally::analytics {
namespace {

bool IsRxTotal(const GatedTable& table, size_t row) {
  return IsAllLevel(table, row, "area");
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

// A sentence about the group that changed most; empty if none is printed.
std::string MostChanged(const Chart& chart) {
  std::string words;
  double most = -1;
  for (const std::string& bnf : chart.LevelsOf("bnf")) {
    const std::optional<RxEnds> ends = EndsOf(chart, bnf);
    if (!ends.has_value() || std::abs(ends->change) <= most) continue;
    most = std::abs(ends->change);
    words = absl::StrFormat("%s: %s items per 1,000 people in %s, %s in %s.",
                            bnf, ends->last, MonthInWords(ends->last_month),
                            ends->first, MonthInWords(ends->first_month));
  }
  return words;
}

Chart Trend(const GatedTable& table, const std::vector<BnfGroup>& groups,
            SpcMode mode) {
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
  if (chart.rows() == 0) return chart;
  chart.SelectBy("bnf", "Group", chart.LevelsOf("bnf").front());
  XmrRequest request;
  request.value = "per_1000";
  request.month = "month";
  request.subject = "Items per 1,000 people";
  request.mode = mode;
  AddXmr(chart, request);
  chart.notes.push_back(SpcModeNote(mode));
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
    const std::vector<size_t> shown = ShownRows(chart, "bnf", bnf, "per_1000");
    std::string low, high;
    const std::string month =
        shown.empty() ? "" : chart.cell(shown.back(), 1).text();
    for (const size_t row : shown) {
      if (chart.cell(row, 1).text() != month) continue;
      const std::string& decile = chart.cell(row, 2).text();
      if (decile == "1") low = chart.cell(row, 3).text();
      if (decile == "9") high = chart.cell(row, 3).text();
    }
    std::string words =
        absl::StrFormat("%s: too few practices for deciles", bnf);
    if (!low.empty() && low == high) {
      words = absl::StrFormat(
          "%s: eight in ten practices have %s items per 1,000 people in %s",
          bnf, low, MonthInWords(month));
    } else if (!low.empty() && !high.empty()) {
      words = absl::StrFormat(
          "%s: eight in ten practices lie between %s and %s items per 1,000 "
          "people in %s",
          bnf, low, high, MonthInWords(month));
    }
    chart.Describe(bnf, words,
                   words +
                       ". Deciles of the practices' items per 1,000 people by "
                       "month; the strong line is the middle practice.");
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
    const std::vector<size_t> shown = ShownRows(chart, "bnf", bnf, "per_1000");
    if (shown.empty()) {
      const std::string words =
          absl::StrFormat("%s: no practice has enough items to be shown", bnf);
      chart.Describe(bnf, words, words + ".");
      continue;
    }
    const std::string words =
        absl::StrFormat("%s in %s: %s", bnf, MonthInWords(month),
                        FromTo(chart.cell(shown.back(), rate).text(),
                               chart.cell(shown.front(), rate).text(),
                               "items per 1,000 people a month"));
    chart.Describe(
        bnf, words,
        absl::StrFormat("%s, %d practices. %s.", words, shown.size(),
                        Extremes(chart.cell(shown.front(), 1).text(),
                                 chart.cell(shown.front(), rate).text(),
                                 chart.cell(shown.back(), 1).text(),
                                 chart.cell(shown.back(), rate).text())));
  }
  return chart;
}

}  // namespace

std::vector<PagePart> DrawPrescribing(const MeasureDefinition& definition,
                                      const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const absl::StatusOr<PrescribingRules> rules =
      ReadPrescribingRules(definition);
  const GatedTable* trend = FilledTable(tables, "rx_trend");
  if (!rules.ok() || trend == nullptr || rules->groups.empty()) return parts;
  PagePart medicines{"medicines", {}, {}};
  const SpcMode mode = ReadSpcMode(definition).value_or(SpcMode::kScreened);
  Chart chart = Trend(*trend, rules->groups, mode);
  if (chart.rows() == 0) return parts;
  const std::string sentence = MostChanged(chart);
  const std::string last =
      chart.cell(chart.rows() - 1, chart.ColumnIndex("month")).text();
  if (!sentence.empty()) medicines.sentences.push_back({2, sentence});
  medicines.charts.push_back(std::move(chart));
  const GatedTable* deciles = FilledTable(tables, "rx_deciles");
  if (deciles != nullptr) medicines.charts.push_back(Deciles(*deciles));
  Chart practices = LastMonth(*trend, last);
  if (practices.rows() > 0) medicines.charts.push_back(std::move(practices));
  parts.push_back(std::move(medicines));
  return parts;
}

}  // namespace tally::analytics
