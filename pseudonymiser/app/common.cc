#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/status.h"
#include "commands.h"

namespace tally::pseudonymiser {

absl::StatusOr<Configuration> ReadConfiguration(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const std::string path,
                         FindConfig(flags.config, "pseudonymiser", false,
                                    "; `pseudonymiser init` writes one"));
  TALLY_ASSIGN_OR_RETURN(Configuration configuration, LoadConfiguration(path));
  if (flags.threads > 0) configuration.threads = flags.threads;
  if (flags.memory_bytes > 0) configuration.memory_bytes = flags.memory_bytes;
  if (configuration.environment == crypto::Environment::kExample &&
      !flags.quiet) {
    std::fputs("EXAMPLE environment: not for patient data\n", stderr);
  }
  return configuration;
}

std::string OwnUri(const Configuration& configuration) {
  return absl::StrFormat("spiffe://%s/source/%s",
                         configuration.hub_trust_domain, configuration.source);
}

void Say(const CommonFlags& flags, std::string_view text) {
  if (flags.quiet) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fputc('\n', stderr);
}

void PrintJson(const JsonValue& json) {
  const std::string text = json.DumpPretty();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
}

}  // namespace tally::pseudonymiser
