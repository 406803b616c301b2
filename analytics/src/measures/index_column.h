// Columns of index figures: slope and relative index, concentration index, life
// expectancy. The gate prints three significant figures, and none where fewer
// than 100 events stand behind them.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_INDEX_COLUMN_H_
#define TALLY_ANALYTICS_SRC_MEASURES_INDEX_COLUMN_H_

#include <string>

#include "analytics/disclosure/column.h"
#include "analytics/statistics/figure.h"
#include "measures/tables.h"

namespace tally::analytics {

// `name`, and with `limits` `name`_lo and `name`_hi, with the events in
// `numerator` behind them.
void AddIndexColumns(TableBuilder& table, const std::string& name,
                     const std::string& title, const std::string& unit,
                     const std::string& numerator, bool limits);

// Sets them: a figure that is not known is NA with its reason.
void SetIndex(TableBuilder& table, size_t row, const std::string& name,
              const Figure& figure);
void SetIndex(TableBuilder& table, size_t row, const std::string& name,
              const Estimate& estimate);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_INDEX_COLUMN_H_
