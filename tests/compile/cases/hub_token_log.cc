// A token cannot be logged.
// expect: no matching (function|constructor|conversion) for .*(Field|Name)
#include "base/log.h"
#include "crypto/token.h"

void Run(const tally::crypto::HubToken& token) {
#ifdef TALLY_BAD
  tally::Log(tally::Level::kInfo, "token", {tally::Field("token", token)});
#else
  tally::Log(tally::Level::kInfo, "token",
             {tally::Field("bytes", token.bytes().size())});
#endif
}
