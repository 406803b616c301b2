#include "linkage/store/extract_store.h"

#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "base/strings.h"
#include "sqlite_statement.h"
#include "status_matchers.h"
#include "store_fixture.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using wire::BatchKind;

class ExtractStoreTest : public testing::Test {
 protected:
  ExtractStoreTest()
      : delivery_(MakeDelivery(scheme_)), hub_(dir_.path(), scheme_) {}

  CreateExtractCommand& command() { return delivery_.create; }
  absl::Status Create() { return hub_.Create(delivery_).status(); }
  absl::StatusOr<UploadTicket> Begin(uint64_t next = 1) {
    return hub_.store().BeginStream(command().source, command().extract_id,
                                    next);
  }
  absl::StatusOr<uint64_t> Add(const UploadTicket& ticket, uint64_t n) {
    const auto& batch = delivery_.batches[n - 1];
    return hub_.store().AddBatch(ticket, n, batch.kind, AsBytes(batch.content));
  }
  UploadStatus Status() {
    auto status =
        hub_.store().GetUploadStatus(command().source, command().extract_id);
    TALLY_CHECK(status.ok());
    return *status;
  }
  size_t Uploads() {
    size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(
             hub_.directory().UploadsDirectory())) {
      n += entry.is_directory();
    }
    return n;
  }

  TempDir dir_;
  TestScheme scheme_;
  TestDelivery delivery_;
  TestHub hub_;
};

TEST_F(ExtractStoreTest, CreateBeginsAJournalAndLeavesAnEntry) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Create(delivery_));
  EXPECT_EQ(record.state, ExtractState::kOpen);
  EXPECT_EQ(record.hub_epoch, 1);
  EXPECT_TRUE(
      std::filesystem::exists(hub_.directory().JournalPath(record.uid)));
  ASSERT_OK_AND_ASSIGN(const auto pending, hub_.catalogue().NextPending(10));
  EXPECT_EQ(pending.back().entry.action, AuditAction::kExtractCreate);
  EXPECT_EQ(pending.back().entry.object, record.name());
}

TEST_F(ExtractStoreTest, CreateWithTheSameRequestIdGivesTheFirstExtract) {
  CallContext call = hub_.Call();
  call.request = RequestKey{"id", call.actor, "CreateExtract", "digest"};
  ASSERT_OK_AND_ASSIGN(const ExtractRecord first,
                       hub_.store().CreateExtract(command(), call));
  call.corr = NewCorrelationId();
  ASSERT_OK_AND_ASSIGN(const ExtractRecord second,
                       hub_.store().CreateExtract(command(), call));
  EXPECT_EQ(first.uid, second.uid);
  EXPECT_EQ(Uploads(), 1u);
  call.request->digest = "other";
  EXPECT_THAT(hub_.store().CreateExtract(command(), call),
              ReasonIs(Reason::kRequestIdReused));
}

// A catalogue that was lost may have done what it was asked.
TEST_F(ExtractStoreTest, CreateLeavesItsJournalWhenTheCatalogueIsAway) {
  const std::string path = hub_.directory().CataloguePath();
  RunOnSqlite(path,
              "CREATE TRIGGER away BEFORE INSERT ON extracts BEGIN "
              "SELECT RAISE(ABORT, 'database is locked'); END");
  EXPECT_THAT(Create(), ReasonIs(Reason::kCatalogueBusy));
  EXPECT_EQ(Uploads(), 1u);
  RunOnSqlite(path, "DROP TRIGGER away");
  ASSERT_THAT(Create(), IsOk());
  EXPECT_EQ(Uploads(), 2u);
  hub_.Restart();
  EXPECT_EQ(Uploads(), 1u);
}

TEST_F(ExtractStoreTest, CreateTwiceLeavesOneJournal) {
  ASSERT_THAT(Create(), IsOk());
  EXPECT_THAT(Create(), ReasonIs(Reason::kResourceExists));
  EXPECT_EQ(Uploads(), 1u);
}

