// Nobody but the gate makes a printed cell.
// expect: private
#include "analytics/disclosure/gated_table.h"

void Run(const tally::analytics::GatedCell& printed) {
#ifdef TALLY_BAD
  const tally::analytics::GatedCell cell;
  static_cast<void>(printed);
#else
  const tally::analytics::GatedCell cell = printed;
#endif
  static_cast<void>(cell);
}
