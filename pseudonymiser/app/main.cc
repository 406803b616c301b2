// The source's program: reads a supplier's files, keeps the identifiers here,
// sends tokens and minimised records.

#include <cstdio>

#include "base/command_line.h"
#include "base/log.h"
#include "base/process.h"
#include "commands.h"
#include "crypto/init.h"
#include "crypto/token.h"
#include "transport/tls_policy.h"

namespace tally::pseudonymiser {
namespace {

JsonValue VersionDetails() {
  JsonValue details = JsonValue::MakeObject();
  details.Set("manifestFormat", int64_t{1});
  details.Set("suite", crypto::kSuite);
  return details;
}

int Main(int argc, const char* const* argv) {
  // Before anything that might start OpenSSL.
  absl::Status ready = transport::ApplyTlsPolicy();
  if (ready.ok()) ready = HardenProcess();
  if (ready.ok()) ready = crypto::InitCrypto();
  if (ready.ok())
    ready = InitLog(
        {.level = Level::kInfo, .path = "", .program = "pseudonymiser"});
  if (!ready.ok()) {
    std::fprintf(stderr, "%s\n", FormatError("pseudonymiser", ready).c_str());
    return ExitCodeOf(ready);
  }
  InstallStopSignals();
  transport::CaptureGrpcLog();
  CommandLine line(
      {.program = "pseudonymiser",
       .summary =
           "Checks a supplier's files, keeps identifiers here, and sends "
           "tokens and minimised records to the linkage hub.",
       .examples = {"pseudonymiser check --period 2026-11 "
                    "gp-patient=patients.csv gp-event=events.csv",
                    "pseudonymiser push --period 2026-11 "
                    "gp-patient=patients.csv gp-event=events.csv"},
       .version_details = VersionDetails});
  AddSetupCommands(line);
  AddKeyCommands(line);
  AddDatasetCommands(line);
  AddDeliveryCommands(line);
  AddReceiptCommands(line);
  AddSampleCommand(line);
  AddDoctorCommand(line);
  return line.Run(argc, argv);
}

}  // namespace
}  // namespace tally::pseudonymiser

int main(int argc, char** argv) {
  tally::UseLargePages(argv);
  return tally::pseudonymiser::Main(argc, argv);
}