TEST_F(ExtractStoreTest, CreateRefusesEveryWrongField) {
  const CreateExtractCommand good = command();
  const auto refused = [&](Reason reason, auto change) {
    command() = good;
    change(command());
    const absl::Status status = Create();
    EXPECT_THAT(status, ReasonIs(reason));
    return ReasonOf(status) == reason;
  };
  EXPECT_TRUE(
      refused(Reason::kResourceNotFound, [](auto& c) { c.source = "nobody"; }));
  EXPECT_TRUE(refused(Reason::kNameInvalid,
                      [](auto& c) { c.extract_id = "p2026-10"; }));
  EXPECT_TRUE(
      refused(Reason::kNameInvalid, [](auto& c) { c.extract_id = "../../x"; }));
  EXPECT_TRUE(refused(Reason::kFieldInvalid,
                      [](auto& c) { c.extract_id = "p2026-11-r1"; }));
  EXPECT_TRUE(
      refused(Reason::kFieldInvalid, [](auto& c) { ++c.period_start; }));
  EXPECT_TRUE(refused(Reason::kFieldInvalid, [](auto& c) { --c.period_end; }));
  EXPECT_TRUE(refused(Reason::kFieldInvalid, [](auto& c) {
    std::swap(c.period_start, c.period_end);
  }));
  EXPECT_TRUE(refused(Reason::kFieldInvalid,
                      [](auto& c) { c.period_start = INT32_MIN; }));
  EXPECT_TRUE(
      refused(Reason::kFieldInvalid, [](auto& c) { c.datasets.clear(); }));
  EXPECT_TRUE(refused(Reason::kFieldInvalid, [](auto& c) {
    c.datasets.push_back(c.datasets.back());
  }));
  EXPECT_TRUE(refused(Reason::kFieldInvalid, [](auto& c) {
    std::swap(c.datasets[0], c.datasets[1]);
  }));
  EXPECT_TRUE(refused(Reason::kNameInvalid,
                      [](auto& c) { c.datasets[0].dataset = "a/b"; }));
  EXPECT_TRUE(refused(Reason::kSpecMismatch, [](auto& c) {
    c.datasets[1].spec_sha256 = std::string(64, '0');
  }));
  EXPECT_TRUE(refused(Reason::kSpecMismatch,
                      [](auto& c) { c.datasets[1].dataset = "gp-unknown"; }));
  EXPECT_TRUE(
      refused(Reason::kFieldInvalid, [](auto& c) { c.key_id = "short"; }));
  EXPECT_TRUE(refused(Reason::kKeyUnknown,
                      [](auto& c) { c.key_id = std::string(16, '0'); }));
  EXPECT_TRUE(refused(Reason::kKeyUnknown, [](auto& c) { c.epoch = 2; }));
  EXPECT_TRUE(
      refused(Reason::kCanaryInvalid, [](auto& c) { c.canary_proof[5] ^= 1; }));
  EXPECT_TRUE(refused(Reason::kCanaryInvalid,
                      [](auto& c) { c.canary_tokens.clear(); }));
  EXPECT_EQ(Uploads(), 0u);
  command() = good;
  EXPECT_THAT(Create(), IsOk());
}

TEST_F(ExtractStoreTest, BatchesAreAcknowledgedByGroupsAndOnSync) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  const size_t all = delivery_.batches.size();
  ASSERT_GT(all, 8u);
  for (uint64_t n = 1; n <= all; ++n) {
    EXPECT_THAT(Add(ticket, n), IsOkAndHolds(n / 16 * 16));
  }
  EXPECT_THAT(hub_.store().Sync(ticket), IsOkAndHolds(all));
  EXPECT_EQ(Status().persisted_sequence, all);
  EXPECT_EQ(Status().persisted_rows, 340u);
}

TEST_F(ExtractStoreTest, ARefusedBatchLeavesTheUploadAsItWas) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  ASSERT_THAT(Add(ticket, 1), IsOk());
  EXPECT_THAT(hub_.store().AddBatch(ticket, 2, BatchKind::kRows, AsBytes("x")),
              testing::Not(IsOk()));
  EXPECT_THAT(Add(ticket, 3), ReasonIs(Reason::kBatchSequence));
  EXPECT_THAT(Add(ticket, 2), IsOk());
}

TEST_F(ExtractStoreTest, ARepeatedBatchIsAcknowledgedAgainAndAConflictIsNot) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  ASSERT_THAT(Add(ticket, 1), IsOk());
  EXPECT_THAT(Add(ticket, 1), IsOk());
  EXPECT_THAT(hub_.store().AddBatch(ticket, 1, BatchKind::kPerson,
                                    AsBytes(delivery_.batches[1].content)),
              ReasonIs(Reason::kBatchConflict));
  EXPECT_THAT(hub_.store().Sync(ticket), IsOkAndHolds(1u));
}

