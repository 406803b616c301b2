#include "crypto/key_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "crypto/source_key_file.h"
#include "crypto_fixture.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

class KeyDirectoryTest : public testing::Test {
 protected:
  RingSecret Passphrase(std::string_view text = "correct horse") {
    return RingSecret::Passphrase(text).value();
  }
  KeyDirectory Make(std::string_view name,
                    Environment environment = Environment::kTest) {
    return KeyDirectory::Create(dir_.Path(name), environment, "gp-one",
                                KeyHolder::kParty, Passphrase())
        .value();
  }
  absl::StatusOr<KeyDirectory> Reopen(
      std::string_view name, const RingSecret& secret,
      Environment environment = Environment::kTest) {
    return KeyDirectory::Open(dir_.Path(name), environment, KeyHolder::kParty,
                              secret);
  }
  SourceKey NewSourceKey(Environment environment = Environment::kTest) {
    return SourceKey::Generate({.environment = environment,
                                .role = KeyRole::kSource,
                                .party = "gp-one",
                                .domain = "commissioning",
                                .epoch = 1})
        .value();
  }
  ConversionFactor NewFactor(uint32_t source_epoch = 1) {
    return ConversionFactor::Create({.environment = Environment::kTest,
                                     .domain = "commissioning",
                                     .source = "gp-one",
                                     .source_epoch = source_epoch,
                                     .hub_epoch = 1},
                                    *Scalar::Random())
        .value();
  }
  TempDir dir_;
};

TEST_F(KeyDirectoryTest, EveryKindComesBackAfterReopening) {
  const SourceKey source = NewSourceKey();
  const ConversionFactor factor = NewFactor();
  const ProjectKey project =
      ProjectKey::Generate(Environment::kTest, "commissioning", "p").value();
  const StorageKey storage =
      StorageKey::Generate(Environment::kTest, "gp-one").value();
  const SigningKey sign =
      SigningKey::Generate(Environment::kTest, "gp-one", SignPurpose::kSign)
          .value();
  const SigningKey audit =
      SigningKey::Generate(Environment::kTest, "gp-one", SignPurpose::kAudit)
          .value();
  const BoxKey box = BoxKey::Generate(Environment::kTest, "gp-one").value();
  {
    KeyDirectory keys = Make("keys");
    ASSERT_OK(StoreKey(keys, source));
    ASSERT_OK(StoreKey(keys, factor));
    ASSERT_OK(StoreKey(keys, project));
    ASSERT_OK(StoreKey(keys, storage));
    ASSERT_OK(StoreKey(keys, sign));
    ASSERT_OK(StoreKey(keys, audit));
    ASSERT_OK(StoreKey(keys, box));
  }
  ASSERT_OK_AND_ASSIGN(const KeyDirectory keys, Reopen("keys", Passphrase()));
  EXPECT_EQ(keys.owner(), "gp-one");
  ASSERT_OK_AND_ASSIGN(const auto headers, keys.List());
  EXPECT_EQ(headers.size(), 8u);
  EXPECT_TRUE(LoadSourceKey(keys, "gp-one", "commissioning", 1)
                  ->seed()
                  .EqualTo(source.seed()));
  EXPECT_TRUE(
      LoadFactor(keys, factor.info())->scalar().EqualTo(factor.scalar()));
  EXPECT_EQ(LoadAllFactors(keys)->size(), 1u);
  EXPECT_EQ(LoadProjectKey(keys, "commissioning", "p")->key_id(),
            project.key_id());
  EXPECT_EQ(LoadAllProjectKeys(keys)->size(), 1u);
  EXPECT_EQ(LoadStorageKeys(keys)->at(0).key_id(), storage.key_id());
  EXPECT_EQ(LoadSigningKey(keys, "gp-one", SignPurpose::kSign)->public_key(),
            sign.public_key());
  EXPECT_EQ(LoadSigningKey(keys, "gp-one", SignPurpose::kAudit)->public_key(),
            audit.public_key());
  EXPECT_EQ(LoadBoxKey(keys, "gp-one")->public_key(), box.public_key());
}

