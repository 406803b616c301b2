// What parses as an identity prints as the same bytes: one spelling each.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "transport/peer_identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto identity = tally::transport::ParsePeerUri(text);
  if (identity.ok()) {
    TALLY_CHECK(identity->ToUri() == text);
    TALLY_CHECK(tally::transport::IsTrustDomain(identity->trust_domain));
  }
  return 0;
}
