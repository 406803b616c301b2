#include "crypto/token.h"

#include "crypto/hash_to_group.h"
#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

TEST(Tokens, CreateChecksTheBytes) {
  std::vector<uint8_t> bytes(32, 1);
  EXPECT_OK(SourceToken::Create(bytes));
  EXPECT_OK(HubToken::Create(bytes));
  bytes[31] = 0x80;
  EXPECT_THAT(SourceToken::Create(bytes), ReasonIs(Reason::kElementTopBit));
  EXPECT_THAT(HubToken::Create(bytes), ReasonIs(Reason::kElementTopBit));
  EXPECT_THAT(HubToken::Create(std::vector<uint8_t>(32, 0)),
              ReasonIs(Reason::kElementIdentity));
  EXPECT_THAT(SourceToken::Create(std::vector<uint8_t>(31, 1)),
              ReasonIs(Reason::kElementLength));
}

TEST(Tokens, AreNotPrinted) {
  const std::vector<uint8_t> bytes(32, 1);
  EXPECT_EQ(testing::PrintToString(*SourceToken::Create(bytes)), "[redacted]");
  EXPECT_EQ(testing::PrintToString(*HubToken::Create(bytes)), "[redacted]");
}

TEST(HubToken, IsOrderedByBytes) {
  std::vector<uint8_t> low(32, 1);
  std::vector<uint8_t> high(32, 1);
  high[0] = 0xff;
  EXPECT_LT(*HubToken::Create(low), *HubToken::Create(high));
  low[31] = 2;
  EXPECT_LT(*HubToken::Create(low), *HubToken::Create(high));
}

TEST(Environment, GoesThroughItsName) {
  for (const std::string_view name : {"example", "test", "production"}) {
    ASSERT_OK_AND_ASSIGN(const Environment e, ParseEnvironment(name));
    EXPECT_EQ(EnvironmentName(e), name);
  }
  for (const std::string_view name : {"", "Production", "prod", "test "}) {
    EXPECT_THAT(ParseEnvironment(name), ExitCodeIs(kExitUsage));
  }
}

TEST(Environment, OnlyTheExampleIsMarkedOnScreen) {
  EXPECT_EQ(ScreenMark(Environment::kExample), "EXAMPLE ");
  EXPECT_EQ(ScreenMark(Environment::kTest), "");
  EXPECT_EQ(ScreenMark(Environment::kProduction), "");
}

TEST(KeyInfo, BadFieldsAreRefused) {
  const KeyInfo good{.party = "gp-one", .domain = "commissioning"};
  EXPECT_OK(Validate(good));
  KeyInfo info = good;
  info.epoch = 0;
  EXPECT_THAT(Validate(info), ExitCodeIs(kExitUsage));
  for (const std::string_view name :
       {"", "Gp", "1gp", "gp_one", "gp one", "../gp", "gp\n"}) {
    info = good;
    info.party = std::string(name);
    EXPECT_THAT(Validate(info), ExitCodeIs(kExitUsage)) << name;
    info = good;
    info.domain = std::string(name);
    EXPECT_THAT(Validate(info), ExitCodeIs(kExitUsage)) << name;
  }
  info = good;
  info.role = KeyRole::kHub;
  EXPECT_THAT(Validate(info), ExitCodeIs(kExitUsage));
  info.party = "hub";
  EXPECT_OK(Validate(info));
}

// Environment, role, party, domain, epoch and seed: change one, get another
// key.
TEST(DerivePrivateKey, EveryPartOfTheNameEntersTheKey) {
  const KeyInfo base{.environment = Environment::kTest,
                     .role = KeyRole::kSource,
                     .party = "gp-one",
                     .domain = "commissioning",
                     .epoch = 1};
  std::vector<KeyInfo> infos(6, base);
  infos[1].environment = Environment::kProduction;
  infos[2].role = KeyRole::kHub;
  infos[2].party = "hub";
  infos[3].party = "gp-two";
  infos[4].domain = "research";
  infos[5].epoch = 2;
  const Secret32 seed = RepeatedSecret(7);
  std::vector<std::string> scalars;
  for (const KeyInfo& info : infos) {
    scalars.push_back(ScalarHex(*DerivePrivateKey(seed, info)));
  }
  scalars.push_back(ScalarHex(*DerivePrivateKey(RepeatedSecret(8), base)));
  std::sort(scalars.begin(), scalars.end());
  EXPECT_EQ(std::adjacent_find(scalars.begin(), scalars.end()), scalars.end());
  EXPECT_EQ(ScalarHex(*DerivePrivateKey(seed, base)),
            ScalarHex(*DerivePrivateKey(seed, base)));
}

// "ab" + "c" and "a" + "bc" must not be one key.
TEST(DerivePrivateKey, PartsCannotRunIntoEachOther) {
  const Secret32 seed = RepeatedSecret(7);
  const KeyInfo one{.party = "ab", .domain = "c"};
  const KeyInfo two{.party = "a", .domain = "bc"};
  EXPECT_NE(ScalarHex(*DerivePrivateKey(seed, one)),
            ScalarHex(*DerivePrivateKey(seed, two)));
}

TEST(SourceKey, IsNoHubKey) {
  EXPECT_THAT(
      SourceKey::Generate(
          {.role = KeyRole::kHub, .party = "hub", .domain = "commissioning"}),
      ExitCodeIs(kExitUsage));
}

TEST(EncodeMessage, LongInputIsAnErrorNotCut) {
  EXPECT_OK(EncodeMessage(std::string(255, 'k'), std::string(65535, 'v')));
  EXPECT_THAT(EncodeMessage(std::string(256, 'k'), ""),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(EncodeMessage("k", std::string(65536, 'v')),
              ExitCodeIs(kExitInvalidInput));
}

TEST(ConversionFactor, OnlyTheRightKeysPassTheCheck) {
  const SourceKey a = VectorSourceKey("gp-supplier-a");
  const SourceKey b = VectorSourceKey("national-apc");
  const SourceKey next_epoch = VectorSourceKey("gp-supplier-a", 2);
  const Element hub = ElementFromHex(
      "a050cdf39f919140f008db17dc3951599b4d7cf1275afa839d46339e62e4d56a");
  const ConversionFactor factor = VectorFactor("gp-supplier-a");
  EXPECT_OK(factor.CheckAgainst(a.public_key(), hub));
  EXPECT_THAT(factor.CheckAgainst(b.public_key(), hub),
              ReasonIs(Reason::kFactorMismatch));
  EXPECT_THAT(factor.CheckAgainst(next_epoch.public_key(), hub),
              ReasonIs(Reason::kFactorMismatch));
  EXPECT_THAT(factor.CheckAgainst(a.public_key(), b.public_key()),
              ReasonIs(Reason::kFactorMismatch));
}

TEST(ConversionFactor, BadNamesAndStagesAreRefused) {
  FactorInfo info;
  info.domain = "commissioning";
  info.source = "gp-one";
  EXPECT_OK(ConversionFactor::Create(info, *Scalar::Random()));
  info.stage = 2;
  EXPECT_THAT(ConversionFactor::Create(info, *Scalar::Random()),
              ExitCodeIs(kExitUsage));
  info.stage = 0;
  EXPECT_THAT(ConversionFactor::Create(info, *Scalar::Random()),
              ExitCodeIs(kExitUsage));
}

}  // namespace
}  // namespace tally::crypto
