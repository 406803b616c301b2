// An allow-list that parses holds nothing that a call could not have: every
// entry is found again, no key twice, grants on operators only.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/status.h"
#include "transport/peers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::transport::PeerRole;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list =
      tally::transport::PeerList::Parse(text, "peers.toml", "example.test");
  if (!list.ok()) return 0;
  std::set<std::string> keys;
  for (const auto& entry : list->entries()) {
    TALLY_CHECK(list->Find(entry.identity) == &entry);
    TALLY_CHECK(entry.identity.trust_domain == "example.test");
    const bool is_operator = entry.identity.role == PeerRole::kOperator;
    TALLY_CHECK(is_operator || (!entry.grants.admin && !entry.grants.approve));
    TALLY_CHECK(is_operator == !entry.person.empty());
    for (const std::string& key : entry.public_key_sha256) {
      TALLY_CHECK(keys.insert(key).second);
    }
  }
  return 0;
}