TEST_F(ExtractStoreTest, ASecondStreamTakesOver) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket first, Begin());
  ASSERT_THAT(Add(first, 1), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket second, Begin(2));
  EXPECT_THAT(Add(first, 2), ReasonIs(Reason::kUploadSuperseded));
  EXPECT_THAT(hub_.store().Sync(first), ReasonIs(Reason::kUploadSuperseded));
  EXPECT_THAT(Add(second, 2), IsOk());
}

TEST_F(ExtractStoreTest, AStreamAfterARestartGoesOnAndIsMarkedResumed) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  ASSERT_THAT(Add(ticket, 1), IsOk());
  ASSERT_THAT(Add(ticket, 2), IsOk());
  ASSERT_THAT(hub_.store().Sync(ticket), IsOk());
  EXPECT_FALSE(hub_.Get(delivery_)->resumed);
  hub_.Restart();
  EXPECT_EQ(Status().persisted_sequence, 2u);
  ASSERT_OK_AND_ASSIGN(const UploadTicket again, Begin(3));
  EXPECT_TRUE(hub_.Get(delivery_)->resumed);
  EXPECT_THAT(Add(again, 3), IsOk());
  EXPECT_THAT(Add(again, 2), IsOk());  // a repeat
}

// A store over the same hub that reads journals when the test says so.
class ReopenTest : public ExtractStoreTest {
 protected:
  ReopenTest() {
    TALLY_CHECK(Create().ok());
    const auto ticket = Begin();
    TALLY_CHECK(ticket.ok());
    for (uint64_t n = 1; n <= 3; ++n) TALLY_CHECK(Add(*ticket, n).ok());
    TALLY_CHECK(hub_.store().Sync(*ticket).ok());
    hub_.store().CloseUploads();
    ExtractStoreOptions options = hub_.options();
    options.in_background = [this](std::function<void()> work) {
      if (!stopping_) queued_.push_back(std::move(work));
      if (!stopping_ && on_queued_) on_queued_();
      return !stopping_;
    };
    options.stopping = [this] { return stopping_; };
    options.read_wait_ms = 0;
    options.read_at_once_bytes = 0;
    options_ = std::move(options);
    Open();
  }
  void Open() {
    store_ = std::make_unique<ExtractStore>(options_);
    store_->UseRegistry(scheme_.shared_registry());
    store_->UseSpecifications(TestSpecifications());
  }
  // The next reading fails, and the one after it may not.
  void FailToRead() {
    ASSERT_THAT(Ask(), IsOk());
    store_->UseSpecifications(SpecificationStore::Of({}));
    RunQueued();
    store_->UseSpecifications(TestSpecifications());
  }

  absl::StatusOr<UploadStatus> Ask() {
    return store_->GetUploadStatus(command().source, command().extract_id);
  }
  absl::StatusOr<UploadTicket> Stream() {
    return store_->BeginStream(command().source, command().extract_id, 4);
  }
  void RunQueued() {
    for (const auto& work : std::exchange(queued_, {})) work();
  }

  bool stopping_ = false;
  std::function<void()> on_queued_;
  ExtractStoreOptions options_;
  std::vector<std::function<void()>> queued_;
  std::unique_ptr<ExtractStore> store_;
};

TEST_F(ReopenTest, CallsTellHowFarTheReadingIsAndDoNotWait) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const UploadStatus status, Ask());
    EXPECT_EQ(status.state, ExtractState::kOpen);
    ASSERT_TRUE(status.reading.has_value());
    EXPECT_EQ(status.reading->done, 0);
    EXPECT_GT(status.reading->total, 0);
    EXPECT_EQ(status.persisted_sequence, 0u);
    EXPECT_THAT(Stream(), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_EQ(queued_.size(), 1u);
  RunQueued();
  ASSERT_OK_AND_ASSIGN(const UploadStatus status, Ask());
  EXPECT_FALSE(status.reading.has_value());
  EXPECT_EQ(status.persisted_sequence, 3u);
  EXPECT_THAT(Stream(), IsOk());
  EXPECT_TRUE(queued_.empty());
}

// One that takes minutes must not hold up an upload that has just begun.
TEST_F(ReopenTest, AShortJournalIsReadWithinTheCall) {
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(
      hub_.directory().JournalPath(hub_.Get(delivery_)->uid)));
  options_.read_at_once_bytes = bytes;
  Open();
  ASSERT_OK_AND_ASSIGN(const UploadStatus long_one, Ask());
  EXPECT_TRUE(long_one.reading.has_value());
  options_.read_at_once_bytes = bytes + 1;
  Open();
  queued_.clear();
  ASSERT_OK_AND_ASSIGN(const UploadStatus short_one, Ask());
  EXPECT_EQ(short_one.persisted_sequence, 3u);
  EXPECT_TRUE(queued_.empty());
}

