// A number, a figure or a raw value does not become a printed cell: sentences
// are written from printed cells only.
// expect: not convert|invalid initialization|no matching|no viable
#include <string>

#include "analytics/dashboard/page_model.h"

std::string Run(const tally::analytics::RawValue& raw,
                const tally::analytics::Figure& figure,
                const tally::analytics::GatedCell& printed) {
#ifdef TALLY_BAD
  static_cast<void>(printed);
  return tally::analytics::DisplayText(raw) +
         tally::analytics::DisplayText(figure);
#else
  static_cast<void>(raw);
  static_cast<void>(figure);
  return tally::analytics::DisplayText(printed);
#endif
}
