#ifndef TALLY_PSEUDONYMISER_CONFIGURATION_H_
#define TALLY_PSEUDONYMISER_CONFIGURATION_H_

// The program's configuration: pseudonymiser.toml, with every key that it
// knows. An unknown key is an error that names the nearest known one.
//
// Spec: docs/pseudonymiser.md, "Configuration".
// Threading: values.
// Secrets: references to secrets only; nothing is read here but the file.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/token.h"
#include "pseudonymiser/list_files.h"

namespace tally::pseudonymiser {

// The supplier's own way to write one dataset.
struct DatasetSettings {
  std::string specification;  // path
  // Input of the specification -> name in the supplier's header.
  std::map<std::string, std::string> columns;
  std::string date_format = "%Y-%m-%d";
  // These override the specification; shares, 0 to 1.
  std::optional<double> max_reject;
  std::optional<double> max_unlinked;
};

struct Configuration {
  crypto::Environment environment = crypto::Environment::kExample;
  std::string source;  // id
  std::string domain;
  std::string hub_address;
  std::string hub_trust_domain;
  std::string tls_certificate;  // path
  std::string tls_key;          // secret reference
  std::string tls_ca;           // path
  std::string keys_directory;
  std::string keys_passphrase;  // secret reference; empty: ask on the terminal
  std::string keys_command;     // command that gives the 32 bytes of the ring
  std::string registry_file;
  std::string registry_key;  // the custodian's Ed25519 key, B64
  std::string state_directory;
  int64_t max_spool_bytes = 0;
  int64_t memory_bytes = 0;  // 0: the default of --memory
  int threads = 0;           // 0: all
  std::string kernel = "auto";
  Lists::Files lists;
  std::map<std::string, DatasetSettings> datasets;  // by id

  // Where things lie below the state directory.
  std::string SpoolDirectory() const;
  std::string ReceiptDirectory() const;
  std::string ReportDirectory() const;
  std::string SpecificationDirectory() const;  // the accepted copies
};

// Reads `path`. Relative paths in it are taken from its folder. Variables
// TALLY_PSEUDONYMISER_... override settings that are not secret. Returns
// kInvalidArgument (exit 2) with file and line for what is wrong, kNotFound
// (exit 2) when there is no file.
absl::StatusOr<Configuration> LoadConfiguration(const std::string& path);

// A file with every key, commented, for `init`: the environment and the ids
// are filled in, `directory` is where keys and state go.
std::string ConfigurationTemplate(std::string_view environment,
                                  std::string_view source,
                                  std::string_view directory);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_CONFIGURATION_H_