// A client that asks every 2 s must learn of it, not begin it again unseen.
TEST_F(ReopenTest, OneCallIsToldThatTheJournalCouldNotBeRead) {
  FailToRead();
  EXPECT_THAT(Ask(), ReasonIs(Reason::kSpecMismatch));
  EXPECT_TRUE(queued_.empty());
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kOpen);
  ASSERT_THAT(Ask(), IsOk());
  RunQueued();
  EXPECT_EQ(Ask()->persisted_sequence, 3u);
}

TEST_F(ReopenTest, AStreamIsToldAsWell) {
  FailToRead();
  EXPECT_THAT(Stream(), ReasonIs(Reason::kSpecMismatch));
  EXPECT_THAT(Stream(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ReopenTest, AnOldFailureIsNotTold) {
  options_.failure_kept_ms = 0;
  Open();
  FailToRead();
  ASSERT_THAT(Ask(), IsOk());
  RunQueued();
  EXPECT_EQ(Ask()->persisted_sequence, 3u);
}

TEST_F(ReopenTest, ACallThatASealInterruptsSaysSo) {
  on_queued_ = [this] {
    store_->CloseUploads();
    hub_.keys().Seal();
    RunQueued();
  };
  EXPECT_THAT(Ask(), ReasonIs(Reason::kHubSealed));
}

TEST_F(ReopenTest, AReadingThatASealEndsIsBegunAgain) {
  ASSERT_THAT(Ask(), IsOk());
  store_->CloseUploads();
  ASSERT_THAT(Ask(), IsOk());
  EXPECT_EQ(queued_.size(), 2u);  // the first is of an upload that is gone
  RunQueued();
  ASSERT_OK_AND_ASSIGN(const UploadStatus status, Ask());
  EXPECT_EQ(status.persisted_sequence, 3u);
}

TEST_F(ReopenTest, ADamagedJournalRejectsItsUpload) {
  const std::string path =
      hub_.directory().JournalPath(hub_.Get(delivery_)->uid);
  std::string bytes = Slurp(path);
  bytes[60] = static_cast<char>(bytes[60] ^ 1);
  WriteFile(path, bytes);
  ASSERT_THAT(Ask(), IsOk());
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kOpen);
  RunQueued();
  ASSERT_OK_AND_ASSIGN(const UploadStatus status, Ask());
  EXPECT_EQ(status.state, ExtractState::kRejected);
}

TEST_F(ReopenTest, AHubThatStopsEndsTheReadingAndKeepsTheUpload) {
  ASSERT_THAT(Ask(), IsOk());
  stopping_ = true;
  RunQueued();
  EXPECT_THAT(Ask(), ReasonIs(Reason::kDraining));
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kOpen);
  stopping_ = false;
  ASSERT_THAT(Ask(), IsOk());
  RunQueued();
  EXPECT_EQ(Ask()->persisted_sequence, 3u);
}

TEST_F(ExtractStoreTest, AcknowledgedBatchesThatAreGoneRejectTheUpload) {
  ASSERT_THAT(Create(), IsOk());
  EXPECT_THAT(Begin(2), ReasonIs(Reason::kJournalCorrupt));
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Get(delivery_));
  EXPECT_EQ(record.state, ExtractState::kRejected);
  EXPECT_EQ(record.error->reason, Reason::kJournalCorrupt);
  EXPECT_EQ(Uploads(), 0u);
  EXPECT_THAT(Create(), IsOk());  // pushed anew
}

TEST_F(ExtractStoreTest, ADamagedJournalRejectsItsUploadOnly) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Get(delivery_));
  hub_.store().CloseUploads();
  const std::string path = hub_.directory().JournalPath(record.uid);
  std::string bytes = Slurp(path);
  bytes[60] = static_cast<char>(bytes[60] ^ 1);
  WriteFile(path, bytes);
  EXPECT_THAT(Begin(), ReasonIs(Reason::kJournalCorrupt));
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kRejected);
  TestDelivery other = MakeDelivery(scheme_, {.extract_id = "p2026-09-r1",
                                              .period_start = "2026-09-01",
                                              .period_end = "2026-09-30"});
  EXPECT_THAT(hub_.Create(other), IsOk());
}

