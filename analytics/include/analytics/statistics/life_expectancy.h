// Abridged life tables: life expectancy with Silcocks's variance.
//
// Ref: C. L. Chiang, The life table and its applications (1984); P. B. S.
// Silcocks, D. A. Jenner, R. Reza, Life expectancy as a summary of mortality in
// a population, J. Epidemiol. Community Health 55 (2001).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_LIFE_EXPECTANCY_H_
#define TALLY_ANALYTICS_STATISTICS_LIFE_EXPECTANCY_H_

#include <span>
#include <vector>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

inline constexpr int kLifeBands = 20;

// The band of an age in whole years, of 0, 1-4, 5-9 ... 90 and above; ages
// below 0 give 0.
int LifeBandOfAge(int age);

struct LifeBandCounts {
  double deaths = 0;
  double population = 0;  // person-years
};

// Life expectancy at the start of every band, in years:
//   M = d / n, a = 0.1 in band 0, else 0.5; q = min(1, w M / (1 + w M (1 - a)))
//   with the band's width w; l_0 = 100,000; L = w (l_next + a d_l), last L =
//   l / M; e = T / l;
//   S^2 = q^2 (1 - q) / d (0 where nobody dies), last 4 / (d M^2);
//   W = S^2 l^2 ((1 - a) w + e_next)^2, last (l / 2)^2 S^2;
//   limits e -+ z sqrt(sum of W from here on) / l.
// One estimate a band. Fewer than 20 bands are the first ones, the last of them
// open: where ages are known to 85 only, there are 19. All (20) are NA:
// kTooFewValues for 5,000 people or fewer; kEmptyBand for a band without
// people; kInconsistent for more deaths than people, a negative count, more
// bands than 20 or fewer than 2; kTooFewEvents without deaths in the open band.
// One row is kTooWide when its 95 % interval is wider than 20 years.
std::vector<Estimate> LifeExpectancy(std::span<const LifeBandCounts> bands,
                                     double alpha = kAlpha95);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_LIFE_EXPECTANCY_H_
