#ifndef TALLY_CRYPTO_EXAMPLE_KEYS_H_
#define TALLY_CRYPTO_EXAMPLE_KEYS_H_

// The deny list: keys whose secrets are public.
//
// Role: every program; production refuses them wherever a key is loaded or a
// registry is read.
// Spec: docs/spec/sealed-files-v1.md, "Example keys"; keys-example/README.md.
// Threading: safe.
// Secrets: none; that is the point.

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "crypto/key_id.h"
#include "crypto/token.h"

namespace tally::crypto {

// Key ids of keys-example/ and of the published vectors, ascending.
std::span<const std::string_view> ExampleKeyIds();
bool IsExampleKeyId(const KeyId& id);

// kFailedPrecondition (exit 10) if production meets an example key.
[[nodiscard]] absl::Status RefuseExampleKey(Environment environment,
                                            const KeyId& id);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_EXAMPLE_KEYS_H_
