// doctor: whether a push would work, line by line, with the remedy.

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "commands.h"
#include "crypto/secret.h"
#include "crypto/token_kernel.h"
#include "pseudonymiser/client/grpc_extract_api.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/tls_request.h"
#include "transport/client.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kMaxPemBytes = 1 << 20;
constexpr int64_t kListMs = 10'000;
constexpr int64_t kLowDiskBytes = int64_t{2} << 30;

enum class Mark { kOk, kWarn, kFail };

// The findings, printed as they come.
class Findings {
 public:
  explicit Findings(bool json) : json_(json) {}

  void Add(const char* subject, Mark mark, std::string_view text) {
    const char* word = mark == Mark::kOk     ? "ok"
                       : mark == Mark::kWarn ? "warn"
                                             : "fail";
    if (mark == Mark::kFail) failed_ = true;
    if (!json_) {
      std::printf("%-5s %-14s %s\n", word, subject, std::string(text).c_str());
      return;
    }
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("check", subject);
    entry.Set("result", word);
    entry.Set("text", text);
    list_.Append(std::move(entry));
  }
  void Add(const char* subject, const absl::Status& status,
           std::string_view good) {
    if (status.ok()) {
      Add(subject, Mark::kOk, good);
    } else {
      if (code_ == kExitDone) code_ = ExitCodeOf(status);
      Add(subject, Mark::kFail, ToStd(status.message()));
    }
  }
  void Print() {
    if (!json_) return;
    JsonValue json = JsonValue::MakeObject();
    json.Set("findings", std::move(list_));
    PrintJson(json);
  }
  ExitCode code() const {
    if (!failed_) return kExitDone;
    return code_ == kExitDone ? kExitFailure : code_;
  }

 private:
  bool json_;
  bool failed_ = false;
  ExitCode code_ = kExitDone;
  JsonValue list_ = JsonValue::MakeArray();
};

void CheckKeys(const Configuration& configuration, Findings* findings) {
  const absl::StatusOr<SourceKeys> keys = SourceKeys::Open(configuration);
  findings->Add("keys", keys.status(), "the key directory opens");
  const absl::StatusOr<crypto::Registry> registry =
      LoadRegistry(configuration, false);
  findings->Add("registry", registry.status(),
                registry.ok() ? absl::StrFormat("version %d, signed by the "
                                                "custodian",
                                                registry->version())
                              : "");
  if (!keys.ok() || !registry.ok()) return;
  const auto key = keys->LoadRegistered(*registry);
  findings->Add("source key", key.status(),
                key.ok()
                    ? absl::StrFormat("%s epoch %d is registered",
                                      key->key_id().Hex(), key->info().epoch)
                    : "");
  findings->Add("hub key", HubSignKey(*registry).status(),
                "the registry names the hub's signing key");
  const std::string_view swap = crypto::SwapWarning();
  findings->Add("memory", swap.empty() ? Mark::kOk : Mark::kWarn,
                swap.empty() ? "no unencrypted swap" : swap);
}

void CheckTls(const Configuration& configuration, Findings* findings) {
  const auto certificate = [&]() -> absl::StatusOr<CertificateFacts> {
    TALLY_ASSIGN_OR_RETURN(
        const std::string pem,
        ReadFile(configuration.tls_certificate, kMaxPemBytes));
    TALLY_ASSIGN_OR_RETURN(const SecretText key,
                           ReadSecretReference(configuration.tls_key));
    return CheckCertificate(pem, key.Reveal(), OwnUri(configuration));
  }();
  if (!certificate.ok()) {
    findings->Add("certificate", certificate.status(), "");
    return;
  }
  findings->Add("identity", Mark::kOk,
                absl::StrFormat("%s, TLS public key %s", OwnUri(configuration),
                                certificate->public_key_sha256));
  findings->Add(
      "certificate", certificate->days_left < 30 ? Mark::kWarn : Mark::kOk,
      absl::StrFormat(
          "valid until %s, %d days%s", certificate->not_after,
          certificate->days_left,
          certificate->days_left < 30 ? "; run enrol for the next one" : ""));
  const auto channel = transport::HubChannel::Open(
      {.address = configuration.hub_address,
       .trust_domain = configuration.hub_trust_domain,
       .certificate_file = configuration.tls_certificate,
       .key_reference = configuration.tls_key,
       .ca_file = configuration.tls_ca});
  if (!channel.ok()) {
    findings->Add("hub", channel.status(), "");
    return;
  }
  const absl::Status reached = (*channel)->Diagnose();
  findings->Add("hub", reached,
                absl::StrFormat("%s answers", configuration.hub_address));
  if (!reached.ok()) return;
  // An answer says nothing about whether this source is let in.
  const std::unique_ptr<ExtractApi> api =
      MakeGrpcExtractApi(**channel, kListMs);
  findings->Add("allow-list",
                api->ListExtracts("sources/" + configuration.source).status(),
                absl::StrFormat("the hub knows %s", configuration.source));
}

