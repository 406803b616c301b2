#include "pseudonymiser/extract_preparer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/failpoint.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "batch_builder.h"
#include "crypto/random.h"
#include "dataset/extract_manifest.h"
#include "dataset/rounding.h"
#include "dataset_plan.h"
#include "delivery_reader.h"

namespace tally::pseudonymiser {
namespace {

constexpr std::string_view kRowsFile = "rows.spool";
constexpr std::string_view kOutboxFile = "outbox.spool";
// Of the memory that was given, one part in this goes to buffers of the spool.
constexpr int64_t kBufferShare = 8;

JsonValue SettingsJson(const DatasetSettings& settings) {
  JsonValue json = JsonValue::MakeObject();
  JsonValue columns = JsonValue::MakeObject();
  for (const auto& [input, header] : settings.columns) {
    columns.Set(input, header);
  }
  json.Set("columns", std::move(columns));
  json.Set("dateFormat", settings.date_format);
  return json;
}

dataset::ExtractManifest MakeManifest(const DeliveryPlan& plan,
                                      const DeliveryReport& report,
                                      const dataset::ExtractId& extract,
                                      const crypto::TokenKey& key) {
  const Configuration& config = *plan.configuration;
  dataset::ExtractManifest manifest;
  manifest.created = NowUtcRfc3339();
  manifest.datasets = report.ManifestCounts();
  for (size_t i = 0; i < plan.datasets.size(); ++i) {
    manifest.datasets[i].spec_sha256 =
        plan.datasets[i].plan->specification().digest_hex();
  }
  manifest.domain = config.domain;
  manifest.environment =
      std::string(crypto::EnvironmentName(config.environment));
  manifest.epoch = key.info().epoch;
  manifest.extract = {.source = config.source, .extract = extract};
  manifest.key_id = key.key_id().Hex();
  manifest.lists = plan.lists.facts();
  manifest.opted_out = dataset::RoundCount(report.opted_out());
  manifest.period_start = plan.period.first.ToIso();
  manifest.period_end = plan.period.last.ToIso();
  manifest.suite = std::string(crypto::kSuite);
  return manifest;
}

BucketSpool::Options RowSpoolOptions(const DeliveryPlan& plan, int pens,
                                     int64_t input_bytes) {
  BucketSpool::Options options;
  options.datasets = plan.datasets.size();
  options.input_bytes = input_bytes;
  options.max_bytes = plan.configuration->max_spool_bytes;
  options.pens = pens;
  if (plan.configuration->memory_bytes > 0) {
    options.buffer_bytes = plan.configuration->memory_bytes / kBufferShare;
  }
  return options;
}

}  // namespace

DeliveryInputs DescribeTerms(const DeliveryPlan& plan,
                             std::string_view key_id_hex, uint32_t epoch) {
  const Configuration& config = *plan.configuration;
  JsonValue terms = JsonValue::MakeObject();
  terms.Set("first", plan.period.first.ToIso());
  terms.Set("last", plan.period.last.ToIso());
  terms.Set("keyId", key_id_hex);
  terms.Set("epoch", int64_t{epoch});
  terms.Set("environment", crypto::EnvironmentName(config.environment));
  JsonValue datasets = JsonValue::MakeObject();
  for (const DeliveryPlan::Dataset& dataset : plan.datasets) {
    JsonValue entry = SettingsJson(config.datasets.at(dataset.plan->id()));
    entry.Set("specSha256", dataset.plan->specification().digest_hex());
    datasets.Set(dataset.plan->id(), std::move(entry));
  }
  terms.Set("datasets", std::move(datasets));

  JsonValue lists = JsonValue::MakeObject();
  for (const auto& [name, digest] : plan.lists.digests()) {
    lists.Set(name, digest);
  }
  DeliveryInputs inputs;
  inputs.terms = terms.Dump();
  inputs.lists = lists.Dump();
  return inputs;
}

absl::StatusOr<bool> HasSameFiles(const DeliveryPlan& plan,
                                  const DeliveryInputs& known) {
  size_t at = 0;
  for (const DeliveryPlan::Dataset& dataset : plan.datasets) {
    for (const std::string& path : dataset.files) {
      if (at == known.files.size()) return false;
      const DeliveryInputs::File& file = known.files[at++];
      if (file.dataset != dataset.plan->id()) return false;
      TALLY_ASSIGN_OR_RETURN(const FileIdentity identity, IdentifyFile(path));
      if (identity.size != file.identity.size) return false;
      if (path == file.path && identity == file.identity) continue;
      TALLY_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path));
      if (sha256 != file.sha256) return false;
    }
  }
  return at == known.files.size();
}

ExtractPreparer::ExtractPreparer(const DeliveryPlan& plan, WorkerPool& pool,
                                 ProgressReporter* progress, CivilDay today)
    : plan_(plan), pool_(pool), progress_(progress), today_(today) {}

