#ifndef TALLY_PSEUDONYMISER_PUSH_JOB_H_
#define TALLY_PSEUDONYMISER_PUSH_JOB_H_

// One run of `push`: decides which extract this is, goes on with a spool that
// was begun or makes a new one, uploads, and brings the receipt home. The same
// command is right in every state that an earlier run may have left.
//
//   state found                                   what is done
//   a spool of this period, same files            goes on with it
//   the same, but a list that excludes changed,   drops it and reads again, if
//   or the spool is older than a list may be        the hub has not taken it
//   a spool, other files or settings              conflict, exit 7 (--restart)
//   a receipt for the same files, terms, lists    prints it
//   a receipt, and --revision names it, others    conflict, exit 7
//   anything else                                 the next free revision
//
// Spec: docs/pseudonymiser.md, "What a push does".
// Threading: one thread calls.
// Secrets: see the parts.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "crypto/source_key.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/delivery_report.h"
#include "pseudonymiser/extract_api.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/spool_store.h"
#include "pseudonymiser/uploader.h"

namespace tally::pseudonymiser {

struct PushRequest {
  std::optional<uint32_t> revision;
  bool restart = false;  // drop a spool that was begun
  UploadOptions upload;
};

struct PushResult {
  std::string extract;  // id
  // Nothing with UploadOptions::wait false while the hub is still publishing.
  std::optional<dataset::Receipt> receipt;
  std::string receipt_json;              // as the hub signed it
  bool repeated = false;                 // the receipt of an earlier push
  std::optional<DeliveryReport> report;  // when files were read
  std::vector<std::string> notes;        // for the screen
};

class PushJob {
 public:
  // All must outlive this; `progress` may be null.
  PushJob(const DeliveryPlan& plan, const SourceKeys& keys,
          const crypto::Registry& registry, const crypto::TokenKernel& kernel,
          ExtractApi& api, SpoolStore& store, WorkerPool& pool,
          ProgressReporter* progress, CivilDay today);

  // For tests: waits between attempts.
  void SetPause(std::function<void(int64_t ms)> pause) {
    pause_ = std::move(pause);
  }
  // Called with the report of files that were read, before anything is sent
  // and also when they are refused.
  void SetOnReport(
      std::function<void(const std::string& extract, const DeliveryReport&)>
          fn) {
    on_report_ = std::move(fn);
  }

  // REQUIRES: the store is locked. Errors: those of the parts; kInvalidArgument
  // (exit 8) when the delivery was refused; kFailedPrecondition (exit 7) for
  // the conflicts above.
  absl::StatusOr<PushResult> Run(const PushRequest& request);

 private:
  struct Choice {
    dataset::ExtractId extract;
    bool go_on = false;  // with the spool that is there
    bool print_receipt = false;
  };

  absl::StatusOr<Choice> Choose(const PushRequest& request,
                                const DeliveryInputs& terms,
                                std::vector<std::string>* notes);
  absl::StatusOr<Choice> ChooseNew(const PushRequest& request,
                                   const DeliveryInputs& terms);
  absl::StatusOr<bool> IsSameDelivery(const DeliveryInputs& terms,
                                      const DeliveryInputs& known,
                                      bool with_lists) const;
  absl::StatusOr<std::optional<uint32_t>> NewestBegun() const;
  bool IsSpoolTooOld(const std::string& extract) const;
  absl::StatusOr<bool> IsOutdated(const std::string& extract,
                                  const DeliveryInputs& terms,
                                  const DeliveryInputs& known) const;
  absl::StatusOr<PushResult> StoredResult(const std::string& extract) const;

  const DeliveryPlan& plan_;
  const SourceKeys& keys_;
  const crypto::Registry& registry_;
  const crypto::TokenKernel& kernel_;
  ExtractApi& api_;
  SpoolStore& store_;
  WorkerPool& pool_;
  ProgressReporter* progress_;
  const CivilDay today_;
  std::function<void(int64_t)> pause_;
  std::function<void(const std::string&, const DeliveryReport&)> on_report_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_PUSH_JOB_H_
