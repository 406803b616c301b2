#include "record_keys.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "dataset/record_batch.h"
#include "linkage/index/number_permutation.h"
#include "linkage/release/release_sql.h"
#include "table_writer.h"

namespace tally::linkage {
namespace {

using dataset::ColumnType;
using engine::RowColumn;

// Gives every key of `keys` (extract_no, old_key), as they come, the next
// number of a random order.
absl::Status NumberKeys(const LinkInputs& inputs, engine::Result keys,
                        int64_t count, TableWriter& table) {
  const auto all = static_cast<uint64_t>(count);
  const NumberPermutation numbers(all);
  std::vector<uint64_t> fresh;
  uint64_t done = 0;
  while (true) {
    TALLY_RETURN_IF_ERROR(EnterStage(
        inputs, "record keys", static_cast<int64_t>(done), count, "keys"));
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           keys.Next());
    if (!chunk.has_value()) break;
    const size_t rows = chunk->rows();
    if (rows > all - done) {
      return absl::InternalError("there are more record keys than counted");
    }
    fresh.resize(rows);
    numbers.Fill(done, fresh);
    const engine::ColumnView extracts = chunk->column(0);
    const engine::ColumnView old_keys = chunk->column(1);
    for (size_t row = 0; row < rows; ++row) {
      dataset::RecordBatch& batch = table.batch();
      batch.AppendPerson(dataset::kNoPerson, dataset::RowReason::kNone);
      batch.columns[0].AppendInt32(static_cast<int32_t>(extracts.Int64(row)));
      batch.columns[1].AppendInt64(old_keys.Int64(row));
      batch.columns[2].AppendInt64(static_cast<int64_t>(fresh[row]));
      TALLY_RETURN_IF_ERROR(table.RowDone());
    }
    done += rows;
  }
  return done == all ? absl::OkStatus()
                     : absl::InternalError("record keys were lost");
}

absl::Status RenumberColumn(const LinkInputs& inputs,
                            const std::vector<RowsTable>& parts,
                            const std::string& column, ReleaseEngine& engine) {
  const std::string keys = "record_keys_" + column;
  TALLY_ASSIGN_OR_RETURN(
      const int64_t count,
      engine.Materialise(keys, RecordKeysSql(parts, column),
                         {{"extract_no", engine::SqlType::kInt},
                          {"old_key", engine::SqlType::kBigint}}));
  if (static_cast<uint64_t>(count) > NumberPermutation::kMostNumbers) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the release has more than 2^32 different keys in %s", column));
  }
  TALLY_ASSIGN_OR_RETURN(
      TableWriter table,
      TableWriter::Open(
          engine, "rekey_" + column,
          {{"extract_no", RowColumn::From::kColumn, 0, ColumnType::kInt32},
           {"old_key", RowColumn::From::kColumn, 1, ColumnType::kInt64},
           {"new_key", RowColumn::From::kColumn, 2, ColumnType::kInt64}}));
  TALLY_ASSIGN_OR_RETURN(engine::Result stream, engine.StreamTable(keys));
  TALLY_RETURN_IF_ERROR(NumberKeys(inputs, std::move(stream), count, table));
  TALLY_RETURN_IF_ERROR(engine.Discard(keys));
  return table.Finish(engine, RekeySchema());
}

}  // namespace

absl::Status RenumberRecordKeys(const BuildInputs& inputs,
                                const LinkedExtracts& linked,
                                ReleaseEngine& engine) {
  std::map<std::string, std::vector<RowsTable>> parts_by_key;
  for (const AgreementDataset& agreed : inputs.link.agreement->datasets) {
    const std::vector<RowsTable> parts =
        linked.PartsOf(*inputs.link.plan, agreed.id, true);
    for (const RowsTable& part : parts) {
      for (const std::string& name : agreed.columns) {
        const dataset::ColumnSpec* column = part.specification->Column(name);
        if (column != nullptr &&
            column->column_class == dataset::ColumnClass::kRecordKey) {
          parts_by_key[name].push_back(part);
        }
      }
    }
  }
  for (const auto& [column, parts] : parts_by_key) {
    TALLY_RETURN_IF_ERROR(RenumberColumn(inputs.link, parts, column, engine));
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
