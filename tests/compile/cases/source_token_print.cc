// A token cannot be printed.
// expect: deleted
#include <iostream>

#include "crypto/token.h"

void Run(const tally::crypto::SourceToken& token) {
#ifdef TALLY_BAD
  std::cout << token;
#else
  std::cout << token.bytes().size();
#endif
}
