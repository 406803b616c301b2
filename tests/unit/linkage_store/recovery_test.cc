#include "linkage/store/recovery.h"

#include <filesystem>

#include "status_matchers.h"
#include "store_fixture.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest()
      : delivery_(MakeDelivery(scheme_)), hub_(dir_.path(), scheme_) {}
  absl::StatusOr<RecoveryReport> Recover() {
    return RecoverHub(hub_.directory(), hub_.catalogue(), kTestHubActor);
  }
  static void Plant(const std::string& path) {
    std::filesystem::create_directories(path + "/rows");
    WriteFile(path + "/rows/part", "x");
  }

  TempDir dir_;
  TestScheme scheme_;
  TestDelivery delivery_;
  TestHub hub_;
};

TEST_F(RecoveryTest, ATidyHubIsLeftAlone) {
  ASSERT_THAT(hub_.Deliver(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, Recover());
  EXPECT_EQ(report.removed_uploads, 0);
  EXPECT_EQ(report.removed_extracts, 0);
  EXPECT_EQ(report.rejected_uploads, 0);
  ASSERT_OK_AND_ASSIGN(const FsckReport fsck,
                       Fsck(hub_.directory(), hub_.catalogue(), {}));
  EXPECT_TRUE(fsck.findings.empty());
}

TEST_F(RecoveryTest, WhatTheCatalogueDoesNotKnowIsRemoved) {
  Plant(hub_.directory().UploadDirectory("stray"));
  Plant(hub_.directory().ExtractDirectory("stray"));
  Plant(hub_.directory().ReleaseDirectory("stray"));
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, Recover());
  EXPECT_EQ(report.removed_uploads, 1);
  EXPECT_EQ(report.removed_extracts, 1);
  EXPECT_EQ(report.removed_releases, 1);
  EXPECT_FALSE(
      std::filesystem::exists(hub_.directory().ExtractDirectory("stray")));
}

TEST_F(RecoveryTest, OpenUploadsStayAndThoseWithoutAJournalAreRejected) {
  ASSERT_THAT(hub_.Create(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const RecoveryReport first, Recover());
  EXPECT_EQ(first.open_uploads, 1);
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Get(delivery_));
  hub_.store().CloseUploads();
  std::filesystem::remove(hub_.directory().JournalPath(record.uid));
  ASSERT_OK_AND_ASSIGN(const RecoveryReport second, Recover());
  EXPECT_EQ(second.rejected_uploads, 1);
  EXPECT_EQ(second.removed_uploads, 1);
  EXPECT_EQ(hub_.Get(delivery_)->error->reason, Reason::kJournalCorrupt);
}

TEST_F(RecoveryTest, AFinalisedUploadWaitsToBePublished) {
  ASSERT_THAT(hub_.Create(delivery_), IsOk());
  ASSERT_THAT(hub_.Send(delivery_), IsOk());
  ASSERT_THAT(hub_.Finalize(delivery_), IsOk());
  hub_.Restart();
  ASSERT_OK_AND_ASSIGN(const auto waiting, hub_.store().Unpublished());
  ASSERT_EQ(waiting.size(), 1u);
  ASSERT_THAT(hub_.store().Publish(waiting[0]), IsOk());
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kPublished);
}

TEST_F(RecoveryTest, ALostPublishedExtractStopsTheStartAndTouchesNothing) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  Plant(hub_.directory().UploadDirectory("stray"));
  std::filesystem::remove_all(hub_.directory().ExtractDirectory(record.uid));
  EXPECT_THAT(Recover(), ReasonIs(Reason::kFileDigest));
  EXPECT_THAT(Recover(), ExitCodeIs(kExitIntegrity));
  EXPECT_TRUE(
      std::filesystem::exists(hub_.directory().UploadDirectory("stray")));
}

TEST_F(RecoveryTest, AReleaseThatWasBeingBuiltHasFailed) {
  Catalogue& catalogue = hub_.catalogue();
  const auto change = [] {
    AuditEntry entry;
    entry.action = AuditAction::kProjectCreate;
    entry.corr = NewCorrelationId();
    return Change{entry, std::nullopt, ""};
  };
  ASSERT_THAT(catalogue.CreateProject(
                  {Catalogue::NewUid(), "p", "t", "now", "kid"}, change()),
              IsOk());
  AgreementRecord agreement;
  agreement.uid = Catalogue::NewUid();
  agreement.project = "p";
  agreement.id = "v1";
  ASSERT_THAT(catalogue.AddAgreement(agreement, change()), IsOk());
  ReleaseRecord release;
  release.uid = Catalogue::NewUid();
  release.project = "p";
  release.id = "r2026-11";
  release.agreement = "v1";
  ASSERT_THAT(catalogue.CreateRelease(release, change()), IsOk());
  Plant(hub_.directory().ReleaseDirectory(release.uid));
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, Recover());
  EXPECT_EQ(report.failed_releases, 1);
  EXPECT_EQ(report.removed_releases, 1);
  EXPECT_EQ(catalogue.GetRelease("p", "r2026-11")->state,
            ReleaseState::kFailed);
}

}  // namespace
}  // namespace tally::linkage