TEST_F(KeyDirectoryTest, NoFileHoldsASecretInClear) {
  const SourceKey source = NewSourceKey();
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, source));
  const std::vector<uint8_t> seed = Bytes(SecretHex(source.seed()));
  const std::string raw(seed.begin(), seed.end());
  const std::string text =
      Slurp(dir_.Path("keys/source.commissioning.gp-one.1.key"));
  EXPECT_EQ(text.find(raw), std::string::npos);
  EXPECT_EQ(text.find(Hex(seed)), std::string::npos);
}

TEST_F(KeyDirectoryTest, WrongPassphraseIsExitTen) {
  Make("keys");
  EXPECT_THAT(Reopen("keys", Passphrase("wrong")), ExitCodeIs(kExitKey));
  EXPECT_THAT(Reopen("keys", Passphrase("")), ExitCodeIs(kExitKey));
}

TEST_F(KeyDirectoryTest, MissingDirectoryOrRingIsExitTen) {
  EXPECT_THAT(Reopen("nowhere", Passphrase()), ExitCodeIs(kExitKey));
}

TEST_F(KeyDirectoryTest, RingIsNeverOverwritten) {
  Make("keys");
  EXPECT_THAT(KeyDirectory::Create(dir_.Path("keys"), Environment::kTest,
                                   "gp-one", KeyHolder::kParty, Passphrase()),
              ExitCodeIs(kExitConflict));
}

TEST_F(KeyDirectoryTest, KeysAreNeverOverwritten) {
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, NewSourceKey()));
  EXPECT_THAT(StoreKey(keys, NewSourceKey()), ExitCodeIs(kExitConflict));
}

TEST_F(KeyDirectoryTest, FileOfAnotherRingIsRefused) {
  KeyDirectory one = Make("one");
  KeyDirectory two = Make("two");
  ASSERT_OK(StoreKey(one, NewSourceKey()));
  WriteFile(dir_.Path("two/source.commissioning.gp-one.1.key"),
            Slurp(dir_.Path("one/source.commissioning.gp-one.1.key")));
  EXPECT_THAT(LoadSourceKey(two, "gp-one", "commissioning", 1),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("another ring")));
}

TEST_F(KeyDirectoryTest, RenamedFileIsRefused) {
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, NewSourceKey()));
  WriteFile(dir_.Path("keys/source.commissioning.gp-one.2.key"),
            Slurp(dir_.Path("keys/source.commissioning.gp-one.1.key")));
  EXPECT_THAT(LoadSourceKey(keys, "gp-one", "commissioning", 2),
              ExitCodeIs(kExitKey));
  EXPECT_THAT(keys.List(), ExitCodeIs(kExitKey));
}

// Any one character of the line changed: never another key, always an error.
TEST_F(KeyDirectoryTest, EveryChangedCharacterIsFound) {
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, NewFactor()));
  const std::string path =
      dir_.Path("keys/factor.commissioning.gp-one.1.1.1.key");
  const std::string good = Slurp(path);
  const FactorInfo info = NewFactor().info();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == '1' ? '2' : '1';
    WriteFile(path, changed);
    EXPECT_THAT(LoadFactor(keys, info), ExitCodeIs(kExitKey)) << i;
  }
  WriteFile(path, good);
  EXPECT_OK(LoadFactor(keys, info));
}

TEST_F(KeyDirectoryTest, EveryCutIsFound) {
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, NewFactor()));
  const std::string path =
      dir_.Path("keys/factor.commissioning.gp-one.1.1.1.key");
  const std::string good = Slurp(path);
  for (size_t i = 0; i < good.size(); ++i) {
    WriteFile(path, good.substr(0, i));
    EXPECT_THAT(LoadFactor(keys, NewFactor().info()), ExitCodeIs(kExitKey));
  }
}

TEST_F(KeyDirectoryTest, UnsafeFilesAreRefused) {
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, NewSourceKey()));
  const std::string path = dir_.Path("keys/source.commissioning.gp-one.1.key");
  const auto load = [&] {
    return LoadSourceKey(keys, "gp-one", "commissioning", 1).status();
  };
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_THAT(load(), ExitCodeIs(kExitKey));
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_OK(load());
  ASSERT_EQ(chmod(dir_.Path("keys").c_str(), 0777), 0);
  EXPECT_THAT(load(), ExitCodeIs(kExitKey));
  ASSERT_EQ(chmod(dir_.Path("keys").c_str(), 0700), 0);
  const std::string moved = dir_.Path("keys/moved");
  ASSERT_EQ(rename(path.c_str(), moved.c_str()), 0);
  ASSERT_EQ(symlink(moved.c_str(), path.c_str()), 0);
  EXPECT_THAT(load(), ExitCodeIs(kExitKey));
  ASSERT_EQ(unlink(path.c_str()), 0);
  WriteFile(path, "");
  EXPECT_THAT(load(), ExitCodeIs(kExitKey));
}

