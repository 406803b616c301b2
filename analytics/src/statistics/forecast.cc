#include "analytics/statistics/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "analytics/statistics/distributions.h"
#include "analytics/statistics/linear_system.h"
#include "analytics/statistics/sum.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr double kLeastFactor = 1e-4;  // A, B and G lie in (0, 1)
constexpr double kLeastStep = 1e-4;
constexpr int kMostSweeps = 100;
constexpr size_t kLeastOrigins = 12;
constexpr double kTail80 = 0.1;
constexpr double kTail95OfForecast = 0.025;

struct HoltWintersStart {
  double level = 0;
  double slope = 0;
  std::array<double, kSeason> season{};
};

// Least squares of the first two seasons on time and month. The month effects
// are centred, so that the level is that of the trend.
std::optional<HoltWintersStart> StartOf(std::span<const double> values) {
  constexpr size_t kUnknowns = 1 + kSeason;  // slope, then a level per month
  SymmetricMatrix normal(kUnknowns);
  std::vector<double> right(kUnknowns, 0.0);
  for (size_t t = 0; t < 2 * kSeason; ++t) {
    const auto time = static_cast<double>(t + 1);
    const size_t month = 1 + t % kSeason;
    normal.At(0, 0) += time * time;
    normal.At(month, 0) += time;
    normal.At(month, month) += 1;
    right[0] += time * values[t];
    right[month] += values[t];
  }
  const auto solved = SolvePositiveDefinite(normal, right);
  if (!solved) return std::nullopt;
  HoltWintersStart start;
  start.slope = (*solved)[0];
  const std::span<const double> levels(solved->data() + 1, kSeason);
  start.level = PairwiseSum(levels) / kSeason;
  for (size_t i = 0; i < kSeason; ++i) {
    start.season[i] = levels[i] - start.level;
  }
  return start;
}

// Runs the recursion over the whole series. The error only grows: once it is
// `enough` the rest is left out, for a worse fit is of no interest.
HoltWinters RunHoltWinters(
    std::span<const double> values, const HoltWintersStart& start,
    const std::array<double, 3>& factors,
    double enough = std::numeric_limits<double>::infinity()) {
  const auto [a, b, g] = factors;
  HoltWinters state{.level = start.level,
                    .slope = start.slope,
                    .season = start.season,
                    .a = a,
                    .b = b,
                    .g = g};
  size_t month = 0;
  for (size_t t = 0; t < values.size() && state.error < enough; ++t) {
    double& season = state.season[month];
    month = month + 1 == kSeason ? 0 : month + 1;
    const double before = state.level;
    const double missed = values[t] - (before + state.slope + season);
    state.error += missed * missed;
    state.level = a * (values[t] - season) + (1 - a) * (before + state.slope);
    state.slope = b * (state.level - before) + (1 - b) * state.slope;
    season = g * (values[t] - state.level) + (1 - g) * season;
  }
  std::rotate(state.season.begin(),
              state.season.begin() +
                  static_cast<std::ptrdiff_t>(values.size() % kSeason),
              state.season.end());
  return state;
}

// From one start, goes to the best neighbour at a step that halves. Long narrow
// valleys are left after kMostSweeps: the other starts look elsewhere.
HoltWinters CompassSearch(std::span<const double> values,
                          const HoltWintersStart& start,
                          std::array<double, 3> at) {
  HoltWinters best = RunHoltWinters(values, start, at);
  int sweeps = 0;
  for (double step = 0.25; step >= kLeastStep && sweeps < kMostSweeps;
       ++sweeps) {
    bool better = false;
    for (size_t axis = 0; axis < at.size(); ++axis) {
      for (const double move : {-step, step}) {
        std::array<double, 3> next = at;
        next[axis] =
            std::clamp(next[axis] + move, kLeastFactor, 1 - kLeastFactor);
        const HoltWinters tried =
            RunHoltWinters(values, start, next, best.error);
        if (tried.error < best.error) {
          best = tried;
          at = next;
          better = true;
        }
      }
    }
    if (!better) step /= 2;
  }
  return best;
}

