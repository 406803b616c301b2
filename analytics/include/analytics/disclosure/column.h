// The kinds of columns that a table of figures may have. The kind decides what
// the gate does with a value; a column without one is refused.
//
// What each kind needs and how it is printed, under every profile but
// nhs-national (counts as they are, no minimum):
//  count          by the profile; with `midpoint` as the middle of its group of
//                 six whatever the profile
//  proportion     printed numerator over printed denominator, one decimal
//  rate           the same times `multiplier`, one decimal
//  std_rate,      scaled by printed over exact events, from `minimum_events`
//  ratio          on; three figures below 100 events, else one decimal
//  index          value and limits as given, three figures, from 100 events on
//  mean           from 8 people on, three figures; in per cent one decimal
//  percentile p   from n x min(p, 1 - p) >= 8 on, whole `step`s
//  sum            from 8 contributors on and without dominance, three figures
//  model_metric   two decimals, or as few as the column says
//  coefficient    two decimals, when the level of its feature with the fewest
//                 events has 8
// Of kinds other than index and coefficient the gate computes limits itself,
// from printed counts. 8 is the profile's minimum: 10 under threshold10.
//
// Spec: docs/measures/disclosure.md.
// Threading: values.  Secrets: none.
#ifndef TALLY_ANALYTICS_DISCLOSURE_COLUMN_H_
#define TALLY_ANALYTICS_DISCLOSURE_COLUMN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

enum class ColumnKind {
  kUnknown,    // refused by the gate
  kDimension,  // a level: practice, age band, month; text
  kPersons,    // a count of distinct people
  kEvents,     // a count of rows
  // Money or quantity, with its contributors. Printed for as many as are
  // printed of the count in column `numerator`, where one is named: by a price
  // the sum would say how many there are.
  kSum,
  kProportion,  // numerator / denominator of this row
  kRate,        // numerator / denominator x multiplier
  kStdRate,     // directly standardised rate, with its spread
  kRatio,       // observed / expected
  kMean,        // mean of values of `denominator` people
  kPercentile,  // percentile of values of `denominator` people
  // A figure about a model: AUC, Brier score, slope. Of the events in column
  // `numerator`, where one is named: hidden with them.
  kModelMetric,
  kCoefficient,  // a coefficient of a model, with CellBasis::events
  // Life expectancy, SII, RII, concentration index: figures of a whole group
  // of counts. The events behind one are the count in column `numerator` of
  // its row or, where no column has them, CellBasis::events of the cell. Limits
  // (kLower, kUpper with `of`) are given by the measure like the value.
  kIndex,
  kDerived,  // computed from printed figures; in a DerivedTable only
  kText,     // a note or label made by the measure, never from a record
};
std::string_view ColumnKindName(ColumnKind kind);

// What a column of a derived kind holds.
enum class ColumnRole {
  kValue,
  kLower,     // lower limit of column `of`
  kUpper,     // upper limit of column `of`
  kExpected,  // expected count behind a ratio or a gap
  kGap,       // expected minus observed
  kPeer,      // the printed value of column `of` in the peer row
};

// Below this many events a figure beside its count would give the count away:
// expected counts and indices are not printed, and rates have three figures.
inline constexpr int64_t kManyEvents = 100;

struct ColumnSpec {
  std::string name;  // [a-z][a-z0-9_]*
  ColumnKind kind = ColumnKind::kUnknown;
  std::string title;  // for people: "Lower 95 % limit"
  std::string unit;   // "people", "%", "per 100,000"
  ColumnRole role = ColumnRole::kValue;
  std::string numerator;    // column of this table; derived kinds
  std::string denominator;  // column of this table; derived kinds
  std::string of;           // the value column that a limit or peer belongs to
  double multiplier = 1;    // of a rate; proportions are printed in per cent
  double alpha = kAlpha95;  // of a limit
  double percentile = 0;    // of kPercentile, 0 to 1
  double step = 1;          // a percentile is printed in whole steps of this
  int64_t minimum_events = 10;  // standardised rates and ratios
  bool sensitive = false;       // class SEN: 0 % and 100 % need an acceptance
  // A count printed by midpoint 6 whatever the profile: people at risk and
  // events of survival tables. 0 is 0; 1 to 6 are 3, 7 to 12 are 9. Survival is
  // then computed from the released table (KaplanMeier) as a DerivedTable.
  // Such columns are named ..._m6.
  bool midpoint = false;
  int decimals = 2;  // of kModelMetric, 0 to 2
};

// Names of the columns by which rows are told apart, in their order.
std::vector<std::string> DimensionNames(const std::vector<ColumnSpec>& columns);

// Shorthands for the commonest columns.
ColumnSpec DimensionColumn(std::string name, std::string title);
ColumnSpec CountColumn(std::string name, ColumnKind kind, std::string title);
// A count of a survival table, printed by midpoint 6.
ColumnSpec MidpointColumn(std::string name, ColumnKind kind, std::string title);
// A figure of kIndex; `events` may be empty (then CellBasis::events).
ColumnSpec IndexColumn(std::string name, std::string title, std::string unit,
                       std::string events);
ColumnSpec ProportionColumn(std::string name, std::string title,
                            std::string numerator, std::string denominator);
// A number computed from printed figures, of a DerivedTable.
ColumnSpec DerivedColumn(std::string name, std::string title,
                         std::string unit = "");
// The limit of column `of`, which must stand before it in the same table.
ColumnSpec LimitColumn(std::string name, std::string title,
                       const ColumnSpec& of, ColumnRole role,
                       double alpha = kAlpha95);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_COLUMN_H_
