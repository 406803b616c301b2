#include <algorithm>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/receipt.h"
#include "extract_context.h"
#include "extract_store_impl.h"
#include "linkage/index/run_merger.h"
#include "linkage/store/pinned_extracts.h"
#include "validation.h"

namespace tally::linkage {

namespace {

// The last change of the opt-out lists that a manifest names.
std::string NewestOptOutList(const dataset::ExtractManifest& manifest) {
  std::string newest;
  for (const dataset::ListName list : {dataset::ListName::kType1OptOuts,
                                       dataset::ListName::kNationalEligible}) {
    const auto found =
        manifest.lists.find(std::string(dataset::ListNameText(list)));
    if (found != manifest.lists.end()) {
      newest = std::max(newest, found->second.date);
    }
  }
  return newest;
}

// Of each period the revision in force, in order; reports that do not parse
// count as empty.
std::vector<EarlierExtract> Earlier(const std::vector<ExtractRecord>& published,
                                    const ExtractRecord& record) {
  std::map<int32_t, EarlierExtract> by_period;
  for (const ExtractRecord& one : published) {
    if (one.period_start >= record.period_start) continue;
    // In order of revision: the last one stays.
    EarlierExtract earlier{one, {}};
    auto report = ValidationReport::Parse(one.validation);
    if (report.ok()) earlier.validation = *std::move(report);
    by_period[one.period_start] = std::move(earlier);
  }
  std::vector<EarlierExtract> list;
  for (auto& [period, earlier] : by_period) list.push_back(std::move(earlier));
  return list;
}

absl::StatusOr<FileRecord> WriteStaged(const std::string& staging,
                                       const std::string& name,
                                       std::string_view bytes) {
  TALLY_RETURN_IF_ERROR(
      CreateFileExclusive(JoinPath(staging, name), bytes, 0600));
  return FileRecord{name, static_cast<int64_t>(bytes.size()), Sha256Hex(bytes)};
}

}  // namespace

absl::StatusOr<PublisherInput> ExtractStore::Impl::InputFor(
    const ExtractRecord& record, const HubKeys::Lease& lease) {
  const std::shared_ptr<const crypto::Registry> keys = registry();
  if (keys == nullptr) return Error(Reason::kHubSealed, "no registry yet");
  PublisherInput input;
  input.record = record;
  TALLY_ASSIGN_OR_RETURN(input.person_limit, PersonLimit(record.source));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::RegistryKey hub,
      keys->HubKeyOfEpoch(options_.domain,
                          static_cast<uint32_t>(record.hub_epoch)));
  input.hub_key_id = hub.key_id.bytes();
  TALLY_ASSIGN_OR_RETURN(
      input.factors,
      lease.Factors(record.source, static_cast<uint32_t>(record.epoch),
                    static_cast<uint32_t>(record.hub_epoch)));
  input.go_on = [this, &lease] { return GoOn(lease); };
  input.progress = [this, uid = record.uid](const OperationProgress& now) {
    MutexLock lock(mu_);
    publishing_[uid] = now;
  };
  return input;
}

absl::StatusOr<ExtractStore::Impl::CountedPersons>
ExtractStore::Impl::DistinctPersons(std::string_view source, int32_t epoch,
                                    const ExtractRecord* with,
                                    const HubKeys::Lease& lease) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         options_.catalogue->PublishedExtracts(source));
  std::vector<MergeInput> inputs;
  CountedPersons counted{.epoch = epoch};
  for (const ExtractRecord& one : published) {
    // Revisions that were replaced count as well: each of their tokens was
    // converted.
    if (one.epoch != epoch) continue;
    counted.uids.insert(one.uid);
    inputs.push_back({options_.directory->RunPath(one.uid),
                      RunContext(options_, one),
                      static_cast<int32_t>(inputs.size()), 0});
  }
  if (with != nullptr) {
    counted.uids.insert(with->uid);
    inputs.push_back(
        {options_.directory->StagingDirectory(with->uid) + "/index.run",
         RunContext(options_, *with), static_cast<int32_t>(inputs.size()), 0});
  }
  {
    MutexLock lock(mu_);
    const auto known = counted_.find(source);
    if (known != counted_.end() && known->second.epoch == epoch &&
        known->second.uids == counted.uids) {
      return known->second;
    }
  }
  RunMergerOptions merge;
  merge.storage_keys = lease.storage_finder();
  merge.storage_key = &lease.storage();
  merge.pool = options_.pool;
  merge.temp_directory = options_.temp_directory;
  merge.parts = options_.pool->threads();
  merge.memory_bytes =
      std::max<size_t>(options_.memory_bytes / 2, size_t{16} << 20);
  merge.go_on = [this, &lease] { return GoOn(lease); };
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<RunMerger> merger,
                         RunMerger::Create(std::move(inputs), merge));
  TALLY_ASSIGN_OR_RETURN(counted.persons, merger->CountPersons());
  return counted;
}

