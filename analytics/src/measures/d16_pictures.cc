// Charts and sentences of D16: claims by month, sight tests by reason, age and
// deprivation, practices.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "measures/d16_gos.h"

namespace tally::analytics {
namespace {

bool InGosCut(const GatedTable& table, size_t row, std::string_view cut) {
  return table.at(row, "breakdown").text() == cut;
}

// The row of all levels of a cut; none if the cut is not there.
std::optional<size_t> GosAllRow(const GatedTable& table, std::string_view cut,
                                std::string_view column) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (InGosCut(table, row, cut) &&
        table.at(row, "claim_type").text() == kSightTests &&
        table.at(row, column).text() == kAllLevels) {
      return row;
    }
  }
  return std::nullopt;
}

// The row with the largest printed number of a column; none without any.
std::optional<size_t> Highest(const Chart& chart, std::string_view column) {
  const size_t at = chart.ColumnIndex(column);
  std::optional<size_t> best;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto number = chart.cell(row, at).number();
    if (!number.has_value()) continue;
    if (!best.has_value() || *number > *chart.cell(*best, at).number()) {
      best = row;
    }
  }
  return best;
}

Chart GosTrend(const GatedTable& table) {
  Chart chart("gos-months", "lines", table,
              {"claim_type", "month", "n", "matched", "match_share", "per_100k",
               "domiciliary_share", "early_retest_share"},
              [](const GatedTable& t, size_t row) {
                return InGosCut(t, row, kGosMonth);
              });
  chart.unit = "claims";
  chart.options.Set("x", "month").Set("y", "n").Set("zero", true);
  if (chart.rows() == 0) return chart;
  chart.SelectBy("claim_type", "Claim type",
                 chart.LevelsOf("claim_type").front());
  const size_t n = chart.ColumnIndex("n");
  for (const std::string& type : chart.LevelsOf("claim_type")) {
    std::vector<size_t> shown;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() == type &&
          chart.cell(row, n).number().has_value()) {
        shown.push_back(row);
      }
    }
    if (shown.empty()) {
      const std::string words =
          absl::StrFormat("%s: too few claims to show", type);
      chart.Describe(type, words, words + ".");
      continue;
    }
    const std::string words =
        absl::StrFormat("%s: %s claims in %s, %s in %s", type,
                        DisplayText(chart.cell(shown.back(), n)),
                        chart.cell(shown.back(), 1).text(),
                        DisplayText(chart.cell(shown.front(), n)),
                        chart.cell(shown.front(), 1).text());
    chart.Describe(
        type, words,
        absl::StrFormat(
            "Claims by month of service. %s. Matched "
            "with a person on the list in the last "
            "month: %s %%.",
            words,
            chart.cell(shown.back(), chart.ColumnIndex("match_share")).text()));
  }
  return chart;
}

