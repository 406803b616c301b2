#include "statement_error.h"

#include <string>

#include "base/error.h"
#include "base/exit_code.h"

namespace tally::engine {
namespace {

struct ErrorKind {
  absl::StatusCode code;
  const char* words;
  ExitCode exit_code;
  Reason reason = Reason::kUnspecified;  // where a program has one for it
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

constexpr ErrorKind kBadStatement = {absl::StatusCode::kInvalidArgument,
                                     "the statement is not valid", kExitUsage};
constexpr ErrorKind kNoTable = {absl::StatusCode::kNotFound,
                                "a table of the statement is not there",
                                kExitNotFound};
constexpr ErrorKind kBadValue = {absl::StatusCode::kInvalidArgument,
                                 "a value does not convert or is out of range",
                                 kExitInvalidInput};
constexpr ErrorKind kLocked = {
    absl::StatusCode::kPermissionDenied,
    "the statement reaches for a file, setting or extension that is locked",
    kExitNotPermitted};
constexpr ErrorKind kNoMemory = {absl::StatusCode::kResourceExhausted,
                                 "the statement needs more memory than it has",
                                 kExitTemporary, Reason::kMemoryLow};
constexpr ErrorKind kFull = {absl::StatusCode::kResourceExhausted,
                             "the statement needs more disk than it has",
                             kExitTemporary};
constexpr ErrorKind kNoFile = {absl::StatusCode::kNotFound,
                               "a file of the statement is not there",
                               kExitNotFound};
constexpr ErrorKind kNoInput = {
    absl::StatusCode::kInternal,
    "a file of the statement cannot be read or written", kExitFailure};
constexpr ErrorKind kStopped = {absl::StatusCode::kCancelled,
                                "the statement was interrupted",
                                kExitInterrupted};
constexpr ErrorKind kBroken = {absl::StatusCode::kInternal,
                               "the engine failed inside", kExitFailure};
constexpr ErrorKind kBadInput = {
    absl::StatusCode::kInvalidArgument,
    "the statement was given input that it refuses", kExitInvalidInput};

ErrorKind KindOfInput(std::string_view text) {
  // Settings that are locked come as INVALID_INPUT.
  if (Contains(text, "configuration has been locked")) return kLocked;
  if (Contains(text, "Persistent secrets are disabled")) return kLocked;
  if (Contains(text, "httpfs")) return kLocked;
  return kBadInput;
}

ErrorKind KindOfIo(std::string_view text) {
  if (Contains(text, "No files found")) return kNoFile;
  if (Contains(text, "No such file")) return kNoFile;
  if (Contains(text, "No space left")) return kFull;
  if (Contains(text, "max_temp_directory_size")) return kFull;
  return kNoInput;
}

ErrorKind KindOf(duckdb_error_type type, std::string_view text) {
  switch (type) {
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_UNKNOWN_TYPE:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_OBJECT_SIZE:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_CONSTRAINT:
      return kBadValue;
    case DUCKDB_ERROR_PERMISSION:
    case DUCKDB_ERROR_MISSING_EXTENSION:
    case DUCKDB_ERROR_AUTOLOAD:
    case DUCKDB_ERROR_HTTP:
    case DUCKDB_ERROR_NETWORK:
      return kLocked;
    case DUCKDB_ERROR_SETTINGS:
    case DUCKDB_ERROR_INVALID_INPUT:
      return KindOfInput(text);
    case DUCKDB_ERROR_IO:
      return KindOfIo(text);
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      // Also where it would have written to the disk what it had no memory for.
      return Contains(text, "max_temp_directory_size") ? kFull : kNoMemory;
    case DUCKDB_ERROR_INTERRUPT:
      return kStopped;
    case DUCKDB_ERROR_CATALOG:
      return text.starts_with("Catalog Error: Table with name ")
                 ? kNoTable
                 : kBadStatement;
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_EXPRESSION:
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
    case DUCKDB_ERROR_PARAMETER_NOT_RESOLVED:
    case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED:
    case DUCKDB_ERROR_DEPENDENCY:
    case DUCKDB_ERROR_TRANSACTION:
      return kBadStatement;
    default:
      return kBroken;
  }
}

}  // namespace

absl::Status StatementError(duckdb_error_type type, std::string_view text,
                            ErrorText error_text) {
  const ErrorKind kind = KindOf(type, text);
  std::string message = kind.words;
  if (error_text == ErrorText::kEngine && !text.empty()) {
    message += ": ";
    message += text;
  }
  absl::Status status =
      kind.reason == Reason::kUnspecified
          ? WithExitCode(absl::Status(kind.code, message), kind.exit_code)
          : Error(kind.reason, message);
  // The engine marks the place in the statement with a caret below it.
  return error_text == ErrorText::kEngine ? KeepLines(status) : status;
}

}  // namespace tally::engine
