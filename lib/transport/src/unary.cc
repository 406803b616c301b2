#include "transport/unary.h"

#include <grpcpp/server_context.h>

#include "base/log.h"

namespace tally::transport {

std::string TraceIdOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return "";
  // Version 00: "00-" trace id "-" parent id "-" flags.
  const std::string_view text(found->second.data(), found->second.size());
  if (text.size() != 55 || text.substr(0, 3) != "00-" || text[35] != '-' ||
      text[52] != '-') {
    return "";
  }
  const std::string_view id = text.substr(3, 32);
  const bool is_hex =
      id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_hex ? std::string(id) : "";
}

void ReportCall(const CallRuntime& runtime, std::string_view method,
                const Caller* caller, const absl::Status& status,
                int64_t duration_ms, std::string_view trace_id) {
  const Field rpc("rpc", Name(method));
  const Field who("caller",
                  Name(caller == nullptr ? std::string_view() : caller->uri));
  const Field trace("trace_id", Name(trace_id));
  const Field duration("duration_ms", duration_ms);
  if (status.ok()) {
    Log(Level::kInfo, "call", {rpc, who, trace, duration});
  } else {
    LogStatus(Level::kWarning, "call refused or failed", status,
              {rpc, who, trace, duration});
  }
  if (runtime.on_done) runtime.on_done(method, status, duration_ms);
}

void FinishUnary(grpc::CallbackServerContext& context,
                 grpc::ServerUnaryReactor& reactor, const absl::Status& status,
                 std::string_view method) {
  reactor.Finish(ToGrpc(status, context, method));
}

}  // namespace tally::transport
