// A push in every state that an earlier one may have left, against a hub made
// of its rules.

#include "pseudonymiser/push_job.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "base/sha256.h"
#include "crypto/token_kernel.h"
#include "fake_hub.h"
#include "pseudonymiser/nhs_number.h"
#include "status_matchers.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PushJobTest : public testing::Test {
 protected:
  PushJobTest() : hub_(world_.registry(), world_.hub_sign_key()) {
    ResetStopForTesting();
    WriteEvents(400);
  }

  void WriteEvents(uint32_t rows) {
    std::string text = World::EventHeader();
    for (uint32_t i = 0; i < rows; ++i) {
      text += i % 50 == 49 ? World::EventRow("")
                           : World::EventRow(TestNumber(i % 300));
    }
    events_ = world_.File("events.csv", text);
  }

  absl::StatusOr<PushResult> Push(
      PushRequest request = {},
      const crypto::TokenKernel& kernel = crypto::PortableKernel()) {
    TALLY_ASSIGN_OR_RETURN(const DeliveryPlan plan,
                           world_.Plan({{"gp-event", events_}}));
    SpoolStore store(world_.configuration(), world_.keys().storage());
    TALLY_RETURN_IF_ERROR(store.Lock());
    PushJob job(plan, world_.keys(), world_.registry(), kernel, hub_, store,
                world_.pool(), nullptr, World::Today());
    job.SetPause([this](int64_t ms) { paused_ms_ += ms; });
    request.upload.source = "gp-supplier-a";
    return job.Run(request);
  }

  SpoolStore Store() {
    return SpoolStore(world_.configuration(), world_.keys().storage());
  }
  std::vector<std::string> Begun() {
    const auto begun = SpoolStore::Begun(world_.configuration());
    EXPECT_OK(begun);
    return begun.ok() ? *begun : std::vector<std::string>();
  }

  World world_;
  FakeHub hub_;
  std::string events_;
  int64_t paused_ms_ = 0;
};

TEST_F(PushJobTest, PublishesVerifiesAndKeepsTheReceipt) {
  hub_.polls_to_publish = 3;
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_EQ(result.extract, "p2026-11-r1");
  ASSERT_TRUE(result.receipt.has_value());
  EXPECT_EQ(result.receipt->persons, 294U);
  EXPECT_EQ(result.receipt->datasets[0].rows, 400U);
  EXPECT_EQ(result.receipt->datasets[0].rows_unlinked, 8U);
  EXPECT_EQ(result.receipt_json, hub_.upload("p2026-11-r1").receipt);
  EXPECT_THAT(Begun(), IsEmpty());
  EXPECT_TRUE(Store().HasReceipt("p2026-11-r1"));
  const auto left = ListDirectory(world_.configuration().SpoolDirectory());
  EXPECT_THAT(*left, IsEmpty());
}

// A kernel that finds a wrong token of its own when it has made some.
class FailingKernel final : public crypto::TokenKernel {
 public:
  std::string_view name() const override { return "failing"; }
  absl::Status Tokenise(const crypto::Scalar&,
                        std::span<const crypto::NhsMessage>,
                        std::span<uint8_t>) const override {
    return IntegrityError("the kernel gave another token than libsodium");
  }
  absl::StatusOr<size_t> Convert(const crypto::Scalar&,
                                 std::span<const uint8_t>, std::span<uint8_t>,
                                 std::span<uint8_t>) const override {
    return IntegrityError("the kernel gave another token than libsodium");
  }
};

TEST_F(PushJobTest, AWrongTokenOfTheKernelEndsItAndNothingIsSent) {
  EXPECT_THAT(Push({}, FailingKernel()), ExitCodeIs(kExitIntegrity));
  EXPECT_FALSE(hub_.has("p2026-11-r1"));
  EXPECT_OK(Push());
}

TEST_F(PushJobTest, PushTwicePrintsTheStoredReceiptAndSendsNothing) {
  ASSERT_OK_AND_ASSIGN(const PushResult first, Push());
  ASSERT_OK_AND_ASSIGN(const PushResult second, Push());
  EXPECT_TRUE(second.repeated);
  EXPECT_EQ(second.extract, first.extract);
  EXPECT_EQ(second.receipt_json, first.receipt_json);
  EXPECT_FALSE(hub_.has("p2026-11-r2"));
  // Touched, but with the same content.
  WriteEvents(400);
  world_.List(ListName::kType1OptOuts, "");
  ASSERT_OK_AND_ASSIGN(const PushResult third, Push());
  EXPECT_TRUE(third.repeated);
}

