// A value that may be an error and is not looked at does not compile.
// expect: unused-result|ignoring return
#include "base/status.h"

absl::StatusOr<int> Work();

absl::Status Run() {
#ifdef TALLY_BAD
  Work();
  return absl::OkStatus();
#else
  return Work().status();
#endif
}
