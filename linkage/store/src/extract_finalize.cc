#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/sign.h"
#include "extract_store_impl.h"

namespace tally::linkage {

namespace {

// The facts that the catalogue and the upload know already; digests are taken
// as claimed until publishing derives them from the journal.
absl::StatusOr<dataset::ExtractManifest> Counted(
    const dataset::ExtractManifest& claimed, const ExtractRecord& record,
    const BatchChecker& checker, const UploadJournal& journal,
    const ExtractStoreOptions& options) {
  dataset::ExtractManifest counted = claimed;
  counted.batches = journal.last_sequence();
  counted.domain = options.domain;
  counted.environment =
      std::string(crypto::EnvironmentName(options.environment));
  counted.epoch = static_cast<uint32_t>(record.epoch);
  TALLY_ASSIGN_OR_RETURN(counted.extract,
                         dataset::ParseExtractName(record.name()));
  counted.key_id = record.key_id;
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         CivilDay::FromDays(record.period_start));
  TALLY_ASSIGN_OR_RETURN(const CivilDay last,
                         CivilDay::FromDays(record.period_end));
  counted.period_start = first.ToIso();
  counted.period_end = last.ToIso();
  counted.persons = checker.persons();
  counted.suite = std::string(crypto::kSuite);
  counted.datasets.resize(record.datasets.size());
  for (size_t i = 0; i < record.datasets.size(); ++i) {
    const DatasetTally& tally = checker.datasets()[i];
    dataset::DatasetCounts& counts = counted.datasets[i];
    counts.dataset = record.datasets[i].dataset;
    counts.spec_sha256 = record.datasets[i].spec_sha256;
    counts.rows = tally.rows;
    counts.rows_unlinked = tally.rows_unlinked;
    counts.unlinked = tally.unlinked;
  }
  return counted;
}

}  // namespace

absl::Status ExtractStore::Impl::CheckManifest(
    OpenUpload& upload, std::string_view manifest,
    std::span<const uint8_t> signature) {
  const std::shared_ptr<const crypto::Registry> keys = registry();
  if (keys == nullptr) return Error(Reason::kHubSealed, "no registry yet");
  if (manifest.size() > dataset::kMaxManifestBytes) {
    return Error(Reason::kManifestInvalid, "a manifest is at most 64 KiB",
                 {.field = "manifest"});
  }
  TALLY_ASSIGN_OR_RETURN(
      const crypto::RegistryParty party,
      keys->FindParty(upload.record.source, crypto::PartyRole::kSource));
  TALLY_ASSIGN_OR_RETURN(const crypto::Signature parsed,
                         crypto::SignatureFromBytes(signature));
  TALLY_RETURN_IF_ERROR(crypto::Verify(crypto::SignLabel::kManifest, manifest,
                                       parsed, party.sign_public));
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractManifest claimed,
                         dataset::ExtractManifest::Parse(manifest));
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractManifest counted,
                         Counted(claimed, upload.record, *upload.checker,
                                 *upload.journal, options_));
  return dataset::CompareManifest(claimed, counted);
}

absl::StatusOr<ExtractRecord> ExtractStore::Impl::Finalize(
    std::string_view source, std::string_view extract_id,
    std::string_view manifest, std::span<const uint8_t> signature,
    const CallContext& call) {
  if (call.request.has_value()) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<std::string> before,
                           options_.catalogue->FindAnswer(*call.request));
    if (before.has_value()) return options_.catalogue->GetExtractByUid(*before);
  }
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord record,
                         options_.catalogue->GetExtract(source, extract_id));
  const std::string digest = Sha256Hex(manifest);
  if (record.state != ExtractState::kOpen) {
    if (record.manifest_sha256 == digest) return record;
    return Error(Reason::kExtractState, "the extract is not open",
                 {.resource = record.name()});
  }
  TALLY_ASSIGN_OR_RETURN(const UploadPtr upload, Open(record));
  int64_t batches = 0;
  int64_t rows = 0;
  {
    MutexLock lock(upload->mu);
    if (upload->gone) return Closed();
    TALLY_RETURN_IF_ERROR(CheckManifest(*upload, manifest, signature));
    const absl::Status closed = upload->journal->Close(signature, manifest);
    if (ReasonOf(closed) == Reason::kExtractState) return closed;
    if (!closed.ok()) return Drop(*upload, closed);
    batches = static_cast<int64_t>(upload->journal->last_sequence());
    rows = static_cast<int64_t>(upload->checker->rows());
  }
  TALLY_FAILPOINT("finalize.after_close");
  AuditEntry entry = Entry(call, AuditAction::kExtractFinalize, record.name());
  entry.counts["batches"] = batches;
  entry.digests["manifest"] = digest;
  TALLY_RETURN_IF_ERROR(
      options_.catalogue
          ->BeginFinalize(record.uid, digest, batches, rows,
                          {std::move(entry), call.request, record.uid})
          .status());
  Forget(record.uid);
  TALLY_RETURN_IF_ERROR(Drain());
  return options_.catalogue->GetExtractByUid(record.uid);
}

}  // namespace tally::linkage
