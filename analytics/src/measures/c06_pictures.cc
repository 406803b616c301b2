// Charts and sentences of C06, and the line through the rates of the deciles.
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/c06_inequality.h"
#include "measures/level_words.h"
#include "measures/printed.h"
#include "measures/said_figures.h"

namespace tally::analytics {
namespace {

constexpr size_t kTenDeciles = 10;

// The printed deciles of one measure and area, 1 to 10; fewer if some has no
// printed rate.
using DecileRows =
    std::map<std::pair<std::string, std::string>, std::map<int, size_t>>;

DecileRows RowsOfDeciles(const GatedTable& table) {
  DecileRows rows;
  for (size_t row = 0; row < table.rows(); ++row) {
    const absl::StatusOr<int64_t> decile =
        ParseInt64(table.at(row, "imd_decile").text());
    if (!decile.ok()) continue;  // all together, or unknown
    rows[{table.at(row, "measure").text(), table.at(row, "area").text()}]
        [static_cast<int>(*decile)] = row;
  }
  return rows;
}

// Ends of the line at the cumulative mid-points of the population.
struct FittedLine {
  double intercept = 0;
  double slope = 0;
  std::map<int, double> middle;  // of each decile
};

std::optional<FittedLine> FitLine(const GatedTable& table,
                                  const std::map<int, size_t>& deciles) {
  if (deciles.size() != kTenDeciles) return std::nullopt;
  double people = 0;
  for (const auto& [decile, row] : deciles) {
    const auto n = table.at(row, "people").number();
    if (!n.has_value() || !table.at(row, "dsr").number().has_value()) {
      return std::nullopt;
    }
    people += *n;
  }
  if (people <= 0) return std::nullopt;
  FittedLine line;
  double before = 0, mean_x = 0, mean_y = 0;
  for (const auto& [decile, row] : deciles) {
    const double share = *table.at(row, "people").number() / people;
    line.middle[decile] = before + share / 2;
    before += share;
    mean_x += share * line.middle[decile];
    mean_y += share * *table.at(row, "dsr").number();
  }
  double above = 0, below = 0;
  for (const auto& [decile, row] : deciles) {
    const double share = *table.at(row, "people").number() / people;
    const double x = line.middle[decile] - mean_x;
    above += share * x * (*table.at(row, "dsr").number() - mean_y);
    below += share * x * x;
  }
  if (below <= 0) return std::nullopt;
  line.slope = above / below;
  line.intercept = mean_y - line.slope * mean_x;
  return line;
}

absl::Status AddFitted(const GatedTable& source, const std::string& measure,
                       const std::string& area,
                       const std::map<int, size_t>& deciles,
                       DerivedTable& table) {
  const std::optional<FittedLine> line = FitLine(source, deciles);
  for (const auto& [decile, row] : deciles) {
    const DerivedCell fit =
        line.has_value()
            ? DerivedCell::Number(
                  line->intercept + line->slope * line->middle.at(decile), 1)
            : DerivedCell::Na(NaReason::kNotReleased);
    TALLY_RETURN_IF_ERROR(
        table.AddRow({DerivedCell::Text(measure), DerivedCell::Text(area),
                      DerivedCell::Text(std::to_string(decile)),
                      DerivedCell::Copy(source.at(row, "dsr")), fit}));
  }
  return absl::OkStatus();
}

// How many printed relative indices lie above, below and around 1.
struct IndexCounts {
  int worse = 0;  // for the deprived, beyond chance
  int better = 0;
  int known = 0;
  int all = 0;
};

IndexCounts CountIndices(const GatedTable& table) {
  IndexCounts counts;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto low = table.at(row, "rii_lo").number();
    const auto high = table.at(row, "rii_hi").number();
    ++counts.all;
    if (!low.has_value() || !high.has_value()) continue;
    ++counts.known;
    counts.worse += *low > 1;
    counts.better += *high < 1;
  }
  return counts;
}

Chart RelativeIndices(const GatedTable& table, const IndexCounts& counts) {
  Chart chart("inequality-forest", "interval", table,
              {"measure", "rii", "rii_lo", "rii_hi", "events"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "rii").number().has_value();
              });
  chart.SortBy("rii", true);
  chart.unit = "ratio";
  JsonValue references = JsonValue::MakeObject();
  references.Set("", 1.0);
  chart.options.Set("x", "rii")
      .Set("lo", "rii_lo")
      .Set("hi", "rii_hi")
      .Set("y", "measure")
      .Set("references", std::move(references))
      .Set("reference_label", "equal")
      .Set("log", true);
  chart.title =
      counts.known == 0
          ? std::string("No rate has enough events for an index of inequality")
          : Capitalised(absl::StrFormat(
                "%s; %d %s better",
                PartOf(counts.worse, counts.known,
                       {"rate that can be judged", "rates that can be judged"},
                       {"is worse for the deprived beyond chance",
                        "are worse for the deprived beyond chance"}),
                counts.better, counts.better == 1 ? "is" : "are"));
  if (counts.known < counts.all) {
    absl::StrAppend(&chart.title,
                    absl::StrFormat("; %d of %d cannot be judged",
                                    counts.all - counts.known, counts.all));
    AlsoSays(chart, {std::to_string(counts.all),
                     std::to_string(counts.all - counts.known)});
  }
  if (chart.rows() > 0) {
    chart.summary = absl::StrFormat(
        "Relative index of inequality of %d rates with 95 %% limits. "
        "Highest: %s, %s times as high at the deprived end as at the other.",
        chart.rows(), chart.cell(0, 0).text(), chart.cell(0, 1).text());
  }
  return chart;
}

