#ifndef TALLY_LINKAGE_SERVICE_SRC_UPLOAD_SESSION_H_
#define TALLY_LINKAGE_SERVICE_SRC_UPLOAD_SESSION_H_

// One upload stream without a network: messages in, acknowledgements out.
//
// An acknowledgement is due when the journal has fsynced a group (at the latest
// every 16 batches), when the stream ends, and when batches have waited 2 s.
//
// Threading: calls are serialised inside.
// Secrets: batches pass through.

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "linkage/service/hub.h"
#include "tally/extract/v1/extract.pb.h"
#include "transport/authoriser.h"

namespace tally::linkage {

inline constexpr int64_t kAckAfterMs = 2000;

class UploadSession {
 public:
  using Ack = std::optional<int64_t>;  // persisted_sequence to send

  // `authoriser` checks that the caller may name the extract.
  UploadSession(Hub& hub, transport::Authoriser& authoriser,
                transport::Caller caller)
      : hub_(hub), authoriser_(authoriser), caller_(std::move(caller)) {}

  // Takes the next message. Errors: FIELD_INVALID for a message out of its
  // place; NOT_YOUR_RESOURCE; those of ExtractStore.
  [[nodiscard]] absl::StatusOr<Ack> Take(
      const extract::v1::UploadBatchesRequest& message, int64_t now_ms);

  // Makes everything durable.
  [[nodiscard]] absl::StatusOr<Ack> Flush();

  // Whether batches have waited longer than kAckAfterMs.
  bool IsAckDue(int64_t now_ms) const;

 private:
  absl::StatusOr<Ack> Start(const extract::v1::UploadStart& start);
  Ack AckOf(uint64_t persisted) TALLY_REQUIRES(mu_);

  Hub& hub_;
  transport::Authoriser& authoriser_;
  const transport::Caller caller_;

  mutable Mutex mu_;
  std::optional<UploadTicket> ticket_ TALLY_GUARDED_BY(mu_);
  uint64_t acked_ TALLY_GUARDED_BY(mu_) = 0;
  int64_t waiting_since_ms_ TALLY_GUARDED_BY(mu_) = -1;  // -1: nothing waits
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_UPLOAD_SESSION_H_
