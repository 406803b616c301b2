#include "pseudonymiser/source_keys.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/source_key_file.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kMaxStateBytes = 4096;

// Reads a line from the terminal without showing it.
absl::StatusOr<SecretText> AskPassphrase(const char* prompt) {
  std::fputs(prompt, stderr);
  struct termios shown {};
  if (::tcgetattr(STDIN_FILENO, &shown) != 0) {
    return KeyError("the terminal does not answer");
  }
  struct termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  static_cast<void>(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden));
  SecretText text;
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    text.Append(std::string_view(&c, 1));
  }
  static_cast<void>(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown));
  std::fputs("\n", stderr);
  return text;
}

crypto::KeyHolder Holder() { return crypto::KeyHolder::kParty; }

}  // namespace

absl::StatusOr<crypto::RingSecret> ReadRingSecret(
    const Configuration& configuration, bool fresh) {
  if (!configuration.keys_command.empty()) {
    TALLY_ASSIGN_OR_RETURN(const SecretText raw,
                           ReadSecretReference(configuration.keys_command));
    return crypto::RingSecret::FromKeyCommand(raw.Reveal());
  }
  if (!configuration.keys_passphrase.empty()) {
    TALLY_ASSIGN_OR_RETURN(const SecretText text,
                           ReadSecretReference(configuration.keys_passphrase));
    return crypto::RingSecret::Passphrase(text.Reveal());
  }
  if (!IsTerminal(STDIN_FILENO)) {
    return KeyError(
        "keys.passphrase names no secret, and there is no terminal to ask");
  }
  TALLY_ASSIGN_OR_RETURN(const SecretText text,
                         AskPassphrase("Passphrase of the key directory: "));
  if (fresh) {
    TALLY_ASSIGN_OR_RETURN(const SecretText again,
                           AskPassphrase("The same once more: "));
    if (text.Reveal() != again.Reveal()) {
      return KeyError("the two passphrases differ");
    }
  }
  return crypto::RingSecret::Passphrase(text.Reveal());
}

SourceKeys::SourceKeys(const Configuration& configuration,
                       crypto::KeyDirectory directory)
    : configuration_(&configuration), directory_(std::move(directory)) {}

absl::Status SourceKeys::LoadCommon() {
  TALLY_ASSIGN_OR_RETURN(storage_, crypto::LoadStorageKeys(*directory_));
  if (storage_.empty()) {
    return KeyError("the key directory has no storage key; run key create");
  }
  TALLY_ASSIGN_OR_RETURN(
      crypto::SigningKey sign,
      crypto::LoadSigningKey(*directory_, configuration_->source,
                             crypto::SignPurpose::kSign));
  sign_.emplace(std::move(sign));
  return absl::OkStatus();
}

absl::StatusOr<SourceKeys> SourceKeys::Open(
    const Configuration& configuration) {
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         ReadRingSecret(configuration, false));
  TALLY_ASSIGN_OR_RETURN(
      crypto::KeyDirectory directory,
      crypto::KeyDirectory::Open(configuration.keys_directory,
                                 configuration.environment, Holder(), secret));
  if (directory.owner() != configuration.source) {
    return KeyError(
        absl::StrFormat("the key directory belongs to %s, not to %s",
                        directory.owner(), configuration.source));
  }
  SourceKeys keys(configuration, std::move(directory));
  TALLY_RETURN_IF_ERROR(keys.LoadCommon());
  return keys;
}

absl::StatusOr<SourceKeys> SourceKeys::Create(
    const Configuration& configuration, uint32_t epoch) {
  const bool fresh =
      !FileExists(JoinPath(configuration.keys_directory, "ring.key"));
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         ReadRingSecret(configuration, fresh));
  absl::StatusOr<crypto::KeyDirectory> opened =
      fresh ? crypto::KeyDirectory::Create(
                  configuration.keys_directory, configuration.environment,
                  configuration.source, Holder(), secret)
            : crypto::KeyDirectory::Open(configuration.keys_directory,
                                         configuration.environment, Holder(),
                                         secret);
  TALLY_RETURN_IF_ERROR(opened.status());
  crypto::KeyDirectory directory = *std::move(opened);
  TALLY_ASSIGN_OR_RETURN(const auto headers, directory.List());
  const auto has = [&](crypto::KeyKind kind) {
    return std::any_of(headers.begin(), headers.end(),
                       [kind](const auto& h) { return h.kind == kind; });
  };
  const crypto::Environment environment = configuration.environment;
  const std::string& party = configuration.source;
  if (!has(crypto::KeyKind::kStorage)) {
    TALLY_ASSIGN_OR_RETURN(const auto key,
                           crypto::StorageKey::Generate(environment, party));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(directory, key));
  }
  if (!has(crypto::KeyKind::kSign)) {
    TALLY_ASSIGN_OR_RETURN(const auto key,
                           crypto::SigningKey::Generate(
                               environment, party, crypto::SignPurpose::kSign));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(directory, key));
  }
  if (!has(crypto::KeyKind::kBox)) {
    TALLY_ASSIGN_OR_RETURN(const auto key,
                           crypto::BoxKey::Generate(environment, party));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(directory, key));
  }
  SourceKeys keys(configuration, std::move(directory));
  TALLY_ASSIGN_OR_RETURN(const std::vector<uint32_t> epochs, keys.Epochs());
  if (std::find(epochs.begin(), epochs.end(), epoch) == epochs.end()) {
    TALLY_ASSIGN_OR_RETURN(
        const auto key,
        crypto::SourceKey::Generate({.environment = environment,
                                     .role = crypto::KeyRole::kSource,
                                     .party = party,
                                     .domain = configuration.domain,
                                     .epoch = epoch}));
    TALLY_RETURN_IF_ERROR(crypto::StoreKey(*keys.directory_, key));
  }
  TALLY_RETURN_IF_ERROR(keys.LoadCommon());
  return keys;
}

