#ifndef TALLY_CUSTODIAN_CONFIGURATION_H_
#define TALLY_CUSTODIAN_CONFIGURATION_H_

// The custodian's configuration: environment, ceremony directory, registry,
// passphrase.
//
// Spec: docs/operations.md, "Configuration".
// Threading: values.
// Secrets: the passphrase's reference, never the passphrase.

#include <string>

#include "absl/status/statusor.h"
#include "crypto/key_directory.h"
#include "crypto/token.h"

namespace tally::custodian {

struct Configuration {
  crypto::Environment environment = crypto::Environment::kExample;
  std::string directory;   // keys and transcript
  std::string registry;    // registry.json; its draft and signature beside it
  std::string passphrase;  // a secret reference; empty: none (not production)
};

// Reads `path`; an empty one means the default place. kExitUsage for a bad or
// unknown key, and for a file that is not there.
[[nodiscard]] absl::StatusOr<Configuration> ReadConfiguration(
    std::string_view path);

// The passphrase that the configuration refers to.
[[nodiscard]] absl::StatusOr<crypto::RingSecret> ReadRingSecret(
    const Configuration& configuration);

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_CONFIGURATION_H_
