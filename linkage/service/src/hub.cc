#include "linkage/service/hub.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/init.h"
#include "crypto/token_kernel.h"
#include "linkage/service/memory_shares.h"

namespace tally::linkage {
namespace {

constexpr int64_t kRequestMemoryMs = 30LL * 24 * 60 * 60 * 1000;
// Longer than any wait of a transport::Backoff.
constexpr int64_t kLongestPutOffMs = 15'000;
constexpr int32_t kPageToCount = 1000;

// The domain of the hub's keys in the registry; one, unless configured.
absl::StatusOr<std::string> DomainOf(const crypto::Registry& registry,
                                     const std::string& configured) {
  std::set<std::string> domains;
  for (const crypto::RegistryKey& key : registry.keys()) {
    if (key.role == crypto::KeyRole::kHub) domains.insert(key.domain);
  }
  if (!configured.empty()) {
    if (domains.count(configured) != 0) return configured;
    return KeyError("the registry has no hub key of the domain hub.domain");
  }
  if (domains.size() == 1) return *domains.begin();
  return KeyError(domains.empty()
                      ? "the registry has no hub key yet"
                      : "the registry has hub keys of several domains: set "
                        "hub.domain");
}

constexpr int64_t kMaxAcceptedBytes = 4096;

// Refuses a registry that is older than the last one accepted, whose version
// and digest `path` keeps, and else remembers this one.
absl::Status AcceptRegistry(const std::string& path,
                            const crypto::Registry& registry) {
  if (FileExists(path)) {
    TALLY_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxAcceptedBytes));
    const absl::StatusOr<JsonValue> last = ParseJson(text, 2);
    if (!last.ok()) return KeyError("registry.accepted does not parse");
    TALLY_ASSIGN_OR_RETURN(const int64_t version, last->GetInt("version"));
    TALLY_ASSIGN_OR_RETURN(const std::string sha256, last->GetString("sha256"));
    TALLY_RETURN_IF_ERROR(registry.CheckNotOlder(version, sha256));
    if (version == registry.version()) return absl::OkStatus();
  }
  JsonValue accepted = JsonValue::MakeObject();
  accepted.Set("version", registry.version());
  accepted.Set("sha256", registry.sha256());
  return WriteFileAtomically(path, accepted.Dump() + "\n", 0600);
}

}  // namespace

struct Hub::AuditSession {
  explicit AuditSession(HubKeys::Lease taken) : lease(std::move(taken)) {}
  HubKeys::Lease lease;  // outlives the log
  std::unique_ptr<AuditLog> log;
};

absl::StatusOr<crypto::RingSecret> ReadRingSecret(
    const std::string& reference) {
  TALLY_ASSIGN_OR_RETURN(const SecretText text, ReadSecretReference(reference));
  return crypto::RingSecret::Passphrase(text.Reveal());
}

Hub::Hub(HubConfig config)
    : config_(std::move(config)), start_time_(NowUtcRfc3339()) {}

Hub::~Hub() { Stop(); }

absl::StatusOr<std::unique_ptr<Hub>> Hub::Open(const HubConfig& config) {
  TALLY_RETURN_IF_ERROR(crypto::InitCrypto());
  auto hub = std::unique_ptr<Hub>(new Hub(config));
  TALLY_RETURN_IF_ERROR(hub->OpenParts());
  return hub;
}

