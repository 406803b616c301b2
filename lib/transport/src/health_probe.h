#ifndef TALLY_TRANSPORT_SRC_HEALTH_PROBE_H_
#define TALLY_TRANSPORT_SRC_HEALTH_PROBE_H_

// One health call over a connection of its own. Private to lib/transport.

#include <cstdint>

#include "absl/status/status.h"
#include "address.h"
#include "transport/certificates.h"

namespace tally::transport {

// OK if the server answers, SERVING or not. The server's chain is checked, its
// names are not: this is how a process reaches itself.
absl::Status ProbeHealth(const Address& address, const TlsMaterial& material,
                         int64_t timeout_ms);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SRC_HEALTH_PROBE_H_