std::optional<std::vector<double>> ForecastBy(ForecastModel model,
                                              std::span<const double> values,
                                              size_t months) {
  if (model == ForecastModel::kSeasonalNaive) {
    return SeasonalNaive(values, months);
  }
  const std::optional<HoltWinters> fitted = FitHoltWinters(values);
  if (!fitted) return std::nullopt;
  std::vector<double> out;
  for (size_t h = 1; h <= months; ++h) out.push_back(fitted->Forecast(h));
  return out;
}

// What a forecast said of a month, and what came.
struct Judged {
  double forecast = 0;
  double actual = 0;
};

// Judged months by horizon, 1 first.
std::optional<std::vector<std::vector<Judged>>> JudgeOrigins(
    ForecastModel model, std::span<const double> values, size_t first,
    size_t months) {
  std::vector<std::vector<Judged>> judged(
      std::min(months, values.size() - first - (kLeastOrigins - 1)));
  for (size_t origin = first; origin < values.size(); ++origin) {
    const size_t ahead = std::min(judged.size(), values.size() - origin);
    const auto forecast = ForecastBy(model, values.first(origin), ahead);
    if (!forecast) return std::nullopt;
    for (size_t h = 0; h < ahead; ++h) {
      judged[h].push_back({(*forecast)[h], values[origin + h]});
    }
  }
  return judged;
}

// The mean change over a year.
double SeasonalChange(std::span<const double> values) {
  std::vector<double> changes;
  for (size_t t = kSeason; t < values.size(); ++t) {
    changes.push_back(std::fabs(values[t] - values[t - kSeason]));
  }
  return PairwiseSum(changes) / static_cast<double>(changes.size());
}

double Pinball(double missed, double q) {
  return std::max(q * missed, (q - 1) * missed);
}

BacktestRow RowOf(std::span<const Judged> judged, int horizon, double change) {
  std::vector<double> squares;
  std::vector<double> sizes;
  std::vector<double> shares;
  for (const Judged& one : judged) {
    const double missed = one.actual - one.forecast;
    squares.push_back(missed * missed);
    sizes.push_back(std::fabs(missed));
    if (one.actual != 0) shares.push_back(std::fabs(missed / one.actual));
  }
  const auto n = static_cast<double>(judged.size());
  BacktestRow row;
  row.horizon = horizon;
  row.origins = static_cast<int>(judged.size());
  row.sigma = std::sqrt(PairwiseSum(squares) / n);
  row.mae = PairwiseSum(sizes) / n;
  row.mase = change > 0 ? Figure::Of(row.mae / change)
                        : Figure::Na(NaReason::kNoDenominator);
  row.mape = shares.empty() ? Figure::Na(NaReason::kNoDenominator)
                            : Figure::Of(PairwiseSum(shares) /
                                         static_cast<double>(shares.size()));
  for (const auto& [tail, cover] :
       {std::pair(kTail80, &row.cover80),
        std::pair(kTail95OfForecast, &row.cover95)}) {
    const double reach = NormalZ(2 * tail) * row.sigma;
    int inside = 0;
    for (const Judged& one : judged) {
      const double missed = one.actual - one.forecast;
      inside += std::fabs(missed) <= reach ? 1 : 0;
      row.pinball +=
          (Pinball(missed + reach, tail) + Pinball(missed - reach, 1 - tail)) /
          (4 * n);
    }
    *cover = inside / n;
  }
  return row;
}

// Of origins that are followed by all `months`.
SummedErrors SummedOf(const std::vector<std::vector<Judged>>& judged,
                      size_t months) {
  SummedErrors summed;
  if (judged.size() < months) return summed;
  std::vector<double> squares;
  for (size_t origin = 0; origin < judged.back().size(); ++origin) {
    double missed = 0;
    for (const std::vector<Judged>& horizon : judged) {
      missed += horizon[origin].actual - horizon[origin].forecast;
    }
    squares.push_back(missed * missed);
  }
  const auto origins = static_cast<double>(squares.size());
  summed.origins = static_cast<int>(squares.size());
  summed.sigma = std::sqrt(PairwiseSum(squares) / origins);
  summed.spans =
      static_cast<double>(judged.front().size()) / static_cast<double>(months);
  return summed;
}

