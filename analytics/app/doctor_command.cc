// doctor: whether pulling and computing would work, line by line, with the
// remedy.

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/pull/hub_source.h"
#include "analytics/terms.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "base/versions.h"
#include "commands.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

constexpr int64_t kLowDiskBytes = int64_t{2} << 30;

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
  findings.Add("hub", (*hub)->Diagnose(), "the hub answers");
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
    CheckHub(*config, flags.timeout_ms, findings);
  }
  return findings.Print(flags.json);
}

}  // namespace

void AddDoctorCommand(CommandLine& line) {
  line.AddCommand("doctor",
                  "Checks configuration, certificate, hub, disk and engine",
                  {"commissioning doctor", "commissioning doctor --json"})
      .SetHandler([](const CommonFlags& flags) { return Doctor(flags); });
}

}  // namespace tally::analytics
