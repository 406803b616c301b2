#include <filesystem>
#include <set>

#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "crypto/token_kernel.h"
#include "dataset/receipt.h"
#include "engine/database.h"
#include "linkage/index/run_reader.h"
#include "linkage/store/recovery.h"
#include "status_matchers.h"
#include "store_fixture.h"
#include "temp_dir.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::linkage {
namespace {

class PublishTest : public testing::Test {
 protected:
  PublishTest()
      : delivery_(MakeDelivery(scheme_)), hub_(dir_.path(), scheme_) {}

  // One figure of a SELECT over the Parquet files of a dataset.
  int64_t Count(const ExtractRecord& record, const std::string& dataset,
                const std::string& expression) {
    const std::string rows =
        hub_.directory().RowsDirectory(record.uid, dataset);
    const std::string temp = dir_.Path("sql");
    std::filesystem::create_directories(temp);
    engine::DatabaseOptions options;
    options.directories = {rows};
    options.temp_directory = temp;
    auto database = engine::Database::Open(options);
    TALLY_CHECK(database.ok());
    auto connection = database->Connect();
    TALLY_CHECK(connection.ok());
    auto value = connection->Scalar(
        "SELECT CAST(" + expression + " AS BIGINT) FROM read_parquet(" +
        engine::QuoteLiteral(rows + "/part-00000.parquet") + ")");
    TALLY_CHECK(value.ok());
    return *value->As<int64_t>();
  }
  absl::StatusOr<RunSummary> Verify(const ExtractRecord& record) {
    return VerifyRun(hub_.directory().RunPath(record.uid),
                     {crypto::Environment::kTest, "commissioning",
                      HubDirectory::RunName(record.uid), 1},
                     [this](const crypto::KeyId& id) {
                       return lease().storage_finder()(id);
                     });
  }
  const HubKeys::Lease& lease() {
    if (!lease_.has_value()) lease_.emplace(*hub_.keys().Borrow());
    return *lease_;
  }
  // Delivers what must be rejected, and returns why.
  ErrorDetail Rejected(const TestDelivery& delivery) {
    const auto record = hub_.Deliver(delivery);
    EXPECT_THAT(record, IsOk());
    if (!record.ok()) return {};
    EXPECT_EQ(record->state, ExtractState::kRejected);
    EXPECT_FALSE(std::filesystem::exists(
        hub_.directory().ExtractDirectory(record->uid)));
    EXPECT_FALSE(
        std::filesystem::exists(hub_.directory().UploadDirectory(record->uid)));
    return record->error.value_or(ErrorDetail{});
  }
  // Puts other tokens in and brings the manifest up to date.
  void ReplaceToken(size_t person, std::span<const uint8_t> token) {
    TestDelivery changed = delivery_;
    size_t at = 0;
    Sha256 persons;
    wire::StreamDigest stream;
    for (auto& batch : changed.batches) {
      if (batch.kind == wire::BatchKind::kPerson) {
        const auto view = *wire::DecodePersonBatch(AsBytes(batch.content));
        std::vector<uint8_t> tokens(view.tokens.begin(), view.tokens.end());
        const std::vector<uint8_t> flags(view.flags.begin(), view.flags.end());
        if (person >= at && person < at + flags.size()) {
          std::copy(
              token.begin(), token.end(),
              tokens.begin() + static_cast<ptrdiff_t>((person - at) * 32));
        }
        std::string content;
        TALLY_CHECK(
            wire::EncodePersonBatch(
                {view.kind, view.first_person_index, tokens, flags}, content)
                .ok());
        batch.content = content;
        persons.Update(tokens);
        at += flags.size();
      }
      stream.Add(batch.kind, AsBytes(batch.content));
    }
    changed.manifest.persons_sha256 = HexEncode(persons.Finish());
    changed.manifest.stream_sha256 = HexEncode(stream.Finish());
    delivery_ = std::move(changed);
  }
  std::vector<uint8_t> TokenOf(size_t person) {
    const auto view =
        *wire::DecodePersonBatch(AsBytes(delivery_.batches[0].content));
    return {view.tokens.begin() + static_cast<ptrdiff_t>(person * 32),
            view.tokens.begin() + static_cast<ptrdiff_t>(person * 32 + 32)};
  }

