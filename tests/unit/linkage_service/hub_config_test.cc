#include "linkage/service/hub_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// As the operator's manual shows it.
constexpr char kExample[] = R"toml(
environment = "production"
hub = { id = "hub-a", data_directory = "/var/lib/tally/hub", temp_directory = "/var/lib/tally/tmp" }
datasets = { directory = "/etc/tally/datasets" }
catalogue = { url = "sqlite", password = "" }
listen = { grpc = "0.0.0.0:7443", metrics = "127.0.0.1:9464" }
tls = { certificate = "/etc/tally/tls/hub.pem", key = "credential:tls-key", ca = "/etc/tally/tls/ca.pem", trust_domain = "example.nhs.uk", peers = "/etc/tally/peers.toml" }
keys = { directory = "/etc/tally/keys", passphrase = "credential:hub-passphrase" }
registry = { file = "/etc/tally/registry.json", key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }
limits = { memory = "8GiB", threads = 8, min_free_disk = 0.05, kernel = "auto" }
log = { level = "info" }
)toml";

class HubConfigFile : public ::testing::Test {
 protected:
  absl::StatusOr<LoadedHubConfig> Load(std::string_view text) {
    WriteFile(dir_.Path("hub.toml"), text);
    return LoadHubConfig(dir_.Path("hub.toml"));
  }
  absl::StatusOr<LoadedHubConfig> LoadWith(const std::string& from,
                                           const std::string& to) {
    return Load(absl::StrReplaceAll(kExample, {{from, to}}));
  }
  TempDir dir_;
};

TEST_F(HubConfigFile, ReadsTheManualsExample) {
  const absl::StatusOr<LoadedHubConfig> loaded = Load(kExample);
  ASSERT_THAT(loaded, IsOk());
  const HubConfig& config = loaded->config;
  EXPECT_EQ(config.environment, crypto::Environment::kProduction);
  EXPECT_EQ(config.hub_id, "hub-a");
  EXPECT_EQ(config.data_directory, "/var/lib/tally/hub");
  EXPECT_EQ(config.listen_grpc, "0.0.0.0:7443");
  EXPECT_EQ(config.memory_bytes, int64_t{8} << 30);
  EXPECT_EQ(config.threads, 8);
  EXPECT_EQ(config.OwnUri(), "spiffe://example.nhs.uk/hub/hub-a");
}

TEST_F(HubConfigFile, TakesRelativePathsFromItsOwnFolder) {
  const absl::StatusOr<LoadedHubConfig> loaded =
      LoadWith("/var/lib/tally/hub", "data");
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->config.data_directory, dir_.Path("data"));
}

TEST_F(HubConfigFile, NamesTheNearestKnownKey) {
  const absl::StatusOr<LoadedHubConfig> loaded =
      LoadWith("min_free_disk", "min_fre_disk");
  EXPECT_THAT(loaded, ExitCodeIs(kExitUsage));
  EXPECT_THAT(std::string(loaded.status().message()),
              HasSubstr("min_free_disk"));
}

TEST_F(HubConfigFile, HasNoDefaultAddress) {
  EXPECT_THAT(LoadWith("grpc = \"0.0.0.0:7443\", ", ""),
              ExitCodeIs(kExitUsage));
}

TEST_F(HubConfigFile, RefusesWhatIsOutOfRange) {
  EXPECT_THAT(LoadWith("8GiB", "8MiB"), ExitCodeIs(kExitUsage));
  EXPECT_THAT(LoadWith("threads = 8", "threads = 0"), ExitCodeIs(kExitUsage));
  EXPECT_THAT(LoadWith("\"production\"", "\"live\""), ExitCodeIs(kExitUsage));
  EXPECT_THAT(LoadWith("\"hub-a\"", "\"Hub A\""), ExitCodeIs(kExitUsage));
  EXPECT_THAT(LoadWith("\"auto\"", "\"fast\""), ExitCodeIs(kExitUsage));
  EXPECT_THAT(LoadWith("credential:tls-key", "plain text"),
              ExitCodeIs(kExitUsage));
  EXPECT_THAT(LoadWith("AAAAAAA", "AAA"), ExitCodeIs(kExitUsage));
}

TEST_F(HubConfigFile, NeverShowsASecretsReferenceWhole) {
  const absl::StatusOr<LoadedHubConfig> loaded = Load(kExample);
  ASSERT_THAT(loaded, IsOk());
  for (const ConfigReader::Effective& entry : loaded->effective) {
    if (entry.key != "keys.passphrase") continue;
    EXPECT_TRUE(entry.secret);
    EXPECT_THAT(entry.value, Not(HasSubstr("hub-passphrase")));
  }
}

TEST_F(HubConfigFile, ChecksEverythingThatNeedsNoKey) {
  const absl::StatusOr<LoadedHubConfig> loaded =
      LoadWith("/etc/tally/", dir_.path() + "/absent/");
  ASSERT_THAT(loaded, IsOk());
  const std::vector<std::string> faults = CheckHubConfig(loaded->config);
  EXPECT_THAT(faults, Contains(HasSubstr("tls.certificate")));
  EXPECT_THAT(faults, Contains(HasSubstr("tls.peers")));
  EXPECT_THAT(faults, Contains(HasSubstr("registry")));
  EXPECT_THAT(faults, Contains(HasSubstr("keys.directory")));
}

}  // namespace
}  // namespace tally::linkage
