#ifndef TALLY_ENGINE_SRC_RESULT_IMPL_H_
#define TALLY_ENGINE_SRC_RESULT_IMPL_H_

// What stands behind Result: DuckDB's result and what it hangs on. Private to
// lib/engine.

#include <duckdb.h>

#include <memory>
#include <vector>

#include "engine/result.h"
#include "handles.h"

namespace tally::engine {

// How columns of `type` are read.
ColumnKind KindOfType(duckdb_type type);

class Result::Impl {
 public:
  // Takes `result` over. `connection` is kept while the result lives.
  Impl(std::shared_ptr<ConnectionHandle> connection, duckdb_result result);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const std::vector<ResultColumn>& columns() const { return columns_; }
  // Other names than DuckDB's.
  void Rename(const std::vector<std::string>& names);
  int64_t rows_changed();
  // Null at the end.
  absl::StatusOr<duckdb_data_chunk> Fetch();

 private:
  const std::shared_ptr<ConnectionHandle> connection_;
  duckdb_result result_;
  std::vector<ResultColumn> columns_;
};

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_RESULT_IMPL_H_