absl::Status Hub::OpenParts() {
  TALLY_ASSIGN_OR_RETURN(kernel_, crypto::SelectKernel(config_.kernel));
  TALLY_RETURN_IF_ERROR(crypto::SelfTestKernel(*kernel_));
  Log(Level::kInfo, "kernel tested", {Field("kernel", Name(kernel_->name()))});
  pool_ = std::make_unique<WorkerPool>(config_.threads);
  TALLY_ASSIGN_OR_RETURN(directory_, HubDirectory::Open(config_.data_directory,
                                                        config_.min_free_disk));
  std::string password;
  if (!config_.catalogue_password.empty()) {
    TALLY_ASSIGN_OR_RETURN(const SecretText text,
                           ReadSecretReference(config_.catalogue_password));
    password = std::string(text.Reveal());
  }
  absl::StatusOr<std::unique_ptr<Catalogue>> catalogue = Catalogue::Open(
      config_.catalogue_url, directory_->CataloguePath(), password);
  WipeMemory(password.data(), password.size());
  TALLY_RETURN_IF_ERROR(catalogue.status());
  catalogue_ = *std::move(catalogue);
  TALLY_ASSIGN_OR_RETURN(
      recovery_, RecoverHub(*directory_, *catalogue_, config_.OwnUri()));
  // What an interrupted job left in the temporary folder: ours alone.
  TALLY_RETURN_IF_ERROR(RemoveTree(config_.temp_directory + "/jobs"));
  TALLY_RETURN_IF_ERROR(
      MakeDirectories(config_.temp_directory + "/jobs", 0700));
  TALLY_RETURN_IF_ERROR(RemoveTree(config_.temp_directory + "/ingest"));
  TALLY_RETURN_IF_ERROR(
      MakeDirectories(config_.temp_directory + "/ingest", 0700));
  TALLY_ASSIGN_OR_RETURN(
      crypto::Registry registry,
      crypto::Registry::LoadFiles(config_.registry_file, config_.registry_key,
                                  config_.environment));
  TALLY_RETURN_IF_ERROR(
      AcceptRegistry(directory_->AcceptedRegistryPath(), registry));
  TALLY_ASSIGN_OR_RETURN(domain_, DomainOf(registry, config_.domain));
  TALLY_ASSIGN_OR_RETURN(std::shared_ptr<const SpecificationStore> specs,
                         SpecificationStore::Load(config_.datasets_directory));
  keys_ = std::make_unique<HubKeys>(HubKeysOptions{
      config_.keys_directory, config_.environment, domain_, config_.hub_id});
  ExtractStoreOptions options;
  options.environment = config_.environment;
  options.domain = domain_;
  options.hub_actor = config_.OwnUri();
  options.directory = directory_.get();
  options.catalogue = catalogue_.get();
  options.keys = keys_.get();
  options.pool = pool_.get();
  options.kernel = kernel_;
  options.temp_directory = config_.temp_directory + "/ingest";
  options.memory_bytes = BytesOfShare(config_.memory_bytes, kIngestMemoryShare);
  options.threads = config_.threads;
  options.drain_audit = [this] { return DrainAudit(); };
  options.in_background = [this](std::function<void()> work) {
    return journal_queue_.Add(Catalogue::NewUid(), std::move(work));
  };
  // All queues begin to stop at once: any of them tells.
  options.stopping = [this] { return publish_queue_.stopping(); };
  extracts_ = std::make_unique<ExtractStore>(std::move(options));
  MutexLock lock(mu_);
  registry_ = std::make_shared<const crypto::Registry>(std::move(registry));
  specs_ = std::move(specs);
  extracts_->UseRegistry(registry_);
  extracts_->UseSpecifications(specs_);
  return absl::OkStatus();
}

void Hub::Stop() {
  {
    MutexLock lock(mu_);
    if (stopped_) return;
    stopped_ = true;
  }
  // Every piece of work knows that the hub stops before the first one fails
  // for it: a build that does not know would be recorded as failed.
  for (BackgroundQueue* queue :
       {&journal_queue_, &publish_queue_, &release_queue_}) {
    queue->BeginStop();
  }
  if (pool_ != nullptr) pool_->Cancel();
  journal_queue_.Stop();
  publish_queue_.Stop();
  release_queue_.Stop();
  if (keys_ == nullptr || sealed()) return;
  WriteDenied(std::numeric_limits<int64_t>::max());
  const absl::StatusOr<AuditPlace> stopped =
      AppendAudit(OwnEntry(AuditAction::kHubStop, "hub"));
  if (!stopped.ok()) {
    Log(Level::kError, "hub.stop could not be written to the audit log",
        {Field("code", static_cast<int64_t>(stopped.status().code()))});
  }
  {
    MutexLock lock(mu_);
    audit_.reset();
  }
  WipeKeys();
}

