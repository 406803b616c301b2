#ifndef TALLY_WIRE_SRC_WIRE_ERROR_H_
#define TALLY_WIRE_SRC_WIRE_ERROR_H_

// Errors of the decoders: a reason, a path, perhaps a row. Private to lib/wire.
//
// Threading: pure functions.
// Secrets: never a value.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/error.h"

namespace tally::wire {

inline absl::Status WireFault(Reason reason, std::string_view field,
                              std::string_view what, int64_t limit = 0) {
  ErrorDetail detail;
  detail.field = std::string(field);
  detail.limit = limit;
  return Error(reason,
               absl::StrFormat("%s: %s", std::string(field), std::string(what)),
               std::move(detail));
}

}  // namespace tally::wire

#endif  // TALLY_WIRE_SRC_WIRE_ERROR_H_
