#include "pseudonymiser/uploader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/failpoint.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "dataset/extract_manifest.h"
#include "pseudonymiser/outbox.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kLongestPauseMs = 10'000;
constexpr int64_t kLongestPollMs = 2'000;
constexpr std::string_view kSentFile = "outbox.spool";

// Errors after which the same request may succeed: the network's, and a stream
// that reached its time limit.
bool IsTransient(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         (status.code() == absl::StatusCode::kDeadlineExceeded);
}

// Whether no later run can upload this spool: the hub has another period or
// specification.
bool IsRefusedForGood(const absl::Status& created) {
  const Reason reason = ReasonOf(created);
  return reason == Reason::kPeriodOverlap || reason == Reason::kSpecMismatch;
}

}  // namespace

absl::Status StatusOfDetail(const tally::common::v1::ErrorDetail& detail,
                            std::string_view what) {
  const Reason reason =
      ReasonFromNumber(detail.reason()).value_or(Reason::kInternal);
  ErrorDetail out;
  out.resource = detail.resource();
  out.field = detail.field();
  out.row = detail.row();
  out.column = detail.column();
  out.limit = detail.limit();
  out.count = detail.count();
  out.corr = detail.corr();
  return Error(reason, absl::StrFormat("%s: %s", what, ReasonName(reason)),
               std::move(out));
}

absl::StatusOr<dataset::Receipt> VerifyReceipt(
    std::string_view json, const crypto::Signature& signature,
    const crypto::PublicKey& hub_sign_key) {
  if (!crypto::Verify(crypto::SignLabel::kReceipt, json, signature,
                      hub_sign_key)
           .ok()) {
    return IntegrityError(
        "the signature of the receipt is not the hub's, or the receipt was "
        "changed");
  }
  absl::StatusOr<dataset::Receipt> receipt = dataset::Receipt::Parse(json);
  if (!receipt.ok()) return IntegrityError("what the hub signed is no receipt");
  return receipt;
}

Uploader::Uploader(ExtractApi& api, SpoolStore& store,
                   const crypto::PublicKey& hub_sign_key,
                   ProgressReporter* progress, UploadOptions options,
                   std::function<void(int64_t)> pause)
    : api_(api),
      store_(store),
      hub_sign_key_(hub_sign_key),
      progress_(progress),
      options_(std::move(options)),
      pause_(std::move(pause)),
      started_ms_(NowMonotonicMs()) {}

std::string Uploader::NameOf(const DeliveryRecord& record) const {
  return absl::StrFormat("sources/%s/extracts/%s", options_.source,
                         record.extract);
}

absl::Status Uploader::CheckTime() const {
  TALLY_RETURN_IF_ERROR(CheckNotStopped());
  if (options_.timeout_ms > 0 &&
      NowMonotonicMs() - started_ms_ > options_.timeout_ms) {
    return TemporaryError(
        "--timeout is over; run the same command again to go on");
  }
  return absl::OkStatus();
}

absl::Status Uploader::Create(const DeliveryRecord& record) {
  pb::CreateExtractRequest request;
  request.set_parent(absl::StrFormat("sources/%s", options_.source));
  request.set_extract_id(record.extract);
  for (const DeliveryRecord::Dataset& dataset : record.datasets) {
    pb::ExtractDataset* out = request.add_datasets();
    out->set_dataset(dataset.id);
    TALLY_ASSIGN_OR_RETURN(const std::string digest,
                           HexDecode(dataset.spec_sha256));
    out->set_spec_sha256(digest);
  }
  TALLY_ASSIGN_OR_RETURN(const std::string key_id, HexDecode(record.key_id));
  request.set_key_id(key_id);
  request.set_epoch(static_cast<int32_t>(record.epoch));
  request.set_period_start(record.period_start);
  request.set_period_end(record.period_end);
  request.set_canary_tokens(record.canary_tokens);
  request.set_canary_proof(record.canary_proof);
  request.set_request_id(record.create_request_id);
  return api_.CreateExtract(request).status();
}

// Other batches under the same terms would not get far: the hub compares the
// bytes of a repeated batch, and the digest of all with the manifest.
absl::StatusOr<bool> Uploader::IsAtHub(const DeliveryRecord& record) {
  TALLY_ASSIGN_OR_RETURN(const pb::GetExtractResponse response,
                         api_.GetExtract(NameOf(record)));
  const pb::Extract& extract = response.extract();
  if (HexEncode(AsBytes(extract.key_id())) != record.key_id ||
      extract.epoch() != static_cast<int32_t>(record.epoch) ||
      extract.period_start() != record.period_start ||
      extract.period_end() != record.period_end ||
      extract.datasets_size() != static_cast<int>(record.datasets.size())) {
    return false;
  }
  if (!extract.manifest_sha256().empty() &&
      HexEncode(AsBytes(extract.manifest_sha256())) !=
          Sha256Hex(record.manifest)) {
    return false;
  }
  for (int i = 0; i < extract.datasets_size(); ++i) {
    const DeliveryRecord::Dataset& dataset =
        record.datasets[static_cast<size_t>(i)];
    const pb::DatasetSummary& there = extract.datasets(i);
    if (there.dataset() != dataset.id ||
        HexEncode(AsBytes(there.spec_sha256())) != dataset.spec_sha256) {
      return false;
    }
  }
  return true;
}