void Hub::WipeKeys() {
  // Seal() waits for every lease. Open journals hold one each, and a stream may
  // open one again at any moment until new leases are refused, so journals are
  // closed until all leases are back.
  std::atomic<bool> wiped{false};
  std::thread sealer([&] {
    keys_->Seal();
    wiped.store(true);
  });
  do {
    extracts_->CloseUploads();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  } while (!wiped.load());
  sealer.join();
}

AuditEntry Hub::OwnEntry(AuditAction action, std::string object) const {
  AuditEntry entry;
  entry.actor = config_.OwnUri();
  entry.action = action;
  entry.object = std::move(object);
  entry.corr = NewCorrelationId();
  return entry;
}

absl::Status Hub::OpenAuditLog() {
  TALLY_ASSIGN_OR_RETURN(HubKeys::Lease lease, keys_->Borrow());
  auto session = std::make_shared<AuditSession>(std::move(lease));
  AuditLogOptions options;
  options.directory = directory_->AuditDirectory();
  options.origin = AuditOrigin(config_.trust_domain, config_.hub_id);
  options.key = &session->lease.audit();
  TALLY_ASSIGN_OR_RETURN(session->log, AuditLog::Open(options));
  TALLY_RETURN_IF_ERROR(session->log->Drain(*catalogue_));
  MutexLock lock(mu_);
  audit_ = std::move(session);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FactorCheck>> Hub::Unseal(
    const crypto::RingSecret& secret, std::string_view actor,
    std::string_view actor_key, AuditPlace* place) {
  MutexLock one_at_a_time(seal_mu_);
  if (sealed()) {
    TALLY_ASSIGN_OR_RETURN(std::vector<FactorCheck> factors,
                           keys_->Unseal(secret, *registry()));
    SetFactors(std::move(factors));
    if (absl::Status opened = OpenAuditLog(); !opened.ok()) {
      keys_->Seal();
      return opened;
    }
  }
  bool first = false;
  {
    MutexLock lock(mu_);
    first = !std::exchange(started_, true);
  }
  if (first) {
    AuditEntry start = OwnEntry(AuditAction::kHubStart, "hub");
    start.counts["rejected_uploads"] = recovery_.rejected_uploads;
    start.counts["failed_releases"] = recovery_.failed_releases;
    TALLY_RETURN_IF_ERROR(AppendAudit(start).status());
  }
  AuditEntry entry = OwnEntry(AuditAction::kHubUnseal, "hub");
  entry.actor = std::string(actor);
  entry.actor_key = std::string(actor_key);
  TALLY_ASSIGN_OR_RETURN(const AuditPlace written, AppendAudit(entry));
  if (place != nullptr) *place = written;
  TakeUpWhatWaits();
  return factors();
}

absl::Status Hub::Seal(std::string_view actor, std::string_view actor_key,
                       AuditPlace* place) {
  MutexLock one_at_a_time(seal_mu_);
  if (sealed()) return Error(Reason::kHubSealed, "the hub is sealed already");
  WriteDenied(std::numeric_limits<int64_t>::max());
  AuditEntry entry = OwnEntry(AuditAction::kHubSeal, "hub");
  entry.actor = std::string(actor);
  entry.actor_key = std::string(actor_key);
  const absl::StatusOr<AuditPlace> written = AppendAudit(entry);
  // Keys go whether or not the log took the entry: that is what seal is for.
  {
    MutexLock lock(mu_);
    audit_.reset();
  }
  WipeKeys();
  TALLY_RETURN_IF_ERROR(written.status());
  if (place != nullptr) *place = *written;
  return absl::OkStatus();
}

bool Hub::sealed() const { return keys_->sealed(); }

absl::Status Hub::Reload() {
  absl::StatusOr<std::shared_ptr<const SpecificationStore>> specs =
      SpecificationStore::Load(config_.datasets_directory);
  if (specs.ok()) {
    MutexLock lock(mu_);
    specs_ = *specs;
    extracts_->UseSpecifications(specs_);
  }
  absl::StatusOr<crypto::Registry> loaded = crypto::Registry::LoadFiles(
      config_.registry_file, config_.registry_key, config_.environment);
  if (!loaded.ok()) return loaded.status();
  TALLY_RETURN_IF_ERROR(
      AcceptRegistry(directory_->AcceptedRegistryPath(), *loaded));
  const auto registry =
      std::make_shared<const crypto::Registry>(*std::move(loaded));
  if (!sealed()) {
    TALLY_ASSIGN_OR_RETURN(std::vector<FactorCheck> factors,
                           keys_->UseRegistry(*registry));
    SetFactors(std::move(factors));
  }
  {
    MutexLock lock(mu_);
    registry_ = registry;
    extracts_->UseRegistry(registry);
  }
  return specs.status();
}

std::shared_ptr<Hub::AuditSession> Hub::audit_session() const {
  MutexLock lock(mu_);
  return audit_;
}

absl::Status Hub::DrainAudit() {
  const std::shared_ptr<AuditSession> session = audit_session();
  if (session == nullptr) {
    return Error(Reason::kAuditUnavailable,
                 "the hub is sealed: its audit log is closed");
  }
  return session->log->Drain(*catalogue_);
}

absl::StatusOr<AuditPlace> Hub::AppendAudit(const AuditEntry& entry) {
  const std::shared_ptr<AuditSession> session = audit_session();
  if (session == nullptr) {
    return Error(Reason::kAuditUnavailable,
                 "the hub is sealed: its audit log is closed");
  }
  TALLY_ASSIGN_OR_RETURN(const uint64_t seq, session->log->Append(entry));
  return AuditPlace{seq, entry.corr};
}

absl::StatusOr<AuditPlace> Hub::PlaceOf(std::string_view corr) {
  const std::shared_ptr<AuditSession> session = audit_session();
  if (session == nullptr) {
    return Error(Reason::kHubSealed, "the hub is sealed");
  }
  const std::optional<uint64_t> seq = session->log->SeqOf(corr);
  if (!seq.has_value()) {
    return Error(Reason::kAuditUnavailable,
                 "an audit entry is not in the log yet");
  }
  return AuditPlace{*seq, std::string(corr)};
}

absl::Status Hub::WithAuditLog(
    const std::function<absl::Status(const AuditLog&)>& read) {
  const std::shared_ptr<AuditSession> session = audit_session();
  if (session == nullptr) {
    return Error(Reason::kHubSealed,
                 "the hub is sealed: its audit log is closed");
  }
  return read(*session->log);
}

bool Hub::audit_healthy() const {
  const std::shared_ptr<AuditSession> session = audit_session();
  return session != nullptr && session->log->healthy();
}

uint64_t Hub::audit_size() const {
  const std::shared_ptr<AuditSession> session = audit_session();
  return session == nullptr ? 0 : session->log->size();
}

void Hub::CountDenied(std::string_view actor, std::string_view method,
                      std::string_view reason) {
  denied_.Count(actor, "", method, reason, NowUnixMs() / 1000);
}

bool Hub::IsServing() const {
  return !sealed() && audit_healthy() && directory_->CheckFreeDisk().ok();
}

void Hub::QueuePublish(const std::string& uid) {
  publish_queue_.Add(uid, [this, uid] {
    const absl::Status status = extracts_->Publish(uid);
    const absl::StatusOr<ExtractRecord> extract =
        catalogue_->GetExtractByUid(uid);
    if (extract.ok() && extract->state == ExtractState::kPublished) {
      QueueCount(extract->source);
    }
    MutexLock lock(mu_);
    if (status.ok()) {
      put_off_.erase(uid);
      return;
    }
    if (publish_queue_.stopping()) return;  // the next start takes it up
    PutOff& put_off = put_off_[uid];
    const int64_t wait_ms = put_off.backoff.NextMs();
    put_off.until_unix_ms = NowUnixMs() + wait_ms;
    // A wrong token of a kernel, a damaged journal: someone must look.
    Log(absl::IsDataLoss(status) ? Level::kError : Level::kWarning,
        "an extract could not be published yet",
        {Field("code", static_cast<int64_t>(status.code())),
         Field("again_in_ms", wait_ms)});
  });
}

void Hub::QueueCount(const std::string& source) {
  // In the queue of publications: one share of the memory for both. A source
  // waits for its publication, nobody for a count.
  publish_queue_.AddIdle("count " + source, [this, source] {
    const absl::Status counted = extracts_->CountPersons(source);
    if (counted.ok() || publish_queue_.stopping()) return;
    LogStatus(Level::kWarning, "the people of a source could not be counted",
              counted, {Field("resource", Name("sources/" + source))});
  });
}

void Hub::TakeUpWhatWaits() {
  const absl::StatusOr<std::vector<std::string>> waiting =
      extracts_->Unpublished();
  if (waiting.ok()) {
    for (const std::string& uid : *waiting) QueuePublish(uid);
  } else {
    LogStatus(Level::kWarning, "extracts that wait are looked for again",
              waiting.status());
  }
  if (const absl::Status queued = CountAllPersons(); !queued.ok()) {
    LogStatus(Level::kWarning, "the people of sources are not counted yet",
              queued);
  }
}

absl::Status Hub::CountAllPersons() {
  PageRequest page;
  page.size = kPageToCount;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const Page<SourceRecord> sources,
                           catalogue_->ListSources(page));
    for (const SourceRecord& source : sources.items) QueueCount(source.id);
    if (sources.next.empty()) return absl::OkStatus();
    page.after = sources.next;
  }
}

