#ifndef TALLY_PSEUDONYMISER_SRC_DELIVERY_READER_H_
#define TALLY_PSEUDONYMISER_SRC_DELIVERY_READER_H_

// Reads all files of a delivery on all cores: a thread that splits the file
// into records, workers that check rows and spool them. Afterwards the verdict
// over the whole is known, and nothing has left.
//
// Threading: one thread calls; workers are inside.
// Secrets: rows with identifiers, in memory only while they are worked on.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "bucket_spool.h"
#include "dataset_plan.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/delivery_report.h"
#include "pseudonymiser/input_file.h"
#include "pseudonymiser/person_table.h"
#include "row_reader.h"
#include "shared_codes.h"

namespace tally::pseudonymiser {

// A file as it was read.
struct FileFacts {
  std::string dataset;
  std::string path;
  FileIdentity identity;
  std::array<uint8_t, 32> sha256{};
};

struct ReadDelivery {
  std::unique_ptr<BucketSpool> rows;
  std::unique_ptr<PersonTable> people;
  // By dataset, then column.
  std::deque<std::deque<SharedCodes>> codes;
  std::vector<FileFacts> files;
  DeliveryReport report;
  // OK when the delivery may leave; else kInvalidArgument (exit 8) with what
  // is wrong: HIDDEN_IDENTIFIER, mixed environments, max_reject, max_unlinked.
  absl::Status verdict;
};

class DeliveryReader {
 public:
  // `plan`, `pool` and `progress` must outlive this. `today` bounds columns
  // with max = "today".
  DeliveryReader(const DeliveryPlan& plan, WorkerPool& pool,
                 ProgressReporter* progress, CivilDay today);

  // Reads everything into `spool`. Returns the errors of files and disk, and
  // kCancelled when a stop was asked for.
  absl::StatusOr<ReadDelivery> Read(std::unique_ptr<BucketSpool> spool);

  // How many bytes the files have together.
  absl::StatusOr<int64_t> InputBytes() const;

 private:
  struct BlockQueues;
  // Called by a worker with the records of a block, header excluded.
  using BlockFunction =
      std::function<absl::Status(size_t worker, const FileShape& file,
                                 const CsvBlock& block, size_t first_record)>;
  // What is to be done with a file before it is read, and with what it was.
  struct FileHooks {
    std::function<absl::Status(const InputFile& file)> before;
    std::function<void(InputFile& file)> after;
  };

  // Reads all files of a dataset, one after the other, and has their blocks
  // worked on by all workers: the next file is read while the last one's
  // blocks are still at work.
  absl::Status ForEachBlock(const DeliveryPlan::Dataset& dataset,
                            uint32_t first_number, const FileHooks& hooks,
                            const BlockFunction& on_block);
  absl::Status SplitFiles(const DeliveryPlan::Dataset& dataset,
                          uint32_t first_number, const FileHooks& hooks,
                          std::deque<FileShape>* shapes, BlockQueues& queues);
  // Fills blocks until the file ends, or, when the answer is false, the workers
  // do.
  absl::StatusOr<bool> SplitFile(const DatasetPlan& plan, InputFile& file,
                                 FileShape* shape, BlockQueues& queues);
  absl::Status StartStage(const char* op, const DeliveryPlan::Dataset& dataset);
  void EstimateRows(size_t rows, int64_t bytes_of_file);
  absl::Status FirstPass(const DeliveryPlan::Dataset& dataset);
  absl::Status ReadDataset(size_t number, ReadDelivery* out);
  std::vector<const LinkedKeys::mapped_type*> KeysTiedTo(
      const DatasetPlan& plan) const;
  absl::Status Verdict(const ReadDelivery& read) const;
  PersonTable::Judge MakeJudge() const;

  const DeliveryPlan& plan_;
  WorkerPool& pool_;
  ProgressReporter* progress_;
  Rekey rekey_;
  HiddenNumbers hidden_;
  SharedReading shared_;
  LinkedKeys linked_keys_;
  std::map<std::string, FileIdentity> first_pass_files_;
  // For the estimate of rows to come; of the dataset that is being read.
  int64_t dataset_bytes_ = 0;
  int64_t bytes_before_ = 0;
  int64_t rows_split_ = 0;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_DELIVERY_READER_H_
