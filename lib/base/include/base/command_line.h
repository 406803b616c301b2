#ifndef TALLY_BASE_COMMAND_LINE_H_
#define TALLY_BASE_COMMAND_LINE_H_

// A program's command line: PROGRAM NOUN VERB [NAME] [flags]. Help opens with
// examples, an unknown word gets "did you mean", a usage error ends with 2, an
// error is one line on stderr, completion comes by itself.
//
//   CommandLine line({.program = "custodian", .summary = "...",
//                     .examples = {"custodian hub-key create", "..."}});
//   Command& create = line.AddCommand("hub-key create", "Makes the hub key",
//                                     {"custodian hub-key create"});
//   bool force = false;
//   create.AddFlag("--force", &force, "...");
//   create.SetHandler([&](const CommonFlags& flags) -> absl::Status { ... });
//   return line.Run(argc, argv);
//
// Spec: docs/operations.md, "Commands".
// Threading: one thread.
// Secrets: arguments are visible to all users of a machine: no option takes
// one. Errors repeat words of the command line, so names only.

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/table_printer.h"

namespace tally {

// The flags of all programs. They may stand before or after the command.
struct CommonFlags {
  std::string config;  // --config FILE; empty: the default place
  bool json = false;   // --json: one JSON document on stdout
  OutputFormat format = OutputFormat::kTable;  // --format, resolved
  bool format_given = false;
  ProgressMode progress = ProgressMode::kAuto;  // --progress
  bool dry_run = false;                         // --dry-run: leaves no trace
  int64_t memory_bytes = 0;  // --memory SIZE; default half of what may be used
  int threads = 0;           // --threads N; default all processors
  bool quiet = false;        // -q --quiet
  bool verbose = false;      // -v --verbose
  bool no_color = false;     // --no-color, NO_COLOR, TERM=dumb, or no terminal
  int64_t timeout_ms = 0;    // --timeout DURATION; 0: the command's own
  bool yes = false;          // --yes: do not ask

  ProgressOptions MakeProgressOptions() const {
    return {.mode = progress, .quiet = quiet};
  }
};

// Which of the common flags a command understands besides those that all do
// (--config --json -q -v --no-color --help, and --timeout). A flag that does
// nothing is refused, so that nobody relies on it.
enum CommandTrait : uint32_t {
  kTraitNone = 0,
  kTraitLists = 1U << 0,      // --format
  kTraitReadsData = 1U << 1,  // --memory, --threads
  kTraitChanges = 1U << 2,    // --dry-run
  kTraitDestroys = 1U << 3,   // --yes, and needs it without a terminal
  kTraitLong = 1U << 4,       // --progress
  kTraitLocal = 1U << 5,      // asks nobody else: no --timeout
};

struct CommandState;

class Command {
 public:
  using Handler = std::function<absl::StatusOr<ExitCode>(const CommonFlags&)>;

  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Targets keep their value when the option is not given, and must live until
  // Run() has returned. `name` is "--period", or "-n,--count". Help says what
  // it is for, in which unit.
  Command& AddFlag(std::string_view name, bool* target, std::string_view help);
  Command& AddOption(std::string_view name, std::string* target,
                     std::string_view help, std::string_view value_name = "");
  Command& AddOption(std::string_view name, std::optional<std::string>* target,
                     std::string_view help, std::string_view value_name = "");
  Command& AddOption(std::string_view name, int64_t* target,
                     std::string_view help, std::string_view value_name = "N");
  Command& AddOption(std::string_view name, int* target, std::string_view help,
                     std::string_view value_name = "N");
  Command& AddOption(std::string_view name, std::optional<int64_t>* target,
                     std::string_view help, std::string_view value_name = "N");
  Command& AddOption(std::string_view name, double* target,
                     std::string_view help, std::string_view value_name = "X");
  // May be given several times; a comma parts values as well.
  Command& AddOption(std::string_view name, std::vector<std::string>* target,
                     std::string_view help, std::string_view value_name = "");
  // One of `allowed`.
  Command& AddChoice(std::string_view name, std::string* target,
                     std::vector<std::string> allowed, std::string_view help);
  Command& AddSize(std::string_view name, int64_t* bytes,
                   std::string_view help);
  Command& AddDuration(std::string_view name, int64_t* ms,
                       std::string_view help);

  // Words without dashes, in order; `name` as in "EXTRACT".
  Command& AddPositional(std::string_view name, std::string* target,
                         std::string_view help, bool required = true);
  // All words that are left, at least `min_count`.
  Command& AddPositionals(std::string_view name,
                          std::vector<std::string>* target,
                          std::string_view help, int min_count = 1);

  // Makes an option or a positional (by its name) required.
  Command& Require(std::string_view name);

  // `handler` takes const CommonFlags& and returns absl::Status,
  // absl::StatusOr<ExitCode> or ExitCode.
  template <typename F>
  Command& SetHandler(F handler) {
    using Result = std::invoke_result_t<F, const CommonFlags&>;
    if constexpr (std::same_as<Result, absl::Status>) {
      return SetHandlerFunction(
          [h = std::move(handler)](
              const CommonFlags& flags) -> absl::StatusOr<ExitCode> {
            const absl::Status status = h(flags);
            if (!status.ok()) return status;
            return kExitDone;
          });
    } else {
      return SetHandlerFunction(Handler(std::move(handler)));
    }
  }

  // One line of help for the next step, printed on stderr after success.
  Command& SetNext(std::string_view next);

 private:
  friend class CommandLine;
  explicit Command(std::unique_ptr<CommandState> state);
  Command& SetHandlerFunction(Handler handler);
  std::unique_ptr<CommandState> state_;
};

struct ProgramInfo {
  std::string program{};                // "linkage-hub"
  std::string summary{};                // one sentence
  std::vector<std::string> examples{};  // at least two
  // More members for `version --json`: data format, suite, environment.
  std::function<JsonValue()> version_details = nullptr;
};

class CommandLine {
 public:
  // REQUIRES: at least two examples. Adds `version` and `completion`.
  explicit CommandLine(ProgramInfo info);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // A command of one or more words: "push", "key create". The reference is
  // valid as long as this object. REQUIRES: at least one example; words match
  // [a-z][a-z0-9-]*; not added before.
  Command& AddCommand(std::string_view words, std::string_view help,
                      std::vector<std::string> examples,
                      uint32_t traits = kTraitNone);

  // Parses, runs the handler, prints the error if there is one, and returns the
  // exit code. Never throws.
  int Run(int argc, const char* const* argv);

  // The same for the words after the program's name.
  int Run(const std::vector<std::string>& words);

  // Every command as its words, sorted; for documents and tests.
  std::vector<std::string> CommandNames() const;
  // The help of a command, or of the program for empty words.
  std::string HelpText(std::string_view words = "") const;
  // A completion script for bash, zsh or fish. kInvalidArgument for others.
  absl::StatusOr<std::string> CompletionScript(std::string_view shell) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What the program prints for an error, one line: "program: message
// [REASON, see docs/errors.md#reason]", then exit code in the caller's hands.
// Of a status that KeepLines() the further lines are there too, indented.
std::string FormatError(std::string_view program, const absl::Status& status);

// Asks on the terminal and reads "yes". OK with `--yes`; kInvalidArgument with
// kExitUsage when there is no terminal and no `--yes`; kCancelled when the
// answer is another.
absl::Status Confirm(const CommonFlags& flags, std::string_view question);

}  // namespace tally

#endif  // TALLY_BASE_COMMAND_LINE_H_
