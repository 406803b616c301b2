#include "custodian/commands.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/versions.h"
#include "crypto/enrolment.h"
#include "crypto/init.h"
#include "custodian/ceremony_room.h"
#include "custodian/configuration.h"
#include "custodian/doctor.h"
#include "custodian/registry_desk.h"

namespace tally::custodian {
namespace {

constexpr int64_t kMaxEnrolment = 16384;

// A file that a command names and that is not there is exit 4.
absl::Status CheckNamedFile(const std::string& path) {
  if (FileExists(path)) return absl::OkStatus();
  return NotFoundError(absl::StrFormat("%s: no such file", path));
}

// What every command starts with: the configuration, and the banner of the
// example environment.
absl::StatusOr<Configuration> Start(const CommonFlags& flags) {
  TALLY_RETURN_IF_ERROR(crypto::InitCrypto());
  TALLY_ASSIGN_OR_RETURN(Configuration configuration,
                         ReadConfiguration(flags.config));
  if (configuration.environment == crypto::Environment::kExample &&
      !flags.quiet) {
    PrintNote("EXAMPLE ENVIRONMENT: not for patient data");
  }
  return configuration;
}

absl::StatusOr<RegistryDesk> OpenDesk(const Configuration& configuration,
                                      const CeremonyRoom& room) {
  return RegistryDesk::Open(configuration.registry, configuration.environment,
                            room.sign_key().public_key());
}

// --- hub-key create ---

absl::Status CreateHubKey(const CommonFlags& flags, std::string_view domain,
                          int64_t epoch) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  if (epoch < 1 || epoch > 1000000) return UsageError("--epoch starts at 1");
  if (!IsResourceId(domain)) return UsageError("--domain is not a name");
  if (flags.dry_run) {
    return PrintOut(absl::StrFormat(
        "would make the hub key of domain %s, epoch %d, in %s\n", domain, epoch,
        configuration.directory));
  }
  TALLY_ASSIGN_OR_RETURN(CeremonyRoom room,
                         CeremonyRoom::OpenOrCreate(configuration));
  TALLY_ASSIGN_OR_RETURN(RegistryDesk desk, OpenDesk(configuration, room));
  TALLY_ASSIGN_OR_RETURN(crypto::RegistryBuilder next, desk.Next());
  TALLY_ASSIGN_OR_RETURN(
      const auto made, room.EnsureHubKey(domain, static_cast<uint32_t>(epoch)));
  const HubKey& key = made.first;
  TALLY_RETURN_IF_ERROR(next.AddParty(room.PartyEntry()));
  TALLY_RETURN_IF_ERROR(AddHubKey(next, key, CivilDay::TodayUtc().ToIso()));
  TALLY_RETURN_IF_ERROR(desk.WriteDraft(next));
  if (made.second) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("domain", domain);
    entry.Set("epoch", epoch);
    entry.Set("key_id", key.key_id().Hex());
    TALLY_RETURN_IF_ERROR(
        room.transcript().Add("hub-key.create", std::move(entry)));
  }
  const std::string mark(crypto::ScreenMark(configuration.environment));
  const std::string registry_key =
      crypto::EncodePublicKey(room.sign_key().public_key());
  if (flags.json) {
    JsonValue out = JsonValue::MakeObject();
    out.Set("created", made.second);
    out.Set("domain", domain);
    out.Set("epoch", epoch);
    out.Set("key_id", key.key_id().Hex());
    out.Set("public", key.public_key().Hex());
    out.Set("registry_key", registry_key);
    return PrintOut(out.Dump() + "\n");
  }
  return PrintOut(
      absl::StrFormat("%s hub key %s%s, domain %s, epoch %d\n"
                      "registry key, to be pinned by every party: %s\n",
                      made.second ? "made" : "kept", mark, key.key_id().Hex(),
                      domain, epoch, registry_key));
}

