// Charts and sentences of C15: trend, life expectancy by decile, practices.
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c15_mortality.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

// "cause, ages" as one level, for the drop-down list.
std::string FirstCause(const GatedTable& table) {
  return table.at(0, "cause").text();
}

std::string FirstAges(const GatedTable& table) {
  return table.at(0, "age_group").text();
}

Chart DeathTrend(const GatedTable& table) {
  const std::string ages = FirstAges(table);
  Chart chart("mortality-trend", "lines", table,
              {"cause", "year", "dsr", "dsr_lo", "dsr_hi", "deaths"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "age_group").text() == ages;
              });
  chart.SelectBy("cause", "Cause", FirstCause(table));
  chart.unit = "deaths per 100,000, age-standardised";
  chart.options.Set("x", "year")
      .Set("y", "dsr")
      .Set("lo", "dsr_lo")
      .Set("hi", "dsr_hi");
  for (const std::string& cause : chart.LevelsOf("cause")) {
    const std::vector<size_t> shown = ShownRows(chart, "cause", cause, "dsr");
    if (shown.empty()) {
      const std::string words = absl::StrFormat(
          "%s, %s: too few deaths for a rate in any year", cause, ages);
      chart.Describe(cause, words, words + ".");
      continue;
    }
    const auto year = [&](size_t row) {
      return MonthInWords(chart.text(row, 1));
    };
    chart.Describe(
        cause,
        *Say("$0, $1: $2 deaths per 100,000 in the year $3", cause, ages,
             chart.cell(shown.back(), 2), year(shown.back())),
        *Say("Age-standardised deaths per 100,000 by year with 95 % limits, $0 "
             "in $1 and $2 in $3.",
             chart.cell(shown.front(), 2), year(shown.front()),
             chart.cell(shown.back(), 2), year(shown.back())));
  }
  return chart;
}

// The printed life expectancy at birth of one decile, both sexes; null if not
// printed.
std::optional<double> YearsOf(const GatedTable& table,
                              const std::string& decile) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "imd_decile").text() == decile &&
        table.at(row, "sex").text() == kAllLevels &&
        table.at(row, "age").text() == table.at(0, "age").text()) {
      return table.at(row, "le").number();
    }
  }
  return std::nullopt;
}

Chart LifeByDecile(const GatedTable& table) {
  const std::string age = table.at(0, "age").text();
  Chart chart("life-expectancy", "interval", table,
              {"imd_decile", "sex", "le", "le_lo", "le_hi", "people"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "age").text() == age;
              });
  chart.unit = "years";
  chart.options.Set("x", "le")
      .Set("lo", "le_lo")
      .Set("hi", "le_hi")
      .Set("y", "imd_decile")
      .Set("series", "sex");
  const auto most = YearsOf(table, "1");
  const auto least = YearsOf(table, "10");
  chart.title =
      "Too few deaths to compare life expectancy by deprivation decile";
  if (most.has_value() && least.has_value()) {
    chart.title = absl::StrFormat(
        "People in the most deprived tenth live %.1f years %s than in the "
        "least",
        std::abs(*least - *most), *least >= *most ? "less" : "more");
  }
  const auto all = YearsOf(table, std::string(kAllLevels));
  chart.summary = absl::StrFormat(
      "Life expectancy at age %s by decile and sex with 95 %% limits%s.", age,
      all.has_value() ? absl::StrFormat("; all together %.3g years", *all)
                      : std::string());
  return chart;
}

// Practices whose printed limits leave out 1.
struct RatioCounts {
  int high = 0;
  int low = 0;
  int known = 0;
};

RatioCounts CountRatios(const GatedTable& table, const std::string& cause,
                        const std::string& ages) {
  RatioCounts counts;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "cause").text() != cause ||
        table.at(row, "age_group").text() != ages) {
      continue;
    }
    const auto low = table.at(row, "smr_lo").number();
    const auto high = table.at(row, "smr_hi").number();
    if (!low.has_value() || !high.has_value()) continue;
    ++counts.known;
    counts.high += *low > 1;
    counts.low += *high < 1;
  }
  return counts;
}

Chart Ratios(const GatedTable& table) {
  const std::string ages = FirstAges(table);
  Chart chart("mortality-ratios", "interval", table,
              {"cause", "area", "smr", "smr_lo", "smr_hi", "deaths"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "age_group").text() == ages &&
                       t.at(row, "area").text() != kAllLevels;
              });
  chart.SortBy("smr", true);
  chart.SelectBy("cause", "Cause", FirstCause(table));
  chart.unit = "ratio";
  JsonValue references = JsonValue::MakeObject();
  for (const std::string& cause : chart.LevelsOf("cause")) {
    const RatioCounts counts = CountRatios(table, cause, ages);
    references.Set(cause, 1.0);
    chart.Describe(
        cause,
        counts.known == 0
            ? cause + ": no practice has enough deaths for a ratio"
            : absl::StrFormat(
                  "%s: %s", cause,
                  AboveAndBelow(counts.high, counts.low, counts.known,
                                {"practice", "practices"}, "what is expected")),
        absl::StrFormat("Deaths over expected deaths by practice with 95 %% "
                        "limits, %s; 1 is as expected from sex and age.",
                        ages));
  }
  chart.options.Set("x", "smr")
      .Set("lo", "smr_lo")
      .Set("hi", "smr_hi")
      .Set("y", "area")
      .Set("references", std::move(references))
      .Set("reference_label", "as expected")
      .Set("log", true);
  return chart;
}

}  // namespace

std::vector<PagePart> DrawMortality(const MeasureDefinition&,
                                    const std::vector<GatedTable>& tables) {
  PagePart needs{"needs", {}, {}};
  PagePart summary{"summary", {}, {}};
  const GatedTable* trend = FilledTable(tables, "mortality_trend");
  if (trend != nullptr) {
    Chart chart = DeathTrend(*trend);
    summary.sentences.push_back({5, chart.title + "."});
    summary.charts.push_back(chart);
    needs.charts.push_back(std::move(chart));
  }
  const GatedTable* life = FilledTable(tables, "life_expectancy");
  if (life != nullptr && life->at(0, "area").text() == kAllLevels) {
    Chart chart = LifeByDecile(*life);
    needs.sentences.push_back({4, chart.title + "."});
    needs.charts.push_back(std::move(chart));
  }
  const GatedTable* mortality = FilledTable(tables, "mortality");
  if (mortality != nullptr && mortality->ColumnIndex("area").ok()) {
    Chart chart = Ratios(*mortality);
    needs.sentences.push_back({5, chart.title + "."});
    needs.charts.push_back(std::move(chart));
  }
  std::vector<PagePart> parts;
  if (!needs.charts.empty()) parts.push_back(std::move(needs));
  if (!summary.charts.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
