// linkage-hub: the linkage operator's daemon.
#include <cstdio>
#include <string>

#include "absl/strings/str_format.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/process.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "base/versions.h"
#include "crypto/enrolment.h"
#include "crypto/init.h"
#include "crypto/key_directory.h"
#include "linkage/service/hub.h"
#include "linkage/service/hub_config.h"
#include "linkage/service/hub_server.h"
#include "linkage/store/hub_keys.h"
#include "transport/tls_policy.h"

namespace tally::linkage {
namespace {

absl::StatusOr<LoadedHubConfig> ReadConfig(const CommonFlags& flags,
                                           const std::string& listen = "") {
  TALLY_ASSIGN_OR_RETURN(const std::string path,
                         FindConfig(flags.config, "hub", false));
  return LoadHubConfig(path, listen);
}

void PrintBanner(crypto::Environment environment) {
  if (environment == crypto::Environment::kProduction) return;
  PrintNote(absl::StrFormat(
      "*** %s ENVIRONMENT - NOT FOR PATIENT DATA ***",
      environment == crypto::Environment::kTest ? "TEST" : "EXAMPLE"));
}

absl::Status FailOnFaults(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) PrintNote("fail  " + fault);
  if (faults.empty()) return absl::OkStatus();
  return UsageError(
      absl::StrFormat("%d faults in the configuration", faults.size()));
}

absl::Status Serve(const CommonFlags& flags, const std::string& listen,
                   const std::string& port_file, const std::string& log_file) {
  TALLY_RETURN_IF_ERROR(HardenProcess());
  TALLY_ASSIGN_OR_RETURN(const LoadedHubConfig loaded,
                         ReadConfig(flags, listen));
  const HubConfig& config = loaded.config;
  LogOptions log;
  TALLY_ASSIGN_OR_RETURN(log.level, ParseLevel(config.log_level));
  log.path = log_file;
  log.program = "linkage-hub";
  TALLY_RETURN_IF_ERROR(InitLog(log));
  transport::CaptureGrpcLog();
  PrintBanner(config.environment);
  TALLY_RETURN_IF_ERROR(FailOnFaults(CheckHubConfig(config)));
  InstallStopSignals();
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<HubServer> server,
                         HubServer::Start(config, port_file));
  return server->Run();
}

absl::Status PrintConfig(const CommonFlags& flags, bool origins) {
  TALLY_ASSIGN_OR_RETURN(const LoadedHubConfig loaded, ReadConfig(flags));
  std::vector<std::string> columns = {"key", "value"};
  if (origins) columns.push_back("origin");
  TablePrinter table(columns);
  for (const ConfigReader::Effective& entry : loaded.effective) {
    std::vector<TablePrinter::Cell> row = {entry.key, entry.value};
    if (origins) row.push_back(entry.origin);
    table.AddRow(std::move(row));
  }
  return table.Print(flags.json ? OutputFormat::kJson : flags.format);
}

absl::Status Migrate(const CommonFlags& flags, bool plan) {
  TALLY_ASSIGN_OR_RETURN(const LoadedHubConfig loaded, ReadConfig(flags));
  const HubConfig& config = loaded.config;
  std::string password;
  if (!config.catalogue_password.empty()) {
    TALLY_ASSIGN_OR_RETURN(const SecretText text,
                           ReadSecretReference(config.catalogue_password));
    password = std::string(text.Reveal());
  }
  const std::string path = config.data_directory + "/catalogue.db";
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<std::string> steps,
      Catalogue::PlanMigrations(config.catalogue_url, path, password));
  TablePrinter table({"migration"});
  for (const std::string& step : steps) table.AddRow({step});
  TALLY_RETURN_IF_ERROR(
      table.Print(flags.json ? OutputFormat::kJson : flags.format));
  if (plan || flags.dry_run || steps.empty()) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(
      const std::unique_ptr<HubDirectory> directory,
      HubDirectory::Open(config.data_directory, config.min_free_disk));
  return Catalogue::Open(config.catalogue_url, path, password).status();
}

absl::Status WriteEnrolmentFile(const HubConfig& config,
                                const crypto::RingSecret& secret,
                                const std::string& domain,
                                const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(
      const crypto::KeyDirectory directory,
      crypto::KeyDirectory::Open(config.keys_directory, config.environment,
                                 crypto::KeyHolder::kParty, secret));
  TALLY_ASSIGN_OR_RETURN(const crypto::SigningKey sign,
                         crypto::LoadSigningKey(directory, config.hub_id,
                                                crypto::SignPurpose::kSign));
  TALLY_ASSIGN_OR_RETURN(const crypto::SigningKey audit,
                         crypto::LoadSigningKey(directory, config.hub_id,
                                                crypto::SignPurpose::kAudit));
  TALLY_ASSIGN_OR_RETURN(const crypto::BoxKey box,
                         crypto::LoadBoxKey(directory, config.hub_id));
  crypto::Enrolment enrolment;
  enrolment.environment = config.environment;
  enrolment.role = crypto::PartyRole::kHub;
  enrolment.party = config.hub_id;
  enrolment.domain = domain;
  enrolment.sign_public = sign.public_key();
  enrolment.box_public = box.public_key();
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         crypto::WriteEnrolment(enrolment, sign, nullptr));
  TALLY_RETURN_IF_ERROR(CreateFileExclusive(path, text, 0644));
  PrintNote(crypto::EnrolmentFingerprints(enrolment));
  TablePrinter keys({"key", "public"});
  keys.AddRow(
      {std::string("release_key"), crypto::EncodePublicKey(sign.public_key())});
  keys.AddRow({std::string("audit_key"),
               NoteVerifierKey(AuditOrigin(config.trust_domain, config.hub_id),
                               audit.public_key())});
  return keys.Print(OutputFormat::kJsonl);
}

