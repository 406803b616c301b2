#ifndef TALLY_PSEUDONYMISER_APP_COMMANDS_H_
#define TALLY_PSEUDONYMISER_APP_COMMANDS_H_

// The commands of the program, by subject. Each function adds its own.
//
// Threading: one thread.
// Secrets: no command prints a token, a value or a key.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/command_line.h"
#include "pseudonymiser/configuration.h"

namespace tally::pseudonymiser {

void AddSetupCommands(CommandLine& line);    // init, enrol
void AddKeyCommands(CommandLine& line);      // key create, show, request-factor
void AddDatasetCommands(CommandLine& line);  // dataset list, describe, accept
void AddDeliveryCommands(CommandLine& line);  // check, push
void AddReceiptCommands(CommandLine& line);   // status, receipt verify
void AddSampleCommand(CommandLine& line);     // sample
void AddDoctorCommand(CommandLine& line);     // doctor

// The configuration that the flags name, else the default one; flags that
// override settings are taken in. In the example environment a banner goes to
// stderr.
absl::StatusOr<Configuration> ReadConfiguration(const CommonFlags& flags);

// "spiffe://example.nhs.uk/source/gp-supplier-a".
std::string OwnUri(const Configuration& configuration);

// One line on stderr, unless --quiet.
void Say(const CommonFlags& flags, std::string_view text);

// A JSON document on stdout.
void PrintJson(const JsonValue& json);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_APP_COMMANDS_H_
