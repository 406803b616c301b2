// Forecasts of monthly series: seasonal naive and additive Holt-Winters, judged
// by rolling origins, with intervals from their own past errors.
//
// Ref: P. R. Winters, Manag. Sci. 6 (1960); R. J. Hyndman, A. B. Koehler, Int.
// J. Forecasting 22 (2006), for MASE; L. P. Hansen, R. J. Hodrick, J. Polit.
// Econ. 88 (1980), for errors of overlapping forecasts.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_FORECAST_H_
#define TALLY_ANALYTICS_STATISTICS_FORECAST_H_

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

inline constexpr size_t kSeason = 12;  // months

// y(t - 12) for each month to come, the last season again and again.
// REQUIRES: values.size() >= 12.
std::vector<double> SeasonalNaive(std::span<const double> values,
                                  size_t months);

// l = A (y - s(t-12)) + (1 - A)(l' + b'); b = B (l - l') + (1 - B) b';
// s = G (y - l) + (1 - G) s(t-12).
struct HoltWinters {
  double level = 0;
  double slope = 0;
  std::array<double, kSeason> season{};  // of the months to come, in order
  double a = 0, b = 0, g = 0;            // A, B, G
  double error = 0;                      // sum of squared one-step errors

  double Forecast(size_t months_ahead) const;  // REQUIRES: >= 1
};
// Starts from the least squares of the first two seasons on trend and month,
// and takes the A, B, G in (0, 1) with the least one-step error, found by a
// compass search to 1e-4 from nine starts. nullopt below 24 values.
// Cost: at most 5,400 passes over the values.
std::optional<HoltWinters> FitHoltWinters(std::span<const double> values);

enum class ForecastModel { kSeasonalNaive, kHoltWinters };
std::string_view ForecastModelText(ForecastModel model);

struct ForecastPoint {
  double point = 0;
  double low80 = 0, high80 = 0;  // point -+ z sigma of the horizon
  double low95 = 0, high95 = 0;
};

// How a model did at one horizon over all origins.
struct BacktestRow {
  int horizon = 0;  // months ahead
  int origins = 0;
  double sigma = 0;  // root mean square error
  double mae = 0;
  Figure mase = Figure::Na(NaReason::kTooFewValues);  // NA: kNoDenominator for
                                                      // a series without change
  Figure mape = Figure::Na(NaReason::kTooFewValues);  // without months of 0
  double pinball = 0;  // mean over the four quantiles of the intervals
  double cover80 = 0;  // shares of months inside the intervals
  double cover95 = 0;
};

// How the model did at the sum of all months ahead, over the origins that are
// followed by so many months.
struct SummedErrors {
  int origins = 0;   // 0: fewer than 12
  double sigma = 0;  // root mean square of the error of the sum
  double spans = 0;  // judged months / months ahead
};

struct ForecastResult {
  ForecastModel model = ForecastModel::kSeasonalNaive;
  std::vector<ForecastPoint> points;
  std::vector<BacktestRow> backtest;
  SummedErrors summed;
};

// Months of a series that the models need.
inline constexpr size_t kForecastLeast = 24;
inline constexpr size_t kHoltWintersLeast = 36;

// The forecast of the model with the lower back-test MASE over all horizons
// (MAE where MASE is not available; seasonal naive if equal). Origins run from
// month 24 for series of 36 months or more, from month 12 for shorter ones, for
// which only the seasonal naive model is tried, to the last month but one.
// A horizon is judged by at least 12 origins; those beyond take the widest
// sigma of those that are.
// MASE scales by the mean abs(y(t) - y(t-12)) of the months before the last
// origin. nullopt below 24 months or for 0 months ahead.
std::optional<ForecastResult> ForecastMonths(std::span<const double> values,
                                             size_t months);

// The chance that the sum of the forecast months is above `bound`:
//   P(T > (bound - sum of points) / sigma), sigma of SummedErrors.
// Months ahead of one origin miss by the same error of the level, so that their
// errors are not independent: the variance of the sum is that of whole past
// sums, never added up from months. Past sums of m months overlap and say
// little more than as many as lie side by side, so that T has Student's
// distribution with `spans` degrees of freedom. With sigma 0 it is 0 or 1.
// NA: kTooFewValues below 12 origins.
Figure ChanceOfSumAbove(const ForecastResult& forecast, double bound);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_FORECAST_H_
