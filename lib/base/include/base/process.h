#ifndef TALLY_BASE_PROCESS_H_
#define TALLY_BASE_PROCESS_H_

// The process itself: hardened at start, asked to stop by signals.
//
// Spec: docs/architecture.md, "Memory" and "Signals".
// Threading: UseLargePages, HardenProcess and InstallStopSignals at the start
// of main, in this order, before other threads; the rest from any thread.
// Secrets: HardenProcess keeps memory out of core files and away from ptrace by
// other processes of the same user.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/exit_code.h"

namespace tally {

// Lets the heap have large pages where the kernel gives them only to those who
// ask for them: mode "madvise" in `mode_file`, in the format of Linux. glibc
// asks if GLIBC_TUNABLES says so when a program starts, so this starts the
// program again, once, with the same `argv`, which is that of main. Returns
// where nothing is to be done: another mode, GLIBC_TUNABLES is set already, to
// whatever text, the loader was started by its name, or the kernel does not
// start it again. Programs that this one starts inherit the variable. Cost: one
// more start.
// docs/adr/0099-large-pages.md.
void UseLargePages(
    char* const* argv,
    const char* mode_file = "/sys/kernel/mm/transparent_hugepage/enabled");

// RLIMIT_CORE 0, PR_SET_DUMPABLE 0, umask 077, SIGPIPE ignored, and descriptors
// 0 to 2 opened on /dev/null where they are closed, so that no file lands on
// them. Returns kInternal when the kernel refuses.
absl::Status HardenProcess();

// SIGINT and SIGTERM ask to stop; a second one ends the process at once, with
// the code of StopExitCode(). SIGHUP too asks to stop only if `hangup` is set.
void InstallStopSignals(bool hangup = false);

// Whether a stop was asked for.
bool StopRequested();

// 130 after SIGINT, 143 after SIGTERM or SIGHUP; kExitDone before any.
ExitCode StopExitCode();

// kCancelled with the exit code of StopExitCode() once a stop was asked for;
// OK before. For loops: TALLY_RETURN_IF_ERROR(CheckNotStopped()).
absl::Status CheckNotStopped();

// Asks to stop from inside the program (tests, a fatal condition).
void RequestStop(int signal_number);
// Forgets it. For tests only.
void ResetStopForTesting();

// A descriptor that becomes readable when a stop is asked for, for poll(2).
// REQUIRES: InstallStopSignals().
int StopEventFd();

bool IsTerminal(int fd);

// Half of what this process may use: of the cgroup's limit, else of the
// machine's memory, in bytes. Default of --memory.
int64_t DefaultMemoryBytes();

// The most memory this process has had, in bytes.
int64_t PeakMemoryBytes();

}  // namespace tally

#endif  // TALLY_BASE_PROCESS_H_
