// The program as people use it: words in, files and exit codes out.

#include "custodian/commands.h"

#include <unistd.h>

#include "base/bytes.h"
#include "custodian_fixture.h"

namespace tally::custodian {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CommandsTest : public CustodianTest {
 protected:
  CommandsTest() {
    WriteConfig("test");
    WriteFile(dir_.Path("gp-one.enrol"), source_.Enrolment());
    WriteFile(dir_.Path("hub-a.enrol"), hub_.Enrolment());
  }

  void WriteConfig(std::string_view environment) {
    WriteFile(dir_.Path("custodian.toml"),
              "environment = \"" + std::string(environment) +
                  "\"\ncustodian = { directory = \"ceremony\", registry = "
                  "\"registry.json\", passphrase = \"file:" +
                  dir_.Path("passphrase") + "\" }\n");
  }

  // Runs `custodian WORDS --config ...`; keeps what it printed.
  int Run(std::vector<std::string> words) {
    CommandLine line(CustodianProgram());
    AddCommands(line);
    words.push_back("--config");
    words.push_back(dir_.Path("custodian.toml"));
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = line.Run(words);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }

  // Hub key to signed registry, as an operator would type it.
  void Enrol() {
    ASSERT_EQ(Run({"hub-key", "create"}), kExitDone) << err_;
    ASSERT_EQ(Run({"registry", "add", dir_.Path("hub-a.enrol"), "--yes"}),
              kExitDone)
        << err_;
    ASSERT_EQ(Run({"registry", "add", dir_.Path("gp-one.enrol"),
                   "--person-limit", "120000", "--yes"}),
              kExitDone)
        << err_;
    ASSERT_EQ(Run({"registry", "sign"}), kExitDone) << err_;
  }
  crypto::PublicKey RegistryKey() {
    return CeremonyRoom::Open(configuration_)->sign_key().public_key();
  }