TEST_F(PushJobTest, OtherFilesMakeTheNextRevision) {
  ASSERT_OK(Push());
  WriteEvents(401);
  ASSERT_OK_AND_ASSIGN(const PushResult second, Push());
  EXPECT_EQ(second.extract, "p2026-11-r2");
}

TEST_F(PushJobTest, AnOptOutAfterwardsMakesTheNextRevision) {
  ASSERT_OK_AND_ASSIGN(const PushResult first, Push());
  world_.List(ListName::kType1OptOuts, TestNumber(0) + "\n");
  ASSERT_OK_AND_ASSIGN(const PushResult second, Push());
  EXPECT_EQ(second.extract, "p2026-11-r2");
  EXPECT_EQ(second.receipt->persons, first.receipt->persons - 1);
  EXPECT_EQ(second.receipt->opted_out, "*");
}

TEST_F(PushJobTest, OtherFilesUnderTheSameRevisionAreAConflict) {
  ASSERT_OK(Push());
  WriteEvents(401);
  PushRequest request;
  request.revision = 1;
  EXPECT_THAT(Push(request), ExitCodeIs(kExitConflict));
}

TEST_F(PushJobTest, ARevisionThatOnlyTheHubHasIsAConflict) {
  ASSERT_OK(Push());
  ASSERT_OK(RemoveTree(world_.configuration().ReceiptDirectory()));
  PushRequest request;
  request.revision = 1;
  EXPECT_THAT(Push(request), ExitCodeIs(kExitConflict));
  ASSERT_OK_AND_ASSIGN(const PushResult next, Push());
  EXPECT_EQ(next.extract, "p2026-11-r2");
}

TEST_F(PushJobTest, AwayHubEndsTemporaryAndTheSameCommandGoesOn) {
  hub_.away = 1'000'000;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  EXPECT_THAT(Begun(), IsEmpty());
  hub_.away = 0;
  ASSERT_OK(Push());
}

TEST_F(PushJobTest, GoesOnAfterStreamsThatBreak) {
  WriteEvents(3000);
  for (const bool lose : {false, true}) {
    hub_.lose_unacknowledged = lose;
    hub_.break_after = 1;
    hub_.breaks_left = 1;
    WriteEvents(lose ? 3001 : 3000);
    ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
    EXPECT_TRUE(result.receipt->resumed);
  }
}

TEST_F(PushJobTest, WaitsForAHubThatReadsWhatItHas) {
  WriteEvents(3000);
  hub_.break_after = 1;
  hub_.breaks_left = 1;
  hub_.readings = 100;
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_TRUE(result.receipt.has_value());
  EXPECT_EQ(hub_.readings, 0);
}

TEST_F(PushJobTest, SendsIdenticalBytesAfterItWasCut) {
  hub_.break_after = 1;
  hub_.breaks_left = 1'000'000;
  hub_.lose_unacknowledged = true;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  ASSERT_THAT(Begun(), ElementsAre("p2026-11-r1"));
  ASSERT_OK_AND_ASSIGN(const DeliveryRecord before,
                       Store().ReadRecord("p2026-11-r1"));
  // The hub never got further than the first batch, and lost it.
  EXPECT_EQ(hub_.upload("p2026-11-r1").batches.size(), 0U);
  hub_.break_after = 0;
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_EQ(hub_.upload("p2026-11-r1").manifest, before.manifest);
  EXPECT_FALSE(result.report.has_value()) << "files were not read again";
}

TEST_F(PushJobTest, RefusesToGoOnWithOtherFiles) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  WriteEvents(401);
  EXPECT_THAT(Push(), ExitCodeIs(kExitConflict));
  PushRequest request;
  request.restart = true;
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push(request));
  EXPECT_EQ(result.extract, "p2026-11-r2") << "the hub has an open r1";
}

TEST_F(PushJobTest, AnOptOutSinceTheSpoolWasMadeReadsAgain) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  world_.List(ListName::kType1OptOuts, TestNumber(0) + "\n");
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  ASSERT_TRUE(result.report.has_value()) << "files were not read again";
  EXPECT_EQ(result.extract, "p2026-11-r2") << "the hub has an open r1";
  EXPECT_EQ(result.receipt->persons, 293U);
  EXPECT_EQ(result.receipt->opted_out, "*");
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_THAT(result.notes[0], HasSubstr("read the files again"));
  EXPECT_THAT(Begun(), IsEmpty());
}

