#include "base/exit_code.h"

#include <charconv>
#include <string_view>

#include "absl/strings/cord.h"
#include "base/error.h"

namespace tally {
namespace {

constexpr char kExitUrl[] = "tally/exit-code";

absl::Status Make(absl::StatusCode code, const std::string& message,
                  ExitCode exit) {
  return WithExitCode(absl::Status(code, message), exit);
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  if (const auto payload = status.GetPayload(kExitUrl); payload.has_value()) {
    const std::string text(*payload);
    int code = kExitFailure;
    std::from_chars(text.data(), text.data() + text.size(), code);
    return static_cast<ExitCode>(code);
  }
  if (const Reason reason = ReasonOf(status); reason != Reason::kUnspecified) {
    return ReasonExitCode(reason);
  }
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kExitTemporary;
    case absl::StatusCode::kCancelled:
      return kExitInterrupted;
    default:
      return kExitFailure;
  }
}

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  if (!status.ok()) {
    status.SetPayload(kExitUrl,
                      absl::Cord(std::to_string(static_cast<int>(code))));
  }
  return status;
}

absl::Status UsageError(std::string message) {
  return Make(absl::StatusCode::kInvalidArgument, message, kExitUsage);
}

absl::Status NotFoundError(std::string message) {
  return Make(absl::StatusCode::kNotFound, message, kExitNotFound);
}

absl::Status TemporaryError(std::string message) {
  return Make(absl::StatusCode::kUnavailable, message, kExitTemporary);
}

absl::Status NotPermittedError(std::string message) {
  return Make(absl::StatusCode::kPermissionDenied, message, kExitNotPermitted);
}

absl::Status ConflictError(std::string message) {
  return Make(absl::StatusCode::kFailedPrecondition, message, kExitConflict);
}

absl::Status InputError(std::string message) {
  return Make(absl::StatusCode::kInvalidArgument, message, kExitInvalidInput);
}

absl::Status KeyError(std::string message) {
  return Make(absl::StatusCode::kFailedPrecondition, message, kExitKey);
}

absl::Status IntegrityError(std::string message) {
  return Make(absl::StatusCode::kDataLoss, message, kExitIntegrity);
}

}  // namespace tally