  std::string out_;
  std::string err_;
};

TEST_F(CommandsTest, CommandsAreThoseOfTheManualAndNoOthers) {
  CommandLine line(CustodianProgram());
  AddCommands(line);
  std::vector<std::string> own;
  for (const std::string& name : line.CommandNames()) {
    if (name != "version" && !name.starts_with("completion")) {
      own.push_back(name);
    }
  }
  EXPECT_THAT(own, ElementsAre("doctor", "factor answer", "hub-key create",
                               "registry add", "registry list", "registry sign",
                               "registry verify", "transcript show"));
}

TEST_F(CommandsTest, WholeCeremonyWorksByWords) {
  Enrol();
  ASSERT_OK_AND_ASSIGN(
      const crypto::Registry registry,
      crypto::Registry::LoadFiles(configuration_.registry, RegistryKey(),
                                  configuration_.environment));
  EXPECT_EQ(
      registry.FindParty("gp-one", crypto::PartyRole::kSource)->person_limit,
      120000);
  const crypto::FactorRequest request = WriteRequest(registry);
  ASSERT_EQ(Run({"factor", "answer", dir_.Path("request.step1"), "--out",
                 dir_.path()}),
            kExitDone)
      << err_;
  const std::string answer =
      Slurp(dir_.Path("factor-commissioning-gp-one-e1-h1-s1.step3"));
  EXPECT_OK(crypto::CombineFactor(
      registry, request.for_hub, AsBytes(answer), hub_.box,
      crypto::CeremonyLog::Open(dir_.Path("hub.log")).value()));
  EXPECT_EQ(Run({"factor", "answer", dir_.Path("request.step1"), "--out",
                 dir_.path()}),
            kExitConflict);
  ASSERT_EQ(Run({"transcript", "show", "--format", "csv"}), kExitDone);
  EXPECT_THAT(out_,
              AllOf(HasSubstr("hub-key.create"), HasSubstr("registry.add"),
                    HasSubstr("registry.sign"), HasSubstr("factor.answer")));
}

TEST_F(CommandsTest, HubKeyCreateTwiceKeepsTheKey) {
  ASSERT_EQ(Run({"hub-key", "create", "--json"}), kExitDone) << err_;
  const JsonValue first = ParseJson(out_, 4).value();
  ASSERT_EQ(Run({"hub-key", "create", "--json"}), kExitDone) << err_;
  const JsonValue second = ParseJson(out_, 4).value();
  EXPECT_EQ(*first.GetString("key_id"), *second.GetString("key_id"));
  EXPECT_TRUE(*first.GetBool("created"));
  EXPECT_FALSE(*second.GetBool("created"));
  EXPECT_EQ(Run({"hub-key", "create", "--epoch", "2"}), kExitConflict);
  EXPECT_EQ(Run({"hub-key", "create", "--epoch", "0"}), kExitUsage);
  EXPECT_EQ(Run({"hub-key", "create", "--domain", "No"}), kExitUsage);
}

TEST_F(CommandsTest, NamedFilesThatAreNotThereAreExitFour) {
  Enrol();
  EXPECT_EQ(Run({"registry", "add", dir_.Path("nowhere.enrol"), "--yes"}),
            kExitNotFound);
  EXPECT_THAT(err_, HasSubstr("no such file"));
  EXPECT_EQ(Run({"factor", "answer", dir_.Path("nowhere.step1")}),
            kExitNotFound);
  EXPECT_THAT(err_, HasSubstr("no such file"));
}

TEST_F(CommandsTest, DryRunsLeaveNoTrace) {
  ASSERT_EQ(Run({"hub-key", "create", "--dry-run"}), kExitDone) << err_;
  EXPECT_FALSE(FileExists(configuration_.directory));
  Enrol();
  const SourceParty two("gp-two");
  WriteFile(dir_.Path("gp-two.enrol"), two.Enrolment());
  ASSERT_EQ(Run({"registry", "add", dir_.Path("gp-two.enrol"), "--person-limit",
                 "5", "--dry-run"}),
            kExitDone)
      << err_;
  EXPECT_FALSE(FileExists(dir_.Path("registry.draft.json")));
}

TEST_F(CommandsTest, EnrolmentPrintsFingerprintsAndAsks) {
  ASSERT_EQ(Run({"hub-key", "create"}), kExitDone) << err_;
  // No terminal and no --yes: nothing is added.
  EXPECT_EQ(Run({"registry", "add", dir_.Path("gp-one.enrol"), "--person-limit",
                 "5"}),
            kExitUsage);
  EXPECT_THAT(out_, HasSubstr(crypto::Fingerprint(source_.sign.public_key())));
  ASSERT_EQ(Run({"registry", "list", "--format", "csv"}), kExitDone);
  EXPECT_THAT(out_, Not(HasSubstr("gp-one")));
}

TEST_F(CommandsTest, SourceWithoutPersonLimitIsAUsageError) {
  ASSERT_EQ(Run({"hub-key", "create"}), kExitDone) << err_;
  EXPECT_EQ(Run({"registry", "add", dir_.Path("gp-one.enrol"), "--yes"}),
            kExitUsage);
}

TEST_F(CommandsTest, TamperedEnrolmentIsInvalidInput) {
  ASSERT_EQ(Run({"hub-key", "create"}), kExitDone) << err_;
  std::string text = source_.Enrolment();
  text.replace(text.find("gp-one"), 6, "gp-two");
  WriteFile(dir_.Path("bad.enrol"), text);
  EXPECT_EQ(Run({"registry", "add", dir_.Path("bad.enrol"), "--person-limit",
                 "5", "--yes"}),
            kExitInvalidInput);
  WriteFile(dir_.Path("bad.enrol"), "rubbish");
  EXPECT_EQ(Run({"registry", "add", dir_.Path("bad.enrol"), "--person-limit",
                 "5", "--yes"}),
            kExitInvalidInput);
}

TEST_F(CommandsTest, RegistryVerifyFindsAChange) {
  Enrol();
  EXPECT_EQ(Run({"registry", "verify"}), kExitDone) << err_;
  const std::string key = crypto::EncodePublicKey(RegistryKey());
  EXPECT_EQ(Run({"registry", "verify", configuration_.registry, "--key", key}),
            kExitDone)
      << err_;
  EXPECT_EQ(Run({"registry", "verify", configuration_.registry, "--key",
                 crypto::EncodePublicKey(source_.sign.public_key())}),
            kExitIntegrity);
  std::string text = Slurp(configuration_.registry);
  text[text.size() / 2] ^= 1;
  WriteFile(configuration_.registry, text);
  EXPECT_EQ(Run({"registry", "verify"}), kExitIntegrity);
}

TEST_F(CommandsTest, ListShowsSignedAndDraft) {
  Enrol();
  const SourceParty two("gp-two");
  WriteFile(dir_.Path("gp-two.enrol"), two.Enrolment());
  ASSERT_EQ(Run({"registry", "add", dir_.Path("gp-two.enrol"), "--person-limit",
                 "5", "--yes"}),
            kExitDone);
  ASSERT_EQ(Run({"registry", "list", "--format", "jsonl"}), kExitDone);
  EXPECT_THAT(out_, AllOf(HasSubstr("\"signed\""), HasSubstr("\"draft\""),
                          HasSubstr("gp-two")));
}

TEST_F(CommandsTest, FactorNeedsASignedRegistry) {
  ASSERT_EQ(Run({"hub-key", "create"}), kExitDone) << err_;
  WriteFile(dir_.Path("request.step1"), "x");
  EXPECT_EQ(Run({"factor", "answer", dir_.Path("request.step1")}), kExitKey);
}

TEST_F(CommandsTest, AnotherEnvironmentIsExitTen) {
  Enrol();
  WriteConfig("example");
  EXPECT_EQ(Run({"registry", "list"}), kExitKey);
  EXPECT_THAT(err_, HasSubstr("EXAMPLE ENVIRONMENT"));
}

TEST_F(CommandsTest, DoctorReportsAndFails) {
  EXPECT_EQ(Run({"doctor", "--format", "csv"}), kExitFailure);
  Enrol();
  EXPECT_EQ(Run({"doctor", "--format", "csv"}), kExitDone) << out_;
}

TEST_F(CommandsTest, MissingOrBadConfigurationIsAUsageError) {
  WriteFile(dir_.Path("custodian.toml"), "environment = \"test\"\n");
  EXPECT_EQ(Run({"registry", "list"}), kExitUsage);
  WriteConfig("testing");
  EXPECT_EQ(Run({"registry", "list"}), kExitUsage);
}

// Neither screen nor files in clear hold a secret: the passphrase, for one.
TEST_F(CommandsTest, NothingPrintsThePassphrase) {
  Enrol();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"doctor"},
        {"registry", "list"},
        {"transcript", "show"}}) {
    Run(words);
    EXPECT_THAT(out_ + err_, Not(HasSubstr("correct horse")));
  }
}

}  // namespace
}  // namespace tally::custodian
