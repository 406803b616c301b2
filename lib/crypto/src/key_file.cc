#include "crypto/key_file.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::crypto {
namespace {

constexpr std::string_view kMagic = "TALLYKEY1";
constexpr size_t kMaxLine = 2048;
constexpr size_t kSecretSize = 32;
constexpr size_t kCiphertextSize =
    kSecretSize + crypto_aead_xchacha20poly1305_ietf_ABYTES;

// Every field of the line, in its order.
constexpr auto kFields = std::to_array<std::string_view>(
    {"env", "kind", "party", "domain", "epoch", "peer", "peer_epoch", "stage",
     "stages", "share", "commit", "kid", "created", "kdf", "ops", "mem", "salt",
     "nonce", "ct"});
constexpr size_t kFieldCount = kFields.size();

absl::Status Bad(std::string_view field) {
  return KeyError(absl::StrFormat("key file: bad field \"%s\"", field));
}

std::string_view KdfName(KeyKdf kdf) {
  switch (kdf) {
    case KeyKdf::kArgon2id13:
      return "argon2id13";
    case KeyKdf::kCommand:
      return "command";
    case KeyKdf::kRing:
      return "ring";
  }
  return "";
}

std::string Dash(std::string_view text) {
  return text.empty() ? "-" : std::string(text);
}
template <typename T>
std::string DashNumber(const std::optional<T>& number) {
  return number.has_value() ? absl::StrFormat("%d", *number) : "-";
}
std::string DashBytes(std::string_view bytes) {
  return bytes.empty() ? "-" : Base64UrlEncode(AsBytes(bytes));
}

// The line up to and without " ct=".
std::string FormatHead(const KeyFile& file) {
  const KeyHeader& h = file.header;
  const std::array<std::string, kFieldCount - 1> values = {
      std::string(EnvironmentName(h.environment)),
      std::string(KeyKindName(h.kind)),
      Dash(h.party),
      Dash(h.domain),
      DashNumber(h.epoch),
      Dash(h.peer),
      DashNumber(h.peer_epoch),
      DashNumber(h.stage),
      DashNumber(h.stages),
      "-",  // share: not in this version
      "-",  // commit: likewise
      h.kid.has_value() ? h.kid->Hex() : "-",
      Dash(h.created),
      std::string(KdfName(file.kdf)),
      DashNumber(file.ops),
      DashNumber(file.mem),
      DashBytes(file.salt),
      DashBytes(file.nonce),
  };
  std::string line(kMagic);
  for (size_t i = 0; i < values.size(); ++i) {
    line += absl::StrFormat(" %s=%s", kFields[i], values[i]);
  }
  return line;
}

// The values between the field names, in order, or an error.
absl::StatusOr<std::array<std::string_view, kFieldCount>> SplitLine(
    std::string_view text) {
  if (text.size() > kMaxLine || !text.starts_with(kMagic) ||
      !text.ends_with('\n')) {
    return KeyError("key file: not one line of TALLYKEY1");
  }
  text.remove_suffix(1);
  text.remove_prefix(kMagic.size());
  std::array<std::string_view, kFieldCount> values;
  for (size_t i = 0; i < kFieldCount; ++i) {
    const std::string start = absl::StrFormat(" %s=", kFields[i]);
    if (!text.starts_with(start)) return Bad(kFields[i]);
    text.remove_prefix(start.size());
    values[i] = text.substr(0, text.find(' '));
    if (values[i].empty()) return Bad(kFields[i]);
    text.remove_prefix(values[i].size());
  }
  if (!text.empty()) return KeyError("key file: text after the last field");
  return values;
}

std::string UndashText(std::string_view text) {
  return text == "-" ? "" : std::string(text);
}

template <typename T>
absl::Status UndashNumber(std::string_view field, std::string_view text,
                          std::optional<T>& out) {
  if (text == "-") return absl::OkStatus();
  constexpr uint64_t kMax =
      std::min<uint64_t>(std::numeric_limits<T>::max(), INT64_MAX);
  const auto number = ParseInt64In(text, 0, kMax);
  if (!number.ok()) return Bad(field);
  out = static_cast<T>(*number);
  return absl::OkStatus();
}

absl::Status UndashBytes(std::string_view field, std::string_view text,
                         std::string& out) {
  if (text == "-") return absl::OkStatus();
  auto bytes = Base64UrlDecode(text);
  if (!bytes.ok()) return Bad(field);
  out = *std::move(bytes);
  return absl::OkStatus();
}

absl::Status CheckPresence(std::string_view field, bool present, bool wanted) {
  return present == wanted ? absl::OkStatus() : Bad(field);
}

bool IsSignParty(std::string_view party) {
  const size_t slash = party.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view purpose = party.substr(slash + 1);
  return IsResourceId(party.substr(0, slash)) &&
         (purpose == "sign" || purpose == "audit" || purpose == "registry");
}

absl::Status CheckNames(const KeyHeader& h) {
  const bool scheme_party =
      h.kind == KeyKind::kHub || h.kind == KeyKind::kFactor;
  const bool good_party =
      h.kind == KeyKind::kSign ? IsSignParty(h.party) : IsResourceId(h.party);
  if (!good_party || (scheme_party && h.party != "hub")) return Bad("party");
  const bool wants_domain =
      scheme_party || h.kind == KeyKind::kSource || h.kind == KeyKind::kProject;
  TALLY_RETURN_IF_ERROR(
      CheckPresence("domain", !h.domain.empty(), wants_domain));
  if (wants_domain && !IsResourceId(h.domain)) return Bad("domain");
  const bool is_factor = h.kind == KeyKind::kFactor;
  TALLY_RETURN_IF_ERROR(CheckPresence("peer", !h.peer.empty(), is_factor));
  if (is_factor && !IsResourceId(h.peer)) return Bad("peer");
  return absl::OkStatus();
}

absl::Status CheckNumbers(const KeyHeader& h) {
  const bool staged = h.kind == KeyKind::kHub || h.kind == KeyKind::kFactor;
  const bool epochal = staged || h.kind == KeyKind::kSource;
  TALLY_RETURN_IF_ERROR(CheckPresence("epoch", h.epoch.has_value(), epochal));
  if (epochal && *h.epoch < 1) return Bad("epoch");
  const bool is_factor = h.kind == KeyKind::kFactor;
  TALLY_RETURN_IF_ERROR(
      CheckPresence("peer_epoch", h.peer_epoch.has_value(), is_factor));
  if (is_factor && *h.peer_epoch < 1) return Bad("peer_epoch");
  TALLY_RETURN_IF_ERROR(CheckPresence("stage", h.stage.has_value(), staged));
  TALLY_RETURN_IF_ERROR(CheckPresence("stages", h.stages.has_value(), staged));
  if (staged && (*h.stage < 1 || *h.stage > *h.stages)) return Bad("stage");
  return absl::OkStatus();
}

absl::Status CheckSealing(const KeyFile& file) {
  const bool is_ring = file.header.kind == KeyKind::kRing;
  if (is_ring == (file.kdf == KeyKdf::kRing)) return Bad("kdf");
  const bool is_argon2 = file.kdf == KeyKdf::kArgon2id13;
  TALLY_RETURN_IF_ERROR(CheckPresence("ops", file.ops.has_value(), is_argon2));
  TALLY_RETURN_IF_ERROR(CheckPresence("mem", file.mem.has_value(), is_argon2));
  TALLY_RETURN_IF_ERROR(CheckPresence("salt", !file.salt.empty(), is_argon2));
  if (is_argon2) {
    if (*file.ops < crypto_pwhash_argon2id_OPSLIMIT_MIN ||
        *file.ops > kMaxArgon2Ops) {
      return Bad("ops");
    }
    if (*file.mem < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
        *file.mem > kMaxArgon2MemBytes) {
      return Bad("mem");
    }
    if (file.salt.size() != crypto_pwhash_SALTBYTES) return Bad("salt");
  }
  if (file.nonce.size() != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
    return Bad("nonce");
  }
  if (file.ciphertext.size() != kCiphertextSize) return Bad("ct");
  return absl::OkStatus();
}

}  // namespace