TEST_F(ExtractStoreTest, ASealedHubTakesNothing) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  hub_.store().CloseUploads();
  hub_.keys().Seal();
  EXPECT_THAT(Add(ticket, 1), ReasonIs(Reason::kUploadSuperseded));
  EXPECT_THAT(Begin(), ReasonIs(Reason::kHubSealed));
  EXPECT_THAT(Create(), ReasonIs(Reason::kHubSealed));
}

TEST_F(ExtractStoreTest, FinalizeNeedsTheRightSignatureAndManifest) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_THAT(hub_.Send(delivery_), IsOk());
  const auto finalize = [&](const std::string& manifest,
                            const std::string& signature) {
    return hub_.store()
        .FinalizeExtract(command().source, command().extract_id, manifest,
                         AsBytes(signature), hub_.Call())
        .status();
  };
  const std::string good = delivery_.ManifestBytes();
  std::string bad_signature = SignManifest(scheme_, good);
  bad_signature[3] ^= 1;
  EXPECT_THAT(finalize(good, bad_signature),
              ReasonIs(Reason::kSignatureInvalid));
  EXPECT_THAT(finalize(good, "short"), ReasonIs(Reason::kSignatureInvalid));
  EXPECT_THAT(finalize("{}\n", SignManifest(scheme_, "{}\n")),
              ReasonIs(Reason::kManifestInvalid));
  const auto mismatch = [&](auto change) {
    dataset::ExtractManifest manifest = delivery_.manifest;
    change(manifest);
    const std::string bytes = manifest.ToJson();
    return finalize(bytes, SignManifest(scheme_, bytes));
  };
  EXPECT_THAT(mismatch([](auto& m) { ++m.batches; }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_THAT(mismatch([](auto& m) { ++m.persons; }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_THAT(mismatch([](auto& m) { ++m.datasets[0].rows; }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_THAT(mismatch([](auto& m) { m.environment = "example"; }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_THAT(mismatch([](auto& m) { m.epoch = 2; }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_THAT(mismatch([](auto& m) { m.domain = "other"; }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_THAT(mismatch([](auto& m) { m.key_id = std::string(16, '0'); }),
              ReasonIs(Reason::kManifestMismatch));
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kOpen);
  EXPECT_THAT(hub_.Finalize(delivery_), IsOk());
}

TEST_F(ExtractStoreTest, FinalizeBeforeAllBatchesIsAMismatch) {
  ASSERT_THAT(Create(), IsOk());
  EXPECT_THAT(hub_.Finalize(delivery_), ReasonIs(Reason::kManifestMismatch));
  EXPECT_EQ(hub_.Get(delivery_)->state, ExtractState::kOpen);
}

TEST_F(ExtractStoreTest, FinalizeTwiceGivesTheSameAndClosesTheUpload) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  for (uint64_t n = 1; n <= delivery_.batches.size(); ++n) {
    ASSERT_THAT(Add(ticket, n), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const ExtractRecord first, hub_.Finalize(delivery_));
  EXPECT_EQ(first.state, ExtractState::kFinalizing);
  ASSERT_OK_AND_ASSIGN(const ExtractRecord second, hub_.Finalize(delivery_));
  EXPECT_EQ(second.uid, first.uid);
  EXPECT_THAT(Add(ticket, 1), ReasonIs(Reason::kUploadSuperseded));
  EXPECT_THAT(Begin(), ReasonIs(Reason::kExtractState));
  EXPECT_EQ(Status().persisted_sequence, delivery_.batches.size());
  EXPECT_EQ(Status().state, ExtractState::kFinalizing);
  delivery_.manifest.created = "2026-11-03T08:00:00Z";
  EXPECT_THAT(hub_.Finalize(delivery_), ReasonIs(Reason::kExtractState));
  EXPECT_THAT(hub_.store().Unpublished(),
              IsOkAndHolds(testing::ElementsAre(first.uid)));
}

TEST_F(ExtractStoreTest, NoMessageHoldsBytesOfABatch) {
  ASSERT_THAT(Create(), IsOk());
  ASSERT_OK_AND_ASSIGN(const UploadTicket ticket, Begin());
  const std::string content = "SECRETSECRETSECRET";
  const absl::Status status =
      hub_.store()
          .AddBatch(ticket, 1, BatchKind::kPerson, AsBytes(content))
          .status();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(std::string(status.message()).find("SECRET"), std::string::npos);
}

}  // namespace
}  // namespace tally::linkage