  TempDir dir_;
  TestScheme scheme_;
  TestDelivery delivery_;
  TestHub hub_;
  std::optional<HubKeys::Lease> lease_;
};

TEST_F(PublishTest, APublishedExtractHoldsWhatWasSent) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  EXPECT_EQ(record.state, ExtractState::kPublished);
  EXPECT_EQ(record.persons, 40);
  EXPECT_EQ(record.rows, 340);
  EXPECT_EQ(record.datasets[0].rows, 300);
  EXPECT_EQ(record.datasets[0].rows_unlinked, 30);
  EXPECT_EQ(record.newest_opt_out_list, "2026-10-20");
  EXPECT_EQ(Count(record, "gp-event", "count(*)"), 300);
  EXPECT_EQ(Count(record, "gp-event", "count(person_index)"), 270);
  EXPECT_EQ(Count(record, "gp-event", "count(DISTINCT person_index)"), 36);
  EXPECT_EQ(Count(record, "gp-event",
                  "count(*) FILTER (unlinked_reason = 'NHS_NUMBER_MISSING')"),
            30);
  EXPECT_EQ(Count(record, "gp-event", "count(value1)"), 240);
  EXPECT_EQ(Count(record, "gp-event", "sum(value1)"), [] {
    int64_t sum = 0;
    for (int row = 0; row < 300; ++row) sum += row % 5 ? row : 0;
    return sum;
  }());
  EXPECT_EQ(
      Count(record, "gp-event", "count(*) FILTER (cluster_id = 'DM_COD')"),
      150);
  EXPECT_EQ(Count(record, "gp-patient", "count(*)"), 40);
  ASSERT_OK_AND_ASSIGN(const RunSummary run, Verify(record));
  EXPECT_EQ(run.records, 40u);
  EXPECT_FALSE(
      std::filesystem::exists(hub_.directory().UploadDirectory(record.uid)));
}

// A kernel that finds a wrong token of its own when it has made some.
class WrongTokenKernel final : public crypto::TokenKernel {
 public:
  std::string_view name() const override { return "wrong"; }
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

TEST_F(PublishTest, AWrongTokenOfTheKernelPublishesNothingAndLosesNothing) {
  const TempDir dir;
  {
    const WrongTokenKernel kernel;
    TestHub hub(dir.path(), scheme_, &kernel);
    ASSERT_THAT(hub.Create(delivery_), IsOk());
    ASSERT_THAT(hub.Send(delivery_), IsOk());
    ASSERT_THAT(hub.Finalize(delivery_), IsOk());
    EXPECT_THAT(hub.Publish(delivery_), ExitCodeIs(kExitIntegrity));
    ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub.Get(delivery_));
    EXPECT_EQ(record.state, ExtractState::kFinalizing);
    EXPECT_FALSE(
        std::filesystem::exists(hub.directory().ExtractDirectory(record.uid)));
  }
  TestHub hub(dir.path(), scheme_);
  ASSERT_THAT(hub.Publish(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub.Get(delivery_));
  EXPECT_EQ(record.state, ExtractState::kPublished);
}

TEST_F(PublishTest, FilesAreThoseOfTheCatalogueAndNoMore) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  ASSERT_OK_AND_ASSIGN(const auto files,
                       hub_.catalogue().ExtractFiles(record.uid));
  std::set<std::string> names;
  const std::string root = hub_.directory().ExtractDirectory(record.uid);
  for (const FileRecord& file : files) {
    names.insert(file.path);
    EXPECT_EQ(Sha256Hex(Slurp(root + "/" + file.path)), file.sha256);
  }
  EXPECT_THAT(names,
              testing::ElementsAre("index.run", "manifest.json", "manifest.sig",
                                   "rows/gp-event/part-00000.parquet",
                                   "rows/gp-patient/part-00000.parquet",
                                   "validation.json"));
  EXPECT_EQ(Slurp(root + "/manifest.json"), delivery_.ManifestBytes());
}

