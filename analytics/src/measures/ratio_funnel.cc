#include "measures/ratio_funnel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/statistics/funnel.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

constexpr int kRatioCurvePoints = 40;

struct RatioPoint {
  double size;
  double observed;
  double expected;
};

bool IsFunnelRow(const GatedTable& table, size_t row, const RatioFunnelOf& of) {
  return of.keep ? of.keep(table, row) : !IsAllLevel(table, row, of.label);
}

std::vector<RatioPoint> RatioPoints(const GatedTable& table,
                                    const RatioFunnelOf& of) {
  std::vector<RatioPoint> points;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsFunnelRow(table, row, of)) continue;
    const auto size = table.at(row, of.size).number();
    const auto observed = table.at(row, of.observed).number();
    const auto ratio = table.at(row, of.ratio).number();
    if (!size || !observed || !ratio || *size <= 0 || *ratio <= 0) continue;
    points.push_back({*size, *observed, of.base * *observed / *ratio});
  }
  return points;
}

double ThreeDecimals(double value) { return std::round(value * 1000) / 1000; }

// Rows of size and limits, for an area with the mean rate of all.
JsonValue RatioCurve(const std::vector<RatioPoint>& points, double base) {
  JsonValue curve = JsonValue::MakeArray();
  double size = 0, expected = 0, largest = 0, smallest = 1e300;
  for (const RatioPoint& point : points) {
    size += point.size;
    expected += point.expected;
    largest = std::max(largest, point.size);
    smallest = std::min(smallest, point.size);
  }
  if (size <= 0 || expected <= 0) return curve;
  const double from = std::max(1.0, smallest * 0.8);
  const double to = largest * 1.05;
  for (int i = 0; i <= kRatioCurvePoints; ++i) {
    const double root = std::sqrt(from) + (std::sqrt(to) - std::sqrt(from)) *
                                              i / kRatioCurvePoints;
    const double n = std::round(root * root);
    const FunnelLimits limits = RatioFunnelLimits(n * expected / size);
    const Figure all[] = {limits.low998, limits.low95, limits.high95,
                          limits.high998};
    if (!std::all_of(std::begin(all), std::end(all),
                     [](const Figure& f) { return f.known(); })) {
      continue;
    }
    JsonValue row = JsonValue::MakeArray();
    row.Append(static_cast<int64_t>(n));
    for (const Figure& limit : all) {
      row.Append(ThreeDecimals(base * limit.value()));
    }
    curve.Append(std::move(row));
  }
  return curve;
}

}  // namespace

RatioFunnelCounts CountRatioFunnel(const GatedTable& table,
                                   const RatioFunnelOf& of) {
  RatioFunnelCounts counts;
  for (const RatioPoint& point : RatioPoints(table, of)) {
    ++counts.areas;
    const FunnelClass c = ClassifyRatio(point.observed, point.expected);
    counts.high += c == FunnelClass::kHigh998;
    counts.low += c == FunnelClass::kLow998;
  }
  return counts;
}

Chart RatioFunnel(const GatedTable& table, const RatioFunnelOf& of) {
  Chart chart(
      of.id, "funnel", table,
      {of.label, of.size, of.observed, of.ratio, of.ratio + "_lo",
       of.ratio + "_hi"},
      [&](const GatedTable& t, size_t row) { return IsFunnelRow(t, row, of); });
  const std::string expected = absl::StrFormat("%g", of.base);
  chart.unit = expected + " = as expected";
  const RatioFunnelCounts counts = CountRatioFunnel(table, of);
  if (counts.areas == 0) {
    chart.title = absl::StrFormat("%s: no %s has enough cases to be compared",
                                  of.what, std::string(of.areas.one));
    chart.summary = chart.title + ".";
  } else {
    chart.title =
        absl::StrFormat("%s: %s", of.what,
                        AboveAndBelow(counts.high, counts.low, counts.areas,
                                      of.areas, "the 99.8 % limits"));
    chart.summary = absl::StrFormat(
        "Funnel plot of %s by size; %s is what their people explain. %s.",
        Counted(counts.areas, of.areas), expected, chart.title);
  }
  JsonValue curves = JsonValue::MakeObject();
  curves.Set("", RatioCurve(RatioPoints(table, of), of.base));
  JsonValue averages = JsonValue::MakeObject();
  averages.Set("", of.base);
  chart.options.Set("x", of.size)
      .Set("y", of.ratio)
      .Set("label", of.label)
      .Set("curves", std::move(curves))
      .Set("averages", std::move(averages));
  chart.notes.push_back(absl::StrFormat(
      "Inner limits 95 %%, outer limits 99.8 %%, for %s with patients like all "
      "others; the count above judges each by its own expected number.",
      std::string(of.areas.many)));
  return chart;
}

}  // namespace tally::analytics
