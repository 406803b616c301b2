// Kill and recover: a process that uploads and publishes is killed at every
// failpoint, started again, and ends with what an undisturbed one has. Nothing
// that was acknowledged is lost.

#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <csignal>

#include <filesystem>
#include <fstream>
#include <string>

#include "linkage/store/recovery.h"
#include "status_matchers.h"
#include "store_fixture.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

// Runs the victim; returns its wait status.
int RunVictim(const std::string& root, const std::string& failpoint) {
  const pid_t child = fork();
  if (child == 0) {
    if (failpoint.empty()) {
      unsetenv("TALLY_FAILPOINT");  // NOLINT(concurrency-mt-unsafe): a child
    } else {
      setenv("TALLY_FAILPOINT", failpoint.c_str(),
             1);  // NOLINT(concurrency-mt-unsafe): a child
    }
    execl(TALLY_VICTIM, TALLY_VICTIM, root.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}
bool Killed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}
bool Done(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

uint64_t LastAcknowledged(const std::string& root) {
  std::ifstream file(root + "/acknowledged");
  uint64_t last = 0;
  for (uint64_t n = 0; file >> n;) last = n;
  return last;
}

// What is in force after all, without what may differ (times, uid).
void ExpectPublished(const std::string& root, const std::string& where) {
  const TestScheme scheme;
  const TestDelivery delivery =
      MakeDelivery(scheme, {.rows_per_batch = 12, .tokens_per_batch = 5});
  TestHub hub(root, scheme);
  ASSERT_OK_AND_ASSIGN(const ExtractRecord record, hub.Get(delivery));
  ASSERT_EQ(record.state, ExtractState::kPublished) << where;
  EXPECT_EQ(record.persons, 40) << where;
  EXPECT_EQ(record.datasets[0].rows, 300) << where;
  EXPECT_EQ(record.datasets[1].rows, 40) << where;
  ASSERT_OK_AND_ASSIGN(HubKeys::Lease lease, hub.keys().Borrow());
  FsckOptions options;
  options.environment = crypto::Environment::kTest;
  options.domain = "commissioning";
  options.storage_keys = lease.storage_finder();
  options.registry = &scheme.registry();
  ASSERT_OK_AND_ASSIGN(const FsckReport report,
                       Fsck(hub.directory(), hub.catalogue(), options));
  EXPECT_EQ(report.extracts, 1) << where;
  for (const FsckFinding& finding : report.findings) {
    ADD_FAILURE() << where << ": " << finding.path << " " << finding.text;
  }
  // Nothing is left over.
  EXPECT_TRUE(std::filesystem::is_empty(hub.directory().UploadsDirectory()))
      << where;
}

class KillTest : public testing::TestWithParam<std::string> {};

TEST_P(KillTest, AKilledUploadEndsAsIfItHadNotBeen) {
  const TempDir dir;
  const int killed = RunVictim(dir.path(), GetParam());
  ASSERT_TRUE(Killed(killed)) << "the failpoint was not reached";
  {
    // What was acknowledged is there, before anything is sent again.
    const uint64_t acknowledged = LastAcknowledged(dir.path());
    const TestScheme scheme;
    const TestDelivery delivery =
        MakeDelivery(scheme, {.rows_per_batch = 12, .tokens_per_batch = 5});
    TestHub hub(dir.path(), scheme);
    const auto record = hub.Get(delivery);
    if (record.ok() && record->state == ExtractState::kOpen) {
      ASSERT_OK_AND_ASSIGN(
          const UploadStatus status,
          hub.store().GetUploadStatus(delivery.create.source,
                                      delivery.create.extract_id));
      EXPECT_GE(status.persisted_sequence, acknowledged);
    }
  }
  ASSERT_TRUE(Done(RunVictim(dir.path(), "")));
  ExpectPublished(dir.path(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Failpoints, KillTest,
    testing::Values("create.after_journal:1", "journal.before_first_fsync:1",
                    "catalogue.before_commit:1", "catalogue.after_commit:1",
                    "catalogue.before_commit:2", "catalogue.after_commit:2",
                    "catalogue.before_commit:3", "catalogue.after_commit:3",
                    "catalogue.before_commit:4", "catalogue.after_commit:4",
                    "catalogue.before_commit:5", "catalogue.after_commit:5",
                    "journal.before_append:1", "journal.before_append:20",
                    "journal.after_append:20", "journal.before_fsync:1",
                    "journal.before_fsync:2", "journal.after_fsync:1",
                    "journal.before_close:1", "journal.after_close:1",
                    "finalize.after_close:1", "publish.after_run:1",
                    "publish.after_rows:1", "publish.before_rename:1",
                    "publish.after_rename:1", "publish.after_commit:1"),
    [](const auto& point) {
      std::string name = point.param;
      for (char& c : name) {
        if (!isalnum(static_cast<unsigned char>(c))) c = '_';
      }
      return name;
    });

// One kill after the other, each a little further on.
TEST(KillLoopTest, SurvivesAKillAtEveryAppendInARow) {
  const TempDir dir;
  int kills = 0;
  for (int n = 1; n < 200; ++n) {
    const int status =
        RunVictim(dir.path(), "journal.after_append:" + std::to_string(3));
    if (Done(status)) break;
    ASSERT_TRUE(Killed(status));
    ++kills;
  }
  EXPECT_GT(kills, 5);
  ExpectPublished(dir.path(), "in a row");
}

}  // namespace
}  // namespace tally::linkage
