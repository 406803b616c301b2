// The registry: what parses re-encodes to the same bytes, and a builder that
// takes it up makes the same again.

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/init.h"
#include "crypto/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool kReady = tally::crypto::InitCrypto().ok();
  TALLY_CHECK(kReady);
  const std::string_view text = tally::AsChars({data, size});
  const auto registry = tally::crypto::Registry::Parse(text);
  if (!registry.ok()) return 0;
  TALLY_CHECK(registry->json() == text);
  const auto again = tally::crypto::RegistryBuilder::Amend(*registry).Build();
  TALLY_CHECK(again.ok() && again->json() == text);
  return 0;
}
