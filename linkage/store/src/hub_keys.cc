#include "linkage/store/hub_keys.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "base/status.h"

namespace tally::linkage {

namespace {

// Everything that goes away with Seal().
struct OpenKeys {
  crypto::KeyDirectory directory;
  std::vector<crypto::StorageKey> storage;  // the first one seals
  crypto::SigningKey sign;
  crypto::SigningKey audit;
  crypto::BoxKey box;
  // Each at its own place: leases refer to them while others are added.
  std::vector<std::unique_ptr<const crypto::ConversionFactor>> factors;
  std::vector<bool> usable;  // of each factor: its check passed
  std::map<std::string, crypto::ProjectKey, std::less<>> projects;
};

FactorCheck CheckFactor(const crypto::ConversionFactor& factor,
                        const crypto::Registry& registry) {
  const crypto::FactorInfo& info = factor.info();
  FactorCheck check{.source = info.source,
                    .source_epoch = info.source_epoch,
                    .hub_epoch = info.hub_epoch,
                    .key_id = factor.key_id().Hex(),
                    .stage = info.stage,
                    .stages = info.stages,
                    .loaded = false,
                    .reason = ""};
  const auto refuse = [&check](const absl::Status& why) {
    check.reason = std::string(ReasonName(ReasonOf(why)));
    return check;
  };
  const absl::StatusOr<crypto::RegistryKey> source =
      registry.SourceKeyOfEpoch(info.source, info.domain, info.source_epoch);
  if (!source.ok()) return refuse(source.status());
  const absl::StatusOr<crypto::RegistryKey> hub =
      registry.HubKeyOfEpoch(info.domain, info.hub_epoch, info.stage);
  if (!hub.ok()) return refuse(hub.status());
  const absl::Status status =
      factor.CheckAgainst(source->public_key, hub->public_key);
  if (!status.ok()) return refuse(status);
  check.loaded = true;
  return check;
}

absl::Status Sealed() { return Error(Reason::kHubSealed, "the hub is sealed"); }

}  // namespace

struct HubKeys::State {
  explicit State(HubKeysOptions o) : options(std::move(o)) {}

  const HubKeysOptions options;
  mutable Mutex mu;
  CondVar changed;
  std::unique_ptr<OpenKeys> keys TALLY_GUARDED_BY(mu);  // null: sealed
  int leases TALLY_GUARDED_BY(mu) = 0;
  std::atomic<bool> sealing{false};

  // Checks all factors and says which may be used.
  std::vector<FactorCheck> Check(const crypto::Registry& registry)
      TALLY_REQUIRES(mu) {
    std::vector<FactorCheck> checks;
    for (size_t i = 0; i < keys->factors.size(); ++i) {
      checks.push_back(CheckFactor(*keys->factors[i], registry));
      keys->usable[i] = checks.back().loaded;
    }
    return checks;
  }

  // Waits until nobody holds a lease; nobody gets one meanwhile.
  void WaitForLeases() TALLY_REQUIRES(mu) {
    sealing = true;
    while (leases > 0) changed.Wait(mu);
  }
};

HubKeys::HubKeys(HubKeysOptions options)
    : state_(std::make_shared<State>(std::move(options))) {}

HubKeys::~HubKeys() { Seal(); }

absl::Status HubKeys::CreateOwnKeys(const crypto::RingSecret& secret) {
  const HubKeysOptions& options = state_->options;
  const crypto::Environment environment = options.environment;
  TALLY_ASSIGN_OR_RETURN(crypto::KeyDirectory directory,
                         crypto::KeyDirectory::Create(
                             options.directory, environment, options.hub_id,
                             crypto::KeyHolder::kParty, secret));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::StorageKey storage,
      crypto::StorageKey::Generate(environment, options.hub_id));
  TALLY_RETURN_IF_ERROR(crypto::StoreKey(directory, storage));
  for (const crypto::SignPurpose purpose :
       {crypto::SignPurpose::kSign, crypto::SignPurpose::kAudit}) {
    TALLY_ASSIGN_OR_RETURN(
        const crypto::SigningKey key,
        crypto::SigningKey::Generate(environment, options.hub_id, purpose));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(directory, key));
  }
  TALLY_ASSIGN_OR_RETURN(const crypto::BoxKey box,
                         crypto::BoxKey::Generate(environment, options.hub_id));
  return crypto::StoreKey(directory, box);
}

