#ifndef TALLY_PSEUDONYMISER_CLIENT_GRPC_EXTRACT_API_H_
#define TALLY_PSEUDONYMISER_CLIENT_GRPC_EXTRACT_API_H_

// The hub behind ExtractApi, over gRPC with mutual TLS. Translates and nothing
// else: deadlines, retries of UNAVAILABLE and the words for what went wrong are
// transport's; what to do about it is the uploader's.
//
// Spec: docs/spec/api-v1.md, "Upload".
// Threading: one thread calls; a stream has two threads of its own.
// Secrets: batches pass through; no message is logged.

#include <memory>

#include "absl/status/statusor.h"
#include "pseudonymiser/extract_api.h"
#include "transport/client.h"

namespace tally::pseudonymiser {

// `channel` must outlive the result and its streams. `retry_for_ms`: how long a
// single call is tried again while the hub is away.
std::unique_ptr<ExtractApi> MakeGrpcExtractApi(transport::HubChannel& channel,
                                               int64_t retry_for_ms);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_CLIENT_GRPC_EXTRACT_API_H_
