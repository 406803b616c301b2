#include "linkage/audit/audit_log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "audit_test_data.h"
#include "base/bytes.h"
#include "base/files.h"

namespace tally::linkage {
namespace {

class AuditLogTest : public testing::Test {
 protected:
  TestLog test_;
};

// Keeps its rows in memory, as the catalogue keeps them in a table.
class MemoryOutbox final : public AuditOutbox {
 public:
  void Add(AuditEntry entry) { rows_.push_back({++last_, std::move(entry)}); }
  absl::StatusOr<std::vector<Pending>> NextPending(int limit) override {
    std::vector<Pending> pending(
        rows_.begin(),
        rows_.begin() + std::min<ptrdiff_t>(limit, std::ssize(rows_)));
    return pending;
  }
  absl::Status MarkWritten(std::span<const int64_t> ids) override {
    if (fail_marks_ > 0 && fail_marks_-- > 0) {
      return absl::UnavailableError("busy");
    }
    std::erase_if(rows_, [&](const Pending& row) {
      return std::find(ids.begin(), ids.end(), row.id) != ids.end();
    });
    return absl::OkStatus();
  }
  size_t size() const { return rows_.size(); }
  void FailMarks(int n) { fail_marks_ = n; }

 private:
  std::vector<Pending> rows_;
  int64_t last_ = 0;
  int fail_marks_ = 0;
};

TEST_F(AuditLogTest, NewLogIsEmptyAndSigned) {
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  EXPECT_EQ(log->size(), 0u);
  EXPECT_TRUE(log->healthy());
  EXPECT_EQ(log->checkpoint().root, MerkleTree().Root());
  ASSERT_OK_AND_ASSIGN(const AuditVerification verified, test_.Verify());
  EXPECT_EQ(verified.entries, 0u);
}

TEST_F(AuditLogTest, AppendReturnsOnceACheckpointCoversTheEntry) {
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  for (uint64_t i = 0; i < 5; ++i) {
    const AuditEntry entry = MakeEntry(AuditAction::kProjectCreate,
                                       "projects/p" + std::to_string(i));
    EXPECT_EQ(log->SeqOf(entry.corr), std::nullopt);
    EXPECT_THAT(log->Append(entry), IsOkAndHolds(i));
    EXPECT_EQ(log->SeqOf(entry.corr), i);
    EXPECT_THAT(OpenCheckpoint(Slurp(test_.checkpoint_path()), TestOrigin(),
                               test_.key().public_key()),
                IsOkAndHolds(log->checkpoint()));
    EXPECT_EQ(log->size(), i + 1);
    EXPECT_EQ(Slurp(test_.checkpoint_path()), log->checkpoint_note());
  }
  EXPECT_THAT(test_.Verify(), IsOk());
}

TEST_F(AuditLogTest, EntriesAreFramedByTheirLength) {
  test_.Fill(2);
  const std::string bytes = Slurp(test_.log_path());
  MerkleTree tree;
  size_t at = 0;
  uint64_t seq = 0;
  while (at < bytes.size()) {
    const size_t length = static_cast<uint8_t>(bytes[at]) * 256u +
                          static_cast<uint8_t>(bytes[at + 1]);
    const std::string line = bytes.substr(at + 2, length);
    ASSERT_OK_AND_ASSIGN(const AuditLeaf leaf, ParseAuditLeaf(line));
    EXPECT_EQ(leaf.seq, seq++);
    tree.Add(MerkleLeafHash(line));
    at += 2 + length;
  }
  ASSERT_OK_AND_ASSIGN(const AuditVerification verified, test_.Verify());
  EXPECT_EQ(verified.root, tree.Root());
}

TEST_F(AuditLogTest, OneEntryIsWrittenOnceHoweverOftenItIsAppended) {
  const AuditEntry entry =
      MakeEntry(AuditAction::kSourceCreate, "sources/gp-supplier-a");
  {
    ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
    EXPECT_THAT(log->Append(entry), IsOkAndHolds(0u));
    EXPECT_THAT(log->Append(entry), IsOkAndHolds(0u));
  }
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  EXPECT_THAT(log->Append(entry), IsOkAndHolds(0u));
  EXPECT_EQ(log->size(), 1u);
}

TEST_F(AuditLogTest, RefusesAnEntryThatHasNoEncoding) {
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  AuditEntry entry = MakeEntry(AuditAction::kSourceCreate, "sources/a");
  entry.corr = "not an id";
  EXPECT_THAT(log->Append(entry), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(log->healthy());
}

TEST_F(AuditLogTest, ReopeningGoesOnWhereItStopped) {
  test_.Fill(3);
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  EXPECT_EQ(log->size(), 3u);
  EXPECT_THAT(log->Append(MakeEntry(AuditAction::kHubStart, "")),
              IsOkAndHolds(3u));
  EXPECT_THAT(test_.Verify(), IsOk());
}

TEST_F(AuditLogTest, ManyThreadsAppendWithoutLossOrDouble) {
  constexpr int kThreads = 8;
  constexpr int kEach = 40;
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const AuditEntry entry = MakeEntry(AuditAction::kReleaseDownload,
                                           "projects/p" + std::to_string(t));
        const auto seq = log->Append(entry);
        if (!seq.ok() || log->SeqOf(entry.corr) != *seq ||
            log->size() <= *seq) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(log->size(), uint64_t{kThreads} * kEach);
  ASSERT_OK_AND_ASSIGN(const AuditVerification verified, test_.Verify());
  EXPECT_EQ(verified.entries, uint64_t{kThreads} * kEach);
}

TEST_F(AuditLogTest, DrainWritesTheOutboxInOrderAndEmptiesIt) {
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  MemoryOutbox outbox;
  for (int i = 0; i < 250; ++i) {
    outbox.Add(MakeEntry(AuditAction::kExtractCreate,
                         "sources/a/extracts/" + std::to_string(i)));
  }
  ASSERT_THAT(log->Drain(outbox), IsOk());
  EXPECT_EQ(outbox.size(), 0u);
  ASSERT_OK_AND_ASSIGN(const AuditPage page, log->ListEvents({}, 0, 1'000));
  ASSERT_EQ(page.leaves.size(), 250u);
  for (size_t i = 0; i < page.leaves.size(); ++i) {
    EXPECT_EQ(page.leaves[i].entry.object,
              "sources/a/extracts/" + std::to_string(i));
  }
}

TEST_F(AuditLogTest, DrainAfterALostMarkWritesNothingTwice) {
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  MemoryOutbox outbox;
  outbox.Add(MakeEntry(AuditAction::kExtractCreate, "sources/a"));
  outbox.FailMarks(1);
  EXPECT_THAT(log->Drain(outbox), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(log->size(), 1u);
  EXPECT_THAT(log->Drain(outbox), IsOk());
  EXPECT_EQ(log->size(), 1u);
  EXPECT_EQ(outbox.size(), 0u);
}

TEST_F(AuditLogTest, ListEventsFiltersAndPages) {
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  for (int i = 0; i < 30; ++i) {
    ASSERT_THAT(
        log->Append(MakeEntry(i % 3 == 0 ? AuditAction::kReleaseCreate
                                         : AuditAction::kAgreementAdd,
                              i % 2 == 0 ? "projects/p/x" : "projects/p2")),
        IsOk());
  }
  AuditFilter filter;
  filter.action = "release.create";
  filter.object_prefix = "projects/p";
  std::vector<uint64_t> seqs;
  uint64_t next = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const AuditPage page,
                         log->ListEvents(filter, next, 2));
    EXPECT_LE(page.leaves.size(), 2u);
    for (const AuditLeaf& leaf : page.leaves) seqs.push_back(leaf.seq);
    if (!page.next_seq.has_value()) break;
    next = *page.next_seq;
  }
  EXPECT_EQ(seqs, (std::vector<uint64_t>{0, 6, 12, 18, 24}));
  ASSERT_OK_AND_ASSIGN(const AuditPage beyond, log->ListEvents({}, 99, 10));
  EXPECT_TRUE(beyond.leaves.empty());
}

TEST_F(AuditLogTest, SummaryCountsAProjectByMonthAndActionOnly) {
  AuditLogOptions options = test_.Options();
  std::string now = "2026-10-31T23:59:59.999Z";
  options.now = [&now] { return now; };
  ASSERT_OK_AND_ASSIGN(const auto log, AuditLog::Open(options));
  const auto append = [&](AuditAction action, const std::string& object) {
    ASSERT_THAT(log->Append(MakeEntry(action, object)), IsOk());
  };
  append(AuditAction::kProjectCreate, "projects/frailty");
  append(AuditAction::kAgreementAdd, "projects/frailty/agreements/v1");
  append(AuditAction::kProjectCreate, "projects/frailty-2");
  now = "2026-11-01T00:00:00.000Z";
  append(AuditAction::kReleaseDownload, "projects/frailty/releases/r2026-11");
  append(AuditAction::kReleaseDownload, "projects/frailty/releases/r2026-11");
  append(AuditAction::kHubStop, "");
  EXPECT_THAT(ProjectAuditSummaryCsv(*log, "projects/frailty"),
              IsOkAndHolds("month,action,events\n"
                           "2026-10,agreement.add,1\n"
                           "2026-10,project.create,1\n"
                           "2026-11,release.download,2\n"));
}

TEST_F(AuditLogTest, CutsATornLastEntryAndKeepsTheRest) {
  test_.Fill(3);
  const std::string whole = Slurp(test_.log_path());
  AuditEntry entry = MakeEntry(AuditAction::kHubStop, "");
  ASSERT_OK_AND_ASSIGN(const std::string line,
                       EncodeAuditLeaf({3, "2026-11-20T09:30:00.000Z", entry}));
  ByteWriter frame;
  frame.Lp2(line);
  for (size_t cut = 1; cut < frame.size(); cut += 13) {
    WriteFile(test_.log_path(), whole + frame.view().substr(0, cut));
    ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
    EXPECT_EQ(log->size(), 3u);
    EXPECT_EQ(Slurp(test_.log_path()), whole);
  }
}

TEST_F(AuditLogTest, KeepsAWholeEntryThatNoCheckpointCoversYet) {
  test_.Fill(3);
  const AuditEntry entry = MakeEntry(AuditAction::kHubStop, "");
  ASSERT_OK_AND_ASSIGN(const std::string line,
                       EncodeAuditLeaf({3, "2026-11-20T09:30:00.000Z", entry}));
  ByteWriter frame;
  frame.Lp2(line);
  WriteFile(test_.log_path(), Slurp(test_.log_path()) + frame.view());
  EXPECT_THAT(test_.Verify(), ReasonIs(Reason::kAuditCorrupt));
  AuditVerifyOptions running = test_.VerifyOptions();
  running.running = true;
  EXPECT_THAT(VerifyAuditLog(running), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  EXPECT_EQ(log->size(), 4u);
  EXPECT_EQ(log->SeqOf(entry.corr), 3u);
  EXPECT_THAT(test_.Verify(), IsOk());
}

TEST_F(AuditLogTest, RefusesALogShorterThanItsCheckpoint) {
  test_.Fill(5);
  const std::string whole = Slurp(test_.log_path());
  for (size_t size = 0; size < whole.size(); size += 37) {
    WriteFile(test_.log_path(), whole.substr(0, size));
    EXPECT_THAT(test_.Open(), ReasonIs(Reason::kAuditCorrupt)) << size;
    EXPECT_THAT(test_.Open(), ExitCodeIs(kExitIntegrity));
    // Nothing was repaired.
    EXPECT_EQ(Slurp(test_.log_path()).size(), size);
  }
  std::filesystem::remove(test_.log_path());
  EXPECT_THAT(test_.Open(), ReasonIs(Reason::kAuditCorrupt));
}

TEST_F(AuditLogTest, RefusesAMissingOrForeignCheckpoint) {
  test_.Fill(2);
  const std::string note = Slurp(test_.checkpoint_path());
  std::filesystem::remove(test_.checkpoint_path());
  EXPECT_THAT(test_.Open(), ReasonIs(Reason::kAuditCorrupt));
  WriteFile(test_.checkpoint_path(), "");
  EXPECT_THAT(test_.Open(), ReasonIs(Reason::kAuditCorrupt));
  WriteFile(test_.checkpoint_path(), note);
  EXPECT_THAT(test_.Open(), IsOk());
  const crypto::SigningKey other = MakeAuditKey();
  AuditLogOptions options = test_.Options();
  options.key = &other;
  EXPECT_THAT(AuditLog::Open(options), ReasonIs(Reason::kAuditCorrupt));
  options = test_.Options();
  options.origin = AuditOrigin("example.nhs.uk", "hub-b");
  EXPECT_THAT(AuditLog::Open(options), ReasonIs(Reason::kAuditCorrupt));
}

// Runs in a child: the disk takes no more. A limit on the size of files stands
// in for it. Exits with 0 if the log takes nothing meanwhile, is as it was, and
// goes on once there is room.
[[noreturn]] void AppendToAFullDisk(const TestLog& test) {
  const auto log = test.Open();
  signal(SIGXFSZ, SIG_IGN);
  const auto size = std::filesystem::file_size(test.log_path());
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t room = limit.rlim_cur;
  limit.rlim_cur = size + 10;
  setrlimit(RLIMIT_FSIZE, &limit);
  const auto first = (*log)->Append(MakeEntry(AuditAction::kHubSeal, ""));
  const AuditEntry entry = MakeEntry(AuditAction::kHubSeal, "");
  const auto second = (*log)->Append(entry);
  const bool refused = ReasonOf(first.status()) == Reason::kAuditUnavailable &&
                       ReasonOf(second.status()) == Reason::kAuditUnavailable &&
                       (*log)->healthy() && (*log)->size() == 1 &&
                       std::filesystem::file_size(test.log_path()) == size;
  limit.rlim_cur = room;
  setrlimit(RLIMIT_FSIZE, &limit);
  const auto third = (*log)->Append(entry);  // the very same one
  _exit(refused && third.ok() && *third == 1 ? 0 : 1);
}

TEST_F(AuditLogTest, AFullDiskIsOverOnceThereIsRoom) {
  test_.Fill(1);
  EXPECT_EXIT(AppendToAFullDisk(test_), testing::ExitedWithCode(0), "");
  EXPECT_THAT(test_.Verify(), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  EXPECT_EQ(log->size(), 2u);
}

// A folder in the place of the checkpoint: entries reach the log, their note
// cannot be written.
TEST_F(AuditLogTest, AnEntryWithoutItsCheckpointGetsItLater) {
  namespace fs = std::filesystem;
  test_.Fill(1);
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  const std::string aside = test_.checkpoint_path() + ".aside";
  fs::rename(test_.checkpoint_path(), aside);
  fs::create_directories(test_.checkpoint_path() + "/full");
  const AuditEntry first = MakeEntry(AuditAction::kHubSeal, "");
  EXPECT_THAT(log->Append(first), ReasonIs(Reason::kAuditUnavailable));
  const auto bytes = fs::file_size(test_.log_path());
  const AuditEntry second = MakeEntry(AuditAction::kHubSeal, "");
  EXPECT_THAT(log->Append(second), ReasonIs(Reason::kAuditUnavailable));
  // Nothing follows an entry that is not signed, and nobody is shown it.
  EXPECT_EQ(fs::file_size(test_.log_path()), bytes);
  EXPECT_TRUE(log->healthy());
  EXPECT_EQ(log->size(), 1u);
  EXPECT_EQ(log->SeqOf(first.corr), std::nullopt);
  ASSERT_OK_AND_ASSIGN(const AuditPage page, log->ListEvents({}, 0, 10));
  EXPECT_EQ(page.leaves.size(), 1u);
  fs::remove_all(test_.checkpoint_path());
  fs::rename(aside, test_.checkpoint_path());
  EXPECT_THAT(log->Append(second), IsOkAndHolds(2u));
  EXPECT_THAT(log->Append(first), IsOkAndHolds(1u));
  EXPECT_THAT(test_.Verify(), IsOk());
}

// The descriptor of the log becomes one that takes neither bytes nor a cut.
TEST_F(AuditLogTest, StaysClosedWhenAFailedWriteCannotBeUndone) {
  test_.Fill(1);
  ASSERT_OK_AND_ASSIGN(const auto log, test_.Open());
  int descriptor = -1;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(one.path(), gone) == test_.log_path()) {
      descriptor = std::stoi(one.path().filename().string());
    }
  }
  ASSERT_GE(descriptor, 0);
  const UniqueFd kept(dup(descriptor));
  const UniqueFd read_only(open(test_.log_path().c_str(), O_RDONLY));
  ASSERT_EQ(dup2(read_only.get(), descriptor), descriptor);
  EXPECT_THAT(log->Append(MakeEntry(AuditAction::kHubSeal, "")),
              ReasonIs(Reason::kAuditUnavailable));
  EXPECT_FALSE(log->healthy());
  ASSERT_EQ(dup2(kept.get(), descriptor), descriptor);
  EXPECT_THAT(log->Append(MakeEntry(AuditAction::kHubSeal, "")),
              ReasonIs(Reason::kAuditUnavailable));
}

// As many entries as one write holds are signed at the start, one more are not.
TEST_F(AuditLogTest, RefusesMoreEntriesBeyondTheCheckpointThanOneWrite) {
  test_.Fill(1);
  std::string log = Slurp(test_.log_path());
  const auto add = [&](uint64_t seq) {
    const auto line = EncodeAuditLeaf({seq, "2026-11-20T09:30:00.000Z",
                                       MakeEntry(AuditAction::kHubStop, "")});
    ByteWriter frame;
    frame.Lp2(*line);
    log += frame.view();
  };
  for (uint64_t seq = 1; seq <= 100; ++seq) add(seq);
  const std::string note = Slurp(test_.checkpoint_path());
  WriteFile(test_.log_path(), log);
  EXPECT_THAT(test_.Open(), IsOk());
  WriteFile(test_.checkpoint_path(), note);
  add(101);
  WriteFile(test_.log_path(), log);
  EXPECT_THAT(test_.Open(), ReasonIs(Reason::kAuditCorrupt));
  EXPECT_THAT(test_.Open(), ExitCodeIs(kExitIntegrity));
  EXPECT_EQ(Slurp(test_.log_path()), log);
}

class RecordingStore final : public HashStore {
 public:
  absl::Status AddLeafHash(uint64_t index, const MerkleHash& hash) override {
    EXPECT_EQ(index, hashes.size());
    hashes.push_back(hash);
    return absl::OkStatus();
  }
  std::vector<MerkleHash> hashes;
};

TEST_F(AuditLogTest, HandsEveryLeafHashToTheHashStoreInOrder) {
  test_.Fill(3);
  RecordingStore store;
  AuditLogOptions options = test_.Options();
  options.hash_store = &store;
  ASSERT_OK_AND_ASSIGN(const auto log, AuditLog::Open(options));
  ASSERT_THAT(log->Append(MakeEntry(AuditAction::kHubStart, "")), IsOk());
  ASSERT_EQ(store.hashes.size(), 4u);
  MerkleTree tree;
  for (const MerkleHash& hash : store.hashes) tree.Add(hash);
  EXPECT_EQ(tree.Root(), log->checkpoint().root);
}

}  // namespace
}  // namespace tally::linkage