absl::StatusOr<std::vector<FactorCheck>> HubKeys::Unseal(
    const crypto::RingSecret& secret, const crypto::Registry& registry) {
  const HubKeysOptions& options = state_->options;
  TALLY_ASSIGN_OR_RETURN(
      crypto::KeyDirectory directory,
      crypto::KeyDirectory::Open(options.directory, options.environment,
                                 crypto::KeyHolder::kParty, secret));
  TALLY_ASSIGN_OR_RETURN(std::vector<crypto::StorageKey> storage,
                         crypto::LoadStorageKeys(directory));
  if (storage.empty()) return KeyError("the key directory has no storage key");
  TALLY_ASSIGN_OR_RETURN(crypto::SigningKey sign,
                         crypto::LoadSigningKey(directory, options.hub_id,
                                                crypto::SignPurpose::kSign));
  TALLY_ASSIGN_OR_RETURN(crypto::SigningKey audit,
                         crypto::LoadSigningKey(directory, options.hub_id,
                                                crypto::SignPurpose::kAudit));
  TALLY_ASSIGN_OR_RETURN(crypto::BoxKey box,
                         crypto::LoadBoxKey(directory, options.hub_id));
  TALLY_ASSIGN_OR_RETURN(std::vector<crypto::ConversionFactor> loaded,
                         crypto::LoadAllFactors(directory));
  std::vector<std::unique_ptr<const crypto::ConversionFactor>> factors;
  for (crypto::ConversionFactor& factor : loaded) {
    // Factors of another domain are not for this hub.
    if (factor.info().domain != options.domain) continue;
    factors.push_back(
        std::make_unique<const crypto::ConversionFactor>(std::move(factor)));
  }
  TALLY_ASSIGN_OR_RETURN(std::vector<crypto::ProjectKey> projects,
                         crypto::LoadAllProjectKeys(directory));
  std::vector<bool> usable(factors.size());
  auto keys = std::make_unique<OpenKeys>(OpenKeys{std::move(directory),
                                                  std::move(storage),
                                                  std::move(sign),
                                                  std::move(audit),
                                                  std::move(box),
                                                  std::move(factors),
                                                  std::move(usable),
                                                  {}});
  for (crypto::ProjectKey& project : projects) {
    if (project.domain() != options.domain) continue;
    std::string id = project.project();
    keys->projects.emplace(std::move(id), std::move(project));
  }
  MutexLock lock(state_->mu);
  state_->WaitForLeases();
  state_->keys = std::move(keys);
  state_->sealing = false;
  return state_->Check(registry);
}

void HubKeys::Seal() {
  MutexLock lock(state_->mu);
  if (state_->keys == nullptr) return;
  state_->WaitForLeases();
  state_->keys.reset();
}

bool HubKeys::sealed() const {
  MutexLock lock(state_->mu);
  return state_->keys == nullptr || state_->sealing;
}

absl::StatusOr<std::vector<FactorCheck>> HubKeys::UseRegistry(
    const crypto::Registry& registry) {
  MutexLock lock(state_->mu);
  if (state_->keys == nullptr || state_->sealing) return Sealed();
  return state_->Check(registry);
}

absl::StatusOr<HubKeys::Lease> HubKeys::Borrow() {
  MutexLock lock(state_->mu);
  if (state_->keys == nullptr || state_->sealing) return Sealed();
  ++state_->leases;
  return Lease(state_);
}

