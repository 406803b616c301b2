// Charts and sentences of C04: segments, segment by deprivation, movement.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c04_segments.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

bool AllBut(const GatedTable& table, size_t row, std::string_view column) {
  for (const char* dimension :
       {"area", "age_band", "imd_decile", "sex", "ethnicity"}) {
    if (dimension == column) continue;
    if (table.at(row, dimension).text() != kAllLevels) return false;
  }
  return true;
}

Chart SegmentBars(const GatedTable& table) {
  Chart chart(
      "segments", "bar", table,
      {"rules", "segment", "share", "persons", "events_per_1000",
       "cost_per_head"},
      [](const GatedTable& t, size_t row) { return AllBut(t, row, ""); });
  chart.unit = "% of the list";
  chart.options.Set("x", "share").Set("y", "segment");
  chart.SelectBy("rules", "Rule set", table.at(0, "rules").text());
  for (const std::string& rules : chart.LevelsOf("rules")) {
    const auto largest =
        LargestRow(chart, ShownRows(chart, "rules", rules, "share"), "share");
    const auto dearest =
        LargestRow(chart, ShownRows(chart, "rules", rules, "cost_per_head"),
                   "cost_per_head");
    const std::string words =
        largest.has_value()
            ? *Say("$0 is the largest segment: $1 % of the list",
                   chart.text(*largest, 1), chart.cell(*largest, 2))
            : rules + ": no segment has enough people to be printed";
    std::string summary = "Share of the list by segment. " + words + ".";
    if (dearest.has_value()) {
      summary += *Say(" Highest cost per head: $0 with $1 pounds a year.",
                      chart.text(*dearest, 1), chart.cell(*dearest, 5));
    }
    chart.Describe(rules, words, std::move(summary));
  }
  return chart;
}

Chart SegmentHeat(const GatedTable& table, const std::string& rules) {
  Chart chart("segments-deprivation", "heatmap", table,
              {"segment", "imd_decile", "share", "persons"},
              [&](const GatedTable& t, size_t row) {
                return AllBut(t, row, "imd_decile") &&
                       t.at(row, "rules").text() == rules &&
                       t.at(row, "imd_decile").text() != kAllLevels;
              });
  chart.unit = "% of the decile";
  chart.options.Set("x", "imd_decile")
      .Set("y", "segment")
      .Set("value", "share");
  chart.title = "Too few people to compare segments by deprivation";
  std::optional<double> low, high;
  size_t low_row = 0, high_row = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto number = chart.cell(row, 2).number();
    if (!number.has_value()) continue;
    if (!low.has_value() || *number < *low) low = number, low_row = row;
    if (!high.has_value() || *number > *high) high = number, high_row = row;
  }
  if (low.has_value()) {
    chart.title = *Say(
        "Highest share of a decile: $0, decile $1 (1 = most deprived), $2 %",
        chart.text(high_row, 0), chart.text(high_row, 1),
        chart.cell(high_row, 2));
    chart.summary = absl::StrFormat(
        "Share of each decile by segment: from %s %% (%s, decile %s) to %s %% "
        "(%s, decile %s).",
        chart.cell(low_row, 2).text(), chart.cell(low_row, 0).text(),
        chart.cell(low_row, 1).text(), chart.cell(high_row, 2).text(),
        chart.cell(high_row, 0).text(), chart.cell(high_row, 1).text());
  }
  return chart;
}

Chart SegmentMoves(const GatedTable& table) {
  Chart chart("segment-moves", "sankey", table,
              {"from_segment", "to_segment", "persons"},
              [](const GatedTable& t, size_t row) {
                const auto number = t.at(row, "persons").number();
                return !number.has_value() || *number > 0;
              });
  chart.unit = "people";
  chart.options.Set("from", "from_segment")
      .Set("to", "to_segment")
      .Set("value", "persons");
  // "a year before: X" and "at the month: X" end alike for those who stayed.
  double stayed = 0, moved = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto number = chart.cell(row, 2).number();
    if (!number.has_value()) continue;
    const std::string& from = chart.cell(row, 0).text();
    const std::string& to = chart.cell(row, 1).text();
    const bool same = from.substr(from.find(": ")) == to.substr(to.find(": "));
    (same ? stayed : moved) += *number;
  }
  chart.title =
      stayed + moved > 0
          ? absl::StrFormat(
                "Of those shown, %.0f %% changed their segment "
                "within a year",
                100 * moved / (stayed + moved))
          : std::string("Too few people to show who changed their segment");
  chart.summary = absl::StrFormat(
      "Flows of people from their segment a year before to that at the month, "
      "%d flows; printed flows only.",
      chart.rows());
  return chart;
}

}  // namespace

std::vector<PagePart> DrawSegments(const MeasureDefinition&,
                                   const std::vector<GatedTable>& tables) {
  PagePart population{"population", {}, {}};
  PagePart summary{"summary", {}, {}};
  for (const GatedTable& table : tables) {
    if (table.rows() == 0) continue;
    if (table.info().table == "segment_moves") {
      Chart moves = SegmentMoves(table);
      population.sentences.push_back({5, moves.title + "."});
      population.charts.push_back(std::move(moves));
      continue;
    }
    const std::string rules = table.at(0, "rules").text();
    Chart bars = SegmentBars(table);
    population.sentences.push_back({3, bars.title + "."});
    summary.sentences.push_back({6, bars.title + "."});
    population.charts.push_back(std::move(bars));
    population.charts.push_back(SegmentHeat(table, rules));
  }
  std::vector<PagePart> parts;
  if (population.charts.empty()) return parts;
  parts.push_back(std::move(population));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
