// Keeps a flood of refused calls from filling the audit log.
//
// Role: hub. Refusals become at most one `denied` entry per identity, method
// and minute, with the number of refusals; the number of identities counted at
// once is bounded, the rest share one entry.
//
// Spec: docs/spec/audit-v1.md
// Threading: all methods may be called from any thread.
// Secrets: none.

#ifndef TALLY_LINKAGE_AUDIT_DENIED_COUNTER_H_
#define TALLY_LINKAGE_AUDIT_DENIED_COUNTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/mutex.h"
#include "linkage/audit/entry.h"

namespace tally::linkage {

class DeniedCounter {
 public:
  // Counts one refusal. `actor` and `actor_key` may be empty (no usable
  // certificate); `method` is the full name of the rpc; `reason` a reason name.
  void Count(std::string_view actor, std::string_view actor_key,
             std::string_view method, std::string_view reason,
             int64_t unix_seconds);

  // Entries of all minutes that ended before `unix_seconds`, removed from the
  // counter. The caller appends them (from a timer, and with INT64_MAX before
  // it stops).
  std::vector<AuditEntry> TakeFinished(int64_t unix_seconds);

 private:
  struct Key {
    int64_t minute;
    std::string actor;
    std::string actor_key;
    std::string method;
    auto operator<=>(const Key&) const = default;
  };
  struct Tally {
    int64_t count = 0;
    std::string reason;  // of the first refusal
  };

  Mutex mu_;
  std::map<Key, Tally> tallies_ TALLY_GUARDED_BY(mu_);
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_DENIED_COUNTER_H_
