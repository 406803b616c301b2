#include "linkage/store/upload_journal.h"

#include <filesystem>
#include <random>

#include "base/bytes.h"
#include "crypto/init.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using wire::BatchKind;

// Keeps what a journal shows.
class Recorder final : public JournalVisitor {
 public:
  absl::Status OnRequest(std::span<const uint8_t> bytes) override {
    request = std::string(AsChars(bytes));
    return absl::OkStatus();
  }
  absl::Status OnBatch(uint64_t sequence, BatchKind kind,
                       std::span<const uint8_t> content) override {
    EXPECT_EQ(sequence, batches.size() + 1);
    batches.emplace_back(kind, std::string(AsChars(content)));
    return absl::OkStatus();
  }
  absl::Status OnManifest(std::span<const uint8_t> signature,
                          std::string_view text) override {
    EXPECT_EQ(signature.size(), 64u);
    manifest = std::string(text);
    return absl::OkStatus();
  }

  std::string request;
  std::vector<std::pair<BatchKind, std::string>> batches;
  std::optional<std::string> manifest;
};

class UploadJournalTest : public testing::Test {
 protected:
  UploadJournalTest()
      : key_((TALLY_CHECK(crypto::InitCrypto().ok()),
              *crypto::StorageKey::Generate(crypto::Environment::kTest,
                                            "hub-a"))) {}

  std::string Path() const { return dir_.Path("journal"); }
  crypto::SealContext Context() const {
    return {crypto::Environment::kTest, "commissioning", "uploads/x/journal",
            0};
  }
  crypto::StorageKeyFinder Keys() const {
    return [this](const crypto::KeyId& id) {
      return id == key_.key_id() ? &key_ : nullptr;
    };
  }
  std::unique_ptr<UploadJournal> Create() {
    auto journal = UploadJournal::Create(Path(), Context(), key_, "request");
    TALLY_CHECK(journal.ok());
    return *std::move(journal);
  }
  absl::StatusOr<std::unique_ptr<UploadJournal>> Recover(Recorder& recorder) {
    return UploadJournal::Recover(Path(), Context(), Keys(), recorder);
  }
  static absl::StatusOr<AppendOutcome> Append(UploadJournal& journal,
                                              uint64_t sequence,
                                              const std::string& content) {
    return journal.Append(sequence, BatchKind::kRows, AsBytes(content));
  }
  // A journal of n batches, all durable.
  void Fill(int n, size_t bytes = 200) {
    const auto journal = Create();
    for (int i = 1; i <= n; ++i) {
      ASSERT_THAT(Append(*journal, static_cast<uint64_t>(i), Content(i, bytes)),
                  IsOk());
    }
    ASSERT_THAT(journal->Sync(), IsOk());
  }
  static std::string Content(int i, size_t bytes = 200) {
    return std::string(bytes, static_cast<char>('a' + i % 26));
  }

  TempDir dir_;
  crypto::StorageKey key_;
};

TEST_F(UploadJournalTest, ShowsEverythingAgainInOrder) {
  {
    const auto journal = Create();
    ASSERT_THAT(journal->Append(1, BatchKind::kPerson, AsBytes("people")),
                IsOkAndHolds(AppendOutcome::kStored));
    ASSERT_THAT(journal->Append(2, BatchKind::kRows, AsBytes("")),
                IsOkAndHolds(AppendOutcome::kStored));
    const std::string signature(64, 's');
    ASSERT_THAT(journal->Close(AsBytes(signature), "{}\n"), IsOk());
    EXPECT_TRUE(journal->closed());
    EXPECT_EQ(journal->last_sequence(), 2u);
    EXPECT_EQ(journal->persisted_sequence(), 2u);
  }
  Recorder recorder;
  ASSERT_THAT(ReadJournal(Path(), Context(), Keys(), recorder), IsOk());
  EXPECT_EQ(recorder.request, "request");
  ASSERT_EQ(recorder.batches.size(), 2u);
  EXPECT_EQ(recorder.batches[0].first, BatchKind::kPerson);
  EXPECT_EQ(recorder.batches[0].second, "people");
  EXPECT_EQ(recorder.batches[1].second, "");
  EXPECT_EQ(recorder.manifest, "{}\n");
}

TEST_F(UploadJournalTest, AcknowledgesByGroupsOfSixteen) {
  const auto journal = Create();
  for (uint64_t i = 1; i <= 40; ++i) {
    ASSERT_THAT(Append(*journal, i, "x"), IsOk());
    EXPECT_EQ(journal->persisted_sequence(), i / 16 * 16) << i;
  }
  ASSERT_THAT(journal->Sync(), IsOk());
  EXPECT_EQ(journal->persisted_sequence(), 40u);
}