// Each measure has its own unit, in the column `unit` of its rows.
void SetUnits(const GatedTable& table, Chart& chart) {
  JsonValue units = JsonValue::MakeObject();
  std::set<std::string> seen;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string& measure = table.at(row, "measure").text();
    if (!seen.insert(measure).second) continue;
    units.Set(measure, table.at(row, "unit").text());
  }
  chart.options.Set("units", std::move(units));
}

// "The most deprived fifth has 1.14 times the rate of the others", and whether
// the index of all ten says that this is more than chance.
std::string DecileTitle(const GatedTable& index, size_t row) {
  const std::string& measure = index.at(row, "measure").text();
  const auto low = index.at(row, "rii_lo").number();
  const auto high = index.at(row, "rii_hi").number();
  const std::string verdict =
      !low.has_value() || !high.has_value() ? "is not judged"
      : *low > 1  ? "is higher for the deprived by more than chance"
      : *high < 1 ? "is lower for the deprived by more than chance"
                  : "differs no more than by chance";
  return FirstSaid(
      {Say("$0: the most deprived fifth has $1 times the rate of the others; "
           "over all deciles the rate $2",
           measure, index.at(row, "core20_ratio"), verdict),
       SayParts("$0: relative index of inequality $1; over all deciles the "
                "rate $2",
                {measure,
                 SayInterval(index.at(row, "rii"), index.at(row, "rii_lo"),
                             index.at(row, "rii_hi")),
                 verdict})},
      measure + ": too few events to compare deciles");
}

// Title and summary of each measure, from the printed index table.
void DescribeDeciles(const GatedTable& index, Chart& chart) {
  JsonValue indices = JsonValue::MakeObject();
  for (size_t row = 0; row < index.rows(); ++row) {
    const std::string& measure = index.at(row, "measure").text();
    const std::string title = DecileTitle(index, row);
    const auto range = [&](const std::string& name) {
      return FirstSaid(
          {SayInterval(index.at(row, name), index.at(row, name + "_lo"),
                       index.at(row, name + "_hi"))},
          "not available");
    };
    chart.Describe(
        measure, title,
        absl::StrFormat(
            "Age-standardised rate, %s, by decile, 1 = most deprived. Slope "
            "index %s, relative index %s, decile 1 minus decile 10: %s.",
            index.at(row, "unit").text(), range("sii"), range("rii"),
            FirstSaid({Spoken(index.at(row, "gap"))}, "not available")));
    // What the texts say beyond the chart's own rows.
    JsonValue figures = JsonValue::MakeArray();
    for (const char* column : {"sii", "sii_lo", "sii_hi", "rii", "rii_lo",
                               "rii_hi", "gap", "core20_ratio"}) {
      const std::optional<double> figure = index.at(row, column).number();
      if (figure.has_value()) figures.Append(*figure);
    }
    indices.Set(measure, std::move(figures));
  }
  chart.options.Set("indices", std::move(indices));
}

Chart Deciles(const GatedTable& fit, const GatedTable& index,
              const std::string& first) {
  Chart chart("inequality-deciles", "column", fit,
              {"measure", "imd_decile", "dsr", "fit"},
              [](const GatedTable&, size_t) { return true; });
  chart.SelectBy("measure", "Measure", first);
  DescribeDeciles(index, chart);
  chart.unit = "age-standardised rate";
  chart.options.Set("x", "imd_decile")
      .Set("y", "dsr")
      .Set("fit", "fit")
      .Set("fit_label", "line through the rates");
  SetUnits(index, chart);
  return chart;
}

