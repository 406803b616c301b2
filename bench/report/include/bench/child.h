#ifndef TALLY_BENCH_CHILD_H_
#define TALLY_BENCH_CHILD_H_

// Work in processes of their own, and what it took: clock, processor, memory.
// The kernel counts the memory of a child from that of its parent at the fork,
// so the parent must stay small: whatever needs memory runs in a child.
//
// Threading: one thread.
// Secrets: none.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::bench {

struct Usage {
  double seconds = 0;
  double processor_seconds = 0;  // its own children included
  double kernel_seconds = 0;     // those of them in the kernel
  int64_t peak_bytes = 0;        // of the largest process

  // One after the other: seconds add up, of the peaks the larger one counts.
  Usage& operator+=(const Usage& other);
};

// Starts a program, its output at the end of the file `log`.
absl::StatusOr<pid_t> StartCommand(const std::vector<std::string>& words,
                                   const std::string& log);

// Waits for a child. kInternal, with the end of `log`, unless it ended with 0
// or with `also_good`. `started`: WallSeconds() when it began.
absl::StatusOr<Usage> Await(pid_t child, double started, const std::string& log,
                            int also_good = 0);

absl::StatusOr<Usage> RunCommand(const std::vector<std::string>& words,
                                 const std::string& log, int also_good = 0);

// Runs `work` in a copy of this process. kInternal when it fails; its message
// goes to stderr.
absl::StatusOr<Usage> RunInChild(const std::function<absl::Status()>& work);

// Of a process that goes on: processor and peak memory so far, no seconds.
absl::StatusOr<Usage> UsageSoFar(pid_t process);

}  // namespace tally::bench

#endif  // TALLY_BENCH_CHILD_H_