void ExtractStore::Impl::Keep(std::string_view source, CountedPersons counted) {
  MutexLock lock(mu_);
  counted_[std::string(source)] = std::move(counted);
}

absl::Status ExtractStore::Impl::CheckPersonLimit(const ExtractRecord& record,
                                                  const RunSummary& run,
                                                  uint64_t limit,
                                                  const HubKeys::Lease& lease) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         options_.catalogue->PublishedExtracts(record.source));
  // The sum bounds the distinct people: only beyond the limit they are counted.
  uint64_t most = run.records;
  for (const ExtractRecord& one : published) {
    if (one.epoch == record.epoch) most += static_cast<uint64_t>(one.persons);
  }
  if (most <= limit) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(
      CountedPersons counted,
      DistinctPersons(record.source, record.epoch, &record, lease));
  const uint64_t persons = counted.persons;
  if (persons <= limit) {
    Keep(record.source, std::move(counted));  // the extract is published next
    return absl::OkStatus();
  }
  return Error(Reason::kPersonLimit,
               "more people than the registry allows this source in an epoch",
               {.resource = record.name(),
                .limit = static_cast<int64_t>(limit),
                .count = static_cast<int64_t>(persons)});
}

// Writes the small files, moves the directory to its place and lets the
// catalogue know.
absl::Status ExtractStore::Impl::Commit(const ExtractRecord& record,
                                        PublisherOutput& output,
                                        const HubKeys::Lease& lease) {
  const HubDirectory& directory = *options_.directory;
  const std::string staging = directory.StagingDirectory(record.uid);
  ExtractRecord done = record;
  done.finish_time = NowUtcRfc3339();
  done.persons = static_cast<int64_t>(output.run.records);
  for (size_t i = 0; i < done.datasets.size(); ++i) {
    done.datasets[i].rows = static_cast<int64_t>(output.datasets[i].rows);
    done.datasets[i].rows_unlinked =
        static_cast<int64_t>(output.datasets[i].rows_unlinked);
  }
  done.newest_opt_out_list = NewestOptOutList(output.manifest);
  const dataset::Receipt receipt =
      dataset::Receipt::For(output.manifest, record.manifest_sha256,
                            done.finish_time, record.resumed);
  TALLY_RETURN_IF_ERROR(receipt.Check());
  done.receipt = receipt.ToJson();
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature signature,
      lease.sign().Sign(crypto::SignLabel::kReceipt, done.receipt));
  done.receipt_signature = Base64UrlEncode(signature);
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature manifest_signature,
      crypto::SignatureFromBytes(AsBytes(output.manifest_signature)));
  std::vector<FileRecord> files = output.files;
  const std::array<std::pair<const char*, std::string>, 3> small{
      {{"manifest.json", output.manifest_bytes},
       {"manifest.sig", crypto::EncodeSignatureFile(manifest_signature)},
       {"validation.json", done.validation}}};
  for (const auto& [name, bytes] : small) {
    TALLY_ASSIGN_OR_RETURN(FileRecord file, WriteStaged(staging, name, bytes));
    files.push_back(std::move(file));
  }
  TALLY_RETURN_IF_ERROR(FsyncTree(staging));
  TALLY_FAILPOINT("publish.before_rename");
  const std::string place = directory.ExtractDirectory(record.uid);
  // Left by a stop between this rename and the catalogue's commit.
  TALLY_RETURN_IF_ERROR(RemoveTree(place));
  TALLY_RETURN_IF_ERROR(RenameDurablyNoReplace(staging, place));
  TALLY_FAILPOINT("publish.after_rename");
  AuditEntry entry = Entry({.actor = options_.hub_actor},
                           AuditAction::kExtractFinalize, record.name());
  entry.counts["persons"] = done.persons;
  entry.counts["rows"] = record.rows;
  entry.digests["manifest"] = record.manifest_sha256;
  entry.digests["receipt"] = Sha256Hex(done.receipt);
  TALLY_RETURN_IF_ERROR(options_.catalogue->PublishExtract(
      done, files, {std::move(entry), std::nullopt, ""}));
  TALLY_FAILPOINT("publish.after_commit");
  TALLY_RETURN_IF_ERROR(Drain());
  return RemoveTree(directory.UploadDirectory(record.uid));
}

