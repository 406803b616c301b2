// custodian: the hub key's keeper. Offline.

#include "base/command_line.h"
#include "base/process.h"
#include "custodian/commands.h"

int main(int argc, char** argv) {
  const absl::Status hardened = tally::HardenProcess();
  if (!hardened.ok()) {
    tally::PrintNote(tally::FormatError("custodian", hardened));
    return tally::kExitFailure;
  }
  tally::InstallStopSignals();
  tally::CommandLine line(tally::custodian::CustodianProgram());
  tally::custodian::AddCommands(line);
  return line.Run(argc, argv);
}
