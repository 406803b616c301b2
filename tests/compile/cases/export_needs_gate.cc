// No writer takes a raw table: figures leave through the gate only.
// expect: (could not convert|cannot convert|invalid initialization|no viable)
#include "analytics/export/table_writers.h"

#include <string>

std::string Run(const tally::analytics::RawTable& raw,
                const tally::analytics::GatedTable& gated) {
#ifdef TALLY_BAD
  static_cast<void>(gated);
  return tally::analytics::GatedCsv(raw);
#else
  static_cast<void>(raw);
  return tally::analytics::GatedCsv(gated);
#endif
}