struct Tried {
  ForecastModel model = ForecastModel::kSeasonalNaive;
  std::vector<BacktestRow> rows;
  SummedErrors summed;
  double score = 0;  // MASE, or MAE, over all judged months
};

std::optional<Tried> TryModel(ForecastModel model,
                              std::span<const double> values, size_t first,
                              size_t months) {
  const auto judged = JudgeOrigins(model, values, first, months);
  if (!judged) return std::nullopt;
  const double change = SeasonalChange(values.first(values.size() - 1));
  Tried tried;
  tried.model = model;
  double sum = 0;
  double n = 0;
  for (size_t h = 0; h < judged->size(); ++h) {
    tried.rows.push_back(RowOf((*judged)[h], static_cast<int>(h + 1), change));
    sum += tried.rows.back().mae * tried.rows.back().origins;
    n += tried.rows.back().origins;
  }
  tried.score = sum / n;
  tried.summed = SummedOf(*judged, months);
  return tried;
}

}  // namespace

std::vector<double> SeasonalNaive(std::span<const double> values,
                                  size_t months) {
  TALLY_CHECK(values.size() >= kSeason);
  std::vector<double> out;
  for (size_t h = 0; h < months; ++h) {
    out.push_back(values[values.size() - kSeason + h % kSeason]);
  }
  return out;
}

double HoltWinters::Forecast(size_t months_ahead) const {
  TALLY_CHECK(months_ahead >= 1);
  return level + static_cast<double>(months_ahead) * slope +
         season[(months_ahead - 1) % kSeason];
}

std::optional<HoltWinters> FitHoltWinters(std::span<const double> values) {
  if (values.size() < 2 * kSeason) return std::nullopt;
  const std::optional<HoltWintersStart> start = StartOf(values);
  if (!start) return std::nullopt;
  std::optional<HoltWinters> best;
  for (const double a : {0.1, 0.3, 0.6}) {
    for (const double g : {0.05, 0.2, 0.5}) {
      const HoltWinters tried = CompassSearch(values, *start, {a, 0.1, g});
      if (!best || tried.error < best->error) best = tried;
    }
  }
  return best;
}

std::string_view ForecastModelText(ForecastModel model) {
  return model == ForecastModel::kHoltWinters ? "Holt-Winters, additive"
                                              : "seasonal naive";
}

std::optional<ForecastResult> ForecastMonths(std::span<const double> values,
                                             size_t months) {
  if (values.size() < kForecastLeast || months == 0) return std::nullopt;
  const bool both = values.size() >= kHoltWintersLeast;
  const size_t first = both ? 2 * kSeason : kSeason;
  std::optional<Tried> best =
      TryModel(ForecastModel::kSeasonalNaive, values, first, months);
  if (both) {
    std::optional<Tried> other =
        TryModel(ForecastModel::kHoltWinters, values, first, months);
    if (other && other->score < best->score) best = std::move(other);
  }
  const auto points = ForecastBy(best->model, values, months);
  if (!points) return std::nullopt;
  ForecastResult result{.model = best->model,
                        .points = {},
                        .backtest = best->rows,
                        .summed = best->summed};
  const double z80 = NormalZ(2 * kTail80);
  const double z95 = NormalZ(kAlpha95);
  double widest = 0;
  for (size_t h = 0; h < months; ++h) {
    if (h < best->rows.size()) widest = std::max(widest, best->rows[h].sigma);
    const double sigma = h < best->rows.size() ? best->rows[h].sigma : widest;
    const double point = (*points)[h];
    result.points.push_back({.point = point,
                             .low80 = point - z80 * sigma,
                             .high80 = point + z80 * sigma,
                             .low95 = point - z95 * sigma,
                             .high95 = point + z95 * sigma});
  }
  return result;
}

Figure ChanceOfSumAbove(const ForecastResult& forecast, double bound) {
  const SummedErrors& summed = forecast.summed;
  if (summed.origins == 0) return Figure::Na(NaReason::kTooFewValues);
  double sum = 0;
  for (const ForecastPoint& point : forecast.points) sum += point.point;
  if (!(summed.sigma > 0)) return Figure::Of(sum > bound ? 1 : 0);
  return Figure::Of(StudentTUpper((bound - sum) / summed.sigma, summed.spans));
}

}  // namespace tally::analytics
