#include "proto_convert.h"

#include <utility>

#include "base/civil_day.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "linkage/release/report_text.h"
#include "transport/status_mapping.h"

namespace tally::linkage {

std::string BytesOfHex(std::string_view hex) {
  absl::StatusOr<std::string> bytes = HexDecode(hex);
  TALLY_CHECK(bytes.ok());
  return *std::move(bytes);
}

void ToProto(const OperationProgress& progress, common::v1::Progress* out) {
  out->set_stage(progress.stage);
  out->set_done(progress.done);
  out->set_total(progress.total);
  out->set_unit(progress.unit);
}

void ToProto(const ExtractRecord& extract,
             const std::optional<OperationProgress>& progress,
             extract::v1::Extract* out) {
  out->set_name(extract.name());
  out->set_uid(extract.uid);
  out->set_create_time(extract.create_time);
  out->set_state(static_cast<extract::v1::ExtractState>(extract.state));
  out->set_period_start(extract.period_start);
  out->set_period_end(extract.period_end);
  out->set_revision(extract.revision);
  out->set_epoch(extract.epoch);
  out->set_key_id(BytesOfHex(extract.key_id));
  out->set_persons(extract.persons);
  out->set_manifest_sha256(BytesOfHex(extract.manifest_sha256));
  for (const ExtractDatasetRecord& dataset : extract.datasets) {
    extract::v1::DatasetSummary* summary = out->add_datasets();
    summary->set_dataset(dataset.dataset);
    summary->set_spec_sha256(BytesOfHex(dataset.spec_sha256));
    summary->set_rows(dataset.rows);
    summary->set_rows_unlinked(dataset.rows_unlinked);
  }
  if (progress.has_value() && extract.state == ExtractState::kFinalizing) {
    ToProto(*progress, out->mutable_progress());
  }
  if (extract.error.has_value()) {
    transport::ToProto(*extract.error, out->mutable_error());
  }
}

void ToProto(const ValidationReport& report,
             extract::v1::GetExtractResponse* out) {
  for (const ValidationResult& result : report.results) {
    extract::v1::ValidationResult* added = out->add_validation();
    added->set_dataset(result.dataset);
    added->set_check(result.check);
    added->set_result(
        static_cast<extract::v1::ValidationOutcome>(result.result));
    added->set_value(result.value);
    added->set_bound(result.bound);
  }
}

void ToProto(const FactorCheck& factor, const std::string& domain,
             hub::v1::Factor* out) {
  out->set_key_id(BytesOfHex(factor.key_id));
  out->set_epoch(static_cast<int32_t>(factor.source_epoch));
  out->set_hub_epoch(static_cast<int32_t>(factor.hub_epoch));
  out->set_domain(domain);
  out->set_stage(factor.stage);
  out->set_stages(factor.stages);
  out->set_loaded(factor.loaded);
}

void ToProto(const SourceRecord& source, int64_t person_limit,
             std::span<const FactorCheck> factors, const std::string& domain,
             hub::v1::Source* out) {
  out->set_name("sources/" + source.id);
  out->set_uid(source.uid);
  out->set_create_time(source.create_time);
  out->set_title(source.title);
  out->set_person_limit(person_limit);
  bool loaded = false;
  for (const FactorCheck& factor : factors) {
    if (factor.source != source.id) continue;
    ToProto(factor, domain, out->add_factors());
    loaded = loaded || factor.loaded;
  }
  out->set_state(loaded ? hub::v1::SOURCE_STATE_ACTIVE
                        : hub::v1::SOURCE_STATE_AWAITING_FACTOR);
}

namespace {

template <typename Out>
void AddApprovals(const std::vector<ApprovalRecord>& approvals, Out* out) {
  for (const ApprovalRecord& approval : approvals) {
    hub::v1::Approval* added = out->add_approvals();
    added->set_person(approval.person);
    added->set_time(approval.time);
  }
}

}  // namespace

void ToProto(const AgreementRecord& agreement, hub::v1::Agreement* out) {
  out->set_name(agreement.name());
  out->set_uid(agreement.uid);
  out->set_create_time(agreement.create_time);
  out->set_state(static_cast<hub::v1::AgreementState>(agreement.state));
  out->set_sha256(BytesOfHex(agreement.sha256));
  out->set_valid_from(agreement.valid_from);
  out->set_expires(agreement.expires);
  AddApprovals(agreement.approvals, out);
}

void ToProto(const ProjectRecord& project,
             std::span<const AgreementRecord> agreements,
             hub::v1::Project* out) {
  out->set_name(project.name());
  out->set_uid(project.uid);
  out->set_create_time(project.create_time);
  out->set_title(project.title);
  bool active = false;
  bool expired = false;
  for (const AgreementRecord& agreement : agreements) {
    ToProto(agreement, out->add_agreements());
    active = active || agreement.state == AgreementState::kActive;
    expired = expired || agreement.state == AgreementState::kExpired;
  }
  out->set_state(active    ? hub::v1::PROJECT_STATE_ACTIVE
                 : expired ? hub::v1::PROJECT_STATE_EXPIRED
                           : hub::v1::PROJECT_STATE_AWAITING_AGREEMENT);
}

void ToProto(const ReleaseRecord& release,
             const std::vector<std::string>& extracts, int32_t expires,
             const std::optional<OperationProgress>& progress,
             hub::v1::Release* out) {
  out->set_name(release.name());
  out->set_uid(release.uid);
  out->set_create_time(release.create_time);
  out->set_state(static_cast<hub::v1::ReleaseState>(release.state));
  out->set_agreement("projects/" + release.project + "/agreements/" +
                     release.agreement);
  if (progress.has_value() && release.state == ReleaseState::kBuilding) {
    ToProto(*progress, out->mutable_progress());
  }
  if (release.error.has_value()) {
    transport::ToProto(*release.error, out->mutable_error());
  }
  out->set_manifest_sha256(BytesOfHex(release.manifest_sha256));
  AddApprovals(release.approvals, out);
  for (const std::string& extract : extracts) out->add_extracts(extract);
  const absl::StatusOr<JsonValue> tables = ParseJson(release.tables, 2);
  if (tables.ok() && tables->is_object()) {
    for (const auto& [table, rows] : tables->AsObject()) {
      if (!rows.is_int()) continue;
      hub::v1::ReleaseTable* added = out->add_tables();
      added->set_table(table);
      added->set_rows(rows.AsInt());
    }
  }
  out->set_expires(expires);
}

void ToProto(const ReleaseRecord& release, const ProjectRecord& project,
             int32_t expires, int64_t total_bytes, release::v1::Release* out) {
  out->set_name(release.name());
  out->set_uid(release.uid);
  out->set_create_time(release.create_time);
  out->set_state(release.state == ReleaseState::kActive
                     ? release::v1::RELEASE_STATE_ACTIVE
                     : release::v1::RELEASE_STATE_EXPIRED);
  out->set_title(project.title);
  out->set_agreement("projects/" + release.project + "/agreements/" +
                     release.agreement);
  out->set_expires(expires);
  out->set_manifest_sha256(BytesOfHex(release.manifest_sha256));
  out->set_total_bytes(total_bytes);
}

namespace {

// "2026-11" as days of its first; 0 for none.
int32_t MonthDays(const std::string& month) {
  const absl::StatusOr<CivilMonth> parsed = ParseMonth(month);
  return parsed.ok() ? parsed->first.days() : 0;
}

void ToProto(const ReportLine& line, hub::v1::LinkageQualityRow* out) {
  out->set_source(line.source);
  out->set_dataset(line.dataset);
  out->set_dimension(line.dimension);
  out->set_level(line.level);
  out->set_month(MonthDays(line.month));
  out->set_rows(line.rows.value_or(0));
  out->set_rows_with_person(line.rows_with_person.value_or(0));
  out->set_persons(line.persons.value_or(0));
  out->set_persons_linked(line.persons_linked.value_or(0));
  if (line.rate.has_value() && line.persons.value_or(1) > 0) {
    out->set_rate(line.rate->value);
    out->set_lower(line.rate->lower);
    out->set_upper(line.rate->upper);
  }
  out->set_reason(line.reason);
  out->set_rows_reason(line.rows_reason.value_or(0));
}

}  // namespace

void ToProto(const LinkageReport& report, size_t max_bytes,
             hub::v1::PreviewLinkageResponse* out) {
  for (const ExtractSummary& extract : report.extracts) {
    out->add_extracts(extract.name);
  }
  for (const std::string& sentence : report.summary) {
    out->add_summary(sentence);
  }
  // Keep a margin for tags and lengths; rows come first, the JSON if it fits.
  size_t used = out->ByteSizeLong();
  for (const ReportLine& line : ReportLines(report)) {
    hub::v1::LinkageQualityRow row;
    ToProto(line, &row);
    used += row.ByteSizeLong() + 8;
    if (used > max_bytes) {
      out->set_truncated(true);
      return;
    }
    *out->add_rows() = std::move(row);
  }
  std::string json = ReportJson(report);
  if (used + json.size() + 8 <= max_bytes) out->set_report_json(json);
}

}  // namespace tally::linkage
