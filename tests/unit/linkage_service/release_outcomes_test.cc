// A release that was built must not be lost to a catalogue that fails.
#include "release_outcomes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "base/files.h"
#include "hub_fixture.h"
#include "sqlite_statement.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kRefuseBuilt[] =
    "CREATE TRIGGER no_built BEFORE UPDATE ON releases WHEN "
    "NEW.state = 'AWAITING_APPROVAL' BEGIN SELECT RAISE(ABORT, '%s'); END";
constexpr char kAway[] = "database is locked";
constexpr char kRefused[] = "no";

class Outcomes : public ::testing::Test {
 protected:
  Outcomes() {
    fixture_.Unseal();
    fixture_.AdmitSource();
    fixture_.Deliver();
    fixture_.ApproveAgreement("p1");
  }

  void Sql(const std::string& statement) {
    RunOnSqlite(fixture_.hub().directory().CataloguePath(), statement);
  }
  // Recording a built release fails from now on with `text`.
  void Refuse(const std::string& text) {
    std::string statement = kRefuseBuilt;
    Sql(statement.replace(statement.find("%s"), 2, text));
  }
  void Relent() { Sql("DROP TRIGGER no_built"); }

  void Build() {
    ReleaseAdminCalls calls(fixture_.hub(), fixture_.releases());
    hub::v1::CreateReleaseRequest create;
    create.set_parent("projects/p1");
    create.set_release_id("r2026-11");
    create.set_agreement("projects/p1/agreements/v1");
    create.set_request_id(FreshRequestId());
    hub::v1::CreateReleaseResponse created;
    ASSERT_THAT(
        calls.CreateRelease(OperatorCaller("j-price"), create, &created),
        IsOk());
    uid_ = created.release().uid();
    // What is queued after it begins once it is built.
    std::promise<void> built;
    fixture_.hub().release_queue().Add("after", [&] { built.set_value(); });
    built.get_future().wait();
  }
  ReleaseRecord Release() {
    const auto release =
        fixture_.hub().catalogue().GetRelease("p1", "r2026-11");
    EXPECT_THAT(release, IsOk());
    return *release;
  }
  bool HasManifest() {
    return IsRegularFile(fixture_.hub().directory().ReleaseDirectory(uid_) +
                         "/manifest.json");
  }

  HubFixture fixture_;
  std::string uid_;
};

TEST_F(Outcomes, ABuiltReleaseIsRecordedOnceTheCatalogueIsBack) {
  Refuse(kAway);
  Build();
  EXPECT_EQ(Release().state, ReleaseState::kBuilding);
  EXPECT_EQ(fixture_.releases().Progress(uid_)->stage, "record");
  EXPECT_TRUE(HasManifest());
  Relent();
  EXPECT_EQ(fixture_.WaitForRelease("projects/p1/releases/r2026-11").state(),
            hub::v1::RELEASE_STATE_AWAITING_APPROVAL);
  EXPECT_FALSE(fixture_.releases().Progress(uid_).has_value());
  EXPECT_TRUE(HasManifest());
}

TEST_F(Outcomes, AStopTriesOnceMore) {
  Refuse(kAway);
  Build();
  Relent();
  fixture_.hub().Stop();
  fixture_.releases().Stop();
  EXPECT_EQ(Release().state, ReleaseState::kAwaitingApproval);
  fixture_.Close();
  fixture_.Open();
  EXPECT_EQ(Release().state, ReleaseState::kAwaitingApproval);
  EXPECT_TRUE(HasManifest());
}

class OutcomesByHand : public Outcomes {
 protected:
  // A release that is in the catalogue and on the disk, and nobody builds.
  void SetUp() override {
    ReleaseRecord release;
    release.uid = uid_ = Catalogue::NewUid();
    release.project = "p1";
    release.id = "r2026-11";
    release.agreement = "v1";
    ASSERT_THAT(fixture_.hub().catalogue().CreateRelease(release, Entry()),
                IsOk());
    const std::string folder =
        fixture_.hub().directory().ReleaseDirectory(uid_);
    ASSERT_THAT(MakeDirectories(folder, 0700), IsOk());
    WriteFile(folder + "/manifest.json", "{}");
    BuiltRelease built;
    built.manifest_sha256 = std::string(64, 'a');
    built.tables["persons"] = 7;
    outcomes_.Keep(release, built, 1000);
  }
  static Change Entry() {
    Change change;
    change.entry.actor = "someone";
    change.entry.action = AuditAction::kReleaseCreate;
    change.entry.object = "projects/p1/releases/r2026-11";
    change.entry.corr = NewCorrelationId();
    return change;
  }

