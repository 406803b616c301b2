#include "row_table_function.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "dataset/row_reason.h"

namespace tally::engine {
namespace {

using dataset::ColumnType;
using dataset::RecordBatch;

// What one thread of DuckDB has in hand.
struct Cursor {
  std::shared_ptr<const RecordBatch> batch;
  size_t next_row = 0;
  std::vector<uint32_t> code_rows;  // of CopyCodes, used again
};

template <typename T>
void Delete(void* pointer) {
  delete static_cast<T*>(pointer);
}

// Handles of DuckDB are freed through a pointer to the handle.
class LogicalType {
 public:
  explicit LogicalType(duckdb_type type)
      : type_(duckdb_create_logical_type(type)) {}
  ~LogicalType() { duckdb_destroy_logical_type(&type_); }
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  duckdb_logical_type get() const { return type_; }

 private:
  duckdb_logical_type type_;
};

duckdb_type EngineType(const RowColumn& column) {
  if (column.from == RowColumn::From::kPersonIndex) return DUCKDB_TYPE_INTEGER;
  if (column.from == RowColumn::From::kPersonReason) return DUCKDB_TYPE_VARCHAR;
  switch (column.type) {
    case ColumnType::kBool:
      return DUCKDB_TYPE_BOOLEAN;
    case ColumnType::kInt32:
      return DUCKDB_TYPE_INTEGER;
    case ColumnType::kInt64:
      return DUCKDB_TYPE_BIGINT;
    case ColumnType::kDouble:
      return DUCKDB_TYPE_DOUBLE;
    case ColumnType::kDate:
      return DUCKDB_TYPE_DATE;
    case ColumnType::kCode:
    case ColumnType::kText:
      break;
  }
  return DUCKDB_TYPE_VARCHAR;
}

void BindRows(duckdb_bind_info info) {
  auto* feeds = static_cast<RowFeeds*>(duckdb_bind_get_extra_info(info));
  duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
  const int64_t number = duckdb_get_int64(parameter);
  duckdb_destroy_value(&parameter);
  std::shared_ptr<RowFeed> feed = feeds->Find(number);
  if (feed == nullptr) {
    duckdb_bind_set_error(info, "no such feed");
    return;
  }
  for (const RowColumn& column : feed->schema) {
    const LogicalType type(EngineType(column));
    duckdb_bind_add_result_column(info, column.name.c_str(), type.get());
  }
  duckdb_bind_set_bind_data(info, new std::shared_ptr<RowFeed>(std::move(feed)),
                            Delete<std::shared_ptr<RowFeed>>);
}

void InitRows(duckdb_init_info info) {
  const auto& feed =
      *static_cast<std::shared_ptr<RowFeed>*>(duckdb_init_get_bind_data(info));
  duckdb_init_set_max_threads(info, static_cast<idx_t>(feed->source_threads));
}

void InitThread(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new Cursor(), Delete<Cursor>);
}

// A range of rows of one batch on its way into one vector.
struct Slice {
  size_t first = 0;
  size_t count = 0;
};

template <typename T>
void CopyValues(duckdb_vector vector, std::span<const T> values, Slice slice) {
  std::memcpy(duckdb_vector_get_data(vector), values.data() + slice.first,
              slice.count * sizeof(T));
}

void CopyBools(duckdb_vector vector, const dataset::Column& column,
               Slice slice) {
  auto* out = static_cast<bool*>(duckdb_vector_get_data(vector));
  for (size_t i = 0; i < slice.count; ++i) {
    out[i] = column.Bool(slice.first + i);
  }
}

void CopyText(duckdb_vector vector, size_t place, std::string_view text) {
  duckdb_vector_assign_string_element_len(vector, place, text.data(),
                                          text.size());
}

void CopyTexts(duckdb_vector vector, const dataset::Column& column,
               Slice slice) {
  for (size_t i = 0; i < slice.count; ++i) {
    const size_t row = slice.first + i;
    if (!column.IsNull(row)) CopyText(vector, i, column.Text(row));
  }
}

// Each code is checked and copied once a chunk; rows that repeat it take the
// same 16 bytes, whose text lives as long as the vector. `rows` keeps where a
// code was first.
void CopyCodes(duckdb_vector vector, const dataset::Column& column, Slice slice,
               std::vector<uint32_t>& rows) {
  constexpr uint32_t kNotYet = UINT32_MAX;
  const dataset::CodeDictionary& codes = column.dictionary();
  auto* out = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  rows.assign(codes.size(), kNotYet);
  for (size_t i = 0; i < slice.count; ++i) {
    const size_t row = slice.first + i;
    if (column.IsNull(row)) continue;
    const uint32_t code = column.code_indices()[row];
    if (rows[code] != kNotYet) {
      out[i] = out[rows[code]];
      continue;
    }
    CopyText(vector, i, codes.value(code));
    rows[code] = static_cast<uint32_t>(i);
  }
}

void CopyNulls(duckdb_vector vector, const dataset::Column& column,
               Slice slice) {
  if (column.null_count() == 0) return;
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t* validity = duckdb_vector_get_validity(vector);
  for (size_t i = 0; i < slice.count; ++i) {
    if (column.IsNull(slice.first + i)) {
      duckdb_validity_set_row_invalid(validity, i);
    }
  }
}

void CopyColumn(duckdb_vector vector, const dataset::Column& column,
                Slice slice, std::vector<uint32_t>& code_rows) {
  switch (column.type()) {
    case ColumnType::kBool:
      CopyBools(vector, column, slice);
      break;
    case ColumnType::kInt32:
    case ColumnType::kDate:  // both 32-bit days since 1970
      CopyValues(vector, column.int32s(), slice);
      break;
    case ColumnType::kInt64:
      CopyValues(vector, column.int64s(), slice);
      break;
    case ColumnType::kDouble:
      CopyValues(vector, column.doubles(), slice);
      break;
    case ColumnType::kCode:
      CopyCodes(vector, column, slice, code_rows);
      break;
    case ColumnType::kText:
      CopyTexts(vector, column, slice);
      break;
  }
  CopyNulls(vector, column, slice);
}

void CopyPersons(duckdb_vector vector, const RecordBatch& batch, Slice slice) {
  CopyValues(vector, std::span<const int32_t>(batch.person_index), slice);
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t* validity = duckdb_vector_get_validity(vector);
  for (size_t i = 0; i < slice.count; ++i) {
    if (batch.person_index[slice.first + i] < 0) {
      duckdb_validity_set_row_invalid(validity, i);
    }
  }
}

void CopyReasons(duckdb_vector vector, const RecordBatch& batch, Slice slice) {
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t* validity = duckdb_vector_get_validity(vector);
  for (size_t i = 0; i < slice.count; ++i) {
    const dataset::RowReason reason = batch.person_reason[slice.first + i];
    if (reason == dataset::RowReason::kNone) {
      duckdb_validity_set_row_invalid(validity, i);
      continue;
    }
    CopyText(vector, i, dataset::RowReasonName(reason));
  }
}

void CopyRows(duckdb_data_chunk chunk, const RowSchema& schema,
              const RecordBatch& batch, Slice slice,
              std::vector<uint32_t>& code_rows) {
  for (size_t i = 0; i < schema.size(); ++i) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    switch (schema[i].from) {
      case RowColumn::From::kPersonIndex:
        CopyPersons(vector, batch, slice);
        break;
      case RowColumn::From::kPersonReason:
        CopyReasons(vector, batch, slice);
        break;
      case RowColumn::From::kColumn:
        CopyColumn(vector, batch.columns[schema[i].position], slice, code_rows);
        break;
    }
  }
  duckdb_data_chunk_set_size(chunk, slice.count);
}

