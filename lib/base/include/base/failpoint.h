#ifndef TALLY_BASE_FAILPOINT_H_
#define TALLY_BASE_FAILPOINT_H_

// Places at which a test can kill the process, to prove that nothing is lost.
// With TALLY_FAILPOINTS defined, a program started with
//   TALLY_FAILPOINT=journal.before_fsync:3
// kills itself with SIGKILL when it comes to the third hit of that place.
// Without it the macro is nothing, and the environment is not read: no release
// build has them (tests/layering checks the symbols).
//
// Threading: any thread.
// Secrets: none.

namespace tally::internal {
void HitFailpoint(const char* name);
}  // namespace tally::internal

#if defined(TALLY_FAILPOINTS)
#define TALLY_FAILPOINT(name) ::tally::internal::HitFailpoint(name)
#else
#define TALLY_FAILPOINT(name) static_cast<void>(0)
#endif

#endif  // TALLY_BASE_FAILPOINT_H_
