// Nor does the writer of JSON.
// expect: not convert|invalid initialization|no matching|no viable
#include "analytics/export/table_writers.h"

tally::JsonValue Run(const tally::analytics::RawTable& raw,
                     const tally::analytics::GatedTable& gated) {
#ifdef TALLY_BAD
  static_cast<void>(gated);
  return tally::analytics::GatedJson(raw);
#else
  static_cast<void>(raw);
  return tally::analytics::GatedJson(gated);
#endif
}
