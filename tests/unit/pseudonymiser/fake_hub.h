#ifndef TALLY_TESTS_UNIT_PSEUDONYMISER_FAKE_HUB_H_
#define TALLY_TESTS_UNIT_PSEUDONYMISER_FAKE_HUB_H_

// A hub made of its rules, behind ExtractApi: sequence, order of batches,
// repeats, canary, manifest, digest, receipt. It fails where a test says so.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/registry.h"
#include "crypto/sign.h"
#include "pseudonymiser/extract_api.h"

namespace tally::pseudonymiser {

class FakeHub final : public ExtractApi {
 public:
  FakeHub(const crypto::Registry& registry, const crypto::SigningKey& sign)
      : registry_(registry), sign_(sign) {}

  struct Upload {
    pb::CreateExtractRequest request;
    std::vector<std::string> batches;  // kind(1) || content
    uint64_t persisted = 0;            // what a restart of the hub would keep
    pb::ExtractState state = pb::EXTRACT_STATE_OPEN;
    tally::common::v1::ErrorDetail error;
    std::string manifest;
    std::string receipt;
    std::string receipt_signature;
    int streams = 0;
    int polls = 0;
  };

  absl::StatusOr<pb::Extract> CreateExtract(
      const pb::CreateExtractRequest& request) override;
  absl::StatusOr<pb::GetUploadStatusResponse> GetUploadStatus(
      const std::string& name) override;
  absl::StatusOr<std::unique_ptr<UploadStream>> OpenUpload(
      const std::string& name, uint64_t next_sequence) override;
  absl::StatusOr<pb::Extract> FinalizeExtract(
      const pb::FinalizeExtractRequest& request) override;
  absl::StatusOr<pb::GetExtractResponse> GetExtract(
      const std::string& name) override;
  absl::StatusOr<std::vector<pb::Extract>> ListExtracts(
      const std::string& parent) override;

  Upload& upload(const std::string& id) { return uploads_.at(id); }
  bool has(const std::string& id) const { return uploads_.count(id) != 0; }
  int calls() const { return calls_; }
  // As after a month.
  void ForgetRequests() { create_ids_.clear(); }

  // The stream breaks after so many batches were sent on it; 0 = never.
  int break_after = 0;
  // CreateExtract is answered with this reason; none: it works.
  Reason refuse_create = Reason::kUnspecified;
  // Breaks at most so often.
  int breaks_left = 1'000'000;
  // After a break the hub has lost what was not acknowledged yet.
  bool lose_unacknowledged = false;
  // The next so many calls fail as if the hub were away.
  int away = 0;
  // So many times the hub says that it reads its journal, and knows no number.
  int readings = 0;
  // Polls until it is published.
  int polls_to_publish = 1;
  // Rejects at finalise with this reason.
  int reject_with = 0;
  // Changes a byte of the receipt after it was signed.
  bool spoil_receipt = false;

 private:
  friend class FakeStream;
  absl::Status Away();
  pb::Extract Show(const std::string& id) const;
  absl::Status Publish(Upload& upload);
  absl::StatusOr<Upload*> Find(const std::string& name);

  const crypto::Registry& registry_;
  const crypto::SigningKey& sign_;
  std::map<std::string, Upload> uploads_;
  std::map<std::string, std::string> create_ids_;  // request id -> bytes
  int calls_ = 0;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_TESTS_UNIT_PSEUDONYMISER_FAKE_HUB_H_
