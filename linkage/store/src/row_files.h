// The Parquet files of one extract, dataset by dataset.
//
// Spec: docs/spec/hub-directory-v1.md, "Rows"
// Threading: one thread. Secrets: record values pass through; never a token.

#ifndef TALLY_LINKAGE_STORE_SRC_ROW_FILES_H_
#define TALLY_LINKAGE_STORE_SRC_ROW_FILES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "engine/database.h"
#include "engine/row_writer.h"
#include "linkage/store/catalogue_types.h"

namespace tally::linkage {

struct RowFilesOptions {
  std::string directory;       // gets rows/<dataset>/ for every dataset
  std::string temp_directory;  // the engine's
  int64_t memory_bytes = int64_t{128} << 20;
  int threads = 1;
};

class RowFiles {
 public:
  // Makes the directories and opens an engine that sees nothing else.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RowFiles>> Create(
      const RowFilesOptions& options,
      std::vector<const dataset::Specification*> specifications);

  // REQUIRES: dataset indices ascend.
  [[nodiscard]] absl::Status Add(dataset::RecordBatch batch);
  // Ends all files, also those of datasets without rows. Paths begin with
  // rows/.
  [[nodiscard]] absl::StatusOr<std::vector<FileRecord>> Finish();

 private:
  RowFiles(RowFilesOptions options, engine::Database database,
           std::vector<const dataset::Specification*> specifications);
  [[nodiscard]] absl::Status OpenUpTo(size_t dataset);
  [[nodiscard]] absl::Status CloseOpen();
  std::string Directory(size_t dataset) const;

  RowFilesOptions options_;
  engine::Database database_;
  std::vector<const dataset::Specification*> specifications_;
  std::optional<size_t> open_;  // dataset of writer_
  std::unique_ptr<engine::RowWriter> writer_;
  std::vector<FileRecord> files_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_ROW_FILES_H_
