#include "crypto/source_key_file.h"

#include <utility>

#include "base/exit_code.h"
#include "base/status.h"

namespace tally::crypto {

absl::Status StoreKey(KeyDirectory& directory, const SourceKey& key) {
  KeyHeader header;
  header.environment = key.info().environment;
  header.kind = KeyKind::kSource;
  header.party = key.info().party;
  header.domain = key.info().domain;
  header.epoch = key.info().epoch;
  header.kid = key.key_id();
  return directory.Store(std::move(header), key.seed());
}

absl::StatusOr<SourceKey> LoadSourceKey(const KeyDirectory& directory,
                                        std::string_view party,
                                        std::string_view domain,
                                        uint32_t epoch) {
  TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                         directory.Load({.kind = KeyKind::kSource,
                                         .party = std::string(party),
                                         .domain = std::string(domain),
                                         .epoch = epoch}));
  const KeyId named = *opened.header.kid;
  TALLY_ASSIGN_OR_RETURN(
      SourceKey key,
      SourceKey::FromSeed({.environment = directory.environment(),
                           .role = KeyRole::kSource,
                           .party = std::string(party),
                           .domain = std::string(domain),
                           .epoch = epoch},
                          std::move(opened.secret)));
  if (key.key_id() != named) {
    return KeyError("a source key file does not hold the key that it names");
  }
  return key;
}

}  // namespace tally::crypto
