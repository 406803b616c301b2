#include "crypto/journal_recovery.h"

#include "base/bytes.h"
#include "crypto/random.h"
#include "crypto_fixture.h"
#include "memory_file.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

class JournalRecovery : public testing::Test {
 protected:
  JournalRecovery()
      : key_(StorageKey::Generate(Environment::kTest, "hub-a").value()) {
    context_.environment = Environment::kTest;
    context_.domain = "commissioning";
    context_.path = "uploads/u1/journal";
  }

  std::string Write(int frames, bool finish, size_t frame_size = 10) {
    const std::string path = dir_.Path("journal");
    static_cast<void>(RemoveFile(path));
    SealedWriter writer = SealedWriter::Create(path, key_, SealedKind::kJournal,
                                               context_, 1 << 20)
                              .value();
    for (int i = 0; i < frames; ++i) {
      const std::string frame(frame_size, static_cast<char>('a' + i % 26));
      EXPECT_OK(writer.Append(AsBytes(frame), finish && i == frames - 1));
    }
    EXPECT_OK(writer.Sync());
    return path;
  }

  absl::StatusOr<RecoveredJournal> Recover(const std::string& path) {
    return RecoverJournal(path, Keys(), context_, Visitor());
  }
  // The same in memory, for tests with many cuts.
  absl::StatusOr<RecoveredJournal> Recover(MemoryDisk& disk) {
    return RecoverOn(OpenMemoryFile(&disk), Keys(), SealedKind::kJournal,
                     context_, Visitor());
  }

  StorageKeyFinder Keys() {
    return [this](const KeyId& id) {
      return id == key_.key_id() ? &key_ : nullptr;
    };
  }
  FrameVisitor Visitor() {
    seen_.clear();
    return [this](const FrameInfo& info, std::span<const uint8_t> frame) {
      EXPECT_EQ(info.sequence, seen_.size());
      seen_.emplace_back(AsChars(frame));
      return absl::OkStatus();
    };
  }

  TempDir dir_;
  StorageKey key_;
  SealContext context_;
  std::vector<std::string> seen_;
};

constexpr size_t kFrame = 66;  // 40 + 10 + 16