// One stream, from batch `next` to the end of the spool, or until it breaks.
absl::Status Uploader::SendOnce(const DeliveryRecord& record, uint64_t next,
                                uint64_t* persisted) {
  TALLY_ASSIGN_OR_RETURN(
      OutboxReader outbox,
      OutboxReader::Open(store_.PathOf(record.extract, kSentFile),
                         store_.sealing_key(),
                         store_.ContextOf(record.extract, kSentFile)));
  TALLY_RETURN_IF_ERROR(outbox.SkipTo(next));
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<UploadStream> stream,
                         api_.OpenUpload(NameOf(record), next));
  absl::Status status;
  while (true) {
    status = CheckTime();
    if (!status.ok()) break;
    TALLY_ASSIGN_OR_RETURN(const std::optional<OutboxReader::Batch> batch,
                           outbox.Next());
    if (!batch) break;
    status = stream->Send(batch->sequence, batch->kind, batch->content);
    TALLY_FAILPOINT("pseudonymiser.sent");
    if (progress_ != nullptr) {
      progress_->Update(static_cast<int64_t>(stream->persisted()));
    }
    if (!status.ok()) break;
  }
  const absl::Status end = stream->Finish();
  *persisted = std::max(*persisted, stream->persisted());
  if (progress_ != nullptr) {
    progress_->Update(static_cast<int64_t>(*persisted));
  }
  return status.ok() ? end : status;
}

void Uploader::ShowPushing(const DeliveryRecord& record, uint64_t persisted) {
  if (progress_ == nullptr) return;
  progress_->Start("pushing", record.extract,
                   static_cast<int64_t>(record.batches), "batches",
                   static_cast<int64_t>(persisted));
}

absl::Status Uploader::Send(const DeliveryRecord& record, uint64_t persisted) {
  ShowPushing(record, persisted);
  int failures = 0;
  int64_t pause_ms = options_.retry_pause_ms;
  while (persisted < record.batches) {
    const uint64_t before = persisted;
    absl::Status status = SendOnce(record, persisted + 1, &persisted);
    if (status.ok() && persisted < record.batches) {
      status = TemporaryError("the hub ended the upload before its end");
    }
    if (status.ok()) break;
    if (!IsTransient(status)) return status;
    TALLY_RETURN_IF_ERROR(CheckTime());
    failures = persisted > before ? 1 : failures + 1;
    if (failures > options_.max_failures) return status;
    pause_(pause_ms);
    pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
    // What the hub has may be more than it could tell before the stream broke.
    bool waited = false;
    const auto where = WhereItStands(record, &waited);
    if (where.ok()) {
      persisted = static_cast<uint64_t>(where->persisted_sequence());
      if (waited) ShowPushing(record, persisted);
    } else if (!IsTransient(where.status())) {
      return where.status();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<pb::GetUploadStatusResponse> Uploader::WhereItStands(
    const DeliveryRecord& record, bool* waited) {
  int64_t pause_ms = options_.poll_ms;
  *waited = false;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(pb::GetUploadStatusResponse where,
                           api_.GetUploadStatus(NameOf(record)));
    if (!where.has_reading()) return where;
    const bool first = !std::exchange(*waited, true);
    if (progress_ != nullptr) {
      if (first) {
        progress_->Start("waiting for the hub", where.reading().stage(),
                         where.reading().total(), where.reading().unit());
      }
      progress_->Update(where.reading().done());
    }
    TALLY_RETURN_IF_ERROR(CheckTime());
    pause_(pause_ms);
    pause_ms = std::min(pause_ms * 2, kLongestPollMs);
  }
}

absl::Status Uploader::Finalize(const DeliveryRecord& record) {
  pb::FinalizeExtractRequest request;
  request.set_name(NameOf(record));
  request.set_manifest(record.manifest);
  request.set_signature(record.signature);
  request.set_request_id(record.finalize_request_id);
  const absl::Status status = api_.FinalizeExtract(request).status();
  if (!absl::IsUnavailable(status)) return status;
  // A hub that was started again may be reading what it has: wait for that.
  bool waited = false;
  TALLY_RETURN_IF_ERROR(WhereItStands(record, &waited).status());
  return api_.FinalizeExtract(request).status();
}

absl::Status Uploader::Rejected(const DeliveryRecord& record,
                                const pb::Extract& extract) {
  const bool superseded =
      ReasonFromNumber(extract.error().reason()) == Reason::kUploadSuperseded;
  const absl::Status error = StatusOfDetail(
      extract.error(),
      superseded ? absl::StrFormat(
                       "the hub has a higher revision than %s, whose spool was "
                       "dropped; push again what is newer than that revision",
                       record.extract)
                 : absl::StrFormat("the hub rejected %s", record.extract));
  if (ReasonOf(error) != Reason::kJournalCorrupt) {
    TALLY_RETURN_IF_ERROR(store_.Drop(record.extract));
  }
  return error;
}

absl::StatusOr<dataset::Receipt> Uploader::TakeReceipt(
    const DeliveryRecord& record, const pb::GetExtractResponse& response) {
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature signature,
      crypto::SignatureFromBytes(AsBytes(response.receipt_signature())));
  TALLY_ASSIGN_OR_RETURN(
      dataset::Receipt receipt,
      VerifyReceipt(response.receipt(), signature, hub_sign_key_));
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractManifest manifest,
                         dataset::ExtractManifest::Parse(record.manifest));
  dataset::Receipt expected = dataset::Receipt::For(
      manifest, Sha256Hex(record.manifest), receipt.created, receipt.resumed);
  if (receipt != expected) {
    return IntegrityError("the hub's receipt is about another delivery");
  }
  TALLY_RETURN_IF_ERROR(
      store_.WriteReceipt(record.extract,
                          {.json = response.receipt(),
                           .signature = crypto::EncodeSignatureFile(signature)},
                          record.inputs));
  TALLY_FAILPOINT("pseudonymiser.receipt");
  TALLY_RETURN_IF_ERROR(store_.Drop(record.extract));
  return receipt;
}

