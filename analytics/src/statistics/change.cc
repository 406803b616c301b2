#include "analytics/statistics/change.h"

#include <cmath>
#include <set>

#include "analytics/statistics/distributions.h"

namespace tally::analytics {
namespace {

constexpr size_t kFewestYears = 4;

}  // namespace

Estimate AnnualChange(std::span<const YearRate> years, double alpha) {
  if (years.size() < kFewestYears) return Estimate::Na(NaReason::kTooFewValues);
  const auto n = static_cast<double>(years.size());
  double sum_year = 0;
  double sum_log = 0;
  for (const YearRate& one : years) {
    if (!(one.rate > 0)) return Estimate::Na(NaReason::kInconsistent);
    sum_year += one.year;
    sum_log += std::log(one.rate);
  }
  double xx = 0;
  double xy = 0;
  std::set<double> distinct;
  for (const YearRate& one : years) {
    const double x = one.year - sum_year / n;
    xx += x * x;
    xy += x * (std::log(one.rate) - sum_log / n);
    distinct.insert(one.year);
  }
  if (distinct.size() < kFewestYears) {
    return Estimate::Na(NaReason::kTooFewValues);
  }
  const double slope = xy / xx;
  double left = 0;  // residual squares
  for (const YearRate& one : years) {
    const double missed =
        std::log(one.rate) - sum_log / n - slope * (one.year - sum_year / n);
    left += missed * missed;
  }
  const double half =
      StudentTUpperQuantile(alpha / 2, n - 2) * std::sqrt(left / (n - 2) / xx);
  return {Figure::Of(std::expm1(slope)), Figure::Of(std::expm1(slope - half)),
          Figure::Of(std::expm1(slope + half))};
}

CostChange SplitCostChange(std::span<const CostLine> lines) {
  double before = 0;  // Q0
  double after = 0;   // Q1
  for (const CostLine& line : lines) {
    before += line.quantity0;
    after += line.quantity1;
  }
  CostChange change;
  if (!(before > 0)) return change;
  const double growth = after / before;
  double volume = 0;
  double price = 0;
  double whole = 0;
  for (const CostLine& line : lines) {
    volume += (growth - 1) * line.quantity0 * line.price0;
    whole += line.quantity1 * line.price1 - line.quantity0 * line.price0;
    price += line.quantity1 * (line.price1 - line.price0);
  }
  // The mix is what is left, so that the three add up.
  return {Figure::Of(volume), Figure::Of(whole - volume - price),
          Figure::Of(price)};
}

}  // namespace tally::analytics
