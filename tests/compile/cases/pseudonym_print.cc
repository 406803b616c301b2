// A pseudonym cannot be printed; ToText() is for the release writer.
// expect: deleted
#include <iostream>

#include "dataset/pseudonym.h"

void Run(const tally::dataset::Pseudonym& pseudonym) {
#ifdef TALLY_BAD
  std::cout << pseudonym;
#else
  std::cout << pseudonym.bytes().size();
#endif
}
