#ifndef TALLY_TRANSPORT_SRC_CERTIFICATE_PARTS_H_
#define TALLY_TRANSPORT_SRC_CERTIFICATE_PARTS_H_

// Certificates and keys as OpenSSL's objects. Private to lib/transport.

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "openssl_ptr.h"
#include "transport/certificates.h"

namespace tally::transport {

// Reads `text`, which must stay; null without memory.
BioPtr MemoryBio(std::string_view text);

// Every certificate of a PEM text; empty if none parses.
std::vector<X509Ptr> ParseCertificates(std::string_view pem);

// Null if it does not parse.
KeyPtr ParseKey(const SecretText& pem);

// The authorities of a PEM text; null if none parses.
X509StorePtr StoreOf(std::string_view ca_pem);

absl::StatusOr<CertificateFacts> FactsOf(const X509& certificate);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SRC_CERTIFICATE_PARTS_H_
