#ifndef TALLY_PSEUDONYMISER_SPOOL_STORE_H_
#define TALLY_PSEUDONYMISER_SPOOL_STORE_H_

// What a source keeps on disk between runs, below its state directory:
//   spool/<extract>/outbox.spool     the batches, sealed
//   spool/<extract>/delivery.spool   what else sending needs, sealed; its
//                                    presence says that the spool is complete
//   receipts/<extract>.json  .sig    the hub's receipt
//   receipts/<extract>.inputs        which files gave it, sealed
// A spool without delivery.spool is the remainder of a run that was cut while
// it read; it is removed and made anew.
//
// Spec: docs/spec/sealed-files-v1.md, "Spool".
// Threading: one process at a time (Lock); one thread.
// Secrets: sealed under the source's storage key, bound to each file's place.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/json.h"
#include "crypto/keys.h"
#include "crypto/sealed_file.h"
#include "dataset/resource_name.h"
#include "pseudonymiser/configuration.h"
#include "pseudonymiser/input_file.h"

namespace tally::pseudonymiser {

// Which files, and under which terms, gave an extract. Two deliveries with
// equal inputs are the same delivery.
struct DeliveryInputs {
  struct File {
    std::string dataset;
    std::string path;
    FileIdentity identity;
    std::string sha256;  // hex
  };
  std::string terms;  // period, specifications, settings, key: one line of JSON
  std::string lists;  // lists and their state: one line of JSON
  std::vector<File> files;

  JsonValue ToJson() const;
  [[nodiscard]] static absl::StatusOr<DeliveryInputs> FromJson(
      const JsonValue& json);
};

// All that sending an extract needs besides its batches.
struct DeliveryRecord {
  std::string extract;  // id
  DeliveryInputs inputs;
  struct Dataset {
    std::string id;
    std::string spec_sha256;  // hex
  };
  std::vector<Dataset> datasets;
  int32_t period_start = 0;
  int32_t period_end = 0;
  std::string key_id;  // hex
  uint32_t epoch = 0;
  std::string canary_tokens;  // bytes
  std::string canary_proof;   // bytes
  std::string create_request_id;
  std::string finalize_request_id;
  uint64_t batches = 0;
  uint64_t rows = 0;
  std::string manifest;   // bytes
  std::string signature;  // 64 bytes

  std::string ToJson() const;
  [[nodiscard]] static absl::StatusOr<DeliveryRecord> FromJson(
      std::string_view text);
};

class SpoolStore {
 public:
  // `keys`: storage keys, the first one seals. Both must outlive this.
  SpoolStore(const Configuration& configuration,
             const std::vector<crypto::StorageKey>& keys);

  // Makes the folders and takes the lock: one push at a time. kAborted (exit
  // 7) when another one runs.
  absl::Status Lock();

  // Ids with a complete spool; needs neither keys nor the lock.
  static absl::StatusOr<std::vector<std::string>> Begun(
      const Configuration& configuration);
  bool IsBegun(std::string_view extract) const;

  // An empty folder for a new spool; what was there is removed.
  absl::Status Prepare(std::string_view extract);
  std::string PathOf(std::string_view extract, std::string_view file) const;
  crypto::SealContext ContextOf(std::string_view extract,
                                std::string_view file) const;

  // Completes a spool. kResourceExhausted (exit 5) when the disk is full.
  absl::Status WriteRecord(const DeliveryRecord& record);
  absl::StatusOr<DeliveryRecord> ReadRecord(std::string_view extract) const;
  absl::Status Drop(std::string_view extract);
  // Removes spools that are not complete.
  absl::Status DropUnfinished();

  struct StoredReceipt {
    std::string json;       // as the hub signed it
    std::string signature;  // text of the .sig file
  };
  bool HasReceipt(std::string_view extract) const;
  absl::StatusOr<StoredReceipt> ReadReceipt(std::string_view extract) const;
  absl::Status WriteReceipt(std::string_view extract,
                            const StoredReceipt& receipt,
                            const DeliveryInputs& inputs);
  // Empty when the receipt came without (from an older program).
  absl::StatusOr<std::optional<DeliveryInputs>> ReadReceiptInputs(
      std::string_view extract) const;
  // Ids with a receipt, ascending by text.
  absl::StatusOr<std::vector<std::string>> Receipts() const;

  const crypto::StorageKey& sealing_key() const { return keys_.front(); }

 private:
  absl::Status WriteSealed(const std::string& path,
                           const crypto::SealContext& context,
                           std::string_view text);
  absl::StatusOr<std::string> ReadSealed(
      const std::string& path, const crypto::SealContext& context) const;
  crypto::SealContext ContextFor(std::string relative) const;

  const Configuration& configuration_;
  const std::vector<crypto::StorageKey>& keys_;
  std::optional<FileLock> lock_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SPOOL_STORE_H_
