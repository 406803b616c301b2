// Rows that are there more than once, by source.
//
// Grouping every row by itself is dear: a group per row. Here only the hashes
// of the rows leave the engine, 8 bytes a row; those seen twice are few, and
// only rows with such a hash are put together, column by column. So a hash that
// two different rows share costs time and changes no count.
// Threading: one connection.
// Secrets: hashes of records in memory; exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_REPEATS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_REPEATS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/database.h"

namespace tally::analytics {

struct RepeatQuery {
  std::string table;
  // Names of columns or other SQL over them. Rows are the same if all are,
  // two nulls included; rows of two sources never are.
  std::vector<std::string> columns;
  std::string condition = "true";  // SQL; which rows count
};

struct RepeatLimits {
  // Hashes in memory at a time, 8 bytes each.
  int64_t hashes = int64_t{1} << 24;
  // Beyond so many repeated hashes all rows are put together after all.
  size_t listed = size_t{1} << 20;
  // Bits of the hash that are used, 1 to 63. For tests: few make many rows
  // share one.
  int hash_bits = 63;
};

struct RepeatCount {
  std::string source;    // "unknown" for null
  int64_t rows = 0;      // that meet the condition
  int64_t repeated = 0;  // of n rows alike, n - 1
};

// By source, ascending, null last; sources without such rows are left out.
// Cost: the columns are read once for every `hashes` rows, and once more if a
// hash is there twice. Errors: as Connection::Query.
absl::StatusOr<std::vector<RepeatCount>> CountRepeats(
    engine::Connection& connection, const RepeatQuery& query,
    const RepeatLimits& limits = {});

// The numbers that are there at least twice, each once, ascending. Cost: linear
// in time; 2 bits of memory for each of 16 to 32 times as many slots.
std::vector<int64_t> NumbersThereTwice(const std::vector<int64_t>& numbers);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_REPEATS_H_