// Whether the volume of `path` is encrypted, as far as the kernel says.
bool IsEncryptedVolume(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  const std::string uuid_file = absl::StrFormat(
      "/sys/dev/block/%d:%d/dm/uuid", major(info.st_dev), minor(info.st_dev));
  const absl::StatusOr<std::string> uuid = ReadFile(uuid_file, 4096);
  return uuid.ok() && uuid->substr(0, 6) == "CRYPT-";
}

void CheckState(const Configuration& configuration, Findings* findings) {
  const std::string& path = configuration.state_directory;
  if (!IsDirectory(path)) {
    findings->Add("state", Mark::kFail,
                  absl::StrFormat("%s is not there; make it, mode 0700", path));
    return;
  }
  const absl::StatusOr<int64_t> free_bytes = FreeBytes(path);
  if (!free_bytes.ok()) {
    findings->Add("disk", free_bytes.status(), "");
  } else {
    findings->Add(
        "disk", *free_bytes < kLowDiskBytes ? Mark::kWarn : Mark::kOk,
        absl::StrFormat("%s free in %s", FormatSize(*free_bytes), path));
  }
  const bool encrypted = IsEncryptedVolume(path);
  findings->Add("volume", encrypted ? Mark::kOk : Mark::kWarn,
                encrypted ? "encrypted"
                          : "not seen to be encrypted; spools are sealed, your "
                            "own files are not");
}

void CheckDatasets(const Configuration& configuration, Findings* findings) {
  const SpecificationStore store(configuration);
  std::vector<dataset::ListName> lists;
  for (const auto& [id, settings] : configuration.datasets) {
    const auto specification = store.Load(id);
    findings->Add("dataset", specification.status(),
                  specification.ok()
                      ? absl::StrFormat("%s version %d accepted", id,
                                        (*specification)->version())
                      : "");
    if (!specification.ok()) continue;
    for (const dataset::ListName list : (*specification)->lists()) {
      if (std::find(lists.begin(), lists.end(), list) == lists.end()) {
        lists.push_back(list);
      }
    }
  }
  for (const dataset::ListName list : lists) {
    const auto loaded = Lists::Load(configuration.lists, {list}, NowUnixMs());
    const std::string name(dataset::ListNameText(list));
    findings->Add("list", loaded.status(),
                  loaded.ok() ? absl::StrFormat("%s of %s", name,
                                                loaded->facts().at(name).date)
                              : "");
  }
}

absl::StatusOr<ExitCode> Diagnose(const CommonFlags& flags) {
  Findings findings(flags.json);
  const absl::StatusOr<Configuration> configuration = ReadConfiguration(flags);
  findings.Add("configuration", configuration.status(), "reads well");
  if (configuration.ok()) {
    const absl::StatusOr<const crypto::TokenKernel*> kernel =
        crypto::SelectKernel(configuration->kernel);
    findings.Add(
        "kernel",
        kernel.ok() ? crypto::SelfTestKernel(**kernel) : kernel.status(),
        kernel.ok() ? (*kernel)->name() : "");
    CheckKeys(*configuration, &findings);
    CheckDatasets(*configuration, &findings);
    CheckState(*configuration, &findings);
    CheckTls(*configuration, &findings);
  }
  findings.Print();
  return findings.code();
}

}  // namespace

void AddDoctorCommand(CommandLine& line) {
  line.AddCommand("doctor",
                  "Looks at configuration, keys, lists, certificate, disk and "
                  "hub; each line is ok, warn or fail with the remedy",
                  {"pseudonymiser doctor", "pseudonymiser doctor --json"})
      .SetHandler(Diagnose);
}

}  // namespace tally::pseudonymiser
