#include "custodian/ceremony_room.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::custodian {
namespace {

constexpr int64_t kMaxMessage = 4096;
constexpr int kPrivateMode = 0600;
constexpr int kDirectoryMode = 0700;

absl::StatusOr<FileLock> LockRoom(const Configuration& configuration) {
  return FileLock::Acquire(JoinPath(configuration.directory, "lock"));
}

// "factor-gp-one-e1-h1-s1.step3".
std::string AnswerFileName(const crypto::FactorInfo& factor) {
  return absl::StrFormat("factor-%s-%s-e%d-h%d-s%d.step3", factor.domain,
                         factor.source, factor.source_epoch, factor.hub_epoch,
                         int{factor.stage});
}

JsonValue FactorEntry(const crypto::CeremonyHeader& header,
                      std::string_view request, std::string_view answer,
                      std::string_view hub_party) {
  const crypto::FactorInfo& factor = header.factor;
  JsonValue entry = JsonValue::MakeObject();
  entry.Set("ceremony", HexEncode(header.id));
  entry.Set("domain", factor.domain);
  entry.Set("source", factor.source);
  entry.Set("source_epoch", factor.source_epoch);
  entry.Set("source_key_id",
            crypto::KeyId::OfPublic(header.source_public.bytes()).Hex());
  entry.Set("hub", hub_party);
  entry.Set("hub_epoch", factor.hub_epoch);
  entry.Set("hub_key_id",
            crypto::KeyId::OfPublic(header.hub_public.bytes()).Hex());
  entry.Set("stage", int{factor.stage});
  entry.Set("stages", int{factor.stages});
  entry.Set("request_sha256", Sha256Hex(request));
  entry.Set("answer_sha256", Sha256Hex(answer));
  return entry;
}

// A run that died between noting an answer and naming its file: names it.
absl::StatusOr<bool> FinishInterrupted(const JsonValue& entry,
                                       const std::string& partial,
                                       const std::string& path) {
  if (!FileExists(partial) || FileExists(path)) return false;
  TALLY_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(partial));
  const JsonValue* noted = entry.Find("answer_sha256");
  if (noted == nullptr || *noted != JsonValue(digest)) return false;
  TALLY_RETURN_IF_ERROR(RenameDurablyNoReplace(partial, path));
  return true;
}

}  // namespace

CeremonyRoom::CeremonyRoom(FileLock lock, crypto::KeyDirectory keys,
                           crypto::SigningKey sign_key, crypto::BoxKey box_key,
                           Transcript transcript)
    : lock_(std::move(lock)),
      keys_(std::move(keys)),
      sign_key_(std::move(sign_key)),
      box_key_(std::move(box_key)),
      transcript_(std::move(transcript)) {}

absl::StatusOr<CeremonyRoom> CeremonyRoom::Assemble(FileLock lock,
                                                    crypto::KeyDirectory keys) {
  TALLY_ASSIGN_OR_RETURN(
      crypto::SigningKey sign_key,
      crypto::LoadSigningKey(keys, kCustodianParty,
                             crypto::SignPurpose::kRegistry));
  TALLY_ASSIGN_OR_RETURN(crypto::BoxKey box_key,
                         crypto::LoadBoxKey(keys, kCustodianParty));
  TALLY_ASSIGN_OR_RETURN(
      Transcript transcript,
      Transcript::Open(JoinPath(keys.path(), "transcript.jsonl")));
  return CeremonyRoom(std::move(lock), std::move(keys), std::move(sign_key),
                      std::move(box_key), std::move(transcript));
}

absl::StatusOr<CeremonyRoom> CeremonyRoom::Open(
    const Configuration& configuration) {
  if (!FileExists(JoinPath(configuration.directory, "ring.key"))) {
    return KeyError(absl::StrFormat(
        "%s holds no ring.key: run `custodian hub-key create` first",
        configuration.directory));
  }
  TALLY_ASSIGN_OR_RETURN(FileLock lock, LockRoom(configuration));
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         ReadRingSecret(configuration));
  TALLY_ASSIGN_OR_RETURN(crypto::KeyDirectory keys,
                         crypto::KeyDirectory::Open(
                             configuration.directory, configuration.environment,
                             crypto::KeyHolder::kCustodian, secret));
  return Assemble(std::move(lock), std::move(keys));
}