void AddHubKeyCreate(CommandLine& line) {
  struct Options {
    std::string domain = "commissioning";
    int64_t epoch = 1;
  };
  auto options = std::make_shared<Options>();
  line.AddCommand("hub-key create",
                  "Makes the hub key, the registry key and a registry draft",
                  {"custodian hub-key create",
                   "custodian hub-key create --domain research"},
                  kTraitChanges)
      .AddOption("--domain", &options->domain, "domain of the key", "NAME")
      .AddOption("--epoch", &options->epoch, "epoch of the key")
      .SetHandler([options](const CommonFlags& flags) {
        return CreateHubKey(flags, options->domain, options->epoch);
      })
      .SetNext("custodian registry add ENROLMENT-FILE");
}

// --- factor answer ---

absl::Status AnswerFactor(const CommonFlags& flags, std::string_view file,
                          std::string_view hub, std::string_view out) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  TALLY_ASSIGN_OR_RETURN(CeremonyRoom room, CeremonyRoom::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(const RegistryDesk desk,
                         OpenDesk(configuration, room));
  if (!desk.current().has_value()) {
    return KeyError(
        "there is no signed registry: run `custodian registry sign` first");
  }
  TALLY_RETURN_IF_ERROR(CheckNamedFile(std::string(file)));
  TALLY_ASSIGN_OR_RETURN(
      const std::string path,
      room.AnswerFactorFile(*desk.current(), file, hub, out, flags.dry_run));
  if (flags.dry_run) {
    return PrintOut(absl::StrFormat("would write %s\n", path));
  }
  if (flags.json) {
    JsonValue document = JsonValue::MakeObject();
    document.Set("file", path);
    document.Set("transcript", room.transcript().head());
    return PrintOut(document.Dump() + "\n");
  }
  return PrintOut(
      absl::StrFormat("wrote %s, sealed for the hub\ntranscript head: %s\n",
                      path, room.transcript().head()));
}

void AddFactorAnswer(CommandLine& line) {
  struct Options {
    std::string file;
    std::string hub;
    std::string out = ".";
  };
  auto options = std::make_shared<Options>();
  line.AddCommand("factor answer",
                  "Answers a source's request for a conversion factor",
                  {"custodian factor answer gp-one.step1",
                   "custodian factor answer gp-one.step1 --out /media/usb"},
                  kTraitChanges)
      .AddPositional("FILE", &options->file, "the source's file of step 1")
      .AddOption("--hub", &options->hub,
                 "the hub that gets the answer, if there are several", "NAME")
      .AddOption("--out", &options->out, "folder of the answer", "DIR")
      .SetHandler([options](const CommonFlags& flags) {
        return AnswerFactor(flags, options->file, options->hub, options->out);
      })
      .SetNext("linkage key import-factor, at the hub");
}

// --- registry ---

struct AddOptions {
  std::string file;
  std::optional<int64_t> person_limit;
  std::string not_before;
};

absl::Status RegistryAdd(const CommonFlags& flags, const AddOptions& options) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  TALLY_RETURN_IF_ERROR(CheckNamedFile(options.file));
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(options.file, kMaxEnrolment));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Enrolment enrolment,
      crypto::ReadEnrolment(text, configuration.environment));
  const std::string not_before = options.not_before.empty()
                                     ? CivilDay::TodayUtc().ToIso()
                                     : options.not_before;
  TALLY_ASSIGN_OR_RETURN(CeremonyRoom room, CeremonyRoom::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(RegistryDesk desk, OpenDesk(configuration, room));
  TALLY_ASSIGN_OR_RETURN(crypto::RegistryBuilder next, desk.Next());
  TALLY_RETURN_IF_ERROR(
      AddEnrolment(next, enrolment, options.person_limit, not_before));
  TALLY_RETURN_IF_ERROR(next.Build().status());
  const std::string who =
      absl::StrFormat("%s%s %s", crypto::ScreenMark(configuration.environment),
                      crypto::PartyRoleName(enrolment.role), enrolment.party);
  TALLY_RETURN_IF_ERROR(PrintOut(absl::StrFormat(
      "%s\n%s", who, crypto::EnrolmentFingerprints(enrolment))));
  if (flags.dry_run) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(Confirm(
      flags, absl::StrFormat("Have these fingerprints been compared with %s "
                             "by telephone?",
                             enrolment.party)));
  TALLY_RETURN_IF_ERROR(desk.WriteDraft(next));
  JsonValue entry = JsonValue::MakeObject();
  entry.Set("party", enrolment.party);
  entry.Set("role", crypto::PartyRoleName(enrolment.role));
  entry.Set("enrolment_sha256", Sha256Hex(text));
  return room.transcript().Add("registry.add", std::move(entry));
}

