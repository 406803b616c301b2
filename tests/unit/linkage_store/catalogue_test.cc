#include "linkage/store/catalogue.h"

#include <thread>

#include "base/civil_day.h"
#include "catalogue_database.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using testing::ElementsAre;

AuditEntry Entry(AuditAction action = AuditAction::kProjectCreate) {
  AuditEntry entry;
  entry.action = action;
  entry.corr = NewCorrelationId();
  return entry;
}

class CatalogueTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    catalogue_.reset();
    ASSERT_OK_AND_ASSIGN(catalogue_,
                         Catalogue::Open(database_.url, database_.sqlite_path));
  }

  Change Plain() const { return {Entry(), std::nullopt, ""}; }
  Change Requested(const std::string& id, const std::string& digest,
                   const std::string& answer) const {
    return {Entry(), RequestKey{id, "spiffe://x/operator/j", "Create", digest},
            answer};
  }
  absl::Status AddSource(const std::string& id) {
    return catalogue_
        ->CreateSource({Catalogue::NewUid(), id, "title", NowUtcRfc3339()},
                       Plain())
        .status();
  }
  ExtractRecord Extract(const std::string& source, const std::string& id,
                        int revision, int32_t start, int32_t end) const {
    ExtractRecord record;
    record.uid = Catalogue::NewUid();
    record.source = source;
    record.extract_id = id;
    record.revision = revision;
    record.period_start = start;
    record.period_end = end;
    record.key_id = "fa8d4e17047812dd";
    record.epoch = 1;
    record.hub_epoch = 1;
    record.datasets = {{"gp-event", std::string(64, 'a'), 0, 0},
                       {"gp-patient", std::string(64, 'b'), 0, 0}};
    return record;
  }
  absl::Status Create(const ExtractRecord& record,
                      std::vector<std::string>* superseded = nullptr) {
    return catalogue_->CreateExtract(record, Plain(), superseded).status();
  }
  absl::Status Publish(const ExtractRecord& record) {
    TALLY_RETURN_IF_ERROR(
        catalogue_->BeginFinalize(record.uid, "digest", 3, 30, Plain())
            .status());
    return catalogue_->PublishExtract(record, {}, Plain());
  }
  absl::Status AddProject(const std::string& id) {
    return catalogue_
        ->CreateProject(
            {Catalogue::NewUid(), id, "title", NowUtcRfc3339(), "kid"}, Plain())
        .status();
  }
  absl::Status AddAgreement(const std::string& project, const std::string& id,
                            int32_t expires = 30'000) {
    AgreementRecord agreement;
    agreement.uid = Catalogue::NewUid();
    agreement.project = project;
    agreement.id = id;
    agreement.create_time = NowUtcRfc3339();
    agreement.creator = "j-price";
    agreement.document = "project = {}";
    agreement.sha256 = "cafe";
    agreement.expires = expires;
    return catalogue_->AddAgreement(agreement, Plain()).status();
  }
  absl::Status Approve(const std::string& person,
                       const std::string& sha256 = "cafe") {
    return catalogue_
        ->ApproveAgreement("p", "v1", sha256, {person, "spiffe://x", ""},
                           Plain())
        .status();
  }
  size_t Waiting() { return catalogue_->NextPending(1'000)->size(); }

  TempDir dir_;
  TestDatabase database_ = NewTestDatabase(dir_);
  std::unique_ptr<Catalogue> catalogue_;
};

TEST_F(CatalogueTest, ReopeningKeepsEverythingAndMigratesNothing) {
  ASSERT_THAT(AddSource("gp-supplier-a"), IsOk());
  EXPECT_THAT(Catalogue::PlanMigrations(database_.url, database_.sqlite_path),
              IsOkAndHolds(testing::IsEmpty()));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const SourceRecord source,
                       catalogue_->GetSource("gp-supplier-a"));
  EXPECT_EQ(source.title, "title");
}

TEST_F(CatalogueTest, ANewDatabaseWouldGetTheFirstMigration) {
  const TestDatabase other = NewTestDatabase(dir_);
  EXPECT_THAT(Catalogue::PlanMigrations(other.url, other.sqlite_path),
              IsOkAndHolds(testing::SizeIs(1)));
}

