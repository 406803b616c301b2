#ifndef TALLY_CRYPTO_SOURCE_KEY_FILE_H_
#define TALLY_CRYPTO_SOURCE_KEY_FILE_H_

// Source keys in a key directory. Apart from "crypto/key_directory.h", so that
// the hub links no object code that knows a source key.
//
// Role: sources only.
// Spec: docs/spec/sealed-files-v1.md, "Key file".
// Threading: as KeyDirectory.
// Secrets: seeds, sealed and opened.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_directory.h"
#include "crypto/source_key.h"

namespace tally::crypto {

// Production refuses example keys and a seed of one repeated byte (exit 10).
[[nodiscard]] absl::Status StoreKey(KeyDirectory& directory,
                                    const SourceKey& key);
[[nodiscard]] absl::StatusOr<SourceKey> LoadSourceKey(
    const KeyDirectory& directory, std::string_view party,
    std::string_view domain, uint32_t epoch);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SOURCE_KEY_FILE_H_