// Fills one chunk; a chunk of no rows says that this thread is done.
void NextRows(duckdb_function_info info, duckdb_data_chunk chunk) {
  const auto& feed = *static_cast<std::shared_ptr<RowFeed>*>(
      duckdb_function_get_bind_data(info));
  auto& cursor =
      *static_cast<Cursor*>(duckdb_function_get_local_init_data(info));
  while (cursor.batch == nullptr || cursor.next_row >= cursor.batch->rows()) {
    cursor.next_row = 0;
    std::optional<std::shared_ptr<const RecordBatch>> next = feed->queue.Pop();
    if (!next) {
      cursor.batch.reset();
      duckdb_data_chunk_set_size(chunk, 0);
      return;
    }
    cursor.batch = *std::move(next);
  }
  const Slice slice{cursor.next_row,
                    std::min<size_t>(duckdb_vector_size(),
                                     cursor.batch->rows() - cursor.next_row)};
  CopyRows(chunk, feed->schema, *cursor.batch, slice, cursor.code_rows);
  cursor.next_row += slice.count;
}

}  // namespace

absl::Status RegisterRowFunction(duckdb_connection connection,
                                 RowFeeds& feeds) {
  duckdb_table_function function = duckdb_create_table_function();
  const LogicalType number(DUCKDB_TYPE_BIGINT);
  duckdb_table_function_set_name(function, "tally_rows");
  duckdb_table_function_add_parameter(function, number.get());
  duckdb_table_function_set_extra_info(function, &feeds, nullptr);
  duckdb_table_function_set_bind(function, BindRows);
  duckdb_table_function_set_init(function, InitRows);
  duckdb_table_function_set_local_init(function, InitThread);
  duckdb_table_function_set_function(function, NextRows);
  const duckdb_state state =
      duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (state != DuckDBSuccess) {
    return absl::InternalError("the engine refuses tally_rows()");
  }
  return absl::OkStatus();
}

}  // namespace tally::engine
