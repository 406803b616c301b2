#include "analytics/statistics/logistic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "analytics/statistics/linear_system.h"
#include "analytics/statistics/sum.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr double kRidge = 1e-4;  // times the number of people
constexpr double kSmallestChange = 1e-8;
constexpr int kMostRounds = 50;

double Logistic(double score) { return 1 / (1 + std::exp(-score)); }

double CountOnes(std::span<const uint8_t> y) {
  return static_cast<double>(std::count(y.begin(), y.end(), uint8_t{1}));
}

double CountPeople(const LogisticData& data) {
  return data.people.empty() ? static_cast<double>(data.rows())
                             : PairwiseSum(data.people);
}

// Times the people of each row.
void Weigh(std::span<const double> people, std::vector<double>& values) {
  for (size_t i = 0; i < people.size(); ++i) values[i] *= people[i];
}

struct ScaledFeatures {
  std::vector<double> mean;
  std::vector<double> deviation;  // 0: no variation
  std::vector<double> x;
};

ScaledFeatures ScaleFeatures(const LogisticData& data) {
  const size_t n = data.rows();
  const size_t k = data.features;
  const double people = CountPeople(data);
  ScaledFeatures out{.mean = std::vector<double>(k),
                     .deviation = std::vector<double>(k),
                     .x = data.x};
  std::vector<double> column(n);
  for (size_t j = 0; j < k; ++j) {
    for (size_t i = 0; i < n; ++i) column[i] = data.x[i * k + j];
    const auto [low, high] = std::minmax_element(column.begin(), column.end());
    const bool varies = *low < *high;
    Weigh(data.people, column);
    const double mean = PairwiseSum(column) / people;
    for (size_t i = 0; i < n; ++i) {
      const double off = data.x[i * k + j] - mean;
      column[i] = off * off;
    }
    Weigh(data.people, column);
    const double deviation =
        varies ? std::sqrt(PairwiseSum(column) / people) : 0;
    out.mean[j] = mean;
    out.deviation[j] = deviation;
    for (size_t i = 0; i < n; ++i) {
      double& value = out.x[i * k + j];
      value = deviation > 0 ? (value - mean) / deviation : 0;
    }
  }
  return out;
}

// Whether all values of events lie above all of others, or below.
bool Separates(std::span<const double> values, std::span<const uint8_t> y) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  double low[2] = {kFar, kFar};
  double high[2] = {-kFar, -kFar};
  for (size_t i = 0; i < values.size(); ++i) {
    low[y[i]] = std::min(low[y[i]], values[i]);
    high[y[i]] = std::max(high[y[i]], values[i]);
  }
  return low[1] > high[0] || low[0] > high[1];
}

// Whether the feature is of zeros and ones and a level has too few events.
bool IsRare(const LogisticData& data, size_t feature, int64_t least_events) {
  double events[2] = {0, 0};
  for (size_t i = 0; i < data.rows(); ++i) {
    const double value = data.x[i * data.features + feature];
    if (value != 0 && value != 1) return false;
    events[value == 1 ? 1 : 0] += data.y[i] * data.PeopleOf(i);
  }
  return std::min(events[0], events[1]) < static_cast<double>(least_events);
}

absl::Status CheckData(const LogisticData& data) {
  if (data.x.size() != data.features * data.rows() || data.rows() == 0) {
    return absl::InvalidArgumentError("features and outcomes differ in rows");
  }
  if ((!data.people.empty() && data.people.size() != data.rows()) ||
      std::any_of(data.people.begin(), data.people.end(),
                  [](double people) { return !(people >= 1); })) {
    return absl::InvalidArgumentError("each row stands for one person or more");
  }
  if (std::any_of(data.y.begin(), data.y.end(),
                  [](uint8_t y) { return y > 1; })) {
    return absl::InvalidArgumentError("an outcome is 0 or 1");
  }
  const double events = CountOnes(data.y);
  if (events == 0 || events == static_cast<double>(data.rows())) {
    return absl::FailedPreconditionError(
        "the model is refused: all outcomes are the same");
  }
  return absl::OkStatus();
}