absl::Status ExtractStore::Impl::Reject(const ExtractRecord& record,
                                        const absl::Status& why) {
  ErrorDetail detail = DetailOf(why).value_or(ErrorDetail{});
  detail.resource = record.name();
  AuditEntry entry = Entry({.actor = options_.hub_actor},
                           AuditAction::kExtractFinalize, record.name());
  entry.outcome = std::string(ReasonName(detail.reason));
  if (detail.count > 0) entry.counts["faults"] = detail.count;
  TALLY_RETURN_IF_ERROR(options_.catalogue->RejectExtract(
      record.uid, detail, RejectedReport(why).ToJson(record.name()),
      {std::move(entry), std::nullopt, ""}));
  TALLY_FAILPOINT("reject.after_commit");
  TALLY_RETURN_IF_ERROR(Drain());
  return RemoveTree(options_.directory->UploadDirectory(record.uid));
}

absl::Status ExtractStore::Impl::PublishNow(const ExtractRecord& record) {
  if (record.state == ExtractState::kPublished ||
      record.state == ExtractState::kRejected) {
    return RemoveTree(options_.directory->UploadDirectory(record.uid));
  }
  if (record.state != ExtractState::kFinalizing) {
    return Error(Reason::kExtractState, "the extract is not finalised",
                 {.resource = record.name()});
  }
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, options_.keys->Borrow());
  TALLY_RETURN_IF_ERROR(options_.directory->CheckFreeDisk());
  const std::shared_ptr<const SpecificationStore> specs = specifications();
  if (specs == nullptr) return Error(Reason::kHubSealed, "not ready");
  TALLY_ASSIGN_OR_RETURN(PublisherInput input, InputFor(record, lease));
  TALLY_ASSIGN_OR_RETURN(input.specifications,
                         SpecificationsOf(record, *specs));
  const uint64_t limit = input.person_limit;
  const std::vector<const dataset::Specification*> used = input.specifications;
  Publisher publisher(options_, lease, std::move(input));
  absl::StatusOr<PublisherOutput> output = publisher.Run();
  absl::Status status = output.status();
  if (status.ok() &&
      Sha256Hex(output->manifest_bytes) != record.manifest_sha256) {
    status = Error(Reason::kJournalCorrupt,
                   "the journal holds another manifest than was accepted");
  }
  if (status.ok()) status = CheckPersonLimit(record, output->run, limit, lease);
  if (!status.ok()) {
    return IsRejection(status) ? Reject(record, status) : status;
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         options_.catalogue->PublishedExtracts(record.source));
  const ValidationReport report =
      Validate(record, *output, used, limit, Earlier(published, record));
  ExtractRecord validated = record;
  validated.validation = report.ToJson(record.name());
  return Commit(validated, *output, lease);
}

absl::Status ExtractStore::Impl::Publish(std::string_view uid) {
  {
    MutexLock lock(mu_);
    while (publishing_.contains(uid)) published_.Wait(mu_);
    publishing_[std::string(uid)] = {"waiting", 0, 0, ""};
  }
  absl::StatusOr<ExtractRecord> record =
      options_.catalogue->GetExtractByUid(uid);
  const absl::Status status =
      record.ok() ? PublishNow(*record) : record.status();
  MutexLock lock(mu_);
  publishing_.erase(std::string(uid));
  published_.NotifyAll();
  return status;
}

absl::Status ExtractStore::Impl::CountPersons(std::string_view source) {
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, options_.keys->Borrow());
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         options_.catalogue->PublishedExtracts(source));
  const ExtractRecord* newest = NewestExtract(published);
  if (newest == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(
      CountedPersons counted,
      DistinctPersons(source, newest->epoch, nullptr, lease));
  Keep(source, std::move(counted));
  return absl::OkStatus();
}

std::optional<double> ExtractStore::Impl::PersonLimitShare(
    std::string_view source, uint32_t epoch) const {
  const absl::StatusOr<uint64_t> limit = PersonLimit(source);
  if (!limit.ok()) return std::nullopt;
  MutexLock lock(mu_);
  const auto known = counted_.find(source);
  if (known == counted_.end() ||
      known->second.epoch != static_cast<int32_t>(epoch)) {
    return std::nullopt;
  }
  const uint64_t persons = known->second.persons;
  if (*limit == 0) return persons == 0 ? 0.0 : 1.0;
  return static_cast<double>(persons) / static_cast<double>(*limit);
}

}  // namespace tally::linkage
