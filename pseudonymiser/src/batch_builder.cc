#include "batch_builder.h"

#include <algorithm>
#include <numeric>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "crypto/wiped_bytes.h"
#include "row_stage.h"
#include "wire/person_batch_codec.h"

namespace tally::pseudonymiser {
namespace {

constexpr uint32_t kVerifiedBit = uint32_t{1} << 31;
constexpr int64_t kTokensPerPiece = 1024;

crypto::NhsMessage MessageOf(uint32_t entry) {
  const auto number = NhsNumber::FromStem(entry & ~kVerifiedBit);
  TALLY_CHECK(number.has_value());
  const NhsNumber::Digits digits = number->digits();
  auto message = crypto::NhsMessage::Create({digits.data(), digits.size()});
  TALLY_CHECK(message.ok());
  return *message;
}

}  // namespace

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
        TALLY_RETURN_IF_ERROR(CheckNotStopped());
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
  const auto wipe = absl::MakeCleanup([&numbers] {
    WipeMemory(numbers.data(), numbers.size() * sizeof(uint32_t));
  });
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
  const absl::Status status =
      stage.Run(*read->rows, [&](std::vector<std::string> contents) {
        if (!queue.Push(std::move(contents))) {
          return absl::CancelledError("the writer stopped");
        }
        if (progress_ != nullptr) {
          progress_->Update(static_cast<int64_t>(stage.rows()));
        }
        return absl::OkStatus();
      });
  queue.Close();
  writer.join();
  TALLY_RETURN_IF_ERROR(write_status);
  TALLY_RETURN_IF_ERROR(status);
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