// One step of the iteration: the weighted normal equations at `beta`.
// `people` empty: one a row; `penalty` 0: none; beta[0] is the intercept.
std::optional<std::vector<double>> NextBeta(std::span<const double> x,
                                            std::span<const uint8_t> y,
                                            std::span<const double> people,
                                            std::span<const double> beta,
                                            double penalty) {
  const size_t k = beta.size() - 1;
  SymmetricMatrix normal(k + 1);
  std::vector<double> gradient(k + 1, 0.0);
  for (size_t i = 0; i < y.size(); ++i) {
    const std::span<const double> row = x.subspan(i * k, k);
    const double score =
        std::inner_product(row.begin(), row.end(), beta.begin() + 1, beta[0]);
    const double p = Logistic(score);
    const double times = people.empty() ? 1 : people[i];
    const double weight = times * p * (1 - p);
    const double missed = times * (y[i] - p);
    normal.At(0, 0) += weight;
    gradient[0] += missed;
    for (size_t a = 0; a < k; ++a) {
      gradient[a + 1] += missed * row[a];
      normal.At(a + 1, 0) += weight * row[a];
      for (size_t b = 0; b <= a; ++b) {
        normal.At(a + 1, b + 1) += weight * row[a] * row[b];
      }
    }
  }
  for (size_t a = 1; a <= k; ++a) {
    normal.At(a, a) += penalty;
    gradient[a] -= penalty * beta[a];
  }
  auto step = SolvePositiveDefinite(normal, gradient);
  if (!step) return std::nullopt;
  for (size_t a = 0; a <= k; ++a) (*step)[a] += beta[a];
  return step;
}

// The intercept and coefficients, or nothing after 50 rounds.
std::optional<std::vector<double>> Iterate(std::span<const double> x,
                                           std::span<const uint8_t> y,
                                           std::span<const double> people,
                                           size_t features, double penalty,
                                           int* rounds) {
  std::vector<double> beta(features + 1, 0.0);
  for (*rounds = 1; *rounds <= kMostRounds; ++*rounds) {
    auto next = NextBeta(x, y, people, beta, penalty);
    if (!next) return std::nullopt;
    double change = 0;
    for (size_t a = 0; a < beta.size(); ++a) {
      change = std::max(change, std::fabs((*next)[a] - beta[a]));
    }
    beta = *std::move(next);
    if (!std::isfinite(change)) return std::nullopt;
    if (change < kSmallestChange) return beta;
  }
  return std::nullopt;
}

// People of one predicted value.
struct ScoreGroup {
  double p = 0;
  double people = 0;
  double events = 0;
};

// By p, ascending; equal values in one group.
std::vector<ScoreGroup> GroupScores(std::span<const double> p,
                                    std::span<const uint8_t> y) {
  std::vector<std::pair<double, uint8_t>> rows;
  rows.reserve(p.size());
  for (size_t i = 0; i < p.size(); ++i) rows.emplace_back(p[i], y[i]);
  if (!std::is_sorted(rows.begin(), rows.end())) {
    std::sort(rows.begin(), rows.end());
  }
  std::vector<ScoreGroup> groups;
  for (const auto& [value, event] : rows) {
    if (groups.empty() || groups.back().p != value) groups.push_back({value});
    groups.back().people += 1;
    groups.back().events += event;
  }
  return groups;
}

}  // namespace

void DropFeatures(LogisticData& data, std::span<const size_t> positions) {
  TALLY_CHECK(data.x.size() == data.features * data.rows());
  std::vector<double> kept;
  kept.reserve(data.rows() * (data.features - positions.size()));
  for (size_t i = 0; i < data.rows(); ++i) {
    auto next = positions.begin();
    for (size_t j = 0; j < data.features; ++j) {
      if (next != positions.end() && *next == j) {
        ++next;
      } else {
        kept.push_back(data.x[i * data.features + j]);
      }
    }
    TALLY_CHECK(next == positions.end());
  }
  data.x = std::move(kept);
  data.features -= positions.size();
}

std::vector<size_t> DropRareFeatures(LogisticData& data, int64_t least_events) {
  TALLY_CHECK(data.x.size() == data.features * data.rows());
  std::vector<size_t> rare;
  for (size_t j = 0; j < data.features; ++j) {
    if (IsRare(data, j, least_events)) rare.push_back(j);
  }
  if (!rare.empty()) DropFeatures(data, rare);
  return rare;
}

double LogisticModel::Predict(std::span<const double> x) const {
  TALLY_CHECK(x.size() == coefficients.size());
  return Logistic(
      std::inner_product(x.begin(), x.end(), coefficients.begin(), intercept));
}

