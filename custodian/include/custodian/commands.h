#ifndef TALLY_CUSTODIAN_COMMANDS_H_
#define TALLY_CUSTODIAN_COMMANDS_H_

// The command line of `custodian`: translates words and flags, nothing else.
//
// Role: the custodian. Offline: nothing here or below opens a socket.
// Spec: docs/operations.md, "Commands".
// Threading: one thread.
// Secrets: none on the command line; key ids and fingerprints on the screen.

#include "base/command_line.h"

namespace tally::custodian {

// Adds all commands; their options live as long as `line`.
void AddCommands(CommandLine& line);

// What --help and `version --json` say of the program.
ProgramInfo CustodianProgram();

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_COMMANDS_H_
