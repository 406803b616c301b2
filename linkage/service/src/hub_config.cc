#include "linkage/service/hub_config.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/worker_pool.h"
#include "crypto/sign.h"
#include "crypto/token_kernel.h"
#include "linkage/store/specification_store.h"
#include "transport/peer_identity.h"
#include "transport/peers.h"

namespace tally::linkage {
namespace {

constexpr int64_t kDefaultMemory = int64_t{2} << 30;
constexpr int64_t kLeastMemory = int64_t{512} << 20;
constexpr int64_t kMaxPemBytes = 1 << 20;
constexpr int64_t kMaxPeersBytes = 4 << 20;

void ReadIdentity(ConfigReader& reader, HubConfig& config) {
  const std::string environment =
      reader.Choice("environment", {"example", "test", "production"});
  const absl::StatusOr<crypto::Environment> parsed =
      crypto::ParseEnvironment(environment);
  if (parsed.ok()) config.environment = *parsed;
  config.hub_id = reader.String("hub.id");
  if (!IsResourceId(config.hub_id)) {
    reader.Fail("hub.id",
                "must be a small letter, then up to 62 small letters, digits "
                "and hyphens");
  }
  config.domain = reader.String("hub.domain", "");
  if (!config.domain.empty() && !IsResourceId(config.domain)) {
    reader.Fail("hub.domain", "must be a name like hub.id");
  }
  config.contact = reader.String("hub.contact", "the operator of the hub");
}

void ReadPlaces(ConfigReader& reader, HubConfig& config) {
  config.data_directory = reader.Path("hub.data_directory");
  config.temp_directory = reader.Path("hub.temp_directory");
  config.datasets_directory = reader.Path("datasets.directory");
  config.catalogue_url = reader.String("catalogue.url", "sqlite");
  if (config.catalogue_url != "sqlite" &&
      config.catalogue_url.rfind("postgresql://", 0) != 0) {
    reader.Fail("catalogue.url", "must be \"sqlite\" or begin postgresql://");
  }
  config.catalogue_password =
      reader.OptionalSecretReference("catalogue.password");
  config.listen_grpc = reader.String("listen.grpc");
  config.listen_metrics = reader.String("listen.metrics", "");
}

void ReadTrust(ConfigReader& reader, HubConfig& config) {
  config.tls_certificate = reader.Path("tls.certificate");
  config.tls_key = reader.SecretReference("tls.key");
  config.tls_ca = reader.Path("tls.ca");
  config.trust_domain = reader.String("tls.trust_domain");
  if (!transport::IsTrustDomain(config.trust_domain)) {
    reader.Fail("tls.trust_domain",
                "must be lower-case names joined by dots, as example.nhs.uk");
  }
  config.peers_file = reader.Path("tls.peers");
  config.keys_directory = reader.Path("keys.directory");
  config.keys_passphrase = reader.OptionalSecretReference("keys.passphrase");
  config.registry_file = reader.Path("registry.file");
  const std::string key = reader.String("registry.key");
  const absl::StatusOr<crypto::PublicKey> decoded =
      crypto::DecodePublicKey(key);
  if (decoded.ok()) {
    config.registry_key = *decoded;
  } else {
    reader.Fail("registry.key",
                "must be the custodian's signing key: 43 characters of "
                "URL-safe Base64");
  }
}

void ReadLimits(ConfigReader& reader, HubConfig& config) {
  config.memory_bytes = reader.Size("limits.memory", kDefaultMemory);
  if (config.memory_bytes < kLeastMemory) {
    reader.Fail("limits.memory", "must be at least 512MiB");
  }
  const int64_t threads =
      reader.Int("limits.threads", WorkerPool::DefaultThreads());
  if (threads < 1 || threads > 256) {
    reader.Fail("limits.threads", "must be from 1 to 256");
  }
  config.threads = static_cast<int>(threads);
  config.min_free_disk = reader.Share("limits.min_free_disk", 0.05);
  config.kernel = reader.Choice(
      "limits.kernel", {"auto", "portable", "avx2", "avx512ifma"}, "auto");
  config.log_level =
      reader.Choice("log.level", {"debug", "info", "warning", "error"}, "info");
}

class Faults {
 public:
  void Check(std::string_view what, const absl::Status& status) {
    if (status.ok()) return;
    lines_.push_back(
        absl::StrFormat("%s: %s", what, std::string(status.message())));
  }
  void Add(std::string_view what, std::string_view fault) {
    lines_.push_back(absl::StrFormat("%s: %s", what, fault));
  }
  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

// A directory that is there, or whose parent is, and may be written.
void CheckDirectory(std::string_view key, const std::string& path,
                    Faults& faults) {
  std::filesystem::path place(path);
  std::error_code error;
  if (!std::filesystem::exists(place, error)) place = place.parent_path();
  if (!std::filesystem::is_directory(place, error)) {
    faults.Add(key, "is no directory, nor can it be made");
  } else if (access(place.c_str(), W_OK | X_OK) != 0) {
    faults.Add(key, "may not be written by this user");
  }
}

}  // namespace

std::string HubConfig::OwnUri() const {
  return absl::StrFormat("spiffe://%s/hub/%s", trust_domain, hub_id);
}

absl::StatusOr<LoadedHubConfig> LoadHubConfig(const std::string& path,
                                              const std::string& listen_flag) {
  TALLY_ASSIGN_OR_RETURN(ConfigReader reader,
                         ConfigReader::FromFile(path, "TALLY_HUB"));
  if (!listen_flag.empty()) {
    reader.Override("listen.grpc", listen_flag, "--listen");
  }
  LoadedHubConfig loaded;
  ReadIdentity(reader, loaded.config);
  ReadPlaces(reader, loaded.config);
  ReadTrust(reader, loaded.config);
  ReadLimits(reader, loaded.config);
  TALLY_RETURN_IF_ERROR(reader.Finish());
  // The engine and renames need whole paths, wherever the hub is started.
  for (std::string* place :
       {&loaded.config.data_directory, &loaded.config.temp_directory,
        &loaded.config.keys_directory}) {
    std::error_code error;
    *place =
        std::filesystem::absolute(*place, error).lexically_normal().string();
    if (error) return UsageError("a path of the configuration is no path");
  }
  loaded.effective = reader.effective();
  return loaded;
}

std::vector<std::string> CheckHubConfig(const HubConfig& config) {
  Faults faults;
  CheckDirectory("hub.data_directory", config.data_directory, faults);
  CheckDirectory("hub.temp_directory", config.temp_directory, faults);
  faults.Check("datasets.directory",
               SpecificationStore::Load(config.datasets_directory).status());
  faults.Check("tls.certificate",
               ReadFile(config.tls_certificate, kMaxPemBytes).status());
  faults.Check("tls.ca", ReadFile(config.tls_ca, kMaxPemBytes).status());
  faults.Check("tls.key", CheckSecretReference(config.tls_key));
  const absl::StatusOr<std::string> peers =
      ReadFile(config.peers_file, kMaxPeersBytes);
  faults.Check("tls.peers",
               peers.ok() ? transport::PeerList::Parse(
                                *peers, config.peers_file, config.trust_domain)
                                .status()
                          : peers.status());
  if (!config.keys_passphrase.empty()) {
    faults.Check("keys.passphrase",
                 CheckSecretReference(config.keys_passphrase));
  }
  if (!config.catalogue_password.empty()) {
    faults.Check("catalogue.password",
                 CheckSecretReference(config.catalogue_password));
  }
  faults.Check(
      "keys.directory",
      ReadFile(config.keys_directory + "/ring.key", kMaxPemBytes).status());
  faults.Check("registry", crypto::Registry::LoadFiles(config.registry_file,
                                                       config.registry_key,
                                                       config.environment)
                               .status());
  faults.Check("limits.kernel", crypto::SelectKernel(config.kernel).status());
  return faults.Take();
}

}  // namespace tally::linkage
