#include "custodian/registry_desk.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::custodian {
namespace {

constexpr int kPublicMode = 0644;
constexpr std::string_view kExtension = ".json";

absl::StatusOr<std::string> ReadRegistryFile(const std::string& path) {
  return ReadFile(path, static_cast<int64_t>(crypto::Registry::kMaxBytes));
}

bool Follows(const crypto::Registry& draft,
             const std::optional<crypto::Registry>& current) {
  if (!current.has_value()) return draft.version() == 1;
  return draft.version() == current->version() + 1 &&
         draft.previous() == current->sha256();
}

}  // namespace

RegistryDesk::RegistryDesk(std::string_view path,
                           crypto::Environment environment)
    : path_(path), environment_(environment) {}

std::string RegistryDesk::Beside(std::string_view suffix) const {
  std::string stem = path_;
  if (stem.ends_with(kExtension)) stem.resize(stem.size() - kExtension.size());
  return stem + std::string(suffix);
}

absl::StatusOr<RegistryDesk> RegistryDesk::Open(
    std::string_view path, crypto::Environment environment,
    const crypto::PublicKey& custodian) {
  RegistryDesk desk(path, environment);
  if (const std::string draft_path = desk.Beside(".draft.json");
      FileExists(draft_path)) {
    TALLY_ASSIGN_OR_RETURN(const std::string text,
                           ReadRegistryFile(draft_path));
    TALLY_ASSIGN_OR_RETURN(desk.draft_, crypto::Registry::Parse(text));
  }
  if (FileExists(desk.path_)) {
    TALLY_ASSIGN_OR_RETURN(const std::string text,
                           ReadRegistryFile(desk.path_));
    if (desk.draft_.has_value() && desk.draft_->json() == text) {
      desk.interrupted_ = true;
      return desk;
    }
    auto current =
        crypto::Registry::LoadFiles(desk.path_, custodian, environment);
    if (!current.ok()) {
      return WithExitCode(current.status(), kExitIntegrity);
    }
    desk.current_ = *std::move(current);
  }
  if (desk.draft_.has_value() && !Follows(*desk.draft_, desk.current_)) {
    return IntegrityError(absl::StrFormat("%s does not follow the registry",
                                          desk.Beside(".draft.json")));
  }
  return desk;
}

absl::StatusOr<crypto::RegistryBuilder> RegistryDesk::Next() const {
  if (interrupted_) {
    return ConflictError(
        "signing was interrupted: run `custodian registry sign` again");
  }
  if (draft_.has_value()) return crypto::RegistryBuilder::Amend(*draft_);
  if (current_.has_value()) return crypto::RegistryBuilder(*current_);
  return crypto::RegistryBuilder(environment_);
}

absl::Status RegistryDesk::WriteDraft(const crypto::RegistryBuilder& next) {
  TALLY_ASSIGN_OR_RETURN(const crypto::Registry made, next.Build());
  if (draft_.has_value() && draft_->json() == made.json()) {
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(
      WriteFileAtomically(Beside(".draft.json"), made.json(), kPublicMode));
  draft_ = made;
  return absl::OkStatus();
}

absl::StatusOr<crypto::Registry> RegistryDesk::Sign(
    const crypto::SigningKey& key) {
  if (!draft_.has_value()) {
    return NotFoundError("there is no draft to sign");
  }
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature signature,
      key.Sign(crypto::SignLabel::kRegistry, draft_->json()));
  if (current_.has_value()) {
    const std::string kept = absl::StrFormat("-%d", current_->version());
    TALLY_ASSIGN_OR_RETURN(const std::string old_signature,
                           ReadRegistryFile(Beside(".sig")));
    TALLY_RETURN_IF_ERROR(WriteFileAtomically(Beside(kept + ".json"),
                                              current_->json(), kPublicMode));
    TALLY_RETURN_IF_ERROR(
        WriteFileAtomically(Beside(kept + ".sig"), old_signature, kPublicMode));
  }
  TALLY_RETURN_IF_ERROR(
      WriteFileAtomically(path_, draft_->json(), kPublicMode));
  TALLY_RETURN_IF_ERROR(WriteFileAtomically(
      Beside(".sig"), crypto::EncodeSignatureFile(signature), kPublicMode));
  TALLY_RETURN_IF_ERROR(RemoveFile(Beside(".draft.json")));
  current_ = std::move(draft_);
  draft_.reset();
  interrupted_ = false;
  return *current_;
}

absl::Status AddEnrolment(crypto::RegistryBuilder& builder,
                          const crypto::Enrolment& enrolment,
                          std::optional<int64_t> person_limit,
                          std::string_view not_before) {
  const bool is_source = enrolment.role == crypto::PartyRole::kSource;
  if (is_source != person_limit.has_value()) {
    return UsageError(is_source ? "a source needs --person-limit"
                                : "--person-limit is for sources only");
  }
  crypto::RegistryParty party;
  party.party = enrolment.party;
  party.role = enrolment.role;
  party.sign_public = enrolment.sign_public;
  party.box_public = enrolment.box_public;
  party.person_limit = person_limit;
  TALLY_RETURN_IF_ERROR(builder.AddParty(std::move(party)));
  if (!is_source) return absl::OkStatus();

  crypto::RegistryKey key{.public_key = *enrolment.public_key,
                          .key_id = *enrolment.key_id};
  key.party = enrolment.party;
  key.role = crypto::KeyRole::kSource;
  key.domain = enrolment.domain;
  key.epoch = *enrolment.epoch;
  key.not_before = std::string(not_before);
  builder.OverlapEarlier(key.party, key.domain, key.epoch);
  return builder.AddKey(std::move(key));
}

absl::Status AddHubKey(crypto::RegistryBuilder& builder, const HubKey& key,
                       std::string_view not_before) {
  crypto::RegistryKey entry{.public_key = key.public_key(),
                            .key_id = key.key_id()};
  entry.party = "hub";
  entry.role = crypto::KeyRole::kHub;
  entry.domain = key.domain();
  entry.epoch = key.epoch();
  entry.not_before = std::string(not_before);
  return builder.AddKey(std::move(entry));
}

}  // namespace tally::custodian
