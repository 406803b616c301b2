// key create, show, request-factor: ids and public halves only.

#include <cstdio>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "commands.h"
#include "crypto/ceremony.h"
#include "pseudonymiser/source_keys.h"

namespace tally::pseudonymiser {
namespace {

struct KeyArguments {
  int64_t epoch = 1;
  std::string out = ".";
  std::string hub;
};

absl::StatusOr<uint32_t> EpochOf(const KeyArguments& arguments) {
  if (arguments.epoch < 1 || arguments.epoch > UINT32_MAX) {
    return UsageError("--epoch counts from 1");
  }
  return static_cast<uint32_t>(arguments.epoch);
}

absl::Status ShowKeys(const Configuration& configuration,
                      const SourceKeys& keys, const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<uint32_t> epochs, keys.Epochs());
  const std::string mark(crypto::ScreenMark(configuration.environment));
  JsonValue list = JsonValue::MakeArray();
  for (const uint32_t epoch : epochs) {
    TALLY_ASSIGN_OR_RETURN(const crypto::SourceKey key, keys.LoadSource(epoch));
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("source", configuration.source);
    entry.Set("domain", configuration.domain);
    entry.Set("epoch", int64_t{epoch});
    entry.Set("keyId", key.key_id().Hex());
    entry.Set("publicKey", key.public_key().Hex());
    if (!flags.json) {
      std::printf("%s%s %s epoch %u  key %s  public %s\n", mark.c_str(),
                  configuration.source.c_str(), configuration.domain.c_str(),
                  epoch, key.key_id().Hex().c_str(),
                  key.public_key().Hex().c_str());
    }
    list.Append(std::move(entry));
  }
  if (flags.json) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("environment", crypto::EnvironmentName(configuration.environment));
    json.Set("keys", std::move(list));
    json.Set("signKey", crypto::EncodePublicKey(keys.sign().public_key()));
    PrintJson(json);
  } else {
    std::printf("%s%s signs with %s\n", mark.c_str(),
                configuration.source.c_str(),
                crypto::EncodePublicKey(keys.sign().public_key()).c_str());
  }
  return absl::OkStatus();
}

absl::Status CreateKey(const KeyArguments& arguments,
                       const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(const uint32_t epoch, EpochOf(arguments));
  if (flags.dry_run) {
    Say(flags, absl::StrFormat("would make the keys that are missing in %s",
                               configuration.keys_directory));
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const SourceKeys keys,
                         SourceKeys::Create(configuration, epoch));
  return ShowKeys(configuration, keys, flags);
}

absl::Status ShowKey(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(const SourceKeys keys,
                         SourceKeys::Open(configuration));
  return ShowKeys(configuration, keys, flags);
}

absl::Status RequestFactor(const KeyArguments& arguments,
                           const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(const crypto::Registry registry,
                         LoadRegistry(configuration, !flags.dry_run));
  TALLY_ASSIGN_OR_RETURN(const SourceKeys keys,
                         SourceKeys::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(const crypto::SourceKey key,
                         keys.LoadRegistered(registry));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::FactorRequest request,
      crypto::RequestFactor(registry, configuration.source,
                            configuration.domain, key.info().epoch,
                            key.scalar(), keys.sign(), arguments.hub));
  const std::string base = JoinPath(
      arguments.out,
      absl::StrFormat("factor-%s-e%d-%s", configuration.source,
                      key.info().epoch, HexEncode(request.id).substr(0, 8)));
  const std::string custodian_file = base + "-for-custodian.bin";
  const std::string hub_file = base + "-for-hub.bin";
  if (!flags.dry_run) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(arguments.out, 0700));
    TALLY_RETURN_IF_ERROR(CreateFileExclusive(
        custodian_file, AsChars(request.for_custodian), 0600));
    TALLY_RETURN_IF_ERROR(
        CreateFileExclusive(hub_file, AsChars(request.for_hub), 0600));
  }
  if (flags.json) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("ceremony", HexEncode(request.id));
    json.Set("custodianFile", custodian_file);
    json.Set("hubFile", hub_file);
    json.Set("keyId", key.key_id().Hex());
    PrintJson(json);
  } else {
    std::printf(
        "%skey %s epoch %u\n",
        std::string(crypto::ScreenMark(configuration.environment)).c_str(),
        key.key_id().Hex().c_str(), key.info().epoch);
    std::printf("for the custodian  %s\nfor the hub        %s\n",
                custodian_file.c_str(), hub_file.c_str());
  }
  Say(flags, "send the two files by different channels");
  return absl::OkStatus();
}

}  // namespace

void AddKeyCommands(CommandLine& line) {
  auto create = std::make_shared<KeyArguments>();
  Command& create_command = line.AddCommand(
      "key create", "Makes the keys that are missing; keys that exist stay",
      {"pseudonymiser key create", "pseudonymiser key create --epoch 2"},
      kTraitChanges);
  create_command.AddOption("--epoch", &create->epoch,
                           "epoch of the source key");
  create_command.SetHandler(
      [create](const CommonFlags& flags) { return CreateKey(*create, flags); });
  create_command.SetNext("pseudonymiser enrol");

  line.AddCommand("key show", "Shows key ids, epochs and public keys",
                  {"pseudonymiser key show", "pseudonymiser key show --json"})
      .SetHandler(ShowKey);

  auto factor = std::make_shared<KeyArguments>();
  Command& factor_command = line.AddCommand(
      "key request-factor",
      "Asks for the conversion factor: one file for the custodian, one sealed "
      "for the hub",
      {"pseudonymiser key request-factor",
       "pseudonymiser key request-factor --out ceremony"},
      kTraitChanges);
  factor_command.AddOption("--out", &factor->out, "folder for the two files",
                           "DIR");
  factor_command.AddOption("--hub", &factor->hub,
                           "the hub's party, where the registry has several",
                           "PARTY");
  factor_command.SetHandler([factor](const CommonFlags& flags) {
    return RequestFactor(*factor, flags);
  });
}

}  // namespace tally::pseudonymiser