absl::StatusOr<CeremonyRoom> CeremonyRoom::OpenOrCreate(
    const Configuration& configuration) {
  const std::string& directory = configuration.directory;
  TALLY_RETURN_IF_ERROR(MakeDirectories(directory, kDirectoryMode));
  TALLY_ASSIGN_OR_RETURN(FileLock lock, LockRoom(configuration));
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         ReadRingSecret(configuration));
  const bool is_new = !FileExists(JoinPath(directory, "ring.key"));
  auto opened =
      is_new
          ? crypto::KeyDirectory::Create(directory, configuration.environment,
                                         kCustodianParty,
                                         crypto::KeyHolder::kCustodian, secret)
          : crypto::KeyDirectory::Open(directory, configuration.environment,
                                       crypto::KeyHolder::kCustodian, secret);
  TALLY_ASSIGN_OR_RETURN(crypto::KeyDirectory keys, std::move(opened));
  TALLY_ASSIGN_OR_RETURN(const std::vector<crypto::KeyHeader> have,
                         keys.List());
  const auto missing = [&have](crypto::KeyKind kind) {
    for (const crypto::KeyHeader& header : have) {
      if (header.kind == kind) return false;
    }
    return true;
  };
  if (missing(crypto::KeyKind::kSign)) {
    TALLY_ASSIGN_OR_RETURN(
        const crypto::SigningKey key,
        crypto::SigningKey::Generate(configuration.environment, kCustodianParty,
                                     crypto::SignPurpose::kRegistry));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(keys, key));
  }
  if (missing(crypto::KeyKind::kBox)) {
    TALLY_ASSIGN_OR_RETURN(
        const crypto::BoxKey key,
        crypto::BoxKey::Generate(configuration.environment, kCustodianParty));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(keys, key));
  }
  return Assemble(std::move(lock), std::move(keys));
}

crypto::RegistryParty CeremonyRoom::PartyEntry() const {
  crypto::RegistryParty party;
  party.party = std::string(kCustodianParty);
  party.role = crypto::PartyRole::kCustodian;
  party.sign_public = sign_key_.public_key();
  party.box_public = box_key_.public_key();
  return party;
}

absl::StatusOr<std::pair<HubKey, bool>> CeremonyRoom::EnsureHubKey(
    std::string_view domain, uint32_t epoch) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<crypto::KeyHeader> have,
                         keys_.List());
  for (const crypto::KeyHeader& header : have) {
    if (header.kind != crypto::KeyKind::kHub || header.domain != domain) {
      continue;
    }
    if (header.epoch != epoch) {
      return ConflictError(absl::StrFormat(
          "domain %s has a hub key of epoch %d; its rotation is not part of "
          "this version",
          domain, header.epoch.value_or(0)));
    }
    TALLY_ASSIGN_OR_RETURN(HubKey key, HubKey::Load(keys_, domain, epoch));
    return std::make_pair(std::move(key), false);
  }
  TALLY_ASSIGN_OR_RETURN(HubKey key,
                         HubKey::Generate(keys_.environment(), domain, epoch));
  TALLY_RETURN_IF_ERROR(key.Store(keys_));
  return std::make_pair(std::move(key), true);
}

absl::StatusOr<std::string> CeremonyRoom::AnswerFactorFile(
    const crypto::Registry& registry, std::string_view step1_file,
    std::string_view hub_party, std::string_view out_directory, bool dry_run) {
  TALLY_ASSIGN_OR_RETURN(const std::string request,
                         ReadFile(std::string(step1_file), kMaxMessage));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::CeremonyHeader header,
      crypto::PeekCeremonyHeader(AsBytes(request), box_key_));
  const std::string path =
      JoinPath(out_directory, AnswerFileName(header.factor));
  const std::string partial = path + ".partial";
  if (const JsonValue* entry = transcript_.FindCeremony(header.id);
      entry != nullptr && !dry_run) {
    TALLY_ASSIGN_OR_RETURN(const bool finished,
                           FinishInterrupted(*entry, partial, path));
    if (finished) return path;
  }
  TALLY_ASSIGN_OR_RETURN(
      const HubKey hub_key,
      HubKey::Load(keys_, header.factor.domain, header.factor.hub_epoch));
  const auto before_answer =
      [this](const crypto::CeremonyHeader& h) -> absl::Status {
    if (transcript_.FindCeremony(h.id) != nullptr) {
      return ConflictError("this ceremony was answered before");
    }
    if (transcript_.FindFactor(h.factor) != nullptr) {
      return ConflictError(absl::StrFormat(
          "a factor was issued before for %s, epoch %d, hub epoch %d, stage "
          "%d: a new one needs a new epoch of the source's key",
          h.factor.source, h.factor.source_epoch, h.factor.hub_epoch,
          int{h.factor.stage}));
    }
    return absl::OkStatus();
  };
  TALLY_ASSIGN_OR_RETURN(
      const crypto::FactorAnswer answer,
      crypto::AnswerFactor(registry, AsBytes(request), hub_key.scalar(),
                           box_key_, sign_key_, hub_party, before_answer));
  if (FileExists(path)) {
    return ConflictError(absl::StrFormat("%s is there already", path));
  }
  if (dry_run) return path;
  // First the answer under another name, then the note that it was issued,
  // then its name: nothing leaves this machine that the transcript lacks.
  TALLY_RETURN_IF_ERROR(
      WriteFileAtomically(partial, AsChars(answer.for_hub), kPrivateMode));
  TALLY_RETURN_IF_ERROR(transcript_.Add(
      "factor.answer",
      FactorEntry(header, request, AsChars(answer.for_hub), answer.hub_party)));
  TALLY_RETURN_IF_ERROR(RenameDurablyNoReplace(partial, path));
  return path;
}

}  // namespace tally::custodian
