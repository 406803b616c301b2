#include "fake_hub.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/canary.h"
#include "dataset/extract_manifest.h"
#include "dataset/receipt.h"
#include "dataset/resource_name.h"
#include "wire/person_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::pseudonymiser {

class FakeStream final : public UploadStream {
 public:
  FakeStream(FakeHub& hub, FakeHub::Upload& upload)
      : hub_(hub), upload_(upload), persisted_(upload.persisted) {}

  absl::Status Send(uint64_t sequence, wire::BatchKind kind,
                    std::string_view content) override {
    if (broken_) return absl::UnavailableError("broken");
    if (hub_.break_after > 0 && sent_ >= hub_.break_after &&
        hub_.breaks_left > 0) {
      --hub_.breaks_left;
      broken_ = true;
      if (hub_.lose_unacknowledged) upload_.batches.resize(upload_.persisted);
      return absl::UnavailableError("broken");
    }
    ++sent_;
    std::string bytes(1, static_cast<char>(kind));
    bytes.append(content);
    if (bytes.size() > wire::kMaxContentBytes) {
      return Error(Reason::kBatchTooLarge, "too large");
    }
    const size_t have = upload_.batches.size();
    if (sequence <= have) {
      if (upload_.batches[sequence - 1] != bytes) {
        return Error(Reason::kBatchConflict, "other bytes");
      }
    } else if (sequence != have + 1) {
      return Error(Reason::kBatchSequence, "gap");
    } else {
      if (kind == wire::BatchKind::kPerson && have > 0 &&
          upload_.batches.back()[0] == 2) {
        return Error(Reason::kBatchOrder, "people after rows");
      }
      upload_.batches.push_back(std::move(bytes));
    }
    if (upload_.batches.size() - upload_.persisted >= wire::kAckBatches) Ack();
    return absl::OkStatus();
  }
  uint64_t persisted() const override { return persisted_; }
  absl::Status Finish() override {
    if (broken_) return absl::UnavailableError("broken");
    Ack();
    return absl::OkStatus();
  }

 private:
  void Ack() {
    upload_.persisted = upload_.batches.size();
    persisted_ = upload_.persisted;
  }

  FakeHub& hub_;
  FakeHub::Upload& upload_;
  uint64_t persisted_;
  int sent_ = 0;
  bool broken_ = false;
};

absl::Status FakeHub::Away() {
  ++calls_;
  if (away <= 0) return absl::OkStatus();
  --away;
  return absl::UnavailableError("the hub does not answer");
}

absl::StatusOr<FakeHub::Upload*> FakeHub::Find(const std::string& name) {
  TALLY_RETURN_IF_ERROR(Away());
  TALLY_ASSIGN_OR_RETURN(const auto parsed, dataset::ParseExtractName(name));
  const auto at = uploads_.find(parsed.extract.ToText());
  if (at == uploads_.end()) {
    return Error(Reason::kResourceNotFound, "no such extract");
  }
  return &at->second;
}

pb::Extract FakeHub::Show(const std::string& id) const {
  const Upload& upload = uploads_.at(id);
  pb::Extract extract;
  extract.set_name(
      absl::StrFormat("%s/extracts/%s", upload.request.parent(), id));
  extract.set_state(upload.state);
  *extract.mutable_error() = upload.error;
  extract.set_key_id(upload.request.key_id());
  extract.set_epoch(upload.request.epoch());
  extract.set_period_start(upload.request.period_start());
  extract.set_period_end(upload.request.period_end());
  for (const auto& one : upload.request.datasets()) {
    auto* dataset = extract.add_datasets();
    dataset->set_dataset(one.dataset());
    dataset->set_spec_sha256(one.spec_sha256());
  }
  return extract;
}

absl::StatusOr<pb::Extract> FakeHub::CreateExtract(
    const pb::CreateExtractRequest& request) {
  TALLY_RETURN_IF_ERROR(Away());
  if (refuse_create != Reason::kUnspecified) {
    return Error(refuse_create, "refused");
  }
  const std::string bytes = request.SerializeAsString();
  const auto replay = create_ids_.find(request.request_id());
  if (replay != create_ids_.end()) {
    if (replay->second != bytes) {
      return Error(Reason::kRequestIdReused, "request id");
    }
    return Show(request.extract_id());
  }
  const auto known = uploads_.find(request.extract_id());
  if (known != uploads_.end() &&
      known->second.state != pb::EXTRACT_STATE_REJECTED) {
    return Error(Reason::kResourceExists, "exists");
  }
  TALLY_ASSIGN_OR_RETURN(const auto key_id,
                         crypto::KeyId::FromBytes(AsBytes(request.key_id())));
  TALLY_ASSIGN_OR_RETURN(
      const auto key,
      registry_.FindSourceKey("gp-supplier-a", "commissioning", key_id,
                              static_cast<uint32_t>(request.epoch())));
  TALLY_RETURN_IF_ERROR(crypto::VerifyCanaryProof(
      key.public_key, AsBytes(request.canary_tokens()),
      AsBytes(request.canary_proof())));
  create_ids_[request.request_id()] = bytes;
  Upload upload;
  upload.request = request;
  uploads_[request.extract_id()] = std::move(upload);
  return Show(request.extract_id());
}

