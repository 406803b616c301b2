// init and enrol: from nothing to a certificate and an enrolment.

#include <cstdio>
#include <filesystem>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "commands.h"
#include "dataset/specification.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/tls_request.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kMaxRequestPemBytes = 1 << 20;
constexpr std::string_view kInstalledDatasets = "/usr/share/tally/datasets";

struct InitArguments {
  std::string environment = "example";
  std::string source;
  std::string directory;
  std::string datasets{kInstalledDatasets};
};

// What the configuration names, it names for cron too, whatever folder that
// starts in.
std::string AbsolutePath(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

// A section for each specification that is there, ready to be edited.
absl::StatusOr<std::string> DatasetSections(const std::string& directory) {
  std::string text;
  if (!IsDirectory(directory)) {
    return NotFoundError(absl::StrFormat(
        "there is no folder %s of dataset specifications; name one with "
        "--datasets (in the source tree: datasets)",
        directory));
  }
  TALLY_ASSIGN_OR_RETURN(const auto specifications,
                         dataset::LoadSpecifications(directory));
  for (const dataset::Specification& specification : specifications) {
    text += absl::StrFormat(
        "\n# %s\n[datasets.%s]\nspecification = \"%s/%s.toml\"\n"
        "# columns = { nhs_number = \"NHS_NUMBER\" }\n"
        "# date_format = \"%%d/%%m/%%Y\"\n",
        specification.title(), specification.id(), directory,
        specification.id());
  }
  return text;
}

absl::Status Init(const InitArguments& arguments, const CommonFlags& flags) {
  if (!IsResourceId(arguments.source)) {
    return UsageError("--source must match ^[a-z][a-z0-9-]{0,62}$");
  }
  const std::string directory = AbsolutePath(
      arguments.directory.empty() ? "/etc/tally" : arguments.directory);
  const std::string config = flags.config.empty()
                                 ? JoinPath(directory, "pseudonymiser.toml")
                                 : flags.config;
  if (FileExists(config)) {
    return ConflictError(
        absl::StrFormat("%s is there already; it was left as it is", config));
  }
  TALLY_ASSIGN_OR_RETURN(const std::string sections,
                         DatasetSections(AbsolutePath(arguments.datasets)));
  const std::string text = ConfigurationTemplate(arguments.environment,
                                                 arguments.source, directory) +
                           sections;
  if (flags.dry_run) {
    Say(flags, absl::StrFormat("would write %s and folders below %s", config,
                               directory));
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(config), 0755));
  for (const char* part : {"keys", "state", "lists", "tls"}) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(JoinPath(directory, part), 0700));
  }
  TALLY_RETURN_IF_ERROR(CreateFileExclusive(config, text, 0644));
  std::printf("%s\n", config.c_str());
  return absl::OkStatus();
}

struct EnrolArguments {
  std::string store;  // certificate to install
  std::string out = ".";
  int64_t epoch = 1;
};

// Where the TLS key is, when the configuration says so by file.
std::string KeyFile(const Configuration& configuration) {
  constexpr std::string_view kFile = "file:";
  if (configuration.tls_key.substr(0, kFile.size()) != kFile) return "";
  return configuration.tls_key.substr(kFile.size());
}

absl::Status StoreCertificate(const Configuration& configuration,
                              const EnrolArguments& arguments,
                              const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const std::string pem,
                         ReadFile(arguments.store, kMaxRequestPemBytes));
  TALLY_ASSIGN_OR_RETURN(const SecretText key,
                         ReadSecretReference(configuration.tls_key));
  TALLY_ASSIGN_OR_RETURN(
      const CertificateFacts facts,
      CheckCertificate(pem, key.Reveal(), OwnUri(configuration)));
  if (!flags.dry_run) {
    TALLY_RETURN_IF_ERROR(
        MakeDirectories(DirectoryOf(configuration.tls_certificate), 0700));
    TALLY_RETURN_IF_ERROR(
        WriteFileAtomically(configuration.tls_certificate, pem, 0644));
  }
  Say(flags, absl::StrFormat("%s %s, valid until %s (%d days)",
                             flags.dry_run ? "would store" : "stored",
                             configuration.tls_certificate, facts.not_after,
                             facts.days_left));
  return absl::OkStatus();
}

// The private key: the one that is there, or a new one in a file of its own.
absl::StatusOr<TlsRequest> MakeRequest(const Configuration& configuration) {
  const std::string uri = OwnUri(configuration);
  const std::string path = KeyFile(configuration);
  if (path.empty()) {
    TALLY_ASSIGN_OR_RETURN(const SecretText key,
                           ReadSecretReference(configuration.tls_key));
    return MakeTlsRequestForKey(uri, key.Reveal());
  }
  if (FileExists(path)) {
    TALLY_ASSIGN_OR_RETURN(const SecretText key,
                           ReadSecretReference(configuration.tls_key));
    return MakeTlsRequestForKey(uri, key.Reveal());
  }
  TALLY_ASSIGN_OR_RETURN(TlsRequest request, MakeTlsRequest(uri));
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), 0700));
  TALLY_RETURN_IF_ERROR(CreateFileExclusive(path, request.key_pem, 0600));
  return request;
}

