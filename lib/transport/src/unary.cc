#include "transport/unary.h"

#include "base/log.h"

namespace tally::transport {

void ReportCall(const CallRuntime& runtime, std::string_view method,
                const Caller* caller, const absl::Status& status,
                int64_t duration_ms) {
  const Level level = status.ok() ? Level::kInfo : Level::kWarning;
  const Name rpc{method};
  const Name who{caller == nullptr ? std::string_view() : caller->uri};
  if (status.ok()) {
    Log(level, "call",
        {Field("rpc", rpc), Field("caller", who),
         Field("duration_ms", duration_ms)});
  } else {
    LogStatus(level, "call refused or failed", status,
              {Field("rpc", rpc), Field("caller", who),
               Field("duration_ms", duration_ms)});
  }
  if (runtime.on_done) runtime.on_done(method, status, duration_ms);
}

void FinishUnary(grpc::CallbackServerContext& context,
                 grpc::ServerUnaryReactor& reactor,
                 const absl::Status& status) {
  reactor.Finish(ToGrpc(status, context));
}

}  // namespace tally::transport
