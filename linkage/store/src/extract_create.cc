#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/canary.h"
#include "dataset/resource_name.h"
#include "extract_context.h"
#include "extract_store_impl.h"

namespace tally::linkage {

namespace {

constexpr size_t kSha256Digits = 64;

absl::Status BadField(std::string_view field, std::string_view why) {
  return Error(Reason::kFieldInvalid, std::string(why),
               {.field = std::string(field)});
}

// The id names the last month of the period, which is whole months.
absl::Status CheckPeriod(const CreateExtractCommand& command,
                         const dataset::ExtractId& id) {
  const absl::StatusOr<CivilDay> first =
      CivilDay::FromDays(command.period_start);
  const absl::StatusOr<CivilDay> last = CivilDay::FromDays(command.period_end);
  if (!first.ok() || first->year() < 1900) {
    return BadField("period_start", "the period has an impossible first day");
  }
  if (!last.ok() || *last < *first) {
    return BadField("period_end", "the period ends before it begins");
  }
  if (*first != first->FirstOfMonth()) {
    return BadField("period_start", "a period begins with a month");
  }
  if (*last != last->LastOfMonth()) {
    return BadField("period_end", "a period ends with a month");
  }
  if (last->year() != id.month.year || last->month() != id.month.month) {
    return BadField("period_end",
                    "the period ends in another month than the "
                    "id of the extract says");
  }
  return absl::OkStatus();
}

absl::Status CheckDatasets(const CreateExtractCommand& command) {
  if (command.datasets.empty() ||
      command.datasets.size() > wire::kMaxDatasets) {
    return BadField("datasets", "an extract has 1 to 32 datasets");
  }
  std::set<std::string> sql_names;
  for (size_t i = 0; i < command.datasets.size(); ++i) {
    const ExtractDatasetRecord& one = command.datasets[i];
    const std::string field = "datasets[" + std::to_string(i) + "]";
    if (!IsResourceId(one.dataset)) {
      return Error(Reason::kNameInvalid, "a dataset's id is not a name",
                   {.field = field + ".dataset"});
    }
    if (i > 0 && command.datasets[i - 1].dataset >= one.dataset) {
      return BadField(field, "datasets are ascending, each once");
    }
    if (!sql_names.insert(dataset::SqlName(one.dataset)).second) {
      return BadField(field, "two datasets have one SQL name");
    }
    if (one.spec_sha256.size() != kSha256Digits) {
      return BadField(field + ".spec_sha256", "a SHA-256 is 32 bytes");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExtractRecord> ExtractStore::Impl::CheckCreate(
    const CreateExtractCommand& command, const HubKeys::Lease& lease) const {
  const std::shared_ptr<const crypto::Registry> keys = registry();
  const std::shared_ptr<const SpecificationStore> specs = specifications();
  if (keys == nullptr || specs == nullptr) {
    return Error(Reason::kHubSealed, "the hub is not ready");
  }
  TALLY_ASSIGN_OR_RETURN(const dataset::ExtractId id,
                         dataset::ExtractId::Parse(command.extract_id));
  TALLY_RETURN_IF_ERROR(CheckPeriod(command, id));
  TALLY_RETURN_IF_ERROR(CheckDatasets(command));
  const absl::StatusOr<crypto::KeyId> key_id =
      crypto::KeyId::FromHex(command.key_id);
  if (!key_id.ok()) return BadField("key_id", "a key id is 8 bytes");
  TALLY_ASSIGN_OR_RETURN(const crypto::RegistryKey key,
                         keys->FindSourceKey(command.source, options_.domain,
                                             *key_id, command.epoch));
  if (key.not_before > CivilDay::TodayUtc().ToIso()) {
    return Error(Reason::kKeyUnknown, "the key is not valid yet",
                 {.field = "key_id"});
  }
  TALLY_ASSIGN_OR_RETURN(const crypto::RegistryKey hub,
                         keys->ActiveHubKey(options_.domain));
  TALLY_RETURN_IF_ERROR(
      lease.Factors(command.source, command.epoch, hub.epoch).status());
  TALLY_RETURN_IF_ERROR(
      crypto::VerifyCanaryProof(key.public_key, AsBytes(command.canary_tokens),
                                AsBytes(command.canary_proof)));
  ExtractRecord record;
  record.uid = Catalogue::NewUid();
  record.source = command.source;
  record.extract_id = command.extract_id;
  record.create_time = NowUtcRfc3339();
  record.period_start = command.period_start;
  record.period_end = command.period_end;
  record.revision = static_cast<int32_t>(id.revision);
  record.key_id = command.key_id;
  record.epoch = static_cast<int32_t>(command.epoch);
  record.hub_epoch = static_cast<int32_t>(hub.epoch);
  for (const ExtractDatasetRecord& one : command.datasets) {
    record.datasets.push_back({one.dataset, one.spec_sha256, 0, 0});
  }
  TALLY_RETURN_IF_ERROR(SpecificationsOf(record, *specs).status());
  return record;
}

absl::StatusOr<ExtractRecord> ExtractStore::Impl::Create(
    const CreateExtractCommand& command, const CallContext& call) {
  if (call.request.has_value()) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<std::string> before,
                           options_.catalogue->FindAnswer(*call.request));
    if (before.has_value()) return options_.catalogue->GetExtractByUid(*before);
  }
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, options_.keys->Borrow());
  TALLY_RETURN_IF_ERROR(options_.catalogue->GetSource(command.source).status());
  TALLY_ASSIGN_OR_RETURN(ExtractRecord record, CheckCreate(command, lease));
  TALLY_RETURN_IF_ERROR(options_.directory->CheckFreeDisk());
  if (command.raw_request.size() > wire::kMaxRequestBytes) {
    return Error(Reason::kBatchTooLarge, "the request is too large");
  }

  // The journal is on the disk before the catalogue knows of the upload. What
  // a stop between the two leaves behind has no batch, and recovery removes it.
  const std::string directory = options_.directory->UploadDirectory(record.uid);
  TALLY_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  absl::Status status =
      UploadJournal::Create(options_.directory->JournalPath(record.uid),
                            JournalContext(options_, record.uid),
                            lease.storage(), command.raw_request)
          .status();
  if (status.ok()) {
    status = FsyncDirectory(options_.directory->UploadsDirectory());
  }
  TALLY_FAILPOINT("create.after_journal");
  std::vector<std::string> superseded;
  std::string answer = record.uid;
  if (status.ok()) {
    AuditEntry entry = Entry(call, AuditAction::kExtractCreate, record.name());
    entry.counts["datasets"] = static_cast<int64_t>(record.datasets.size());
    absl::StatusOr<std::string> created = options_.catalogue->CreateExtract(
        record, {std::move(entry), call.request, record.uid}, &superseded);
    status = created.status();
    if (created.ok()) answer = *created;
    // A catalogue that was lost may know of the upload all the same: then its
    // journal must be there. Recovery removes one that nobody knows.
    if (absl::IsUnavailable(status)) return status;
  }
  if (!status.ok() || answer != record.uid) {
    TALLY_RETURN_IF_ERROR(RemoveTree(directory));
    TALLY_RETURN_IF_ERROR(status);
  }
  for (const std::string& uid : superseded) {
    Forget(uid);
    TALLY_RETURN_IF_ERROR(RemoveTree(options_.directory->UploadDirectory(uid)));
  }
  TALLY_RETURN_IF_ERROR(Drain());
  return options_.catalogue->GetExtractByUid(answer);
}

}  // namespace tally::linkage
