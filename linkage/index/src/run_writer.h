// Writes a sealed run from sorted records: data frames, then the trailer.
//
// Spec: docs/spec/run-v1.md
// Threading: one thread an object.
// Secrets: one frame of plain records, wiped.

#ifndef TALLY_LINKAGE_INDEX_SRC_RUN_WRITER_H_
#define TALLY_LINKAGE_INDEX_SRC_RUN_WRITER_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/sha256.h"
#include "crypto/sealed_file.h"
#include "crypto/wiped_bytes.h"
#include "linkage/index/run_format.h"
#include "record.h"

namespace tally::linkage {

class RunWriter {
 public:
  [[nodiscard]] static absl::StatusOr<RunWriter> Create(
      const std::string& path, const crypto::SealContext& context,
      const crypto::StorageKey& key, const std::array<uint8_t, 8>& hub_key_id);

  // REQUIRES: records come in ascending order.
  [[nodiscard]] absl::Status Add(const Record& record) {
    std::memcpy(frame_.data() + used_, record.bytes, sizeof record);
    used_ += sizeof record;
    if (used_ < frame_.size()) return absl::OkStatus();
    return Flush();
  }
  // Writes the trailer and fsyncs. file_sha256 of the result is empty.
  [[nodiscard]] absl::StatusOr<RunSummary> Finish();

 private:
  RunWriter(crypto::SealedWriter writer,
            const std::array<uint8_t, 8>& hub_key_id);
  [[nodiscard]] absl::Status Flush();

  crypto::SealedWriter writer_;
  crypto::WipedBytes frame_;
  size_t used_ = 0;
  uint64_t records_ = 0;
  Sha256 digest_;
  std::array<uint8_t, 8> hub_key_id_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_RUN_WRITER_H_
