#include "custodian/transcript.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::custodian {
namespace {

constexpr int64_t kMaxBytes = int64_t{64} << 20;
constexpr int64_t kMaxLine = 16384;

// Whether `entry` has this member with this value.
bool Has(const JsonValue& entry, std::string_view key, const JsonValue& value) {
  const JsonValue* member = entry.Find(key);
  return member != nullptr && *member == value;
}

}  // namespace

Transcript::Transcript(std::string path)
    : path_(std::move(path)), head_(64, '0') {}

absl::StatusOr<Transcript> Transcript::Open(std::string_view path) {
  Transcript transcript{std::string(path)};
  if (!FileExists(transcript.path_)) return transcript;
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(transcript.path_, kMaxBytes));
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    if (end == std::string::npos) {
      TALLY_ASSIGN_OR_RETURN(AppendFile file,
                             AppendFile::Open(transcript.path_, 0600));
      TALLY_RETURN_IF_ERROR(file.Truncate(static_cast<int64_t>(at)));
      break;
    }
    TALLY_RETURN_IF_ERROR(
        transcript.Take(std::string_view(text).substr(at, end + 1 - at)));
    at = end + 1;
  }
  return transcript;
}

// One line, its newline included, as the next entry.
absl::Status Transcript::Take(std::string_view line) {
  auto entry = ParseCanonicalJson(line, kMaxLine, /*max_depth=*/1);
  const int64_t seq = static_cast<int64_t>(entries_.size()) + 1;
  if (!entry.ok() || !entry->is_object() || !Has(*entry, "seq", seq) ||
      !Has(*entry, "previous", head_)) {
    return IntegrityError(absl::StrFormat(
        "%s: line %d is damaged or does not follow the line before", path_,
        seq));
  }
  entries_.push_back(*std::move(entry));
  head_ = Sha256Hex(line);
  return absl::OkStatus();
}

absl::Status Transcript::Add(std::string_view action, JsonValue entry) {
  entry.Set("action", action);
  entry.Set("seq", static_cast<int64_t>(entries_.size()) + 1);
  entry.Set("time", NowUtcRfc3339());
  entry.Set("previous", head_);
  const std::string line = DumpCanonicalJson(entry);
  TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path_, 0600));
  TALLY_RETURN_IF_ERROR(file.Append(line));
  TALLY_RETURN_IF_ERROR(file.Sync());
  return Take(line);
}

const JsonValue* Transcript::FindFactor(
    const crypto::FactorInfo& factor) const {
  for (const JsonValue& entry : entries_) {
    if (Has(entry, "action", "factor.answer") &&
        Has(entry, "domain", factor.domain) &&
        Has(entry, "source", factor.source) &&
        Has(entry, "source_epoch", factor.source_epoch) &&
        Has(entry, "hub_epoch", factor.hub_epoch) &&
        Has(entry, "stage", int{factor.stage})) {
      return &entry;
    }
  }
  return nullptr;
}

const JsonValue* Transcript::FindCeremony(const crypto::CeremonyId& id) const {
  const std::string hex = HexEncode(id);
  for (const JsonValue& entry : entries_) {
    if (Has(entry, "ceremony", hex)) return &entry;
  }
  return nullptr;
}

}  // namespace tally::custodian
