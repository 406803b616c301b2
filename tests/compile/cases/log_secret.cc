// The log takes no secret, not even as a name.
// expect: no matching (function|constructor|conversion) for .*(Field|Name)
#include "base/config.h"
#include "base/log.h"

void Run(const tally::SecretText& secret) {
#ifdef TALLY_BAD
  tally::Log(tally::Level::kInfo, "read",
             {tally::Field("secret", tally::Name(secret))});
#else
  tally::Log(tally::Level::kInfo, "read",
             {tally::Field("bytes", secret.size())});
#endif
}
