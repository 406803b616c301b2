#ifndef TALLY_LINKAGE_APP_COMMANDS_H_
#define TALLY_LINKAGE_APP_COMMANDS_H_

// The commands of `linkage`, by group. Each function adds its commands.
//
// Threading: one thread.
// Secrets: none.

#include <string>

#include "absl/status/status.h"
#include "base/command_line.h"

namespace tally::linkage {

// health, status, seal, unseal, doctor
void AddHubCommands(CommandLine& line);
// source, key, extract, project
void AddCatalogueCommands(CommandLine& line);
// agreement, preview, release
void AddReleaseCommands(CommandLine& line);
// audit list, verify, export
void AddAuditCommands(CommandLine& line);
// fsck, backup, restore: on the data directory of a stopped hub
void AddOfflineCommands(CommandLine& line);
// pki init, issue, renew, list: not in production
void AddPkiCommands(CommandLine& line);

// OK if a file that a command names is there; exit 4 otherwise.
absl::Status CheckNamedFile(const std::string& path);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_APP_COMMANDS_H_
