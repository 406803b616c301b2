#include "custodian/hub_key.h"

#include "crypto/private_key.h"
#include "custodian_fixture.h"

namespace tally::custodian {
namespace {

using crypto::Environment;

class HubKeyTest : public CustodianTest {
 protected:
  crypto::KeyDirectory MakeDirectory() {
    return crypto::KeyDirectory::Create(dir_.Path("keys"), Environment::kTest,
                                        "custodian",
                                        crypto::KeyHolder::kCustodian,
                                        *crypto::RingSecret::Passphrase("x"))
        .value();
  }
};

TEST_F(HubKeyTest, ComesBackFromItsFile) {
  crypto::KeyDirectory keys = MakeDirectory();
  const HubKey made =
      HubKey::Generate(Environment::kTest, "commissioning", 1).value();
  ASSERT_OK(made.Store(keys));
  ASSERT_OK_AND_ASSIGN(const HubKey loaded,
                       HubKey::Load(keys, "commissioning", 1));
  EXPECT_EQ(loaded.public_key(), made.public_key());
  EXPECT_TRUE(loaded.scalar().EqualTo(made.scalar()));
  EXPECT_EQ(loaded.key_id(), made.key_id());
}

TEST_F(HubKeyTest, MissingKeyIsExitTen) {
  const crypto::KeyDirectory keys = MakeDirectory();
  EXPECT_THAT(HubKey::Load(keys, "commissioning", 1), ExitCodeIs(kExitKey));
}

TEST_F(HubKeyTest, TwoKeysDiffer) {
  EXPECT_FALSE(
      HubKey::Generate(Environment::kTest, "commissioning", 1)
          ->scalar()
          .EqualTo(HubKey::Generate(Environment::kTest, "commissioning", 1)
                       ->scalar()));
}

TEST_F(HubKeyTest, BadNameOrEpochIsRefused) {
  EXPECT_THAT(HubKey::Generate(Environment::kTest, "No Domain", 1),
              ExitCodeIs(kExitUsage));
  EXPECT_THAT(HubKey::Generate(Environment::kTest, "commissioning", 0),
              ExitCodeIs(kExitUsage));
}

TEST_F(HubKeyTest, FileOfAnotherScalarIsRefused) {
  crypto::KeyDirectory keys = MakeDirectory();
  // A key file that is sealed rightly but names another key id.
  crypto::KeyHeader header;
  header.environment = Environment::kTest;
  header.kind = crypto::KeyKind::kHub;
  header.party = "hub";
  header.domain = "commissioning";
  header.epoch = 1;
  header.stage = 1;
  header.stages = 1;
  header.kid = *crypto::KeyId::FromHex("0011223344556677");
  ASSERT_OK(keys.Store(header, crypto::Scalar::Random()->secret()));
  EXPECT_THAT(HubKey::Load(keys, "commissioning", 1), ExitCodeIs(kExitKey));
}

TEST_F(HubKeyTest, IsNotPrinted) {
  EXPECT_EQ(testing::PrintToString(
                *HubKey::Generate(Environment::kTest, "commissioning", 1)),
            "[redacted]");
}

}  // namespace
}  // namespace tally::custodian
