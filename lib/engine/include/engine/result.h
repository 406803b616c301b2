#ifndef TALLY_ENGINE_RESULT_H_
#define TALLY_ENGINE_RESULT_H_

// What a statement gives back: chunks of up to 2,048 rows, column by column,
// each column with the type that was checked when the result came.
//
//   while (true) {
//     TALLY_ASSIGN_OR_RETURN(std::optional<Chunk> chunk, result.Next());
//     if (!chunk) break;
//     const ColumnView persons = chunk->column(0);
//     for (size_t row = 0; row < chunk->rows(); ++row) use(persons.Int64(row));
//   }
//
// Role: hub and analyst. Spec: docs/spec/engine.md, "Results".
// Threading: one thread at a time.
// Secrets: record values; nothing here prints.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/value.h"

namespace tally::engine {

// Types by how they are read. An engine type that is not listed (lists,
// structs, times, unsigned 64 bits, ...) is kOther and must be cast in SQL.
enum class ColumnKind {
  kBool,       // BOOLEAN: Bool
  kInt,        // TINYINT to BIGINT, UTINYINT to UINTEGER: Int64
  kDouble,     // FLOAT, DOUBLE: Double
  kWide,       // HUGEINT and DECIMAL: Double, rounded; cast for exact values
  kDate,       // DATE: Day
  kTimestamp,  // TIMESTAMP: Int64, microseconds since 1970-01-01 UTC
  kText,       // VARCHAR: Text
  kOther,
};

struct ResultColumn {
  std::string name;
  ColumnKind kind = ColumnKind::kOther;
};

// One column of one chunk; valid while the chunk lives. Reading as another kind
// than the column's aborts: which type a column has is fixed by the statement.
// REQUIRES everywhere: row < rows(). A null reads as zero or an empty text.
class ColumnView {
 public:
  ColumnKind kind() const { return kind_; }
  size_t rows() const { return rows_; }
  bool IsNull(size_t row) const {
    return validity_ != nullptr &&
           (validity_[row >> 6] >> (row & 63) & uint64_t{1}) == 0;
  }

  bool Bool(size_t row) const;
  int64_t Int64(size_t row) const;
  double Double(size_t row) const;  // kDouble, kWide and kInt
  Date Day(size_t row) const;
  std::string_view Text(size_t row) const;
  // The value as Value holds it; NULL, and kOther, as Value::Null().
  Value At(size_t row) const;

 private:
  friend class Chunk;
  ColumnView() = default;
  ColumnKind kind_ = ColumnKind::kOther;
  int physical_ = 0;  // engine's type number
  int scale_ = 0;     // of a DECIMAL
  size_t rows_ = 0;
  const void* data_ = nullptr;
  const uint64_t* validity_ = nullptr;
};

// Up to 2,048 rows.
class Chunk {
 public:
  Chunk(Chunk&&) noexcept;
  Chunk& operator=(Chunk&&) noexcept;
  ~Chunk();

  size_t rows() const { return rows_; }
  // REQUIRES: index < number of columns of the result. Cost: O(1).
  ColumnView column(size_t index) const;

 private:
  friend class Result;
  Chunk() = default;
  void* chunk_ = nullptr;  // duckdb_data_chunk
  size_t rows_ = 0;
  const std::vector<ResultColumn>* columns_ = nullptr;
};

class Result {
 public:
  class Impl;
  explicit Result(std::unique_ptr<Impl> impl);  // private use
  Result(Result&&) noexcept;
  Result& operator=(Result&&) noexcept;
  ~Result();

  const std::vector<ResultColumn>& columns() const;
  // Rows that a COPY, INSERT, UPDATE or DELETE changed; 0 for a SELECT.
  int64_t rows_changed() const;

  // The next chunk, or nothing at the end. Chunks must not outlive the result.
  // Errors (streams only): as Connection::Query().
  [[nodiscard]] absl::StatusOr<std::optional<Chunk>> Next();

  // All remaining rows as values, row by row; for small results. Returns
  // kResourceExhausted beyond `max_rows`.
  [[nodiscard]] absl::StatusOr<std::vector<std::vector<Value>>> AllRows(
      size_t max_rows = 100'000);

 private:
  friend class Connection;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::engine

#endif  // TALLY_ENGINE_RESULT_H_
