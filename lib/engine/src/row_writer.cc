#include "engine/row_writer.h"

#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "handles.h"
#include "parquet_copy.h"
#include "row_table_function.h"

namespace tally::engine {
namespace {

absl::Status SchemaError(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrFormat("schema of a row writer: %s", what));
}

absl::Status CheckSchema(const RowSchema& schema) {
  if (schema.empty()) return SchemaError("no columns");
  std::set<std::string_view> names;
  for (const RowColumn& column : schema) {
    if (!IsPlainSqlName(column.name)) {
      return SchemaError("a column's name is not plain");
    }
    if (!names.insert(column.name).second) {
      return SchemaError("a column's name is there twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const RowWriterOptions& options) {
  TALLY_RETURN_IF_ERROR(CheckParquetOptions(options.parquet));
  if (options.max_rows_per_part < 1) return SchemaError("parts without rows");
  if (options.queue_batches < 1 || options.queue_batches > 1024) {
    return SchemaError("the queue holds 1 to 1,024 batches");
  }
  if (options.source_threads < 1 || options.source_threads > 16) {
    return SchemaError("1 to 16 threads");
  }
  return absl::OkStatus();
}

absl::Status CheckBatch(const RowSchema& schema,
                        const dataset::RecordBatch& batch) {
  if (batch.person_reason.size() != batch.rows()) {
    return SchemaError("a batch has not one reason a row");
  }
  for (const RowColumn& column : schema) {
    if (column.from != RowColumn::From::kColumn) continue;
    if (column.position >= batch.columns.size()) {
      return SchemaError("a batch lacks a column");
    }
    const dataset::Column& values = batch.columns[column.position];
    if (values.type() != column.type || values.rows() != batch.rows()) {
      return SchemaError("a batch has a column of another type or length");
    }
  }
  return absl::OkStatus();
}

}  // namespace

RowSchema PayloadSchema(const dataset::Specification& specification) {
  RowSchema schema;
  schema.push_back({"person_index", RowColumn::From::kPersonIndex});
  schema.push_back({"unlinked_reason", RowColumn::From::kPersonReason});
  const auto& columns = specification.columns();
  for (size_t i = 0; i < columns.size(); ++i) {
    schema.push_back(
        {columns[i].name, RowColumn::From::kColumn, i, columns[i].type});
  }
  return schema;
}

// One file while it is written: a feed, and a thread that runs the COPY.
class RowWriter::Part {
 public:
  Part(Connection connection, std::shared_ptr<RowFeed> feed, std::string path)
      : path_(std::move(path)),
        connection_(std::move(connection)),
        feed_(std::move(feed)),
        feeds_(connection_.handle_->database().feeds()),
        number_(feeds_.Add(feed_)) {}

  ~Part() {
    if (thread_.joinable()) Abandon();
    feeds_.Remove(number_);
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  void Start(const ParquetOptions& options) {
    const std::string copy =
        ParquetCopy(absl::StrFormat("SELECT * FROM tally_rows(%d)", number_),
                    TemporaryPath(), options, {});
    thread_ = std::thread([this, copy] {
      outcome_ = connection_.Execute(copy);
      feed_->queue.Abort();  // a writer that waits for room must not wait on
    });
  }

  absl::Status Push(std::shared_ptr<const dataset::RecordBatch> batch) {
    const int64_t rows = static_cast<int64_t>(batch->rows());
    if (!feed_->queue.Push(std::move(batch))) {
      if (thread_.joinable()) thread_.join();
      return outcome_.ok() ? absl::InternalError("the engine stopped reading")
                           : outcome_;
    }
    rows_ += rows;
    return absl::OkStatus();
  }

  // Waits for the engine and puts the file in place.
  absl::StatusOr<ParquetFile> Finish() {
    feed_->queue.Close();
    if (thread_.joinable()) thread_.join();
    TALLY_RETURN_IF_ERROR(outcome_);
    TALLY_ASSIGN_OR_RETURN(const UniqueFd file, OpenForRead(TemporaryPath()));
    TALLY_RETURN_IF_ERROR(FsyncFile(file.get(), BaseNameOf(path_)));
    TALLY_RETURN_IF_ERROR(RenameDurablyNoReplace(TemporaryPath(), path_));
    TALLY_ASSIGN_OR_RETURN(const int64_t size, FileSize(path_));
    return ParquetFile{path_, rows_, size};
  }

  // Stops the engine and removes the file.
  void Abandon() {
    connection_.Interrupt();
    feed_->queue.Abort();
    if (thread_.joinable()) thread_.join();
    RemoveFile(TemporaryPath()).IgnoreError();
  }

  int64_t rows() const { return rows_; }

 private:
  std::string TemporaryPath() const { return path_ + ".tmp"; }

  const std::string path_;
  Connection connection_;
  const std::shared_ptr<RowFeed> feed_;
  RowFeeds& feeds_;
  const int64_t number_;
  int64_t rows_ = 0;
  absl::Status outcome_;  // written by thread_, read after joining it
  std::thread thread_;
};

RowWriter::RowWriter(Database& database, RowSchema schema,
                     std::string directory, RowWriterOptions options)
    : database_(database),
      schema_(std::move(schema)),
      directory_(std::move(directory)),
      options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<RowWriter>> RowWriter::Open(
    Database& database, RowSchema schema, std::string directory,
    RowWriterOptions options) {
  TALLY_RETURN_IF_ERROR(CheckSchema(schema));
  TALLY_RETURN_IF_ERROR(CheckOptions(options));
  auto writer = std::unique_ptr<RowWriter>(new RowWriter(
      database, std::move(schema), std::move(directory), std::move(options)));
  TALLY_RETURN_IF_ERROR(writer->BeginPart());
  return writer;
}

RowWriter::~RowWriter() {
  if (!finished_) Discard();
}

absl::Status RowWriter::BeginPart() {
  const std::string path =
      JoinPath(directory_, absl::StrFormat("part-%05d.parquet", next_part_));
  if (FileExists(path) || FileExists(path + ".tmp")) {
    return ConflictError("a part of this table is there already");
  }
  TALLY_ASSIGN_OR_RETURN(Connection connection, database_.Connect());
  part_ = std::make_unique<Part>(
      std::move(connection),
      std::make_shared<RowFeed>(schema_, options_.queue_batches,
                                options_.source_threads),
      path);
  ParquetOptions parquet = options_.parquet;
  if (parquet.row_group_rows == 0) {
    parquet.row_group_rows = GroupRowsFor(
        {database_.memory_bytes(), database_.threads()}, schema_.size());
  }
  part_->Start(parquet);
  ++next_part_;
  return absl::OkStatus();
}

absl::Status RowWriter::EndPart() {
  TALLY_ASSIGN_OR_RETURN(ParquetFile file, part_->Finish());
  files_.push_back(std::move(file));
  part_.reset();
  return absl::OkStatus();
}

absl::Status RowWriter::Write(dataset::RecordBatch batch) {
  TALLY_CHECK(!finished_);
  if (batch.rows() == 0) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(CheckBatch(schema_, batch));
  if (part_ != nullptr && part_->rows() >= options_.max_rows_per_part) {
    TALLY_RETURN_IF_ERROR(EndPart());
  }
  if (part_ == nullptr) TALLY_RETURN_IF_ERROR(BeginPart());
  return part_->Push(
      std::make_shared<const dataset::RecordBatch>(std::move(batch)));
}

absl::StatusOr<std::vector<ParquetFile>> RowWriter::Finish() {
  TALLY_CHECK(!finished_);
  if (part_ != nullptr) TALLY_RETURN_IF_ERROR(EndPart());
  TALLY_RETURN_IF_ERROR(FsyncDirectory(directory_));
  finished_ = true;
  return files_;
}

void RowWriter::Discard() {
  if (part_ != nullptr) {
    part_->Abandon();
    part_.reset();
  }
  for (const ParquetFile& file : files_) RemoveFile(file.path).IgnoreError();
}

absl::StatusOr<std::vector<ParquetFile>> WriteParquet(
    Database& database, RowSource& source, RowSchema schema,
    std::string directory, RowWriterOptions options) {
  TALLY_ASSIGN_OR_RETURN(
      const std::unique_ptr<RowWriter> writer,
      RowWriter::Open(database, std::move(schema), std::move(directory),
                      std::move(options)));
  while (true) {
    TALLY_ASSIGN_OR_RETURN(std::optional<dataset::RecordBatch> batch,
                           source.Next());
    if (!batch) return writer->Finish();
    TALLY_RETURN_IF_ERROR(writer->Write(*std::move(batch)));
  }
}

}  // namespace tally::engine
