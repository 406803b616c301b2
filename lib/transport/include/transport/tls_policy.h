#ifndef TALLY_TRANSPORT_TLS_POLICY_H_
#define TALLY_TRANSPORT_TLS_POLICY_H_

// TLS 1.3 only, for everything in this process. gRPC has no setting for it, so
// OpenSSL's own system default is replaced before OpenSSL starts.
//
// Role: every program with a network connection: the first statement of main,
// before HardenProcess(), after which a process may not open its own memory
// files.
// Spec: docs/spec/api-v1.md, "Transport".
// Threading: ApplyTlsPolicy() before any other thread; the rest anywhere.
// Secrets: none.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tally::transport {

// Switches TLS 1.2 and older off, and takes out of the environment what would
// make gRPC or OpenSSL write traffic or keys (GRPC_TRACE, GRPC_VERBOSITY,
// SSLKEYLOGFILE, ...) or read another configuration. kFailedPrecondition if
// OpenSSL had started before with another configuration. May be called again.
[[nodiscard]] absl::Status ApplyTlsPolicy();

// OK if a new TLS context of this process refuses TLS 1.2.
[[nodiscard]] absl::Status CheckTlsPolicy();

// Connects twice: with TLS 1.2 only, which must end before the server's first
// answer, and with TLS 1.3, which must get through. kFailedPrecondition if it
// is otherwise, kUnavailable if the server cannot be reached.
[[nodiscard]] absl::Status CheckServerRefusesTls12(std::string_view host,
                                                   int port);

// Sends gRPC's own messages to our log, at our level, instead of stderr.
void CaptureGrpcLog();

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_TLS_POLICY_H_
