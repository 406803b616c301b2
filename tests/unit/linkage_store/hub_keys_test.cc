#include "linkage/store/hub_keys.h"

#include <atomic>
#include <thread>

#include "status_matchers.h"
#include "store_fixture.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

class HubKeysTest : public testing::Test {
 protected:
  HubKeysTest()
      : keys_({dir_.Path("keys"), crypto::Environment::kTest, "commissioning",
               "hub-a"}) {
    TALLY_CHECK(keys_.CreateOwnKeys(Secret()).ok());
  }
  static crypto::RingSecret Secret(std::string_view text = kTestPassphrase) {
    return *crypto::RingSecret::Passphrase(text);
  }
  absl::StatusOr<std::vector<FactorCheck>> Unseal() {
    return keys_.Unseal(Secret(), scheme_.registry());
  }

  TempDir dir_;
  TestScheme scheme_;
  HubKeys keys_;
};

TEST_F(HubKeysTest, StartsSealed) {
  EXPECT_TRUE(keys_.sealed());
  EXPECT_THAT(keys_.Borrow(), ReasonIs(Reason::kHubSealed));
  EXPECT_THAT(keys_.AddFactor(scheme_.Factor(), scheme_.registry()),
              ReasonIs(Reason::kHubSealed));
  EXPECT_THAT(keys_.CreateProjectKey("p"), ReasonIs(Reason::kHubSealed));
  EXPECT_THAT(keys_.UseRegistry(scheme_.registry()),
              ReasonIs(Reason::kHubSealed));
}

TEST_F(HubKeysTest, AWrongPassphraseLeavesItSealed) {
  EXPECT_THAT(keys_.Unseal(Secret("wrong"), scheme_.registry()),
              ExitCodeIs(kExitKey));
  EXPECT_TRUE(keys_.sealed());
}

TEST_F(HubKeysTest, OwnKeysAreMadeOnce) {
  EXPECT_FALSE(keys_.CreateOwnKeys(Secret()).ok());
}

TEST_F(HubKeysTest, UnsealedItLendsItsOwnKeys) {
  ASSERT_THAT(Unseal(), IsOkAndHolds(testing::IsEmpty()));
  EXPECT_FALSE(keys_.sealed());
  ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
  EXPECT_EQ(lease.storage().party(), "hub-a");
  EXPECT_EQ(lease.sign().purpose(), crypto::SignPurpose::kSign);
  EXPECT_EQ(lease.audit().purpose(), crypto::SignPurpose::kAudit);
  EXPECT_EQ(lease.box().party(), "hub-a");
  EXPECT_EQ(lease.storage_finder()(lease.storage().key_id()), &lease.storage());
  EXPECT_EQ(lease.storage_finder()(lease.sign().key_id()), nullptr);
}

TEST_F(HubKeysTest, AFactorThatFitsIsSealedLoadedAndThereAfterARestart) {
  ASSERT_THAT(Unseal(), IsOk());
  ASSERT_THAT(keys_.AddFactor(scheme_.Factor(), scheme_.registry()), IsOk());
  {
    ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
    ASSERT_OK_AND_ASSIGN(const auto factors, lease.Factors(kTestSource, 1, 1));
    EXPECT_EQ(factors.size(), 1u);
    EXPECT_THAT(lease.Factors(kTestSource, 2, 1),
                ReasonIs(Reason::kFactorMismatch));
    EXPECT_THAT(lease.Factors("other", 1, 1),
                ReasonIs(Reason::kFactorMismatch));
  }
  keys_.Seal();
  ASSERT_OK_AND_ASSIGN(const auto checks, Unseal());
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_TRUE(checks[0].loaded);
  EXPECT_EQ(checks[0].source, kTestSource);
  // The same factor again changes nothing.
  ASSERT_THAT(keys_.AddFactor(scheme_.Factor(), scheme_.registry()), IsOk());
  ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
  ASSERT_OK_AND_ASSIGN(const auto factors, lease.Factors(kTestSource, 1, 1));
  EXPECT_EQ(factors.size(), 1u);
}

TEST_F(HubKeysTest, AFactorThatDoesNotFitIsNotTaken) {
  ASSERT_THAT(Unseal(), IsOk());
  EXPECT_THAT(keys_.AddFactor(scheme_.WrongFactor(), scheme_.registry()),
              ReasonIs(Reason::kFactorMismatch));
  ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
  EXPECT_THAT(lease.Factors(kTestSource, 1, 1),
              ReasonIs(Reason::kFactorMismatch));
}

// The commonest real fault: a registry in which the key is another one.
TEST_F(HubKeysTest, AFactorThatFitsNoLongerIsWithdrawnAndComesBack) {
  ASSERT_THAT(Unseal(), IsOk());
  ASSERT_THAT(keys_.AddFactor(scheme_.Factor(), scheme_.registry()), IsOk());
  crypto::RegistryBuilder builder(scheme_.registry());
  crypto::RegistryBuilder other(crypto::Environment::kTest);
  for (crypto::RegistryKey key : scheme_.registry().keys()) {
    if (key.role == crypto::KeyRole::kSource) {
      key.public_key = *crypto::MultiplyBase(*crypto::Scalar::Random());
      key.key_id = crypto::KeyId::OfPublic(key.public_key.bytes());
    }
    ASSERT_THAT(other.AddKey(key), IsOk());
  }
  for (const auto& party : scheme_.registry().parties()) {
    ASSERT_THAT(other.AddParty(party), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const crypto::Registry changed, other.Build());
  ASSERT_OK_AND_ASSIGN(const auto checks, keys_.UseRegistry(changed));
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_FALSE(checks[0].loaded);
  EXPECT_EQ(checks[0].reason, "FACTOR_MISMATCH");
  {
    ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
    EXPECT_THAT(lease.Factors(kTestSource, 1, 1),
                ReasonIs(Reason::kFactorMismatch));
  }
  ASSERT_THAT(keys_.UseRegistry(scheme_.registry()), IsOk());
  ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
  EXPECT_THAT(lease.Factors(kTestSource, 1, 1), IsOk());
}

TEST_F(HubKeysTest, ProjectKeysAreMadeOnceAndStay) {
  ASSERT_THAT(Unseal(), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string id, keys_.CreateProjectKey("p"));
  EXPECT_THAT(keys_.CreateProjectKey("p"), ReasonIs(Reason::kResourceExists));
  keys_.Seal();
  ASSERT_THAT(Unseal(), IsOk());
  ASSERT_OK_AND_ASSIGN(const HubKeys::Lease lease, keys_.Borrow());
  ASSERT_OK_AND_ASSIGN(const crypto::ProjectKey* key, lease.Project("p"));
  EXPECT_EQ(key->key_id().Hex(), id);
  EXPECT_THAT(lease.Project("q"), ReasonIs(Reason::kKeyUnknown));
}

TEST_F(HubKeysTest, SealTellsTheHoldersAndWaitsForThem) {
  ASSERT_THAT(Unseal(), IsOk());
  std::atomic<bool> given_back{false};
  auto lease = keys_.Borrow();
  ASSERT_THAT(lease, IsOk());
  std::thread holder([&, held = *std::move(lease)]() mutable {
    while (!held.revoked()) std::this_thread::yield();
    given_back = true;
    const HubKeys::Lease last = std::move(held);
  });
  keys_.Seal();
  EXPECT_TRUE(given_back);
  EXPECT_TRUE(keys_.sealed());
  holder.join();
  EXPECT_THAT(keys_.Borrow(), ReasonIs(Reason::kHubSealed));
  EXPECT_THAT(Unseal(), IsOk());
}

}  // namespace
}  // namespace tally::linkage
