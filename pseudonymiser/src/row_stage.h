#ifndef TALLY_PSEUDONYMISER_SRC_ROW_STAGE_H_
#define TALLY_PSEUDONYMISER_SRC_ROW_STAGE_H_

// The rows of one dataset on their way from the buckets of the first spool into
// batches, on all cores: while a bucket is encoded the next one is read.
//
// A row fell into a random bucket and the rows of a bucket are shuffled, so
// their sequence is one random order of all rows.
//
// Spec: docs/spec/wire-v1.md, "Order".
// Threading: one thread calls; workers are inside.
// Secrets: record values in clear, two buckets at most; wiped.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/worker_pool.h"
#include "bucket_spool.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "row_record.h"
#include "shared_codes.h"

namespace tally::pseudonymiser {

class RowStage {
 public:
  // Takes the contents of some batches, in order. An error ends the work.
  using Sink = std::function<absl::Status(std::vector<std::string> contents)>;

  // `number` is the dataset's in the extract; `codes` has one entry a column;
  // `person_of` maps provisional numbers to the extract's. All must outlive
  // this.
  RowStage(const dataset::Specification& specification, uint32_t number,
           const std::deque<SharedCodes>& codes,
           const std::vector<uint32_t>& person_of, WorkerPool& pool);
  ~RowStage();

  // Encodes all rows of the dataset in `spool` and hands them to `sink`, a few
  // batches at a time. Errors of the spool and of `sink`; kCancelled when a
  // stop was asked for.
  absl::Status Run(BucketSpool& spool, const Sink& sink);

  // Rows encoded so far.
  uint64_t rows() const { return first_row_; }

 private:
  // Rows of a bucket, and where each begins, in random order.
  struct Bucket {
    std::string bytes;
    std::vector<const char*> rows;

    Bucket() = default;
    Bucket(Bucket&&) = default;
    Bucket& operator=(Bucket&&) = default;
    ~Bucket() { Clear(); }
    void FindRows();
    void Clear();  // wipes
  };
  // What one worker needs; lent out, so that memory follows the threads.
  struct Encoder;
  struct BucketQueues;

  absl::Status ReadBuckets(BucketSpool& spool, BucketQueues& queues);
  // Encodes whole batches of what the last bucket left and of `bucket`; what
  // is left again waits for the next, unless this is the last.
  absl::Status EncodeBucket(Bucket& bucket, bool last, const Sink& sink);
  absl::Status EncodeBatches(std::span<const char* const> rows, size_t step,
                             std::vector<std::string>* contents);
  absl::Status EncodeRange(std::span<const char* const> rows,
                           uint64_t first_row, std::vector<std::string>* out);
  void AdaptBatch(const std::vector<std::string>& contents, size_t rows);
  std::unique_ptr<Encoder> Borrow();
  void Return(std::unique_ptr<Encoder> encoder);

  const dataset::Specification& specification_;
  const uint32_t number_;
  const std::deque<SharedCodes>& codes_;
  const std::vector<uint32_t>& person_of_;
  WorkerPool& pool_;
  size_t batch_rows_;
  uint64_t first_row_ = 0;
  Bucket left_;
  Mutex mu_;
  std::vector<std::unique_ptr<Encoder>> idle_ TALLY_GUARDED_BY(mu_);
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_ROW_STAGE_H_
