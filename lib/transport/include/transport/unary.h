#ifndef TALLY_TRANSPORT_UNARY_H_
#define TALLY_TRANSPORT_UNARY_H_

// The shell around a unary method, the same for all: authorise the peer, check
// the scope of the named resource, run the work on the executor, map the
// status, log one line. A service keeps to decoding, calling its core and
// encoding:
//
//   grpc::ServerUnaryReactor* GetExtract(
//       grpc::CallbackServerContext* context, const GetExtractRequest* request,
//       GetExtractResponse* response) override {
//     return HandleUnary(calls_, context, request, response,
//                        "tally.extract.v1.ExtractService.GetExtract",
//                        [this](const Caller& caller, const auto& in, auto*
//                        out) {
//                          return core_.GetExtract(caller, in, out);
//                        });
//   }
//
// Role: hub. Spec: docs/spec/api-v1.md, "Handlers".
// Threading: the work runs on a thread of the executor.
// Secrets: nothing of request or response is logged.

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "transport/authoriser.h"
#include "transport/call_executor.h"
#include "transport/status_mapping.h"

namespace tally::transport {

// What every handler needs.
struct CallRuntime {
  Authoriser& authoriser;
  CallExecutor& executor;
  // Told of every finished call, for metrics: method, status, milliseconds.
  std::function<void(std::string_view method, const absl::Status& status,
                     int64_t duration_ms)>
      on_done;
};

// The trace id of the call's W3C `traceparent` metadata, 32 hexadecimal digits;
// empty if there is none or it is malformed.
std::string TraceIdOf(const grpc::ServerContextBase& context);

// Logs one finished call and tells on_done. `caller` is null if the peer was
// not identified.
void ReportCall(const CallRuntime& runtime, std::string_view method,
                const Caller* caller, const absl::Status& status,
                int64_t duration_ms, std::string_view trace_id = {});

// Ends `reactor` with `status`.
void FinishUnary(grpc::CallbackServerContext& context,
                 grpc::ServerUnaryReactor& reactor, const absl::Status& status,
                 std::string_view method);

template <typename Request, typename Response, typename Work>
grpc::ServerUnaryReactor* HandleUnary(CallRuntime& runtime,
                                      grpc::CallbackServerContext* context,
                                      const Request* request,
                                      Response* response,
                                      std::string_view method, Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const int64_t start_ms = NowMonotonicMs();
  const std::string trace_id = TraceIdOf(*context);
  absl::StatusOr<Caller> caller =
      runtime.authoriser.Authorise(*context, method);
  const auto end = [&runtime, context, reactor, start_ms, trace_id,
                    name = std::string(method)](const Caller* who,
                                                absl::Status status) {
    status = Correlate(std::move(status));
    ReportCall(runtime, name, who, status, NowMonotonicMs() - start_ms,
               trace_id);
    FinishUnary(*context, *reactor, status, name);
  };
  if (!caller.ok()) {
    end(nullptr, caller.status());
    return reactor;
  }
  if (absl::Status refusal =
          runtime.authoriser.CheckRequest(*caller, method, *request);
      !refusal.ok()) {
    end(&*caller, std::move(refusal));
    return reactor;
  }
  const bool taken = runtime.executor.TryRun(
      [end, context, request, response, work, who = *caller] {
        end(&who, context->IsCancelled()
                      ? absl::CancelledError("the caller has gone")
                      : work(who, *request, response));
      });
  if (!taken) {
    end(&*caller, Error(Reason::kRateLimited, "too many calls are waiting"));
  }
  return reactor;
}

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_UNARY_H_
