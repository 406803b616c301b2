// Nobody but the gate makes a gated table.
// expect: private
#include "analytics/disclosure/gated_table.h"

void Run(const tally::analytics::GatedTable& gated) {
#ifdef TALLY_BAD
  const tally::analytics::GatedTable table;
  static_cast<void>(gated);
#else
  const tally::analytics::GatedTable table = gated;
#endif
  static_cast<void>(table);
}
