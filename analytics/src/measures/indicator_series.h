// Printed indicators as other measures read them: the catalogue, the series of
// months, the last word of a control chart. Everything is read from gated
// tables of C29.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_INDICATOR_SERIES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_INDICATOR_SERIES_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/disclosure/column.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/measure.h"
#include "analytics/statistics/spc.h"
#include "measures/printed.h"

namespace tally::analytics {

// Names of C29's tables.
inline constexpr std::string_view kIndicatorTable = "indicators";
inline constexpr std::string_view kIndicatorMonthTables[] = {
    "indicator_rate_month", "indicator_share_month"};
inline constexpr std::string_view kIndicatorYearTables[] = {
    "indicator_rate_year", "indicator_share_year"};
inline constexpr std::string_view kSpcTable = "spc_points";

struct CatalogueEntry {
  std::string id, name, programme, unit;
  Direction direction = Direction::kNeither;
  std::optional<double> target;
};
// A column of words, for tables of printed figures.
ColumnSpec WordColumn(std::string name, std::string title);

// By id; from the table `indicators`. Empty if `table` is null.
std::map<std::string, CatalogueEntry> ReadCatalogue(const GatedTable* table);

// One indicator of one area, its rows by month.
struct PrintedSeries {
  std::string indicator, area;
  const GatedTable* table = nullptr;
  std::vector<size_t> rows;  // ascending by month
};
// In the order of the table.
std::vector<PrintedSeries> SeriesOf(const GatedTable& table);

// The months since the last one that is not printed, as positions in
// series.rows: from `first` on all values are numbers.
size_t FirstUnbroken(const PrintedSeries& series, std::string_view column);

// What each control chart says in its last month, by (indicator, area).
struct LastWord {
  std::string month, variation, assurance;
};
std::map<std::pair<std::string, std::string>, LastWord> LastWords(
    const GatedTable* spc_points);

// Whether a code of Variation is a judgement, and not the reason why there is
// none.
bool IsJudgedCode(std::string_view variation);

// How many indicators say what, and how many say nothing.
struct IndicatorVerdicts {
  int all = 0, judged = 0, concern = 0, improvement = 0, fail = 0;
  int too_few = 0, too_equal = 0, unstable = 0;

  void Add(std::string_view variation, std::string_view assurance);
  // "16 of 31 indicators can be judged"
  std::string Judged() const;
  // "15 cannot be judged: 7 have too few months, 7 have too few different
  // values, 1 does not vary about one level"; empty if all can.
  std::string NotJudged() const;
  // "none will miss its target as things are"
  std::string Missing() const;
};

// The gated tables of C29 that are there, of `names`.
std::vector<const GatedTable*> IndicatorTables(
    const DeriveContext& context, std::string_view measure,
    std::span<const std::string_view> names);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_INDICATOR_SERIES_H_