TEST_F(JournalRecovery, WholeOpenJournalGoesOnWhereItEnded) {
  const std::string path = Write(3, false);
  {
    ASSERT_OK_AND_ASSIGN(RecoveredJournal journal, Recover(path));
    EXPECT_EQ(journal.frames, 3u);
    EXPECT_FALSE(journal.finished);
    EXPECT_EQ(journal.cut_bytes, 0u);
    ASSERT_OK(journal.writer.Append(AsBytes("fourth"), false));
    ASSERT_OK(journal.writer.Append(AsBytes("manifest"), true));
    ASSERT_OK(journal.writer.Sync());
  }
  ASSERT_OK_AND_ASSIGN(const RecoveredJournal journal, Recover(path));
  EXPECT_TRUE(journal.finished);
  EXPECT_EQ(seen_, (std::vector<std::string>{
                       std::string(10, 'a'), std::string(10, 'b'),
                       std::string(10, 'c'), "fourth", "manifest"}));
  EXPECT_THAT(Recover(path)->writer.Append(AsBytes("x"), false),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

// Cut at every byte: what is whole stays, the rest goes, and the journal can be
// written on and read again.
TEST_F(JournalRecovery, CutAtEveryByteKeepsTheWholeFrames) {
  const std::string good = Slurp(Write(4, false));
  for (size_t size = kSealedHeaderSize; size <= good.size(); ++size) {
    MemoryDisk disk;
    disk.bytes.assign(good.begin(),
                      good.begin() + static_cast<ptrdiff_t>(size));
    const uint64_t whole = (size - kSealedHeaderSize) / kFrame;
    {
      ASSERT_OK_AND_ASSIGN(RecoveredJournal journal, Recover(disk));
      EXPECT_EQ(journal.frames, whole);
      EXPECT_EQ(journal.cut_bytes, size - kSealedHeaderSize - whole * kFrame);
      ASSERT_OK(journal.writer.Append(AsBytes("again"), false));
    }
    ASSERT_OK_AND_ASSIGN(const RecoveredJournal journal, Recover(disk));
    EXPECT_EQ(journal.frames, whole + 1);
    EXPECT_EQ(seen_.back(), "again");
  }
}

TEST_F(JournalRecovery, CutInTheHeaderIsDamage) {
  const std::string good = Slurp(Write(1, false));
  for (const size_t size : {0, 1, 127}) {
    WriteFile(dir_.Path("journal"), good.substr(0, size));
    EXPECT_THAT(Recover(dir_.Path("journal")),
                ReasonIs(Reason::kJournalCorrupt));
  }
}

// A flipped bit anywhere in a journal of less than a window: everything from
// its frame on was never acknowledged, or the peer's sequence says otherwise.
TEST_F(JournalRecovery, FlippedBitInTheWindowCutsFromItsFrameOn) {
  const std::string good = Slurp(Write(3, false));
  for (size_t at = kSealedHeaderSize; at < good.size(); ++at) {
    MemoryDisk disk;
    disk.bytes.assign(good.begin(), good.end());
    disk.bytes[at] ^= 0x10;
    ASSERT_OK_AND_ASSIGN(const RecoveredJournal journal, Recover(disk));
    EXPECT_EQ(journal.frames, (at - kSealedHeaderSize) / kFrame);
    EXPECT_EQ(journal.writer.size_bytes(),
              kSealedHeaderSize + journal.frames * kFrame);
  }
}

TEST_F(JournalRecovery, DamageBeforeTheWindowLeavesTheFileUntouched) {
  // 20 frames of 1 MiB: a fault in the second leaves more than 17 MiB behind.
  const std::string path = Write(20, false, 1 << 20);
  const std::string good = Slurp(path);
  const size_t frame = (1 << 20) + kFrameOverhead;
  std::string changed = good;
  changed[kSealedHeaderSize + frame + 100] ^= 1;
  WriteFile(path, changed);
  EXPECT_THAT(Recover(path), ReasonIs(Reason::kJournalCorrupt));
  EXPECT_TRUE(Slurp(path) == changed);
  // In the fifth frame the rest fits the window: cut.
  changed = good;
  changed[kSealedHeaderSize + 4 * frame + 100] ^= 1;
  WriteFile(path, changed);
  ASSERT_OK_AND_ASSIGN(const RecoveredJournal journal, Recover(path));
  EXPECT_EQ(journal.frames, 4u);
}

TEST_F(JournalRecovery, GapIsDamageNotATornTail) {
  const std::string good = Slurp(Write(3, false));
  const std::string path = dir_.Path("journal");
  const std::string gap = good.substr(0, kSealedHeaderSize + kFrame) +
                          good.substr(kSealedHeaderSize + 2 * kFrame);
  WriteFile(path, gap);
  EXPECT_THAT(Recover(path), ReasonIs(Reason::kJournalCorrupt));
  EXPECT_EQ(Slurp(path), gap);
}

TEST_F(JournalRecovery, BytesAfterTheLastFrameAreDamage) {
  const std::string good = Slurp(Write(3, true));
  const std::string path = dir_.Path("journal");
  for (const std::string& tail : {std::string("x"), good.substr(128, kFrame)}) {
    WriteFile(path, good + tail);
    EXPECT_THAT(Recover(path), ReasonIs(Reason::kJournalCorrupt));
  }
}

TEST_F(JournalRecovery, ErrorOfTheVisitorEndsIt) {
  const std::string path = Write(3, false);
  const StorageKeyFinder keys = [this](const KeyId&) { return &key_; };
  EXPECT_THAT(RecoverJournal(path, keys, context_,
                             [](const FrameInfo&, std::span<const uint8_t>) {
                               return absl::CancelledError("enough");
                             }),
              StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(JournalRecovery, JournalOfAnotherUploadDoesNotOpen) {
  const std::string path = Write(3, false);
  context_.path = "uploads/u2/journal";
  EXPECT_THAT(Recover(path), ReasonIs(Reason::kJournalCorrupt));
}

}  // namespace
}  // namespace tally::crypto
