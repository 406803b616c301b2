#include "linkage/store/extract_store.h"

#include <utility>

#include "base/error.h"
#include "base/status.h"
#include "extract_store_impl.h"

namespace tally::linkage {

AuditEntry ExtractStore::Impl::Entry(const CallContext& call,
                                     AuditAction action,
                                     std::string object) const {
  AuditEntry entry;
  entry.actor = call.actor;
  entry.actor_key = call.actor_key;
  entry.action = action;
  entry.object = std::move(object);
  entry.corr = call.corr.empty() ? NewCorrelationId() : call.corr;
  return entry;
}

absl::StatusOr<std::vector<const dataset::Specification*>>
ExtractStore::Impl::SpecificationsOf(const ExtractRecord& record,
                                     const SpecificationStore& store) const {
  std::vector<const dataset::Specification*> found;
  for (const ExtractDatasetRecord& one : record.datasets) {
    TALLY_ASSIGN_OR_RETURN(const dataset::Specification* specification,
                           store.Find(one.dataset, one.spec_sha256));
    found.push_back(specification);
  }
  return found;
}

absl::StatusOr<uint64_t> ExtractStore::Impl::PersonLimit(
    std::string_view source) const {
  const std::shared_ptr<const crypto::Registry> current = registry();
  if (current == nullptr) return Error(Reason::kHubSealed, "no registry yet");
  TALLY_ASSIGN_OR_RETURN(
      const crypto::RegistryParty party,
      current->FindParty(source, crypto::PartyRole::kSource));
  // The registry gives every source a limit.
  return static_cast<uint64_t>(party.person_limit.value_or(0));
}

absl::Status ExtractStore::Impl::GoOn(const HubKeys::Lease& lease) const {
  if (lease.revoked()) return Error(Reason::kHubSealed, "the hub is sealed");
  if (options_.stopping && options_.stopping()) {
    return Error(Reason::kDraining, "the hub is shutting down");
  }
  return absl::OkStatus();
}

std::optional<OperationProgress> ExtractStore::Impl::Progress(
    std::string_view uid) const {
  MutexLock lock(mu_);
  const auto found = publishing_.find(uid);
  if (found == publishing_.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<std::vector<std::string>> ExtractStore::Impl::Unpublished() {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<ExtractRecord> waiting,
      options_.catalogue->ExtractsInState(ExtractState::kFinalizing));
  std::vector<std::string> uids;
  for (const ExtractRecord& record : waiting) uids.push_back(record.uid);
  return uids;
}

ExtractStore::ExtractStore(ExtractStoreOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ExtractStore::~ExtractStore() = default;

void ExtractStore::UseRegistry(
    std::shared_ptr<const crypto::Registry> registry) {
  impl_->UseRegistry(std::move(registry));
}
void ExtractStore::UseSpecifications(
    std::shared_ptr<const SpecificationStore> specs) {
  impl_->UseSpecifications(std::move(specs));
}
absl::StatusOr<ExtractRecord> ExtractStore::CreateExtract(
    const CreateExtractCommand& command, const CallContext& call) {
  return impl_->Create(command, call);
}
absl::StatusOr<UploadTicket> ExtractStore::BeginStream(
    std::string_view source, std::string_view extract_id,
    uint64_t next_sequence) {
  return impl_->BeginStream(source, extract_id, next_sequence);
}
absl::StatusOr<uint64_t> ExtractStore::AddBatch(
    const UploadTicket& ticket, uint64_t sequence, wire::BatchKind kind,
    std::span<const uint8_t> content) {
  return impl_->AddBatch(ticket, sequence, kind, content);
}
absl::StatusOr<uint64_t> ExtractStore::Sync(const UploadTicket& ticket) {
  return impl_->Sync(ticket);
}
absl::StatusOr<UploadStatus> ExtractStore::GetUploadStatus(
    std::string_view source, std::string_view extract_id) {
  return impl_->Status(source, extract_id);
}
absl::StatusOr<ExtractRecord> ExtractStore::FinalizeExtract(
    std::string_view source, std::string_view extract_id,
    std::string_view manifest, std::span<const uint8_t> signature,
    const CallContext& call) {
  return impl_->Finalize(source, extract_id, manifest, signature, call);
}
absl::Status ExtractStore::Publish(std::string_view uid) {
  return impl_->Publish(uid);
}
void ExtractStore::CloseUploads() { impl_->CloseUploads(); }
std::optional<OperationProgress> ExtractStore::Progress(
    std::string_view uid) const {
  return impl_->Progress(uid);
}
absl::StatusOr<std::vector<std::string>> ExtractStore::Unpublished() {
  return impl_->Unpublished();
}
absl::Status ExtractStore::CountPersons(std::string_view source) {
  return impl_->CountPersons(source);
}
std::optional<double> ExtractStore::PersonLimitShare(std::string_view source,
                                                     uint32_t epoch) const {
  return impl_->PersonLimitShare(source, epoch);
}

}  // namespace tally::linkage