void ListRegistry(const crypto::Registry& registry, std::string_view state,
                  TablePrinter& table) {
  for (const crypto::RegistryKey& key : registry.keys()) {
    table.AddRow({std::string(state), std::string("key"),
                  std::string(crypto::KeyRoleName(key.role)), key.party,
                  key.domain, int64_t{key.epoch}, key.key_id.Hex(),
                  std::string(crypto::KeyStatusName(key.status)),
                  key.not_before, std::monostate()});
  }
  for (const crypto::RegistryParty& party : registry.parties()) {
    TablePrinter::Cell limit;
    if (party.person_limit.has_value()) limit = *party.person_limit;
    table.AddRow({std::string(state), std::string("party"),
                  std::string(crypto::PartyRoleName(party.role)), party.party,
                  std::monostate(), std::monostate(),
                  crypto::KeyId::OfPublic(party.sign_public).Hex(),
                  std::monostate(), std::monostate(), limit});
  }
}

absl::Status RegistryList(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  TALLY_ASSIGN_OR_RETURN(const CeremonyRoom room,
                         CeremonyRoom::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(const RegistryDesk desk,
                         OpenDesk(configuration, room));
  TablePrinter table({"state", "entry", "role", "party", "domain", "epoch",
                      "key_id", "status", "not_before", "person_limit"});
  if (desk.current().has_value())
    ListRegistry(*desk.current(), "signed", table);
  if (desk.draft().has_value()) ListRegistry(*desk.draft(), "draft", table);
  return table.Print(flags.json ? OutputFormat::kJson : flags.format);
}

absl::Status RegistrySign(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  TALLY_ASSIGN_OR_RETURN(CeremonyRoom room, CeremonyRoom::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(RegistryDesk desk, OpenDesk(configuration, room));
  if (!desk.draft().has_value()) return NotFoundError("no draft to sign");
  const std::string what =
      absl::StrFormat("registry version %d, SHA-256 %s",
                      desk.draft()->version(), desk.draft()->sha256());
  if (flags.dry_run) return PrintOut("would sign " + what + "\n");
  JsonValue entry = JsonValue::MakeObject();
  entry.Set("version", desk.draft()->version());
  entry.Set("registry_sha256", desk.draft()->sha256());
  TALLY_RETURN_IF_ERROR(
      room.transcript().Add("registry.sign", std::move(entry)));
  TALLY_RETURN_IF_ERROR(desk.Sign(room.sign_key()).status());
  return PrintOut("signed " + what + "\n");
}

// Needs no ceremony directory: anybody with the pinned key can check.
absl::Status RegistryVerify(const CommonFlags& flags, std::string_view file,
                            std::string_view key_text) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  const std::string path =
      file.empty() ? configuration.registry : std::string(file);
  crypto::PublicKey key;
  if (!key_text.empty()) {
    TALLY_ASSIGN_OR_RETURN(key, crypto::DecodePublicKey(key_text));
  } else {
    TALLY_ASSIGN_OR_RETURN(const CeremonyRoom room,
                           CeremonyRoom::Open(configuration));
    key = room.sign_key().public_key();
  }
  const auto registry =
      crypto::Registry::LoadFiles(path, key, configuration.environment);
  if (!registry.ok()) {
    return absl::IsNotFound(registry.status())
               ? registry.status()
               : WithExitCode(registry.status(), kExitIntegrity);
  }
  return PrintOut(
      absl::StrFormat("version %d holds: %d keys, %d parties, "
                      "SHA-256 %s\n",
                      registry->version(), registry->keys().size(),
                      registry->parties().size(), registry->sha256()));
}

void AddRegistryCommands(CommandLine& line) {
  auto add = std::make_shared<AddOptions>();
  line.AddCommand("registry add",
                  "Adds a party's keys to the draft of the registry",
                  {"custodian registry add gp-one.enrol --person-limit 120000",
                   "custodian registry add hub-a.enrol"},
                  kTraitChanges | kTraitDestroys)
      .AddPositional("FILE", &add->file, "the party's enrolment file")
      .AddOption("--person-limit", &add->person_limit,
                 "most distinct people of a source in one epoch")
      .AddOption("--not-before", &add->not_before,
                 "first day of the key, YYYY-MM-DD; default today", "DATE")
      .SetHandler(
          [add](const CommonFlags& flags) { return RegistryAdd(flags, *add); })
      .SetNext("custodian registry sign");
  line.AddCommand("registry list", "Lists keys and parties, signed and drafted",
                  {"custodian registry list", "custodian registry list --json"},
                  kTraitLists)
      .SetHandler(RegistryList);
  line.AddCommand(
          "registry sign", "Signs the draft: it becomes the registry",
          {"custodian registry sign", "custodian registry sign --dry-run"},
          kTraitChanges)
      .SetHandler(RegistrySign)
      .SetNext("hand registry.json and registry.sig to every party");
  struct VerifyOptions {
    std::string file;
    std::string key;
  };
  auto verify = std::make_shared<VerifyOptions>();
  line.AddCommand("registry verify", "Checks signature and contents",
                  {"custodian registry verify",
                   "custodian registry verify registry.json --key B64"})
      .AddPositional("FILE", &verify->file,
                     "registry.json; default that of the configuration",
                     /*required=*/false)
      .AddOption("--key", &verify->key,
                 "the custodian's registry key; default the custodian's own",
                 "B64")
      .SetHandler([verify](const CommonFlags& flags) {
        return RegistryVerify(flags, verify->file, verify->key);
      });
}

// --- transcript show, doctor ---

absl::Status TranscriptShow(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  TALLY_ASSIGN_OR_RETURN(const CeremonyRoom room,
                         CeremonyRoom::Open(configuration));
  TablePrinter table({"seq", "time", "action", "details"});
  for (const JsonValue& entry : room.transcript().entries()) {
    std::vector<std::string> details;
    for (const auto& [key, value] : entry.AsObject()) {
      if (key == "seq" || key == "time" || key == "action" ||
          key == "previous") {
        continue;
      }
      details.push_back(key + "=" +
                        (value.is_string() ? value.AsString() : value.Dump()));
    }
    const auto text = [&entry](std::string_view key) {
      const JsonValue* value = entry.Find(key);
      return value != nullptr && value->is_string() ? value->AsString()
                                                    : std::string();
    };
    table.AddRow({entry.Find("seq")->AsInt(), text("time"), text("action"),
                  JoinText(details, " ")});
  }
  TALLY_RETURN_IF_ERROR(
      table.Print(flags.json ? OutputFormat::kJson : flags.format));
  PrintNote("head: " + room.transcript().head());
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Doctor(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration, Start(flags));
  const std::vector<Finding> findings = Examine(configuration);
  TablePrinter table({"health", "check", "message"});
  for (const Finding& finding : findings) {
    table.AddRow({std::string(HealthName(finding.health)), finding.check,
                  finding.message});
  }
  TALLY_RETURN_IF_ERROR(
      table.Print(flags.json ? OutputFormat::kJson : flags.format));
  return Worst(findings) == Health::kFail ? kExitFailure : kExitDone;
}

}  // namespace

void AddCommands(CommandLine& line) {
  AddHubKeyCreate(line);
  AddFactorAnswer(line);
  AddRegistryCommands(line);
  line.AddCommand("transcript show", "Shows what was made, added and issued",
                  {"custodian transcript show",
                   "custodian transcript show --format jsonl"},
                  kTraitLists)
      .SetHandler(TranscriptShow);
  line.AddCommand("doctor", "Looks keys, registry and machine over",
                  {"custodian doctor", "custodian doctor --json"}, kTraitLists)
      .SetHandler(Doctor);
}

ProgramInfo CustodianProgram() {
  return {.program = "custodian",
          .summary =
              "Keeps the hub key, enrols parties and answers requests "
              "for conversion factors. Offline.",
          .examples = {"custodian hub-key create",
                       "custodian factor answer gp-one.step1"},
          .version_details = [] {
            JsonValue details = JsonValue::MakeObject();
            details.Set("suite", crypto::kSuite);
            return details;
          }};
}

}  // namespace tally::custodian