TEST_F(CatalogueTest, RefusesADatabaseOfALaterVersion) {
  catalogue_.reset();
  {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Sql> sql, database_.Open());
    ASSERT_THAT(
        sql->Execute("INSERT INTO schema_version VALUES (99, 'x', 'y')"),
        IsOk());
  }
  EXPECT_THAT(Catalogue::Open(database_.url, database_.sqlite_path),
              ReasonIs(Reason::kFileDigest));
}

TEST_F(CatalogueTest, MessagesNeverQuoteValues) {
  const std::string secret = "SECRET-TITLE-123456";
  SourceRecord source{Catalogue::NewUid(), "a", secret, NowUtcRfc3339()};
  ASSERT_THAT(catalogue_->CreateSource(source, Plain()), IsOk());
  SourceRecord same_uid = source;
  same_uid.id = "b";  // the uid is unique: a fault of SQL, not a conflict
  const absl::Status status =
      catalogue_->CreateSource(same_uid, Plain()).status();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(std::string(status.message()).find("SECRET"), std::string::npos);
  EXPECT_EQ(std::string(status.message()).find(source.uid), std::string::npos);
}

TEST_F(CatalogueTest, SourcesAreUniqueAndListedByPage) {
  for (const char* id : {"c", "a", "b"}) ASSERT_THAT(AddSource(id), IsOk());
  EXPECT_THAT(AddSource("a"), ReasonIs(Reason::kResourceExists));
  EXPECT_THAT(catalogue_->GetSource("x"), ReasonIs(Reason::kResourceNotFound));
  ASSERT_OK_AND_ASSIGN(const auto first, catalogue_->ListSources({2, ""}));
  ASSERT_EQ(first.items.size(), 2u);
  EXPECT_EQ(first.items[0].id, "a");
  EXPECT_EQ(first.next, "b");
  ASSERT_OK_AND_ASSIGN(const auto second,
                       catalogue_->ListSources({2, first.next}));
  ASSERT_EQ(second.items.size(), 1u);
  EXPECT_EQ(second.items[0].id, "c");
  EXPECT_EQ(second.next, "");
}

