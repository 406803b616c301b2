#ifndef TALLY_ENGINE_SRC_PARQUET_COPY_H_
#define TALLY_ENGINE_SRC_PARQUET_COPY_H_

// The text of COPY (...) TO ... (FORMAT parquet ...). Private to lib/engine.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/row_writer.h"

namespace tally::engine {

// kInvalidArgument for a row group size or metadata outside their range.
absl::Status CheckParquetOptions(const ParquetOptions& options);

// Rows of a row group of so many columns, for row_group_rows 0.
struct GatheringRoom {
  int64_t memory_bytes;  // of the database, or the share of one file of many
  int threads;
};
int64_t GroupRowsFor(const GatheringRoom& room, size_t columns);

// REQUIRES: CheckParquetOptions(), row_group_rows not 0, a path without NUL,
// plain column names.
std::string ParquetCopy(std::string_view select, std::string_view path,
                        const ParquetOptions& options,
                        const std::vector<std::string>& partition_by);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_PARQUET_COPY_H_
