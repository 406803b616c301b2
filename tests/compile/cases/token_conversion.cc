// A hub token is no source token, whatever the bytes are.
// expect: invalid initialization|no matching function|no viable
#include "crypto/token.h"

void Send(const tally::crypto::SourceToken& token);

void Run(const tally::crypto::HubToken& hub,
         const tally::crypto::SourceToken& source) {
#ifdef TALLY_BAD
  Send(hub);
  static_cast<void>(source);
#else
  Send(source);
  static_cast<void>(hub);
#endif
}