std::string UnitOfMeasure(const GatedTable& table, const std::string& measure) {
  const auto row = FindPrintedRow(table, {{"measure", measure}});
  return row.has_value() ? table.at(*row, "unit").text() : "";
}

Chart EthnicRates(const GatedTable& table, const std::string& first) {
  Chart chart("inequality-ethnicity", "interval", table,
              {"measure", "ethnicity", "dsr", "dsr_lo", "dsr_hi", "events"},
              [](const GatedTable&, size_t) { return true; });
  chart.SayLevels("ethnicity", EthnicGroupWords);
  chart.SelectBy("measure", "Measure", first);
  for (const std::string& measure : chart.LevelsOf("measure")) {
    const std::vector<size_t> shown =
        ShownRows(chart, "measure", measure, "dsr");
    std::vector<size_t> groups;
    for (const size_t row : shown) {
      const std::string& level = chart.cell(row, 1).text();
      if (level != kAllLevels && IsEthnicGroup(level)) groups.push_back(row);
    }
    const std::optional<size_t> most = LargestRow(chart, groups, "dsr");
    const std::string words =
        !most.has_value()
            ? measure + ": no ethnic group has enough events for a rate"
            : *Say("$0: highest in the group $1 with $2 $3", measure,
                   chart.text(*most, 1), chart.cell(*most, 2),
                   UnitOfMeasure(table, measure));
    chart.Describe(measure, words,
                   words +
                       ". Age-standardised rates with 95 % limits by ethnic "
                       "group and of all groups together.");
  }
  chart.unit = "age-standardised rate";
  SetUnits(table, chart);
  chart.options.Set("x", "dsr")
      .Set("lo", "dsr_lo")
      .Set("hi", "dsr_hi")
      .Set("y", "ethnicity");
  return chart;
}

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> FitInequalityLines(
    const DeriveContext& context) {
  const GatedTable* source =
      context.Find(context.definition.id(), "inequality_deciles");
  std::vector<DerivedTable> tables;
  if (source == nullptr) return tables;
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          context.Info("inequality_fit", "Line through the rates of deciles",
                       *source),
          {DimensionColumn("measure", "Measure"),
           DimensionColumn("area", "Practice"),
           DimensionColumn("imd_decile", "IMD decile, 1 = most deprived"),
           DerivedColumn("dsr", "Age-standardised rate"),
           DerivedColumn("fit", "Line through the rates")},
          {source}));
  for (const auto& [key, deciles] : RowsOfDeciles(*source)) {
    TALLY_RETURN_IF_ERROR(
        AddFitted(*source, key.first, key.second, deciles, table));
  }
  tables.push_back(std::move(table));
  return tables;
}

std::vector<PagePart> DrawInequality(const MeasureDefinition&,
                                     const std::vector<GatedTable>& tables) {
  const GatedTable* index = FilledTable(tables, "inequality");
  if (index == nullptr) return {};
  const IndexCounts counts = CountIndices(*index);
  Chart forest = RelativeIndices(*index, counts);
  PagePart needs{"needs", {}, {}};
  needs.sentences.push_back({2, forest.title + "."});
  // The forest is in the order of the index: the first is the most unequal.
  const bool beyond =
      forest.rows() > 0 && forest.cell(0, 2).number().value_or(0) > 1;
  if (beyond) {
    needs.sentences.push_back(
        {3,
         absl::StrFormat("%s is the most unequal: %s times as high among "
                         "the most deprived as among the least (%s to %s).",
                         forest.cell(0, 0).text(), forest.cell(0, 1).text(),
                         forest.cell(0, 2).text(), forest.cell(0, 3).text())});
  }
  const std::string first = forest.rows() > 0 ? forest.cell(0, 0).text()
                                              : index->at(0, "measure").text();
  PagePart summary{"summary", {{4, forest.title + "."}}, {forest}};
  needs.charts.push_back(std::move(forest));
  const GatedTable* fit = FilledTable(tables, "inequality_fit");
  if (fit != nullptr) needs.charts.push_back(Deciles(*fit, *index, first));
  const GatedTable* ethnicity = FilledTable(tables, "inequality_ethnicity");
  if (ethnicity != nullptr) {
    needs.charts.push_back(EthnicRates(*ethnicity, first));
  }
  std::vector<PagePart> parts;
  parts.push_back(std::move(needs));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
