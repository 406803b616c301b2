// The hub has no type for an NHS Number.
// expect: (nhs_number.h. file not found|nhs_number.h: No such file)
#include "base/status.h"
#ifdef TALLY_BAD
#include "pseudonymiser/nhs_number.h"
#endif

absl::Status Run() { return absl::OkStatus(); }