absl::Status Enrol(const EnrolArguments& arguments, const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  if (!arguments.store.empty()) {
    return StoreCertificate(configuration, arguments, flags);
  }
  if (arguments.epoch < 1 || arguments.epoch > UINT32_MAX) {
    return UsageError("--epoch counts from 1");
  }
  const std::string csr_file =
      JoinPath(arguments.out, configuration.source + ".csr");
  const std::string enrolment_file =
      JoinPath(arguments.out, configuration.source + "-enrolment.json");
  if (flags.dry_run) {
    Say(flags, absl::StrFormat("would make missing keys, %s and %s", csr_file,
                               enrolment_file));
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(
      const SourceKeys keys,
      SourceKeys::Create(configuration,
                         static_cast<uint32_t>(arguments.epoch)));
  TALLY_ASSIGN_OR_RETURN(const TlsRequest request, MakeRequest(configuration));
  TALLY_ASSIGN_OR_RETURN(
      const std::string enrolment,
      keys.MakeEnrolment(static_cast<uint32_t>(arguments.epoch)));
  TALLY_RETURN_IF_ERROR(MakeDirectories(arguments.out, 0755));
  TALLY_RETURN_IF_ERROR(WriteFileAtomically(csr_file, request.csr_pem, 0644));
  TALLY_RETURN_IF_ERROR(WriteFileAtomically(enrolment_file, enrolment, 0644));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Enrolment parsed,
      crypto::ReadEnrolment(enrolment, configuration.environment));
  const std::string mark(crypto::ScreenMark(configuration.environment));
  if (flags.json) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("csr", csr_file);
    json.Set("enrolment", enrolment_file);
    json.Set("keyId", parsed.key_id->Hex());
    json.Set("publicKeySha256", request.public_key_sha256);
    json.Set("uri", OwnUri(configuration));
    PrintJson(json);
    return absl::OkStatus();
  }
  std::printf("%s%s\n", mark.c_str(), OwnUri(configuration).c_str());
  std::printf("certificate request  %s\n", csr_file.c_str());
  std::printf("TLS public key       %s\n", request.public_key_sha256.c_str());
  std::printf("enrolment            %s\n%s", enrolment_file.c_str(),
              crypto::EnrolmentFingerprints(parsed).c_str());
  Say(flags,
      "send the request to the hub's operator and the enrolment to the key "
      "custodian, and compare the fingerprints by telephone");
  return absl::OkStatus();
}

}  // namespace

void AddSetupCommands(CommandLine& line) {
  auto init = std::make_shared<InitArguments>();
  Command& init_command = line.AddCommand(
      "init", "Writes a commented configuration and the folders it names",
      {"pseudonymiser init --source gp-supplier-a --environment production",
       "pseudonymiser init --source gp-trial --directory ./trial"},
      kTraitChanges);
  init_command.AddChoice("--environment", &init->environment,
                         {"example", "test", "production"},
                         "which world the keys belong to");
  init_command
      .AddOption("--source", &init->source, "id of this source, as registered",
                 "ID")
      .Require("--source");
  init_command.AddOption("--directory", &init->directory,
                         "where everything goes; default /etc/tally", "DIR");
  init_command.AddOption("--datasets", &init->datasets,
                         "folder of dataset specifications to take in", "DIR");
  init_command.SetHandler(
      [init](const CommonFlags& flags) { return Init(*init, flags); });
  init_command.SetNext(
      "edit the file: hub, lists, and the datasets that you do not deliver "
      "out; "
      "put a passphrase where keys.passphrase says, mode 0600; then: "
      "pseudonymiser enrol");

  auto enrol = std::make_shared<EnrolArguments>();
  Command& enrol_command = line.AddCommand(
      "enrol",
      "Makes the keys that are missing, a certificate request for the hub's "
      "operator and an enrolment for the key custodian",
      {"pseudonymiser enrol", "pseudonymiser enrol --store source.pem"},
      kTraitChanges);
  enrol_command.AddOption("--store", &enrol->store,
                          "checks and installs the certificate that came back",
                          "CERT");
  enrol_command.AddOption("--out", &enrol->out,
                          "folder for request and enrolment", "DIR");
  enrol_command.AddOption("--epoch", &enrol->epoch, "epoch of the source key");
  enrol_command.SetHandler(
      [enrol](const CommonFlags& flags) { return Enrol(*enrol, flags); });
}

}  // namespace tally::pseudonymiser
