// Logistic regression with a small ridge, and the figures that judge it.
//
// Ref: P. McCullagh, J. A. Nelder, Generalized linear models (1989), for the
// iteration; D. R. Cox, Biometrika 45 (1958), for calibration; J. A. Hanley,
// B. J. McNeil, Radiology 143 (1982), for the area under the curve.
// Threading: pure functions; results do not depend on the order of rows beyond
// rounding, AUC, groups and capture not at all.
// Secrets: features and outcomes are of people: they stay in memory.
#ifndef TALLY_ANALYTICS_STATISTICS_LOGISTIC_H_
#define TALLY_ANALYTICS_STATISTICS_LOGISTIC_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/statistics/figure.h"

namespace tally::analytics {

// Rows of people, `features` numbers each, one after the other. People who are
// alike in features and outcome may share a row.
struct LogisticData {
  size_t features = 0;
  std::vector<double> x;
  std::vector<uint8_t> y;  // 1: the event came
  // How many people a row stands for, whole numbers from 1; empty: one each.
  std::vector<double> people = {};

  size_t rows() const { return y.size(); }
  double PeopleOf(size_t row) const { return people.empty() ? 1 : people[row]; }
};

// Takes features out of the data, by position. REQUIRES: ascending, distinct,
// below data.features; x of rows() x features numbers. Cost: O(rows x
// features).
void DropFeatures(LogisticData& data, std::span<const size_t> positions);

// Takes out every feature of zeros and ones of which a level has fewer than
// `least_events` events, and returns their positions in the data as given, so
// that the caller can name them: such a coefficient would be about a handful of
// people, and one without any event has no estimate of its own. Data of a later
// date that the model is judged on lose the same features by DropFeatures.
// REQUIRES: as DropFeatures. Cost: O(rows x features).
std::vector<size_t> DropRareFeatures(LogisticData& data,
                                     int64_t least_events = 8);

struct LogisticModel {
  double intercept = 0;
  std::vector<double> coefficients;  // on the features as given
  int rounds = 0;

  // The probability for one row. REQUIRES: x.size() == coefficients.size().
  double Predict(std::span<const double> x) const;
};

// Iteratively reweighted least squares on features of mean 0 and deviation 1,
// penalty 1e-4 times the people on each squared coefficient but the intercept,
// until no coefficient changes by 1e-8 or more. A feature without variation
// gets 0. kInvalidArgument for data of other sizes, y above 1 or rows of less
// than one; kFailedPrecondition when the model is refused: without events or
// without others, where a feature or the fitted score separates them (all of
// the one lie above all of the other: a level in which nobody has an event does
// not), or after 50 rounds. Cost: O(rounds x rows x features^2).
absl::StatusOr<LogisticModel> FitLogistic(const LogisticData& data);

// The chance that a random event has a higher score than a random other, ties
// counting half. NA: kTooFewEvents without events or without others,
// kInconsistent for sizes that differ. Cost: O(n log n).
Figure AreaUnderCurve(std::span<const double> p, std::span<const uint8_t> y);

// Mean of (p - y)^2. NA: kTooFewValues, kInconsistent.
Figure BrierScore(std::span<const double> p, std::span<const uint8_t> y);

// Intercept and slope of y on logit p, without penalty; 0 and 1 are perfect.
struct Calibration {
  Figure intercept = Figure::Na(NaReason::kTooFewValues);
  Figure slope = Figure::Na(NaReason::kTooFewValues);
};
Calibration CalibrationOf(std::span<const double> p,
                          std::span<const uint8_t> y);

// Observed and expected events by groups of equal size in the order of p; equal
// p at a boundary are shared out pro rata. Cost: O(n log n).
struct CalibrationGroup {
  double people = 0;
  double observed = 0;
  double expected = 0;
};
std::vector<CalibrationGroup> CalibrationGroups(std::span<const double> p,
                                                std::span<const uint8_t> y,
                                                int groups);

// The share of all events among the `top` share of people with the highest p,
// equal p at the cut pro rata. NA: kTooFewEvents, kInconsistent.
Figure Capture(std::span<const double> p, std::span<const uint8_t> y,
               double top);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_LOGISTIC_H_
