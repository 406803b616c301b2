#include "batch_builder.h"

#include <algorithm>
#include <numeric>
#include <thread>
#include <utility>

#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/mutex.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "crypto/wiped_bytes.h"
#include "row_record.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"

namespace tally::pseudonymiser {
namespace {

constexpr uint32_t kVerifiedBit = uint32_t{1} << 31;
constexpr int64_t kTokensPerPiece = 1024;
constexpr size_t kFirstBatchRows = 4096;
// What the encoder aims at, with room for rows larger than the mean.
constexpr size_t kAimBytes = wire::kAimRequestBytes / 100 * 97;

crypto::NhsMessage MessageOf(uint32_t entry) {
  const auto number = NhsNumber::FromStem(entry & ~kVerifiedBit);
  TALLY_CHECK(number.has_value());
  const NhsNumber::Digits digits = number->digits();
  auto message = crypto::NhsMessage::Create({digits.data(), digits.size()});
  TALLY_CHECK(message.ok());
  return *message;
}

}  // namespace

// Encodes the rows of one dataset, bucket by bucket.
class BatchBuilder::RowStage {
 public:
  RowStage(const dataset::Specification& specification, uint32_t number,
           const std::deque<SharedCodes>& codes,
           const std::vector<uint32_t>& person_of, WorkerPool& pool)
      : specification_(specification),
        number_(number),
        codes_(codes),
        person_of_(person_of),
        pool_(pool) {}

  // Shuffles `rows` and encodes whole batches of them; what is left for the
  // next bucket stays in `rows`, unless this is the last.
  absl::Status Encode(std::string* rows, bool last,
                      std::vector<std::string>* contents) {
    std::vector<uint64_t> order;
    for (size_t at = 0; at < rows->size();) {
      order.push_back(at);
      at += RowSize(rows->data() + at);
    }
    crypto::Shuffle(std::span<uint64_t>(order), random_);
    size_t batches = order.size() / batch_rows_;
    if (last && order.size() % batch_rows_ != 0) ++batches;
    std::vector<std::vector<std::string>> made(batches);
    const size_t step = batch_rows_;
    TALLY_RETURN_IF_ERROR(pool_.ParallelFor(
        static_cast<int64_t>(batches), 1, [&](int64_t begin, int64_t end) {
          for (int64_t b = begin; b < end; ++b) {
            const size_t from = static_cast<size_t>(b) * step;
            const size_t to = std::min(from + step, order.size());
            TALLY_RETURN_IF_ERROR(EncodeRange(
                rows->data(), std::span(order).subspan(from, to - from),
                first_row_ + from, &made[static_cast<size_t>(b)]));
          }
          return absl::OkStatus();
        }));
    for (auto& parts : made) {
      for (std::string& content : parts)
        contents->push_back(std::move(content));
    }
    const size_t done = std::min(batches * step, order.size());
    first_row_ += done;
    AdaptBatch(*contents, done);
    std::string left;
    for (size_t i = done; i < order.size(); ++i) {
      const char* row = rows->data() + order[i];
      left.append(row, RowSize(row));
    }
    WipeMemory(rows->data(), rows->size());
    *rows = std::move(left);
    return absl::OkStatus();
  }

  uint64_t rows() const { return first_row_; }

 private:
  // What one worker needs; lent out, so that memory follows the threads.
  struct Encoder {
    explicit Encoder(const RowStage& stage)
        : batch(dataset::RecordBatch::For(stage.specification_, stage.number_)),
          decoder(stage.specification_, stage.codes_) {}
    dataset::RecordBatch batch;
    RowDecoder decoder;
  };

  std::unique_ptr<Encoder> Borrow() {
    MutexLock lock(mu_);
    if (idle_.empty()) return std::make_unique<Encoder>(*this);
    std::unique_ptr<Encoder> encoder = std::move(idle_.back());
    idle_.pop_back();
    return encoder;
  }
  void Return(std::unique_ptr<Encoder> encoder) {
    MutexLock lock(mu_);
    idle_.push_back(std::move(encoder));
  }

