#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "base/exit_code.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kHub[] = R"(environment = "test"
hub = { id = "hub-a", data_directory = "data" }
[limits]
memory = "8GiB"
threads = 8
min_free_disk = 0.05
[keys]
passphrase = "credential:hub-passphrase"
[datasets.gp-event]
specification = "gp-event.toml"
max_unlinked = 0.15
)";

ConfigReader Reader(const std::string& text,
                    ConfigReader::Environment environment = {}) {
  return ConfigReader(ParseToml(text, "/etc/tally/hub.toml").value(),
                      "TALLY_HUB", std::move(environment));
}

void ReadEveryKey(ConfigReader& c) {
  c.Choice("environment", {"example", "test", "production"});
  c.String("hub.id");
  c.Path("hub.data_directory");
  c.Size("limits.memory");
  c.Int("limits.threads", 0);
  c.Share("limits.min_free_disk", 0.1);
  c.SecretReference("keys.passphrase");
  for (const std::string& id : c.Keys("datasets")) {
    c.String("datasets." + id + ".specification");
    c.Double("datasets." + id + ".max_unlinked", 0.1);
  }
}

TEST(Config, ReadsEachKindOfValue) {
  ConfigReader c = Reader(kHub);
  EXPECT_EQ(c.String("hub.id"), "hub-a");
  EXPECT_EQ(c.Path("hub.data_directory"), "/etc/tally/data");
  EXPECT_EQ(c.Size("limits.memory"), int64_t{8} << 30);
  EXPECT_EQ(c.Int("limits.threads"), 8);
  EXPECT_EQ(c.Double("limits.min_free_disk"), 0.05);
  EXPECT_EQ(c.Share("limits.min_free_disk", 0), 0.05);
  EXPECT_EQ(c.SecretReference("keys.passphrase"), "credential:hub-passphrase");
  EXPECT_THAT(c.Keys("datasets"), ElementsAre("gp-event"));
  EXPECT_EQ(c.Bool("log.json", true), true);
  EXPECT_EQ(c.DurationMs("log.every", 30000), 30000);
  EXPECT_TRUE(c.Has("hub.id"));
  EXPECT_FALSE(c.Has("hub.none"));
}

TEST(Config, IsFineWhenEveryKeyWasAskedFor) {
  ConfigReader c = Reader(kHub);
  ReadEveryKey(c);
  EXPECT_OK(c.Finish());
}

TEST(Config, RefusesUnknownKeysNamingTheNearest) {
  const struct {
    const char* more;
    const char* message;
  } cases[] = {
      {"[limts]\nx=1\n",
       "/etc/tally/hub.toml:12: unknown key `limts`; did you mean `limits`?"},
      {"[datasets.sus-apc]\nspecifcation='x'\nspecification='y'\n",
       "unknown key `datasets.sus-apc.specifcation`; did you mean "
       "`datasets.sus-apc.specification`?"},
      {"[nothing-like-it]\n", "unknown key `nothing-like-it`"},
  };
  for (const auto& c : cases) {
    ConfigReader reader = Reader(std::string(kHub) + c.more);
    ReadEveryKey(reader);
    const absl::Status status = reader.Finish();
    EXPECT_THAT(status, ExitCodeIs(kExitUsage));
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

TEST(Config, NamesTheFirstErrorWithFileAndLine) {
  ConfigReader c = Reader("hub = { id = 3 }\nlimits = { memory = 'much' }\n");
  c.String("hub.id");
  c.Size("limits.memory");
  EXPECT_THAT(c.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "/etc/tally/hub.toml:1: `hub.id` is an integer, not a "
                       "text"));
}

TEST(Config, NamesAMissingKey) {
  ConfigReader c = Reader("");
  EXPECT_EQ(c.String("hub.id"), "");
  EXPECT_THAT(c.Finish(), StatusIs(absl::StatusCode::kInvalidArgument,
                                   "/etc/tally/hub.toml: `hub.id` is missing"));
}

TEST(Config, ChecksRangesAndChoices) {
  ConfigReader share = Reader("a = 1.5\n");
  share.Share("a", 0);
  EXPECT_THAT(share.Finish(), StatusIs(absl::StatusCode::kInvalidArgument,
                                       HasSubstr("between 0 and 1")));
  ConfigReader choice = Reader("a = 'prod'\n");
  choice.Choice("a", {"example", "test", "production"});
  EXPECT_THAT(choice.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("one of example, test, production")));
  ConfigReader size = Reader("a = -5\n");
  size.Size("a");
  EXPECT_FALSE(size.Finish().ok());
}

