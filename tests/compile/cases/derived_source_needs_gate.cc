// A derived table stands on gated tables, never on a raw one.
// expect: could not convert|cannot convert|no matching
#include "analytics/disclosure/derived_table.h"

absl::Status Run(const tally::analytics::RawTable& raw,
                 const tally::analytics::GatedTable& gated) {
  using tally::analytics::DerivedTable;
#ifdef TALLY_BAD
  static_cast<void>(gated);
  return DerivedTable::Create({}, {}, {&raw}).status();
#else
  static_cast<void>(raw);
  return DerivedTable::Create({}, {}, {&gated}).status();
#endif
}