  // One batch; two halves when it is too large.
  absl::Status EncodeRange(const char* rows, std::span<const uint64_t> order,
                           uint64_t first_row, std::vector<std::string>* out) {
    std::unique_ptr<Encoder> encoder = Borrow();
    encoder->batch.Clear();
    encoder->batch.first_row = first_row;
    encoder->decoder.BeginBatch(&encoder->batch);
    for (const uint64_t at : order) {
      encoder->decoder.Append(rows + at, person_of_);
    }
    std::string content;
    const absl::Status status =
        wire::EncodeRowBatch(specification_, encoder->batch, content);
    Return(std::move(encoder));
    TALLY_RETURN_IF_ERROR(status);
    if (content.size() <= wire::kAimRequestBytes || order.size() == 1) {
      out->push_back(std::move(content));
      return absl::OkStatus();
    }
    const size_t half = order.size() / 2;
    TALLY_RETURN_IF_ERROR(
        EncodeRange(rows, order.subspan(0, half), first_row, out));
    return EncodeRange(rows, order.subspan(half), first_row + half, out);
  }

  // Rows a batch, from the bytes that rows have taken so far.
  void AdaptBatch(const std::vector<std::string>& contents, size_t rows) {
    size_t bytes = 0;
    for (const std::string& content : contents) bytes += content.size();
    if (rows == 0 || bytes == 0) return;
    batch_rows_ =
        std::clamp<size_t>(kAimBytes * rows / bytes, 1, wire::kMaxRows);
  }

  const dataset::Specification& specification_;
  const uint32_t number_;
  const std::deque<SharedCodes>& codes_;
  const std::vector<uint32_t>& person_of_;
  WorkerPool& pool_;
  crypto::RandomStream random_;
  size_t batch_rows_ = kFirstBatchRows;
  uint64_t first_row_ = 0;
  Mutex mu_;
  std::vector<std::unique_ptr<Encoder>> idle_ TALLY_GUARDED_BY(mu_);
};

BatchBuilder::BatchBuilder(const DeliveryPlan& plan, WorkerPool& pool,
                           ProgressReporter* progress)
    : plan_(plan), pool_(pool), progress_(progress) {}

// Tokens and flags of some people, in their order, on all cores.
absl::Status BatchBuilder::TokeniseGroup(const crypto::TokenKey& key,
                                         std::span<const uint32_t> numbers,
                                         std::span<uint8_t> tokens,
                                         std::span<uint8_t> flags) {
  return pool_.ParallelFor(
      static_cast<int64_t>(numbers.size()), kTokensPerPiece,
      [&](int64_t from, int64_t to) {
        std::vector<crypto::NhsMessage> messages;
        messages.reserve(static_cast<size_t>(to - from));
        for (int64_t i = from; i < to; ++i) {
          const size_t at = static_cast<size_t>(i);
          messages.push_back(MessageOf(numbers[at]));
          flags[at] =
              (numbers[at] & kVerifiedBit) != 0 ? wire::kFlagNumberVerified : 0;
        }
        const absl::Status status = key.Tokenise(
            messages,
            tokens.subspan(static_cast<size_t>(from) * wire::kTokenBytes,
                           messages.size() * wire::kTokenBytes));
        WipeMemory(messages.data(),
                   messages.size() * sizeof(crypto::NhsMessage));
        if (progress_ != nullptr) progress_->Add(to - from);
        return status;
      });
}

absl::StatusOr<BatchFacts> BatchBuilder::WritePersons(
    const PersonTable& people, const crypto::TokenKey& key,
    OutboxWriter* outbox) {
  const size_t count = people.persons();
  person_of_.resize(count);
  std::iota(person_of_.begin(), person_of_.end(), 0);
  crypto::RandomStream random;
  crypto::Shuffle(std::span<uint32_t>(person_of_), random);
  std::vector<uint32_t> numbers(count);
  people.ForEachPerson([&](NhsNumber number, uint32_t index, bool verified) {
    numbers[person_of_[index]] =
        number.stem() | (verified ? kVerifiedBit : uint32_t{0});
  });

  if (progress_ != nullptr) {
    progress_->Start("tokenising", "people", static_cast<int64_t>(count),
                     "people");
  }
  Sha256 digest;
  std::string content;
  const size_t group = wire::kMaxTokens * static_cast<size_t>(pool_.threads());
  crypto::WipedBytes tokens;
  std::vector<uint8_t> flags;
  for (size_t begin = 0; begin < count; begin += group) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    const size_t size = std::min(group, count - begin);
    tokens.resize(size * wire::kTokenBytes);
    flags.resize(size);
    TALLY_RETURN_IF_ERROR(TokeniseGroup(
        key, std::span<const uint32_t>(numbers).subspan(begin, size), tokens,
        flags));
    digest.Update(std::span<const uint8_t>(tokens));
    for (size_t at = 0; at < size; at += wire::kMaxTokens) {
      const size_t n = std::min(wire::kMaxTokens, size - at);
      const wire::PersonBatchView batch{
          .kind = wire::PersonKind::kNhsNumber,
          .first_person_index = begin + at,
          .tokens = std::span(tokens).subspan(at * wire::kTokenBytes,
                                              n * wire::kTokenBytes),
          .flags = std::span(flags).subspan(at, n)};
      TALLY_RETURN_IF_ERROR(wire::EncodePersonBatch(batch, content));
      TALLY_RETURN_IF_ERROR(outbox->Append(wire::BatchKind::kPerson, content));
    }
  }
  WipeMemory(numbers.data(), numbers.size() * sizeof(uint32_t));
  return BatchFacts{.persons = count,
                    .persons_sha256 = HexEncode(digest.Finish())};
}

