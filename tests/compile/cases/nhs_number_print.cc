// An NHS Number cannot be printed.
// expect: deleted
#include <iostream>

#include "pseudonymiser/nhs_number.h"

void Run(const tally::pseudonymiser::NhsNumber& number) {
#ifdef TALLY_BAD
  std::cout << number;
#else
  std::cout << number.digits().size();
#endif
}
