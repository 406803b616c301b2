#include "parquet_copy.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/strings.h"

namespace tally::engine {
namespace {

absl::Status CopyOptionError(std::string_view what) {
  return WithExitCode(
      absl::InvalidArgumentError(absl::StrFormat("Parquet options: %s", what)),
      kExitUsage);
}

constexpr int64_t kFewestGroupRows = 2'048;
constexpr int64_t kMostGroupRows = 122'880;
// Of one value while it is gathered: 16 bytes of the engine's vector, and as
// much again for text outside it and the page it is packed into.
constexpr int64_t kGatheredBytes = 32;

bool IsMetadataText(std::string_view text) {
  return text.find('\0') == std::string_view::npos && IsValidUtf8(text);
}

}  // namespace

absl::Status CheckParquetOptions(const ParquetOptions& options) {
  if (options.row_group_rows != 0 &&
      (options.row_group_rows < kFewestGroupRows ||
       options.row_group_rows > 1'048'576)) {
    return CopyOptionError("a row group has 2,048 to 1,048,576 rows");
  }
  for (const auto& [key, value] : options.metadata) {
    if (key.empty() || !IsMetadataText(key) || !IsMetadataText(value)) {
      return CopyOptionError("metadata must be UTF-8 without NUL");
    }
  }
  return absl::OkStatus();
}

int64_t GroupRowsFor(const GatheringRoom& room, size_t columns) {
  const int64_t row_bytes = kGatheredBytes * static_cast<int64_t>(columns + 1);
  const int64_t fit = room.memory_bytes / 2 / room.threads / row_bytes;
  return std::clamp(fit / kFewestGroupRows * kFewestGroupRows, kFewestGroupRows,
                    kMostGroupRows);
}

std::string ParquetCopy(std::string_view select, std::string_view path,
                        const ParquetOptions& options,
                        const std::vector<std::string>& partition_by) {
  std::string copy = absl::StrFormat(
      "COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d",
      select, QuoteLiteral(path), options.row_group_rows);
  if (partition_by.empty()) {
    copy += ", USE_TMP_FILE false";
  } else {
    copy +=
        absl::StrFormat(", PARTITION_BY (%s)", JoinText(partition_by, ", "));
  }
  if (!options.metadata.empty()) {
    copy += ", KV_METADATA {";
    const char* separator = "";
    for (const auto& [key, value] : options.metadata) {
      copy += absl::StrFormat("%s%s: %s", separator, QuoteIdentifier(key),
                              QuoteLiteral(value));
      separator = ", ";
    }
    copy += "}";
  }
  return copy + ")";
}

}  // namespace tally::engine
