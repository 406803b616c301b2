#ifndef TALLY_BASE_SRC_COMMAND_STATE_H_
#define TALLY_BASE_SRC_COMMAND_STATE_H_

// What Command and CommandLine hold behind their headers. CLI11 stays below
// command.cc: everything here is ours.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/command_line.h"

namespace tally {

// One option, flag or positional as help and completion show it.
struct OptionInfo {
  std::vector<std::string> names;  // "-n", "--count"; or the positional's name
  std::string value_name;          // empty: a flag
  std::string help;
  bool positional = false;
  bool required = false;
  bool many = false;
  std::vector<std::string> allowed;

  std::string Usage() const;  // "-n, --count N"
};

// Parses the words of one command; CLI11 lives behind it.
class OptionParser {
 public:
  using Apply = std::function<absl::Status(const std::vector<std::string>&)>;

  OptionParser();
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  // `apply` is called with the given values (none for a flag) after all words
  // have been read, once, and only when the option was given.
  void Add(OptionInfo info, int min_count, Apply apply);
  void Require(std::string_view name);

  // Reads the words and applies them. Errors are UsageError, with "did you
  // mean" for unknown flags.
  absl::Status Parse(const std::vector<std::string>& words);

  const std::vector<OptionInfo>& options() const { return options_; }

 private:
  absl::Status UnknownWord(const std::string& word) const;
  std::vector<std::string> Extras() const;
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<OptionInfo> options_;
};

// "--a, --b" or "-n,--count" into names.
std::vector<std::string> SplitNames(std::string_view name);

struct CommandState {
  std::vector<std::string> words;  // "key", "create"
  std::string help;
  std::vector<std::string> examples;
  uint32_t traits = kTraitNone;
  std::string next;
  Command::Handler handler;
  OptionParser parser;
  CommonFlags flags;
  bool wants_help = false;

  std::string Name() const;
};

// The flags of all programs that a command with `traits` takes; values go to
// `flags`.
void AddCommonFlags(uint32_t traits, CommonFlags* flags, bool* wants_help,
                    OptionParser* parser);

// Common flags as help shows them.
std::vector<OptionInfo> CommonFlagInfos(uint32_t traits);

// Help of one command, and completion scripts.
std::string FormatCommandHelp(const std::string& program,
                              const CommandState& command);
std::string FormatProgramHelp(const ProgramInfo& info,
                              const std::vector<const CommandState*>& commands);
std::string FormatBashCompletion(
    const std::string& program,
    const std::vector<const CommandState*>& commands);
std::string FormatZshCompletion(
    const std::string& program,
    const std::vector<const CommandState*>& commands);
std::string FormatFishCompletion(
    const std::string& program,
    const std::vector<const CommandState*>& commands);

}  // namespace tally

#endif  // TALLY_BASE_SRC_COMMAND_STATE_H_
