#ifndef TALLY_LINKAGE_APP_HUB_CLIENT_H_
#define TALLY_LINKAGE_APP_HUB_CLIENT_H_

// What the commands of `linkage` share: the configuration, a channel to the
// hub, request ids, and the way answers are printed.
//
// Role: the operator's command line.
// Spec: docs/operations.md, "linkage.toml"
// Threading: one thread.
// Secrets: the TLS key, in the channel.

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/command_line.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "google/protobuf/message.h"
#include "tally/common/v1/progress.pb.h"
#include "transport/client.h"

namespace tally::linkage {

struct ClientConfig {
  transport::ClientOptions options;
  std::string file;  // where it was read
};

// linkage.toml: [hub] address, trust_domain; [tls] certificate, key, ca.
[[nodiscard]] absl::StatusOr<ClientConfig> LoadClientConfig(
    const CommonFlags& flags);

[[nodiscard]] absl::StatusOr<std::unique_ptr<transport::HubChannel>> OpenHub(
    const CommonFlags& flags);

// A UUID of version 4.
std::string NewRequestId();

// One unary call of `stub`, with this program's timeout and retries.
template <typename Stub, typename Request, typename Response>
absl::Status CallHub(transport::HubChannel& hub, const CommonFlags& flags,
                     Stub& stub,
                     grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                  const Request&, Response*),
                     const Request& request, Response* response,
                     int64_t timeout_ms = 30'000) {
  transport::CallOptions options;
  options.timeout_ms = flags.timeout_ms > 0 ? flags.timeout_ms : timeout_ms;
  options.retry_for_ms = 10'000;
  return hub.Call(options, [&](grpc::ClientContext& context) {
    return (stub.*method)(&context, request, response);
  });
}

// All pages of a list in one response, each call as CallHub(). Of fields that
// are no lists the last page's stay.
template <typename Stub, typename Request, typename Response>
absl::Status CallHubForAll(transport::HubChannel& hub, const CommonFlags& flags,
                           Stub& stub,
                           grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                        const Request&,
                                                        Response*),
                           Request request, Response* all) {
  constexpr int32_t kPageSize = 1000;
  request.set_page_size(kPageSize);
  do {
    Response page;
    absl::Status status = CallHub(hub, flags, stub, method, request, &page);
    if (!status.ok()) return status;
    request.set_page_token(page.next_page_token());
    all->MergeFrom(page);
  } while (!request.page_token().empty());
  all->clear_next_page_token();
  return absl::OkStatus();
}

// One JSON document by protobuf's own printer, so that command line and API
// cannot drift apart; 64-bit integers are texts in it.
[[nodiscard]] absl::Status PrintJson(const google::protobuf::Message& message);

// After a change: the audit event, on stderr.
void PrintAudit(const common::v1::AuditReference& audit);

// "sources/x" from "x" or "sources/x", and likewise for others.
std::string WithPrefix(std::string_view prefix, std::string_view text);
// projects/P/agreements/A from "P/A" or the full name, by `kind`.
[[nodiscard]] absl::StatusOr<std::string> ProjectChild(std::string_view kind,
                                                       std::string_view text);

// "2026-11-20" of days since 1970-01-01.
std::string DayText(int32_t days);

// An enumerator's name without its type's prefix, in lower case.
std::string StateText(std::string_view name, std::string_view prefix);

// A digest that was given as 64 hex digits, as bytes.
[[nodiscard]] absl::StatusOr<std::string> DigestOf(const std::string& hex,
                                                   std::string_view flag);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_APP_HUB_CLIENT_H_
