#include "crypto/enrolment.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/dleq.h"
#include "crypto/hash_to_group.h"

namespace tally::crypto {
namespace {

constexpr int64_t kMaxBytes = 16384;
constexpr size_t kProofSize = Element::kSize + sizeof(DleqProof);

absl::Status Bad(std::string_view field) {
  return InputError(absl::StrFormat("enrolment file: bad field \"%s\"", field));
}

absl::Status CheckFields(const Enrolment& e) {
  if (!IsResourceId(e.party)) return Bad("party");
  if (!IsResourceId(e.domain)) return Bad("domain");
  if (e.role != PartyRole::kSource && e.role != PartyRole::kHub) {
    return Bad("role");
  }
  const bool is_source = e.role == PartyRole::kSource;
  if (e.epoch.has_value() != is_source || (is_source && *e.epoch < 1)) {
    return Bad("epoch");
  }
  if (e.public_key.has_value() != is_source) return Bad("public");
  if (e.key_id.has_value() != is_source ||
      (is_source && KeyId::OfPublic(e.public_key->bytes()) != *e.key_id)) {
    return Bad("key_id");
  }
  return absl::OkStatus();
}

// All but proof and signature.
JsonValue ToJson(const Enrolment& e) {
  JsonValue out = JsonValue::MakeObject();
  out.Set("suite", kSuite);
  out.Set("environment", EnvironmentName(e.environment));
  out.Set("role", PartyRoleName(e.role));
  out.Set("party", e.party);
  out.Set("domain", e.domain);
  out.Set("sign_public", HexEncode(e.sign_public));
  out.Set("box_public", HexEncode(e.box_public));
  if (e.epoch.has_value()) out.Set("epoch", *e.epoch);
  if (e.public_key.has_value()) out.Set("public", e.public_key->Hex());
  if (e.key_id.has_value()) out.Set("key_id", e.key_id->Hex());
  return out;
}

// The element that the proof is about: it depends on all that is enrolled, so
// that no proof fits another file.
absl::StatusOr<Element> ProofInput(const Enrolment& e) {
  TALLY_ASSIGN_OR_RETURN(
      const WipedBytes message,
      EncodeMessage("enrolment", DumpCanonicalJson(ToJson(e))));
  return HashToGroup(message);
}

absl::StatusOr<std::string> MakeProof(const Enrolment& e, const Scalar& key) {
  TALLY_ASSIGN_OR_RETURN(const Element input, ProofInput(e));
  TALLY_ASSIGN_OR_RETURN(const Element output, Multiply(key, input));
  TALLY_ASSIGN_OR_RETURN(
      const DleqProof proof,
      ProveDleq(key, *e.public_key, {&input, 1}, {&output, 1}));
  return output.Hex() + HexEncode(proof);
}

absl::Status CheckProof(const Enrolment& e, std::string_view hex) {
  const auto bytes = HexDecode(hex);
  if (!bytes.ok() || bytes->size() != kProofSize) return Bad("proof");
  const auto output = Element::Decode(AsBytes(*bytes).first(Element::kSize));
  if (!output.ok()) return Bad("proof");
  DleqProof proof;
  std::copy(bytes->begin() + Element::kSize, bytes->end(), proof.begin());
  TALLY_ASSIGN_OR_RETURN(const Element input, ProofInput(e));
  if (!VerifyDleq(*e.public_key, {&input, 1}, {&*output, 1}, proof).ok()) {
    return Bad("proof");
  }
  return absl::OkStatus();
}

absl::StatusOr<PublicKey> GetKey(const JsonValue& document,
                                 std::string_view field) {
  const auto hex = document.GetString(field);
  if (!hex.ok()) return Bad(field);
  const auto bytes = HexDecode(*hex);
  PublicKey key;
  if (!bytes.ok() || bytes->size() != key.size()) return Bad(field);
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

absl::StatusOr<std::string> GetText(const JsonValue& document,
                                    std::string_view field) {
  auto text = document.GetString(field);
  if (!text.ok()) return Bad(field);
  return text;
}

absl::Status ReadSourceFields(const JsonValue& document, Enrolment& e) {
  const auto epoch =
      document.GetInt("epoch", 1, std::numeric_limits<int32_t>::max());
  if (!epoch.ok()) return Bad("epoch");
  e.epoch = static_cast<uint32_t>(*epoch);
  TALLY_ASSIGN_OR_RETURN(const std::string hex, GetText(document, "public"));
  const auto element = Element::DecodeHex(hex);
  if (!element.ok()) return Bad("public");
  e.public_key = *element;
  TALLY_ASSIGN_OR_RETURN(const std::string kid, GetText(document, "key_id"));
  const auto key_id = KeyId::FromHex(kid);
  if (!key_id.ok()) return Bad("key_id");
  e.key_id = *key_id;
  return absl::OkStatus();
}

absl::StatusOr<Enrolment> ReadFields(const JsonValue& document) {
  Enrolment e;
  TALLY_ASSIGN_OR_RETURN(const std::string suite, GetText(document, "suite"));
  if (suite != kSuite) return Bad("suite");
  TALLY_ASSIGN_OR_RETURN(const std::string environment,
                         GetText(document, "environment"));
  const auto parsed = ParseEnvironment(environment);
  if (!parsed.ok()) return Bad("environment");
  e.environment = *parsed;
  TALLY_ASSIGN_OR_RETURN(const std::string role, GetText(document, "role"));
  if (role == PartyRoleName(PartyRole::kSource)) {
    e.role = PartyRole::kSource;
  } else if (role == PartyRoleName(PartyRole::kHub)) {
    e.role = PartyRole::kHub;
  } else {
    return Bad("role");
  }
  TALLY_ASSIGN_OR_RETURN(e.party, GetText(document, "party"));
  TALLY_ASSIGN_OR_RETURN(e.domain, GetText(document, "domain"));
  TALLY_ASSIGN_OR_RETURN(e.sign_public, GetKey(document, "sign_public"));
  TALLY_ASSIGN_OR_RETURN(e.box_public, GetKey(document, "box_public"));
  if (e.role == PartyRole::kSource) {
    TALLY_RETURN_IF_ERROR(ReadSourceFields(document, e));
  }
  TALLY_RETURN_IF_ERROR(CheckFields(e));
  return e;
}

absl::Status CheckFileSignature(const JsonValue& document,
                                const PublicKey& key) {
  TALLY_ASSIGN_OR_RETURN(const std::string hex, GetText(document, "signature"));
  const auto bytes = HexDecode(hex);
  if (!bytes.ok()) return Bad("signature");
  TALLY_ASSIGN_OR_RETURN(const Signature signature,
                         SignatureFromBytes(AsBytes(*bytes)));
  JsonValue::Object unsigned_fields = document.AsObject();
  unsigned_fields.erase("signature");
  return Verify(SignLabel::kEnrolment,
                DumpCanonicalJson(JsonValue(std::move(unsigned_fields))),
                signature, key);
}

}  // namespace

absl::StatusOr<std::string> WriteEnrolment(const Enrolment& enrolment,
                                           const SigningKey& sign_key,
                                           const Scalar* proof_key) {
  TALLY_RETURN_IF_ERROR(CheckFields(enrolment));
  if (sign_key.public_key() != enrolment.sign_public) {
    return Bad("sign_public");
  }
  const bool is_source = enrolment.role == PartyRole::kSource;
  if (is_source != (proof_key != nullptr)) return Bad("proof");
  JsonValue document = ToJson(enrolment);
  if (is_source) {
    TALLY_ASSIGN_OR_RETURN(std::string proof, MakeProof(enrolment, *proof_key));
    TALLY_RETURN_IF_ERROR(CheckProof(enrolment, proof));
    document.Set("proof", std::move(proof));
  }
  TALLY_ASSIGN_OR_RETURN(
      const Signature signature,
      sign_key.Sign(SignLabel::kEnrolment, DumpCanonicalJson(document)));
  document.Set("signature", HexEncode(signature));
  return DumpCanonicalJson(document);
}

absl::StatusOr<Enrolment> ReadEnrolment(std::string_view text,
                                        Environment environment) {
  const auto document = ParseCanonicalJson(text, kMaxBytes, /*max_depth=*/1);
  if (!document.ok() || !document->is_object()) {
    return InputError("enrolment file: not one canonical JSON object");
  }
  TALLY_ASSIGN_OR_RETURN(const Enrolment e, ReadFields(*document));
  const absl::Status known =
      e.role == PartyRole::kSource
          ? document->OnlyKeys({"suite", "environment", "role", "party",
                                "domain", "sign_public", "box_public", "epoch",
                                "public", "key_id", "proof", "signature"})
          : document->OnlyKeys({"suite", "environment", "role", "party",
                                "domain", "sign_public", "box_public",
                                "signature"});
  if (!known.ok()) return InputError("enrolment file: an unknown field");
  TALLY_RETURN_IF_ERROR(CheckFileSignature(*document, e.sign_public));
  if (e.environment != environment) {
    return Error(Reason::kEnvironmentMismatch,
                 "the enrolment file belongs to another environment");
  }
  if (e.role == PartyRole::kSource) {
    TALLY_ASSIGN_OR_RETURN(const std::string proof,
                           GetText(*document, "proof"));
    TALLY_RETURN_IF_ERROR(CheckProof(e, proof));
  }
  return e;
}

std::string EnrolmentFingerprints(const Enrolment& e) {
  std::string out =
      absl::StrFormat("signing key  %s\nbox key      %s\n",
                      Fingerprint(e.sign_public), Fingerprint(e.box_public));
  if (e.public_key.has_value()) {
    out +=
        absl::StrFormat("source key   %s (key id %s%s, epoch %d)\n",
                        Fingerprint(e.public_key->bytes()),
                        ScreenMark(e.environment), e.key_id->Hex(), *e.epoch);
  }
  return out;
}

}  // namespace tally::crypto