absl::StatusOr<pb::GetUploadStatusResponse> FakeHub::GetUploadStatus(
    const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(const Upload* upload, Find(name));
  pb::GetUploadStatusResponse response;
  response.set_state(upload->state);
  if (readings > 0) {
    --readings;
    response.mutable_reading()->set_stage("read journal");
    return response;
  }
  response.set_persisted_sequence(static_cast<int64_t>(upload->persisted));
  return response;
}

absl::StatusOr<std::unique_ptr<UploadStream>> FakeHub::OpenUpload(
    const std::string& name, uint64_t next_sequence) {
  TALLY_ASSIGN_OR_RETURN(Upload * upload, Find(name));
  if (upload->state != pb::EXTRACT_STATE_OPEN) {
    return Error(Reason::kExtractState, "not open");
  }
  if (next_sequence > upload->batches.size() + 1) {
    return Error(Reason::kBatchSequence, "beyond");
  }
  ++upload->streams;
  return std::make_unique<FakeStream>(*this, *upload);
}

absl::Status FakeHub::Publish(Upload& upload) {
  TALLY_ASSIGN_OR_RETURN(const auto manifest,
                         dataset::ExtractManifest::Parse(upload.manifest));
  dataset::Receipt receipt =
      dataset::Receipt::For(manifest, Sha256Hex(upload.manifest),
                            "2026-12-01T10:00:00Z", upload.streams > 1);
  upload.receipt = receipt.ToJson();
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature signature,
      sign_.Sign(crypto::SignLabel::kReceipt, upload.receipt));
  upload.receipt_signature.assign(signature.begin(), signature.end());
  if (spoil_receipt) upload.receipt[upload.receipt.size() / 2] ^= 1;
  upload.state = pb::EXTRACT_STATE_PUBLISHED;
  return absl::OkStatus();
}

absl::StatusOr<pb::Extract> FakeHub::FinalizeExtract(
    const pb::FinalizeExtractRequest& request) {
  TALLY_ASSIGN_OR_RETURN(Upload * upload, Find(request.name()));
  if (upload->state != pb::EXTRACT_STATE_OPEN) {
    if (upload->manifest == request.manifest()) {
      return Show(upload->request.extract_id());
    }
    return Error(Reason::kExtractState, "not open");
  }
  TALLY_ASSIGN_OR_RETURN(const auto manifest,
                         dataset::ExtractManifest::Parse(request.manifest()));
  TALLY_ASSIGN_OR_RETURN(
      const auto signature,
      crypto::SignatureFromBytes(AsBytes(request.signature())));
  TALLY_ASSIGN_OR_RETURN(
      const auto party,
      registry_.FindParty("gp-supplier-a", crypto::PartyRole::kSource));
  TALLY_RETURN_IF_ERROR(crypto::Verify(crypto::SignLabel::kManifest,
                                       request.manifest(), signature,
                                       party.sign_public));
  wire::StreamDigest digest;
  Sha256 persons;
  uint64_t people = 0;
  for (const std::string& batch : upload->batches) {
    const auto kind = static_cast<wire::BatchKind>(batch[0]);
    const std::string_view content = std::string_view(batch).substr(1);
    digest.Add(kind, AsBytes(content));
    if (kind == wire::BatchKind::kPerson) {
      TALLY_ASSIGN_OR_RETURN(const auto view,
                             wire::DecodePersonBatch(AsBytes(content)));
      persons.Update(view.tokens);
      people += view.size();
    }
  }
  if (HexEncode(digest.Finish()) != manifest.stream_sha256 ||
      HexEncode(persons.Finish()) != manifest.persons_sha256 ||
      people != manifest.persons ||
      upload->batches.size() != manifest.batches) {
    return Error(Reason::kManifestMismatch, "manifest");
  }
  upload->manifest = request.manifest();
  upload->state = pb::EXTRACT_STATE_FINALIZING;
  return Show(upload->request.extract_id());
}

absl::StatusOr<pb::GetExtractResponse> FakeHub::GetExtract(
    const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(Upload * upload, Find(name));
  if (upload->state == pb::EXTRACT_STATE_FINALIZING &&
      ++upload->polls >= polls_to_publish) {
    if (reject_with != 0) {
      upload->state = pb::EXTRACT_STATE_REJECTED;
      upload->error.set_reason(
          static_cast<tally::common::v1::ErrorReason>(reject_with));
    } else {
      TALLY_RETURN_IF_ERROR(Publish(*upload));
    }
  }
  pb::GetExtractResponse response;
  *response.mutable_extract() = Show(upload->request.extract_id());
  response.set_receipt(upload->receipt);
  response.set_receipt_signature(upload->receipt_signature);
  return response;
}

absl::StatusOr<std::vector<pb::Extract>> FakeHub::ListExtracts(
    const std::string& parent) {
  TALLY_RETURN_IF_ERROR(Away());
  EXPECT_EQ(parent, "sources/gp-supplier-a");
  std::vector<pb::Extract> all;
  for (const auto& [id, upload] : uploads_) all.push_back(Show(id));
  return all;
}

}  // namespace tally::pseudonymiser