std::string_view KeyKindName(KeyKind kind) {
  switch (kind) {
    case KeyKind::kRing:
      return "ring";
    case KeyKind::kSource:
      return "source";
    case KeyKind::kHub:
      return "hub";
    case KeyKind::kFactor:
      return "factor";
    case KeyKind::kProject:
      return "project";
    case KeyKind::kStorage:
      return "storage";
    case KeyKind::kSign:
      return "sign";
    case KeyKind::kBox:
      return "box";
  }
  return "";
}

absl::StatusOr<KeyKind> ParseKeyKind(std::string_view name) {
  for (const KeyKind kind :
       {KeyKind::kRing, KeyKind::kSource, KeyKind::kHub, KeyKind::kFactor,
        KeyKind::kProject, KeyKind::kStorage, KeyKind::kSign, KeyKind::kBox}) {
    if (name == KeyKindName(kind)) return kind;
  }
  return Bad("kind");
}

absl::Status Validate(const KeyFile& file) {
  const KeyHeader& h = file.header;
  TALLY_RETURN_IF_ERROR(CheckNames(h));
  TALLY_RETURN_IF_ERROR(CheckNumbers(h));
  TALLY_RETURN_IF_ERROR(CheckPresence("kid", h.kid.has_value(), true));
  if (h.created.size() != 20 || !ParseUtcRfc3339(h.created).ok()) {
    return Bad("created");
  }
  return CheckSealing(file);
}

