// A target that does not link a room cannot open its headers.
// expect: (crypto/token.h. file not found|crypto/token.h: No such file)
#include "base/status.h"
#ifdef TALLY_BAD
#include "crypto/token.h"
#endif

absl::Status Run() { return absl::OkStatus(); }
