// Tokens are made by Create(), which checks the bytes.
// expect: private
#include <array>
#include <cstdint>

#include "crypto/token.h"

void Run(const std::array<uint8_t, tally::crypto::kTokenSize>& bytes) {
#ifdef TALLY_BAD
  const tally::crypto::HubToken token(bytes);
#else
  const auto token = tally::crypto::HubToken::Create(bytes);
#endif
  static_cast<void>(token);
}
