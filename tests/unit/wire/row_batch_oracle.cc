#include "row_batch_oracle.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <set>

namespace tally::wire {
namespace {

using dataset::Column;
using dataset::ColumnType;

std::string BitMap(size_t rows, const auto& bit) {
  std::string map((rows + 7) / 8, '\0');
  for (size_t row = 0; row < rows; ++row) {
    if (bit(row)) {
      map[row / 8] = static_cast<char>(map[row / 8] | (1 << (row % 8)));
    }
  }
  return map;
}

void AddCodes(const Column& column, extract::v1::CodeValues& out) {
  std::set<std::string> values;
  for (size_t row = 0; row < column.rows(); ++row) {
    if (!column.IsNull(row)) values.emplace(column.Code(row));
  }
  for (const std::string& value : values) out.add_dictionary(value);
  for (size_t row = 0; row < column.rows(); ++row) {
    const auto place = column.IsNull(row)
                           ? values.begin()
                           : values.find(std::string(column.Code(row)));
    out.add_index(static_cast<uint32_t>(std::distance(values.begin(), place)));
  }
}

void AddValues(const Column& column, extract::v1::Column& out) {
  const size_t rows = column.rows();
  if (column.type() == ColumnType::kBool) {
    out.set_bools(BitMap(rows, [&](size_t row) {
      return !column.IsNull(row) && column.Bool(row);
    }));
    return;
  }
  if (column.type() == ColumnType::kCode) {
    AddCodes(column, *out.mutable_codes());
    return;
  }
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    const bool null = column.IsNull(row);
    switch (column.type()) {
      case ColumnType::kInt32:
        out.mutable_int32s()->add_values(null ? 0 : column.Int32(row));
        break;
      case ColumnType::kInt64:
        out.mutable_int64s()->add_values(null ? 0 : column.Int64(row));
        break;
      case ColumnType::kDouble:
        out.mutable_doubles()->add_values(null ? 0 : column.Double(row));
        break;
      case ColumnType::kDate:
        out.mutable_dates()->add_values(null ? 0 : column.Int32(row));
        break;
      default:
        if (!null) text += column.Text(row);
        out.mutable_texts()->add_end(static_cast<uint32_t>(text.size()));
        break;
    }
  }
  if (column.type() == ColumnType::kText) out.mutable_texts()->set_data(text);
}

bool SameValue(const Column& a, const Column& b, size_t row) {
  if (a.IsNull(row) != b.IsNull(row)) return false;
  if (a.IsNull(row)) return true;
  switch (a.type()) {
    case ColumnType::kBool:
      return a.Bool(row) == b.Bool(row);
    case ColumnType::kInt32:
    case ColumnType::kDate:
      return a.Int32(row) == b.Int32(row);
    case ColumnType::kInt64:
      return a.Int64(row) == b.Int64(row);
    case ColumnType::kDouble:
      return a.Double(row) == b.Double(row);
    case ColumnType::kCode:
      return a.Code(row) == b.Code(row);
    case ColumnType::kText:
      break;
  }
  return a.Text(row) == b.Text(row);
}

}  // namespace

extract::v1::RowBatch ToMessage(const dataset::RecordBatch& batch) {
  extract::v1::RowBatch message;
  message.set_dataset(batch.dataset_index);
  message.set_first_row(static_cast<int64_t>(batch.first_row));
  message.set_row_count(static_cast<uint32_t>(batch.rows()));
  bool reasons = false;
  std::string bytes;
  for (size_t row = 0; row < batch.rows(); ++row) {
    message.add_person_index(batch.person_index[row]);
    bytes.push_back(static_cast<char>(batch.person_reason[row]));
    reasons = reasons || bytes.back() != 0;
  }
  if (reasons) message.set_person_reason(bytes);
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    extract::v1::Column& out = *message.add_columns();
    out.set_column(static_cast<uint32_t>(i));
    if (column.null_count() != 0) {
      out.set_present(BitMap(column.rows(),
                             [&](size_t row) { return !column.IsNull(row); }));
    }
    AddValues(column, out);
  }
  return message;
}

std::string Serialised(const extract::v1::RowBatch& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

bool SameRows(const dataset::RecordBatch& a, const dataset::RecordBatch& b) {
  if (a.dataset_index != b.dataset_index || a.first_row != b.first_row ||
      a.person_index != b.person_index || a.person_reason != b.person_reason ||
      a.columns.size() != b.columns.size()) {
    return false;
  }
  for (size_t i = 0; i < a.columns.size(); ++i) {
    if (a.columns[i].type() != b.columns[i].type() ||
        a.columns[i].rows() != b.columns[i].rows()) {
      return false;
    }
    for (size_t row = 0; row < a.rows(); ++row) {
      if (!SameValue(a.columns[i], b.columns[i], row)) return false;
    }
  }
  return true;
}

}  // namespace tally::wire
