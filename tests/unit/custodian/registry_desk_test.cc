#include "custodian/registry_desk.h"

#include "custodian_fixture.h"

namespace tally::custodian {
namespace {

class RegistryDeskTest : public CustodianTest {
 protected:
  absl::StatusOr<RegistryDesk> OpenDesk() {
    return RegistryDesk::Open(configuration_.registry,
                              configuration_.environment, key_);
  }
  void Prepare() {
    SetUpRegistry();
    const CeremonyRoom room = CeremonyRoom::Open(configuration_).value();
    key_ = room.sign_key().public_key();
    sign_.emplace(crypto::LoadSigningKey(room.keys(), kCustodianParty,
                                         crypto::SignPurpose::kRegistry)
                      .value());
  }
  crypto::Enrolment Enrol(const SourceParty& party) {
    return crypto::ReadEnrolment(party.Enrolment(), configuration_.environment)
        .value();
  }
  crypto::PublicKey key_{};
  std::optional<crypto::SigningKey> sign_;
};

TEST_F(RegistryDeskTest, DraftsAddUpUntilTheyAreSigned) {
  Prepare();
  const SourceParty two("gp-two");
  const SourceParty three("gp-three");
  for (const SourceParty* party : {&two, &three}) {
    ASSERT_OK_AND_ASSIGN(RegistryDesk desk, OpenDesk());
    ASSERT_OK_AND_ASSIGN(crypto::RegistryBuilder next, desk.Next());
    ASSERT_OK(AddEnrolment(next, Enrol(*party), 500, "2026-11-02"));
    ASSERT_OK(desk.WriteDraft(next));
  }
  ASSERT_OK_AND_ASSIGN(RegistryDesk desk, OpenDesk());
  EXPECT_EQ(desk.current()->version(), 1);
  EXPECT_EQ(desk.draft()->version(), 2);
  ASSERT_OK_AND_ASSIGN(const crypto::Registry signed_registry,
                       desk.Sign(*sign_));
  EXPECT_EQ(signed_registry.version(), 2);
  EXPECT_FALSE(desk.draft().has_value());
  ASSERT_OK_AND_ASSIGN(
      const crypto::Registry read,
      crypto::Registry::LoadFiles(configuration_.registry, key_,
                                  configuration_.environment));
  EXPECT_OK(read.FindParty("gp-three", crypto::PartyRole::kSource));
  // The version before stays, with a signature that holds.
  ASSERT_OK_AND_ASSIGN(
      const crypto::Registry first,
      crypto::Registry::LoadFiles(dir_.Path("registry-1.json"), key_,
                                  configuration_.environment));
  EXPECT_EQ(first.sha256(), read.previous());
}

TEST_F(RegistryDeskTest, SigningNeedsADraft) {
  Prepare();
  ASSERT_OK_AND_ASSIGN(RegistryDesk desk, OpenDesk());
  EXPECT_THAT(desk.Sign(*sign_), ExitCodeIs(kExitNotFound));
}

// The files as a crash leaves them after each step of signing.
TEST_F(RegistryDeskTest, InterruptedSigningIsFinishedBySigningAgain) {
  Prepare();
  const SourceParty two("gp-two");
  {
    ASSERT_OK_AND_ASSIGN(RegistryDesk desk, OpenDesk());
    ASSERT_OK_AND_ASSIGN(crypto::RegistryBuilder next, desk.Next());
    ASSERT_OK(AddEnrolment(next, Enrol(two), 500, "2026-11-02"));
    ASSERT_OK(desk.WriteDraft(next));
  }
  const std::string draft = Slurp(dir_.Path("registry.draft.json"));
  // The registry has been replaced, its signature not yet.
  WriteFile(configuration_.registry, draft);
  ASSERT_OK_AND_ASSIGN(RegistryDesk desk, OpenDesk());
  EXPECT_TRUE(desk.interrupted());
  EXPECT_THAT(desk.Next(), ExitCodeIs(kExitConflict));
  ASSERT_OK(desk.Sign(*sign_));
  ASSERT_OK_AND_ASSIGN(const RegistryDesk after, OpenDesk());
  EXPECT_FALSE(after.interrupted());
  EXPECT_EQ(after.current()->version(), 2);
  EXPECT_OK(after.Next());
}

TEST_F(RegistryDeskTest, RegistryThatWasTamperedWithIsExitEleven) {
  Prepare();
  std::string text = Slurp(configuration_.registry);
  text.replace(text.find("\"person_limit\":1000"), 19, "\"person_limit\":9000");
  WriteFile(configuration_.registry, text);
  EXPECT_THAT(OpenDesk(), ExitCodeIs(kExitIntegrity));
}

TEST_F(RegistryDeskTest, DraftThatDoesNotFollowIsExitEleven) {
  Prepare();
  // The signed version 1 as a draft of itself with another content.
  ASSERT_OK_AND_ASSIGN(RegistryDesk desk, OpenDesk());
  ASSERT_OK_AND_ASSIGN(crypto::RegistryBuilder next, desk.Next());
  ASSERT_OK(AddEnrolment(next, Enrol(SourceParty("gp-two")), 5, "2026-11-02"));
  ASSERT_OK(desk.WriteDraft(next));
  std::string draft = Slurp(dir_.Path("registry.draft.json"));
  draft.replace(draft.find("\"version\":2"), 11, "\"version\":7");
  WriteFile(dir_.Path("registry.draft.json"), draft);
  EXPECT_THAT(OpenDesk(), ExitCodeIs(kExitIntegrity));
}

TEST_F(RegistryDeskTest, PersonLimitBelongsToSources) {
  Prepare();
  ASSERT_OK_AND_ASSIGN(const RegistryDesk desk, OpenDesk());
  ASSERT_OK_AND_ASSIGN(crypto::RegistryBuilder next, desk.Next());
  EXPECT_THAT(AddEnrolment(next, Enrol(SourceParty("gp-two")), std::nullopt,
                           "2026-11-02"),
              ExitCodeIs(kExitUsage));
  const crypto::Enrolment hub =
      crypto::ReadEnrolment(hub_.Enrolment(), configuration_.environment)
          .value();
  EXPECT_THAT(AddEnrolment(next, hub, 5, "2026-11-02"), ExitCodeIs(kExitUsage));
}

TEST_F(RegistryDeskTest, NewEpochPutsTheOldOneIntoOverlap) {
  Prepare();
  SourceParty next_epoch("gp-one", 2);
  // The same party: it keeps its signing and box keys.
  crypto::Enrolment enrolment = Enrol(next_epoch);
  enrolment.sign_public = source_.sign.public_key();
  enrolment.box_public = source_.box.public_key();
  ASSERT_OK_AND_ASSIGN(const RegistryDesk desk, OpenDesk());
  ASSERT_OK_AND_ASSIGN(crypto::RegistryBuilder next, desk.Next());
  ASSERT_OK(AddEnrolment(next, enrolment, 1000, "2026-12-01"));
  ASSERT_OK_AND_ASSIGN(const crypto::Registry registry, next.Build());
  EXPECT_EQ(registry.SourceKeyOfEpoch("gp-one", "commissioning", 1)->status,
            crypto::KeyStatus::kOverlap);
  EXPECT_EQ(registry.SourceKeyOfEpoch("gp-one", "commissioning", 2)->status,
            crypto::KeyStatus::kActive);
}

}  // namespace
}  // namespace tally::custodian
