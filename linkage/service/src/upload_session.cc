#include "upload_session.h"

#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/status.h"
#include "dataset/resource_name.h"
#include "wire/limits.h"

namespace tally::linkage {
namespace {

constexpr char kUploadMethod[] =
    "tally.extract.v1.ExtractService.UploadBatches";

absl::Status OutOfPlace(std::string field, std::string_view what) {
  ErrorDetail detail;
  detail.field = std::move(field);
  return Error(Reason::kFieldInvalid, std::string(what), std::move(detail));
}

}  // namespace

UploadSession::Ack UploadSession::AckOf(uint64_t persisted) {
  if (persisted <= acked_) return std::nullopt;
  acked_ = persisted;
  return static_cast<int64_t>(persisted);
}

absl::StatusOr<UploadSession::Ack> UploadSession::Start(
    const extract::v1::UploadStart& start) {
  TALLY_RETURN_IF_ERROR(
      authoriser_.CheckResource(caller_, kUploadMethod, start.extract()));
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractName name,
                         dataset::ParseExtractName(start.extract()));
  if (start.next_sequence() < 1) {
    return OutOfPlace("start.next_sequence", "next_sequence must be 1 or more");
  }
  TALLY_ASSIGN_OR_RETURN(UploadTicket ticket,
                         hub_.extracts().BeginStream(
                             name.source, name.extract.ToText(),
                             static_cast<uint64_t>(start.next_sequence())));
  MutexLock lock(mu_);
  ticket_ = std::move(ticket);
  return Ack();
}

absl::StatusOr<UploadSession::Ack> UploadSession::Take(
    const extract::v1::UploadBatchesRequest& message, int64_t now_ms) {
  UploadTicket ticket;
  {
    MutexLock lock(mu_);
    if (message.has_start()) {
      if (ticket_.has_value()) {
        return OutOfPlace("start", "a stream starts once");
      }
    } else if (!message.has_batch() || !ticket_.has_value()) {
      return OutOfPlace("start", "a stream begins with start");
    } else {
      ticket = *ticket_;
    }
  }
  if (message.has_start()) return Start(message.start());
  const extract::v1::UploadBatch& batch = message.batch();
  if (batch.kind() != extract::v1::BATCH_KIND_PERSON &&
      batch.kind() != extract::v1::BATCH_KIND_ROWS) {
    return OutOfPlace("batch.kind", "kind must be PERSON or ROWS");
  }
  if (batch.sequence() < 1) {
    return Error(Reason::kBatchSequence, "sequences begin at 1");
  }
  TALLY_ASSIGN_OR_RETURN(
      const uint64_t persisted,
      hub_.extracts().AddBatch(ticket, static_cast<uint64_t>(batch.sequence()),
                               static_cast<wire::BatchKind>(batch.kind()),
                               AsBytes(batch.content())));
  MutexLock lock(mu_);
  if (persisted >= static_cast<uint64_t>(batch.sequence())) {
    waiting_since_ms_ = -1;
  } else if (waiting_since_ms_ < 0) {
    waiting_since_ms_ = now_ms;
  }
  return AckOf(persisted);
}

absl::StatusOr<UploadSession::Ack> UploadSession::Flush() {
  UploadTicket ticket;
  {
    MutexLock lock(mu_);
    if (!ticket_.has_value()) return Ack();
    ticket = *ticket_;
    waiting_since_ms_ = -1;
  }
  TALLY_ASSIGN_OR_RETURN(const uint64_t persisted,
                         hub_.extracts().Sync(ticket));
  MutexLock lock(mu_);
  return AckOf(persisted);
}

bool UploadSession::IsAckDue(int64_t now_ms) const {
  MutexLock lock(mu_);
  return waiting_since_ms_ >= 0 && now_ms - waiting_since_ms_ >= kAckAfterMs;
}

}  // namespace tally::linkage
