#ifndef TALLY_LINKAGE_SERVICE_HUB_CONFIG_H_
#define TALLY_LINKAGE_SERVICE_HUB_CONFIG_H_

// hub.toml: everything that linkage-hub is told. Read once at start; only what
// lies in other files (peers, certificates, specifications, registry) is read
// again while it runs.
//
// Spec: docs/operations.md, "hub.toml"
// Threading: a value.
// Secrets: references to secrets only, never a secret.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/config.h"
#include "crypto/registry.h"
#include "crypto/token.h"

namespace tally::linkage {

struct HubConfig {
  crypto::Environment environment = crypto::Environment::kExample;
  std::string hub_id;
  std::string domain;  // empty: the registry's only one
  std::string data_directory;
  std::string temp_directory;
  std::string datasets_directory;
  std::string catalogue_url = "sqlite";
  std::string catalogue_password;  // reference, or empty
  std::string listen_grpc;
  std::string listen_metrics;  // empty: none
  std::string tls_certificate;
  std::string tls_key;  // reference
  std::string tls_ca;
  std::string trust_domain;
  std::string peers_file;
  std::string keys_directory;
  std::string keys_passphrase;  // reference; empty: sealed until `unseal`
  std::string registry_file;
  crypto::PublicKey registry_key{};
  int64_t memory_bytes = 0;
  int threads = 1;
  double min_free_disk = 0.05;
  std::string kernel = "auto";
  std::string log_level = "info";
  std::string contact;  // whom README.txt of a release names

  // The hub's own identity: spiffe://<trust domain>/hub/<id>.
  std::string OwnUri() const;
};

// What was read, and where each value came from.
struct LoadedHubConfig {
  HubConfig config;
  std::vector<ConfigReader::Effective> effective;
};

// Reads the file, then the environment (TALLY_HUB_...), then `listen`, which a
// flag may give. Errors have exit code 2 and name file, line and key.
[[nodiscard]] absl::StatusOr<LoadedHubConfig> LoadHubConfig(
    const std::string& path, const std::string& listen_flag = "");

// Looks at everything that can be looked at without keys and without starting:
// files are there and readable, directories writable, certificate, peers,
// registry and specifications parse, secrets' references have their form.
// Returns every fault, one line each; empty: all is well.
std::vector<std::string> CheckHubConfig(const HubConfig& config);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_HUB_CONFIG_H_
