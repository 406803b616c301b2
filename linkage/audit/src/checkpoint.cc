#include "linkage/audit/checkpoint.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/sign.h"

namespace tally::linkage {

namespace {

constexpr std::string_view kEmDash = "\xe2\x80\x94";
constexpr uint8_t kEd25519Type = 0x01;
constexpr size_t kMaxNoteBytes = 65'536;
constexpr size_t kMaxSignatures = 64;

absl::Status Corrupt(std::string_view why) {
  return Error(Reason::kAuditCorrupt, "checkpoint: " + std::string(why));
}

// Takes the text up to the next newline off `rest`.
absl::StatusOr<std::string_view> TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return Corrupt("a line does not end");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

bool IsNoteName(std::string_view name) {
  return !name.empty() && name.size() <= 256 &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '+'; });
}

absl::StatusOr<uint64_t> ParseTreeSize(std::string_view text) {
  if (text.empty() || text.size() > 16 || (text.size() > 1 && text[0] == '0')) {
    return Corrupt("the size is not a plain number");
  }
  uint64_t size = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return Corrupt("the size is not a plain number");
    size = size * 10 + static_cast<uint64_t>(c - '0');
  }
  return size;
}

struct NoteSignature {
  std::string_view name;
  std::string blob;  // key id and signature
};

absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  const std::string prefix = std::string(kEmDash) + " ";
  if (line.substr(0, prefix.size()) != prefix) {
    return Corrupt("a signature line does not begin with a dash");
  }
  line.remove_prefix(prefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsNoteName(line.substr(0, space))) {
    return Corrupt("a signature line has no name");
  }
  absl::StatusOr<std::string> blob = Base64Decode(line.substr(space + 1));
  if (!blob.ok() || blob->size() < 5) {
    return Corrupt("a signature is not base64");
  }
  return NoteSignature{line.substr(0, space), *std::move(blob)};
}

absl::StatusOr<Checkpoint> ParseText(std::string_view text) {
  std::string_view rest = text;
  Checkpoint checkpoint;
  TALLY_ASSIGN_OR_RETURN(const std::string_view origin, TakeLine(rest));
  if (!IsNoteName(origin)) return Corrupt("the origin is no name");
  checkpoint.origin = std::string(origin);
  TALLY_ASSIGN_OR_RETURN(const std::string_view size, TakeLine(rest));
  TALLY_ASSIGN_OR_RETURN(checkpoint.size, ParseTreeSize(size));
  TALLY_ASSIGN_OR_RETURN(const std::string_view root, TakeLine(rest));
  const absl::StatusOr<std::string> hash = Base64Decode(root);
  if (!hash.ok() || hash->size() != checkpoint.root.size() || !rest.empty()) {
    return Corrupt("the root is not one base64 line of 32 bytes");
  }
  std::copy(hash->begin(), hash->end(), checkpoint.root.begin());
  return checkpoint;
}

}  // namespace

std::string AuditOrigin(std::string_view trust_domain,
                        std::string_view hub_id) {
  return "tally." + std::string(trust_domain) + "/" + std::string(hub_id) +
         "/audit";
}

std::array<uint8_t, 4> NoteKeyId(std::string_view name,
                                 std::span<const uint8_t, 32> public_key) {
  ByteWriter writer;
  writer.Bytes(name);
  writer.U8(0x0a);
  writer.U8(kEd25519Type);
  writer.Bytes(std::span<const uint8_t>(public_key));
  const auto digest = Sha256Of(writer.view());
  return {digest[0], digest[1], digest[2], digest[3]};
}

std::string NoteVerifierKey(std::string_view name,
                            std::span<const uint8_t, 32> public_key) {
  ByteWriter typed;
  typed.U8(kEd25519Type);
  typed.Bytes(std::span<const uint8_t>(public_key));
  return std::string(name) + "+" + HexEncode(NoteKeyId(name, public_key)) +
         "+" + Base64Encode(AsBytes(typed.view()));
}

std::string CheckpointText(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         Base64Encode(checkpoint.root) + "\n";
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint,
                                           const crypto::SigningKey& key) {
  if (!IsNoteName(checkpoint.origin)) {
    return absl::InvalidArgumentError("the audit origin is not a plain name");
  }
  const std::string text = CheckpointText(checkpoint);
  TALLY_ASSIGN_OR_RETURN(const crypto::Signature signature, key.SignNote(text));
  ByteWriter blob;
  blob.Bytes(
      std::span<const uint8_t>(NoteKeyId(checkpoint.origin, key.public_key())));
  blob.Bytes(std::span<const uint8_t>(signature));
  return text + "\n" + std::string(kEmDash) + " " + checkpoint.origin + " " +
         Base64Encode(AsBytes(blob.view())) + "\n";
}

absl::StatusOr<Checkpoint> OpenCheckpoint(
    std::string_view note, std::string_view origin,
    std::span<const uint8_t, 32> public_key) {
  if (note.size() > kMaxNoteBytes) return Corrupt("it is too long");
  const size_t blank = note.find("\n\n");
  if (blank == std::string_view::npos) return Corrupt("it is not signed");
  const std::string_view text = note.substr(0, blank + 1);
  TALLY_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseText(text));
  if (checkpoint.origin != origin) {
    return Corrupt("it belongs to another log");
  }
  const std::array<uint8_t, 4> key_id = NoteKeyId(origin, public_key);
  crypto::PublicKey key;
  std::copy(public_key.begin(), public_key.end(), key.begin());
  bool verified = false;
  std::string_view rest = note.substr(blank + 2);
  for (size_t n = 0; !rest.empty(); ++n) {
    if (n == kMaxSignatures) return Corrupt("it has too many signatures");
    TALLY_ASSIGN_OR_RETURN(const std::string_view line, TakeLine(rest));
    TALLY_ASSIGN_OR_RETURN(const NoteSignature found, ParseSignatureLine(line));
    const std::span<const uint8_t> blob = AsBytes(found.blob);
    if (found.name != origin ||
        !std::equal(key_id.begin(), key_id.end(), blob.begin())) {
      continue;  // another key's
    }
    const absl::StatusOr<crypto::Signature> signature =
        crypto::SignatureFromBytes(blob.subspan(4));
    if (verified || !signature.ok() ||
        !crypto::VerifyNote(text, *signature, key).ok()) {
      return Corrupt("the hub's signature is not valid");
    }
    verified = true;
  }
  if (!verified) return Corrupt("the hub has not signed it");
  return checkpoint;
}

}  // namespace tally::linkage