TEST_F(UploadJournalTest, SequencesHaveNoGap) {
  const auto journal = Create();
  EXPECT_THAT(Append(*journal, 0, "x"), ReasonIs(Reason::kBatchSequence));
  const auto gap = Append(*journal, 2, "x");
  EXPECT_THAT(gap, ReasonIs(Reason::kBatchSequence));
  EXPECT_EQ(DetailOf(gap.status())->limit, 1);
  ASSERT_THAT(Append(*journal, 1, "x"), IsOk());
  EXPECT_THAT(Append(*journal, UINT64_MAX, "x"),
              ReasonIs(Reason::kBatchSequence));
  EXPECT_EQ(journal->last_sequence(), 1u);
}

TEST_F(UploadJournalTest, ARepeatIsKnownByItsBytesAlsoAfterARestart) {
  Fill(3);
  Recorder recorder;
  ASSERT_OK_AND_ASSIGN(const auto journal, Recover(recorder));
  for (int i = 1; i <= 3; ++i) {
    const uint64_t sequence = static_cast<uint64_t>(i);
    EXPECT_THAT(Append(*journal, sequence, Content(i)),
                IsOkAndHolds(AppendOutcome::kRepeated));
    EXPECT_THAT(Append(*journal, sequence, Content(i) + "x"),
                ReasonIs(Reason::kBatchConflict));
    EXPECT_THAT(
        journal->Append(sequence, BatchKind::kPerson, AsBytes(Content(i))),
        ReasonIs(Reason::kBatchConflict));
  }
  EXPECT_EQ(journal->last_sequence(), 3u);
  EXPECT_THAT(Append(*journal, 4, "new"), IsOkAndHolds(AppendOutcome::kStored));
}

TEST_F(UploadJournalTest, RefusesABatchBeyondTheLimit) {
  const auto journal = Create();
  EXPECT_THAT(Append(*journal, 1, std::string(wire::kMaxContentBytes + 1, 'x')),
              ReasonIs(Reason::kBatchTooLarge));
  EXPECT_THAT(Append(*journal, 1, std::string(wire::kMaxContentBytes, 'x')),
              IsOk());
}

TEST_F(UploadJournalTest, AClosedJournalTakesTheSameManifestOnly) {
  const std::string signature(64, 's');
  {
    const auto journal = Create();
    ASSERT_THAT(Append(*journal, 1, "x"), IsOk());
    EXPECT_THAT(journal->Close(AsBytes("short"), "m"),
                ReasonIs(Reason::kSignatureInvalid));
    ASSERT_THAT(journal->Close(AsBytes(signature), "m"), IsOk());
  }
  Recorder recorder;
  ASSERT_OK_AND_ASSIGN(const auto journal, Recover(recorder));
  EXPECT_TRUE(journal->closed());
  EXPECT_EQ(journal->last_sequence(), 1u);
  EXPECT_THAT(journal->Close(AsBytes(signature), "m"), IsOk());
  EXPECT_THAT(journal->Close(AsBytes(signature), "n"),
              ReasonIs(Reason::kExtractState));
  EXPECT_THAT(Append(*journal, 2, "y"), ReasonIs(Reason::kExtractState));
  EXPECT_THAT(Append(*journal, 1, "x"), IsOkAndHolds(AppendOutcome::kRepeated));
}