absl::StatusOr<LogisticModel> FitLogistic(const LogisticData& data) {
  TALLY_RETURN_IF_ERROR(CheckData(data));
  const size_t k = data.features;
  std::vector<double> column(data.rows());
  for (size_t j = 0; j < k; ++j) {
    for (size_t i = 0; i < data.rows(); ++i) column[i] = data.x[i * k + j];
    if (Separates(column, data.y)) {
      return absl::FailedPreconditionError(
          "the model is refused: a feature separates those with the event from "
          "those without");
    }
  }
  const ScaledFeatures standard = ScaleFeatures(data);
  LogisticModel model;
  const auto beta = Iterate(standard.x, data.y, data.people, k,
                            kRidge * CountPeople(data), &model.rounds);
  if (!beta) {
    return absl::FailedPreconditionError(
        "the model is refused: it does not converge");
  }
  model.intercept = (*beta)[0];
  for (size_t j = 0; j < k; ++j) {
    const double deviation = standard.deviation[j];
    const double own = deviation > 0 ? (*beta)[j + 1] / deviation : 0;
    model.coefficients.push_back(own);
    model.intercept -= own * standard.mean[j];
  }
  for (size_t i = 0; i < data.rows(); ++i) {
    column[i] = model.Predict(std::span(data.x).subspan(i * k, k));
  }
  if (Separates(column, data.y)) {
    return absl::FailedPreconditionError(
        "the model is refused: its score separates those with the event from "
        "those without");
  }
  return model;
}

Figure AreaUnderCurve(std::span<const double> p, std::span<const uint8_t> y) {
  if (p.size() != y.size()) return Figure::Na(NaReason::kInconsistent);
  const double events = CountOnes(y);
  const double others = static_cast<double>(y.size()) - events;
  if (events == 0 || others == 0) return Figure::Na(NaReason::kTooFewEvents);
  double others_below = 0;
  double sum = 0;
  for (const ScoreGroup& group : GroupScores(p, y)) {
    const double others_here = group.people - group.events;
    sum += group.events * (others_below + others_here / 2);
    others_below += others_here;
  }
  return Figure::Of(sum / (events * others));
}

Figure BrierScore(std::span<const double> p, std::span<const uint8_t> y) {
  if (p.size() != y.size()) return Figure::Na(NaReason::kInconsistent);
  if (p.empty()) return Figure::Na(NaReason::kTooFewValues);
  std::vector<double> squares;
  squares.reserve(p.size());
  for (size_t i = 0; i < p.size(); ++i) {
    squares.push_back((p[i] - y[i]) * (p[i] - y[i]));
  }
  return Figure::Of(PairwiseSum(squares) / static_cast<double>(p.size()));
}

Calibration CalibrationOf(std::span<const double> p,
                          std::span<const uint8_t> y) {
  Calibration out;
  if (p.size() != y.size() || p.empty()) return out;
  std::vector<double> logit;
  logit.reserve(p.size());
  for (const double value : p) logit.push_back(std::log(value / (1 - value)));
  const bool finite = std::all_of(logit.begin(), logit.end(),
                                  [](double v) { return std::isfinite(v); });
  int rounds = 0;
  const auto beta =
      finite ? Iterate(logit, y, {}, 1, 0, &rounds) : std::nullopt;
  if (!beta) {
    out.intercept = Figure::Na(NaReason::kLimitUndefined);
    out.slope = Figure::Na(NaReason::kLimitUndefined);
    return out;
  }
  return {Figure::Of((*beta)[0]), Figure::Of((*beta)[1])};
}

std::vector<CalibrationGroup> CalibrationGroups(std::span<const double> p,
                                                std::span<const uint8_t> y,
                                                int groups) {
  if (p.size() != y.size() || p.empty() || groups < 1) return {};
  const double size = static_cast<double>(p.size()) / groups;
  std::vector<CalibrationGroup> out(static_cast<size_t>(groups));
  double done = 0;  // people placed so far
  for (const ScoreGroup& group : GroupScores(p, y)) {
    double left = group.people;
    while (left > 0) {
      const size_t at =
          std::min(static_cast<size_t>(done / size + 1e-9), out.size() - 1);
      const double room = at + 1 == out.size()
                              ? left
                              : static_cast<double>(at + 1) * size - done;
      const double placed = std::min(left, room);
      const double share = placed / group.people;
      out[at].people += placed;
      out[at].observed += group.events * share;
      out[at].expected += group.p * placed;
      done += placed;
      left -= placed;
    }
  }
  return out;
}

Figure Capture(std::span<const double> p, std::span<const uint8_t> y,
               double top) {
  if (p.size() != y.size() || !(top >= 0 && top <= 1)) {
    return Figure::Na(NaReason::kInconsistent);
  }
  const double events = CountOnes(y);
  if (events == 0) return Figure::Na(NaReason::kTooFewEvents);
  const std::vector<ScoreGroup> groups = GroupScores(p, y);
  double left = top * static_cast<double>(p.size());
  double captured = 0;
  for (size_t i = groups.size(); i-- > 0 && left > 0;) {
    const double taken = std::min(left, groups[i].people);
    captured += groups[i].events * taken / groups[i].people;
    left -= taken;
  }
  return Figure::Of(captured / events);
}

}  // namespace tally::analytics
