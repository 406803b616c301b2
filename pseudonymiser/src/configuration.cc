#include "pseudonymiser/configuration.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;

constexpr int64_t kDefaultMaxSpool = int64_t{20} << 30;

constexpr ListName kAllLists[] = {
    ListName::kRestrictedCodes,  ListName::kType1OptOuts,
    ListName::kNationalEligible, ListName::kParticipatingPractices,
    ListName::kClusters,         ListName::kPostcodeLsoa,
    ListName::kCareHomes,
};

// An entry of [lists]: a path, or a table with `file` and `expires_after`.
void ReadList(ConfigReader& config, ListName name, Configuration* out) {
  const std::string key =
      absl::StrFormat("lists.%s", dataset::ListNameText(name));
  if (!config.Has(key)) return;
  ListFile file;
  if (name == ListName::kNationalEligible) {
    file.expires_after_ms = kNationalExpiryMs;
  }
  const TomlValue* value = config.Any(key);
  if (value != nullptr && value->is_table()) {
    for (const std::string& part : value->AsTable().Keys()) {
      if (part != "file" && part != "expires_after") {
        config.Fail(key, absl::StrFormat("has the unknown part %s", part));
      }
    }
    const absl::StatusOr<std::string> path = value->AsTable().GetString("file");
    if (!path.ok()) {
      config.Fail(key, "needs a file");
      return;
    }
    file.path = JoinPath(DirectoryOf(config.file()), *path);
    if (value->AsTable().Find("expires_after") != nullptr) {
      const absl::StatusOr<std::string> text =
          value->AsTable().GetString("expires_after");
      const absl::StatusOr<int64_t> ms =
          text.ok() ? ParseDurationMs(*text) : absl::StatusOr<int64_t>(0);
      if (!text.ok() || !ms.ok() || *ms <= 0) {
        config.Fail(key, "needs expires_after as in \"7d\"");
        return;
      }
      file.expires_after_ms = *ms;
    }
  } else if (value != nullptr && value->is_string()) {
    file.path = JoinPath(DirectoryOf(config.file()), value->AsString());
  } else {
    config.Fail(key, "must be a path or a table with file and expires_after");
    return;
  }
  out->lists[name] = std::move(file);
}

void ReadDataset(ConfigReader& config, const std::string& id,
                 Configuration* out) {
  const std::string base = "datasets." + id;
  DatasetSettings settings;
  settings.specification = config.Path(base + ".specification");
  settings.date_format = config.String(base + ".date_format", "%Y-%m-%d");
  if (const absl::Status status = CivilDay::CheckFormat(settings.date_format);
      !status.ok()) {
    config.Fail(base + ".date_format", "names no way to write a day");
  }
  if (config.Has(base + ".max_reject")) {
    settings.max_reject = config.Share(base + ".max_reject", 0);
  }
  if (config.Has(base + ".max_unlinked")) {
    settings.max_unlinked = config.Share(base + ".max_unlinked", 0);
  }
  if (const auto table = config.Table(base + ".columns")) {
    for (const std::string& input : table->Keys()) {
      const absl::StatusOr<std::string> header = table->GetString(input);
      if (!header.ok() || header->empty()) {
        config.Fail(base + ".columns",
                    "must give each input the name of a header");
        continue;
      }
      settings.columns[input] = *header;
    }
  }
  if (!IsResourceId(id)) config.Fail(base, "is no dataset id");
  out->datasets[id] = std::move(settings);
}

void ReadParties(ConfigReader& config, Configuration* out) {
  const std::string environment =
      config.Choice("environment", {"example", "test", "production"});
  const auto parsed = crypto::ParseEnvironment(environment);
  if (parsed.ok()) out->environment = *parsed;
  out->source = config.String("source.id");
  if (!IsResourceId(out->source)) {
    config.Fail("source.id", "must match ^[a-z][a-z0-9-]{0,62}$");
  }
  out->domain = config.String("source.domain", "commissioning");
  if (!IsResourceId(out->domain)) {
    config.Fail("source.domain", "must match ^[a-z][a-z0-9-]{0,62}$");
  }
  out->hub_address = config.String("hub.address");
  out->hub_trust_domain = config.String("hub.trust_domain");
  out->tls_certificate = config.Path("tls.certificate");
  out->tls_key = config.SecretReference("tls.key");
  out->tls_ca = config.Path("tls.ca");
}

void ReadPlaces(ConfigReader& config, Configuration* out) {
  out->keys_directory = config.Path("keys.directory");
  out->keys_passphrase = config.OptionalSecretReference("keys.passphrase");
  out->keys_command = config.OptionalSecretReference("keys.key_command");
  if (!out->keys_command.empty() && !out->keys_passphrase.empty()) {
    config.Fail("keys.key_command", "and keys.passphrase exclude each other");
  }
  out->registry_file = config.Path("registry.file");
  out->registry_key = config.String("registry.key");
  out->state_directory = config.Path("state.directory");
  out->max_spool_bytes = config.Size("state.max_spool", kDefaultMaxSpool);
  out->memory_bytes = config.Size("limits.memory", 0);
  const int64_t threads = config.Int("limits.threads", 0);
  if (threads < 0 || threads > 1024) {
    config.Fail("limits.threads", "must be 0 (all) to 1024");
  } else {
    out->threads = static_cast<int>(threads);
  }
  out->kernel = config.Choice(
      "limits.kernel", {"auto", "portable", "avx2", "avx512ifma"}, "auto");
}

