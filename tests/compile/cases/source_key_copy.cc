// A source key moves and is never copied.
// expect: deleted
#include <utility>

#include "crypto/source_key.h"

tally::crypto::SourceKey Run(tally::crypto::SourceKey& key) {
#ifdef TALLY_BAD
  return tally::crypto::SourceKey(key);
#else
  return tally::crypto::SourceKey(std::move(key));
#endif
}
