#include "transport/status_mapping.h"

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>

#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "tally/common/v1/error.pb.h"

namespace tally::transport {
namespace {

namespace pb = ::tally::common::v1;

// Longest text of the hub that a client shows.
constexpr size_t kMaxMessageChars = 500;

// Text for an error whose own text must not leave, and the reason it goes by.
struct PublicFace {
  absl::StatusCode code;
  Reason reason;
  const char* text;
};

PublicFace FaceOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return {code, Reason::kUnspecified, "the call was cancelled"};
    case absl::StatusCode::kDeadlineExceeded:
      return {code, Reason::kUnspecified, "the call took too long"};
    case absl::StatusCode::kUnavailable:
      return {code, Reason::kUnspecified, "try again later"};
    default:
      return {absl::StatusCode::kInternal, Reason::kInternal,
              "an unexpected fault; the correlation id finds it in the log"};
  }
}

grpc::StatusCode GrpcCode(absl::StatusCode code) {
  return static_cast<grpc::StatusCode>(static_cast<int>(code));
}

// Printable ASCII; what comes from the network reaches a terminal.
std::string Printable(const std::string& text) {
  std::string clean = text.substr(0, kMaxMessageChars);
  for (char& c : clean) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return clean;
}

// The text of a status that carries an exit code or a reason: only our own
// helpers set them, and their texts hold no record's value. Else empty.
std::string CauseOf(const absl::Status& status) {
  bool ours = false;
  status.ForEachPayload(
      [&ours](auto /*url*/, const auto& /*payload*/) { ours = true; });
  return ours ? std::string(status.message()) : std::string();
}

std::string Serialise(const ErrorDetail& detail) {
  pb::ErrorDetail message;
  ToProto(detail, &message);
  std::string bytes = message.SerializeAsString();
  if (bytes.size() <= kMaxErrorDetailBytes) return bytes;
  message.Clear();
  message.set_reason(
      static_cast<pb::ErrorReason>(static_cast<int>(detail.reason)));
  message.set_corr(detail.corr);
  return message.SerializeAsString();
}

}  // namespace

void ToProto(const ErrorDetail& detail, pb::ErrorDetail* out) {
  out->set_reason(
      static_cast<pb::ErrorReason>(static_cast<int>(detail.reason)));
  out->set_resource(detail.resource);
  out->set_field(detail.field);
  out->set_row(detail.row);
  out->set_column(detail.column);
  out->set_limit(detail.limit);
  out->set_count(detail.count);
  out->set_corr(detail.corr);
}

ErrorDetail FromProto(const pb::ErrorDetail& detail) {
  ErrorDetail out;
  out.reason = ReasonFromNumber(detail.reason()).value_or(Reason::kUnspecified);
  out.resource = Printable(detail.resource());
  out.field = Printable(detail.field());
  out.row = detail.row();
  out.column = Printable(detail.column());
  out.limit = detail.limit();
  out.count = detail.count();
  out.corr = Printable(detail.corr());
  return out;
}

std::string NewCorrelationId() {
  std::array<uint8_t, 16> bytes = {};
  TALLY_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return HexEncode(bytes);
}

absl::Status Correlate(absl::Status status) {
  std::optional<ErrorDetail> detail = DetailOf(status);
  if (!detail || detail->reason == Reason::kUnspecified ||
      !detail->corr.empty()) {
    return status;
  }
  detail->corr = NewCorrelationId();
  return Error(detail->reason, std::string(status.message()), *detail);
}

grpc::Status ToGrpc(const absl::Status& status,
                    grpc::ServerContextBase& context, std::string_view method) {
  if (status.ok()) return grpc::Status::OK;
  std::optional<ErrorDetail> detail = DetailOf(status);
  if (detail && detail->reason != Reason::kUnspecified &&
      detail->reason != Reason::kInternal) {
    if (detail->corr.empty()) detail->corr = NewCorrelationId();
    context.AddTrailingMetadata(kErrorMetadata, Serialise(*detail));
    return grpc::Status(GrpcCode(ReasonCode(detail->reason)),
                        std::string(status.message()));
  }
  const PublicFace face = FaceOf(status.code());
  ErrorDetail own;
  own.reason = face.reason;
  own.corr =
      detail && !detail->corr.empty() ? detail->corr : NewCorrelationId();
  if (face.reason == Reason::kInternal) {
    Log(Level::kError, "unexpected fault",
        {Field("rpc", Name(method)),
         Field("code", Name(absl::StatusCodeToString(status.code()))),
         Field("cause", Name(CauseOf(status))), Field("corr", Name(own.corr))});
  }
  context.AddTrailingMetadata(kErrorMetadata, Serialise(own));
  return grpc::Status(GrpcCode(face.code), face.text);
}

absl::Status FromGrpc(const grpc::Status& status,
                      const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  const int number = static_cast<int>(status.error_code());
  const absl::StatusCode code = number >= 1 && number <= 16
                                    ? static_cast<absl::StatusCode>(number)
                                    : absl::StatusCode::kUnknown;
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find(kErrorMetadata);
  pb::ErrorDetail message;
  if (found != trailing.end() &&
      message.ParseFromArray(found->second.data(),
                             static_cast<int>(found->second.size()))) {
    const ErrorDetail detail = FromProto(message);
    // A reason that this program does not know keeps the code.
    if (detail.reason != Reason::kUnspecified &&
        ReasonCode(detail.reason) == code) {
      std::string text = Printable(status.error_message());
      if (detail.reason == Reason::kInternal && !detail.corr.empty()) {
        text += " (correlation id " + detail.corr + ")";
      }
      return Error(detail.reason, std::move(text), detail);
    }
  }
  return absl::Status(code, Printable(status.error_message()));
}

}  // namespace tally::transport
