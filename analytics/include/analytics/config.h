// The analyst's configuration, ~/.config/tally/commissioning.toml.
//
// Spec: docs/commissioning.md, "Configuration".
// Threading: values.
// Secrets: the TLS key by reference only.
#ifndef TALLY_ANALYTICS_CONFIG_H_
#define TALLY_ANALYTICS_CONFIG_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace tally::analytics {

struct AnalystConfig {
  std::string hub_address;
  std::string trust_domain;
  std::string release_key;  // pinned public key of the hub
  std::string tls_certificate;
  std::string tls_key;  // a reference: file:PATH, credential:NAME ...
  std::string tls_ca;
  std::string work_directory;
  int64_t memory_bytes = int64_t{4} << 30;
  int threads = 1;
  std::string profile;      // empty: what the agreement says
  std::string comparators;  // folder of comparator files
  std::string boundaries;   // GeoJSON, optional
  std::string definitions;  // folder of definition files that replace ours

  // Files that this program keeps below the work directory.
  std::string DecisionLogPath() const;
  std::string RegistryPath() const;
  std::string TermsPath() const;
  // Where `synth` puts releases, and what was released of them is remembered.
  std::string SyntheticDirectory() const;
  // Where `pull` puts projects/P/releases/R: WORK/P/R.
  std::string ReleasePath(const std::string& project,
                          const std::string& release) const;
};

// Reads and checks the file. Unknown keys are errors; exit 2. Relative paths
// are taken from the file's folder.
absl::StatusOr<AnalystConfig> ReadAnalystConfig(const std::string& path);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_CONFIG_H_
