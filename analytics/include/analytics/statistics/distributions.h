// Normal, gamma, chi-squared, beta and Student's distribution functions and
// their inverses, written here so that figures are the same on every machine.
// Runs in: the analyst's program. Must never see: a person, a record.
//
// Accuracy: relative error at most 1e-12 for quantiles whose probability is
// at least 1e-15, tested by inversion and against published tables.
// Threading: pure functions.
// Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_DISTRIBUTIONS_H_
#define TALLY_ANALYTICS_STATISTICS_DISTRIBUTIONS_H_

namespace tally::analytics {

// The x with P(Z <= x) = p. REQUIRES: 0 < p < 1; otherwise -inf, +inf or NaN.
// Cost: at most 8 evaluations of erf or erfc.
double NormalQuantile(double p);

// z = Phi^-1(1 - alpha / 2), computed from the tail alpha / 2, so that no
// digit is lost in the subtraction. 1.959963984540054 for 0.05.
double NormalZ(double alpha);

// Regularised incomplete gamma functions P (lower) and Q (upper), shape a.
// REQUIRES: a > 0, x >= 0; otherwise NaN. Cost: O(sqrt(a)) terms.
double GammaP(double a, double x);
double GammaQ(double a, double x);

// chi2(p, k): the x with P(X <= x) = p for k degrees of freedom.
// REQUIRES: 0 <= p < 1, k > 0; otherwise NaN.
double ChiSquaredQuantile(double p, double k);

// The x with P(X > x) = q. The same point as ChiSquaredQuantile(1 - q, k)
// without the rounding of 1 - q. REQUIRES: 0 < q <= 1, k > 0.
double ChiSquaredUpperQuantile(double q, double k);

// Regularised incomplete beta function I_x(a, b), with y = 1 - x given beside
// x so that neither end loses digits. REQUIRES: a, b > 0, x, y >= 0,
// x + y = 1; otherwise NaN. Cost: O(sqrt(max(a, b))) terms.
double BetaI(double x, double y, double a, double b);

// P(T > t) of Student's distribution with k degrees of freedom.
// REQUIRES: k > 0; otherwise NaN.
double StudentTUpper(double t, double k);

// The t with P(T > t) = q. REQUIRES: 0 < q < 1, k > 0; otherwise NaN.
double StudentTUpperQuantile(double q, double k);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_DISTRIBUTIONS_H_