TEST_F(PushJobTest, ACodeRestrictedSinceTheSpoolWasMadeReadsAgain) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  world_.List(ListName::kRestrictedCodes, "Z21\n");
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_TRUE(result.report.has_value()) << "files were not read again";
}

TEST_F(PushJobTest, AListThatOnlyLooksUpDoesNotReadAgain) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  world_.List(ListName::kCareHomes, "1\n");
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_FALSE(result.report.has_value()) << "files were read again";
}

TEST_F(PushJobTest, AnOptOutAfterFinalisingWaitsForTheNextRevision) {
  hub_.polls_to_publish = 2;
  PushRequest request;
  request.upload.wait = false;
  ASSERT_OK(Push(request));
  world_.List(ListName::kType1OptOuts, TestNumber(0) + "\n");
  ASSERT_OK_AND_ASSIGN(const PushResult first, Push());
  EXPECT_EQ(first.extract, "p2026-11-r1");
  EXPECT_EQ(first.receipt->persons, 294U);
  ASSERT_OK_AND_ASSIGN(const PushResult second, Push());
  EXPECT_EQ(second.extract, "p2026-11-r2");
  EXPECT_EQ(second.receipt->persons, 293U);
}

TEST_F(PushJobTest, ASpoolOlderThanAListMayBeIsReadAgain) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  // The same list, brought anew; the spool is of the day before yesterday.
  world_.configuration().lists[ListName::kNationalEligible].expires_after_ms =
      24LL * 60 * 60 * 1000;
  const std::string spool = Store().PathOf("p2026-11-r1", "outbox.spool");
  const timespec times[2] = {
      {.tv_sec = NowUnixMs() / 1000 - 48 * 60 * 60, .tv_nsec = 0},
      {.tv_sec = NowUnixMs() / 1000 - 48 * 60 * 60, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, spool.c_str(), times, 0), 0);
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_TRUE(result.report.has_value()) << "files were not read again";
}

TEST_F(PushJobTest, AHubThatForgotTheRequestGoesOnWithTheSameUpload) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  hub_.ForgetRequests();
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_EQ(result.extract, "p2026-11-r1");
  EXPECT_FALSE(result.report.has_value()) << "files were not read again";
}

TEST_F(PushJobTest, AHubThatForgotTheRequestAndHasOtherTermsIsAConflict) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  hub_.ForgetRequests();
  hub_.upload("p2026-11-r1").request.set_period_start(0);
  EXPECT_THAT(Push(), ReasonIs(Reason::kResourceExists));
}

TEST_F(PushJobTest, ASpoolThatTheHubRefusesForGoodIsNotInTheWay) {
  hub_.refuse_create = Reason::kPeriodOverlap;
  EXPECT_THAT(Push(), ReasonIs(Reason::kPeriodOverlap));
  EXPECT_THAT(Begun(), IsEmpty());
  hub_.refuse_create = Reason::kUnspecified;
  EXPECT_OK(Push());
}

TEST_F(PushJobTest, ASupersededSpoolIsDroppedAndTheNextRunGoesOn) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  FakeHub::Upload& upload = hub_.upload("p2026-11-r1");
  upload.state = pb::EXTRACT_STATE_REJECTED;
  upload.error.set_reason(
      static_cast<tally::common::v1::ErrorReason>(Reason::kUploadSuperseded));
  const auto superseded = Push();
  EXPECT_THAT(superseded, ReasonIs(Reason::kUploadSuperseded));
  EXPECT_THAT(std::string(superseded.status().message()),
              HasSubstr("spool was dropped"));
  EXPECT_THAT(Begun(), IsEmpty());
  ASSERT_OK(Push());
}

TEST_F(PushJobTest, WithoutWaitingTheReceiptComesWithTheNextRun) {
  hub_.polls_to_publish = 2;
  PushRequest request;
  request.upload.wait = false;
  ASSERT_OK_AND_ASSIGN(const PushResult first, Push(request));
  EXPECT_FALSE(first.receipt.has_value());
  EXPECT_THAT(Begun(), ElementsAre("p2026-11-r1"));
  ASSERT_OK_AND_ASSIGN(const PushResult second, Push());
  EXPECT_TRUE(second.receipt.has_value());
  EXPECT_EQ(hub_.upload("p2026-11-r1").streams, 1);
}

TEST_F(PushJobTest, ARejectedExtractIsReportedAndDropped) {
  hub_.reject_with = static_cast<int>(Reason::kElementRepeated);
  EXPECT_THAT(Push(), ReasonIs(Reason::kElementRepeated));
  EXPECT_THAT(Begun(), IsEmpty());
  EXPECT_FALSE(Store().HasReceipt("p2026-11-r1"));
}

