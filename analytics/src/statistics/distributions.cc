#include "analytics/statistics/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace tally::analytics {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
const double kSqrt2Pi = std::sqrt(2 * std::numbers::pi);

// ln(x!) for x > -1. std::lgamma writes a global sign.
double LogFactorial(double x) {
  int sign = 0;
  return lgamma_r(x + 1, &sign);
}

// ln(n!) - ((n + 1/2) ln n - n + ln(2 pi)/2), the error of Stirling's formula.
// The series is good to 1e-16 from 15 on; below, the terms are small enough
// to be subtracted.
double StirlingError(double n) {
  if (n <= 15) {
    return LogFactorial(n) - (n + 0.5) * std::log(n) + n - std::log(kSqrt2Pi);
  }
  const double nn = n * n;
  return (1.0 / 12 -
          (1.0 / 360 -
           (1.0 / 1260 - (1.0 / 1680 - (1.0 / 1188) / nn) / nn) / nn) /
              nn) /
         n;
}

// x ln(x / m) + m - x without cancellation when x is near m.
double Deviance(double x, double m) {
  if (std::fabs(x - m) < 0.1 * (x + m)) {
    const double v = (x - m) / (x + m);
    double sum = (x - m) * v;
    double term = 2 * x * v;
    for (int j = 1; j < 1000; ++j) {
      term *= v * v;
      const double next = sum + term / (2 * j + 1);
      if (next == sum) break;
      sum = next;
    }
    return sum;
  }
  return x * std::log(x / m) + m - x;
}

// x^a e^-x / Gamma(a + 1), by the saddle-point expansion (C. Loader, 2000).
double PoissonTerm(double a, double x) {
  if (x == 0) return 0;
  return std::exp(-StirlingError(a) - Deviance(a, x)) /
         (kSqrt2Pi * std::sqrt(a));
}

// x^a y^b / B(a, b) by the same expansion, for x + y = 1.
double BetaTerm(double x, double y, double a, double b) {
  if (x == 0 || y == 0) return 0;
  const double n = a + b;
  const double log_term = StirlingError(n) - StirlingError(a) -
                          StirlingError(b) - Deviance(a, n * x) -
                          Deviance(b, n * y);
  return std::exp(log_term) * std::sqrt(a) * std::sqrt(b) /
         (kSqrt2Pi * std::sqrt(n));
}

// I_x(a, b) by Lentz's evaluation of the continued fraction of A. R. DiDonato
// and A. H. Morris (ACM Trans. Math. Softw. 18, 1992), whose terms do not
// cancel when x is near its mean; for x below (a + 1) / (a + b + 2).
double BetaFraction(double x, double y, double a, double b) {
  constexpr double kTiny = 1e-300;
  const auto away = [](double v) { return std::fabs(v) < kTiny ? kTiny : v; };
  // a - (a + b) x, from whichever of x and y is the small one.
  const double lambda = a > b ? (a + b) * y - b : a - (a + b) * x;
  double denominator = away(a / (a + 1) * (lambda + 1));
  double c = denominator;
  double d = 0;
  for (int n = 1; n < 1'000'000; ++n) {
    const double odd = a + 2.0 * n - 1;
    const double step = n * (b - n) * x;
    const double alpha = (a + n - 1) / odd * ((a + b + n - 1) / odd) * step * x;
    const double beta =
        n + step / odd + (a + n) / (odd + 2) * (lambda + 1 + n * (1 + y));
    d = 1 / away(beta + alpha * d);
    c = away(beta + alpha / c);
    const double delta = c * d;
    denominator *= delta;
    if (std::fabs(delta - 1) < kEpsilon) break;
  }
  return BetaTerm(x, y, a, b) / denominator;
}

// P(a, x) = term (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...).
double GammaSeries(double a, double x) {
  double sum = 1;
  double term = 1;
  for (int k = 1; term > sum * kEpsilon / 4; ++k) {
    term *= x / (a + k);
    sum += term;
  }
  return PoissonTerm(a, x) * sum;
}

// Q(a, x) by Lentz's evaluation of the continued fraction.
double GammaFraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / (std::fabs(b) < kTiny ? kTiny : b);
  double h = d;
  for (int i = 1; i < 10'000'000; ++i) {
    const double an = -static_cast<double>(i) * (i - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double delta = d * c;
    h *= delta;
    if (std::fabs(delta - 1) < kEpsilon) break;
  }
  return PoissonTerm(a, x) * a * h;
}

// Where to start looking for the quantile: Wilson and Hilferty's cube, or for
// small x the first term of the series.
double GammaQuantileGuess(double a, double p, bool upper) {
  const double z = upper ? -NormalQuantile(p) : NormalQuantile(p);
  const double w = 1 - 1 / (9 * a) + z / (3 * std::sqrt(a));
  const double cube = a * w * w * w;
  if (cube > 0 && (a >= 1 || upper)) return cube;
  const double small = std::exp((std::log(p) + LogFactorial(a)) / a);
  return small > 0 ? small : 1e-300;
}

