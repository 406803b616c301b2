#include "engine/result.h"

#include <duckdb.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "base/status.h"
#include "result_impl.h"
#include "statement_error.h"

namespace tally::engine {
namespace {

template <typename T>
T Read(const void* data, size_t row) {
  return static_cast<const T*>(data)[row];
}

// Integers of every width that fits an int64.
int64_t ReadInt(int physical, const void* data, size_t row) {
  switch (physical) {
    case DUCKDB_TYPE_TINYINT:
      return Read<int8_t>(data, row);
    case DUCKDB_TYPE_UTINYINT:
      return Read<uint8_t>(data, row);
    case DUCKDB_TYPE_SMALLINT:
      return Read<int16_t>(data, row);
    case DUCKDB_TYPE_USMALLINT:
      return Read<uint16_t>(data, row);
    case DUCKDB_TYPE_INTEGER:
      return Read<int32_t>(data, row);
    case DUCKDB_TYPE_UINTEGER:
      return Read<uint32_t>(data, row);
    default:
      return Read<int64_t>(data, row);  // BIGINT, TIMESTAMP
  }
}

double ReadWide(int physical, int scale, const void* data, size_t row) {
  const double whole =
      physical == DUCKDB_TYPE_HUGEINT
          ? duckdb_hugeint_to_double(Read<duckdb_hugeint>(data, row))
          : static_cast<double>(ReadInt(physical, data, row));
  return scale == 0 ? whole : whole / std::pow(10.0, scale);
}

}  // namespace

ColumnKind KindOfType(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return ColumnKind::kBool;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
      return ColumnKind::kInt;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return ColumnKind::kDouble;
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_DECIMAL:
      return ColumnKind::kWide;
    case DUCKDB_TYPE_DATE:
      return ColumnKind::kDate;
    case DUCKDB_TYPE_TIMESTAMP:
      return ColumnKind::kTimestamp;
    case DUCKDB_TYPE_VARCHAR:
      return ColumnKind::kText;
    default:
      return ColumnKind::kOther;
  }
}

// ColumnView

bool ColumnView::Bool(size_t row) const {
  TALLY_CHECK(kind_ == ColumnKind::kBool && row < rows_);
  return !IsNull(row) && Read<bool>(data_, row);
}

int64_t ColumnView::Int64(size_t row) const {
  TALLY_CHECK((kind_ == ColumnKind::kInt || kind_ == ColumnKind::kTimestamp) &&
              row < rows_);
  return IsNull(row) ? 0 : ReadInt(physical_, data_, row);
}

double ColumnView::Double(size_t row) const {
  TALLY_CHECK(row < rows_);
  if (IsNull(row)) return 0.0;
  if (kind_ == ColumnKind::kInt) {
    return static_cast<double>(ReadInt(physical_, data_, row));
  }
  if (kind_ == ColumnKind::kWide) {
    return ReadWide(physical_, scale_, data_, row);
  }
  TALLY_CHECK(kind_ == ColumnKind::kDouble);
  return physical_ == DUCKDB_TYPE_FLOAT
             ? static_cast<double>(Read<float>(data_, row))
             : Read<double>(data_, row);
}

Date ColumnView::Day(size_t row) const {
  TALLY_CHECK(kind_ == ColumnKind::kDate && row < rows_);
  return IsNull(row) ? Date{} : Date{Read<int32_t>(data_, row)};
}

std::string_view ColumnView::Text(size_t row) const {
  TALLY_CHECK(kind_ == ColumnKind::kText && row < rows_);
  if (IsNull(row)) return {};
  const auto& text = static_cast<const duckdb_string_t*>(data_)[row];
  const uint32_t length = duckdb_string_t_length(text);
  return duckdb_string_is_inlined(text)
             ? std::string_view(text.value.inlined.inlined, length)
             : std::string_view(text.value.pointer.ptr, length);
}

Value ColumnView::At(size_t row) const {
  if (IsNull(row)) return Value::Null();
  switch (kind_) {
    case ColumnKind::kBool:
      return Value::Bool(Bool(row));
    case ColumnKind::kInt:
    case ColumnKind::kTimestamp:
      return Value::Int64(Int64(row));
    case ColumnKind::kDouble:
    case ColumnKind::kWide:
      return Value::Double(Double(row));
    case ColumnKind::kDate:
      return Value::Day(Day(row).days);
    case ColumnKind::kText:
      return Value::Text(std::string(Text(row)));
    case ColumnKind::kOther:
      break;
  }
  return Value::Null();
}

