#ifndef TALLY_LINKAGE_SERVICE_HUB_H_
#define TALLY_LINKAGE_SERVICE_HUB_H_

// The running hub without its network: data directory, catalogue, keys, audit
// log, uploads, background work. Services translate between the wire and what
// is here.
//
// It starts sealed and is unsealed by a passphrase, from its configuration or
// from an operator. While it is sealed nothing that needs a key works, and
// nothing is written to the audit log, since the log is signed.
//
// A change is answered once its audit entry lies in the log under a signed
// checkpoint; if that cannot be, the answer is AUDIT_UNAVAILABLE.
//
// Spec: docs/operations.md
// Threading: any thread, except Open.
// Secrets: HubKeys holds them; Unseal takes a passphrase and keeps no copy.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/config.h"
#include "base/mutex.h"
#include "base/worker_pool.h"
#include "crypto/registry.h"
#include "crypto/token_kernel.h"
#include "linkage/audit/audit_log.h"
#include "linkage/audit/denied_counter.h"
#include "linkage/service/background_queue.h"
#include "linkage/service/hub_config.h"
#include "linkage/store/catalogue.h"
#include "linkage/store/extract_store.h"
#include "linkage/store/hub_directory.h"
#include "linkage/store/hub_keys.h"
#include "linkage/store/recovery.h"
#include "linkage/store/specification_store.h"
#include "transport/client.h"

namespace tally::linkage {

// Where an audit entry stands in the log.
struct AuditPlace {
  uint64_t seq = 0;
  std::string corr;
};

class Hub {
 public:
  // Opens everything that needs no key: lock, catalogue, recovery, registry,
  // specifications. Sealed afterwards. Errors: exit 2 (configuration), 7
  // (another process), 10 (registry), 11 (data directory).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Hub>> Open(
      const HubConfig& config);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Ends background work at its next safe point, writes hub.stop, seals. What
  // was at work stays as it is in the catalogue: extracts FINALIZING, releases
  // BUILDING. Waits for the piece at work (of the longest: a file of the
  // extract that is published is hashed), not for the rest of the work.
  void Stop();

  // Opens the keys and the audit log, writes hub.start (once) and hub.unseal,
  // and takes up what waited: unpublished extracts; people are counted anew. If
  // that cannot be read it is logged: Tick() looks for extracts again, and a
  // source is counted after its next publication.
  // `actor` is a peer URI, or the hub's own. Errors: exit 10 for keys, 11 for
  // the log (the hub stays sealed). Calling it again when unsealed changes
  // nothing.
  [[nodiscard]] absl::StatusOr<std::vector<FactorCheck>> Unseal(
      const crypto::RingSecret& secret, std::string_view actor,
      std::string_view actor_key, AuditPlace* place);
  // Writes hub.seal, closes the log, wipes every key. `place` may be null.
  [[nodiscard]] absl::Status Seal(std::string_view actor,
                                  std::string_view actor_key,
                                  AuditPlace* place);
  bool sealed() const;

  // Reads registry and specifications again (SIGHUP). What does not read is
  // kept as it was and reported.
  [[nodiscard]] absl::Status Reload();

  // Writes what waits in the outbox. AUDIT_UNAVAILABLE if it cannot.
  [[nodiscard]] absl::Status DrainAudit();
  // Appends an entry that belongs to no change of the catalogue.
  [[nodiscard]] absl::StatusOr<AuditPlace> AppendAudit(const AuditEntry& entry);
  // The place of an entry that was written; HUB_SEALED while sealed.
  [[nodiscard]] absl::StatusOr<AuditPlace> PlaceOf(std::string_view corr);
  // Runs `read` over the open log.
  [[nodiscard]] absl::Status WithAuditLog(
      const std::function<absl::Status(const AuditLog&)>& read);
  bool audit_healthy() const;
  uint64_t audit_size() const;

  // Counts a refusal for the log's `denied` entries. Does not block.
  void CountDenied(std::string_view actor, std::string_view method,
                   std::string_view reason);

  // Unsealed, disk above its minimum, log writable: what health says.
  bool IsServing() const;

  // Queues an extract for publishing, now. If it fails (a full disk), Tick()
  // queues it again, after waits that grow to 10 s.
  void QueuePublish(const std::string& uid);

  // To be called about once a second: denied entries, agreements that expire,
  // old requests, extracts whose publishing was put off.
  void Tick();

  const HubConfig& config() const { return config_; }
  HubDirectory& directory() { return *directory_; }
  Catalogue& catalogue() { return *catalogue_; }
  HubKeys& keys() { return *keys_; }
  ExtractStore& extracts() { return *extracts_; }
  WorkerPool& pool() { return *pool_; }
  BackgroundQueue& release_queue() { return release_queue_; }
  const std::string& domain() const { return domain_; }
  const std::string& start_time() const { return start_time_; }
  // What converts tokens: chosen and tested when the hub was opened.
  const crypto::TokenKernel& kernel() const { return *kernel_; }
  std::shared_ptr<const crypto::Registry> registry() const;
  std::shared_ptr<const SpecificationStore> specifications() const;
  // What the last check of the factors said.
  std::vector<FactorCheck> factors() const;
  void SetFactors(std::vector<FactorCheck> factors);
  const RecoveryReport& recovery() const { return recovery_; }

 private:
  // The open log and the lease of the key that signs it.
  struct AuditSession;

  explicit Hub(HubConfig config);
  absl::Status OpenParts();
  absl::Status OpenAuditLog();
  std::shared_ptr<AuditSession> audit_session() const;
  void WipeKeys();
  void ExpireAgreements();
  void WriteDenied(int64_t until_seconds);
  bool MayPublish(const std::string& uid) const;
  // Has the people of a source counted, for its status.
  void QueueCount(const std::string& source);
  absl::Status CountAllPersons();
  void TakeUpWhatWaits();
  AuditEntry OwnEntry(AuditAction action, std::string object) const;

  const HubConfig config_;
  std::string domain_;
  std::string start_time_;
  const crypto::TokenKernel* kernel_ = nullptr;  // never destroyed
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<HubDirectory> directory_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<HubKeys> keys_;
  std::unique_ptr<ExtractStore> extracts_;
  RecoveryReport recovery_;
  DeniedCounter denied_;

  mutable Mutex mu_;
  std::shared_ptr<const crypto::Registry> registry_ TALLY_GUARDED_BY(mu_);
  std::shared_ptr<const SpecificationStore> specs_ TALLY_GUARDED_BY(mu_);
  std::shared_ptr<AuditSession> audit_ TALLY_GUARDED_BY(mu_);
  std::vector<FactorCheck> factors_ TALLY_GUARDED_BY(mu_);
  bool started_ TALLY_GUARDED_BY(mu_) = false;  // hub.start is written
  bool stopped_ TALLY_GUARDED_BY(mu_) = false;
  CivilDay expired_until_ TALLY_GUARDED_BY(mu_);
  // Extracts, by uid, whose publishing failed, and when to try again.
  struct PutOff {
    transport::Backoff backoff;
    int64_t until_unix_ms = 0;
  };
  std::map<std::string, PutOff> put_off_ TALLY_GUARDED_BY(mu_);
  Mutex seal_mu_;  // one Unseal or Seal at a time

  // Declared last, so that they end first.
  BackgroundQueue journal_queue_;  // reads journals of uploads that go on
  BackgroundQueue publish_queue_;
  BackgroundQueue release_queue_;
};

// The passphrase or key that a reference names.
[[nodiscard]] absl::StatusOr<crypto::RingSecret> ReadRingSecret(
    const std::string& reference);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_HUB_H_
