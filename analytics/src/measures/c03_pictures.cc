// Charts and sentences of C03: caterpillar, funnel, conditions side by side.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/statistics/funnel.h"
#include "measures/c03_conditions.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

// Points of a funnel's curve.
constexpr int kCurvePoints = 40;

bool IsAllRow(const GatedTable& table, size_t row) {
  return table.at(row, "area").text() == kAllLevels;
}

// What the funnel says about one condition, from printed numbers.
struct FunnelCounts {
  int areas = 0;      // with a printed prevalence
  int high = 0;       // beyond 99.8 % above
  int low = 0;        // beyond 99.8 % below
  double share = -1;  // of all areas together, 0 to 1; negative: not printed
  double phi = 1;
};

// One printed point: cases and people of an area.
struct Point {
  double x;
  double n;
};

std::map<std::string, std::vector<Point>> PointsByCondition(
    const GatedTable& table) {
  std::map<std::string, std::vector<Point>> points;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (IsAllRow(table, row)) continue;
    const auto x = table.at(row, "register").number();
    const auto n = table.at(row, "list").number();
    if (!x.has_value() || !n.has_value() || *n <= 0) continue;
    points[table.at(row, "condition").text()].push_back({*x, *n});
  }
  return points;
}

FunnelCounts CountFunnel(const std::vector<Point>& points,
                         bool over_dispersion) {
  FunnelCounts counts;
  double cases = 0;
  double people = 0;
  for (const Point& point : points) {
    cases += point.x;
    people += point.n;
  }
  if (people <= 0) return counts;
  counts.share = std::min(1.0, cases / people);
  if (over_dispersion && counts.share > 0 && counts.share < 1) {
    std::vector<double> z;
    for (const Point& p : points) {
      const double se = std::sqrt(counts.share * (1 - counts.share) / p.n);
      z.push_back((p.x / p.n - counts.share) / se);
    }
    counts.phi = OverDispersion(z);
  }
  for (const Point& point : points) {
    ++counts.areas;
    const FunnelClass c =
        ClassifyProportion(point.x, point.n, counts.share, counts.phi);
    counts.high += c == FunnelClass::kHigh998;
    counts.low += c == FunnelClass::kLow998;
  }
  return counts;
}

double Rounded(double value) { return std::round(value * 1000) / 1000; }

JsonValue Curve(const std::vector<Point>& points, const FunnelCounts& counts) {
  JsonValue curve = JsonValue::MakeArray();
  double largest = 0;
  double smallest = 1e300;
  for (const Point& point : points) {
    largest = std::max(largest, point.n);
    smallest = std::min(smallest, point.n);
  }
  if (counts.share < 0 || largest <= 0) return curve;
  const double from = std::max(10.0, smallest * 0.8);
  const double to = largest * 1.05;
  for (int i = 0; i <= kCurvePoints; ++i) {
    // Even steps on a square-root scale: the curve bends where n is small.
    const double root =
        std::sqrt(from) + (std::sqrt(to) - std::sqrt(from)) * i / kCurvePoints;
    const double n = std::round(root * root);
    const FunnelLimits limits =
        ProportionFunnelLimits(counts.share, n, counts.phi);
    JsonValue row = JsonValue::MakeArray();
    row.Append(static_cast<int64_t>(n));
    for (const Figure& limit :
         {limits.low998, limits.low95, limits.high95, limits.high998}) {
      row.Append(Rounded(100 * limit.value()));
    }
    curve.Append(std::move(row));
  }
  return curve;
}

std::string FirstCondition(const Chart& chart,
                           const std::map<std::string, FunnelCounts>& counts) {
  // The condition with most areas outside; the page opens with what matters.
  std::string first;
  int most = -1;
  for (const std::string& condition : chart.LevelsOf("condition")) {
    const auto found = counts.find(condition);
    const int outside =
        found == counts.end() ? 0 : found->second.high + found->second.low;
    if (outside > most) {
      most = outside;
      first = condition;
    }
  }
  return first;
}

