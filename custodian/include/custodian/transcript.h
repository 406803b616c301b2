#ifndef TALLY_CUSTODIAN_TRANSCRIPT_H_
#define TALLY_CUSTODIAN_TRANSCRIPT_H_

// The custodian's transcript: what was made, added, signed and issued, one
// canonical JSON object a line, each naming the SHA-256 of the line before.
//
// Role: the custodian. It is also the memory that no factor is issued twice.
// Spec: docs/spec/token-v1.md, "Transcript".
// Threading: one thread; the ceremony directory has one process at a time.
// Secrets: none. Key ids, digests and names only.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "crypto/ceremony.h"
#include "crypto/keys.h"

namespace tally::custodian {

class Transcript {
 public:
  // Reads `path`, or begins empty if it is not there. A torn last line, which
  // nothing was done after, is cut; kExitIntegrity if any other line is not
  // canonical, out of sequence, or does not name the line before.
  [[nodiscard]] static absl::StatusOr<Transcript> Open(std::string_view path);

  // Adds `entry` (an object) with `seq`, `time`, `action` and `previous`, on
  // the disk when this returns.
  [[nodiscard]] absl::Status Add(std::string_view action, JsonValue entry);

  const std::vector<JsonValue>& entries() const { return entries_; }
  // SHA-256 of the last line, 64 zeroes if there is none: what is quoted when
  // somebody asks which transcript a factor belongs to.
  const std::string& head() const { return head_; }

  // The entry that issued a factor for the same (domain, source, epoch, hub
  // epoch, stage), or that has this ceremony id.
  const JsonValue* FindFactor(const crypto::FactorInfo& factor) const;
  const JsonValue* FindCeremony(const crypto::CeremonyId& id) const;

 private:
  explicit Transcript(std::string path);
  [[nodiscard]] absl::Status Take(std::string_view line);

  std::string path_;
  std::string head_;
  std::vector<JsonValue> entries_;
};

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_TRANSCRIPT_H_