TEST_F(CatalogueTest, EveryChangeLeavesItsEntryInTheOutbox) {
  ASSERT_THAT(AddSource("a"), IsOk());
  EXPECT_EQ(Waiting(), 1u);
  EXPECT_FALSE(AddSource("a").ok());
  EXPECT_EQ(Waiting(), 1u);  // what did not happen is not logged
  const AuditEntry entry = Entry(AuditAction::kPeersReload);
  ASSERT_THAT(catalogue_->Record({entry, std::nullopt, ""}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto pending, catalogue_->NextPending(10));
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_LT(pending[0].id, pending[1].id);
  EXPECT_TRUE(pending[1].entry == entry);
  Reopen();
  EXPECT_EQ(Waiting(), 2u);
  const std::vector<int64_t> ids{pending[0].id};
  ASSERT_THAT(catalogue_->MarkWritten(ids), IsOk());
  EXPECT_EQ(Waiting(), 1u);
}

TEST_F(CatalogueTest, AnEntryThatCannotBeLoggedStopsItsChange) {
  Change change = Plain();
  change.entry.corr = "bad";
  EXPECT_FALSE(
      catalogue_->CreateSource({Catalogue::NewUid(), "a", "", ""}, change)
          .ok());
  EXPECT_THAT(catalogue_->GetSource("a"), ReasonIs(Reason::kResourceNotFound));
}

TEST_F(CatalogueTest, ARepeatedRequestGetsItsFirstAnswer) {
  const SourceRecord source{Catalogue::NewUid(), "a", "t", NowUtcRfc3339()};
  EXPECT_THAT(catalogue_->CreateSource(source, Requested("r1", "d1", "one")),
              IsOkAndHolds("one"));
  EXPECT_THAT(catalogue_->CreateSource(source, Requested("r1", "d1", "two")),
              IsOkAndHolds("one"));
  EXPECT_EQ(Waiting(), 1u);
  EXPECT_THAT(catalogue_->CreateSource(source, Requested("r1", "d2", "x")),
              ReasonIs(Reason::kRequestIdReused));
  EXPECT_THAT(catalogue_->CreateSource(source, Requested("r2", "d1", "x")),
              ReasonIs(Reason::kResourceExists));
  Reopen();
  RequestKey key{"r1", "spiffe://x/operator/j", "Create", "d1"};
  EXPECT_THAT(catalogue_->FindAnswer(key),
              IsOkAndHolds(testing::Optional(std::string("one"))));
  key.method = "Other";
  EXPECT_THAT(catalogue_->FindAnswer(key), ReasonIs(Reason::kRequestIdReused));
  key.caller = "spiffe://x/operator/k";  // ids are the caller's own
  EXPECT_THAT(catalogue_->FindAnswer(key),
              IsOkAndHolds(testing::Eq(std::nullopt)));
}

TEST_F(CatalogueTest, OldRequestsAreForgotten) {
  const SourceRecord source{Catalogue::NewUid(), "a", "t", NowUtcRfc3339()};
  const Change change = Requested("r1", "d1", "one");
  ASSERT_THAT(catalogue_->CreateSource(source, change), IsOk());
  ASSERT_THAT(catalogue_->ForgetRequestsBefore("2000-01-01T00:00:00Z"), IsOk());
  EXPECT_THAT(catalogue_->FindAnswer(*change.request),
              IsOkAndHolds(testing::Optional(std::string("one"))));
  ASSERT_THAT(catalogue_->ForgetRequestsBefore("2999-01-01T00:00:00Z"), IsOk());
  EXPECT_THAT(catalogue_->FindAnswer(*change.request),
              IsOkAndHolds(testing::Eq(std::nullopt)));
}

TEST_F(CatalogueTest, AnExtractNeedsItsSource) {
  EXPECT_THAT(Create(Extract("nobody", "p2026-10-r1", 1, 0, 30)),
              ReasonIs(Reason::kResourceNotFound));
}

TEST_F(CatalogueTest, AnExtractComesBackAsItWasCreated) {
  ASSERT_THAT(AddSource("a"), IsOk());
  const ExtractRecord record = Extract("a", "p2026-10-r1", 1, 10, 40);
  ASSERT_THAT(Create(record), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord found,
                       catalogue_->GetExtract("a", "p2026-10-r1"));
  EXPECT_EQ(found.uid, record.uid);
  EXPECT_EQ(found.state, ExtractState::kOpen);
  EXPECT_EQ(found.period_start, 10);
  EXPECT_EQ(found.period_end, 40);
  EXPECT_EQ(found.datasets, record.datasets);
  EXPECT_EQ(found.key_id, record.key_id);
  EXPECT_FALSE(found.resumed);
  EXPECT_EQ(found.name(), "sources/a/extracts/p2026-10-r1");
  ASSERT_THAT(catalogue_->MarkResumed(record.uid), IsOk());
  EXPECT_TRUE(catalogue_->GetExtractByUid(record.uid)->resumed);
}

TEST_F(CatalogueTest, PeriodsAreEqualOrDoNotOverlap) {
  ASSERT_THAT(AddSource("a"), IsOk());
  ASSERT_THAT(AddSource("b"), IsOk());
  ASSERT_THAT(Create(Extract("a", "p2026-10-r1", 1, 100, 130)), IsOk());
  const auto overlap = Create(Extract("a", "p2026-11-r1", 1, 130, 160));
  EXPECT_THAT(overlap, ReasonIs(Reason::kPeriodOverlap));
  EXPECT_EQ(DetailOf(overlap)->resource, "sources/a/extracts/p2026-10-r1");
  EXPECT_THAT(Create(Extract("a", "p2026-12-r1", 1, 90, 140)),
              ReasonIs(Reason::kPeriodOverlap));
  EXPECT_THAT(Create(Extract("a", "p2026-09-r1", 1, 105, 110)),
              ReasonIs(Reason::kPeriodOverlap));
  EXPECT_THAT(Create(Extract("a", "p2026-11-r1", 1, 131, 160)), IsOk());
  EXPECT_THAT(Create(Extract("b", "p2026-11-r1", 1, 120, 160)), IsOk());
}

TEST_F(CatalogueTest, AHigherRevisionReplacesOpenOnesAndALowerOneIsRefused) {
  ASSERT_THAT(AddSource("a"), IsOk());
  const ExtractRecord second = Extract("a", "p2026-10-r2", 2, 100, 130);
  ASSERT_THAT(Create(second), IsOk());
  EXPECT_THAT(Create(second), ReasonIs(Reason::kResourceExists));
  const auto lower = Create(Extract("a", "p2026-10-r1", 1, 100, 130));
  EXPECT_THAT(lower, ReasonIs(Reason::kExtractState));
  EXPECT_EQ(DetailOf(lower)->limit, 2);
  std::vector<std::string> superseded;
  ASSERT_THAT(Create(Extract("a", "p2026-10-r3", 3, 100, 130), &superseded),
              IsOk());
  EXPECT_THAT(superseded, ElementsAre(second.uid));
  ASSERT_OK_AND_ASSIGN(const ExtractRecord left,
                       catalogue_->GetExtractByUid(second.uid));
  EXPECT_EQ(left.state, ExtractState::kRejected);
  EXPECT_EQ(left.error->reason, Reason::kUploadSuperseded);
}

TEST_F(CatalogueTest, ARejectedExtractGivesItsNameFree) {
  ASSERT_THAT(AddSource("a"), IsOk());
  const ExtractRecord first = Extract("a", "p2026-10-r1", 1, 100, 130);
  ASSERT_THAT(Create(first), IsOk());
  const ErrorDetail error{.reason = Reason::kElementRepeated,
                          .resource = first.name(),
                          .field = "tokens",
                          .row = 7,
                          .limit = 3,
                          .count = 2,
                          .corr = std::string(32, '0')};
  ASSERT_THAT(catalogue_->RejectExtract(first.uid, error, "{}", Plain()),
              IsOk());
  EXPECT_EQ(catalogue_->GetExtract("a", "p2026-10-r1")->error, error);
  EXPECT_THAT(catalogue_->RejectExtract(first.uid, error, "", Plain()),
              ReasonIs(Reason::kExtractState));
  const ExtractRecord again = Extract("a", "p2026-10-r1", 1, 100, 130);
  ASSERT_THAT(Create(again), IsOk());
  EXPECT_EQ(catalogue_->GetExtract("a", "p2026-10-r1")->uid, again.uid);
  ASSERT_OK_AND_ASSIGN(const auto page,
                       catalogue_->ListExtracts("a", {10, ""}));
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_EQ(page.items[0].uid, again.uid);
}

TEST_F(CatalogueTest, PublishingSetsEverythingAtOnceAndOnlyOnce) {
  ASSERT_THAT(AddSource("a"), IsOk());
  ExtractRecord record = Extract("a", "p2026-10-r1", 1, 100, 130);
  ASSERT_THAT(Create(record), IsOk());
  EXPECT_THAT(catalogue_->PublishExtract(record, {}, Plain()),
              ReasonIs(Reason::kExtractState));
  ASSERT_THAT(catalogue_->BeginFinalize(record.uid, "digest", 5, 50, Plain()),
              IsOk());
  EXPECT_THAT(catalogue_->BeginFinalize(record.uid, "digest", 5, 50, Plain()),
              ReasonIs(Reason::kExtractState));
  record.finish_time = "2026-11-02T08:00:00Z";
  record.persons = 12;
  record.validation = "{\"results\":[]}";
  record.receipt = "receipt";
  record.receipt_signature = "signature";
  record.newest_opt_out_list = "2026-10-20";
  record.datasets[0].rows = 30;
  record.datasets[0].rows_unlinked = 4;
  const std::vector<FileRecord> files{{"index.run", 100, std::string(64, 'c')},
                                      {"manifest.json", 5, "d"}};
  ASSERT_THAT(catalogue_->PublishExtract(record, files, Plain()), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord found,
                       catalogue_->GetExtractByUid(record.uid));
  EXPECT_EQ(found.state, ExtractState::kPublished);
  EXPECT_EQ(found.persons, 12);
  EXPECT_EQ(found.batches, 5);
  EXPECT_EQ(found.rows, 50);
  EXPECT_EQ(found.receipt, "receipt");
  EXPECT_EQ(found.datasets, record.datasets);
  EXPECT_EQ(found.newest_opt_out_list, "2026-10-20");
  EXPECT_THAT(catalogue_->ExtractFiles(record.uid), IsOkAndHolds(files));
  EXPECT_THAT(catalogue_->PublishExtract(record, {}, Plain()),
              ReasonIs(Reason::kExtractState));
  EXPECT_THAT(catalogue_->RejectExtract(record.uid, {}, "", Plain()),
              ReasonIs(Reason::kExtractState));
}

TEST_F(CatalogueTest, ExtractsAreListedByNameOverAllSources) {
  for (const char* source : {"a", "b", "a-b"}) {
    ASSERT_THAT(AddSource(source), IsOk());
    for (int month = 1; month <= 3; ++month) {
      ASSERT_THAT(
          Create(Extract(source, "p2026-0" + std::to_string(month) + "-r1", 1,
                         month * 100, month * 100 + 30)),
          IsOk());
    }
  }
  std::vector<std::string> names;
  std::string after;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page,
                         catalogue_->ListExtracts("", {2, after}));
    EXPECT_LE(page.items.size(), 2u);
    for (const auto& item : page.items) names.push_back(item.name());
    after = page.next;
  } while (!after.empty());
  ASSERT_EQ(names.size(), 9u);
  ASSERT_OK_AND_ASSIGN(const auto own, catalogue_->ListExtracts("a", {50, ""}));
  EXPECT_EQ(own.items.size(), 3u);
}

