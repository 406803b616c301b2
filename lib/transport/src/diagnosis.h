#ifndef TALLY_TRANSPORT_SRC_DIAGNOSIS_H_
#define TALLY_TRANSPORT_SRC_DIAGNOSIS_H_

// Why calls to the hub fail, found out by a TLS connection of our own. gRPC
// says UNAVAILABLE, "Socket closed", for a hub that is away and for one that
// refuses this certificate. Private to lib/transport.

#include <string>

#include "absl/status/status.h"
#include "address.h"
#include "transport/certificates.h"

namespace tally::transport {

// OK if the hub accepts `material` and begins to talk. kUnavailable (exit 5) if
// it is away; kPermissionDenied (exit 6) if it refuses the certificate, or its
// own is not that of the hub. A connection that ends without a word may be
// either: it is made three times, 0.3 s apart, before it counts as a refusal.
// Each time may take `timeout_ms`.
absl::Status DiagnoseHub(const Address& address,
                         const std::string& trust_domain,
                         const TlsMaterial& material, int64_t timeout_ms);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SRC_DIAGNOSIS_H_
