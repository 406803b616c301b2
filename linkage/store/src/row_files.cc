#include "row_files.h"

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"

namespace tally::linkage {

absl::StatusOr<std::unique_ptr<RowFiles>> RowFiles::Create(
    const RowFilesOptions& options,
    std::vector<const dataset::Specification*> specifications) {
  for (const dataset::Specification* specification : specifications) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(
        options.directory + "/rows/" + specification->id(), 0700));
  }
  engine::DatabaseOptions database;
  database.directories = {options.directory + "/rows"};
  database.temp_directory = options.temp_directory;
  database.memory_bytes = options.memory_bytes;
  database.threads = options.threads;
  TALLY_ASSIGN_OR_RETURN(engine::Database opened,
                         engine::Database::Open(database));
  return std::unique_ptr<RowFiles>(
      new RowFiles(options, std::move(opened), std::move(specifications)));
}

RowFiles::RowFiles(RowFilesOptions options, engine::Database database,
                   std::vector<const dataset::Specification*> specifications)
    : options_(std::move(options)),
      database_(std::move(database)),
      specifications_(std::move(specifications)) {}

std::string RowFiles::Directory(size_t dataset) const {
  return options_.directory + "/rows/" + specifications_[dataset]->id();
}

absl::Status RowFiles::CloseOpen() {
  if (writer_ == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const std::vector<engine::ParquetFile> written,
                         writer_->Finish());
  writer_.reset();
  for (const engine::ParquetFile& file : written) {
    TALLY_ASSIGN_OR_RETURN(std::string sha256, Sha256HexOfFile(file.path));
    files_.push_back(
        {"rows/" + specifications_[*open_]->id() + "/" + BaseNameOf(file.path),
         file.size_bytes, std::move(sha256)});
  }
  return absl::OkStatus();
}

// Opens the writer of `dataset`, and writes the empty files of those before it
// that had no rows.
absl::Status RowFiles::OpenUpTo(size_t dataset) {
  while (!open_.has_value() || *open_ < dataset) {
    TALLY_RETURN_IF_ERROR(CloseOpen());
    open_ = open_.has_value() ? *open_ + 1 : 0;
    const dataset::Specification& specification = *specifications_[*open_];
    engine::RowWriterOptions options;
    options.source_threads = std::clamp(options_.threads, 1, 2);
    options.parquet.metadata = {
        {"tally.dataset", specification.id()},
        {"tally.specification", specification.digest_hex()}};
    TALLY_ASSIGN_OR_RETURN(
        writer_,
        engine::RowWriter::Open(database_, engine::PayloadSchema(specification),
                                Directory(*open_), options));
  }
  return absl::OkStatus();
}

absl::Status RowFiles::Add(dataset::RecordBatch batch) {
  TALLY_CHECK(batch.dataset_index < specifications_.size());
  TALLY_RETURN_IF_ERROR(OpenUpTo(batch.dataset_index));
  return writer_->Write(std::move(batch));
}

absl::StatusOr<std::vector<FileRecord>> RowFiles::Finish() {
  if (!specifications_.empty()) {
    TALLY_RETURN_IF_ERROR(OpenUpTo(specifications_.size() - 1));
  }
  TALLY_RETURN_IF_ERROR(CloseOpen());
  return std::move(files_);
}

}  // namespace tally::linkage