// Chunk

Chunk::Chunk(Chunk&& other) noexcept
    : chunk_(std::exchange(other.chunk_, nullptr)),
      rows_(other.rows_),
      columns_(other.columns_) {}

Chunk& Chunk::operator=(Chunk&& other) noexcept {
  std::swap(chunk_, other.chunk_);
  std::swap(rows_, other.rows_);
  std::swap(columns_, other.columns_);
  return *this;
}

Chunk::~Chunk() {
  if (chunk_ == nullptr) return;
  auto* chunk = static_cast<duckdb_data_chunk>(chunk_);
  duckdb_destroy_data_chunk(&chunk);
}

ColumnView Chunk::column(size_t index) const {
  TALLY_CHECK(chunk_ != nullptr && index < columns_->size());
  duckdb_vector vector = duckdb_data_chunk_get_vector(
      static_cast<duckdb_data_chunk>(chunk_), index);
  ColumnView view;
  view.kind_ = (*columns_)[index].kind;
  view.rows_ = rows_;
  view.data_ = duckdb_vector_get_data(vector);
  view.validity_ = duckdb_vector_get_validity(vector);
  duckdb_logical_type type = duckdb_vector_get_column_type(vector);
  view.physical_ = duckdb_get_type_id(type);
  if (view.physical_ == DUCKDB_TYPE_DECIMAL) {
    view.scale_ = duckdb_decimal_scale(type);
    view.physical_ = duckdb_decimal_internal_type(type);
  }
  duckdb_destroy_logical_type(&type);
  return view;
}

// Result::Impl

Result::Impl::Impl(std::shared_ptr<ConnectionHandle> connection,
                   duckdb_result result)
    : connection_(std::move(connection)), result_(result) {
  const idx_t count = duckdb_column_count(&result_);
  for (idx_t i = 0; i < count; ++i) {
    const char* name = duckdb_column_name(&result_, i);
    columns_.push_back({name == nullptr ? "" : name,
                        KindOfType(duckdb_column_type(&result_, i))});
  }
}

Result::Impl::~Impl() { duckdb_destroy_result(&result_); }

void Result::Impl::Rename(const std::vector<std::string>& names) {
  TALLY_CHECK(names.size() == columns_.size());
  for (size_t i = 0; i < names.size(); ++i) columns_[i].name = names[i];
}

int64_t Result::Impl::rows_changed() {
  return static_cast<int64_t>(duckdb_rows_changed(&result_));
}

absl::StatusOr<duckdb_data_chunk> Result::Impl::Fetch() {
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result_);
  if (chunk != nullptr) return chunk;
  const char* error = duckdb_result_error(&result_);
  if (error == nullptr || *error == '\0') return nullptr;
  return StatementError(duckdb_result_error_type(&result_), error,
                        connection_->error_text());
}

// Result

Result::Result(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::~Result() = default;

const std::vector<ResultColumn>& Result::columns() const {
  return impl_->columns();
}

int64_t Result::rows_changed() const { return impl_->rows_changed(); }

absl::StatusOr<std::optional<Chunk>> Result::Next() {
  while (true) {
    TALLY_ASSIGN_OR_RETURN(duckdb_data_chunk raw, impl_->Fetch());
    if (raw == nullptr) return std::optional<Chunk>();
    Chunk chunk;
    chunk.chunk_ = raw;
    chunk.rows_ = duckdb_data_chunk_get_size(raw);
    chunk.columns_ = &impl_->columns();
    if (chunk.rows_ > 0) return std::optional<Chunk>(std::move(chunk));
  }
}

absl::StatusOr<std::vector<std::vector<Value>>> Result::AllRows(
    size_t max_rows) {
  std::vector<std::vector<Value>> rows;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<Chunk> chunk, Next());
    if (!chunk) return rows;
    if (rows.size() + chunk->rows() > max_rows) {
      return absl::ResourceExhaustedError("the result has too many rows");
    }
    const size_t first = rows.size();
    rows.resize(first + chunk->rows());
    for (size_t c = 0; c < impl_->columns().size(); ++c) {
      const ColumnView column = chunk->column(c);
      for (size_t row = 0; row < chunk->rows(); ++row) {
        rows[first + row].push_back(column.At(row));
      }
    }
  }
}

}  // namespace tally::engine
