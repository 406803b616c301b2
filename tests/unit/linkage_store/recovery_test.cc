#include "linkage/store/recovery.h"

#include <filesystem>

#include "base/files.h"
#include "crypto/init.h"
#include "crypto/sign.h"
#include "linkage/audit/audit_log.h"
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

TEST_F(RecoveryTest, WhatTheCatalogueDoesNotKnowStopsTheStartAndStays) {
  const HubDirectory& directory = hub_.directory();
  for (const std::string& stray :
       {directory.UploadDirectory("stray"), directory.ExtractDirectory("stray"),
        directory.ReleaseDirectory("stray")}) {
    Plant(stray);
    const absl::StatusOr<RecoveryReport> refused = Recover();
    EXPECT_THAT(refused, ReasonIs(Reason::kFileDigest));
    EXPECT_THAT(refused, ExitCodeIs(kExitIntegrity));
    EXPECT_THAT(refused.status().message(), testing::HasSubstr("/stray"));
    EXPECT_TRUE(std::filesystem::exists(stray + "/rows/part"));
    ASSERT_OK_AND_ASSIGN(const FsckReport fsck,
                         Fsck(directory, hub_.catalogue(), {}));
    ASSERT_EQ(fsck.findings.size(), 1u);
    EXPECT_THAT(fsck.findings[0].resource, testing::EndsWith("/stray"));
    std::filesystem::remove_all(stray);
  }
  EXPECT_THAT(Recover(), IsOk());
}

// A catalogue that belongs to nothing here: new, but not the directory.
TEST_F(RecoveryTest, ANewCatalogueDeletesNothingOfAnOldDirectory) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  ASSERT_OK_AND_ASSIGN(const auto fresh,
                       Catalogue::Open("sqlite", dir_.Path("fresh.db")));
  EXPECT_THAT(RecoverHub(hub_.directory(), *fresh, kTestHubActor),
              ReasonIs(Reason::kFileDigest));
  EXPECT_TRUE(
      IsDirectory(hub_.directory().ExtractDirectory(record.uid) + "/rows"));
}

// The same before anything is published: only the log tells.
TEST_F(RecoveryTest, ANewCatalogueBesideALogOfChangesIsRefused) {
  TALLY_CHECK(crypto::InitCrypto().ok());
  ASSERT_OK_AND_ASSIGN(
      const crypto::SigningKey key,
      crypto::SigningKey::Generate(crypto::Environment::kTest, "hub-a",
                                   crypto::SignPurpose::kAudit));
  AuditLogOptions options;
  options.directory = hub_.directory().AuditDirectory();
  options.origin = AuditOrigin("example.nhs.uk", "hub-a");
  options.key = &key;
  ASSERT_OK_AND_ASSIGN(const auto log, AuditLog::Open(options));
  ASSERT_OK_AND_ASSIGN(const auto fresh,
                       Catalogue::Open("sqlite", dir_.Path("fresh.db")));
  AuditEntry entry;
  entry.action = AuditAction::kHubStart;
  entry.corr = NewCorrelationId();
  ASSERT_THAT(log->Append(entry), IsOk());
  EXPECT_THAT(RecoverHub(hub_.directory(), *fresh, kTestHubActor), IsOk());
  entry.action = AuditAction::kSourceCreate;
  entry.corr = NewCorrelationId();
  ASSERT_THAT(log->Append(entry), IsOk());
  EXPECT_THAT(RecoverHub(hub_.directory(), *fresh, kTestHubActor),
              ReasonIs(Reason::kFileDigest));
  EXPECT_THAT(Recover(), IsOk());  // the catalogue that belongs to it
}

// Renamed, then killed before the catalogue's commit.
TEST_F(RecoveryTest, AnExtractBetweenRenameAndCommitIsPublishedAgain) {
  ASSERT_THAT(hub_.Create(delivery_), IsOk());
  ASSERT_THAT(hub_.Send(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Finalize(delivery_));
  Plant(hub_.directory().ExtractDirectory(record.uid));
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, Recover());
  EXPECT_EQ(report.removed_extracts, 1);
  EXPECT_EQ(report.finalizing, 1);
  ASSERT_THAT(hub_.store().Publish(record.uid), IsOk());
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kPublished);
}

// The journal goes after the commit: this catalogue is older than the disk.
TEST_F(RecoveryTest, AnUnpublishedExtractWithoutAJournalStopsTheStart) {
  ASSERT_THAT(hub_.Create(delivery_), IsOk());
  ASSERT_THAT(hub_.Send(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Finalize(delivery_));
  hub_.store().CloseUploads();
  std::filesystem::rename(hub_.directory().UploadDirectory(record.uid),
                          hub_.directory().ExtractDirectory(record.uid));
  EXPECT_THAT(Recover(), ReasonIs(Reason::kFileDigest));
  EXPECT_TRUE(IsDirectory(hub_.directory().ExtractDirectory(record.uid)));
}

// Killed between the journal and the catalogue's row, and once batches came.
TEST_F(RecoveryTest, AnUnknownUploadGoesOnlyWhileItHoldsNoBatch) {
  ASSERT_THAT(hub_.Create(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Get(delivery_));
  const std::string unknown = hub_.directory().UploadDirectory("unknown");
  std::filesystem::create_directory(unknown);
  std::filesystem::copy_file(hub_.directory().JournalPath(record.uid),
                             unknown + "/journal");
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, Recover());
  EXPECT_EQ(report.removed_uploads, 1);
  EXPECT_FALSE(std::filesystem::exists(unknown));
  ASSERT_THAT(hub_.Send(delivery_), IsOk());
  std::filesystem::create_directory(unknown);
  std::filesystem::copy_file(hub_.directory().JournalPath(record.uid),
                             unknown + "/journal");
  EXPECT_THAT(Recover(), ReasonIs(Reason::kFileDigest));
  EXPECT_TRUE(std::filesystem::exists(unknown + "/journal"));
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
  Plant(hub_.directory().UploadDirectory(record.uid));  // has ended
  std::filesystem::remove_all(hub_.directory().ExtractDirectory(record.uid));
  EXPECT_THAT(Recover(), ReasonIs(Reason::kFileDigest));
  EXPECT_THAT(Recover(), ExitCodeIs(kExitIntegrity));
  EXPECT_TRUE(
      std::filesystem::exists(hub_.directory().UploadDirectory(record.uid)));
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
  // Killed while it was built, and between its rename and the commit.
  Plant(hub_.directory().ReleaseDirectory(release.uid));
  Plant(hub_.directory().ReleaseDirectory(release.uid + ".building"));
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, Recover());
  EXPECT_EQ(report.failed_releases, 1);
  EXPECT_EQ(report.removed_releases, 2);
  EXPECT_EQ(catalogue.GetRelease("p", "r2026-11")->state,
            ReleaseState::kFailed);
}

}  // namespace
}  // namespace tally::linkage
