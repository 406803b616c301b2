#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/extract_manifest.h"
#include "dataset/resource_name.h"
#include "linkage/service/calls.h"
#include "linkage/store/validation_report.h"
#include "proto_convert.h"
#include "request_guard.h"

namespace tally::linkage {
namespace {

using transport::Caller;

absl::Status FieldInvalid(std::string field, std::string_view what) {
  ErrorDetail detail;
  detail.field = field;
  return Error(Reason::kFieldInvalid, field + " " + std::string(what),
               std::move(detail));
}

absl::StatusOr<CreateExtractCommand> CommandOf(
    const extract::v1::CreateExtractRequest& in) {
  TALLY_ASSIGN_OR_RETURN(const dataset::SourceName source,
                         dataset::ParseSourceName(in.parent()));
  CreateExtractCommand command;
  command.source = source.source;
  command.extract_id = in.extract_id();
  for (const extract::v1::ExtractDataset& dataset : in.datasets()) {
    if (dataset.spec_sha256().size() != 32) {
      return FieldInvalid("datasets.spec_sha256", "must have 32 bytes");
    }
    ExtractDatasetRecord record;
    record.dataset = dataset.dataset();
    record.spec_sha256 = HexEncode(AsBytes(dataset.spec_sha256()));
    command.datasets.push_back(std::move(record));
  }
  if (in.key_id().size() != 8) {
    return FieldInvalid("key_id", "must have 8 bytes");
  }
  command.key_id = HexEncode(AsBytes(in.key_id()));
  if (in.epoch() < 1) return FieldInvalid("epoch", "must be 1 or more");
  command.epoch = static_cast<uint32_t>(in.epoch());
  command.period_start = in.period_start();
  command.period_end = in.period_end();
  command.canary_tokens = in.canary_tokens();
  command.canary_proof = in.canary_proof();
  command.raw_request = in.SerializeAsString();
  return command;
}

// Reasons of the manifest: rows without a person, and rows not sent.
void AddReasons(const dataset::ExtractManifest& manifest,
                extract::v1::GetExtractResponse* out) {
  for (const dataset::DatasetCounts& counts : manifest.datasets) {
    for (const auto* reasons : {&counts.unlinked, &counts.dropped}) {
      for (const auto& [reason, rows] : *reasons) {
        extract::v1::ReasonCount* added = out->add_reasons();
        added->set_dataset(counts.dataset);
        added->set_reason(static_cast<common::v1::RowReason>(reason));
        added->set_rows(static_cast<int64_t>(rows));
      }
    }
  }
}

// The audit reference of this call. A repeated call has an entry of its own
// only if it changed something; it then goes without.
void SetAuditIfWritten(Hub& hub, const std::string& corr,
                       common::v1::AuditReference* out) {
  const absl::StatusOr<AuditPlace> place = hub.PlaceOf(corr);
  if (place.ok()) SetAudit(*place, out);
}

}  // namespace

absl::Status ExtractCalls::CreateExtract(
    const Caller& caller, const extract::v1::CreateExtractRequest& in,
    extract::v1::CreateExtractResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.extract.v1.ExtractService.CreateExtract",
                   in));
  TALLY_ASSIGN_OR_RETURN(const CreateExtractCommand command, CommandOf(in));
  const CallContext call = ContextOf(caller, request);
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord extract,
                         hub_.extracts().CreateExtract(command, call));
  ToProto(extract, std::nullopt, out->mutable_extract());
  SetAuditIfWritten(hub_, call.corr, out->mutable_audit());
  return absl::OkStatus();
}

absl::Status ExtractCalls::GetUploadStatus(
    const Caller& caller, const extract::v1::GetUploadStatusRequest& in,
    extract::v1::GetUploadStatusResponse* out) {
  (void)caller;  // its right to the name was checked by the authoriser
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractName name,
                         dataset::ParseExtractName(in.name()));
  TALLY_ASSIGN_OR_RETURN(
      const UploadStatus status,
      hub_.extracts().GetUploadStatus(name.source, name.extract.ToText()));
  out->set_persisted_sequence(static_cast<int64_t>(status.persisted_sequence));
  out->set_persisted_rows(static_cast<int64_t>(status.persisted_rows));
  out->set_state(static_cast<extract::v1::ExtractState>(status.state));
  if (status.reading.has_value()) {
    ToProto(*status.reading, out->mutable_reading());
  }
  return absl::OkStatus();
}

absl::Status ExtractCalls::FinalizeExtract(
    const Caller& caller, const extract::v1::FinalizeExtractRequest& in,
    extract::v1::FinalizeExtractResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.extract.v1.ExtractService.FinalizeExtract",
                   in));
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractName name,
                         dataset::ParseExtractName(in.name()));
  const CallContext call = ContextOf(caller, request);
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord extract,
                         hub_.extracts().FinalizeExtract(
                             name.source, name.extract.ToText(), in.manifest(),
                             AsBytes(in.signature()), call));
  if (extract.state == ExtractState::kFinalizing) {
    hub_.QueuePublish(extract.uid);
  }
  ToProto(extract, hub_.extracts().Progress(extract.uid),
          out->mutable_extract());
  SetAuditIfWritten(hub_, call.corr, out->mutable_audit());
  return absl::OkStatus();
}

absl::Status ExtractCalls::GetExtract(const Caller& caller,
                                      const extract::v1::GetExtractRequest& in,
                                      extract::v1::GetExtractResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractName name,
                         dataset::ParseExtractName(in.name()));
  TALLY_ASSIGN_OR_RETURN(
      const ExtractRecord extract,
      hub_.catalogue().GetExtract(name.source, name.extract.ToText()));
  ToProto(extract, hub_.extracts().Progress(extract.uid),
          out->mutable_extract());
  if (!extract.validation.empty()) {
    TALLY_ASSIGN_OR_RETURN(const ValidationReport report,
                           ValidationReport::Parse(extract.validation));
    ToProto(report, out);
  }
  if (extract.state != ExtractState::kPublished) return absl::OkStatus();
  out->set_receipt(extract.receipt);
  TALLY_ASSIGN_OR_RETURN(const std::string signature,
                         Base64UrlDecode(extract.receipt_signature));
  out->set_receipt_signature(signature);
  TALLY_ASSIGN_OR_RETURN(
      const std::string text,
      ReadFile(
          hub_.directory().ExtractDirectory(extract.uid) + "/manifest.json",
          dataset::kMaxManifestBytes));
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractManifest manifest,
                         dataset::ExtractManifest::Parse(text));
  AddReasons(manifest, out);
  return absl::OkStatus();
}

absl::Status ExtractCalls::ListExtracts(
    const Caller& caller, const extract::v1::ListExtractsRequest& in,
    extract::v1::ListExtractsResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const PageRequest page,
                         PageOf(in.page_size(), in.page_token()));
  std::string source;
  if (in.parent() != "sources/-") {
    TALLY_ASSIGN_OR_RETURN(const dataset::SourceName name,
                           dataset::ParseSourceName(in.parent()));
    source = name.source;
    TALLY_RETURN_IF_ERROR(hub_.catalogue().GetSource(source).status());
  }
  TALLY_ASSIGN_OR_RETURN(const Page<ExtractRecord> extracts,
                         hub_.catalogue().ListExtracts(source, page));
  for (const ExtractRecord& extract : extracts.items) {
    ToProto(extract, hub_.extracts().Progress(extract.uid),
            out->add_extracts());
  }
  out->set_next_page_token(PageToken(extracts.next));
  return absl::OkStatus();
}

}  // namespace tally::linkage
