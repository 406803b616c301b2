#ifndef TALLY_PSEUDONYMISER_SRC_BATCH_BUILDER_H_
#define TALLY_PSEUDONYMISER_SRC_BATCH_BUILDER_H_

// From spooled rows to the batches that leave. Draws a fresh random order of
// people, which is their person_index; makes a token for each, once, on all
// cores; shuffles each bucket of rows and encodes it. Nothing of the order of
// the files is left.
//
// Spec: docs/spec/wire-v1.md, "Order".
// Threading: one thread calls; workers are inside.
// Secrets: NHS Numbers until they are tokens, and the tokens; wiped.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "crypto/source_key.h"
#include "delivery_reader.h"
#include "pseudonymiser/outbox.h"

namespace tally::pseudonymiser {

struct BatchFacts {
  uint64_t persons = 0;
  std::string persons_sha256;  // hex, over all tokens in order
};

class BatchBuilder {
 public:
  BatchBuilder(const DeliveryPlan& plan, WorkerPool& pool,
               ProgressReporter* progress);

  // Consumes `read`: people first, then rows, dataset by dataset, into
  // `outbox`. Errors of the spools, kDataLoss (exit 11) when the token
  // kernel's own check fails (nothing may then be used), kCancelled when a stop
  // was asked for.
  absl::StatusOr<BatchFacts> Build(ReadDelivery* read,
                                   const crypto::TokenKey& key,
                                   OutboxWriter* outbox);

 private:
  absl::Status TokeniseGroup(const crypto::TokenKey& key,
                             std::span<const uint32_t> numbers,
                             std::span<uint8_t> tokens,
                             std::span<uint8_t> flags);
  absl::StatusOr<BatchFacts> WritePersons(const PersonTable& people,
                                          const crypto::TokenKey& key,
                                          OutboxWriter* outbox);
  absl::Status WriteRows(size_t number, ReadDelivery* read,
                         OutboxWriter* outbox);

  const DeliveryPlan& plan_;
  WorkerPool& pool_;
  ProgressReporter* progress_;
  std::vector<uint32_t> person_of_;  // provisional number -> person_index
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_BATCH_BUILDER_H_
