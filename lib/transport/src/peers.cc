#include "transport/peers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/toml.h"

namespace tally::transport {
namespace {

constexpr int64_t kMaxListBytes = 4 << 20;
constexpr int64_t kReadPeersEveryMs = 2'000;

bool IsKeyDigest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The identity of an entry, of the trust domain and with a role that calls.
absl::StatusOr<PeerIdentity> ReadIdentity(const TomlTable& table,
                                          std::string_view trust_domain) {
  TALLY_ASSIGN_OR_RETURN(const std::string uri, table.GetString("uri"));
  absl::StatusOr<PeerIdentity> identity = ParsePeerUri(uri);
  if (!identity.ok()) {
    return table.ErrorAt(table.line(), "`uri` is not an identity");
  }
  if (identity->trust_domain != trust_domain) {
    return table.ErrorAt(table.line(), "`uri` is of another trust domain");
  }
  if (identity->role == PeerRole::kHub) {
    return table.ErrorAt(table.line(), "a hub calls nobody");
  }
  return identity;
}

absl::StatusOr<std::vector<std::string>> ReadKeys(const TomlTable& table) {
  TALLY_ASSIGN_OR_RETURN(std::vector<std::string> keys,
                         table.GetStrings("public_key_sha256"));
  if (keys.empty() || keys.size() > 2) {
    return table.ErrorAt(table.line(), "one key digest, two in a renewal");
  }
  for (const std::string& key : keys) {
    if (!IsKeyDigest(key)) {
      return table.ErrorAt(table.line(),
                           "a key digest is 64 lower-case hexadecimal digits");
    }
  }
  return keys;
}

absl::StatusOr<Grants> ReadGrants(const TomlTable& table) {
  Grants grants;
  if (table.Find("grants") == nullptr) return grants;
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         table.GetStrings("grants"));
  for (const std::string& name : names) {
    if (name == "admin") {
      grants.admin = true;
    } else if (name == "approve") {
      grants.approve = true;
    } else {
      return table.ErrorAt(table.line(), "a grant is \"admin\" or \"approve\"");
    }
  }
  return grants;
}

absl::StatusOr<PeerEntry> ReadEntry(const TomlTable& table,
                                    std::string_view trust_domain) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"uri", "public_key_sha256", "organisation", "person",
                      "grants", "not_after"}));
  PeerEntry entry;
  TALLY_ASSIGN_OR_RETURN(entry.identity, ReadIdentity(table, trust_domain));
  TALLY_ASSIGN_OR_RETURN(entry.public_key_sha256, ReadKeys(table));
  TALLY_ASSIGN_OR_RETURN(entry.organisation, table.GetString("organisation"));
  TALLY_ASSIGN_OR_RETURN(entry.not_after, table.GetDate("not_after"));
  if (!IsResourceId(entry.organisation)) {
    return table.ErrorAt(table.line(), "`organisation` is not an id");
  }
  const bool is_operator = entry.identity.role == PeerRole::kOperator;
  if (is_operator) {
    TALLY_ASSIGN_OR_RETURN(entry.person, table.GetString("person"));
    if (!IsResourceId(entry.person)) {
      return table.ErrorAt(table.line(), "`person` is not an id");
    }
    TALLY_ASSIGN_OR_RETURN(entry.grants, ReadGrants(table));
  } else if (table.Find("person") != nullptr ||
             table.Find("grants") != nullptr) {
    return table.ErrorAt(table.line(), "person and grants are for operators");
  }
  return entry;
}

bool UriLess(const PeerEntry& a, const PeerEntry& b) {
  return a.identity.ToUri() < b.identity.ToUri();
}

}  // namespace

