// An NHS Number cannot be logged.
// expect: no matching (function|constructor|conversion) for .*(Field|Name)
#include "base/log.h"
#include "pseudonymiser/nhs_number.h"

void Run(const tally::pseudonymiser::NhsNumber& number) {
#ifdef TALLY_BAD
  tally::Log(tally::Level::kInfo, "person", {tally::Field("number", number)});
#else
  tally::Log(tally::Level::kInfo, "person",
             {tally::Field("digits", number.digits().size())});
#endif
}
