// An NHS Number comes from text or a stem that were checked, never from a bare
// number.
// expect: private
#include <cstdint>

#include "pseudonymiser/nhs_number.h"

void Run(uint32_t stem) {
#ifdef TALLY_BAD
  const tally::pseudonymiser::NhsNumber number(stem);
#else
  const auto number = tally::pseudonymiser::NhsNumber::FromStem(stem);
#endif
  static_cast<void>(number);
}