absl::Status HubKeys::AddFactor(crypto::ConversionFactor factor,
                                const crypto::Registry& registry) {
  const FactorCheck check = CheckFactor(factor, registry);
  if (!check.loaded) {
    return Error(ReasonFromName(check.reason).value_or(Reason::kFactorMismatch),
                 "the factor does not fit the registry",
                 {.resource = "sources/" + check.source});
  }
  MutexLock lock(state_->mu);
  if (state_->keys == nullptr || state_->sealing) return Sealed();
  if (factor.info().domain != state_->options.domain) {
    return Error(Reason::kFactorMismatch, "the factor is of another domain");
  }
  for (const auto& there : state_->keys->factors) {
    if (there->key_id() == factor.key_id()) return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(crypto::StoreKey(state_->keys->directory, factor));
  state_->keys->factors.push_back(
      std::make_unique<const crypto::ConversionFactor>(std::move(factor)));
  state_->keys->usable.push_back(true);
  return absl::OkStatus();
}

absl::StatusOr<std::string> HubKeys::CreateProjectKey(
    std::string_view project) {
  MutexLock lock(state_->mu);
  if (state_->keys == nullptr || state_->sealing) return Sealed();
  if (state_->keys->projects.contains(project)) {
    return Error(Reason::kResourceExists, "the project has a key already",
                 {.resource = "projects/" + std::string(project)});
  }
  TALLY_ASSIGN_OR_RETURN(
      crypto::ProjectKey key,
      crypto::ProjectKey::Generate(state_->options.environment,
                                   state_->options.domain, project));
  TALLY_RETURN_IF_ERROR(crypto::StoreKey(state_->keys->directory, key));
  std::string id = key.key_id().Hex();
  // A map: what leases refer to stays where it is.
  state_->keys->projects.emplace(std::string(project), std::move(key));
  return id;
}

HubKeys::Lease::Lease(std::shared_ptr<State> state)
    : state_(std::move(state)) {}
HubKeys::Lease::Lease(Lease&&) noexcept = default;
HubKeys::Lease& HubKeys::Lease::operator=(Lease&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
HubKeys::Lease::~Lease() {
  if (state_ == nullptr) return;
  {
    MutexLock lock(state_->mu);
    --state_->leases;
  }
  state_->changed.NotifyAll();
}

bool HubKeys::Lease::revoked() const { return state_->sealing; }

// While a lease lives the keys are there and their places do not change, so
// reading them needs no lock. The project map alone may grow meanwhile.
const crypto::StorageKey& HubKeys::Lease::storage() const
    TALLY_NO_THREAD_SAFETY_ANALYSIS {
  return state_->keys->storage.front();
}
crypto::StorageKeyFinder HubKeys::Lease::storage_finder() const
    TALLY_NO_THREAD_SAFETY_ANALYSIS {
  return [keys = state_->keys.get()](
             const crypto::KeyId& id) -> const crypto::StorageKey* {
    for (const crypto::StorageKey& key : keys->storage) {
      if (key.key_id() == id) return &key;
    }
    return nullptr;
  };
}
const crypto::SigningKey& HubKeys::Lease::sign() const
    TALLY_NO_THREAD_SAFETY_ANALYSIS {
  return state_->keys->sign;
}
const crypto::SigningKey& HubKeys::Lease::audit() const
    TALLY_NO_THREAD_SAFETY_ANALYSIS {
  return state_->keys->audit;
}
const crypto::BoxKey& HubKeys::Lease::box() const
    TALLY_NO_THREAD_SAFETY_ANALYSIS {
  return state_->keys->box;
}

absl::StatusOr<std::vector<const crypto::ConversionFactor*>>
HubKeys::Lease::Factors(std::string_view source, uint32_t source_epoch,
                        uint32_t hub_epoch) const {
  MutexLock lock(state_->mu);
  const OpenKeys& keys = *state_->keys;
  std::vector<const crypto::ConversionFactor*> found;
  bool refused = false;
  for (size_t i = 0; i < keys.factors.size(); ++i) {
    const crypto::FactorInfo& info = keys.factors[i]->info();
    if (info.source != source || info.source_epoch != source_epoch ||
        info.hub_epoch != hub_epoch) {
      continue;
    }
    refused = refused || !keys.usable[i];
    found.push_back(keys.factors[i].get());
  }
  if (found.empty()) {
    return Error(Reason::kFactorMismatch, "there is no factor for this source",
                 {.resource = "sources/" + std::string(source)});
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return a->info().stage < b->info().stage;
  });
  if (refused || found.size() != found.front()->info().stages) {
    return Error(Reason::kFactorMismatch,
                 "the factor of this source does not fit the registry",
                 {.resource = "sources/" + std::string(source)});
  }
  return found;
}

absl::StatusOr<const crypto::ProjectKey*> HubKeys::Lease::Project(
    std::string_view project) const {
  MutexLock lock(state_->mu);
  const auto found = state_->keys->projects.find(project);
  if (found == state_->keys->projects.end()) {
    return Error(Reason::kKeyUnknown, "there is no key of this project",
                 {.resource = "projects/" + std::string(project)});
  }
  return &found->second;
}

}  // namespace tally::linkage