TEST_F(KeyDirectoryTest, AnotherEnvironmentIsRefused) {
  Make("keys", Environment::kTest);
  EXPECT_THAT(Reopen("keys", Passphrase(), Environment::kExample),
              ExitCodeIs(kExitKey));
  KeyDirectory keys = Make("example", Environment::kExample);
  EXPECT_THAT(StoreKey(keys, NewSourceKey(Environment::kTest)),
              ExitCodeIs(kExitKey));
}

TEST_F(KeyDirectoryTest, NewPassphraseRewritesOneFileAndOpensAll) {
  const SourceKey source = NewSourceKey();
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, source));
  const std::string before =
      Slurp(dir_.Path("keys/source.commissioning.gp-one.1.key"));
  ASSERT_OK(keys.ChangeSecret(KeyHolder::kParty, Passphrase("new one")));
  EXPECT_EQ(Slurp(dir_.Path("keys/source.commissioning.gp-one.1.key")), before);
  EXPECT_THAT(Reopen("keys", Passphrase()), ExitCodeIs(kExitKey));
  ASSERT_OK_AND_ASSIGN(const KeyDirectory again,
                       Reopen("keys", Passphrase("new one")));
  EXPECT_EQ(LoadSourceKey(again, "gp-one", "commissioning", 1)->key_id(),
            source.key_id());
}

TEST_F(KeyDirectoryTest, KeyCommandOpensItsOwnRingsOnly) {
  const std::string raw(32, 'k');
  ASSERT_OK_AND_ASSIGN(const RingSecret command,
                       RingSecret::FromKeyCommand(raw));
  ASSERT_OK(KeyDirectory::Create(dir_.Path("keys"), Environment::kTest,
                                 "gp-one", KeyHolder::kParty, command));
  EXPECT_OK(Reopen("keys", command));
  EXPECT_THAT(Reopen("keys", Passphrase(raw)), ExitCodeIs(kExitKey));
  ASSERT_OK_AND_ASSIGN(const RingSecret other,
                       RingSecret::FromKeyCommand(std::string(32, 'x')));
  EXPECT_THAT(Reopen("keys", other), ExitCodeIs(kExitKey));
  EXPECT_THAT(RingSecret::FromKeyCommand("short"), ExitCodeIs(kExitKey));
  Make("with-passphrase");
  EXPECT_THAT(Reopen("with-passphrase", command), ExitCodeIs(kExitKey));
}

TEST_F(KeyDirectoryTest, DestroyRemovesOneKey) {
  KeyDirectory keys = Make("keys");
  ASSERT_OK(StoreKey(keys, NewFactor(1)));
  ASSERT_OK(StoreKey(keys, NewFactor(2)));
  const KeySelector first{.kind = KeyKind::kFactor,
                          .party = "hub",
                          .domain = "commissioning",
                          .epoch = 1,
                          .peer = "gp-one",
                          .peer_epoch = 1,
                          .stage = 1};
  EXPECT_OK(keys.Destroy(first));
  EXPECT_THAT(keys.Destroy(first), ExitCodeIs(kExitKey));
  EXPECT_EQ(LoadAllFactors(keys)->size(), 1u);
  EXPECT_THAT(keys.Destroy({}), Not(IsOk()));
}

TEST_F(KeyDirectoryTest, NewestStorageKeyComesFirst) {
  KeyDirectory keys = Make("keys");
  const StorageKey old_key =
      StorageKey::Generate(Environment::kTest, "gp-one").value();
  const StorageKey new_key =
      StorageKey::Generate(Environment::kTest, "gp-one").value();
  KeyHeader header;
  header.environment = Environment::kTest;
  header.kind = KeyKind::kStorage;
  header.party = "gp-one";
  header.created = "2026-01-01T00:00:00Z";
  ASSERT_OK(keys.Store(header, old_key.secret()));
  header.created = "2026-02-01T00:00:00Z";
  ASSERT_OK(keys.Store(header, new_key.secret()));
  ASSERT_OK_AND_ASSIGN(const auto loaded, LoadStorageKeys(keys));
  ASSERT_EQ(loaded.size(), 2u);
  EXPECT_EQ(loaded[0].key_id(), new_key.key_id());
  EXPECT_EQ(loaded[1].key_id(), old_key.key_id());
}

