// Direct standardisation with Dobson's limits, indirect standardisation, and
// the European Standard Population 2013.
//
// Ref: A. J. Dobson et al., Stat. Med. 10 (1991); Eurostat, Revision of the
// European Standard Population (2013).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_STANDARDISE_H_
#define TALLY_ANALYTICS_STATISTICS_STANDARDISE_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/statistics/figure.h"

namespace tally::analytics {

// One age band: `from` to `to` in completed years, both included; the last
// band of the standard has to = 90 because ages are held to 90.
struct StandardBand {
  std::string_view name;  // "0-4" ... "85-89", "90+"
  int from;
  int to;
  double population;
};

inline constexpr int kEsp2013Bands = 19;
// 0-4 ... 90+, adding up to 100,000.
const std::array<StandardBand, kEsp2013Bands>& Esp2013();

// The standard cut to ages `from` to `to` (inclusive; to = 90 for open end):
// a band that is only partly inside keeps the share of its years that is.
// Bands outside are left out. The open band 90+ is in or out as a whole.
std::vector<StandardBand> Esp2013Between(int from, int to);

// Counts of one stratum, matched with the standard by name.
struct BandCounts {
  std::string band;
  double events;
  double population;
};

// A directly standardised rate. `spread` is sqrt(var / O): what one event
// contributes to a limit; the disclosure gate needs it to compute limits from
// a rounded O. `spread` is NA whenever the value is.
struct DirectRate {
  Estimate rate;
  Figure spread;
  double events = 0;
};

// Sum(w x / n) / sum(w) x multiplier, Dobson's limits on Byar's.
// NA: kTooFewEvents below 10 events; kEmptyBand if a band of the standard is
// missing or has no people; kInconsistent for a negative or unknown band, or
// one that occurs twice.
DirectRate DirectlyStandardised(std::span<const BandCounts> counts,
                                std::span<const StandardBand> standard,
                                double multiplier, double alpha = kAlpha95);

// Persons with exactly `repeats` events each, in one band.
struct RepeatCounts {
  std::string band;
  int64_t repeats;
  double persons;
};

// The same for events that one person can have many times: the variance is the
// sum over f of f^2 times the variance of the persons with exactly f events.
// `population` gives n of each band; its events are ignored.
DirectRate DirectlyStandardisedRepeat(std::span<const RepeatCounts> counts,
                                      std::span<const BandCounts> population,
                                      std::span<const StandardBand> standard,
                                      double multiplier,
                                      double alpha = kAlpha95);

// Limits of a standardised rate for another number of events than the one it
// was computed from: v + spread (Byar(O) - O). Used by the gate with the
// released O. NA: kTooFewEvents below 10.
Estimate DobsonLimits(double rate, double spread, double events,
                      double alpha = kAlpha95);

// Expected events: sum of population times reference rate, band by band.
// Returns kInvalidArgument if the two differ in their bands.
struct ReferenceRate {
  std::string band;
  double rate;  // events per person
};
absl::StatusOr<double> ExpectedEvents(std::span<const BandCounts> population,
                                      std::span<const ReferenceRate> rates);

// O / E with limits of O over E. Not comparable between areas, only with the
// standard. NA: kNoExpected unless E > 0.
Estimate IndirectRatio(double observed, double expected,
                       double alpha = kAlpha95);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_STANDARDISE_H_
