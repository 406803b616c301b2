#ifndef TALLY_LINKAGE_RELEASE_SRC_TABLE_WRITER_H_
#define TALLY_LINKAGE_RELEASE_SRC_TABLE_WRITER_H_

// A table of the work folder that is written row by row, and then read by
// statements.
//
// Threading: one thread at a time.
// Secrets: a batch of its rows.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/record_batch.h"
#include "engine/row_writer.h"
#include "release_engine.h"

namespace tally::linkage {

class TableWriter {
 public:
  [[nodiscard]] static absl::StatusOr<TableWriter> Open(
      ReleaseEngine& engine, std::string_view name,
      const std::vector<engine::RowColumn>& columns);

  // Where the next row goes: its person, and a value of each column that is
  // From::kColumn, by position.
  dataset::RecordBatch& batch() { return batch_; }
  // To be called after each row.
  [[nodiscard]] absl::Status RowDone();
  // Ends the table and registers it. `schema` has the columns of Open().
  [[nodiscard]] absl::Status Finish(ReleaseEngine& engine,
                                    const engine::TableSchema& schema);

 private:
  TableWriter(std::string name, std::vector<dataset::ColumnType> types,
              std::unique_ptr<engine::RowWriter> writer);
  dataset::RecordBatch EmptyBatch() const;
  absl::Status Flush();

  std::string name_;
  std::vector<dataset::ColumnType> types_;
  std::unique_ptr<engine::RowWriter> writer_;
  dataset::RecordBatch batch_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_TABLE_WRITER_H_
