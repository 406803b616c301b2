// A printed cell cannot be given another number.
// expect: private
#include "analytics/disclosure/gated_table.h"

void Run(tally::analytics::GatedCell& cell) {
#ifdef TALLY_BAD
  cell.number_ = 3;
#else
  static_cast<void>(cell.number());
#endif
}
