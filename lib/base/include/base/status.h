#ifndef TALLY_BASE_STATUS_H_
#define TALLY_BASE_STATUS_H_

// The macros for passing errors on, and the check for broken invariants.
// Runs in every program. Never sees a record's value: a check prints its own
// source text, nothing else.
//
// Spec: docs/architecture.md, "Errors".
// Threading: no state.
// Secrets: none. Do not put a secret into the text of a check.

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::internal {

// Prints `file:line: check failed: condition` to stderr and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file,
                              int line);

}  // namespace tally::internal

#define TALLY_INTERNAL_JOIN2(a, b) a##b
#define TALLY_INTERNAL_JOIN(a, b) TALLY_INTERNAL_JOIN2(a, b)

// Returns from the enclosing function when `expr`, an absl::Status, is an
// error. The function must return absl::Status or absl::StatusOr<T>.
#define TALLY_RETURN_IF_ERROR(expr) \
  TALLY_INTERNAL_RETURN_IF_ERROR(   \
      TALLY_INTERNAL_JOIN(tally_internal_status_, __COUNTER__), expr)
#define TALLY_INTERNAL_RETURN_IF_ERROR(name, expr)           \
  do {                                                       \
    if (absl::Status name = (expr); !name.ok()) return name; \
  } while (false)

// Evaluates `expr`, an absl::StatusOr<T>; returns its error, or moves its value
// into `lhs`, which may be a declaration (`auto x`, `const Foo foo`):
//   TALLY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
// Three statements: not for the body of an `if` without braces. A type with a
// comma in it needs an alias.
#define TALLY_ASSIGN_OR_RETURN(lhs, expr) \
  TALLY_INTERNAL_ASSIGN_OR_RETURN(        \
      TALLY_INTERNAL_JOIN(tally_internal_status_or_, __COUNTER__), lhs, expr)
#define TALLY_INTERNAL_ASSIGN_OR_RETURN(name, lhs, expr) \
  auto name = (expr);                                    \
  if (!name.ok()) return std::move(name).status();       \
  lhs = *std::move(name)

// Ends the program when `condition` is false, in release builds too. For broken
// invariants only: nothing that a peer, a file or a user can cause.
#define TALLY_CHECK(condition)  \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::tally::internal::CheckFailed(#condition, __FILE__, __LINE__))

#endif  // TALLY_BASE_STATUS_H_