TEST_F(PublishTest, TheReceiptIsSignedAndStaysTheSame) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  ASSERT_OK_AND_ASSIGN(const dataset::Receipt receipt,
                       dataset::Receipt::Parse(record.receipt));
  EXPECT_EQ(receipt.state, "PUBLISHED");
  EXPECT_EQ(receipt.persons, 40u);
  EXPECT_FALSE(receipt.resumed);
  EXPECT_EQ(receipt.manifest_sha256, Sha256Hex(delivery_.ManifestBytes()));
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       Base64UrlDecode(record.receipt_signature));
  ASSERT_OK_AND_ASSIGN(const crypto::Signature signature,
                       crypto::SignatureFromBytes(AsBytes(bytes)));
  EXPECT_THAT(crypto::Verify(crypto::SignLabel::kReceipt, record.receipt,
                             signature, lease().sign().public_key()),
              IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord again, hub_.Finalize(delivery_));
  EXPECT_EQ(again.receipt, record.receipt);
  ASSERT_THAT(hub_.Publish(delivery_), IsOk());
  EXPECT_EQ(hub_.Get(delivery_)->receipt, record.receipt);
}

TEST_F(PublishTest, BothEndsOfAFinaliseAreAudited) {
  ASSERT_THAT(hub_.Deliver(delivery_), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto pending, hub_.catalogue().NextPending(10));
  std::vector<AuditEntry> finalised;
  for (const auto& one : pending) {
    if (one.entry.action == AuditAction::kExtractFinalize) {
      finalised.push_back(one.entry);
    }
  }
  ASSERT_EQ(finalised.size(), 2u);
  EXPECT_EQ(finalised[0].actor, "spiffe://example.nhs.uk/source/gp-supplier-a");
  EXPECT_EQ(finalised[1].actor, kTestHubActor);
  EXPECT_EQ(finalised[1].counts.at("persons"), 40);
  EXPECT_EQ(finalised[1].digests.at("manifest"),
            Sha256Hex(delivery_.ManifestBytes()));
}

TEST_F(PublishTest, AnExtractWithoutRowsOrPeopleIsPublished) {
  delivery_ = MakeDelivery(scheme_, {.persons = 0, .events = 0, .patients = 0});
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  EXPECT_EQ(record.state, ExtractState::kPublished);
  EXPECT_EQ(Count(record, "gp-event", "count(*)"), 0);
  EXPECT_THAT(Verify(record), IsOk());
}

TEST_F(PublishTest, TwoEqualTokensRejectTheWholeExtract) {
  ReplaceToken(7, TokenOf(3));
  const ErrorDetail error = Rejected(delivery_);
  EXPECT_EQ(error.reason, Reason::kElementRepeated);
  EXPECT_EQ(error.count, 1);
  EXPECT_EQ(error.row, 8);
  EXPECT_EQ(error.resource, "sources/gp-supplier-a/extracts/p2026-10-r1");
}

TEST_F(PublishTest, ATokenThatIsNoElementRejectsTheWholeExtract) {
  std::vector<uint8_t> bad(32);
  bad[0] = 1;
  ReplaceToken(20, bad);
  const ErrorDetail error = Rejected(delivery_);
  EXPECT_EQ(error.reason, Reason::kElementInvalid);
  EXPECT_EQ(error.count, 1);
  EXPECT_EQ(error.row, 21);
}

