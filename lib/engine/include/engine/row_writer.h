#ifndef TALLY_ENGINE_ROW_WRITER_H_
#define TALLY_ENGINE_ROW_WRITER_H_

// Rows of ours as Parquet: record batches go through a bounded queue into a
// table function of the engine, inside one COPY ... TO (FORMAT parquet,
// COMPRESSION zstd). Memory stays flat, no staging table, two threads.
//
//   TALLY_ASSIGN_OR_RETURN(auto writer, RowWriter::Open(database, schema,
//                                                       directory, options));
//   TALLY_RETURN_IF_ERROR(writer->Write(std::move(batch)));   // again and
//   again TALLY_ASSIGN_OR_RETURN(auto files, writer->Finish());
//
// The order of rows is not kept between batches of one file.
//
// Role: hub (ingest, link map, persons). Never given a token.
// Spec: docs/spec/engine.md, "Writing rows".
// Threading: one thread calls Write and Finish.
// Secrets: record values pass through; nothing here prints.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "engine/database.h"

namespace tally::engine {

// One column of the file, and where its values are in a RecordBatch.
struct RowColumn {
  enum class From {
    kPersonIndex,   // INT, NULL where there is no person
    kPersonReason,  // VARCHAR, the reason's name; NULL where there is a person
    kColumn,        // RecordBatch::columns[position]
  };
  std::string name;  // as IsPlainSqlName(), distinct
  From from = From::kColumn;
  size_t position = 0;                                     // kColumn only
  dataset::ColumnType type = dataset::ColumnType::kInt32;  // kColumn only
};
using RowSchema = std::vector<RowColumn>;

// person_index, unlinked_reason, then every column of the specification.
RowSchema PayloadSchema(const dataset::Specification& specification);

struct ParquetOptions {
  // Written into the file's footer, key to value. Keys and values are UTF-8
  // without NUL.
  std::map<std::string, std::string> metadata;
  // Rows per row group, 2,048 to 1,048,576; 0: 122,880, or what half of the
  // database's memory holds of that, since each thread gathers a group.
  int64_t row_group_rows = 0;
};

// What one file came to.
struct ParquetFile {
  std::string path;
  int64_t rows = 0;
  int64_t size_bytes = 0;
};

struct RowWriterOptions {
  ParquetOptions parquet;
  // A further part is begun when a part has this many rows. At least 1.
  int64_t max_rows_per_part = 8'000'000;
  // Batches that wait, 1 to 1,024.
  size_t queue_batches = 8;
  // Threads that turn batches into the engine's vectors, 1 to 16.
  int source_threads = 2;
};

class RowWriter {
 public:
  // Files are DIRECTORY/part-00000.parquet and so on; while being written they
  // are called part-00000.parquet.tmp. `directory` exists, is empty of parts,
  // and lies in the database's directories. Returns kInvalidArgument for a bad
  // schema or options, kFailedPrecondition (exit 7) when a part is there.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RowWriter>> Open(
      Database& database, RowSchema schema, std::string directory,
      RowWriterOptions options = {});

  // Without Finish(): stops the engine and removes every file of this writer.
  ~RowWriter();
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  // Hands a batch over; waits while the queue is full. An error of the engine
  // comes back from the next call: kResourceExhausted, kInternal, ...
  // kInvalidArgument when the batch does not fit the schema.
  [[nodiscard]] absl::Status Write(dataset::RecordBatch batch);

  // Ends the last part; every file and the directory is fsynced. A writer
  // without rows leaves one part of no rows, so that the schema is on disk.
  [[nodiscard]] absl::StatusOr<std::vector<ParquetFile>> Finish();

 private:
  class Part;
  RowWriter(Database& database, RowSchema schema, std::string directory,
            RowWriterOptions options);
  absl::Status BeginPart();
  absl::Status EndPart();
  void Discard();

  Database& database_;
  const RowSchema schema_;
  const std::string directory_;
  const RowWriterOptions options_;
  std::unique_ptr<Part> part_;
  int next_part_ = 0;
  bool finished_ = false;
  std::vector<ParquetFile> files_;
};

// Gives batches until it gives none.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual absl::StatusOr<std::optional<dataset::RecordBatch>> Next() = 0;
};

// Drains `source` through a RowWriter. Errors: of the source, or as RowWriter.
[[nodiscard]] absl::StatusOr<std::vector<ParquetFile>> WriteParquet(
    Database& database, RowSource& source, RowSchema schema,
    std::string directory, RowWriterOptions options = {});

}  // namespace tally::engine

#endif  // TALLY_ENGINE_ROW_WRITER_H_