constexpr std::string_view kTemplate =
    R"(# Configuration of the pseudonymiser. An unknown key is an error.
# Secrets are references: credential:NAME, file:PATH, fd:N, command:PROGRAM ARGS.
environment = "$ENVIRONMENT"        # example | test | production

# Who you are. The id is on your certificate and in the registry.
source = { id = "$SOURCE", domain = "commissioning" }

# The hub, as its operator told you. There is no default.
hub = { address = "hub.example.nhs.uk:7443", trust_domain = "example.nhs.uk" }

# Your certificate comes from `pseudonymiser enrol --store CERT`.
tls = { certificate = "$DIRECTORY/tls/source.pem", key = "file:$DIRECTORY/tls/source.key", ca = "$DIRECTORY/tls/ca.pem" }

# Your keys. Write a long passphrase into a file of mode 0600; without one here
# you are asked for it on the terminal.
keys = { directory = "$DIRECTORY/keys", passphrase = "file:$DIRECTORY/passphrase" }

# The registry of public keys and the custodian's key that signs it.
registry = { file = "$DIRECTORY/registry.json", key = "" }

# Spool, receipts and reports. The spool is sealed; give it room for about the
# size of your files.
state = { directory = "$DIRECTORY/state", max_spool = "20GiB" }

# memory: what may be used while reading; threads: 0 = all processors;
# kernel: auto | portable | avx2 | avx512ifma.
limits = { memory = "2GiB", threads = 0, kernel = "auto" }

# The lists that your datasets need: plain CSV files, mode 0600.
[lists]
# restricted_codes = "$DIRECTORY/lists/restricted.csv"
# type1_opt_outs = "$DIRECTORY/lists/type1.csv"
# national_eligible = { file = "$DIRECTORY/lists/national.csv", expires_after = "7d" }
# participating_practices = "$DIRECTORY/lists/practices.csv"
# clusters = "$DIRECTORY/lists/clusters.csv"
# postcode_lsoa = "$DIRECTORY/lists/postcode-lsoa21.csv"
# care_homes = "$DIRECTORY/lists/care-homes.csv"

# One section for each dataset that you deliver: the specification that you
# accepted, and your own names. Inputs that are not named here are found by
# their own name or an alias of the specification.
# [datasets.gp-event]
# specification = "$DIRECTORY/datasets/gp-event.toml"
# columns = { nhs_number = "NHS_NUMBER", event_date = "EFFECTIVE_DATE" }
# date_format = "%d/%m/%Y"
# max_reject = 0.005      # these two override the specification
# max_unlinked = 0.10
)";

}  // namespace

std::string Configuration::SpoolDirectory() const {
  return JoinPath(state_directory, "spool");
}
std::string Configuration::ReceiptDirectory() const {
  return JoinPath(state_directory, "receipts");
}
std::string Configuration::ReportDirectory() const {
  return JoinPath(state_directory, "reports");
}
std::string Configuration::SpecificationDirectory() const {
  return JoinPath(state_directory, "datasets");
}

absl::StatusOr<Configuration> LoadConfiguration(const std::string& path) {
  absl::StatusOr<ConfigReader> read =
      ConfigReader::FromFile(path, "TALLY_PSEUDONYMISER");
  if (!read.ok()) {
    if (!absl::IsNotFound(read.status())) return read.status();
    return WithExitCode(
        absl::NotFoundError(absl::StrFormat(
            "%s is not there; `pseudonymiser init` writes one", path)),
        kExitUsage);
  }
  ConfigReader& config = *read;
  Configuration out;
  ReadParties(config, &out);
  ReadPlaces(config, &out);
  // Marks the table as known, also when every line in it is a comment.
  static_cast<void>(config.Keys("lists"));
  for (const ListName name : kAllLists) ReadList(config, name, &out);
  for (const std::string& id : config.Keys("datasets")) {
    ReadDataset(config, id, &out);
  }
  TALLY_RETURN_IF_ERROR(config.Finish());
  return out;
}

std::string ConfigurationTemplate(std::string_view environment,
                                  std::string_view source,
                                  std::string_view directory) {
  return absl::StrReplaceAll(ToAbsl(kTemplate),
                             {{"$ENVIRONMENT", ToAbsl(environment)},
                              {"$SOURCE", ToAbsl(source)},
                              {"$DIRECTORY", ToAbsl(directory)}});
}

}  // namespace tally::pseudonymiser
