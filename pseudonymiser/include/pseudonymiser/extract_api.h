#ifndef TALLY_PSEUDONYMISER_EXTRACT_API_H_
#define TALLY_PSEUDONYMISER_EXTRACT_API_H_

// What a push asks of the hub, as an interface: the network is behind it, and
// in tests a hub made of rules. Errors are those of the hub with their detail;
// kUnavailable means that the hub could not be reached or the stream broke.
//
// Spec: docs/spec/api-v1.md, "Upload".
// Threading: one thread.
// Secrets: batches hold tokens and records; nothing here prints.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tally/extract/v1/extract.pb.h"
#include "wire/limits.h"

namespace tally::pseudonymiser {

namespace pb = ::tally::extract::v1;

// One open upload stream.
class UploadStream {
 public:
  virtual ~UploadStream() = default;

  // Sends the next batch; waits while the hub is slow. An error is the stream's
  // end: its status.
  virtual absl::Status Send(uint64_t sequence, wire::BatchKind kind,
                            std::string_view content) = 0;

  // Last batch that the hub says is on its disk.
  virtual uint64_t persisted() const = 0;

  // No more batches: waits until the hub has acknowledged what was sent and
  // ended the stream. Returns how the stream ended.
  virtual absl::Status Finish() = 0;
};

class ExtractApi {
 public:
  virtual ~ExtractApi() = default;

  virtual absl::StatusOr<pb::Extract> CreateExtract(
      const pb::CreateExtractRequest& request) = 0;
  virtual absl::StatusOr<pb::GetUploadStatusResponse> GetUploadStatus(
      const std::string& name) = 0;
  virtual absl::StatusOr<std::unique_ptr<UploadStream>> OpenUpload(
      const std::string& name, uint64_t next_sequence) = 0;
  virtual absl::StatusOr<pb::Extract> FinalizeExtract(
      const pb::FinalizeExtractRequest& request) = 0;
  virtual absl::StatusOr<pb::GetExtractResponse> GetExtract(
      const std::string& name) = 0;
  // All pages.
  virtual absl::StatusOr<std::vector<pb::Extract>> ListExtracts(
      const std::string& parent) = 0;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_EXTRACT_API_H_
