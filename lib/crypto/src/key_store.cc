// Typed storing and opening of every kind of key but a source's and the hub's.

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/key_directory.h"

namespace tally::crypto {
namespace {

absl::Status CheckKid(const KeyHeader& header, const KeyId& computed) {
  if (header.kid == computed) return absl::OkStatus();
  return KeyError(absl::StrFormat("%s does not hold the key that it names",
                                  KeyFileName(header)));
}

KeySelector SelectorOf(const KeyHeader& header) {
  return {.kind = header.kind,
          .party = header.party,
          .domain = header.domain,
          .epoch = header.epoch,
          .peer = header.peer,
          .peer_epoch = header.peer_epoch,
          .stage = header.stage,
          .kid = header.kid};
}

std::string SignParty(std::string_view party, SignPurpose purpose) {
  return absl::StrFormat("%s/%s", party, SignPurposeName(purpose));
}

absl::StatusOr<std::vector<KeyHeader>> ListKind(const KeyDirectory& directory,
                                                KeyKind kind) {
  TALLY_ASSIGN_OR_RETURN(std::vector<KeyHeader> headers, directory.List());
  std::erase_if(headers, [kind](const KeyHeader& h) { return h.kind != kind; });
  return headers;
}

}  // namespace

absl::Status StoreKey(KeyDirectory& directory, const StorageKey& key) {
  KeyHeader header;
  header.environment = key.environment();
  header.kind = KeyKind::kStorage;
  header.party = key.party();
  header.kid = key.key_id();
  return directory.Store(std::move(header), key.secret());
}

absl::StatusOr<std::vector<StorageKey>> LoadStorageKeys(
    const KeyDirectory& directory) {
  TALLY_ASSIGN_OR_RETURN(std::vector<KeyHeader> headers,
                         ListKind(directory, KeyKind::kStorage));
  std::sort(headers.begin(), headers.end(),
            [](const KeyHeader& a, const KeyHeader& b) {
              if (a.created != b.created) return a.created > b.created;
              return *a.kid > *b.kid;
            });
  std::vector<StorageKey> keys;
  for (const KeyHeader& header : headers) {
    TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                           directory.Load(SelectorOf(header)));
    TALLY_ASSIGN_OR_RETURN(
        StorageKey key, StorageKey::FromSecret(header.environment, header.party,
                                               std::move(opened.secret)));
    TALLY_RETURN_IF_ERROR(CheckKid(header, key.key_id()));
    keys.push_back(std::move(key));
  }
  return keys;
}

absl::Status StoreKey(KeyDirectory& directory, const SigningKey& key) {
  KeyHeader header;
  header.environment = key.environment();
  header.kind = KeyKind::kSign;
  header.party = SignParty(key.party(), key.purpose());
  header.kid = key.key_id();
  return directory.Store(std::move(header), key.seed());
}

absl::StatusOr<SigningKey> LoadSigningKey(const KeyDirectory& directory,
                                          std::string_view party,
                                          SignPurpose purpose) {
  TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                         directory.Load({.kind = KeyKind::kSign,
                                         .party = SignParty(party, purpose)}));
  TALLY_ASSIGN_OR_RETURN(
      SigningKey key, SigningKey::FromSeed(directory.environment(), party,
                                           purpose, std::move(opened.secret)));
  TALLY_RETURN_IF_ERROR(CheckKid(opened.header, key.key_id()));
  return key;
}

absl::Status StoreKey(KeyDirectory& directory, const BoxKey& key) {
  KeyHeader header;
  header.environment = key.environment();
  header.kind = KeyKind::kBox;
  header.party = key.party();
  header.kid = key.key_id();
  return directory.Store(std::move(header), key.secret());
}

absl::StatusOr<BoxKey> LoadBoxKey(const KeyDirectory& directory,
                                  std::string_view party) {
  TALLY_ASSIGN_OR_RETURN(
      OpenedKey opened,
      directory.Load({.kind = KeyKind::kBox, .party = std::string(party)}));
  TALLY_ASSIGN_OR_RETURN(BoxKey key,
                         BoxKey::FromSecret(directory.environment(), party,
                                            std::move(opened.secret)));
  TALLY_RETURN_IF_ERROR(CheckKid(opened.header, key.key_id()));
  return key;
}

}  // namespace tally::crypto
