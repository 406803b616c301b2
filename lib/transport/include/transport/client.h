#ifndef TALLY_TRANSPORT_CLIENT_H_
#define TALLY_TRANSPORT_CLIENT_H_

// A client's end of the network: a channel to the hub with mutual TLS 1.3, the
// hub's name checked twice (host name, and a URI name of the hub's trust
// domain), deadlines, retries of UNAVAILABLE with backoff, and errors that tell
// a hub that is away from one that refuses this certificate.
//
//   TALLY_ASSIGN_OR_RETURN(auto hub, HubChannel::Open(options));
//   auto stub = ExtractService::NewStub(hub->channel());
//   TALLY_RETURN_IF_ERROR(hub->Call({}, [&](grpc::ClientContext& context) {
//     return stub->GetExtract(&context, request, &response);
//   }));
//
// Role: pseudonymiser, linkage, commissioning.
// Spec: docs/spec/api-v1.md, "Clients".
// Threading: any thread.
// Secrets: holds the TLS key in memory.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace tally::transport {

struct ClientOptions {
  std::string address;           // "hub.example.nhs.uk:7443"
  std::string trust_domain;      // of the hub's URI name
  std::string certificate_file;  // PEM, own certificate first
  std::string key_reference;     // file:PATH, credential:NAME, ...
  std::string ca_file;           // PEM
  // Largest answer that is taken, in bytes. The default fits every method.
  int max_receive_bytes = 4 << 20;
};

struct CallOptions {
  int64_t timeout_ms = 30'000;  // of each attempt; at most the method's limit
  // UNAVAILABLE is tried again until this much time has passed; 0 = once.
  int64_t retry_for_ms = 60'000;
  // Called before each wait: for the progress line.
  std::function<void(const absl::Status& error, int64_t wait_ms)> on_retry;
};

class HubChannel {
 public:
  // Reads the files and checks that key and certificate belong together and are
  // valid now. Connects lazily. Errors: kInvalidArgument (exit 2) for options,
  // kFailedPrecondition (exit 10) for files and keys.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HubChannel>> Open(
      const ClientOptions& options);
  ~HubChannel();
  HubChannel(const HubChannel&) = delete;
  HubChannel& operator=(const HubChannel&) = delete;

  const std::shared_ptr<grpc::Channel>& channel() const;
  // URI name of the own certificate.
  const std::string& own_uri() const;

  // Runs a unary call, with deadline and retries. Repeats carry the same
  // request, so requests that change something carry a request_id. Errors are
  // those of the hub (FromGrpc), except that UNAVAILABLE is explained: exit 6
  // "the hub refused this certificate" or "the hub's certificate is not valid
  // for this address", exit 5 "the hub does not answer". Stops early with
  // kCancelled when the process was asked to stop.
  [[nodiscard]] absl::Status Call(
      const CallOptions& options,
      const std::function<grpc::Status(grpc::ClientContext&)>& attempt);

  // Sets the deadline of a context that is used by hand (streams).
  static void SetDeadline(grpc::ClientContext& context, int64_t timeout_ms);

  // The status of a finished call with UNAVAILABLE explained, for streams.
  [[nodiscard]] absl::Status Explain(const grpc::Status& status,
                                     const grpc::ClientContext& context);

  // Why nothing comes through, found out by one TLS connection. OK if the hub
  // answers. For `doctor` too.
  [[nodiscard]] absl::Status Diagnose();

 private:
  class Impl;
  explicit HubChannel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Waits between attempts: 0.2 s doubling to 10 s, each times 0.8 to 1.2.
class Backoff {
 public:
  int64_t NextMs();
  void Reset() { step_ = 0; }

 private:
  int step_ = 0;
};

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_CLIENT_H_
