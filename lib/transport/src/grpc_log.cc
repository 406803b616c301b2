#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <cstring>

#include "base/log.h"
#include "transport/tls_policy.h"

namespace tally::transport {
namespace {

// gRPC's text may quote addresses and names of peers: the place in its source
// is kept, the text is not.
[[maybe_unused]] void ToOurLog(gpr_log_func_args* args) {
  const char* slash = std::strrchr(args->file, '/');
  const Name file(slash == nullptr ? args->file : slash + 1);
  const Level level = args->severity == GPR_LOG_SEVERITY_ERROR ? Level::kWarning
                                                               : Level::kDebug;
  Log(level, "gRPC", {Field("file", file), Field("line", args->line)});
}

}  // namespace

void CaptureGrpcLog() {
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
  gpr_set_log_function(ToOurLog);
#endif
}

}  // namespace tally::transport