TEST_F(PushJobTest, AHubThatLostItsJournalGetsTheSameBytesAgain) {
  hub_.reject_with = static_cast<int>(Reason::kJournalCorrupt);
  EXPECT_THAT(Push(), ExitCodeIs(kExitIntegrity));
  ASSERT_THAT(Begun(), ElementsAre("p2026-11-r1"));
  const std::vector<std::string> sent = hub_.upload("p2026-11-r1").batches;
  hub_.reject_with = 0;
  ASSERT_OK_AND_ASSIGN(const PushResult result, Push());
  EXPECT_TRUE(result.receipt.has_value());
  EXPECT_EQ(hub_.upload("p2026-11-r1").batches, sent);
}

TEST_F(PushJobTest, ASpoiledReceiptIsAnIntegrityErrorAndTheSpoolStays) {
  hub_.spoil_receipt = true;
  EXPECT_THAT(Push(), ExitCodeIs(kExitIntegrity));
  EXPECT_THAT(Begun(), ElementsAre("p2026-11-r1"));
  EXPECT_FALSE(Store().HasReceipt("p2026-11-r1"));
}

TEST_F(PushJobTest, ADeliveryThatIsRefusedLeavesNothing) {
  world_.configuration().datasets["gp-event"].max_unlinked = 0.001;
  EXPECT_THAT(Push(), ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(Begun(), IsEmpty());
  EXPECT_FALSE(hub_.has("p2026-11-r1"));
  const auto left = ListDirectory(world_.configuration().SpoolDirectory());
  EXPECT_THAT(*left, IsEmpty());
}

TEST_F(PushJobTest, AStopEndsWithItsCodeAndKeepsTheState) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  RequestStop(2);
  EXPECT_THAT(Push(), ExitCodeIs(kExitInterrupted));
  EXPECT_THAT(Begun(), ElementsAre("p2026-11-r1"));
  ResetStopForTesting();
  hub_.break_after = 0;
  ASSERT_OK(Push());
}

TEST_F(PushJobTest, AFullSpoolIsTemporaryAndSaysWhatToDo) {
  world_.configuration().max_spool_bytes = 1000;
  const auto result = Push();
  EXPECT_THAT(result, ExitCodeIs(kExitTemporary));
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("state.max_spool"));
  world_.configuration().max_spool_bytes = 1 << 30;
  ASSERT_OK(Push());
}

TEST_F(PushJobTest, ARemainderOfAKilledRunIsRemoved) {
  const std::string folder =
      world_.configuration().SpoolDirectory() + "/p2026-11-r1";
  ASSERT_OK(MakeDirectories(folder, 0700));
  WriteFile(folder + "/rows.spool", "half");
  WriteFile(folder + "/outbox.spool", "half");
  ASSERT_OK(Push());
}

TEST_F(PushJobTest, OnlyOnePushRunsAtATime) {
  SpoolStore other(world_.configuration(), world_.keys().storage());
  ASSERT_OK(other.Lock());
  EXPECT_THAT(Push(), ExitCodeIs(kExitConflict));
}

TEST_F(PushJobTest, AChangedSpoolIsAnIntegrityError) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  hub_.break_after = 0;
  const std::string path = Store().PathOf("p2026-11-r1", "outbox.spool");
  std::string bytes = *ReadFile(path, 1 << 24);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(path, bytes);
  EXPECT_THAT(Push(), ExitCodeIs(kExitIntegrity));
}

TEST_F(PushJobTest, NoFileOfTheStateHoldsANumber) {
  hub_.break_after = 1;
  EXPECT_THAT(Push(), ExitCodeIs(kExitTemporary));
  std::vector<std::string> todo = {world_.configuration().state_directory};
  size_t files = 0;
  while (!todo.empty()) {
    const std::string path = todo.back();
    todo.pop_back();
    if (IsDirectory(path)) {
      ASSERT_OK_AND_ASSIGN(const auto names, ListDirectory(path));
      for (const std::string& name : names) todo.push_back(path + "/" + name);
      continue;
    }
    ++files;
    const std::string bytes = *ReadFile(path, 1 << 24);
    for (uint32_t i = 0; i < 300; ++i) {
      EXPECT_EQ(bytes.find(TestNumber(i)), std::string::npos) << path;
    }
  }
  EXPECT_GE(files, 3U);
}

}  // namespace
}  // namespace tally::pseudonymiser