// Sight tests per 100,000 by the levels of one column.
Chart GosRates(const GatedTable& table, std::string id, std::string type,
               std::string_view cut, const std::string& column,
               std::string_view words) {
  Chart chart(std::move(id), std::move(type), table,
              {column, "n", "matched", "match_share", "list", "per_100k",
               "per_100k_lo", "per_100k_hi", "early_retest_share"},
              [&](const GatedTable& t, size_t row) {
                return InGosCut(t, row, cut) &&
                       t.at(row, "claim_type").text() == kSightTests &&
                       t.at(row, column).text() != kAllLevels;
              });
  chart.unit = "per 100,000 people";
  const bool lying = chart.type() == "bar";
  if (lying) chart.SortBy("per_100k", true);
  chart.options.Set(lying ? "x" : "y", "per_100k")
      .Set(lying ? "y" : "x", column)
      .Set("lo", "per_100k_lo")
      .Set("hi", "per_100k_hi");
  const std::optional<size_t> most = Highest(chart, "per_100k");
  if (!most.has_value()) {
    chart.title = absl::StrFormat("Sight tests by %s: too few to show", words);
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title = absl::StrFormat(
      "Most sight tests per 100,000 people by %s: %s, %s", words,
      chart.cell(*most, 0).text(),
      DisplayText(chart.cell(*most, chart.ColumnIndex("per_100k"))));
  chart.summary = absl::StrFormat(
      "Matched sight tests per 100,000 people on the list, by %s, with 95 %% "
      "limits. %s; %s %% of its claims were matched.",
      words, chart.title,
      chart.cell(*most, chart.ColumnIndex("match_share")).text());
  return chart;
}

Chart GosPractices(const GatedTable& table) {
  Chart chart("gos-practices", "interval", table,
              {"claim_type", "area", "n", "list", "per_100k", "per_100k_lo",
               "per_100k_hi", "domiciliary_share", "early_retest_share"},
              [](const GatedTable& t, size_t row) {
                return InGosCut(t, row, kGosArea) &&
                       t.at(row, "area").text() != kAllLevels &&
                       t.at(row, "area").text() != kNotOnAList;
              });
  chart.unit = "per 100,000 people";
  chart.options.Set("x", "per_100k")
      .Set("y", "area")
      .Set("lo", "per_100k_lo")
      .Set("hi", "per_100k_hi");
  if (chart.rows() == 0) return chart;
  const std::string first = chart.LevelsOf("claim_type").front();
  chart.SortBy("per_100k", true);
  chart.SelectBy("claim_type", "Claim type", first);
  const size_t rate = chart.ColumnIndex("per_100k");
  for (const std::string& type : chart.LevelsOf("claim_type")) {
    std::vector<size_t> shown;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() == type &&
          chart.cell(row, rate).number().has_value()) {
        shown.push_back(row);
      }
    }
    if (shown.empty()) {
      const std::string words = absl::StrFormat(
          "%s: no practice has enough claims to be shown", type);
      chart.Describe(type, words, words + ".");
      continue;
    }
    const auto value = [&](size_t row) {
      return DisplayText(chart.cell(row, rate));
    };
    chart.Describe(type,
                   absl::StrFormat("%s: from %s to %s per 100,000 people", type,
                                   value(shown.back()), value(shown.front())),
                   absl::StrFormat(
                       "Matched %s claims per 100,000 people on the list, "
                       "with 95 %% limits. Highest of %d practices: %s with "
                       "%s; lowest: %s with %s.",
                       type, shown.size(), chart.cell(shown.front(), 1).text(),
                       value(shown.front()), chart.cell(shown.back(), 1).text(),
                       value(shown.back())));
  }
  return chart;
}

}  // namespace

std::vector<PagePart> DrawGos(const MeasureDefinition&,
                              const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  if (tables.empty() || tables[0].rows() == 0) return parts;
  const GatedTable& table = tables[0];
  PagePart needs{"needs", {}, {}};
  const std::optional<size_t> all = GosAllRow(table, kGosReason, "eligibility");
  if (all.has_value()) {
    needs.sentences.push_back(
        {4, absl::StrFormat("%s sight tests in %s; %s %% could be matched with "
                            "a person on the list, %s %% of those with a "
                            "known test before were early with a code.",
                            DisplayText(table.at(*all, "n")),
                            table.at(*all, "month").text(),
                            table.at(*all, "match_share").text(),
                            table.at(*all, "early_retest_share").text())});
  }
  std::vector<Chart> charts = {
      GosTrend(table),
      GosRates(table, "gos-reasons", "bar", kGosReason, "eligibility",
               "reason"),
      GosRates(table, "gos-ages", "column", kGosAge, "age_band", "age band"),
      GosRates(table, "gos-deprivation", "column", kGosDeprivation,
               "imd_decile", "deprivation decile"),
      GosPractices(table)};
  for (Chart& chart : charts) {
    if (chart.rows() > 0) needs.charts.push_back(std::move(chart));
  }
  parts.push_back(std::move(needs));
  return parts;
}

}  // namespace tally::analytics