Chart Funnel(const GatedTable& table,
             const std::map<std::string, std::vector<Point>>& points,
             const std::map<std::string, FunnelCounts>& counts) {
  Chart chart(
      "prevalence-funnel", "funnel", table,
      {"condition", "area", "list", "register", "crude", "crude_lo",
       "crude_hi"},
      [](const GatedTable& t, size_t row) { return !IsAllRow(t, row); });
  chart.unit = "% of the list";
  chart.SelectBy("condition", "Condition", FirstCondition(chart, counts));
  JsonValue curves = JsonValue::MakeObject();
  JsonValue averages = JsonValue::MakeObject();
  for (const std::string& condition : chart.LevelsOf("condition")) {
    const auto found = counts.find(condition);
    const FunnelCounts none;
    const FunnelCounts& c = found == counts.end() ? none : found->second;
    if (found != counts.end()) {
      curves.Set(condition, Curve(points.at(condition), c));
      averages.Set(condition, Rounded(100 * c.share));
    }
    const int outside = c.high + c.low;
    chart.Describe(
        condition,
        c.areas == 0
            ? condition + ": no practice has enough cases to be compared"
            : absl::StrFormat(
                  "%s: %s outside the 99.8 %% limits", condition,
                  PartOf(outside, c.areas, {"practice", "practices"},
                         {"lies", "lie"})),
        c.areas == 0
            ? absl::StrFormat("%s: no practice has enough cases to be shown.",
                              condition)
            : absl::StrFormat("Funnel plot of recorded %s in %d practices by "
                              "list size. The "
                              "average is %.1f %%. %d practices lie above the "
                              "upper 99.8 %% "
                              "limit and %d below the lower one.",
                              condition, c.areas, 100 * c.share, c.high,
                              c.low));
  }
  chart.options.Set("x", "list").Set("y", "crude").Set("label", "area");
  chart.options.Set("curves", std::move(curves))
      .Set("averages", std::move(averages));
  chart.notes.push_back(
      "Inner limits 95 %, outer limits 99.8 %: where practices would lie by "
      "chance "
      "alone. Crude prevalence is not adjusted for age.");
  return chart;
}

Chart Caterpillar(const GatedTable& table, const std::string& first) {
  Chart chart(
      "prevalence-caterpillar", "interval", table,
      {"condition", "area", "register", "dsr", "dsr_lo", "dsr_hi", "expected",
       "gap"},
      [](const GatedTable& t, size_t row) { return !IsAllRow(t, row); });
  chart.SortBy("dsr", true);
  chart.unit = chart.columns()[chart.ColumnIndex("dsr")].unit;
  chart.SelectBy("condition", "Condition", first);
  JsonValue references = JsonValue::MakeObject();
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto all = table.at(row, "dsr").number();
    if (IsAllRow(table, row) && all.has_value()) {
      references.Set(table.at(row, "condition").text(), *all);
    }
  }
  const size_t condition_column = chart.ColumnIndex("condition");
  const size_t dsr = chart.ColumnIndex("dsr");
  for (const std::string& condition : chart.LevelsOf("condition")) {
    std::vector<size_t> shown;
    size_t areas = 0;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, condition_column).text() != condition) continue;
      ++areas;
      if (chart.cell(row, dsr).number().has_value()) shown.push_back(row);
    }
    if (shown.empty()) {
      const std::string words = absl::StrFormat(
          "%s: no practice has a standardised prevalence", condition);
      chart.Describe(condition, words,
                     words +
                         ": each has too few cases, or an age band "
                         "without people.");
      continue;
    }
    const auto area = [&](size_t row) { return chart.cell(row, 1).text(); };
    const auto value = [&](size_t row) { return chart.cell(row, dsr).text(); };
    chart.Describe(
        condition,
        absl::StrFormat("%s, age-standardised: from %s to %s %s", condition,
                        value(shown.back()), value(shown.front()), chart.unit),
        absl::StrFormat(
            "Age-standardised prevalence of %s with 95 %% limits, %d of %d "
            "practices. Highest: %s with %s; lowest: %s with %s, %s.",
            condition, shown.size(), areas, area(shown.front()),
            value(shown.front()), area(shown.back()), value(shown.back()),
            chart.unit));
  }
  chart.options.Set("x", "dsr")
      .Set("lo", "dsr_lo")
      .Set("hi", "dsr_hi")
      .Set("y", "area")
      .Set("references", std::move(references))
      .Set("reference_label", "all practices");
  return chart;
}

