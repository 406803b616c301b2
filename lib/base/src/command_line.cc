#include "base/command_line.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/versions.h"
#include "base/worker_pool.h"
#include "command_state.h"

namespace tally {
namespace {

bool IsCommandWord(std::string_view word) {
  if (word.empty() || word[0] < 'a' || word[0] > 'z') return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    words.emplace_back(text.substr(0, space));
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  return words;
}

// The environment is read at the start of main, before other threads.
bool VariableIs(const char* name, std::string_view value) {
  const char* text = getenv(name);  // NOLINT(concurrency-mt-unsafe): see above
  return text != nullptr && text == value;
}

bool VariableIsSet(const char* name) {
  const char* text = getenv(name);  // NOLINT(concurrency-mt-unsafe): see above
  return text != nullptr && *text != '\0';
}

void FillDefaults(CommonFlags& flags) {
  if (!flags.format_given) {
    const absl::StatusOr<OutputFormat> format = ParseOutputFormat("");
    if (format.ok()) flags.format = *format;
  }
  if (flags.memory_bytes == 0) flags.memory_bytes = DefaultMemoryBytes();
  if (flags.threads == 0) flags.threads = WorkerPool::DefaultThreads();
  flags.no_color = flags.no_color || VariableIsSet("NO_COLOR") ||
                   VariableIs("TERM", "dumb") || !IsTerminal(STDERR_FILENO);
}

// Of commands of every kind together.
constexpr uint32_t kEveryFlag = ~uint32_t{kTraitLocal};

// Whether a common flag takes the next word as its value.
bool TakesValue(const std::string& flag) {
  if (flag.find('=') != std::string::npos) return false;
  for (const OptionInfo& info : CommonFlagInfos(kEveryFlag)) {
    const bool named = std::find(info.names.begin(), info.names.end(), flag) !=
                       info.names.end();
    if (named) return !info.value_name.empty();
  }
  return false;
}

std::string Anchor(std::string_view reason) {
  std::string anchor(reason);
  for (char& c : anchor) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return anchor;
}

}  // namespace

struct CommandLine::State {
  ProgramInfo info;
  std::vector<std::unique_ptr<Command>> commands;

  // The words of one call, parted into command and the rest.
  struct Call {
    Command* command = nullptr;
    std::vector<std::string> rest;
    bool help = false;
    bool version = false;
    std::string words;  // of the command, as far as they were found
  };

  std::vector<const CommandState*> All() const {
    std::vector<const CommandState*> all;
    for (const auto& command : commands) all.push_back(command->state_.get());
    return all;
  }

  Command* Find(const std::string& words) const {
    for (const auto& command : commands) {
      if (command->state_->Name() == words) return command.get();
    }
    return nullptr;
  }

  // The words that may follow `prefix` ("" or "key").
  std::vector<std::string> Following(const std::string& prefix) const {
    const std::vector<std::string> have = SplitWords(prefix);
    std::vector<std::string> words;
    for (const auto& command : commands) {
      const std::vector<std::string>& own = command->state_->words;
      if (own.size() <= have.size()) continue;
      if (!std::equal(have.begin(), have.end(), own.begin())) continue;
      const std::string& word = own[have.size()];
      if (std::find(words.begin(), words.end(), word) == words.end()) {
        words.push_back(word);
      }
    }
    return words;
  }

  absl::Status UnknownWord(const std::string& prefix,
                           const std::string& word) const;
  absl::StatusOr<Call> Split(const std::vector<std::string>& words) const;
  absl::StatusOr<ExitCode> RunCommand(CommandState& command,
                                      const std::vector<std::string>& rest);
  absl::StatusOr<ExitCode> RunWords(const std::vector<std::string>& words);
  absl::StatusOr<ExitCode> PrintVersion(bool json) const;
};

absl::Status CommandLine::State::UnknownWord(const std::string& prefix,
                                             const std::string& word) const {
  std::vector<std::string> known = Following(prefix);
  std::string nearest = NearestMatch(word, known);
  if (!nearest.empty() && !prefix.empty()) nearest = prefix + " " + nearest;
  return UsageError(absl::StrFormat(
      "unknown command `%s%s%s`%s", prefix, prefix.empty() ? "" : " ", word,
      nearest.empty() ? "; `" + info.program + " --help` lists all"
                      : "; did you mean `" + nearest + "`?"));
}

absl::StatusOr<CommandLine::State::Call> CommandLine::State::Split(
    const std::vector<std::string>& words) const {
  Call call;
  std::vector<std::string> before;  // common flags that stand first
  size_t i = 0;
  for (; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with('-')) {
      call.help = call.help || word == "--help" || word == "-h";
      call.version = call.version || word == "--version";
      before.push_back(word);
      if (TakesValue(word) && i + 1 < words.size()) {
        before.push_back(words[++i]);
      }
      continue;
    }
    const std::vector<std::string> following = Following(call.words);
    if (following.empty()) break;
    if (std::find(following.begin(), following.end(), word) ==
        following.end()) {
      if (Find(call.words) != nullptr) break;  // "sample FILE" beside groups
      return UnknownWord(call.words, word);
    }
    call.words += (call.words.empty() ? "" : " ") + word;
    if (Following(call.words).empty()) {
      ++i;
      break;
    }
  }
  call.command = Find(call.words);
  call.rest = std::move(before);
  call.rest.insert(call.rest.end(), words.begin() + static_cast<ptrdiff_t>(i),
                   words.end());
  return call;
}

