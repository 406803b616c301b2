#include "table_writer.h"

#include <utility>

#include "base/status.h"

namespace tally::linkage {

absl::StatusOr<TableWriter> TableWriter::Open(
    ReleaseEngine& engine, std::string_view name,
    const std::vector<engine::RowColumn>& columns) {
  TALLY_ASSIGN_OR_RETURN(const std::string directory,
                         engine.MakeTableDirectory(name));
  std::vector<dataset::ColumnType> types;
  for (const engine::RowColumn& column : columns) {
    if (column.from == engine::RowColumn::From::kColumn) {
      types.push_back(column.type);
    }
  }
  TALLY_ASSIGN_OR_RETURN(
      std::unique_ptr<engine::RowWriter> writer,
      engine::RowWriter::Open(engine.database(), columns, directory));
  return TableWriter(std::string(name), std::move(types), std::move(writer));
}

TableWriter::TableWriter(std::string name,
                         std::vector<dataset::ColumnType> types,
                         std::unique_ptr<engine::RowWriter> writer)
    : name_(std::move(name)),
      types_(std::move(types)),
      writer_(std::move(writer)),
      batch_(EmptyBatch()) {}

dataset::RecordBatch TableWriter::EmptyBatch() const {
  dataset::RecordBatch batch;
  for (const dataset::ColumnType type : types_) {
    batch.columns.emplace_back(type);
  }
  return batch;
}

absl::Status TableWriter::RowDone() {
  if (batch_.rows() < dataset::kMaxBatchRows) return absl::OkStatus();
  return Flush();
}

absl::Status TableWriter::Flush() {
  if (batch_.rows() == 0) return absl::OkStatus();
  return writer_->Write(std::exchange(batch_, EmptyBatch()));
}

absl::Status TableWriter::Finish(ReleaseEngine& engine,
                                 const engine::TableSchema& schema) {
  TALLY_RETURN_IF_ERROR(Flush());
  TALLY_ASSIGN_OR_RETURN(const std::vector<engine::ParquetFile> files,
                         writer_->Finish());
  std::vector<std::string> paths;
  for (const engine::ParquetFile& file : files) paths.push_back(file.path);
  return engine.Register(name_, paths, schema);
}

}  // namespace tally::linkage
