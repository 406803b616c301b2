#ifndef TALLY_TRANSPORT_STATUS_MAPPING_H_
#define TALLY_TRANSPORT_STATUS_MAPPING_H_

// Errors over the wire: absl::Status with its ErrorDetail on our side,
// grpc::Status with the trailing metadata "tally-error-bin" on the other.
// One place decides what a peer may read: text of an error without a reason
// from the catalogue never leaves.
//
// Role: hub and clients. Spec: docs/spec/api-v1.md, "Errors"; docs/errors.md.
// Threading: no state.
// Secrets: a detail never holds a field's value.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/error.h"

namespace grpc {
class ClientContext;
class ServerContextBase;
class Status;
}  // namespace grpc
namespace tally::common::v1 {
class ErrorDetail;
}  // namespace tally::common::v1

namespace tally::transport {

// Name of the trailing metadata that holds a serialised ErrorDetail.
inline constexpr char kErrorMetadata[] = "tally-error-bin";
// A longer detail is cut to its reason and correlation id.
inline constexpr size_t kMaxErrorDetailBytes = 1000;

// The answer for `status`, its detail set in the context's trailing metadata.
// Call once, just before Finish(). A status without a reason becomes INTERNAL
// (CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE keep their code), with a text
// of ours; what happened is logged under the correlation id that the peer gets:
// `method`, status code, and the text where our own helpers made it, which by
// their contract holds no record's value (base/exit_code.h, base/error.h).
grpc::Status ToGrpc(const absl::Status& status,
                    grpc::ServerContextBase& context, std::string_view method);

// The status of a finished call. The detail comes from the trailing metadata if
// it is there and decodes; the text is the hub's, made printable, and for
// INTERNAL followed by the correlation id.
absl::Status FromGrpc(const grpc::Status& status,
                      const grpc::ClientContext& context);

// `status` with a correlation id in its detail, if it has a reason and none
// yet: so that the log line and the answer carry the same one. Call before
// both.
absl::Status Correlate(absl::Status status);

// ErrorDetail between base and proto.
void ToProto(const ErrorDetail& detail, tally::common::v1::ErrorDetail* out);
ErrorDetail FromProto(const tally::common::v1::ErrorDetail& detail);

// 32 random lower-case hexadecimal digits.
std::string NewCorrelationId();

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_STATUS_MAPPING_H_
