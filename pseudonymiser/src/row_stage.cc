#include "row_stage.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/bounded_queue.h"
#include "base/config.h"
#include "base/error.h"
#include "base/process.h"
#include "base/status.h"
#include "crypto/random.h"
#include "wire/limits.h"
#include "wire/row_batch_codec.h"

namespace tally::pseudonymiser {
namespace {

constexpr size_t kFirstBatchRows = 4096;
// What the encoder aims at, with room for rows larger than the mean.
constexpr size_t kAimBytes = wire::kAimRequestBytes / 100 * 97;
// Batches that are made before any is handed on; bounds what waits in memory.
constexpr size_t kBatchesPerThread = 2;
// One is encoded while the other is filled.
constexpr size_t kBuckets = 2;

}  // namespace

struct RowStage::Encoder {
  explicit Encoder(const RowStage& stage)
      : batch(dataset::RecordBatch::For(stage.specification_, stage.number_)),
        decoder(stage.specification_, stage.codes_) {}
  dataset::RecordBatch batch;
  RowDecoder decoder;
};

// Buckets on their way to the encoder, and back to be filled again.
struct RowStage::BucketQueues {
  BoundedQueue<std::unique_ptr<Bucket>> full{kBuckets};
  BoundedQueue<std::unique_ptr<Bucket>> empty{kBuckets};
};

void RowStage::Bucket::FindRows() {
  rows.clear();
  for (size_t at = 0; at < bytes.size(); at += RowSize(bytes.data() + at)) {
    rows.push_back(bytes.data() + at);
  }
}

void RowStage::Bucket::Clear() {
  WipeMemory(bytes.data(), bytes.size());
  bytes.clear();
  rows.clear();
}

RowStage::RowStage(const dataset::Specification& specification, uint32_t number,
                   const std::deque<SharedCodes>& codes,
                   const std::vector<uint32_t>& person_of, WorkerPool& pool)
    : specification_(specification),
      number_(number),
      codes_(codes),
      person_of_(person_of),
      pool_(pool),
      batch_rows_(kFirstBatchRows) {}

RowStage::~RowStage() = default;

absl::Status RowStage::ReadBuckets(BucketSpool& spool, BucketQueues& queues) {
  crypto::RandomStream random;
  for (size_t number = 0; number < spool.buckets(); ++number) {
    auto bucket = queues.empty.Pop();
    if (!bucket) break;
    TALLY_RETURN_IF_ERROR(spool.ReadBucket(number_, number, &(*bucket)->bytes));
    (*bucket)->FindRows();
    crypto::Shuffle(std::span<const char*>((*bucket)->rows), random);
    if (!queues.full.Push(std::move(*bucket))) break;
  }
  return absl::OkStatus();
}

absl::Status RowStage::Run(BucketSpool& spool, const Sink& sink) {
  BucketQueues queues;
  for (size_t i = 0; i < kBuckets; ++i) {
    queues.empty.Push(std::make_unique<Bucket>());
  }
  absl::Status read_status;
  std::thread reader([&] {
    read_status = ReadBuckets(spool, queues);
    queues.full.Close();
  });
  absl::Status status;
  size_t number = 0;
  while (auto bucket = queues.full.Pop()) {
    ++number;
    status = EncodeBucket(**bucket, number == spool.buckets(), sink);
    (*bucket)->Clear();
    if (!status.ok()) break;
    queues.empty.Push(std::move(*bucket));
  }
  queues.empty.Abort();
  queues.full.Abort();
  reader.join();
  left_.Clear();
  return status.ok() ? read_status : status;
}

absl::Status RowStage::EncodeBucket(Bucket& bucket, bool last,
                                    const Sink& sink) {
  std::vector<const char*> rows = left_.rows;
  rows.insert(rows.end(), bucket.rows.begin(), bucket.rows.end());
  size_t done = 0;
  while (done < rows.size()) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    const size_t step = batch_rows_;
    const size_t most =
        step * kBatchesPerThread * static_cast<size_t>(pool_.threads());
    size_t count = std::min(rows.size() - done, most);
    if (!last) count -= count % step;
    if (count == 0) break;
    std::vector<std::string> contents;
    TALLY_RETURN_IF_ERROR(
        EncodeBatches(std::span(rows).subspan(done, count), step, &contents));
    done += count;
    first_row_ += count;
    AdaptBatch(contents, count);
    TALLY_RETURN_IF_ERROR(sink(std::move(contents)));
  }
  Bucket left;
  for (size_t i = done; i < rows.size(); ++i) {
    left.bytes.append(rows[i], RowSize(rows[i]));
  }
  left_.Clear();
  left_ = std::move(left);
  left_.FindRows();
  return absl::OkStatus();
}

absl::Status RowStage::EncodeBatches(std::span<const char* const> rows,
                                     size_t step,
                                     std::vector<std::string>* contents) {
  const size_t batches = (rows.size() + step - 1) / step;
  std::vector<std::vector<std::string>> made(batches);
  TALLY_RETURN_IF_ERROR(pool_.ParallelFor(
      static_cast<int64_t>(batches), 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b) {
          const size_t from = static_cast<size_t>(b) * step;
          TALLY_RETURN_IF_ERROR(EncodeRange(
              rows.subspan(from, std::min(step, rows.size() - from)),
              first_row_ + from, &made[static_cast<size_t>(b)]));
        }
        return absl::OkStatus();
      }));
  for (auto& parts : made) {
    for (std::string& content : parts) contents->push_back(std::move(content));
  }
  return absl::OkStatus();
}

// One batch; two halves when it is too large.
absl::Status RowStage::EncodeRange(std::span<const char* const> rows,
                                   uint64_t first_row,
                                   std::vector<std::string>* out) {
  std::unique_ptr<Encoder> encoder = Borrow();
  encoder->decoder.Decode(rows, person_of_, &encoder->batch);
  encoder->batch.first_row = first_row;
  std::string content;
  const absl::Status status =
      wire::EncodeRowBatch(specification_, encoder->batch, content);
  Return(std::move(encoder));
  // The first batch is cut by a guess: wide rows can be more than a message.
  const bool halve = rows.size() > 1 &&
                     (status.ok() ? content.size() > wire::kAimRequestBytes
                                  : ReasonOf(status) == Reason::kBatchTooLarge);
  if (!halve) {
    TALLY_RETURN_IF_ERROR(status);
    out->push_back(std::move(content));
    return absl::OkStatus();
  }
  const size_t half = rows.size() / 2;
  TALLY_RETURN_IF_ERROR(EncodeRange(rows.subspan(0, half), first_row, out));
  return EncodeRange(rows.subspan(half), first_row + half, out);
}

// Rows a batch, from the bytes that rows took last.
void RowStage::AdaptBatch(const std::vector<std::string>& contents,
                          size_t rows) {
  size_t bytes = 0;
  for (const std::string& content : contents) bytes += content.size();
  if (rows == 0 || bytes == 0) return;
  batch_rows_ = std::clamp<size_t>(kAimBytes * rows / bytes, 1, wire::kMaxRows);
}

std::unique_ptr<RowStage::Encoder> RowStage::Borrow() {
  MutexLock lock(mu_);
  if (idle_.empty()) return std::make_unique<Encoder>(*this);
  std::unique_ptr<Encoder> encoder = std::move(idle_.back());
  idle_.pop_back();
  return encoder;
}

void RowStage::Return(std::unique_ptr<Encoder> encoder) {
  MutexLock lock(mu_);
  idle_.push_back(std::move(encoder));
}

}  // namespace tally::pseudonymiser
