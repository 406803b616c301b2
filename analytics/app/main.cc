// The analyst's program: pulls and verifies releases, computes measures, gates
// every figure, writes tables and pages.

#include <cstdio>

#include "base/command_line.h"
#include "base/log.h"
#include "base/process.h"
#include "commands.h"
#include "engine/database.h"
#include "transport/tls_policy.h"

namespace tally::analytics {
namespace {

JsonValue VersionDetails() {
  JsonValue details = JsonValue::MakeObject();
  details.Set("releaseFormat", int64_t{1});
  details.Set("engine", engine::EngineVersion());
  return details;
}

int Main(int argc, const char* const* argv) {
  // Before anything that might start OpenSSL.
  absl::Status ready = transport::ApplyTlsPolicy();
  if (ready.ok()) ready = HardenProcess();
  if (ready.ok()) {
    ready = InitLog(
        {.level = Level::kInfo, .path = "", .program = "commissioning"});
  }
  if (!ready.ok()) {
    std::fprintf(stderr, "%s\n", FormatError("commissioning", ready).c_str());
    return ExitCodeOf(ready);
  }
  InstallStopSignals();
  transport::CaptureGrpcLog();
  CommandLine line(
      {.program = "commissioning",
       .summary = "Pulls and verifies releases, computes measures, and writes "
                  "tables and pages that have passed disclosure control.",
       .examples =
           {"commissioning pull projects/frailty-2026/releases/r2026-11",
            "commissioning run plan.toml"},
       .version_details = VersionDetails});
  AddHubCommands(line);
  AddDataCommands(line);
  AddMeasureCommands(line);
  AddPlanCommand(line);
  AddDashboardCommands(line);
  AddDisclosureCommands(line);
  AddExportCommand(line);
  AddNotebookCommand(line);
  AddSynthCommand(line);
  AddDoctorCommand(line);
  return line.Run(argc, argv);
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  tally::UseLargePages(argv);
  return tally::analytics::Main(argc, argv);
}