absl::Status Init(const CommonFlags& flags, const std::string& enrolment,
                  std::string domain) {
  TALLY_RETURN_IF_ERROR(HardenProcess());
  TALLY_RETURN_IF_ERROR(crypto::InitCrypto());
  TALLY_ASSIGN_OR_RETURN(const LoadedHubConfig loaded, ReadConfig(flags));
  const HubConfig& config = loaded.config;
  if (domain.empty()) domain = config.domain;
  if (domain.empty()) {
    return UsageError("--domain or hub.domain must name the key domain");
  }
  PrintBanner(config.environment);
  if (config.keys_passphrase.empty()) {
    return UsageError(
        "keys.passphrase must name where the passphrase is: "
        "init seals the new keys with it");
  }
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         ReadRingSecret(config.keys_passphrase));
  if (flags.dry_run) {
    PrintNote("would make keys in " + config.keys_directory +
              ", directories, and " + enrolment);
    return absl::OkStatus();
  }
  for (const std::string& path :
       {config.data_directory, config.temp_directory}) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(path, 0700));
  }
  HubKeys keys(
      {config.keys_directory, config.environment, domain, config.hub_id});
  TALLY_RETURN_IF_ERROR(keys.CreateOwnKeys(secret));
  TALLY_RETURN_IF_ERROR(WriteEnrolmentFile(config, secret, domain, enrolment));
  if (!flags.quiet) PrintNote("next: custodian registry add " + enrolment);
  return absl::OkStatus();
}

void AddServe(CommandLine& line) {
  static std::string listen;
  static std::string port_file;
  static std::string log_file;
  line.AddCommand("serve", "Runs the hub until SIGTERM",
                  {"linkage-hub serve --config /etc/tally/hub.toml",
                   "linkage-hub serve --listen 127.0.0.1:0 --port-file port"})
      .AddOption("--listen", &listen, "Address and port, instead of the file's",
                 "ADDRESS:PORT")
      .AddOption("--port-file", &port_file,
                 "Where to write the port that was bound", "FILE")
      .AddOption("--log-file", &log_file, "Log there instead of stderr", "FILE")
      .SetHandler([](const CommonFlags& flags) {
        return Serve(flags, listen, port_file, log_file);
      });
}

void AddConfig(CommandLine& line) {
  static bool effective = false;
  static bool origins = false;
  line.AddCommand("config check",
                  "Looks at everything that can be looked at without keys",
                  {"linkage-hub config check"})
      .SetHandler([](const CommonFlags& flags) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(const LoadedHubConfig loaded, ReadConfig(flags));
        TALLY_RETURN_IF_ERROR(FailOnFaults(CheckHubConfig(loaded.config)));
        PrintNote("ok");
        return absl::OkStatus();
      });
  line.AddCommand("config print", "Shows what is in force; secrets masked",
                  {"linkage-hub config print --effective --origins"},
                  kTraitLists)
      .AddFlag("--effective", &effective,
               "Flag, environment, file and default together (always so)")
      .AddFlag("--origins", &origins, "Where each value comes from")
      .SetHandler(
          [](const CommonFlags& flags) { return PrintConfig(flags, origins); });
}

void AddSetup(CommandLine& line) {
  static bool plan = false;
  static std::string enrolment = "hub-enrolment.json";
  static std::string domain;
  line.AddCommand("migrate", "Brings the catalogue to this version",
                  {"linkage-hub migrate --plan"}, kTraitLists | kTraitChanges)
      .AddFlag("--plan", &plan, "Shows what would be done, does nothing")
      .SetHandler(
          [](const CommonFlags& flags) { return Migrate(flags, plan); });
  line.AddCommand(
          "init",
          "Makes the hub's keys and directories, and its enrolment file",
          {"linkage-hub init --config hub.toml --domain commissioning "
           "--enrolment hub-enrolment.json"},
          kTraitChanges)
      .AddOption("--domain", &domain, "Key domain of the hub", "DOMAIN")
      .AddOption("--enrolment", &enrolment,
                 "File for the custodian; must not be there", "FILE")
      .SetHandler([](const CommonFlags& flags) {
        return Init(flags, enrolment, domain);
      });
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  tally::UseLargePages(argv);
  // Before all that follows: OpenSSL reads its defaults once, when it starts.
  const absl::Status tls = tally::transport::ApplyTlsPolicy();
  if (!tls.ok()) {
    tally::PrintNote("linkage-hub: TLS 1.3 only cannot be set");
    return tally::kExitFailure;
  }
  tally::CommandLine line(
      {.program = "linkage-hub",
       .summary = "The hub: takes extracts, links them, makes releases.",
       .examples = {"linkage-hub config check",
                    "linkage-hub serve --config /etc/tally/hub.toml"}});
  tally::linkage::AddServe(line);
  tally::linkage::AddConfig(line);
  tally::linkage::AddSetup(line);
  return line.Run(argc, argv);
}
