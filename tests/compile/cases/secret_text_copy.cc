// A secret moves and is never copied.
// expect: deleted function|deleted constructor
#include <utility>

#include "base/config.h"

tally::SecretText Run(tally::SecretText& secret) {
#ifdef TALLY_BAD
  return tally::SecretText(secret);
#else
  return tally::SecretText(std::move(secret));
#endif
}
