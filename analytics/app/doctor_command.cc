// doctor: whether pulling and computing would work, line by line, with the
// remedy.

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/pull/hub_source.h"
#include "analytics/release/signature.h"
#include "analytics/terms.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "base/versions.h"
#include "commands.h"
#include "dataset/release_manifest.h"
#include "engine/database.h"
#include "transport/certificates.h"

namespace tally::analytics {
namespace {

constexpr int64_t kLowDiskBytes = int64_t{2} << 30;
constexpr int64_t kMaxPemBytes = 1 << 20;
constexpr int64_t kMaxManifestBytes = dataset::kMaxReleaseManifestBytes;
constexpr int64_t kMaxSignatureBytes = 256;

// The findings in order, and the worst exit code.
class Findings {
 public:
  void Add(std::string_view check, std::string_view result,
           std::string_view text) {
    lines_ += absl::StrFormat("%-5s %-12s %s\n", result, check, text);
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("check", check).Set("result", result).Set("text", text);
    list_.Append(std::move(entry));
  }
  void Add(std::string_view check, std::string_view good) {
    Add(check, "ok", good);
  }
  void Add(std::string_view check, const absl::Status& status,
           std::string_view good) {
    if (status.ok()) return Add(check, "ok", good);
    if (code_ == kExitDone) code_ = ExitCodeOf(status);
    Add(check, "fail", ToStd(status.message()));
  }
  absl::StatusOr<ExitCode> Print(bool as_json) const {
    JsonValue json = JsonValue::MakeObject();
    json.Set("findings", list_);
    TALLY_RETURN_IF_ERROR(PrintOut(as_json ? json.Dump() + "\n" : lines_));
    return code_;
  }

 private:
  std::string lines_;
  JsonValue list_ = JsonValue::MakeArray();
  ExitCode code_ = kExitDone;
};

void CheckHub(const AnalystConfig& config, int64_t timeout_ms,
              Findings& findings) {
  const absl::StatusOr<std::unique_ptr<HubSource>> hub =
      HubSource::Open(config, timeout_ms);
  findings.Add("certificate", hub.status(),
               "certificate and key belong together and are valid");
  if (!hub.ok()) return;
  findings.Add("identity", (*hub)->own_uri());
  const absl::Status reached = (*hub)->Diagnose();
  findings.Add("hub", reached, "the hub answers");
  if (!reached.ok()) return;
  // An answer says nothing about whether this analyst is let in.
  const auto releases = (*hub)->List("projects/-");
  findings.Add("allow-list", releases.status(),
               releases.ok()
                   ? absl::StrFormat("the hub knows this identity and key; "
                                     "releases that it may see: %d",
                                     releases->size())
                   : "");
}

// The digest that the hub's allow-list holds, also where a certificate has
// expired or does not fit its key.
void ShowFingerprint(const AnalystConfig& config, Findings& findings) {
  const absl::StatusOr<std::string> pem =
      ReadFile(config.tls_certificate, kMaxPemBytes);
  if (!pem.ok()) return;  // the certificate's own check says so
  const absl::StatusOr<transport::CertificateFacts> facts =
      transport::ReadCertificate(*pem);
  if (!facts.ok()) return;
  findings.Add("fingerprint",
               absl::StrFormat("TLS public key %s", facts->key_sha256));
}

absl::Status CheckSignature(const AnalystConfig& config,
                            const std::string& release) {
  const std::string folder = JoinPath(config.work_directory, release);
  TALLY_ASSIGN_OR_RETURN(
      const std::string manifest,
      ReadFile(JoinPath(folder, "manifest.json"), kMaxManifestBytes));
  TALLY_ASSIGN_OR_RETURN(
      const std::string signature,
      ReadFile(JoinPath(folder, "manifest.sig"), kMaxSignatureBytes));
  return VerifyReleaseSignature(config.release_key, manifest, signature);
}

// The hub shows its key to nobody: what it has signed must be there.
void CheckReleaseKeyInUse(const AnalystConfig& config, Findings& findings) {
  const auto releases = PulledReleases(config);
  if (!releases.ok()) {
    return findings.Add("release key", releases.status(), "");
  }
  if (releases->empty()) {
    return findings.Add("release key", "warn",
                        "well formed, and not checked further: no release has "
                        "been pulled yet");
  }
  for (const std::string& release : *releases) {
    const absl::Status status = CheckSignature(config, release);
    if (!status.ok()) {
      return findings.Add("release key", status, "");
    }
  }
  findings.Add("release key", absl::StrFormat("it signed what was pulled (%d)",
                                              releases->size()));
}

void CheckTerms(const AnalystConfig& config, Findings& findings) {
  const absl::StatusOr<AcceptedTerms> terms =
      ReadAcceptedTerms(config.TermsPath());
  if (!terms.ok()) return findings.Add("terms", terms.status(), "");
  if (terms->version.empty()) {
    findings.Add("terms", "warn",
                 "not accepted yet: run `commissioning login` before pull");
  } else {
    findings.Add("terms", "ok",
                 absl::StrFormat("version %s accepted on %s", terms->version,
                                 terms->accepted));
  }
}

void CheckDisk(const AnalystConfig& config, Findings& findings) {
  const absl::Status made = MakeDirectories(config.work_directory, 0700);
  if (!made.ok()) return findings.Add("disk", made, "");
  const absl::StatusOr<int64_t> free = FreeBytes(config.work_directory);
  if (!free.ok()) return findings.Add("disk", free.status(), "");
  findings.Add(
      "disk", *free < kLowDiskBytes ? "warn" : "ok",
      absl::StrFormat("%s free in the work directory", FormatSize(*free)));
  findings.Add("volume", "warn",
               "releases are personal data: keep the work directory on an "
               "encrypted volume");
}

absl::StatusOr<ExitCode> Doctor(const CommonFlags& flags) {
  Findings findings;
  const absl::StatusOr<AnalystConfig> config = ReadConfig(flags);
  findings.Add("config", config.status(), "the configuration is well formed");
  findings.Add("engine", "ok",
               absl::StrFormat("DuckDB %s", engine::EngineVersion()));
  if (config.ok()) {
    CheckDisk(*config, findings);
    CheckTerms(*config, findings);
    CheckReleaseKeyInUse(*config, findings);
    ShowFingerprint(*config, findings);
    CheckHub(*config, flags.timeout_ms, findings);
  }
  return findings.Print(flags.json);
}

}  // namespace

void AddDoctorCommand(CommandLine& line) {
  line.AddCommand(
          "doctor",
          "Checks configuration, keys, certificate, hub, disk and engine",
          {"commissioning doctor", "commissioning doctor --json"})
      .SetHandler([](const CommonFlags& flags) { return Doctor(flags); });
}

}  // namespace tally::analytics