  ReleaseOutcomes outcomes_{fixture_.hub()};
};

TEST_F(OutcomesByHand, AreDueAtOnceAndOnlyOnce) {
  EXPECT_THAT(outcomes_.RecordDue(999), IsEmpty());
  EXPECT_THAT(outcomes_.RecordDue(1000), ElementsAre(uid_));
  EXPECT_EQ(Release().state, ReleaseState::kAwaitingApproval);
  EXPECT_THAT(outcomes_.RecordDue(1'000'000), IsEmpty());
}

TEST_F(OutcomesByHand, WaitLongerAfterEachFailure) {
  Refuse(kAway);
  EXPECT_THAT(outcomes_.RecordDue(1000), IsEmpty());
  Relent();
  EXPECT_THAT(outcomes_.RecordDue(1000), IsEmpty());  // not due yet
  EXPECT_EQ(Release().state, ReleaseState::kBuilding);
  EXPECT_THAT(outcomes_.RecordDue(2000), ElementsAre(uid_));
}

TEST_F(OutcomesByHand, AreKeptHoweverLongTheCatalogueIsAway) {
  Refuse(kAway);
  int64_t now_ms = 1000;
  for (int i = 0; i < 5 * kMostRefusals; ++i) {
    ASSERT_THAT(outcomes_.RecordDue(now_ms += 60'000), IsEmpty());
  }
  Relent();
  EXPECT_THAT(outcomes_.RecordDue(now_ms += 60'000), ElementsAre(uid_));
  EXPECT_EQ(Release().state, ReleaseState::kAwaitingApproval);
}

TEST_F(OutcomesByHand, AFullDiskIsWaitedFor) {
  Refuse("database or disk is full");
  int64_t now_ms = 1000;
  for (int i = 0; i < 2 * kMostRefusals; ++i) {
    ASSERT_THAT(outcomes_.RecordDue(now_ms += 60'000), IsEmpty());
  }
  EXPECT_EQ(Release().state, ReleaseState::kBuilding);
  EXPECT_TRUE(HasManifest());
}

// The answer of a commit can be lost with the connection.
TEST_F(OutcomesByHand, WhatWasRecordedAlreadyIsSettled) {
  ASSERT_THAT(fixture_.hub().catalogue().FinishRelease(
                  uid_, std::string(64, 'a'), "{}", {}, Entry()),
              IsOk());
  EXPECT_THAT(outcomes_.RecordDue(1000), ElementsAre(uid_));
  EXPECT_EQ(Release().state, ReleaseState::kAwaitingApproval);
  EXPECT_TRUE(HasManifest());
}

// It was recorded as built after all: what is in force keeps its folder.
TEST_F(OutcomesByHand, WhatWasGivenUpAndIsRecordedAlreadyKeepsItsFolder) {
  Refuse(kRefused);
  int64_t now_ms = 1000;
  for (int i = 0; i < kMostRefusals; ++i) {
    ASSERT_THAT(outcomes_.RecordDue(now_ms += 60'000), IsEmpty());
  }
  Relent();
  ASSERT_THAT(fixture_.hub().catalogue().FinishRelease(
                  uid_, std::string(64, 'a'), "{}", {}, Entry()),
              IsOk());
  EXPECT_THAT(outcomes_.RecordDue(now_ms += 60'000), ElementsAre(uid_));
  EXPECT_EQ(Release().state, ReleaseState::kAwaitingApproval);
  EXPECT_TRUE(HasManifest());
}

TEST_F(OutcomesByHand, AReleaseThatIsRefusedForGoodFailsWithoutItsFolder) {
  Refuse(kRefused);
  int64_t now_ms = 1000;
  for (int i = 0; i < kMostRefusals; ++i) {
    ASSERT_THAT(outcomes_.RecordDue(now_ms += 60'000), IsEmpty());
    EXPECT_EQ(Release().state, ReleaseState::kBuilding);
    EXPECT_TRUE(HasManifest());
  }
  EXPECT_THAT(outcomes_.RecordDue(now_ms += 60'000), ElementsAre(uid_));
  EXPECT_EQ(Release().state, ReleaseState::kFailed);
  EXPECT_EQ(Release().error->reason, Reason::kInternal);
  EXPECT_FALSE(HasManifest());
}

}  // namespace
}  // namespace tally::linkage
