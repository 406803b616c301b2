#include "bucket_spool.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::pseudonymiser {
namespace {

constexpr size_t kFewestBuckets = 64;
constexpr size_t kMostBuckets = 4096;
constexpr int64_t kBucketBytes = int64_t{32} << 20;
constexpr size_t kLargeFrame = 32 * 1024;
constexpr size_t kSmallFrame = 4 * 1024;
constexpr int64_t kMostBuffers = int64_t{48} << 20;

// What each pen may use for its buffers.
size_t PenBytes(const BucketSpool::Options& options) {
  const int64_t room =
      std::clamp<int64_t>(options.buffer_bytes, 0, kMostBuffers);
  return static_cast<size_t>(room) /
         static_cast<size_t>(std::max(options.pens, 1));
}

}  // namespace

size_t BucketSpool::BucketsFor(const Options& options) {
  const auto wanted = static_cast<size_t>(
      std::max<int64_t>(options.input_bytes / kBucketBytes, 1));
  const size_t fit = std::max<size_t>(PenBytes(options) / kSmallFrame, 1);
  return std::clamp(std::min(std::bit_ceil(wanted), std::bit_floor(fit)),
                    kFewestBuckets, kMostBuckets);
}

absl::StatusOr<std::unique_ptr<BucketSpool>> BucketSpool::Create(
    const Options& options, const crypto::StorageKey& key) {
  TALLY_ASSIGN_OR_RETURN(crypto::SealedWriter writer,
                         crypto::SealedWriter::Create(
                             options.path, key, crypto::SealedKind::kSpool,
                             options.context, 1U << 20));
  std::unique_ptr<BucketSpool> spool(new BucketSpool(options, &key));
  MutexLock lock(spool->mu_);
  spool->writer_.emplace(std::move(writer));
  return spool;
}

std::unique_ptr<BucketSpool> BucketSpool::Measuring(const Options& options) {
  return std::unique_ptr<BucketSpool>(new BucketSpool(options, nullptr));
}

BucketSpool::BucketSpool(const Options& options, const crypto::StorageKey* key)
    : options_(options),
      key_(key),
      buckets_(BucketsFor(options)),
      frame_bytes_(
          std::clamp(PenBytes(options) / buckets_, kSmallFrame, kLargeFrame)),
      frames_(options.datasets * buckets_) {}

BucketSpool::~BucketSpool() {
  if (key_ == nullptr) return;
  // Sealed under a key that stays, but of no use to anyone: what cannot be
  // removed now is removed by the next push.
  static_cast<void>(RemoveFile(options_.path));
}

uint64_t BucketSpool::SizeBytes() const {
  return writer_.has_value() ? writer_->size_bytes() : measured_bytes_;
}

uint64_t BucketSpool::bytes() const {
  MutexLock lock(mu_);
  return SizeBytes();
}

absl::Status BucketSpool::Append(size_t dataset, size_t bucket,
                                 std::string_view rows) {
  MutexLock lock(mu_);
  const uint64_t offset = SizeBytes();
  const uint64_t frame_bytes = rows.size() + crypto::kFrameOverhead;
  if (offset + frame_bytes > static_cast<uint64_t>(options_.max_bytes)) {
    return WithExitCode(
        absl::ResourceExhaustedError(absl::StrFormat(
            "the spool would grow beyond state.max_spool (%s); raise it and "
            "push again",
            FormatSize(options_.max_bytes))),
        kExitTemporary);
  }
  if (!writer_.has_value()) {
    measured_bytes_ += frame_bytes;
    return absl::OkStatus();
  }
  const Frame frame{.offset = offset, .sequence = writer_->frames()};
  TALLY_RETURN_IF_ERROR(writer_->Append(AsBytes(rows), false));
  frames_[dataset * buckets_ + bucket].push_back(frame);
  return absl::OkStatus();
}

absl::Status BucketSpool::Close() {
  MutexLock lock(mu_);
  if (!writer_.has_value()) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(writer_->Append({}, true));
  TALLY_ASSIGN_OR_RETURN(
      crypto::SealedReader reader,
      crypto::SealedReader::Open(options_.path, *key_,
                                 crypto::SealedKind::kSpool, options_.context));
  reader_.emplace(std::move(reader));
  return absl::OkStatus();
}

absl::Status BucketSpool::ReadBucket(size_t dataset, size_t bucket,
                                     std::string* out) {
  std::vector<Frame> frames;
  {
    MutexLock lock(mu_);
    frames = frames_[dataset * buckets_ + bucket];
  }
  TALLY_CHECK(reader_.has_value());
  // So that no copy stays behind where the text was before it grew.
  out->reserve(out->size() + frames.size() * frame_bytes_);
  crypto::WipedBytes plain;
  for (const Frame& frame : frames) {
    TALLY_RETURN_IF_ERROR(
        reader_->ReadFrameAt(frame.offset, frame.sequence, plain).status());
    out->append(AsChars(plain));
  }
  return absl::OkStatus();
}

BucketSpool::Pen::Pen(BucketSpool* spool, size_t dataset)
    : spool_(spool),
      dataset_(dataset),
      buffers_(spool->buckets_),
      bits_per_bucket_(std::countr_zero(spool->buckets_)) {
  for (std::string& buffer : buffers_) buffer.reserve(spool_->frame_bytes_);
}

size_t BucketSpool::Pen::RandomBucket() {
  if (bits_left_ < bits_per_bucket_) {
    bits_ = random_.Next();
    bits_left_ = 64;
  }
  const size_t bucket = bits_ & (buffers_.size() - 1);
  bits_ >>= bits_per_bucket_;
  bits_left_ -= bits_per_bucket_;
  return bucket;
}

absl::Status BucketSpool::Pen::Write(std::string_view row) {
  const size_t bucket = RandomBucket();
  std::string& buffer = buffers_[bucket];
  if (buffer.size() + row.size() > spool_->frame_bytes_ && !buffer.empty()) {
    TALLY_RETURN_IF_ERROR(spool_->Append(dataset_, bucket, buffer));
    buffer.clear();
  }
  buffer.append(row);
  return absl::OkStatus();
}

absl::Status BucketSpool::Pen::Flush() {
  for (size_t bucket = 0; bucket < buffers_.size(); ++bucket) {
    std::string& buffer = buffers_[bucket];
    if (!buffer.empty()) {
      TALLY_RETURN_IF_ERROR(spool_->Append(dataset_, bucket, buffer));
    }
    WipeMemory(buffer.data(), buffer.size());
    buffer.clear();
  }
  return absl::OkStatus();
}

}  // namespace tally::pseudonymiser
