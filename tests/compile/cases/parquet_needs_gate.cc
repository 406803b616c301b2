// Nor does the writer of Parquet files take a raw table.
// expect: not convert|invalid initialization|no matching|no viable
#include "analytics/export/table_writers.h"

absl::Status Run(const tally::analytics::RawTable& raw,
                 const tally::analytics::GatedTable& gated) {
#ifdef TALLY_BAD
  static_cast<void>(gated);
  return tally::analytics::WriteGatedParquet(raw, "a", "b");
#else
  static_cast<void>(raw);
  return tally::analytics::WriteGatedParquet(gated, "a", "b");
#endif
}
