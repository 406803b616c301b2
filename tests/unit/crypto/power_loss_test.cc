// A journal on a disk that loses power, fills up or fails: nothing that was
// acknowledged is lost, and what is read back is a prefix of what was written.

#include "base/bytes.h"
#include "crypto/journal_recovery.h"
#include "crypto/random.h"
#include "crypto_fixture.h"
#include "memory_file.h"

namespace tally::crypto {
namespace {

class PowerLoss : public testing::Test {
 protected:
  PowerLoss()
      : key_(StorageKey::Generate(Environment::kTest, "hub-a").value()),
        keys_([this](const KeyId&) { return &key_; }) {
    context_.environment = Environment::kTest;
    context_.domain = "commissioning";
    context_.path = "uploads/u1/journal";
  }

  // Writes `frames` frames, syncing every third; returns how many were synced
  // and so acknowledged.
  size_t WriteUntilFailure(MemoryDisk& disk, int frames) {
    auto writer = SealedWriter::CreateOn(OpenMemoryFile(&disk), key_,
                                         SealedKind::kJournal, context_, 4096);
    if (!writer.ok() || !writer->Sync().ok()) return 0;
    header_synced_ = true;
    size_t acknowledged = 0;
    for (int i = 0; i < frames; ++i) {
      if (!writer->Append(AsBytes(FrameText(i)), false).ok()) break;
      if (i % 3 == 2) {
        if (!writer->Sync().ok()) break;
        acknowledged = static_cast<size_t>(i) + 1;
      }
    }
    return acknowledged;
  }

  static std::string FrameText(int i) {
    return std::string(static_cast<size_t>(100 + 37 * i % 500),
                       static_cast<char>('a' + i % 26));
  }

  // Recovers and checks that the frames are a prefix of what was written.
  absl::StatusOr<uint64_t> Recovered(MemoryDisk& disk) {
    int next = 0;
    auto journal =
        RecoverOn(OpenMemoryFile(&disk), keys_, SealedKind::kJournal, context_,
                  [&next](const FrameInfo&, std::span<const uint8_t> frame) {
                    EXPECT_EQ(AsChars(frame), FrameText(next));
                    ++next;
                    return absl::OkStatus();
                  });
    if (!journal.ok()) return journal.status();
    return journal->frames;
  }

  StorageKey key_;
  StorageKeyFinder keys_;
  SealContext context_;
  bool header_synced_ = false;
};

// After a power loss the synced bytes are there; the pages beyond them are
// kept, lost or filled with rubbish, each by itself, and the length is any.
TEST_F(PowerLoss, AcknowledgedFramesSurviveAnyStateOfTheRest) {
  RandomStream random;
  for (int round = 0; round < 300; ++round) {
    MemoryDisk disk;
    header_synced_ = false;
    const size_t acknowledged =
        WriteUntilFailure(disk, 1 + static_cast<int>(random.Below(12)));
    const size_t safe = disk.synced.size();
    std::vector<uint8_t> left = disk.bytes;
    for (size_t page = safe; page < left.size(); page += 64) {
      const size_t end = std::min(page + 64, left.size());
      const uint64_t state = random.Below(3);
      for (size_t i = page; i < end && state != 0; ++i) {
        left[i] = state == 1 ? 0 : static_cast<uint8_t>(random.Next());
      }
    }
    left.resize(safe + random.Below(left.size() - safe + 1));
    disk.bytes = left;
    ASSERT_OK_AND_ASSIGN(const uint64_t frames, Recovered(disk));
    EXPECT_GE(frames, acknowledged);
    // A second start finds nothing more to cut.
    ASSERT_OK_AND_ASSIGN(const uint64_t again, Recovered(disk));
    EXPECT_EQ(again, frames);
  }
}

// Each write and each sync fails once, fully or half done.
TEST_F(PowerLoss, EveryFailingCallKeepsWhatWasAcknowledged) {
  for (const bool short_write : {false, true}) {
    for (int fail_at = 0; fail_at < 20; ++fail_at) {
      MemoryDisk disk;
      disk.fail_at = fail_at;
      disk.short_write = short_write;
      header_synced_ = false;
      const size_t acknowledged = WriteUntilFailure(disk, 12);
      disk.fail_at = -1;
      const auto frames = Recovered(disk);
      if (!header_synced_ && !frames.ok()) continue;  // never acknowledged
      ASSERT_THAT(frames, IsOk()) << fail_at;
      EXPECT_GE(*frames, acknowledged);
    }
  }
}

TEST_F(PowerLoss, FailedSyncIsFinal) {
  MemoryDisk disk;
  SealedWriter writer =
      SealedWriter::CreateOn(OpenMemoryFile(&disk), key_, SealedKind::kJournal,
                             context_, 64)
          .value();
  disk.fail_at = disk.calls;
  EXPECT_THAT(writer.Sync(), StatusIs(absl::StatusCode::kInternal));
  disk.fail_at = -1;  // the disk works again; the writer does not try
  const int calls = disk.calls;
  EXPECT_THAT(writer.Sync(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(writer.Append(AsBytes("x"), false),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(disk.calls, calls);
}

TEST_F(PowerLoss, FullDiskIsATemporaryErrorAndFinalForTheWriter) {
  MemoryDisk disk;
  SealedWriter writer =
      SealedWriter::CreateOn(OpenMemoryFile(&disk), key_, SealedKind::kJournal,
                             context_, 64)
          .value();
  disk.fail_at = disk.calls;
  disk.short_write = true;
  EXPECT_THAT(writer.Append(AsBytes("x"), false), ExitCodeIs(kExitTemporary));
  disk.fail_at = -1;
  EXPECT_THAT(writer.Append(AsBytes("x"), false), ExitCodeIs(kExitTemporary));
  EXPECT_THAT(Recovered(disk), IsOkAndHolds(0u));
}

TEST_F(PowerLoss, FailedCutIsReported) {
  MemoryDisk disk;
  WriteUntilFailure(disk, 3);
  disk.bytes.push_back(1);
  disk.fail_at = disk.calls;
  EXPECT_THAT(Recovered(disk), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace tally::crypto