TEST(Config, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string text = "[limits]\nthreads = 1\n";
  ConfigReader file = Reader(text);
  EXPECT_EQ(file.Int("limits.threads", 9), 1);
  ConfigReader env = Reader(text, {{"TALLY_HUB_LIMITS_THREADS", "2"}});
  EXPECT_EQ(env.Int("limits.threads", 9), 2);
  EXPECT_OK(env.Finish());
  ConfigReader flag = Reader(text, {{"TALLY_HUB_LIMITS_THREADS", "2"}});
  flag.Override("limits.threads", "3", "--threads");
  EXPECT_EQ(flag.Int("limits.threads", 9), 3);
  EXPECT_OK(flag.Finish());
  ConfigReader none = Reader("");
  EXPECT_EQ(none.Int("limits.threads", 9), 9);
}

TEST(Config, ReadsEveryKindFromTheEnvironment) {
  ConfigReader c = Reader("", {{"TALLY_HUB_A_TEXT", "x=y"},
                               {"TALLY_HUB_A_SIZE", "2MiB"},
                               {"TALLY_HUB_A_TIME", "3s"},
                               {"TALLY_HUB_A_FLAG", "false"},
                               {"TALLY_HUB_A_SHARE", "0.5"},
                               {"TALLY_HUB_A_DATE", "2026-01-02"},
                               {"TALLY_HUB_A_LIST", "p,q"},
                               {"PATH", "/bin"}});
  EXPECT_EQ(c.String("a.text"), "x=y");
  EXPECT_EQ(c.Size("a.size"), 2 << 20);
  EXPECT_EQ(c.DurationMs("a.time"), 3000);
  EXPECT_EQ(c.Bool("a.flag"), false);
  EXPECT_EQ(c.Share("a.share", 0), 0.5);
  EXPECT_EQ(c.Date("a.date").ToIso(), "2026-01-02");
  EXPECT_THAT(c.Strings("a.list"), ElementsAre("p", "q"));
  EXPECT_OK(c.Finish());
}

TEST(Config, NamesTheVariableOfAWrongValue) {
  ConfigReader c = Reader("", {{"TALLY_HUB_A_B", "many"}});
  c.Int("a.b", 1);
  EXPECT_THAT(c.Finish(), StatusIs(absl::StatusCode::kInvalidArgument,
                                   StartsWith("environment TALLY_HUB_A_B: ")));
}

TEST(Config, RefusesVariablesThatSetNothing) {
  ConfigReader c = Reader("", {{"TALLY_HUB_LIMITS_THREDS", "2"}});
  c.Int("limits.threads", 1);
  EXPECT_THAT(c.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("did you mean TALLY_HUB_LIMITS_THREADS?")));
}

TEST(Config, TakesNoSecretFromTheEnvironment) {
  ConfigReader c = Reader(kHub, {{"TALLY_HUB_KEYS_PASSPHRASE", "file:/x"}});
  ReadEveryKey(c);
  EXPECT_FALSE(c.Finish().ok());
}

TEST(Config, RefusesASecretWrittenOutWithoutRepeatingIt) {
  ConfigReader c = Reader("[keys]\npassphrase = 'hunter2'\n");
  c.SecretReference("keys.passphrase");
  const absl::Status status = c.Finish();
  EXPECT_THAT(status, ExitCodeIs(kExitUsage));
  EXPECT_THAT(std::string(status.message()),
              testing::Not(HasSubstr("hunter2")));
}

TEST(Config, LeavesAnOptionalSecretEmpty) {
  ConfigReader c = Reader("catalogue = { password = '' }\n");
  EXPECT_EQ(c.OptionalSecretReference("catalogue.password"), "");
  EXPECT_EQ(c.OptionalSecretReference("keys.passphrase"), "");
  EXPECT_OK(c.Finish());
  ConfigReader required = Reader("");
  required.SecretReference("keys.passphrase");
  EXPECT_FALSE(required.Finish().ok());
}

