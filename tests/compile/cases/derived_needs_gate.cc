// A derived table is written only after the gate has stamped and logged it.
// expect: not convert|invalid initialization|no matching|no viable
#include "analytics/disclosure/derived_table.h"
#include "analytics/export/table_writers.h"

std::string Run(const tally::analytics::DerivedTable& derived,
                const tally::analytics::GatedTable& gated) {
#ifdef TALLY_BAD
  static_cast<void>(gated);
  return tally::analytics::GatedCsv(derived);
#else
  static_cast<void>(derived);
  return tally::analytics::GatedCsv(gated);
#endif
}
