#ifndef TALLY_INTERNAL_CHECK_NAME_H_
#define TALLY_INTERNAL_CHECK_NAME_H_

// The name rule of parties, domains and projects, for keys that carry one.

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/strings.h"

namespace tally::crypto::internal {

// Exit code 2 unless `name` matches ^[a-z][a-z0-9-]{0,62}$; the name itself is
// not repeated.
inline absl::Status CheckName(std::string_view what, std::string_view name) {
  if (IsResourceId(name)) return absl::OkStatus();
  return UsageError(absl::StrFormat("%s is not a name", what));
}

}  // namespace tally::crypto::internal

#endif  // TALLY_INTERNAL_CHECK_NAME_H_
