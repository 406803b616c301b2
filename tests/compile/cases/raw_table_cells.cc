// Nobody but the gate reads the values of a raw table.
// expect: private
#include "analytics/disclosure/raw_table.h"

size_t Run(const tally::analytics::RawTable& raw) {
#ifdef TALLY_BAD
  return raw.rows_.size();
#else
  return raw.rows();
#endif
}
