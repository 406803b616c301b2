#include "analytics/config.h"

#include <algorithm>
#include <string_view>
#include <thread>

#include "analytics/disclosure/profile.h"
#include "analytics/release/signature.h"
#include "base/config.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

// "file:analyst.key" means a file beside the configuration.
std::string FromFolderOf(const std::string& config, std::string reference) {
  constexpr std::string_view kFile = "file:";
  if (!reference.starts_with(kFile)) return reference;
  return std::string(kFile) +
         JoinPath(DirectoryOf(config), reference.substr(kFile.size()));
}

}  // namespace

std::string AnalystConfig::DecisionLogPath() const {
  return JoinPath(work_directory, "disclosure/decisions.jsonl");
}

std::string AnalystConfig::RegistryPath() const {
  return JoinPath(work_directory, "disclosure/released.jsonl");
}

std::string AnalystConfig::TermsPath() const {
  return JoinPath(work_directory, "terms.json");
}

std::string AnalystConfig::SyntheticDirectory() const {
  return JoinPath(work_directory, "synthetic");
}

std::string AnalystConfig::ReleasePath(const std::string& project,
                                       const std::string& release) const {
  return JoinPath(JoinPath(work_directory, project), release);
}

absl::StatusOr<AnalystConfig> ReadAnalystConfig(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(ConfigReader reader,
                         ConfigReader::FromFile(path, "TALLY_COMMISSIONING"));
  AnalystConfig config;
  config.hub_address = reader.String("hub.address");
  config.trust_domain = reader.String("hub.trust_domain");
  config.release_key = reader.String("hub.release_key");
  config.tls_certificate = reader.Path("tls.certificate");
  config.tls_key = FromFolderOf(path, reader.SecretReference("tls.key"));
  config.tls_ca = reader.Path("tls.ca");
  config.work_directory = reader.Path("work.directory", "tally-work");
  config.memory_bytes = reader.Size("work.memory", int64_t{4} << 30);
  const int64_t cores =
      std::max<int64_t>(1, std::thread::hardware_concurrency());
  const int64_t threads = reader.Int("work.threads", cores);
  if (threads < 1 || threads > 256) {
    reader.Fail("work.threads", "is 1 to 256");
  }
  config.threads = static_cast<int>(threads);
  config.profile = reader.String("disclosure.profile", "");
  if (!config.profile.empty()) {
    const absl::Status known = Profile::Named(config.profile).status();
    if (!known.ok()) {
      reader.Fail("disclosure.profile",
                  "is wrong: " + std::string(ToStd(known.message())));
    }
  }
  config.comparators = reader.Path("reference.comparators", "");
  config.boundaries = reader.Path("reference.boundaries", "");
  config.definitions = reader.Path("reference.definitions", "");
  TALLY_RETURN_IF_ERROR(reader.Finish());
  TALLY_RETURN_IF_ERROR(CheckReleaseKey(config.release_key));
  return config;
}

}  // namespace tally::analytics
