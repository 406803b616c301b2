#include "custodian/configuration.h"

#include "base/config.h"
#include "base/status.h"

namespace tally::custodian {

absl::StatusOr<Configuration> ReadConfiguration(std::string_view path) {
  TALLY_ASSIGN_OR_RETURN(const std::string file,
                         FindConfig(path, "custodian", /*user=*/false));
  TALLY_ASSIGN_OR_RETURN(ConfigReader reader,
                         ConfigReader::FromFile(file, "TALLY_CUSTODIAN"));
  Configuration out;
  const std::string environment =
      reader.Choice("environment", {"example", "test", "production"});
  out.directory = reader.Path("custodian.directory");
  out.registry = reader.Path("custodian.registry");
  out.passphrase = reader.OptionalSecretReference("custodian.passphrase");
  TALLY_RETURN_IF_ERROR(reader.Finish());
  TALLY_ASSIGN_OR_RETURN(out.environment,
                         crypto::ParseEnvironment(environment));
  return out;
}

absl::StatusOr<crypto::RingSecret> ReadRingSecret(
    const Configuration& configuration) {
  if (configuration.passphrase.empty()) {
    return crypto::RingSecret::Passphrase("");
  }
  TALLY_ASSIGN_OR_RETURN(const SecretText text,
                         ReadSecretReference(configuration.passphrase));
  return crypto::RingSecret::Passphrase(text.Reveal());
}

}  // namespace tally::custodian
