// A figure is a number or "not available" with a reason; it is never 0 by
// default. Every formula of this folder returns figures, so that a missing
// denominator or too few events travel with their reason up to the page.
// Runs in: the analyst's program. Must never see: a person, a record.
//
// Spec: docs/measures/README.md.
// Threading: values; free functions are pure.
// Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_FIGURE_H_
#define TALLY_ANALYTICS_STATISTICS_FIGURE_H_

namespace tally::analytics {

// Why a figure is not available.
enum class NaReason {
  kNoDenominator,     // nobody is counted below the line
  kTooFewEvents,      // fewer events than the method needs
  kTooFewValues,      // fewer values than the method needs
  kEmptyBand,         // a band of the standard has no people
  kNoExpected,        // the expected count is zero
  kLimitUndefined,    // the formula has no value here (a negative limit)
  kTooWide,           // the interval is too wide to say anything
  kInconsistent,      // the counts contradict each other (x above n, below 0)
  kReferenceMissing,  // a reference file that the figure needs is not there
  kNotReleased,       // the disclosure profile does not print it
};

class Figure {
 public:
  // A number. A value that is not finite becomes kLimitUndefined, so that no
  // infinity can reach a page.
  static Figure Of(double value);
  static Figure Na(NaReason reason);

  bool known() const { return known_; }
  // REQUIRES: known().
  double value() const;
  // REQUIRES: !known().
  NaReason reason() const;

  friend bool operator==(const Figure&, const Figure&) = default;

 private:
  Figure(bool known, double value, NaReason reason)
      : known_(known), value_(value), reason_(reason) {}

  bool known_;
  double value_;
  NaReason reason_;
};

// A value with its lower and upper limit, each of which may be missing.
struct Estimate {
  Figure value;
  Figure lower;
  Figure upper;

  // All three missing for the same reason.
  static Estimate Na(NaReason reason) {
    return {Figure::Na(reason), Figure::Na(reason), Figure::Na(reason)};
  }
};

// Two-sided confidence levels in use, as alpha.
inline constexpr double kAlpha95 = 0.05;
inline constexpr double kAlpha998 = 0.002;

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_FIGURE_H_