std::string FormatKeyFile(const KeyFile& file) {
  TALLY_CHECK(Validate(file).ok());
  return absl::StrFormat("%s ct=%s\n", FormatHead(file),
                         DashBytes(file.ciphertext));
}

std::string KeyFileAssociatedData(const KeyFile& file) {
  return FormatHead(file);
}

absl::StatusOr<KeyFile> ParseKeyFile(std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(const auto value, SplitLine(text));
  KeyFile file;
  KeyHeader& h = file.header;
  const auto environment = ParseEnvironment(value[0]);
  if (!environment.ok()) return Bad("env");
  h.environment = *environment;
  TALLY_ASSIGN_OR_RETURN(h.kind, ParseKeyKind(value[1]));
  h.party = UndashText(value[2]);
  h.domain = UndashText(value[3]);
  TALLY_RETURN_IF_ERROR(UndashNumber("epoch", value[4], h.epoch));
  h.peer = UndashText(value[5]);
  TALLY_RETURN_IF_ERROR(UndashNumber("peer_epoch", value[6], h.peer_epoch));
  TALLY_RETURN_IF_ERROR(UndashNumber("stage", value[7], h.stage));
  TALLY_RETURN_IF_ERROR(UndashNumber("stages", value[8], h.stages));
  if (value[9] != "-") return Bad("share");
  if (value[10] != "-") return Bad("commit");
  const auto kid = KeyId::FromHex(value[11]);
  if (!kid.ok()) return Bad("kid");
  h.kid = *kid;
  h.created = UndashText(value[12]);
  if (value[13] == KdfName(KeyKdf::kArgon2id13)) {
    file.kdf = KeyKdf::kArgon2id13;
  } else if (value[13] == KdfName(KeyKdf::kCommand)) {
    file.kdf = KeyKdf::kCommand;
  } else if (value[13] != KdfName(KeyKdf::kRing)) {
    return Bad("kdf");
  }
  TALLY_RETURN_IF_ERROR(UndashNumber("ops", value[14], file.ops));
  TALLY_RETURN_IF_ERROR(UndashNumber("mem", value[15], file.mem));
  TALLY_RETURN_IF_ERROR(UndashBytes("salt", value[16], file.salt));
  TALLY_RETURN_IF_ERROR(UndashBytes("nonce", value[17], file.nonce));
  TALLY_RETURN_IF_ERROR(UndashBytes("ct", value[18], file.ciphertext));
  TALLY_RETURN_IF_ERROR(Validate(file));
  if (FormatKeyFile(file) != text) {
    return KeyError("key file: not in its one canonical form");
  }
  return file;
}

std::string KeyFileName(const KeyHeader& h) {
  switch (h.kind) {
    case KeyKind::kRing:
      return "ring.key";
    case KeyKind::kSource:
      return absl::StrFormat("source.%s.%s.%d.key", h.domain, h.party,
                             h.epoch.value_or(0));
    case KeyKind::kHub:
      return absl::StrFormat("hub.%s.%d.%d.key", h.domain, h.epoch.value_or(0),
                             h.stage.value_or(0));
    case KeyKind::kFactor:
      return absl::StrFormat("factor.%s.%s.%d.%d.%d.key", h.domain, h.peer,
                             h.peer_epoch.value_or(0), h.epoch.value_or(0),
                             h.stage.value_or(0));
    case KeyKind::kProject:
      return absl::StrFormat("project.%s.%s.key", h.domain, h.party);
    case KeyKind::kStorage:
      return absl::StrFormat("storage.%s.key",
                             h.kid.has_value() ? h.kid->Hex() : "");
    case KeyKind::kSign: {
      std::string party = h.party;  // party/purpose
      const size_t slash = party.find('/');
      if (slash != std::string::npos) party[slash] = '.';
      return absl::StrFormat("sign.%s.key", party);
    }
    case KeyKind::kBox:
      return absl::StrFormat("box.%s.key", h.party);
  }
  return "";
}

}  // namespace tally::crypto