void Hub::WriteDenied(int64_t until_seconds) {
  for (const AuditEntry& entry : denied_.TakeFinished(until_seconds)) {
    if (!AppendAudit(entry).ok()) return;
  }
}

void Hub::ExpireAgreements() {
  const CivilDay today = CivilDay::TodayUtc();
  {
    MutexLock lock(mu_);
    if (expired_until_ == today) return;
  }
  const absl::StatusOr<std::vector<AgreementRecord>> due =
      catalogue_->AgreementsToExpire(today.days());
  if (!due.ok()) return;
  for (const AgreementRecord& agreement : *due) {
    Change change;
    change.entry = OwnEntry(AuditAction::kAgreementExpire, agreement.name());
    if (!catalogue_->ExpireAgreement(agreement.project, agreement.id, change)
             .ok()) {
      return;
    }
  }
  if (!due->empty() && !DrainAudit().ok()) return;
  catalogue_
      ->ForgetRequestsBefore(FormatUtcRfc3339(NowUnixMs() - kRequestMemoryMs))
      .IgnoreError();
  MutexLock lock(mu_);
  expired_until_ = today;
}

void Hub::Tick() {
  if (sealed()) return;
  WriteDenied(NowUnixMs() / 1000);
  ExpireAgreements();
  const absl::StatusOr<std::vector<std::string>> waiting =
      extracts_->Unpublished();
  if (!waiting.ok()) return;
  for (const std::string& uid : *waiting) {
    if (MayPublish(uid)) QueuePublish(uid);
  }
}

bool Hub::MayPublish(const std::string& uid) const {
  MutexLock lock(mu_);
  const auto put_off = put_off_.find(uid);
  if (put_off == put_off_.end()) return true;
  const int64_t left_ms = put_off->second.until_unix_ms - NowUnixMs();
  // A clock that was set back keeps nothing waiting.
  return left_ms <= 0 || left_ms > kLongestPutOffMs;
}

std::shared_ptr<const crypto::Registry> Hub::registry() const {
  MutexLock lock(mu_);
  return registry_;
}

std::shared_ptr<const SpecificationStore> Hub::specifications() const {
  MutexLock lock(mu_);
  return specs_;
}

std::vector<FactorCheck> Hub::factors() const {
  MutexLock lock(mu_);
  return factors_;
}

void Hub::SetFactors(std::vector<FactorCheck> factors) {
  MutexLock lock(mu_);
  factors_ = std::move(factors);
}

}  // namespace tally::linkage