TEST_F(CatalogueTest, TwoPersonsApproveAnAgreement) {
  ASSERT_THAT(AddProject("p"), IsOk());
  EXPECT_THAT(AddProject("p"), ReasonIs(Reason::kResourceExists));
  ASSERT_THAT(AddAgreement("p", "v1"), IsOk());
  EXPECT_THAT(AddAgreement("p", "v1"), ReasonIs(Reason::kResourceExists));
  EXPECT_THAT(AddAgreement("nobody", "v1"),
              ReasonIs(Reason::kResourceNotFound));
  EXPECT_THAT(Approve("j-price", "beef"), ReasonIs(Reason::kAgreementInvalid));
  ASSERT_THAT(Approve("j-price"), IsOk());
  EXPECT_EQ(catalogue_->GetAgreement("p", "v1")->state,
            AgreementState::kAwaitingApproval);
  EXPECT_THAT(Approve("j-price"), ReasonIs(Reason::kSamePerson));
  ASSERT_THAT(Approve("a-khan"), IsOk());
  ASSERT_OK_AND_ASSIGN(const AgreementRecord agreement,
                       catalogue_->GetAgreement("p", "v1"));
  EXPECT_EQ(agreement.state, AgreementState::kActive);
  EXPECT_EQ(agreement.approvals.size(), 2u);
  EXPECT_EQ(agreement.document, "project = {}");
}

