#include "trial_world.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "bench/report.h"
#include "extract_files.h"

namespace tally::bench {
namespace {

constexpr double kMostPrepareSeconds = 3600;
constexpr int kMostStopTries = 600;

void Nap(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

std::string Script() {
  return std::string(TALLY_SOURCE_DIR) + "/bench/way/world";
}

}  // namespace

TrialWorld::TrialWorld(std::string folder, std::string programs)
    : folder_(std::move(folder)),
      programs_(std::move(programs)),
      log_(folder_ + "/log") {}

TrialWorld::TrialWorld(TrialWorld&& other) noexcept
    : folder_(other.folder_),
      programs_(other.programs_),
      log_(other.log_),
      hub_(std::exchange(other.hub_, 0)) {}

TrialWorld::~TrialWorld() {
  if (hub_ == 0) return;
  ::kill(hub_, SIGCONT);
  ::kill(hub_, SIGTERM);
  // It is no child of this process: the script that started it has ended.
  for (int i = 0; i < kMostStopTries && ::kill(hub_, 0) == 0; ++i) Nap(100);
  ::kill(hub_, SIGKILL);
}

absl::StatusOr<TrialWorld> TrialWorld::Start(const std::string& folder,
                                             const std::string& programs) {
  TrialWorld world(folder, programs);
  const absl::Status up =
      RunCommand({"/bin/sh", Script(), "up", folder, programs}, world.log_)
          .status();
  // Also after a failure, for the hub may have started.
  const auto text = ReadFile(world.Path("hub/pid"), 64);
  if (text.ok()) {
    world.hub_ = static_cast<pid_t>(std::strtol(text->c_str(), nullptr, 10));
  }
  TALLY_RETURN_IF_ERROR(up);
  TALLY_RETURN_IF_ERROR(text.status());
  return world;
}

std::vector<std::string> TrialWorld::PushCommand(
    const std::string& source, const std::vector<std::string>& files) const {
  std::vector<std::string> words = {programs_ + "/pseudonymiser",
                                    "--config",
                                    Path(source + "/pseudonymiser.toml"),
                                    "push",
                                    "--json",
                                    "--period",
                                    LastMonth()};
  words.insert(words.end(), files.begin(), files.end());
  return words;
}

absl::StatusOr<Usage> TrialWorld::Push(
    const std::string& source, const std::vector<std::string>& files) const {
  return RunCommand(PushCommand(source, files), log_, kExitRowsRejected);
}

absl::Status TrialWorld::PrepareOnly(
    const std::string& source, const std::vector<std::string>& files) const {
  const std::string spool =
      Path(source + "/state/spool/p" + LastMonth() + "-r1");
  const double started = WallSeconds();
  TALLY_ASSIGN_OR_RETURN(const pid_t push,
                         StartCommand(PushCommand(source, files), log_));
  bool is_asleep = false;
  bool has_ended = false;
  while (!has_ended && !FileExists(spool + "/delivery.spool") &&
         WallSeconds() - started < kMostPrepareSeconds) {
    if (!is_asleep && FileExists(spool + "/rows.spool")) {
      ::kill(hub_, SIGSTOP);
      is_asleep = true;
    }
    Nap(1);
    siginfo_t ended{};
    has_ended = ::waitid(P_PID, static_cast<id_t>(push), &ended,
                         WEXITED | WNOHANG | WNOWAIT) == 0 &&
                ended.si_pid == push;
  }
  if (!has_ended) ::kill(push, SIGKILL);
  const absl::Status end = Await(push, started, log_).status();
  ::kill(hub_, SIGCONT);
  if (has_ended || !FileExists(spool + "/delivery.spool")) {
    return end.ok() ? absl::InternalError("a push ended before it was ready")
                    : end;
  }
  return absl::OkStatus();
}

absl::StatusOr<Usage> TrialWorld::Operator(
    std::vector<std::string> words) const {
  std::vector<std::string> command = {programs_ + "/linkage", "--config",
                                      Path("operators/j-price.toml")};
  command.insert(command.end(), words.begin(), words.end());
  return RunCommand(command, log_);
}

absl::StatusOr<Usage> TrialWorld::BuildRelease() const {
  TALLY_ASSIGN_OR_RETURN(
      Usage all, Operator({"release", "create", "way", "--agreement", "v1",
                           "--id", "r2026-10"}));
  TALLY_ASSIGN_OR_RETURN(
      const Usage built,
      Operator({"release", "get", "way/r2026-10", "--wait"}));
  all += built;
  TALLY_ASSIGN_OR_RETURN(
      const Usage approved,
      RunCommand({"/bin/sh", Script(), "approve", folder_, programs_}, log_));
  all += approved;
  return all;
}

absl::StatusOr<Usage> TrialWorld::Download() const {
  return RunCommand({programs_ + "/commissioning", "--config",
                     Path("analyst/commissioning.toml"), "pull",
                     "projects/way/releases/r2026-10", "--csv", "none"},
                    log_);
}

}  // namespace tally::bench
