// D12: the last month of the control charts against a plan.
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

constexpr std::string_view kPlanNotJudged = "not judged";

// Where a plan lies against the printed limits of a chart.
struct PlanVerdict {
  bool judged = false;
  bool outside = false;
  Assurance assurance = Assurance::kNotJudged;
};

PlanVerdict JudgePlan(const GatedTable& points, size_t row, double plan,
                      Direction direction) {
  PlanVerdict verdict;
  const auto lower = points.at(row, "lpl").number();
  const auto upper = points.at(row, "upl").number();
  if (!lower.has_value() || !upper.has_value() ||
      !IsJudgedCode(points.at(row, "variation").text())) {
    return verdict;
  }
  verdict.judged = true;
  verdict.outside = plan < *lower || plan > *upper;
  if (direction == Direction::kNeither) {
    verdict.assurance = Assurance::kNoTarget;
  } else if (!verdict.outside) {
    verdict.assurance = Assurance::kInconsistent;
  } else {
    verdict.assurance =
        (plan < *lower) == (direction == Direction::kHigherIsBetter)
            ? Assurance::kPass
            : Assurance::kFail;
  }
  return verdict;
}

// "517.5 per 100,000, plan 9,000.0: -94.2 %"; of a practice with its code.
std::string PlanFinding(const Chart& chart, size_t row) {
  const auto at = [&](std::string_view column) {
    return chart.display_text(row, chart.ColumnIndex(column));
  };
  const std::string area = at("area");
  const std::string where =
      area == kAllLevels ? "" : absl::StrFormat("%s: ", area);
  const bool known =
      chart.number(row, chart.ColumnIndex("variance_pct")).has_value();
  return absl::StrFormat(
      "%s%s %s, plan %s%s", where, at("value"), at("unit"), at("plan"),
      known ? absl::StrFormat(": %s %%", at("variance_pct")) : "");
}

// What the list of planned figures says, by rows whose largest distance from
// plan comes first.
std::string PlanWords(const Chart& chart) {
  const size_t verdict = chart.ColumnIndex("off_plan");
  int64_t off = 0;
  int64_t judged = 0;
  std::optional<size_t> furthest;
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (chart.text(row, verdict) == kPlanNotJudged) continue;
    ++judged;
    if (chart.text(row, verdict) != "yes") continue;
    ++off;
    if (!furthest.has_value()) furthest = row;
  }
  const auto all = static_cast<int64_t>(chart.rows());
  if (judged == 0) {
    return absl::StrFormat(
        "%s can be judged against the plan",
        Capitalised(
            PartOf(0, all, {"planned figure", "planned figures"}, {"", ""})));
  }
  std::string words = Capitalised(PartOf(
      off, judged,
      {"planned figure that can be judged",
       "planned figures that can be judged"},
      {"is off plan by more than chance", "are off plan by more than chance"}));
  if (furthest.has_value()) {
    absl::StrAppend(&words, ", furthest ",
                    chart.text(*furthest, chart.ColumnIndex("name")), " (",
                    PlanFinding(chart, *furthest), ")");
  }
  if (judged < all) {
    absl::StrAppend(&words, absl::StrFormat("; %d of %d cannot be judged",
                                            all - judged, all));
  }
  return words;
}

std::vector<ColumnSpec> PerformanceColumns() {
  return {DimensionColumn("area", "Practice"),
          DimensionColumn("indicator", "Indicator"),
          WordColumn("name", "Name"),
          DimensionColumn("period", "Month"),
          DerivedColumn("value", "Value"),
          DerivedColumn("plan", "Plan"),
          DerivedColumn("variance_pct", "Variance from plan", "%"),
          DerivedColumn("lpl", "Lower limit"),
          DerivedColumn("upl", "Upper limit"),
          WordColumn("variation", "Variation"),
          WordColumn("assurance", "Assurance of the plan"),
          WordColumn("off_plan", "Off plan"),
          WordColumn("unit", "Unit")};
}

// A row of `points` against the plan; off it beyond `allowed` percent.
std::vector<DerivedCell> PerformanceRow(const GatedTable& points, size_t row,
                                        const AreaIndicator& key,
                                        const CatalogueEntry& entry,
                                        double plan, double allowed) {
  const double value = *points.at(row, "value").number();
  const Figure variance = plan == 0 ? Figure::Na(NaReason::kNoDenominator)
                                    : Figure::Of(100 * (value - plan) / plan);
  const PlanVerdict verdict = JudgePlan(points, row, plan, entry.direction);
  std::string off_plan(kPlanNotJudged);
  if (verdict.judged && variance.known()) {
    const bool far = std::abs(variance.value()) > allowed;
    off_plan = far && verdict.outside ? "yes" : "no";
  }
  const auto& [area, indicator] = key;
  return {DerivedCell::Text(area),
          DerivedCell::Text(indicator),
          DerivedCell::Text(entry.name),
          DerivedCell::Copy(points.at(row, "month")),
          DerivedCell::Copy(points.at(row, "value")),
          DerivedCell::Number(plan, 1),
          DerivedCell::Number(variance, 1),
          DerivedCell::Copy(points.at(row, "lpl")),
          DerivedCell::Copy(points.at(row, "upl")),
          DerivedCell::Copy(points.at(row, "variation")),
          DerivedCell::Text(std::string(AssuranceCode(verdict.assurance))),
          DerivedCell::Text(std::move(off_plan)),
          DerivedCell::Text(entry.unit)};
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
                                  "the plan lies outside the limits of the "
                                  "control chart. Assurance is that of the "
                                  "plan.",
                                  allowed)};
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        DerivedTable::Create(std::move(info), PerformanceColumns(), {points}));
    for (const auto& [key, row] : LastRows(*points)) {
      const auto planned = plan.find(key);
      const auto entry = catalogue.find(key.second);
      if (planned == plan.end() || entry == catalogue.end()) continue;
      TALLY_RETURN_IF_ERROR(table.AddRow(PerformanceRow(
          *points, row, key, entry->second, planned->second, allowed)));
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
    Chart chart("off-plan", "icons", *table,
                {"name", "area", "value", "plan", "variance_pct", "variation",
                 "assurance", "off_plan", "unit"},
                [](const GatedTable&, size_t) { return true; });
    chart.AddComputed(
        {"distance", "Distance from plan", "%", true, 1}, [&chart](size_t row) {
          const auto variance =
              chart.number(row, chart.ColumnIndex("variance_pct"));
          return variance.has_value() ? Figure::Of(std::abs(*variance))
                                      : Figure::Na(NaReason::kNoDenominator);
        });
    chart.AddComputedText(
        {"finding", "Value and plan", "", false, -1},
        [&chart](size_t row) { return PlanFinding(chart, row); });
    chart.SortBy("distance", true);
    chart.title = PlanWords(chart);
    chart.summary = chart.title +
                    ". Value, plan and difference in per cent of the plan, "
                    "the largest first, with icons; the second icon says "
                    "whether the process meets the plan by itself.";
    chart.options.Set("wide", true);
    chart.options.Set("label", "name")
        .Set("value", "finding")
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