TEST_F(PublishTest, AWrongDigestInTheManifestRejects) {
  TestDelivery wrong = delivery_;
  wrong.manifest.stream_sha256 = std::string(64, '0');
  EXPECT_EQ(Rejected(wrong).reason, Reason::kManifestMismatch);
  wrong = delivery_;
  wrong.manifest.persons_sha256 = std::string(64, '0');
  EXPECT_EQ(Rejected(wrong).reason, Reason::kManifestMismatch);
  // The name is free again.
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Deliver(delivery_));
  EXPECT_EQ(record.state, ExtractState::kPublished);
}

TEST_F(PublishTest, DistinctPeopleOfAnEpochAreLimitedOverAllExtracts) {
  const TestScheme scheme(60);
  const TempDir dir;
  TestHub hub(dir.path(), scheme);
  ASSERT_THAT(hub.Deliver(MakeDelivery(scheme)), IsOk());
  // The same people again, one month later: still 40.
  ASSERT_OK_AND_ASSIGN(
      const ExtractRecord second,
      hub.Deliver(MakeDelivery(scheme, {.extract_id = "p2026-11-r1",
                                        .period_start = "2026-11-01",
                                        .period_end = "2026-11-30"})));
  EXPECT_EQ(second.state, ExtractState::kPublished);
  // The sum, 80, is above the limit: publishing had to count.
  EXPECT_EQ(hub.store().PersonLimitShare(kTestSource, 1), 40.0 / 60.0);
  EXPECT_EQ(hub.store().PersonLimitShare(kTestSource, 2), std::nullopt);
  // Counted once: asked again, no run is read.
  const std::string run = hub.directory().RunPath(second.uid);
  std::filesystem::rename(run, run + ".away");
  EXPECT_THAT(hub.store().CountPersons(kTestSource), IsOk());
  EXPECT_EQ(hub.store().PersonLimitShare(kTestSource, 1), 40.0 / 60.0);
  std::filesystem::rename(run + ".away", run);
  // 30 of them and 10 others make 50, 40 others make more than 60.
  ASSERT_OK_AND_ASSIGN(
      const ExtractRecord third,
      hub.Deliver(MakeDelivery(scheme, {.extract_id = "p2026-09-r1",
                                        .period_start = "2026-09-01",
                                        .period_end = "2026-09-30",
                                        .first_number = 9'000'000'010})));
  EXPECT_EQ(third.state, ExtractState::kPublished);
  ASSERT_OK_AND_ASSIGN(
      const ExtractRecord fourth,
      hub.Deliver(MakeDelivery(scheme, {.extract_id = "p2026-08-r1",
                                        .period_start = "2026-08-01",
                                        .period_end = "2026-08-31",
                                        .first_number = 9'100'000'000})));
  EXPECT_EQ(fourth.state, ExtractState::kRejected);
  EXPECT_EQ(fourth.error->reason, Reason::kPersonLimit);
  EXPECT_EQ(fourth.error->limit, 60);
  EXPECT_EQ(fourth.error->count, 90);
  // What was rejected does not count.
  EXPECT_THAT(hub.store().CountPersons(kTestSource), IsOk());
  EXPECT_EQ(hub.store().PersonLimitShare(kTestSource, 1), 50.0 / 60.0);
}

TEST_F(PublishTest, PeopleAreKnownOnceTheyAreCountedAndStayKnown) {
  EXPECT_THAT(hub_.store().CountPersons(kTestSource), IsOk());  // of nothing
  ASSERT_OK_AND_ASSIGN(const ExtractRecord first, hub_.Deliver(delivery_));
  // Asking for the share counts nothing.
  EXPECT_EQ(hub_.store().PersonLimitShare(kTestSource, 1), std::nullopt);
  EXPECT_THAT(hub_.store().CountPersons(kTestSource), IsOk());
  const auto share = hub_.store().PersonLimitShare(kTestSource, 1);
  ASSERT_TRUE(share.has_value());
  EXPECT_GT(*share, 0);
  ASSERT_OK_AND_ASSIGN(
      const ExtractRecord second,
      hub_.Deliver(MakeDelivery(scheme_, {.extract_id = "p2026-11-r1",
                                          .period_start = "2026-11-01",
                                          .period_end = "2026-11-30",
                                          .first_number = 9'000'000'020})));
  const std::string run = hub_.directory().RunPath(second.uid);
  std::filesystem::rename(run, run + ".away");
  EXPECT_FALSE(hub_.store().CountPersons(kTestSource).ok());
  EXPECT_EQ(hub_.store().PersonLimitShare(kTestSource, 1), share);
  std::filesystem::rename(run + ".away", run);
  EXPECT_THAT(hub_.store().CountPersons(kTestSource), IsOk());
  EXPECT_GT(*hub_.store().PersonLimitShare(kTestSource, 1), *share);
}

// A stop must not wait until all people of a source are counted.
TEST_F(PublishTest, AHubThatStopsEndsPublishingAndCounting) {
  ASSERT_THAT(hub_.Deliver(delivery_), IsOk());
  const TestDelivery next = MakeDelivery(scheme_, {.extract_id = "p2026-11-r1",
                                                   .period_start = "2026-11-01",
                                                   .period_end = "2026-11-30"});
  ASSERT_THAT(hub_.Create(next), IsOk());
  ASSERT_THAT(hub_.Send(next), IsOk());
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub_.Finalize(next));
  ExtractStoreOptions options = hub_.options();
  options.stopping = [] { return true; };
  ExtractStore store(std::move(options));
  store.UseRegistry(scheme_.shared_registry());
  store.UseSpecifications(TestSpecifications());
  EXPECT_THAT(store.CountPersons(kTestSource), ReasonIs(Reason::kDraining));
  EXPECT_THAT(store.Publish(record.uid), ReasonIs(Reason::kDraining));
  EXPECT_EQ(hub_.Get(next)->state, ExtractState::kFinalizing);
  EXPECT_THAT(hub_.Publish(next), IsOk());
  EXPECT_EQ(hub_.Get(next)->state, ExtractState::kPublished);
}

TEST_F(PublishTest, NothingOfAnotherSourceOrPeriodChanges) {
  ASSERT_OK_AND_ASSIGN(const ExtractRecord first, hub_.Deliver(delivery_));
  const auto files = hub_.catalogue().ExtractFiles(first.uid);
  ASSERT_OK_AND_ASSIGN(
      const ExtractRecord second,
      hub_.Deliver(MakeDelivery(scheme_, {.extract_id = "p2026-10-r2"})));
  EXPECT_EQ(second.state, ExtractState::kPublished);
  FsckOptions options;
  ASSERT_OK_AND_ASSIGN(const FsckReport report,
                       Fsck(hub_.directory(), hub_.catalogue(), options));
  EXPECT_EQ(report.extracts, 2);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_THAT(hub_.catalogue().ExtractFiles(first.uid), IsOkAndHolds(*files));
}

TEST_F(PublishTest, NoTokenAndNoContentLiesInClearOnTheDisk) {
  ASSERT_THAT(hub_.Create(delivery_), IsOk());
  ASSERT_THAT(hub_.Send(delivery_), IsOk());
  ASSERT_THAT(hub_.Finalize(delivery_), IsOk());
  std::vector<std::string> tokens;
  for (size_t i = 0; i < 16; ++i) {
    const auto token = TokenOf(i);
    tokens.emplace_back(AsChars(token));
  }
  const auto sweep = [&] {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(dir_.Path("data"))) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = Slurp(entry.path());
      for (const std::string& token : tokens) {
        ASSERT_EQ(bytes.find(token), std::string::npos) << entry.path();
      }
    }
  };
  sweep();
  ASSERT_THAT(hub_.Publish(delivery_), IsOk());
  sweep();
}

}  // namespace
}  // namespace tally::linkage
