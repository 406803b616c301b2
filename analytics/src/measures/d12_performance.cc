// D12: the last month of the control charts against a plan.
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/indicator_series.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kChartSource = "C29";
using AreaIndicator = std::pair<std::string, std::string>;

using IndicatorCatalogue = std::map<std::string, CatalogueEntry>;

// An indicator that there is not would be planned and never looked at; an area
// without a row may be one that has left.
absl::StatusOr<std::map<AreaIndicator, double>> ReadIndicatorPlan(
    const ReferenceFile& file, const IndicatorCatalogue& catalogue) {
  std::map<AreaIndicator, double> plan;
  std::vector<std::string> known;
  for (const auto& [id, entry] : catalogue) known.push_back(id);
  for (size_t row = 0; row < file.rows(); ++row) {
    const std::string& indicator = file.Text(row, 1);
    if (!catalogue.contains(indicator)) {
      const std::string near = NearestMatch(indicator, known);
      return file.ErrorAt(
          row,
          absl::StrFormat(
              "there is no indicator %s%s; C29 has %s", indicator,
              near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near),
              JoinText(known, ", ")));
    }
    const AreaIndicator key(file.Text(row, 0), file.Text(row, 1));
    if (!plan.emplace(key, file.Number(row, 2)).second) {
      return file.ErrorAt(row, "this area and indicator come twice");
    }
  }
  return plan;
}

// The last row of each chart, by area and indicator.
std::map<AreaIndicator, size_t> LastRows(const GatedTable& points) {
  std::map<AreaIndicator, size_t> last;
  for (size_t row = 0; row < points.rows(); ++row) {
    const AreaIndicator key(points.at(row, "area").text(),
                            points.at(row, "indicator").text());
    const auto [at, is_new] = last.emplace(key, row);
    if (!is_new && points.at(at->second, "month").text() <=
                       points.at(row, "month").text()) {
      at->second = row;
    }
  }
  return last;
}

class Performance : public Measure {
 public:
  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    const GatedTable* points = context.Find(kChartSource, kSpcTable);
    if (points == nullptr) return tables;
    TALLY_ASSIGN_OR_RETURN(
        const ReferenceFile file,
        ReferenceFile::Read(context.comparators, "indicator_plan",
                            {{"area", ReferenceType::kText},
                             {"indicator", ReferenceType::kText},
                             {"plan", ReferenceType::kNumber}},
                            context.month));
    TALLY_ASSIGN_OR_RETURN(const double allowed,
                           context.definition.Parameter("variance_pct"));
    const GatedTable* indicators = context.Find(kChartSource, kIndicatorTable);
    if (indicators == nullptr) return tables;
    const IndicatorCatalogue catalogue = ReadCatalogue(indicators);
    TALLY_ASSIGN_OR_RETURN(const auto plan, ReadIndicatorPlan(file, catalogue));
    TableInfo info =
        context.Info("performance", "The last month against the plan", *points);
    info.notes = {"Plan: " + file.Citation(),
                  absl::StrFormat("Off plan: more than %.10g %% from it, and "
                                  "by more than chance.",
                                  allowed)};
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        DerivedTable::Create(
            std::move(info),
            {DimensionColumn("area", "Practice"),
             DimensionColumn("indicator", "Indicator"),
             WordColumn("name", "Name"), DimensionColumn("period", "Month"),
             DerivedColumn("value", "Value"), DerivedColumn("plan", "Plan"),
             DerivedColumn("variance_pct", "Variance from plan", "%"),
             WordColumn("variation", "Variation"),
             WordColumn("assurance", "Assurance"),
             WordColumn("off_plan", "Off plan"), WordColumn("unit", "Unit")},
            {points}));
    for (const auto& [key, row] : LastRows(*points)) {
      const auto planned = plan.find(key);
      const auto entry = catalogue.find(key.second);
      if (planned == plan.end() || entry == catalogue.end()) continue;
      const double value = *points->at(row, "value").number();
      const Figure variance =
          planned->second == 0
              ? Figure::Na(NaReason::kNoDenominator)
              : Figure::Of(100 * (value - planned->second) / planned->second);
      const std::string& variation = points->at(row, "point_type").text();
      const bool off = variance.known() &&
                       std::abs(variance.value()) > allowed &&
                       variation != "common";
      TALLY_RETURN_IF_ERROR(table.AddRow(
          {DerivedCell::Text(key.first), DerivedCell::Text(key.second),
           DerivedCell::Text(entry->second.name),
           DerivedCell::Copy(points->at(row, "month")),
           DerivedCell::Copy(points->at(row, "value")),
           DerivedCell::Number(planned->second, 1),
           DerivedCell::Number(variance, 1), DerivedCell::Text(variation),
           DerivedCell::Copy(points->at(row, "assurance")),
           DerivedCell::Text(off ? "yes" : "no"),
           DerivedCell::Text(entry->second.unit)}));
    }
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    std::vector<PagePart> parts;
    const GatedTable* table = PrintedTable(tables, "performance");
    if (table == nullptr || table->rows() == 0) return parts;
    int off = 0;
    for (size_t row = 0; row < table->rows(); ++row) {
      off += table->at(row, "off_plan").text() == "yes";
    }
    Chart chart("off-plan", "icons", *table,
                {"name", "area", "value", "plan", "variance_pct", "variation",
                 "assurance", "off_plan", "unit"},
                [](const GatedTable&, size_t) { return true; });
    chart.SortBy("variance_pct", true);
    chart.title = Capitalised(PartOf(off, static_cast<int64_t>(chart.rows()),
                                     {"planned figure", "planned figures"},
                                     {"is off plan by more than chance",
                                      "are off plan by more than chance"}));
    chart.summary =
        chart.title + ". Difference from plan in per cent, with icons.";
    chart.options.Set("wide", true);
    chart.options.Set("label", "name")
        .Set("value", "variance_pct")
        .Set("variation", "variation")
        .Set("assurance", "assurance");
    PagePart summary{"summary", {{3, chart.title + "."}}, {}};
    summary.charts.push_back(std::move(chart));
    parts.push_back(std::move(summary));
    return parts;
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD12() { return std::make_unique<Performance>(); }

}  // namespace tally::analytics