absl::Status BatchBuilder::WriteRows(size_t number, ReadDelivery* read,
                                     OutboxWriter* outbox) {
  const DatasetPlan& plan = *plan_.datasets[number].plan;
  const uint64_t expected = read->report.datasets[number].counts.sent;
  if (progress_ != nullptr) {
    progress_->Start("shuffling", plan.id(), static_cast<int64_t>(expected),
                     "rows");
  }
  RowStage stage(plan.specification(), static_cast<uint32_t>(number),
                 read->codes[number], person_of_, pool_);
  BoundedQueue<std::vector<std::string>> queue(1);
  absl::Status write_status;
  std::thread writer([&] {
    while (auto contents = queue.Pop()) {
      for (const std::string& content : *contents) {
        write_status = outbox->Append(wire::BatchKind::kRows, content);
        if (!write_status.ok()) {
          queue.Abort();
          return;
        }
      }
    }
  });
  absl::Status status;
  std::string rows;
  const size_t buckets = read->rows->buckets();
  for (size_t bucket = 0; bucket < buckets && status.ok(); ++bucket) {
    status = CheckNotStopped();
    if (status.ok()) status = read->rows->ReadBucket(number, bucket, &rows);
    std::vector<std::string> contents;
    if (status.ok()) {
      status = stage.Encode(&rows, bucket + 1 == buckets, &contents);
    }
    if (!status.ok() || !queue.Push(std::move(contents))) break;
    if (progress_ != nullptr) {
      progress_->Update(static_cast<int64_t>(stage.rows()));
    }
  }
  queue.Close();
  writer.join();
  TALLY_RETURN_IF_ERROR(status);
  TALLY_RETURN_IF_ERROR(write_status);
  if (stage.rows() != expected) {
    return IntegrityError("rows were lost between reading and sending");
  }
  return absl::OkStatus();
}

absl::StatusOr<BatchFacts> BatchBuilder::Build(ReadDelivery* read,
                                               const crypto::TokenKey& key,
                                               OutboxWriter* outbox) {
  TALLY_ASSIGN_OR_RETURN(BatchFacts facts,
                         WritePersons(*read->people, key, outbox));
  // The numbers are not needed any more: from here on there are only tokens.
  read->people.reset();
  for (size_t i = 0; i < plan_.datasets.size(); ++i) {
    TALLY_RETURN_IF_ERROR(WriteRows(i, read, outbox));
  }
  return facts;
}

}  // namespace tally::pseudonymiser