// One Argon2id for the directory; 500 keys after it in well under a second
// (0.1 s on a quiet machine; ten times that here, where others build).
TEST_F(KeyDirectoryTest, FiveHundredKeysOpenUnderOneRing) {
  KeyDirectory keys = Make("keys");
  for (int i = 0; i < 500; ++i) {
    ASSERT_OK(StoreKey(
        keys, *ProjectKey::Generate(Environment::kTest, "commissioning",
                                    "p" + std::to_string(i))));
  }
  const auto start = std::chrono::steady_clock::now();
  ASSERT_OK_AND_ASSIGN(const auto loaded, LoadAllProjectKeys(keys));
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(loaded.size(), 500u);
  EXPECT_LT(taken, std::chrono::seconds(5));
}

// --- production ---

class ProductionKeys : public KeyDirectoryTest {
 protected:
  absl::StatusOr<KeyDirectory> MakeByCommand() {
    const std::string raw(32, 'k');
    return KeyDirectory::Create(dir_.Path("keys"), Environment::kProduction,
                                "gp-one", KeyHolder::kParty,
                                *RingSecret::FromKeyCommand(raw));
  }
};

TEST_F(ProductionKeys, RingWithoutPassphraseIsRefused) {
  EXPECT_THAT(KeyDirectory::Create(dir_.Path("keys"), Environment::kProduction,
                                   "gp-one", KeyHolder::kParty, Passphrase("")),
              ExitCodeIs(kExitKey));
  EXPECT_OK(KeyDirectory::Create(dir_.Path("test"), Environment::kTest,
                                 "gp-one", KeyHolder::kParty, Passphrase("")));
}

TEST_F(ProductionKeys, WeakArgon2ParametersAreRefused) {
  // Made for the test environment, then called production: the parameters are
  // looked at before the passphrase is tried.
  Make("keys");
  const std::string path = dir_.Path("keys/ring.key");
  std::string text = Slurp(path);
  text.replace(text.find("env=test"), 8, "env=production");
  WriteFile(path, text);
  EXPECT_THAT(Reopen("keys", Passphrase(), Environment::kProduction),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("weak Argon2id")));
}

TEST_F(ProductionKeys, ParametersAreThoseOfTheSpecification) {
  const Argon2Parameters party =
      RingParameters(Environment::kProduction, KeyHolder::kParty);
  EXPECT_EQ(party.ops, 3u);
  EXPECT_EQ(party.mem_bytes, 256u << 20);
  const Argon2Parameters custodian =
      RingParameters(Environment::kProduction, KeyHolder::kCustodian);
  EXPECT_EQ(custodian.ops, 4u);
  EXPECT_EQ(custodian.mem_bytes, 1u << 30);
}

TEST_F(ProductionKeys, ExampleKeysAndRepeatedBytesAreRefused) {
  ASSERT_OK_AND_ASSIGN(KeyDirectory keys, MakeByCommand());
  const SourceKey repeated =
      SourceKey::FromSeed({.environment = Environment::kProduction,
                           .role = KeyRole::kSource,
                           .party = "gp-nobody",
                           .domain = "commissioning",
                           .epoch = 1},
                          RepeatedSecret(0x77))
          .value();
  EXPECT_THAT(StoreKey(keys, repeated),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("one repeated byte")));
  const ProjectKey vector_key =
      ProjectKey::FromSecret(Environment::kProduction, "commissioning", "p",
                             RepeatedSecret(4))
          .value();
  EXPECT_THAT(StoreKey(keys, vector_key),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("example key")));
  EXPECT_OK(StoreKey(keys, NewSourceKey(Environment::kProduction)));
  EXPECT_OK(LoadSourceKey(keys, "gp-one", "commissioning", 1));
}

}  // namespace
}  // namespace tally::crypto
