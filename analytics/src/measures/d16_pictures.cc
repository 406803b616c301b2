// Charts and sentences of D16: claims by month, sight tests by reason, age and
// deprivation, practices.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/d16_gos.h"
#include "measures/level_words.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

bool InGosCut(const GatedTable& table, size_t row, std::string_view cut) {
  return table.at(row, "breakdown").text() == cut;
}

// The row of all levels of a cut; none if the cut is not there.
std::optional<size_t> GosAllRow(const GatedTable& table, std::string_view cut,
                                std::string_view column) {
  return FindPrintedRow(
      table,
      {{"breakdown", cut}, {"claim_type", kSightTests}, {column, kAllLevels}});
}

// The type to open with: the one that has most claims in all.
std::string CommonestType(const Chart& chart, std::string_view value) {
  std::string commonest;
  double most = -1;
  for (const std::string& type : chart.LevelsOf("claim_type")) {
    double sum = 0;
    for (const size_t row : ShownRows(chart, "claim_type", type, value)) {
      sum += *chart.number(row, chart.ColumnIndex(value));
    }
    if (sum > most) {
      most = sum;
      commonest = type;
    }
  }
  return commonest;
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
  chart.SayLevels("claim_type", ClaimTypeWords);
  chart.SelectBy("claim_type", "Claim type", CommonestType(chart, "n"));
  const size_t n = chart.ColumnIndex("n");
  for (const std::string& type : chart.LevelsOf("claim_type")) {
    const std::vector<size_t> shown = ShownRows(chart, "claim_type", type, "n");
    if (shown.empty()) {
      const std::string words =
          absl::StrFormat("%s: too few claims to show", type);
      chart.Describe(type, words, words + ".");
      continue;
    }
    const std::string words = *Say(
        "$0: $1 claims in $2, $3 in $4", type, chart.cell(shown.back(), n),
        MonthInWords(chart.text(shown.back(), 1)), chart.cell(shown.front(), n),
        MonthInWords(chart.text(shown.front(), 1)));
    chart.Describe(
        type, words,
        absl::StrFormat(
            "Claims by month of service. %s.%s", words,
            FirstSaid({Say(" Matched with a person on the list in the last "
                           "month: $0 %.",
                           chart.cell(shown.back(),
                                      chart.ColumnIndex("match_share")))},
                      "")));
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
  if (column == "eligibility") chart.SayLevels(column, EligibilityWords);
  const bool lying = chart.type() == "bar";
  if (lying) chart.SortBy("per_100k", true);
  chart.options.Set(lying ? "x" : "y", "per_100k")
      .Set(lying ? "y" : "x", column)
      .Set("lo", "per_100k_lo")
      .Set("hi", "per_100k_hi");
  const std::optional<size_t> most =
      LargestRow(chart, ShownRows(chart, "", "", "per_100k"), "per_100k");
  if (!most.has_value()) {
    chart.title = absl::StrFormat("Sight tests by %s: too few to show", words);
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title =
      *Say(lying ? "Commonest $0 for a sight test: $1, $2 per 100,000 people"
                 : "Sight tests are commonest in $0 $1: $2 per 100,000 people",
           words, chart.text(*most, 0),
           chart.cell(*most, chart.ColumnIndex("per_100k")));
  chart.summary = absl::StrFormat(
      "Matched sight tests per 100,000 people on the list, by %s, with 95 %% "
      "limits. %s.%s",
      words, chart.title,
      FirstSaid({Say(" $0 % of these claims were matched with a person.",
                     chart.cell(*most, chart.ColumnIndex("match_share")))},
                ""));
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
  chart.SayLevels("claim_type", ClaimTypeWords);
  const std::string first = CommonestType(chart, "n");
  chart.SortBy("per_100k", true);
  chart.SelectBy("claim_type", "Claim type", first);
  const size_t rate = chart.ColumnIndex("per_100k");
  for (const std::string& type : chart.LevelsOf("claim_type")) {
    const std::vector<size_t> shown =
        ShownRows(chart, "claim_type", type, "per_100k");
    if (shown.empty()) {
      const std::string words = absl::StrFormat(
          "%s: no practice has enough claims to be shown", type);
      chart.Describe(type, words, words + ".");
      continue;
    }
    const auto value = [&](size_t row) {
      return DisplayText(chart.cell(row, rate));
    };
    chart.Describe(
        type,
        absl::StrFormat("%s: %s", type,
                        FromTo(value(shown.back()), value(shown.front()),
                               "per 100,000 people")),
        absl::StrFormat(
            "%s: matched claims per 100,000 people on the list, with 95 %% "
            "limits, %s. %s.",
            type,
            Counted(static_cast<int64_t>(shown.size()),
                    {"practice", "practices"}),
            Extremes(chart.cell(shown.front(), 1).text(), value(shown.front()),
                     chart.cell(shown.back(), 1).text(), value(shown.back()))));
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
    const auto cell = [&](std::string_view column) -> const GatedCell& {
      return table.at(*all, column);
    };
    const std::string year = MonthInWords(table.at(*all, "month").text());
    const std::string words = FirstSaid(
        {Say("$0 sight tests in $1; $2 % could be matched with a person on the "
             "list, $3 % of those with a known test before were early with a "
             "code.",
             cell("n"), year, cell("match_share"), cell("early_retest_share")),
         Say("$0 sight tests in $1; $2 % could be matched with a person on the "
             "list.",
             cell("n"), year, cell("match_share"))},
        "");
    if (!words.empty()) needs.sentences.push_back({4, words});
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