// The x with P(a, x) = p (lower) or Q(a, x) = p (upper): Newton's method on
// the logarithm, held inside a bracket that only shrinks.
double GammaQuantile(double a, double p, bool upper) {
  double x = GammaQuantileGuess(a, p, upper);
  double low = 0;
  double high = kInfinity;
  for (int round = 0; round < 200; ++round) {
    const double got = upper ? GammaQ(a, x) : GammaP(a, x);
    const bool too_far = upper ? got < p : got > p;
    (too_far ? high : low) = x;
    const double density = PoissonTerm(a, x) * a / x;
    double next = kNan;
    if (density > 0 && got > 0) {
      const double step = got * std::log(got / p) / density;
      next = upper ? x + step : x - step;
    }
    if (!(next > low && next < high)) {
      next = std::isinf(high) ? 2 * x : (low + high) / 2;
    }
    const bool done = std::fabs(next - x) <= 2 * kEpsilon * x;
    x = next;
    if (done) break;
  }
  return x;
}

}  // namespace

double NormalQuantile(double p) {
  if (std::isnan(p) || p < 0 || p > 1) return kNan;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  if (p == 0.5) return 0;
  const double q = p - 0.5;
  const double tail = std::min(p, 1 - p);
  // Start: Abramowitz and Stegun 26.2.23, good to 4.5e-4.
  const double t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  // Halley's method. In the middle the residual is taken from erf, whose
  // error is relative to q; in the tail from erfc, relative to the tail.
  const bool middle = std::fabs(q) < 0.25;
  for (int round = 0; round < 8; ++round) {
    const double error =
        middle ? 0.5 * std::erf(x / std::numbers::sqrt2) - std::fabs(q)
               : tail - 0.5 * std::erfc(x / std::numbers::sqrt2);
    const double u = error * kSqrt2Pi * std::exp(x * x / 2);
    const double step = u / (1 + x * u / 2);
    x -= step;
    if (std::fabs(step) <= kEpsilon * std::fabs(x)) break;
  }
  return q < 0 ? -x : x;
}

double NormalZ(double alpha) { return -NormalQuantile(alpha / 2); }

double GammaP(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return kNan;
  if (x == 0) return 0;
  return x < a + 1 ? GammaSeries(a, x) : 1 - GammaFraction(a, x);
}

double GammaQ(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return kNan;
  if (x == 0) return 1;
  return x < a + 1 ? 1 - GammaSeries(a, x) : GammaFraction(a, x);
}

double ChiSquaredQuantile(double p, double k) {
  if (!(p >= 0 && p < 1) || !(k > 0)) return kNan;
  if (p == 0) return 0;
  // Work on the smaller tail, where relative accuracy is to be had.
  if (p > 0.5) return 2 * GammaQuantile(k / 2, 1 - p, true);
  return 2 * GammaQuantile(k / 2, p, false);
}

double ChiSquaredUpperQuantile(double q, double k) {
  if (!(q > 0 && q <= 1) || !(k > 0)) return kNan;
  if (q == 1) return 0;
  if (q > 0.5) return 2 * GammaQuantile(k / 2, 1 - q, false);
  return 2 * GammaQuantile(k / 2, q, true);
}

double BetaI(double x, double y, double a, double b) {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0)) return kNan;
  if (x == 0) return 0;
  if (y == 0) return 1;
  return x <= (a + 1) / (a + b + 2) ? BetaFraction(x, y, a, b)
                                    : 1 - BetaFraction(y, x, b, a);
}

double StudentTUpper(double t, double k) {
  if (!(k > 0) || std::isnan(t)) return kNan;
  const double sum = k + t * t;
  const double tail =
      std::isinf(sum) ? 0 : BetaI(k / sum, t * t / sum, k / 2, 0.5) / 2;
  return t < 0 ? 1 - tail : tail;
}

double StudentTUpperQuantile(double q, double k) {
  if (!(q > 0 && q < 1) || !(k > 0)) return kNan;
  if (q == 0.5) return 0;
  if (q > 0.5) return -StudentTUpperQuantile(1 - q, k);
  // In the middle the distance from 1/2 is what has relative accuracy.
  const bool middle = q > 0.25;
  const auto residual = [&](double t) {  // falls as t grows
    const double sum = k + t * t;
    return middle ? (0.5 - q) - BetaI(t * t / sum, k / sum, 0.5, k / 2) / 2
                  : StudentTUpper(t, k) - q;
  };
  double low = 0;
  double high = 1;
  while (residual(high) > 0) {
    low = high;
    high *= 2;
  }
  for (int round = 0; round < 200 && high - low > kEpsilon * high; ++round) {
    const double mid = (low + high) / 2;
    (residual(mid) > 0 ? low : high) = mid;
  }
  return (low + high) / 2;
}

}  // namespace tally::analytics