TEST_F(UploadJournalTest, ExistsOnce) {
  const auto journal = Create();
  EXPECT_THAT(UploadJournal::Create(Path(), Context(), key_, "request"),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

// Cut at every byte of the last frames: what is whole stays, the rest is cut,
// and the journal goes on.
TEST_F(UploadJournalTest, ATornTailIsCutWhereverItIsTorn) {
  Fill(3, 60);
  const std::string whole = Slurp(Path());
  const size_t frame = 1 + 60 + crypto::kFrameOverhead;
  const size_t begin = whole.size() - 2 * frame;
  for (size_t size = begin; size < whole.size(); ++size) {
    WriteFile(Path(), whole.substr(0, size));
    Recorder recorder;
    ASSERT_OK_AND_ASSIGN(const auto journal, Recover(recorder));
    const uint64_t expected = size < begin + frame ? 1 : 2;
    ASSERT_EQ(journal->last_sequence(), expected) << size;
    ASSERT_EQ(recorder.batches.size(), expected);
    ASSERT_EQ(std::filesystem::file_size(Path()),
              begin + (expected - 1) * frame);
    ASSERT_THAT(Append(*journal, expected + 1, "again"), IsOk());
    ASSERT_THAT(journal->Sync(), IsOk());
    Recorder second;
    ASSERT_THAT(Recover(second), IsOk());
    ASSERT_EQ(second.batches.back().second, "again");
  }
}

TEST_F(UploadJournalTest, DamageInTheLastWindowCutsTheRest) {
  Fill(3, 60);
  std::string bytes = Slurp(Path());
  const size_t frame = 1 + 60 + crypto::kFrameOverhead;
  bytes[bytes.size() - 2 * frame + 50] ^= 1;
  WriteFile(Path(), bytes);
  Recorder recorder;
  ASSERT_OK_AND_ASSIGN(const auto journal, Recover(recorder));
  EXPECT_EQ(journal->last_sequence(), 1u);
}

TEST_F(UploadJournalTest, DamageFurtherBackIsCorruptAndChangesNothing) {
  Fill(20, 1'000'000);  // 20 MB: more than one window
  std::string bytes = Slurp(Path());
  bytes[5'000] = static_cast<char>(bytes[5'000] ^ 1);
  WriteFile(Path(), bytes);
  Recorder recorder;
  EXPECT_THAT(Recover(recorder), ReasonIs(Reason::kJournalCorrupt));
  EXPECT_EQ(std::filesystem::file_size(Path()), bytes.size());
}

TEST_F(UploadJournalTest, DamageOfHeaderOrRequestIsCorrupt) {
  Fill(2);
  const std::string good = Slurp(Path());
  for (const size_t at : {size_t{0}, size_t{9}, size_t{20}, size_t{50},
                          size_t{100}, size_t{130}, size_t{180}}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    WriteFile(Path(), bad);
    Recorder recorder;
    EXPECT_FALSE(Recover(recorder).ok()) << at;
  }
}

TEST_F(UploadJournalTest, AJournalOfAnotherPlaceIsCorrupt) {
  Fill(2);
  crypto::SealContext elsewhere = Context();
  elsewhere.path = "uploads/y/journal";
  Recorder recorder;
  EXPECT_THAT(UploadJournal::Recover(Path(), elsewhere, Keys(), recorder),
              ReasonIs(Reason::kJournalCorrupt));
}

TEST_F(UploadJournalTest, AMissingOrEmptyJournalIsCorrupt) {
  Recorder recorder;
  EXPECT_THAT(Recover(recorder), ReasonIs(Reason::kJournalCorrupt));
  WriteFile(Path(), "");
  EXPECT_THAT(Recover(recorder), ReasonIs(Reason::kJournalCorrupt));
  EXPECT_THAT(ReadJournal(dir_.Path("none"), Context(), Keys(), recorder),
              ReasonIs(Reason::kJournalCorrupt));
}

TEST_F(UploadJournalTest, ReadingAnOpenJournalIsCorrupt) {
  Fill(2);
  Recorder recorder;
  EXPECT_THAT(ReadJournal(Path(), Context(), Keys(), recorder),
              ReasonIs(Reason::kJournalCorrupt));
}

class RefusingVisitor final : public JournalVisitor {
 public:
  absl::Status OnRequest(std::span<const uint8_t>) override {
    return absl::OkStatus();
  }
  absl::Status OnBatch(uint64_t, BatchKind, std::span<const uint8_t>) override {
    return absl::AbortedError("no");
  }
  absl::Status OnManifest(std::span<const uint8_t>, std::string_view) override {
    return absl::OkStatus();
  }
};

TEST_F(UploadJournalTest, PassesOnTheErrorOfAVisitor) {
  Fill(2);
  RefusingVisitor visitor;
  EXPECT_THAT(UploadJournal::Recover(Path(), Context(), Keys(), visitor),
              StatusIs(absl::StatusCode::kAborted));
}

// A file whose fsync fails once.
class FailingSync final : public crypto::ByteFile {
 public:
  explicit FailingSync(int good) : good_(good) {}
  absl::Status Append(std::span<const uint8_t> bytes) override {
    size_ += bytes.size();
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    return good_-- > 0 ? absl::OkStatus() : absl::InternalError("EIO");
  }
  absl::StatusOr<uint64_t> Size() const override { return size_; }
  absl::Status ReadAt(uint64_t, std::span<uint8_t>) const override {
    return absl::UnimplementedError("");
  }
  absl::Status Truncate(uint64_t) override { return absl::OkStatus(); }

 private:
  int good_;
  uint64_t size_ = 0;
};

TEST_F(UploadJournalTest, AFailedFsyncIsFinal) {
  ASSERT_OK_AND_ASSIGN(const auto journal,
                       UploadJournal::CreateOn(std::make_unique<FailingSync>(1),
                                               Context(), key_, "request"));
  ASSERT_THAT(Append(*journal, 1, "x"), IsOk());
  EXPECT_THAT(journal->Sync(), ReasonIs(Reason::kJournalCorrupt));
  EXPECT_EQ(journal->persisted_sequence(), 0u);
  EXPECT_FALSE(Append(*journal, 2, "y").ok());
  EXPECT_FALSE(journal->Sync().ok());
}

}  // namespace
}  // namespace tally::linkage