class ReleaseTest : public CatalogueTest {
 protected:
  void SetUp() override {
    CatalogueTest::SetUp();
    ASSERT_THAT(AddProject("p"), IsOk());
    ASSERT_THAT(AddAgreement("p", "v1", 20'000), IsOk());
    ASSERT_THAT(Approve("one"), IsOk());
    ASSERT_THAT(Approve("two"), IsOk());
    ASSERT_THAT(AddSource("a"), IsOk());
    extract_ = Extract("a", "p2026-10-r1", 1, 100, 130);
    ASSERT_THAT(Create(extract_), IsOk());
    ASSERT_THAT(Publish(extract_), IsOk());
  }
  ReleaseRecord Release(const std::string& id) const {
    ReleaseRecord release;
    release.uid = Catalogue::NewUid();
    release.project = "p";
    release.id = id;
    release.agreement = "v1";
    release.creator = "one";
    release.extract_uids = {extract_.uid};
    return release;
  }
  absl::Status CreateRelease(const ReleaseRecord& release) {
    return catalogue_->CreateRelease(release, Plain()).status();
  }
  absl::Status Finish(const ReleaseRecord& release) {
    return catalogue_->FinishRelease(release.uid, "digest", "{\"persons\":3}",
                                     files_, Plain());
  }
  absl::Status ApproveRelease(const std::string& person,
                              const std::string& digest = "digest") {
    return catalogue_
        ->ApproveRelease("p", "r2026-11", digest, {person, "", ""}, Plain())
        .status();
  }

  ExtractRecord extract_;
  std::vector<FileRecord> files_{{"manifest.json", 3, "x"}};
};

TEST_F(ReleaseTest, IsBuiltThenApprovedByTwoPersons) {
  const ReleaseRecord release = Release("r2026-11");
  ASSERT_THAT(CreateRelease(release), IsOk());
  EXPECT_THAT(CreateRelease(Release("r2026-11")),
              ReasonIs(Reason::kResourceExists));
  EXPECT_THAT(ApproveRelease("one"), ReasonIs(Reason::kReleaseState));
  ASSERT_THAT(Finish(release), IsOk());
  EXPECT_THAT(Finish(release), ReasonIs(Reason::kReleaseState));
  EXPECT_THAT(ApproveRelease("one", "other"),
              ReasonIs(Reason::kManifestMismatch));
  ASSERT_THAT(ApproveRelease("one"), IsOk());
  EXPECT_THAT(ApproveRelease("one"), ReasonIs(Reason::kSamePerson));
  ASSERT_THAT(ApproveRelease("two"), IsOk());
  EXPECT_THAT(ApproveRelease("three"), ReasonIs(Reason::kReleaseState));
  ASSERT_OK_AND_ASSIGN(const ReleaseRecord found,
                       catalogue_->GetRelease("p", "r2026-11"));
  EXPECT_EQ(found.state, ReleaseState::kActive);
  EXPECT_EQ(found.tables, "{\"persons\":3}");
  EXPECT_THAT(found.extract_uids, ElementsAre(extract_.uid));
  EXPECT_EQ(found.approvals.size(), 2u);
  EXPECT_THAT(catalogue_->ReleaseFiles(release.uid), IsOkAndHolds(files_));
}

TEST_F(ReleaseTest, AFailedReleaseGivesItsNameFree) {
  const ReleaseRecord first = Release("r2026-11");
  ASSERT_THAT(CreateRelease(first), IsOk());
  ASSERT_THAT(catalogue_->FailRelease(
                  first.uid, ErrorDetail{.reason = Reason::kDiskLow}, Plain()),
              IsOk());
  EXPECT_EQ(catalogue_->GetRelease("p", "r2026-11")->error->reason,
            Reason::kDiskLow);
  const ReleaseRecord second = Release("r2026-11");
  ASSERT_THAT(CreateRelease(second), IsOk());
  EXPECT_EQ(catalogue_->GetRelease("p", "r2026-11")->uid, second.uid);
  EXPECT_THAT(Finish(first), ReasonIs(Reason::kReleaseState));
}

TEST_F(ReleaseTest, NeedsItsAgreementAndItsExtracts) {
  ReleaseRecord release = Release("r2026-11");
  release.agreement = "v9";
  EXPECT_THAT(CreateRelease(release), ReasonIs(Reason::kResourceNotFound));
  release = Release("r2026-11");
  release.extract_uids = {"no such extract"};
  EXPECT_FALSE(CreateRelease(release).ok());
  EXPECT_THAT(catalogue_->GetRelease("p", "r2026-11"),
              ReasonIs(Reason::kResourceNotFound));
}

TEST_F(ReleaseTest, ExpiresWithItsAgreement) {
  const ReleaseRecord release = Release("r2026-11");
  ASSERT_THAT(CreateRelease(release), IsOk());
  ASSERT_THAT(Finish(release), IsOk());
  EXPECT_THAT(catalogue_->AgreementsToExpire(20'000),
              IsOkAndHolds(testing::IsEmpty()));
  ASSERT_OK_AND_ASSIGN(const auto due, catalogue_->AgreementsToExpire(20'001));
  ASSERT_EQ(due.size(), 1u);
  ASSERT_THAT(catalogue_->ExpireAgreement("p", "v1", Plain()), IsOk());
  EXPECT_EQ(catalogue_->GetRelease("p", "r2026-11")->state,
            ReleaseState::kExpired);
  EXPECT_EQ(catalogue_->GetAgreement("p", "v1")->state,
            AgreementState::kExpired);
  EXPECT_THAT(Approve("three"), ReasonIs(Reason::kAgreementExpired));
}

TEST_F(CatalogueTest, ThreadsChangeItOneAtATime) {
  std::vector<std::thread> threads;
  std::atomic<int> created{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        created += AddSource("s" + std::to_string(i)).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 20);
  EXPECT_EQ(Waiting(), 20u);
}

}  // namespace
}  // namespace tally::linkage