absl::StatusOr<std::optional<dataset::Receipt>> Uploader::Await(
    const DeliveryRecord& record) {
  int64_t pause_ms = options_.poll_ms;
  std::string stage;
  while (true) {
    TALLY_RETURN_IF_ERROR(CheckTime());
    TALLY_ASSIGN_OR_RETURN(const pb::GetExtractResponse response,
                           api_.GetExtract(NameOf(record)));
    switch (response.extract().state()) {
      case pb::EXTRACT_STATE_PUBLISHED: {
        TALLY_ASSIGN_OR_RETURN(dataset::Receipt receipt,
                               TakeReceipt(record, response));
        return receipt;
      }
      case pb::EXTRACT_STATE_REJECTED:
        return Rejected(record, response.extract());
      case pb::EXTRACT_STATE_FINALIZING:
        break;
      default:
        return ConflictError(
            absl::StrFormat("%s is in a state in which it cannot be published",
                            record.extract));
    }
    if (!options_.wait) return std::nullopt;
    const auto& progress = response.extract().progress();
    if (progress_ != nullptr) {
      if (progress.stage() != stage) {
        stage = progress.stage();
        progress_->Start("publishing", record.extract, progress.total(),
                         progress.unit());
      }
      progress_->SetTotal(progress.total());
      progress_->Update(progress.done());
    }
    pause_(pause_ms);
    pause_ms = std::min(pause_ms * 2, kLongestPollMs);
  }
}

absl::StatusOr<std::optional<dataset::Receipt>> Uploader::Run(
    const std::string& extract) {
  TALLY_ASSIGN_OR_RETURN(DeliveryRecord record, store_.ReadRecord(extract));
  const absl::Status created = Create(record);
  if (ReasonOf(created) == Reason::kResourceExists) {
    // The hub remembers request ids for a month only: is it this upload?
    TALLY_ASSIGN_OR_RETURN(const bool ours, IsAtHub(record));
    if (!ours) return created;
  } else if (IsRefusedForGood(created)) {
    // It would stand in the way of the delivery that is right.
    TALLY_RETURN_IF_ERROR(store_.Drop(extract));
    return created;
  } else {
    TALLY_RETURN_IF_ERROR(created);
  }
  TALLY_FAILPOINT("pseudonymiser.created");
  bool waited = false;
  TALLY_ASSIGN_OR_RETURN(pb::GetUploadStatusResponse where,
                         WhereItStands(record, &waited));
  if (where.state() == pb::EXTRACT_STATE_REJECTED) {
    TALLY_ASSIGN_OR_RETURN(const pb::GetExtractResponse rejected,
                           api_.GetExtract(NameOf(record)));
    const absl::Status error = Rejected(record, rejected.extract());
    if (ReasonOf(error) != Reason::kJournalCorrupt) return error;
    // The hub lost what it had; the spool has all of it. A new upload of the
    // same bytes, under new request ids.
    record.create_request_id = crypto::RandomUuid4();
    record.finalize_request_id = crypto::RandomUuid4();
    TALLY_RETURN_IF_ERROR(store_.WriteRecord(record));
    TALLY_RETURN_IF_ERROR(Create(record));
    TALLY_ASSIGN_OR_RETURN(where, api_.GetUploadStatus(NameOf(record)));
  }
  if (where.state() == pb::EXTRACT_STATE_OPEN) {
    const uint64_t persisted =
        static_cast<uint64_t>(where.persisted_sequence());
    if (persisted > record.batches) {
      return IntegrityError(
          "the hub has more batches of this extract than the spool");
    }
    TALLY_RETURN_IF_ERROR(Send(record, persisted));
    TALLY_FAILPOINT("pseudonymiser.uploaded");
    TALLY_RETURN_IF_ERROR(Finalize(record));
    TALLY_FAILPOINT("pseudonymiser.finalized");
  }
  return Await(record);
}

}  // namespace tally::pseudonymiser
