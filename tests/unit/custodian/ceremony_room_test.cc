#include "custodian/ceremony_room.h"

#include "base/bytes.h"
#include "custodian_fixture.h"

namespace tally::custodian {
namespace {

class CeremonyRoomTest : public CustodianTest {
 protected:
  absl::StatusOr<std::string> Answer(const crypto::Registry& registry,
                                     bool dry_run = false) {
    auto room = CeremonyRoom::Open(configuration_);
    if (!room.ok()) return room.status();
    return room->AnswerFactorFile(registry, dir_.Path("request.step1"), "",
                                  dir_.path(), dry_run);
  }
  absl::StatusOr<crypto::CombinedFactor> Combine(
      const crypto::Registry& registry, const crypto::FactorRequest& request,
      const std::string& answer_path) {
    const std::string answer = Slurp(answer_path);
    return crypto::CombineFactor(
        registry, request.for_hub, AsBytes(answer), hub_.box,
        crypto::CeremonyLog::Open(dir_.Path("hub.log")).value());
  }
};

TEST_F(CeremonyRoomTest, AnswerLeadsToTheRightFactor) {
  const crypto::Registry registry = SetUpRegistry();
  const crypto::FactorRequest request = WriteRequest(registry);
  ASSERT_OK_AND_ASSIGN(const std::string path, Answer(registry));
  ASSERT_OK_AND_ASSIGN(const crypto::CombinedFactor combined,
                       Combine(registry, request, path));
  EXPECT_OK(combined.factor.CheckAgainst(
      source_.key.public_key(),
      registry.ActiveHubKey("commissioning")->public_key));
  const CeremonyRoom room = CeremonyRoom::Open(configuration_).value();
  EXPECT_NE(room.transcript().FindFactor(request.factor), nullptr);
  EXPECT_NE(room.transcript().FindCeremony(request.id), nullptr);
}

TEST_F(CeremonyRoomTest, SecondAnswerIsRefusedWhateverTheRequest) {
  const crypto::Registry registry = SetUpRegistry();
  WriteRequest(registry);
  ASSERT_OK(Answer(registry));
  EXPECT_THAT(Answer(registry), ExitCodeIs(kExitConflict));
  WriteRequest(registry);  // another ceremony for the same key
  EXPECT_THAT(Answer(registry), ExitCodeIs(kExitConflict));
  EXPECT_EQ(CeremonyRoom::Open(configuration_)->transcript().entries().size(),
            1u);
}

TEST_F(CeremonyRoomTest, DryRunLeavesNoTrace) {
  const crypto::Registry registry = SetUpRegistry();
  WriteRequest(registry);
  ASSERT_OK_AND_ASSIGN(const std::string path, Answer(registry, true));
  EXPECT_FALSE(FileExists(path));
  EXPECT_FALSE(FileExists(path + ".partial"));
  EXPECT_OK(Answer(registry));
}

// Died after the note and before the name: the next run gives it its name.
TEST_F(CeremonyRoomTest, InterruptedAnswerIsNamedByTheNextRun) {
  const crypto::Registry registry = SetUpRegistry();
  const crypto::FactorRequest request = WriteRequest(registry);
  ASSERT_OK_AND_ASSIGN(const std::string path, Answer(registry));
  ASSERT_EQ(rename(path.c_str(), (path + ".partial").c_str()), 0);
  ASSERT_OK_AND_ASSIGN(const std::string again, Answer(registry));
  EXPECT_EQ(again, path);
  EXPECT_OK(Combine(registry, request, path));
  EXPECT_THAT(Answer(registry), ExitCodeIs(kExitConflict));
}

// Died before the note: the partial file is worth nothing and is replaced.
TEST_F(CeremonyRoomTest, PartialAnswerThatWasNotNotedIsReplaced) {
  const crypto::Registry registry = SetUpRegistry();
  const crypto::FactorRequest request = WriteRequest(registry);
  ASSERT_OK_AND_ASSIGN(const std::string path, Answer(registry, true));
  WriteFile(path + ".partial", "rubbish");
  ASSERT_OK(Answer(registry));
  EXPECT_OK(Combine(registry, request, path));
  EXPECT_FALSE(FileExists(path + ".partial"));
}

TEST_F(CeremonyRoomTest, ForeignPartialFileIsNotNamed) {
  const crypto::Registry registry = SetUpRegistry();
  WriteRequest(registry);
  ASSERT_OK_AND_ASSIGN(const std::string path, Answer(registry));
  ASSERT_EQ(unlink(path.c_str()), 0);
  WriteFile(path + ".partial", "not what was noted");
  EXPECT_THAT(Answer(registry), ExitCodeIs(kExitConflict));
  EXPECT_FALSE(FileExists(path));
}

TEST_F(CeremonyRoomTest, HubKeyIsMadeOnceAndKept) {
  CeremonyRoom room = CeremonyRoom::OpenOrCreate(configuration_).value();
  ASSERT_OK_AND_ASSIGN(const auto made, room.EnsureHubKey("commissioning", 1));
  EXPECT_TRUE(made.second);
  ASSERT_OK_AND_ASSIGN(const auto kept, room.EnsureHubKey("commissioning", 1));
  EXPECT_FALSE(kept.second);
  EXPECT_EQ(made.first.key_id(), kept.first.key_id());
  EXPECT_THAT(room.EnsureHubKey("commissioning", 2), ExitCodeIs(kExitConflict));
  EXPECT_TRUE(room.EnsureHubKey("research", 1)->second);
}

TEST_F(CeremonyRoomTest, OneProcessAtATime) {
  const auto room = CeremonyRoom::OpenOrCreate(configuration_);
  ASSERT_OK(room);
  EXPECT_THAT(CeremonyRoom::Open(configuration_), ExitCodeIs(kExitConflict));
}

TEST_F(CeremonyRoomTest, NothingThereOrWrongPassphraseIsExitTen) {
  EXPECT_THAT(CeremonyRoom::Open(configuration_), ExitCodeIs(kExitKey));
  ASSERT_OK(CeremonyRoom::OpenOrCreate(configuration_));
  WriteFile(dir_.Path("passphrase"), "wrong");
  EXPECT_THAT(CeremonyRoom::Open(configuration_), ExitCodeIs(kExitKey));
  EXPECT_THAT(CeremonyRoom::OpenOrCreate(configuration_), ExitCodeIs(kExitKey));
}

}  // namespace
}  // namespace tally::custodian