absl::StatusOr<PeerList> PeerList::Parse(std::string_view text,
                                         std::string_view file_name,
                                         std::string_view trust_domain) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable root,
                         ParseToml(text, std::string(file_name)));
  TALLY_RETURN_IF_ERROR(root.OnlyKeys({"peer"}));
  PeerList list;
  if (root.Find("peer") == nullptr) return list;
  TALLY_ASSIGN_OR_RETURN(const TomlArray peers, root.GetArray("peer"));
  std::set<std::string> uris;
  std::set<std::string> keys;
  for (const TomlValue& peer : peers) {
    if (!peer.is_table()) {
      return root.ErrorAt(peer.line(), "an entry of `peer` is a table");
    }
    TALLY_ASSIGN_OR_RETURN(PeerEntry entry,
                           ReadEntry(peer.AsTable(), trust_domain));
    if (!uris.insert(entry.identity.ToUri()).second) {
      return root.ErrorAt(peer.line(), "an identity is listed twice");
    }
    for (const std::string& key : entry.public_key_sha256) {
      if (!keys.insert(key).second) {
        return root.ErrorAt(peer.line(), "a key digest is listed twice");
      }
    }
    list.entries_.push_back(std::move(entry));
  }
  std::sort(list.entries_.begin(), list.entries_.end(), UriLess);
  return list;
}

const PeerEntry* PeerList::Find(const PeerIdentity& identity) const {
  const std::string uri = identity.ToUri();
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), uri,
                       [](const PeerEntry& entry, const std::string& wanted) {
                         return entry.identity.ToUri() < wanted;
                       });
  if (found == entries_.end() || found->identity.ToUri() != uri) return nullptr;
  return &*found;
}

PeerBook::PeerBook(std::string path, std::string trust_domain,
                   Observer observer)
    : path_(std::move(path)),
      trust_domain_(std::move(trust_domain)),
      observer_(std::move(observer)),
      list_(std::make_shared<const PeerList>()),
      day_(CivilDay::TodayUtc()) {
  ReloadIfChanged(true).IgnoreError();  // told to the observer and the log
  watcher_ = std::thread([this] { Watch(); });
}

PeerBook::~PeerBook() {
  {
    MutexLock lock(mu_);
    stop_ = true;
  }
  wake_.NotifyAll();
  watcher_.join();
}

std::shared_ptr<const PeerList> PeerBook::Current() const {
  MutexLock lock(mu_);
  return list_;
}

absl::Status PeerBook::Reload() { return ReloadIfChanged(true); }

// One reading at a time; the file is read outside mu_, which calls wait for.
absl::Status PeerBook::ReloadIfChanged(bool always) {
  MutexLock reload_lock(reload_mu_);
  absl::StatusOr<std::string> text = ReadFile(path_, kMaxListBytes);
  // A file that cannot be read counts as changed once, not at every look.
  const std::string digest = text.ok() ? Sha256Hex(*text) : "unreadable";
  {
    MutexLock lock(mu_);
    if (!always && digest == digest_) return absl::OkStatus();
    digest_ = digest;
  }
  absl::Status status = text.status();
  if (text.ok()) {
    absl::StatusOr<PeerList> list =
        PeerList::Parse(*text, BaseNameOf(path_), trust_domain_);
    status = list.status();
    if (list.ok()) {
      auto fresh = std::make_shared<const PeerList>(*std::move(list));
      MutexLock lock(mu_);
      list_ = std::move(fresh);
      generation_.fetch_add(1);
    }
  }
  if (status.ok()) {
    Log(Level::kInfo, "allow-list in force",
        {Field("peers", static_cast<int64_t>(Current()->entries().size()))});
  } else {
    LogStatus(Level::kError, "allow-list refused, the one before stays",
              status);
  }
  if (observer_) observer_(status);
  return status;
}

void PeerBook::Watch() {
  while (true) {
    {
      MutexLock lock(mu_);
      if (!stop_) wake_.WaitFor(mu_, kReadPeersEveryMs);
      if (stop_) return;
      if (const CivilDay today = CivilDay::TodayUtc(); today != day_) {
        day_ = today;
        generation_.fetch_add(1);  // entries may have expired
      }
    }
    ReloadIfChanged(false).IgnoreError();
  }
}

}  // namespace tally::transport