absl::StatusOr<ExitCode> CommandLine::State::RunCommand(
    CommandState& command, const std::vector<std::string>& rest) {
  // Help wins over what is missing.
  const auto end = std::find(rest.begin(), rest.end(), "--");
  const bool help = std::any_of(rest.begin(), end, [](const auto& word) {
    return word == "--help" || word == "-h";
  });
  if (help) {
    TALLY_RETURN_IF_ERROR(PrintOut(FormatCommandHelp(info.program, command)));
    return kExitDone;
  }
  TALLY_RETURN_IF_ERROR(command.parser.Parse(rest));
  if (command.flags.json && command.flags.format_given &&
      command.flags.format != OutputFormat::kJson) {
    return UsageError("give --json or --format, not both");
  }
  FillDefaults(command.flags);
  TALLY_CHECK(command.handler != nullptr);
  absl::StatusOr<ExitCode> code = command.handler(command.flags);
  if (code.ok() && *code == kExitDone && !command.next.empty() &&
      !command.flags.quiet && !command.flags.dry_run) {
    PrintNote("next: " + command.next);
  }
  return code;
}

absl::StatusOr<ExitCode> CommandLine::State::PrintVersion(bool json) const {
  if (!json) {
    TALLY_RETURN_IF_ERROR(
        PrintOut(absl::StrFormat("%s %s\n", info.program, TallyVersion())));
    return kExitDone;
  }
  JsonValue document =
      info.version_details ? info.version_details() : JsonValue::MakeObject();
  document.Set("program", info.program);
  document.Set("version", TallyVersion());
  document.Set("dataFormat", kDataFormat);
  TALLY_RETURN_IF_ERROR(PrintOut(document.Dump() + "\n"));
  return kExitDone;
}

absl::StatusOr<ExitCode> CommandLine::State::RunWords(
    const std::vector<std::string>& words) {
  TALLY_ASSIGN_OR_RETURN(const Call call, Split(words));
  if (call.command != nullptr) {
    return RunCommand(*call.command->state_, call.rest);
  }
  if (call.help && call.words.empty()) {
    TALLY_RETURN_IF_ERROR(PrintOut(FormatProgramHelp(info, All())));
    return kExitDone;
  }
  if (call.version && call.words.empty()) {
    return PrintVersion(std::find(words.begin(), words.end(), "--json") !=
                        words.end());
  }
  const std::string following = JoinText(Following(call.words), ", ");
  if (call.help) {
    TALLY_RETURN_IF_ERROR(
        PrintOut(absl::StrFormat("%s %s is followed by one of: %s\n",
                                 info.program, call.words, following)));
    return kExitDone;
  }
  if (!call.words.empty()) {
    return UsageError(absl::StrFormat("`%s` is followed by one of: %s",
                                      call.words, following));
  }
  for (const std::string& word : words) {
    if (!word.starts_with('-')) continue;
    std::vector<std::string> known = {"--version"};
    for (const OptionInfo& option : CommonFlagInfos(kEveryFlag)) {
      known.insert(known.end(), option.names.begin(), option.names.end());
    }
    const std::string flag = word.substr(0, word.find('='));
    if (std::find(known.begin(), known.end(), flag) != known.end()) continue;
    const std::string nearest = NearestMatch(flag, known);
    return UsageError(absl::StrFormat(
        "unknown flag `%s`%s", flag,
        nearest.empty() ? "" : "; did you mean `" + nearest + "`?"));
  }
  return UsageError(absl::StrFormat(
      "a command is missing; `%s --help` lists all", info.program));
}

