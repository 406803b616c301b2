#ifndef TALLY_BENCH_WAY_TRIAL_WORLD_H_
#define TALLY_BENCH_WAY_TRIAL_WORLD_H_

// The programs of all parties at work in one folder: a hub, a source that has
// the register, one that has what happened, two operators and an analyst, with
// keys and certificates of the environment `example` (bench/way/world).
//
// Threading: one thread.
// Secrets: none that protect anything.

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/child.h"

namespace tally::bench {

class TrialWorld {
 public:
  // Makes a world in `folder`, which has lists/ (extract_files.h), and starts
  // its hub. `programs` is the folder of the programs.
  [[nodiscard]] static absl::StatusOr<TrialWorld> Start(
      const std::string& folder, const std::string& programs);

  TrialWorld(TrialWorld&& other) noexcept;
  TrialWorld& operator=(TrialWorld&&) = delete;
  // Ends the hub and waits until it is gone.
  ~TrialWorld();

  std::string Path(const std::string& name) const {
    return folder_ + "/world/" + name;
  }
  pid_t hub() const { return hub_; }
  const std::string& log() const { return log_; }

  // Words of a push of last month by one of the sources: one extract of
  // `files`, each DATASET=FILE.
  std::vector<std::string> PushCommand(
      const std::string& source, const std::vector<std::string>& files) const;
  // Rows may be without a person.
  absl::StatusOr<Usage> Push(const std::string& source,
                             const std::vector<std::string>& files) const;

  // A push that is stopped when all is read, checked, sealed and ready to be
  // sent: the hub sleeps meanwhile, so that it gets nothing.
  absl::Status PrepareOnly(const std::string& source,
                           const std::vector<std::string>& files) const;

  // Links, builds, approves; then the analyst's download.
  absl::StatusOr<Usage> BuildRelease() const;
  absl::StatusOr<Usage> Download() const;
  // Where the download is.
  std::string ReleaseFolder() const {
    return Path("analyst/work") + "/way/r2026-10";
  }

 private:
  TrialWorld(std::string folder, std::string programs);
  absl::StatusOr<Usage> Operator(std::vector<std::string> words) const;

  std::string folder_;
  std::string programs_;
  std::string log_;
  pid_t hub_ = 0;
};

}  // namespace tally::bench

#endif  // TALLY_BENCH_WAY_TRIAL_WORLD_H_