absl::StatusOr<std::vector<uint32_t>> SourceKeys::Epochs() const {
  TALLY_ASSIGN_OR_RETURN(const auto headers, directory_->List());
  std::vector<uint32_t> epochs;
  for (const crypto::KeyHeader& header : headers) {
    if (header.kind == crypto::KeyKind::kSource && header.epoch &&
        header.party == configuration_->source &&
        header.domain == configuration_->domain) {
      epochs.push_back(*header.epoch);
    }
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
}

absl::StatusOr<crypto::SourceKey> SourceKeys::LoadSource(uint32_t epoch) const {
  return crypto::LoadSourceKey(*directory_, configuration_->source,
                               configuration_->domain, epoch);
}

absl::StatusOr<crypto::BoxKey> SourceKeys::LoadBox() const {
  return crypto::LoadBoxKey(*directory_, configuration_->source);
}

absl::StatusOr<crypto::SourceKey> SourceKeys::LoadRegistered(
    const crypto::Registry& registry) const {
  TALLY_ASSIGN_OR_RETURN(const std::vector<uint32_t> epochs, Epochs());
  if (epochs.empty()) {
    return KeyError("there is no source key; run key create");
  }
  absl::Status refused;
  for (auto epoch = epochs.rbegin(); epoch != epochs.rend(); ++epoch) {
    TALLY_ASSIGN_OR_RETURN(crypto::SourceKey key, LoadSource(*epoch));
    const auto registered = registry.FindSourceKey(
        configuration_->source, configuration_->domain, key.key_id(), *epoch);
    if (registered.ok()) return key;
    if (refused.ok()) refused = registered.status();
  }
  return refused;
}

absl::StatusOr<std::string> SourceKeys::MakeEnrolment(uint32_t epoch) const {
  TALLY_ASSIGN_OR_RETURN(const crypto::SourceKey key, LoadSource(epoch));
  TALLY_ASSIGN_OR_RETURN(const crypto::BoxKey box, LoadBox());
  crypto::Enrolment enrolment;
  enrolment.environment = configuration_->environment;
  enrolment.role = crypto::PartyRole::kSource;
  enrolment.party = configuration_->source;
  enrolment.domain = configuration_->domain;
  enrolment.sign_public = sign_->public_key();
  enrolment.box_public = box.public_key();
  enrolment.epoch = epoch;
  enrolment.public_key = key.public_key();
  enrolment.key_id = key.key_id();
  return crypto::WriteEnrolment(enrolment, *sign_, &key.scalar());
}

absl::StatusOr<crypto::Registry> LoadRegistry(
    const Configuration& configuration, bool remember) {
  const auto pinned = crypto::DecodePublicKey(configuration.registry_key);
  if (!pinned.ok()) {
    return UsageError(
        "registry.key must be the custodian's public key, 43 characters");
  }
  TALLY_ASSIGN_OR_RETURN(
      crypto::Registry registry,
      crypto::Registry::LoadFiles(configuration.registry_file, *pinned,
                                  configuration.environment));
  const std::string path =
      JoinPath(configuration.state_directory, "registry.accepted");
  if (FileExists(path)) {
    TALLY_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxStateBytes));
    TALLY_ASSIGN_OR_RETURN(const JsonValue last, ParseJson(text, 2));
    TALLY_ASSIGN_OR_RETURN(const int64_t version, last.GetInt("version"));
    TALLY_ASSIGN_OR_RETURN(const std::string sha256, last.GetString("sha256"));
    TALLY_RETURN_IF_ERROR(registry.CheckNotOlder(version, sha256));
    if (version == registry.version()) return registry;
  }
  if (remember && IsDirectory(configuration.state_directory)) {
    JsonValue accepted = JsonValue::MakeObject();
    accepted.Set("version", registry.version());
    accepted.Set("sha256", registry.sha256());
    TALLY_RETURN_IF_ERROR(
        WriteFileAtomically(path, accepted.Dump() + "\n", 0600));
  }
  return registry;
}

absl::StatusOr<crypto::PublicKey> HubSignKey(const crypto::Registry& registry) {
  TALLY_ASSIGN_OR_RETURN(const crypto::RegistryParty hub,
                         registry.FindParty("", crypto::PartyRole::kHub));
  return hub.sign_public;
}

}  // namespace tally::pseudonymiser