TEST(Config, ShowsWhatIsInForceAndWhereFromButNoSecret) {
  ConfigReader c = Reader(kHub, {{"TALLY_HUB_LIMITS_THREADS", "4"}});
  c.Override("hub.id", "hub-b", "--hub");
  ReadEveryKey(c);
  ASSERT_OK(c.Finish());
  std::string all;
  for (const auto& e : c.effective()) {
    all += e.key + "=" + e.value + " <" + e.origin + ">\n";
  }
  EXPECT_THAT(all, HasSubstr("hub.id=\"hub-b\" <flag --hub>"));
  EXPECT_THAT(all, HasSubstr("limits.threads=4 <environment "
                             "TALLY_HUB_LIMITS_THREADS>"));
  EXPECT_THAT(all, HasSubstr("environment=\"test\" </etc/tally/hub.toml:1>"));
  EXPECT_THAT(all, HasSubstr("keys.passphrase=\"credential:...\""));
  EXPECT_THAT(all, testing::Not(HasSubstr("hub-passphrase")));
}

TEST(Config, LeavesWholeTablesAndArraysToTheCaller) {
  ConfigReader c = Reader(
      "peer = [{uri='a'},{uri='b'}]\n[lists]\nx='1'\n[lists.y]\nfile='2'\n");
  EXPECT_EQ(c.Array("peer").size(), 2u);
  ASSERT_TRUE(c.Table("lists").has_value());
  EXPECT_EQ(c.Table("lists")->Keys().size(), 2u);
  EXPECT_EQ(c.Any("none"), nullptr);
  EXPECT_FALSE(c.Table("none").has_value());
  EXPECT_OK(c.Finish());
  ConfigReader wrong = Reader("peer = 1\n");
  wrong.Array("peer");
  EXPECT_FALSE(wrong.Finish().ok());
}

TEST(Config, RefusesATableWhereAValueBelongs) {
  ConfigReader c = Reader("[hub.id]\nx = 1\n");
  c.String("hub.id");
  EXPECT_FALSE(c.Finish().ok());
}

TEST(Config, ReportsTheCallersOwnChecksWithTheLine) {
  ConfigReader c = Reader("a = 1\nb = 2\n");
  c.Int("a");
  c.Int("b");
  c.Fail("b", "is the same as `a`");
  EXPECT_THAT(c.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "/etc/tally/hub.toml:2: `b` is the same as `a`"));
}

TEST(Config, ReadsAFileWithTheEnvironmentOfTheProcess) {
  TempDir dir;
  WriteFile(dir.Path("c.toml"), "a = 1\n");
  ASSERT_EQ(setenv("TALLY_CONFIGTEST_A", "5", 1), 0);
  ASSERT_OK_AND_ASSIGN(
      ConfigReader c,
      ConfigReader::FromFile(dir.Path("c.toml"), "TALLY_CONFIGTEST"));
  EXPECT_EQ(c.Int("a"), 5);
  EXPECT_OK(c.Finish());
  unsetenv("TALLY_CONFIGTEST_A");
  EXPECT_THAT(ConfigReader::FromFile(dir.Path("none.toml"), ""),
              ExitCodeIs(kExitUsage));
}

TEST(FindConfig, PrefersTheUsersFileWhereThereIsOne) {
  TempDir home;
  ASSERT_EQ(setenv("HOME", home.path().c_str(), 1), 0);
  EXPECT_THAT(FindConfigIfAny("", "none", true), IsOkAndHolds(""));
  ASSERT_OK(MakeDirectories(home.Path(".config/tally"), 0700));
  WriteFile(home.Path(".config/tally/none.toml"), "");
  EXPECT_THAT(FindConfig("", "none", true),
              IsOkAndHolds(home.Path(".config/tally/none.toml")));
  EXPECT_THAT(FindConfig("mine.toml", "none", true), IsOkAndHolds("mine.toml"));
  EXPECT_THAT(FindConfigIfAny("", "none", false), IsOkAndHolds(""));
}

TEST(FindConfig, NamesEveryPlaceWhereThereIsNone) {
  TempDir home;
  ASSERT_EQ(setenv("HOME", home.path().c_str(), 1), 0);
  const auto of_user = FindConfig("", "none", true);
  EXPECT_THAT(of_user, ExitCodeIs(kExitUsage));
  EXPECT_EQ(of_user.status().message(),
            "there is no configuration: name a file with --config, or write "
            "~/.config/tally/none.toml or /etc/tally/none.toml");
  EXPECT_EQ(
      FindConfig("", "none", false, "; init writes one").status().message(),
      "there is no configuration: name a file with --config, or write "
      "/etc/tally/none.toml; init writes one");
}

}  // namespace
}  // namespace tally
