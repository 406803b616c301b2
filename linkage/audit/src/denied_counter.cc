#include "linkage/audit/denied_counter.h"

#include <algorithm>
#include <utility>

namespace tally::linkage {

namespace {

// Identity, method and minute triples that are told apart at once. What comes
// beyond is counted under one entry for the minute.
constexpr size_t kMaxTallies = 1'000;
constexpr size_t kMaxTextBytes = 256;

std::string Clip(std::string_view text) {
  return std::string(text.substr(0, kMaxTextBytes));
}

}  // namespace

void DeniedCounter::Count(std::string_view actor, std::string_view actor_key,
                          std::string_view method, std::string_view reason,
                          int64_t unix_seconds) {
  Key key{unix_seconds / 60, Clip(actor), Clip(actor_key), Clip(method)};
  MutexLock lock(mu_);
  auto found = tallies_.find(key);
  if (found == tallies_.end()) {
    if (tallies_.size() >= kMaxTallies) {
      key.actor.clear();
      key.actor_key.clear();
      key.method = "others";
    }
    found = tallies_.emplace(std::move(key), Tally{}).first;
    if (found->second.count == 0) found->second.reason = std::string(reason);
  }
  ++found->second.count;
}

std::vector<AuditEntry> DeniedCounter::TakeFinished(int64_t unix_seconds) {
  std::vector<AuditEntry> entries;
  MutexLock lock(mu_);
  while (!tallies_.empty() &&
         tallies_.begin()->first.minute < unix_seconds / 60) {
    const auto& [key, tally] = *tallies_.begin();
    AuditEntry entry;
    entry.action = AuditAction::kDenied;
    entry.actor = key.actor;
    entry.actor_key = key.actor_key;
    entry.object = key.method;
    entry.outcome = tally.reason;
    entry.counts["refusals"] = tally.count;
    entry.corr = NewCorrelationId();
    entries.push_back(std::move(entry));
    tallies_.erase(tallies_.begin());
  }
  return entries;
}

}  // namespace tally::linkage
