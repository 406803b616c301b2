// A chart is drawn from a gated table, never from a raw one.
// expect: no matching|could not convert|cannot convert
#include "analytics/dashboard/page_model.h"

tally::analytics::Chart Run(const tally::analytics::RawTable& raw,
                            const tally::analytics::GatedTable& gated) {
  const auto all = [](const tally::analytics::GatedTable&, size_t) {
    return true;
  };
#ifdef TALLY_BAD
  static_cast<void>(gated);
  return tally::analytics::Chart("id", "bar", raw, {"n"}, all);
#else
  static_cast<void>(raw);
  return tally::analytics::Chart("id", "bar", gated, {"n"}, all);
#endif
}
