// linkage: the linkage operator's command line.
#include "base/command_line.h"
#include "base/process.h"
#include "base/table_printer.h"
#include "commands.h"
#include "crypto/init.h"
#include "transport/tls_policy.h"

int main(int argc, char** argv) {
  // First of all: OpenSSL reads its defaults once, when it starts.
  if (!tally::transport::ApplyTlsPolicy().ok() ||
      !tally::HardenProcess().ok() || !tally::crypto::InitCrypto().ok()) {
    tally::PrintNote("linkage: this process cannot be made safe");
    return tally::kExitFailure;
  }
  tally::transport::CaptureGrpcLog();
  tally::InstallStopSignals();
  tally::CommandLine line(
      {.program = "linkage",
       .summary = "Runs a hub: sources, agreements, releases, audit.",
       .examples = {"linkage status",
                    "linkage release create frailty-2026 --agreement v1"}});
  tally::linkage::AddHubCommands(line);
  tally::linkage::AddCatalogueCommands(line);
  tally::linkage::AddReleaseCommands(line);
  tally::linkage::AddAuditCommands(line);
  tally::linkage::AddOfflineCommands(line);
  tally::linkage::AddPkiCommands(line);
  return line.Run(argc, argv);
}
