// Reads one sealed index run: from end to end, from a token on, or one token.
//
// Role: hub, index plane: the merger, fsck and tests. It hands out hub tokens
// as the unprintable type HubToken; nothing outside linkage/index may keep one.
//
// Spec: docs/spec/run-v1.md
// Threading: one thread an object; several objects may read one file.
// Secrets: the plaintext of one frame at a time, wiped before it is freed.

#ifndef TALLY_LINKAGE_INDEX_RUN_READER_H_
#define TALLY_LINKAGE_INDEX_RUN_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_file.h"
#include "crypto/token.h"
#include "linkage/index/run_format.h"

namespace tally::linkage {

struct RunEntry {
  int32_t person_index = 0;
  uint8_t flags = 0;
};

class RunReader {
 public:
  // Opens and checks header, length and trailer: O(1), whatever the size.
  // Errors: kNotFound; RUN_CORRUPT if the file is not a complete run of this
  // context under this key (wrong place, cut, altered).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RunReader>> Open(
      std::string_view path, const crypto::SealContext& context,
      const crypto::StorageKeyFinder& storage_keys);

  ~RunReader();
  RunReader(const RunReader&) = delete;
  RunReader& operator=(const RunReader&) = delete;

  // As the trailer says; file_sha256 is empty.
  const RunSummary& summary() const;

  // Moves before the first record whose token is not below `token`.
  // Cost: one frame a bisection step. Errors: RUN_CORRUPT.
  [[nodiscard]] absl::Status Seek(const crypto::HubToken& token);

  // The next record, or nothing at the end. Errors: RUN_CORRUPT, also when
  // records are not strictly ascending.
  struct Record {
    crypto::HubToken token;
    RunEntry entry;
  };
  [[nodiscard]] absl::StatusOr<std::optional<Record>> Next();

  // The record of one token, by bisection; nothing if it is not in the run.
  // Moves the position. Errors: RUN_CORRUPT.
  [[nodiscard]] absl::StatusOr<std::optional<RunEntry>> Find(
      const crypto::HubToken& token);

 private:
  class Impl;
  explicit RunReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads the whole run and checks everything that can be checked without the
// tokens' origin: every tag, the order, each person_index below `records` and
// there once, unknown flags, count and digest of the trailer. Returns its
// summary with file_sha256. Errors: kNotFound, RUN_CORRUPT.
// Memory: one bit a record. Cost: one pass over the file.
[[nodiscard]] absl::StatusOr<RunSummary> VerifyRun(
    std::string_view path, const crypto::SealContext& context,
    const crypto::StorageKeyFinder& storage_keys);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_RUN_READER_H_