CommandLine::CommandLine(ProgramInfo info) : state_(std::make_unique<State>()) {
  TALLY_CHECK(info.examples.size() >= 2);
  state_->info = std::move(info);
  const std::string& program = state_->info.program;
  AddCommand("version", "Prints the version", {program + " version --json"})
      .SetHandler([state = state_.get()](const CommonFlags& flags) {
        return state->PrintVersion(flags.json);
      });
  auto shell = std::make_shared<std::string>();
  Command& completion = AddCommand(
      "completion", "Prints a completion script for bash, zsh or fish",
      {"source <(" + program + " completion bash)"});
  OptionInfo words;
  words.names = {"SHELL"};
  words.value_name = "SHELL";
  words.help = "bash, zsh or fish";
  words.positional = true;
  words.required = true;
  words.allowed = {"bash", "zsh", "fish"};
  completion.state_->parser.Add(
      words, 0, [shell](const std::vector<std::string>& values) {
        *shell = values.back();
        return absl::OkStatus();
      });
  completion.SetHandler([this, shell](const CommonFlags&) -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(const std::string script, CompletionScript(*shell));
    return PrintOut(script);
  });
}

CommandLine::~CommandLine() = default;

Command& CommandLine::AddCommand(std::string_view words, std::string_view help,
                                 std::vector<std::string> examples,
                                 uint32_t traits) {
  TALLY_CHECK(!examples.empty());
  auto command = std::make_unique<CommandState>();
  command->words = SplitWords(words);
  TALLY_CHECK(!command->words.empty());
  for (const std::string& word : command->words) {
    TALLY_CHECK(IsCommandWord(word));
  }
  TALLY_CHECK(state_->Find(command->Name()) == nullptr);
  command->help = std::string(help);
  command->examples = std::move(examples);
  command->traits = traits;
  AddCommonFlags(traits, &command->flags, &command->wants_help,
                 &command->parser);
  // `new`: the constructor is private, for this class only.
  state_->commands.push_back(
      std::unique_ptr<Command>(new Command(std::move(command))));
  return *state_->commands.back();
}

int CommandLine::Run(int argc, const char* const* argv) {
  return Run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

int CommandLine::Run(const std::vector<std::string>& words) {
  absl::StatusOr<ExitCode> code = kExitFailure;
  try {
    code = state_->RunWords(words);
  } catch (const std::bad_alloc&) {
    code = absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception&) {
    // Its text may quote data.
    code = absl::InternalError("unexpected failure");
  }
  if (code.ok()) return *code;
  PrintNote(FormatError(state_->info.program, code.status()));
  // A call that failed because the user stopped it ends as the signal says.
  if (StopRequested() && absl::IsCancelled(code.status())) {
    return StopExitCode();
  }
  return ExitCodeOf(code.status());
}

std::vector<std::string> CommandLine::CommandNames() const {
  std::vector<std::string> names;
  for (const CommandState* command : state_->All()) {
    names.push_back(command->Name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string CommandLine::HelpText(std::string_view words) const {
  const Command* command = state_->Find(std::string(words));
  if (command != nullptr) {
    return FormatCommandHelp(state_->info.program, *command->state_);
  }
  return FormatProgramHelp(state_->info, state_->All());
}

absl::StatusOr<std::string> CommandLine::CompletionScript(
    std::string_view shell) const {
  const std::string& program = state_->info.program;
  if (shell == "bash") return FormatBashCompletion(program, state_->All());
  if (shell == "zsh") return FormatZshCompletion(program, state_->All());
  if (shell == "fish") return FormatFishCompletion(program, state_->All());
  return UsageError("completion is for bash, zsh or fish");
}

std::string FormatError(std::string_view program, const absl::Status& status) {
  std::string text;
  const bool keeps_lines = KeepsLines(status);
  for (const char c : status.message()) {
    if (c == '\n' && keeps_lines) {
      text += "\n  ";
    } else {
      // One line, whatever a peer sent.
      const bool control = (c >= 0 && c < ' ') || c == '\x7f';
      text += control ? ' ' : c;
    }
  }
  if (text.empty()) text = absl::StatusCodeToString(status.code());
  std::string line = absl::StrFormat("%s: %s", program, text);
  if (const std::optional<ErrorDetail> detail = DetailOf(status)) {
    const std::string_view name = ReasonName(detail->reason);
    line += absl::StrFormat(" [%s, see docs/errors.md#%s]", name, Anchor(name));
  }
  return line;
}

absl::Status Confirm(const CommonFlags& flags, std::string_view question) {
  if (flags.yes || flags.dry_run) return absl::OkStatus();
  if (!IsTerminal(STDIN_FILENO)) {
    return UsageError("there is no terminal to ask on: give --yes");
  }
  PrintNote(std::string(question) + " Type yes to go on:");
  std::array<char, 64> answer{};
  const ssize_t got = read(STDIN_FILENO, answer.data(), answer.size());
  std::string_view text(answer.data(), got > 0 ? static_cast<size_t>(got) : 0);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text == "yes") return absl::OkStatus();
  return absl::CancelledError("nothing was done");
}

}  // namespace tally
