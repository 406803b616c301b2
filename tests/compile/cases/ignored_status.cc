// A status that nobody looks at does not compile.
// expect: unused-result|ignoring return
#include "base/status.h"

absl::Status Work();

absl::Status Run() {
#ifdef TALLY_BAD
  Work();
  return absl::OkStatus();
#else
  return Work();
#endif
}
