// A raw table does not become a gated one by conversion: only the gate makes
// one, and only a gated one can be written out.
// expect: invalid initialization|no matching function|no viable
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/raw_table.h"

void Write(const tally::analytics::GatedTable& table);

void Run(const tally::analytics::RawTable& raw,
         const tally::analytics::GatedTable& gated) {
#ifdef TALLY_BAD
  Write(raw);
  static_cast<void>(gated);
#else
  Write(gated);
  static_cast<void>(raw);
#endif
}