absl::StatusOr<ExtractPreparer::Checked> ExtractPreparer::Check() {
  DeliveryReader reader(plan_, pool_, progress_, today_);
  TALLY_ASSIGN_OR_RETURN(const int64_t bytes, reader.InputBytes());
  // What is not sent need not be kept: only whether it would fit.
  TALLY_ASSIGN_OR_RETURN(ReadDelivery read,
                         reader.Read(BucketSpool::Measuring(
                             RowSpoolOptions(plan_, pool_.threads(), bytes))));
  if (progress_ != nullptr) progress_->Finish();
  return Checked{.report = std::move(read.report),
                 .verdict = std::move(read.verdict)};
}

absl::StatusOr<ExtractPreparer::Prepared> ExtractPreparer::FillSpool(
    const dataset::ExtractId& extract, const crypto::TokenKey& key,
    const crypto::SigningKey& sign, SpoolStore* store) {
  const std::string id = extract.ToText();
  TALLY_RETURN_IF_ERROR(store->Prepare(id));
  Prepared prepared;
  prepared.record.inputs =
      DescribeTerms(plan_, key.key_id().Hex(), key.info().epoch);
  DeliveryReader reader(plan_, pool_, progress_, today_);
  TALLY_ASSIGN_OR_RETURN(const int64_t bytes, reader.InputBytes());
  BucketSpool::Options options = RowSpoolOptions(plan_, pool_.threads(), bytes);
  options.path = store->PathOf(id, kRowsFile);
  options.context = store->ContextOf(id, kRowsFile);
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<BucketSpool> spool,
                         BucketSpool::Create(options, store->sealing_key()));
  TALLY_ASSIGN_OR_RETURN(ReadDelivery read, reader.Read(std::move(spool)));
  TALLY_FAILPOINT("pseudonymiser.read");
  prepared.report = read.report;
  prepared.verdict = read.verdict;
  if (!prepared.verdict.ok()) return prepared;

  TALLY_ASSIGN_OR_RETURN(
      OutboxWriter outbox,
      OutboxWriter::Create(
          store->PathOf(id, kOutboxFile), store->sealing_key(),
          store->ContextOf(id, kOutboxFile),
          std::max<int64_t>(plan_.configuration->max_spool_bytes -
                                static_cast<int64_t>(read.rows->bytes()),
                            0)));
  BatchBuilder builder(plan_, pool_, progress_);
  TALLY_ASSIGN_OR_RETURN(const BatchFacts facts,
                         builder.Build(&read, key, &outbox));
  TALLY_RETURN_IF_ERROR(outbox.Finish());
  read.rows.reset();
  TALLY_FAILPOINT("pseudonymiser.outbox");

  dataset::ExtractManifest manifest =
      MakeManifest(plan_, prepared.report, extract, key);
  manifest.batches = outbox.batches();
  manifest.persons = facts.persons;
  manifest.persons_sha256 = facts.persons_sha256;
  manifest.stream_sha256 = outbox.StreamSha256();
  for (const FileFacts& file : read.files) {
    prepared.record.inputs.files.push_back({.dataset = file.dataset,
                                            .path = file.path,
                                            .identity = file.identity,
                                            .sha256 = HexEncode(file.sha256)});
  }
  TALLY_RETURN_IF_ERROR(FillRecord(manifest, key, sign, &prepared.record));
  TALLY_RETURN_IF_ERROR(store->WriteRecord(prepared.record));
  TALLY_FAILPOINT("pseudonymiser.record");
  if (progress_ != nullptr) progress_->Finish();
  return prepared;
}

// Everything of the record that the manifest and the keys decide.
absl::Status ExtractPreparer::FillRecord(
    const dataset::ExtractManifest& manifest, const crypto::TokenKey& key,
    const crypto::SigningKey& sign, DeliveryRecord* record) const {
  TALLY_RETURN_IF_ERROR(manifest.Check());
  record->manifest = manifest.ToJson();
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature signature,
      sign.Sign(crypto::SignLabel::kManifest, record->manifest));
  record->signature.assign(signature.begin(), signature.end());
  TALLY_ASSIGN_OR_RETURN(const crypto::CanaryProof canary, key.ProveCanary());
  record->canary_tokens.assign(canary.tokens.begin(), canary.tokens.end());
  record->canary_proof.assign(canary.proof.begin(), canary.proof.end());
  record->extract = manifest.extract.extract.ToText();
  for (const dataset::DatasetCounts& counts : manifest.datasets) {
    record->datasets.push_back(
        {.id = counts.dataset, .spec_sha256 = counts.spec_sha256});
    record->rows += counts.rows;
  }
  record->period_start = plan_.period.first.days();
  record->period_end = plan_.period.last.days();
  record->key_id = manifest.key_id;
  record->epoch = manifest.epoch;
  record->create_request_id = crypto::RandomUuid4();
  record->finalize_request_id = crypto::RandomUuid4();
  record->batches = manifest.batches;
  return absl::OkStatus();
}

absl::StatusOr<ExtractPreparer::Prepared> ExtractPreparer::Prepare(
    const dataset::ExtractId& extract, const crypto::TokenKey& key,
    const crypto::SigningKey& sign, SpoolStore* store) {
  absl::StatusOr<Prepared> prepared = FillSpool(extract, key, sign, store);
  if (!prepared.ok() || !prepared->verdict.ok()) {
    // The first error is the one that counts.
    static_cast<void>(store->Drop(extract.ToText()));
  }
  return prepared;
}

}  // namespace tally::pseudonymiser
