#ifndef TALLY_BASE_EXIT_CODE_H_
#define TALLY_BASE_EXIT_CODE_H_

// What a program tells the scheduler that started it. The same in every
// program; a new code may come, and an unknown one means failure.
//
// Spec: docs/operations.md, "Exit codes".
// Threading: no state.
// Secrets: none.

#include <string>

#include "absl/status/status.h"

namespace tally {

enum ExitCode : int {
  kExitDone = 0,
  kExitFailure = 1,        // unexpected: page someone
  kExitUsage = 2,          // usage or configuration: fix, no retry
  kExitRowsRejected = 3,   // done, some rows rejected or unlinked
  kExitNotFound = 4,       // a named thing does not exist
  kExitTemporary = 5,      // run the same command again
  kExitNotPermitted = 6,   // certificate, role, agreement, disclosure rule
  kExitConflict = 7,       // same name with other content, wrong state
  kExitInvalidInput = 8,   // input failed validation; nothing kept
  kExitKey = 10,           // key missing, wrong mode, epoch, environment
  kExitIntegrity = 11,     // digest, signature, audit log, data directory
  kExitInterrupted = 130,  // SIGINT; state kept
  kExitTerminated = 143,   // SIGTERM; state kept
};

// The exit code of a status, in this order: the one set by WithExitCode(); the
// one of its reason (base/error.h); else kExitNotFound for kNotFound,
// kExitTemporary for kUnavailable, kDeadlineExceeded and kResourceExhausted,
// kExitInterrupted for kCancelled, kExitFailure for the rest; kExitDone for OK.
ExitCode ExitCodeOf(const absl::Status& status);

// `status` with its exit code set; OK stays OK.
absl::Status WithExitCode(absl::Status status, ExitCode code);

// Errors by what the caller should do. `message` holds no record's value.
absl::Status UsageError(std::string message);         // kInvalidArgument, 2
absl::Status NotFoundError(std::string message);      // kNotFound, 4
absl::Status TemporaryError(std::string message);     // kUnavailable, 5
absl::Status NotPermittedError(std::string message);  // kPermissionDenied, 6
absl::Status ConflictError(std::string message);      // kFailedPrecondition, 7
absl::Status InputError(std::string message);         // kInvalidArgument, 8
absl::Status KeyError(std::string message);           // kFailedPrecondition, 10
absl::Status IntegrityError(std::string message);     // kDataLoss, 11

}  // namespace tally

#endif  // TALLY_BASE_EXIT_CODE_H_
