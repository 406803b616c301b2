#include "linkage/audit/entry.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"

namespace tally::linkage {

namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kMaxInteger = (int64_t{1} << 53) - 1;
constexpr int kMaxDepth = 2;
constexpr size_t kMaxReasonBytes = 1'024;
constexpr size_t kMaxMembers = 64;

constexpr std::array<std::pair<AuditAction, std::string_view>, 20> kActions{{
    {AuditAction::kHubStart, "hub.start"},
    {AuditAction::kHubStop, "hub.stop"},
    {AuditAction::kHubSeal, "hub.seal"},
    {AuditAction::kHubUnseal, "hub.unseal"},
    {AuditAction::kPeersReload, "peers.reload"},
    {AuditAction::kConfigChange, "config.change"},
    {AuditAction::kSourceCreate, "source.create"},
    {AuditAction::kFactorImport, "factor.import"},
    {AuditAction::kExtractCreate, "extract.create"},
    {AuditAction::kExtractFinalize, "extract.finalize"},
    {AuditAction::kProjectCreate, "project.create"},
    {AuditAction::kAgreementAdd, "agreement.add"},
    {AuditAction::kAgreementApprove, "agreement.approve"},
    {AuditAction::kAgreementExpire, "agreement.expire"},
    {AuditAction::kLinkagePreview, "linkage.preview"},
    {AuditAction::kReleaseCreate, "release.create"},
    {AuditAction::kReleaseApprove, "release.approve"},
    {AuditAction::kReleaseDownload, "release.download"},
    {AuditAction::kAuditBegin, "audit.begin"},
    {AuditAction::kDenied, "denied"},
}};

absl::Status Bad(std::string_view field, std::string_view why) {
  return absl::InvalidArgumentError("audit entry: " + std::string(field) + " " +
                                    std::string(why));
}

bool IsHex(std::string_view text, size_t digits) {
  return text.size() == digits &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Keys of counts and digests: short names of ours, never data.
bool IsKey(std::string_view text) {
  if (text.empty() || text.size() > 63 || text[0] < 'a' || text[0] > 'z') {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// 2026-11-20T09:30:00.000Z, and a time that exists.
bool IsTimestamp(std::string_view ts) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (ts.size() != kForm.size()) return false;
  for (size_t i = 0; i < ts.size(); ++i) {
    const bool digit = ts[i] >= '0' && ts[i] <= '9';
    if (kForm[i] == 'd' ? !digit : ts[i] != kForm[i]) return false;
  }
  return ParseUtcRfc3339(ts).ok();
}

absl::Status CheckText(std::string_view field, std::string_view text,
                       size_t max_bytes) {
  if (text.size() > max_bytes) return Bad(field, "is too long");
  if (!IsValidUtf8(text)) return Bad(field, "is not UTF-8");
  return absl::OkStatus();
}

absl::Status CheckMaps(const AuditEntry& entry) {
  if (entry.counts.size() > kMaxMembers || entry.digests.size() > kMaxMembers ||
      entry.approvals.size() > kMaxMembers) {
    return Bad("entry", "has too many members");
  }
  for (const auto& [key, count] : entry.counts) {
    if (!IsKey(key)) return Bad("counts", "has a bad name");
    if (count < 0 || count > kMaxInteger) return Bad("counts", "is too large");
  }
  for (const auto& [key, digest] : entry.digests) {
    if (!IsKey(key)) return Bad("digests", "has a bad name");
    if (!IsHex(digest, 64)) return Bad("digests", "is no SHA-256");
  }
  for (const std::string& person : entry.approvals) {
    if (person.empty()) return Bad("approvals", "has an empty person");
    TALLY_RETURN_IF_ERROR(CheckText("approvals", person, 256));
  }
  return absl::OkStatus();
}

absl::Status CheckEntry(const AuditEntry& entry) {
  TALLY_RETURN_IF_ERROR(CheckText("actor", entry.actor, 256));
  TALLY_RETURN_IF_ERROR(CheckText("object", entry.object, 512));
  TALLY_RETURN_IF_ERROR(CheckText("reason", entry.reason, kMaxReasonBytes));
  if (!entry.actor_key.empty() && !IsHex(entry.actor_key, 16)) {
    return Bad("actor_key", "is not 16 hex digits");
  }
  if (!IsHex(entry.corr, 32)) return Bad("corr", "is not 32 hex digits");
  if (entry.outcome != "ok" && !ReasonFromName(entry.outcome).has_value()) {
    return Bad("outcome", "is neither ok nor a reason");
  }
  return CheckMaps(entry);
}

void SetText(JsonValue& object, std::string_view key, std::string_view text) {
  if (!text.empty()) object.Set(key, JsonValue(text));
}

JsonValue EntryJson(const AuditEntry& entry) {
  JsonValue json = JsonValue::MakeObject();
  json.Set("v", JsonValue(kVersion));
  json.Set("action", JsonValue(AuditActionName(entry.action)));
  SetText(json, "actor", entry.actor);
  SetText(json, "actor_key", entry.actor_key);
  SetText(json, "object", entry.object);
  SetText(json, "outcome", entry.outcome);
  SetText(json, "reason", entry.reason);
  SetText(json, "corr", entry.corr);
  for (const auto& [key, count] : entry.counts) {
    JsonValue counts = json.Find("counts") ? *json.Find("counts") : JsonValue();
    json.Set("counts", counts.Set(key, JsonValue(count)));
  }
  for (const auto& [key, digest] : entry.digests) {
    JsonValue digests =
        json.Find("digests") ? *json.Find("digests") : JsonValue();
    json.Set("digests", digests.Set(key, JsonValue(digest)));
  }
  if (!entry.approvals.empty()) {
    JsonValue approvals = JsonValue::MakeArray();
    for (const auto& person : entry.approvals) {
      approvals.Append(JsonValue(person));
    }
    json.Set("approvals", std::move(approvals));
  }
  return json;
}

absl::Status ReadText(const JsonValue& json, std::string_view key,
                      std::string& out) {
  const JsonValue* value = json.Find(key);
  if (value == nullptr) return absl::OkStatus();
  if (!value->is_string()) return Bad(key, "is not text");
  out = value->AsString();
  return absl::OkStatus();
}

absl::Status ReadMaps(const JsonValue& json, AuditEntry& entry) {
  if (const JsonValue* counts = json.Find("counts")) {
    if (!counts->is_object()) return Bad("counts", "is not an object");
    for (const auto& [key, value] : counts->AsObject()) {
      if (!value.is_int()) return Bad("counts", "is not a number");
      entry.counts[key] = value.AsInt();
    }
  }
  if (const JsonValue* digests = json.Find("digests")) {
    if (!digests->is_object()) return Bad("digests", "is not an object");
    for (const auto& [key, value] : digests->AsObject()) {
      if (!value.is_string()) return Bad("digests", "is not text");
      entry.digests[key] = value.AsString();
    }
  }
  if (const JsonValue* approvals = json.Find("approvals")) {
    if (!approvals->is_array()) return Bad("approvals", "is not a list");
    for (const JsonValue& person : approvals->AsArray()) {
      if (!person.is_string()) return Bad("approvals", "is not text");
      entry.approvals.push_back(person.AsString());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<AuditEntry> ReadEntry(const JsonValue& json) {
  AuditEntry entry;
  entry.outcome.clear();
  std::string action;
  TALLY_RETURN_IF_ERROR(ReadText(json, "action", action));
  const std::optional<AuditAction> known = AuditActionFromName(action);
  if (!known.has_value()) return Bad("action", "is unknown");
  entry.action = *known;
  TALLY_RETURN_IF_ERROR(ReadText(json, "actor", entry.actor));
  TALLY_RETURN_IF_ERROR(ReadText(json, "actor_key", entry.actor_key));
  TALLY_RETURN_IF_ERROR(ReadText(json, "object", entry.object));
  TALLY_RETURN_IF_ERROR(ReadText(json, "outcome", entry.outcome));
  TALLY_RETURN_IF_ERROR(ReadText(json, "reason", entry.reason));
  TALLY_RETURN_IF_ERROR(ReadText(json, "corr", entry.corr));
  TALLY_RETURN_IF_ERROR(ReadMaps(json, entry));
  TALLY_RETURN_IF_ERROR(CheckEntry(entry));
  return entry;
}

absl::Status CorruptEntry(std::string_view why) {
  return Error(Reason::kAuditCorrupt, "audit entry: " + std::string(why));
}

absl::StatusOr<JsonValue> ReadLine(std::string_view line) {
  if (line.size() > kMaxAuditLeafBytes) return Bad("entry", "is too long");
  return ParseJson(line, kMaxDepth);
}

}  // namespace

std::string_view AuditActionName(AuditAction action) {
  for (const auto& [value, name] : kActions) {
    if (value == action) return name;
  }
  return "";
}

std::optional<AuditAction> AuditActionFromName(std::string_view name) {
  for (const auto& [value, text] : kActions) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string NewCorrelationId() { return crypto::RandomHex(16); }

absl::StatusOr<std::string> EncodeAuditEntry(const AuditEntry& entry) {
  TALLY_RETURN_IF_ERROR(CheckEntry(entry));
  std::string line = EntryJson(entry).Dump();
  // Room for "seq" and "ts", which the log adds.
  if (line.size() + 64 > kMaxAuditLeafBytes) return Bad("entry", "is too long");
  return line;
}

absl::StatusOr<AuditEntry> ParseAuditEntry(std::string_view line) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue json, ReadLine(line));
  TALLY_ASSIGN_OR_RETURN(AuditEntry entry, ReadEntry(json));
  TALLY_ASSIGN_OR_RETURN(const std::string again, EncodeAuditEntry(entry));
  if (again != line) return Bad("entry", "is not in its one encoding");
  return entry;
}

absl::StatusOr<std::string> EncodeAuditLeaf(const AuditLeaf& leaf) {
  TALLY_RETURN_IF_ERROR(CheckEntry(leaf.entry));
  if (leaf.seq > static_cast<uint64_t>(kMaxInteger)) {
    return Bad("seq", "is too large");
  }
  if (!IsTimestamp(leaf.ts)) return Bad("ts", "is no UTC time");
  JsonValue json = EntryJson(leaf.entry);
  json.Set("seq", JsonValue(leaf.seq));
  json.Set("ts", JsonValue(leaf.ts));
  std::string line = json.Dump();
  if (line.size() > kMaxAuditLeafBytes) return Bad("entry", "is too long");
  return line;
}

absl::StatusOr<AuditLeaf> ParseAuditLeaf(std::string_view line) {
  const absl::StatusOr<JsonValue> json = ReadLine(line);
  if (!json.ok()) return CorruptEntry("is not one line of JSON");
  absl::StatusOr<AuditEntry> entry = ReadEntry(*json);
  if (!entry.ok()) return CorruptEntry(ToStd(entry.status().message()));
  const JsonValue* seq = json->Find("seq");
  const JsonValue* ts = json->Find("ts");
  if (seq == nullptr || !seq->is_int() || seq->AsInt() < 0 || ts == nullptr ||
      !ts->is_string()) {
    return CorruptEntry("has no place or time");
  }
  AuditLeaf leaf{static_cast<uint64_t>(seq->AsInt()), ts->AsString(),
                 *std::move(entry)};
  // Whatever the reader passed over shows here: other spellings, unknown
  // members, another version.
  const absl::StatusOr<std::string> again = EncodeAuditLeaf(leaf);
  if (!again.ok() || *again != line) {
    return CorruptEntry("is not in its one encoding");
  }
  return leaf;
}

}  // namespace tally::linkage
