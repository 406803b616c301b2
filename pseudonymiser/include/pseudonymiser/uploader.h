#ifndef TALLY_PSEUDONYMISER_UPLOADER_H_
#define TALLY_PSEUDONYMISER_UPLOADER_H_

// Sends a complete spool to the hub and brings the receipt home. Every step may
// be cut and run again: the hub says what it has, the spool says what is to
// come, requests carry ids, so nothing is doubled or lost.
//
// Spec: docs/spec/api-v1.md, "Upload".
// Threading: one thread.
// Secrets: none of its own.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/progress.h"
#include "crypto/sign.h"
#include "dataset/receipt.h"
#include "pseudonymiser/extract_api.h"
#include "pseudonymiser/spool_store.h"

namespace tally::pseudonymiser {

struct UploadOptions {
  std::string source;      // id
  bool wait = true;        // until the extract is published
  int64_t timeout_ms = 0;  // for all of it; 0 = no limit
  int64_t poll_ms = 200;   // first pause between two looks; doubles to 2 s
  int64_t retry_pause_ms = 500;  // first pause after a broken stream
  int max_failures = 8;          // broken streams in a row without progress
};

class Uploader {
 public:
  // All must outlive this. `progress` may be null. `pause` waits so many
  // milliseconds; tests give one that does not.
  Uploader(ExtractApi& api, SpoolStore& store,
           const crypto::PublicKey& hub_sign_key, ProgressReporter* progress,
           UploadOptions options, std::function<void(int64_t ms)> pause);

  // Sends the spool of `extract` from where the hub is, finalises, waits until
  // it is published, verifies and keeps the receipt, then drops the spool.
  // Without UploadOptions::wait it returns nothing once the hub has taken the
  // manifest; the spool stays, and the same command fetches the receipt later.
  // Errors: those of the hub; the error of a rejected extract (the spool is
  // then dropped, except after JOURNAL_CORRUPT, which is no fault of its
  // content); kUnavailable (exit 5) when the hub does not come
  // back; kDataLoss (exit 11) for a receipt that is not the hub's or not about
  // this extract.
  absl::StatusOr<std::optional<dataset::Receipt>> Run(
      const std::string& extract);

 private:
  absl::Status Create(const DeliveryRecord& record);
  // Whether the extract of this name at the hub was created from `record`.
  absl::StatusOr<bool> IsAtHub(const DeliveryRecord& record);
  absl::Status Send(const DeliveryRecord& record, uint64_t persisted);
  absl::Status SendOnce(const DeliveryRecord& record, uint64_t next,
                        uint64_t* persisted);
  // How much the hub has; waits while the hub, after a start, reads it again,
  // however long that takes, and shows how far it is. `waited`: whether it did.
  absl::StatusOr<pb::GetUploadStatusResponse> WhereItStands(
      const DeliveryRecord& record, bool* waited);
  void ShowPushing(const DeliveryRecord& record, uint64_t persisted);
  absl::Status Finalize(const DeliveryRecord& record);
  absl::StatusOr<std::optional<dataset::Receipt>> Await(
      const DeliveryRecord& record);
  absl::StatusOr<dataset::Receipt> TakeReceipt(
      const DeliveryRecord& record, const pb::GetExtractResponse& response);
  absl::Status Rejected(const DeliveryRecord& record,
                        const pb::Extract& extract);
  absl::Status CheckTime() const;
  std::string NameOf(const DeliveryRecord& record) const;

  ExtractApi& api_;
  SpoolStore& store_;
  const crypto::PublicKey hub_sign_key_;
  ProgressReporter* progress_;
  const UploadOptions options_;
  std::function<void(int64_t)> pause_;
  int64_t started_ms_;
};

// Checks a receipt file against the hub's key: what `receipt verify` does.
// kDataLoss (exit 11) when the signature does not fit or it is no receipt.
absl::StatusOr<dataset::Receipt> VerifyReceipt(
    std::string_view json, const crypto::Signature& signature,
    const crypto::PublicKey& hub_sign_key);

// The error in a rejected extract, as a status with its detail.
absl::Status StatusOfDetail(const tally::common::v1::ErrorDetail& detail,
                            std::string_view what);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_UPLOADER_H_
