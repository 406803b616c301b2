#ifndef TALLY_BASE_PROGRESS_H_
#define TALLY_BASE_PROGRESS_H_

// How far a long step is: a line with rate and time left on a terminal, JSON
// objects for programs, one status line on SIGUSR1 in every mode.
//   pushing gp-event  812,400/1,204,511 rows  67%  48k rows/s  eta 0:08
//
// Spec: docs/operations.md, "Progress". Goes to stderr, never stdout.
// Threading: Update(), Add() and SetTotal() from any thread, at any rate (one
// atomic operation); the rest from one thread.
// Secrets: stage and unit are words of the program and dataset names.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally {

enum class ProgressMode {
  kAuto,   // kPlain's text as a line that is redrawn, on a terminal only
  kPlain,  // a line every 5 seconds
  kJson,   // {"op","stage","done","total","unit","rate","eta_s","resumed_at"}
           // every second
  kNone,   // nothing but the line on SIGUSR1
};
absl::StatusOr<ProgressMode> ParseProgressMode(std::string_view text);

struct ProgressOptions {
  ProgressMode mode = ProgressMode::kAuto;
  bool quiet = false;  // as kNone
  int fd = 2;          // where lines go
  // How often a line is written, in milliseconds; 0: the mode's own.
  int64_t interval_ms = 0;
};

class ProgressReporter {
 public:
  explicit ProgressReporter(ProgressOptions options);
  ~ProgressReporter();  // as Finish()
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

  // Begins a stage; ends the one before. `op` is what goes on ("pushing"),
  // `stage` on what ("gp-event"), `unit` what is counted ("rows"). `total` 0:
  // not known, so no percentage and no eta. `resumed_at`: where an earlier run
  // had come to; the rate counts from there.
  void Start(std::string_view op, std::string_view stage, int64_t total,
             std::string_view unit, int64_t resumed_at = 0);

  // So many are done in all, those before a resumption included.
  void Update(int64_t done);
  // So many more.
  void Add(int64_t done);
  void SetTotal(int64_t total);

  // Ends the stage: the last line is written once more, and stays.
  void Finish();

  // Words of one state, as the status line has them.
  struct Snapshot {
    std::string op;
    std::string stage;
    std::string unit;
    int64_t done = 0;
    int64_t total = 0;
    int64_t resumed_at = 0;
    double rate = 0;     // units a second
    int64_t eta_s = -1;  // -1: not known
  };
  static std::string FormatLine(const Snapshot& snapshot);
  static std::string FormatJson(const Snapshot& snapshot);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "0:08", "12:30", "3:02:01".
std::string FormatEta(int64_t seconds);

}  // namespace tally

#endif  // TALLY_BASE_PROGRESS_H_
