#ifndef TALLY_TRANSPORT_SERVER_H_
#define TALLY_TRANSPORT_SERVER_H_

// The hub's end of the network: one listening socket, mutual TLS 1.3, every
// limit set here and nowhere else, gRPC's health service, certificates renewed
// while running, and an orderly end. Services bring handlers and cannot change
// any of it.
//
// Role: hub. Spec: docs/spec/api-v1.md, "Transport".
// Threading: any thread.
// Secrets: holds the TLS key as a file in a folder of ours, mode 0600.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/certificates.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tally::transport {

struct ServerOptions {
  // Address and port; there is no default. Port 0 takes a free one.
  std::string listen;
  // PEM files. The certificate's file holds the chain, its own first.
  std::string certificate_file;
  std::string ca_file;
  // Reference to the key: file:PATH, credential:NAME (base/config.h).
  std::string key_reference;
  // Folder of ours for the checked copies, mode 0700; made if it is not there.
  std::string staging_directory;
  // Told when a certificate is replaced, refused, or near its end (30, 7, 1
  // days); from the watching thread.
  std::function<void(const absl::Status& outcome, int64_t days_left)>
      on_certificate;
};

// Fixed limits, public so that tests and documents can name them.
inline constexpr int kMaxMessageBytes = 1 << 20;
inline constexpr int kMaxMetadataBytes = 8 << 10;
inline constexpr int kMaxStreamsPerConnection = 8;
inline constexpr int kHandshakeTimeoutMs = 5'000;
inline constexpr int kMaxConnectionAgeMs = 3'600'000;
inline constexpr int kDrainTimeoutMs = 25'000;

class Server {
 public:
  // Checks certificate, chain, dates, usage and key, binds, starts, and proves
  // that TLS 1.2 is refused. REQUIRES: ApplyTlsPolicy() was called. Services
  // must outlive the server. Health is NOT_SERVING until SetServing(true).
  // Errors: kInvalidArgument (exit 2) for options or files; kUnavailable when
  // the address is taken; kFailedPrecondition when TLS 1.2 is accepted.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options,
      const std::vector<grpc::Service*>& services);

  // Shuts down at once if Drain() was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The port that was bound.
  int port() const;

  // SERVING or NOT_SERVING for every service and for "".
  void SetServing(bool serving);

  // Reads certificate, key and CA again now. The status of the check.
  absl::Status ReloadCertificate();
  // Of the certificate in force; days are negative once it has ended.
  CertificateTerm CertificateEnd() const;

  // Opens `connections` fresh connections to the own port, with the own
  // certificate, and asks for health over each: OK if every one is answered,
  // SERVING or not. For the watchdog: one alone can pass by luck when only some
  // sockets are dead. Takes at most 5 s. The certificate's usage must allow
  // clientAuth. kUnavailable otherwise.
  absl::Status ProbeSelf(int connections = 4);

  // Health NOT_SERVING, no new calls, those at work get `timeout_ms`, then they
  // are cancelled. Returns when all handlers are done.
  void Drain(int64_t timeout_ms = kDrainTimeoutMs);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SERVER_H_
