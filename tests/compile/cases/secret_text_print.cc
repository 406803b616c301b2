// A secret cannot be printed.
// expect: deleted
#include <iostream>

#include "base/config.h"

void Run(const tally::SecretText& secret) {
#ifdef TALLY_BAD
  std::cout << secret;
#else
  std::cout << secret.size();
#endif
}
