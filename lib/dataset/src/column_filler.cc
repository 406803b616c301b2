#include "dataset/column_filler.h"

#include "base/status.h"

namespace tally::dataset {

void ColumnFiller::Finish(size_t rows, size_t nulls) {
  const size_t map_bytes = (rows + 7) / 8;
  TALLY_CHECK(column_.present_.size() == map_bytes && nulls <= rows);
  switch (column_.type_) {
    case ColumnType::kBool:
      TALLY_CHECK(column_.bits_.size() == map_bytes);
      break;
    case ColumnType::kInt32:
    case ColumnType::kDate:
      TALLY_CHECK(column_.ints_.size() == rows);
      break;
    case ColumnType::kInt64:
      TALLY_CHECK(column_.longs_.size() == rows);
      break;
    case ColumnType::kDouble:
      TALLY_CHECK(column_.doubles_.size() == rows);
      break;
    case ColumnType::kCode:
      TALLY_CHECK(column_.indices_.size() == rows);
      break;
    case ColumnType::kText:
      TALLY_CHECK(column_.ends_.size() == rows);
      break;
  }
  column_.rows_ = rows;
  column_.nulls_ = nulls;
}

}  // namespace tally::dataset