Chart Conditions(const GatedTable& table) {
  Chart chart(
      "conditions", "interval", table,
      {"condition", "register", "list", "crude", "crude_lo", "crude_hi"},
      [](const GatedTable& t, size_t row) { return IsAllRow(t, row); });
  chart.SortBy("crude", true);
  chart.unit = "% of the list";
  chart.options.Set("x", "crude")
      .Set("lo", "crude_lo")
      .Set("hi", "crude_hi")
      .Set("y", "condition");
  if (chart.rows() == 0) return chart;
  const std::vector<size_t> shown = ShownRows(chart, "", "", "crude");
  if (shown.empty()) {
    chart.title = "No condition has enough cases to be printed";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title = *Say("$0 is the commonest of $1 conditions: $2 %",
                     chart.text(shown.front(), 0), chart.rows(),
                     chart.cell(shown.front(), 3));
  chart.summary = *Say(
      "Crude prevalence of $0 conditions with 95 % limits, all practices "
      "together. Commonest: $1, $2 %. Rarest: $3, $4 %.",
      chart.rows(), chart.text(shown.front(), 0), chart.cell(shown.front(), 3),
      chart.text(shown.back(), 0), chart.cell(shown.back(), 3));
  return chart;
}

// Whether the definition widens limits for over-dispersion.
bool WidensLimits(const MeasureDefinition& definition) {
  const auto parameters = definition.root().GetTable("parameters");
  return parameters.ok() &&
         parameters->GetBool("over_dispersion").value_or(false);
}

// How many conditions have a practice beyond the limits, and the one with most.
std::vector<Sentence> FunnelSentences(
    const std::map<std::string, FunnelCounts>& counts, size_t conditions) {
  if (counts.empty()) return {};
  int outside = 0;
  const std::pair<const std::string, FunnelCounts>* most = &*counts.begin();
  for (const auto& of : counts) {
    const FunnelCounts& c = of.second;
    outside += c.high + c.low > 0;
    if (c.high + c.low > most->second.high + most->second.low) most = &of;
  }
  if (outside == 0) {
    return {{2, absl::StrFormat("In none of %d conditions does a practice "
                                "differ by more than chance (99.8 %% limits).",
                                conditions)}};
  }
  return {
      {2, absl::StrFormat(
              "For %s some practice differs by more than chance (99.8 %% "
              "limits).",
              PartOf(outside, static_cast<int64_t>(conditions),
                     {"condition", "conditions"}, {"", ""}))},
      {3, absl::StrFormat("%s differs most: %d practices above and %d below "
                          "the limits, of %d.",
                          most->first, most->second.high, most->second.low,
                          most->second.areas)}};
}

}  // namespace

std::vector<PagePart> DrawPrevalence(const MeasureDefinition& definition,
                                     const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  if (tables.empty() || tables[0].rows() == 0 ||
      !tables[0].ColumnIndex("area").ok()) {
    return parts;
  }
  const GatedTable& table = tables[0];
  const bool widen = WidensLimits(definition);
  const auto points = PointsByCondition(table);
  std::map<std::string, FunnelCounts> counts;
  for (const auto& [condition, list] : points) {
    counts[condition] = CountFunnel(list, widen);
  }
  PagePart needs{"needs", {}, {}};
  Chart conditions = Conditions(table);
  needs.sentences.push_back({1, conditions.title + "."});
  for (const Sentence& sentence : FunnelSentences(counts, conditions.rows())) {
    needs.sentences.push_back(sentence);
  }
  Chart funnel = Funnel(table, points, counts);
  if (widen) {
    funnel.notes.push_back("Limits are widened for over-dispersion.");
  }
  const std::string first = funnel.first_level();
  PagePart summary{"summary", {}, {}};
  summary.sentences.push_back({3, conditions.title + "."});
  summary.charts.push_back(conditions);
  needs.charts.push_back(std::move(conditions));
  needs.charts.push_back(std::move(funnel));
  needs.charts.push_back(Caterpillar(table, first));
  parts.push_back(std::move(needs));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
