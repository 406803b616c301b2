// The tamper matrix: every change of log or checkpoint is found by Verify.
// 100 entries here; the integration test runs 600.

#include <filesystem>
#include <random>
#include <vector>

#include "audit_test_data.h"
#include "base/bytes.h"

namespace tally::linkage {
namespace {

constexpr int kEntries = 100;

class TamperTest : public testing::Test {
 protected:
  void SetUp() override {
    test_.Fill(kEntries);
    log_ = Slurp(test_.log_path());
    note_ = Slurp(test_.checkpoint_path());
    size_t at = 0;
    while (at < log_.size()) {
      const size_t length = 2 + static_cast<uint8_t>(log_[at]) * 256u +
                            static_cast<uint8_t>(log_[at + 1]);
      frames_.push_back(log_.substr(at, length));
      at += length;
    }
    ASSERT_EQ(frames_.size(), static_cast<size_t>(kEntries));
    ASSERT_THAT(test_.Verify(), IsOk());
  }

  static std::string Joined(const std::vector<std::string>& frames) {
    std::string log;
    for (const std::string& frame : frames) log += frame;
    return log;
  }
  bool FoundInLog(const std::string& log) {
    WriteFile(test_.log_path(), log);
    return ReasonOf(test_.Verify().status()) == Reason::kAuditCorrupt;
  }
  bool FoundInCheckpoint(const std::string& note) {
    WriteFile(test_.checkpoint_path(), note);
    return ReasonOf(test_.Verify().status()) == Reason::kAuditCorrupt;
  }

  TestLog test_;
  std::string log_;
  std::string note_;
  std::vector<std::string> frames_;
};

// Every bit of the first, a middle and the last entry, and one random bit of
// every entry; all bits of all entries take minutes (--all).
TEST_F(TamperTest, FlippedBitsOfTheLogAreFound) {
  std::mt19937_64 random(6);
  size_t begin = 0;
  for (size_t f = 0; f < frames_.size(); ++f) {
    const size_t bits = frames_[f].size() * 8;
    const bool all = f == 0 || f == kEntries / 2 || f == kEntries - 1;
    for (size_t n = 0; n < (all ? bits : 1); ++n) {
      const size_t bit = begin * 8 + (all ? n : random() % bits);
      std::string bad = log_;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      ASSERT_TRUE(FoundInLog(bad)) << "bit " << bit;
    }
    begin += frames_[f].size();
  }
}

TEST_F(TamperTest, FlippedBitsOfTheCheckpointAreFound) {
  for (size_t bit = 0; bit < note_.size() * 8; ++bit) {
    std::string bad = note_;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_TRUE(FoundInCheckpoint(bad)) << "bit " << bit;
  }
}

TEST_F(TamperTest, DroppedDoubledAndSwappedEntriesAreFound) {
  for (size_t i = 0; i < frames_.size(); ++i) {
    std::vector<std::string> dropped = frames_;
    dropped.erase(dropped.begin() + static_cast<ptrdiff_t>(i));
    ASSERT_TRUE(FoundInLog(Joined(dropped))) << i;
    std::vector<std::string> doubled = frames_;
    doubled.insert(doubled.begin() + static_cast<ptrdiff_t>(i), frames_[i]);
    ASSERT_TRUE(FoundInLog(Joined(doubled))) << i;
    std::vector<std::string> swapped = frames_;
    std::swap(swapped[i], swapped[(i + 1) % swapped.size()]);
    ASSERT_TRUE(FoundInLog(Joined(swapped))) << i;
  }
}

// An entry that was drawn up anew for its place, with everything in form.
TEST_F(TamperTest, ARewrittenEntryIsFound) {
  for (const size_t i : {size_t{0}, frames_.size() / 2, frames_.size() - 1}) {
    AuditEntry entry = MakeEntry(AuditAction::kReleaseCreate, "projects/other");
    ASSERT_OK_AND_ASSIGN(
        const std::string line,
        EncodeAuditLeaf({i, "2026-11-20T09:30:00.000Z", entry}));
    ByteWriter frame;
    frame.Lp2(line);
    std::vector<std::string> rewritten = frames_;
    rewritten[i] = frame.view();
    ASSERT_TRUE(FoundInLog(Joined(rewritten))) << i;
  }
}

TEST_F(TamperTest, EveryCutIsFound) {
  for (size_t size = 0; size < log_.size(); size += 7) {
    ASSERT_TRUE(FoundInLog(log_.substr(0, size))) << size;
  }
  size_t end = 0;
  for (const std::string& frame : frames_) {
    ASSERT_TRUE(FoundInLog(log_.substr(0, end))) << end;
    end += frame.size();
  }
}

TEST_F(TamperTest, SigningWithAnotherKeyIsFound) {
  const crypto::SigningKey other = MakeAuditKey();
  ASSERT_OK_AND_ASSIGN(const AuditVerification verified, test_.Verify());
  ASSERT_OK_AND_ASSIGN(
      const std::string note,
      SignCheckpoint({TestOrigin(), verified.covered, verified.root}, other));
  EXPECT_TRUE(FoundInCheckpoint(note));
}

TEST_F(TamperTest, RollingBackTheWholeFolderShowsAgainstAKeptCheckpoint) {
  test_.Fill(1);
  const std::string kept = Slurp(test_.checkpoint_path());
  WriteFile(test_.log_path(), log_);
  WriteFile(test_.checkpoint_path(), note_);
  EXPECT_THAT(test_.Verify(), IsOk());  // consistent by itself
  AuditVerifyOptions options = test_.VerifyOptions();
  options.kept_checkpoint = kept;
  EXPECT_THAT(VerifyAuditLog(options), ReasonIs(Reason::kAuditCorrupt));
}

TEST_F(TamperTest, AForkShowsAgainstAKeptCheckpoint) {
  test_.Fill(1);
  const std::string kept = Slurp(test_.checkpoint_path());
  WriteFile(test_.log_path(), log_);
  WriteFile(test_.checkpoint_path(), note_);
  test_.Fill(2);  // another history, longer and rightly signed
  EXPECT_THAT(test_.Verify(), IsOk());
  AuditVerifyOptions options = test_.VerifyOptions();
  options.kept_checkpoint = kept;
  EXPECT_THAT(VerifyAuditLog(options), ReasonIs(Reason::kAuditCorrupt));
  options.kept_checkpoint = note_;  // a true ancestor
  EXPECT_THAT(VerifyAuditLog(options), IsOk());
}

}  // namespace
}  // namespace tally::linkage
