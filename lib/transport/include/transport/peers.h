#ifndef TALLY_TRANSPORT_PEERS_H_
#define TALLY_TRANSPORT_PEERS_H_

// The allow-list, peers.toml: which identities with which keys may call, who
// stands behind them, and until when. Who is not listed is refused. Removing an
// entry is revocation.
//
// Role: hub. Spec: docs/spec/api-v1.md, "Allow-list".
// Threading: PeerList is immutable; PeerBook may be used from any thread.
// Secrets: none; digests of public keys.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "base/mutex.h"
#include "transport/peer_identity.h"

namespace tally::transport {

// What an operator may do besides reading.
struct Grants {
  bool admin = false;
  bool approve = false;
  friend bool operator==(const Grants&, const Grants&) = default;
};

struct PeerEntry {
  PeerIdentity identity;
  // SHA-256 of the DER SubjectPublicKeyInfo, 64 lower-case hexadecimal digits;
  // 1, or 2 during a renewal.
  std::vector<std::string> public_key_sha256;
  std::string organisation;
  std::string person;  // operators only
  Grants grants;       // operators only
  CivilDay not_after;  // last day on which it is valid, UTC
  friend bool operator==(const PeerEntry&, const PeerEntry&) = default;
};

// One version of the allow-list.
class PeerList {
 public:
  // Parses peers.toml. kInvalidArgument, with file and line, for: unknown keys,
  // an identity of another trust domain or listed twice, a key digest that is
  // malformed or belongs to two entries, a person or grants on anyone but an
  // operator, an operator without a person, an unknown grant.
  [[nodiscard]] static absl::StatusOr<PeerList> Parse(
      std::string_view text, std::string_view file_name,
      std::string_view trust_domain);
  // An empty list: nobody may call.
  PeerList() = default;

  // The entry of an identity, or null. Cost: O(log n).
  const PeerEntry* Find(const PeerIdentity& identity) const;
  const std::vector<PeerEntry>& entries() const { return entries_; }

 private:
  std::vector<PeerEntry> entries_;  // ascending by URI
};

// The list in force, re-read when the file changes.
class PeerBook {
 public:
  // Told of every reload, good or bad, from the watching thread: for the audit
  // log, metrics and alarms.
  using Observer = std::function<void(const absl::Status& outcome)>;

  // Reads `path` now and then at least every 2 seconds. A list that does not
  // parse keeps the one before and is reported; one that does not parse at the
  // start means nobody may call.
  PeerBook(std::string path, std::string trust_domain, Observer observer = {});
  ~PeerBook();
  PeerBook(const PeerBook&) = delete;
  PeerBook& operator=(const PeerBook&) = delete;

  // The list in force.
  std::shared_ptr<const PeerList> Current() const TALLY_EXCLUDES(mu_);
  // Grows with every list that comes into force, and at every midnight (UTC),
  // when entries may expire. Cheap: one atomic load.
  uint64_t generation() const { return generation_.load(); }

  // Reads the file now (SIGHUP). The status of the reading.
  absl::Status Reload() TALLY_EXCLUDES(mu_);

  const std::string& trust_domain() const { return trust_domain_; }

 private:
  void Watch() TALLY_EXCLUDES(mu_);
  absl::Status ReloadIfChanged(bool always) TALLY_EXCLUDES(mu_);

  const std::string path_;
  const std::string trust_domain_;
  const Observer observer_;
  std::atomic<uint64_t> generation_{1};
  mutable Mutex mu_;
  CondVar wake_;
  std::shared_ptr<const PeerList> list_ TALLY_GUARDED_BY(mu_);
  std::string digest_ TALLY_GUARDED_BY(mu_);  // of the bytes last read
  CivilDay day_ TALLY_GUARDED_BY(mu_);
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  Mutex reload_mu_;
  std::thread watcher_;
};

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_PEERS_H_
