#ifndef TALLY_PSEUDONYMISER_SRC_BUCKET_SPOOL_H_
#define TALLY_PSEUDONYMISER_SRC_BUCKET_SPOOL_H_

// The first spool: rows of one delivery, sealed on disk in random buckets under
// provisional person numbers, until everything has been read and checked. A
// bucket is small enough to be shuffled in memory.
//
// Spec: docs/spec/sealed-files-v1.md, "Spool".
// Threading: a Pen per worker; pens of one spool may be used at once. Reading
// after Close(), from several threads.
// Secrets: record values in clear in the pens' buffers, sealed on disk. The
// file is removed with the object.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "crypto/random.h"
#include "crypto/sealed_file.h"

namespace tally::pseudonymiser {

class BucketSpool {
 public:
  struct Options {
    std::string path;  // of the file, new
    crypto::SealContext context;
    size_t datasets = 1;
    int64_t input_bytes = 0;  // about as many go into the spool
    int64_t max_bytes = 0;    // of the file
    int pens = 1;             // how many will be used at once
    int64_t buffer_bytes = int64_t{48} << 20;  // of all pens, at most
  };

  // Creates the file. `key` must outlive the spool. Errors of
  // crypto::SealedWriter.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<BucketSpool>> Create(
      const Options& options, const crypto::StorageKey& key);
  // A spool that forgets its rows and tells only what a file would have grown
  // to: for a delivery that is checked and not sent. Of `options` the path and
  // the context are not used; ReadBucket() must not be called.
  static std::unique_ptr<BucketSpool> Measuring(const Options& options);
  ~BucketSpool();  // removes the file
  BucketSpool(const BucketSpool&) = delete;
  BucketSpool& operator=(const BucketSpool&) = delete;

  // How many buckets a dataset has, a power of two from 64 to 4,096: such that
  // one holds 32 MiB, as far as a buffer for each of every pen fits
  // `buffer_bytes`.
  static size_t BucketsFor(const Options& options);

  // Where a worker puts rows of one dataset.
  class Pen {
   public:
    Pen(BucketSpool* spool, size_t dataset);
    // Puts a row into a random bucket. kResourceExhausted (exit 5) when the
    // disk or the room given to the spool is full.
    absl::Status Write(std::string_view row);
    // Hands over what is still buffered. Call once, at the end.
    absl::Status Flush();

   private:
    size_t RandomBucket();

    BucketSpool* spool_;
    size_t dataset_;
    crypto::RandomStream random_;
    uint64_t bits_ = 0;
    int bits_left_ = 0;
    std::vector<std::string> buffers_;
    const int bits_per_bucket_;
  };

  // Ends writing: the file can be read.
  absl::Status Close();

  size_t buckets() const { return buckets_; }
  uint64_t bytes() const;

  // All rows of a bucket, appended to `out` one after the other.
  // REQUIRES: Close() was called. kDataLoss (exit 11) when the file changed.
  absl::Status ReadBucket(size_t dataset, size_t bucket, std::string* out);

 private:
  struct Frame {
    uint64_t offset;
    uint64_t sequence;
  };

  BucketSpool(const Options& options, const crypto::StorageKey* key);
  uint64_t SizeBytes() const TALLY_REQUIRES(mu_);
  absl::Status Append(size_t dataset, size_t bucket, std::string_view rows);

  const Options options_;
  const crypto::StorageKey* const key_;  // null: nothing is kept
  const size_t buckets_;                 // a dataset
  const size_t frame_bytes_;
  mutable Mutex mu_;
  std::optional<crypto::SealedWriter> writer_ TALLY_GUARDED_BY(mu_);
  uint64_t measured_bytes_ TALLY_GUARDED_BY(mu_) = 0;  // without a writer
  std::vector<std::vector<Frame>> frames_ TALLY_GUARDED_BY(mu_);
  std::optional<crypto::SealedReader> reader_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_BUCKET_SPOOL_H_
