// One command: its options and how their values reach the caller.

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/command_line.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "command_state.h"

namespace tally {
namespace {

using Values = std::vector<std::string>;

OptionInfo Info(std::string_view name, std::string_view value_name,
                std::string_view help) {
  OptionInfo info;
  info.names = SplitNames(name);
  info.help = std::string(help);
  info.value_name = std::string(value_name);
  if (info.value_name.empty()) info.value_name = "VALUE";
  return info;
}

// Stores what `parse` makes of the one value.
template <typename T, typename Parse>
OptionParser::Apply Store(T* target, Parse parse) {
  return [target, parse](const Values& values) -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(auto value, parse(values.back()));
    *target = std::move(value);
    return absl::OkStatus();
  };
}

absl::StatusOr<std::string> AsText(std::string_view text) {
  return std::string(text);
}

absl::StatusOr<int> ParseInt(std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(const int64_t value,
                         ParseInt64In(text, INT32_MIN, INT32_MAX));
  return static_cast<int>(value);
}

absl::StatusOr<int> ParseThreads(std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(const int64_t value, ParseInt64In(text, 1, 1024));
  return static_cast<int>(value);
}

absl::StatusOr<int64_t> ParseMemory(std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(const int64_t bytes, ParseSize(text));
  if (bytes < int64_t{16} << 20) {
    return absl::InvalidArgumentError("at least 16MiB");
  }
  return bytes;
}

OptionParser::Apply SetTrue(bool* target) {
  return [target](const Values&) {
    *target = true;
    return absl::OkStatus();
  };
}

struct CommonFlag {
  std::string_view names;
  std::string_view value_name;  // empty: a flag
  uint32_t traits;              // 0: every command
  std::string_view help;
};

// " sex" of "practice, sex".
std::string WithoutSpace(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

constexpr std::string_view kTimeoutFlag = "--timeout";

constexpr CommonFlag kCommonFlags[] = {
    {"--config", "FILE", 0, "configuration file"},
    {"--json", "", 0, "one JSON document on standard output"},
    {"--format", "table|json|jsonl|csv|markdown", kTraitLists,
     "how rows are written; default: table on a terminal, else jsonl"},
    {"--progress", "auto|plain|json|none", kTraitLong,
     "how progress is shown, on standard error"},
    {"--dry-run", "", kTraitChanges,
     "check what can be told beforehand, print what would be done, change "
     "nothing"},
    {"--memory", "SIZE", kTraitReadsData,
     "most memory to use, as in 2GiB; default: half of what there is"},
    {"--threads", "N", kTraitReadsData,
     "threads to use; default: all processors"},
    {"-q,--quiet", "", 0, "no progress and no notes"},
    {"-v,--verbose", "", 0, "more notes"},
    {"--no-color", "", 0, "no colours (also NO_COLOR, TERM=dumb)"},
    {kTimeoutFlag, "DURATION", 0, "give up after, as in 30s"},
    {"--yes", "", kTraitDestroys, "do not ask before destroying anything"},
    {"-h,--help", "", 0, "this text"},
};

OptionParser::Apply ApplyCommon(std::string_view names, CommonFlags* flags,
                                bool* wants_help) {
  if (names == "--config") return Store(&flags->config, AsText);
  if (names == "--json") return SetTrue(&flags->json);
  if (names == "--format") {
    return [flags](const Values& values) -> absl::Status {
      TALLY_ASSIGN_OR_RETURN(flags->format, ParseOutputFormat(values.back()));
      flags->format_given = true;
      return absl::OkStatus();
    };
  }
  if (names == "--progress") return Store(&flags->progress, ParseProgressMode);
  if (names == "--dry-run") return SetTrue(&flags->dry_run);
  if (names == "--memory") return Store(&flags->memory_bytes, ParseMemory);
  if (names == "--threads") return Store(&flags->threads, ParseThreads);
  if (names == "-q,--quiet") return SetTrue(&flags->quiet);
  if (names == "-v,--verbose") return SetTrue(&flags->verbose);
  if (names == "--no-color") return SetTrue(&flags->no_color);
  if (names == kTimeoutFlag) return Store(&flags->timeout_ms, ParseDurationMs);
  if (names == "--yes") return SetTrue(&flags->yes);
  TALLY_CHECK(names == "-h,--help");
  return SetTrue(wants_help);
}

}  // namespace

std::vector<OptionInfo> CommonFlagInfos(uint32_t traits) {
  std::vector<OptionInfo> infos;
  for (const CommonFlag& flag : kCommonFlags) {
    if (flag.traits != 0 && (flag.traits & traits) == 0) continue;
    const bool local = (traits & kTraitLocal) != 0;
    if (local && flag.names == kTimeoutFlag) continue;
    OptionInfo info = Info(flag.names, flag.value_name, flag.help);
    info.value_name = std::string(flag.value_name);
    if (flag.value_name.find('|') != std::string_view::npos) {
      std::string_view rest = flag.value_name;
      while (true) {
        const size_t bar = rest.find('|');
        info.allowed.emplace_back(rest.substr(0, bar));
        if (bar == std::string_view::npos) break;
        rest.remove_prefix(bar + 1);
      }
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

void AddCommonFlags(uint32_t traits, CommonFlags* flags, bool* wants_help,
                    OptionParser* parser) {
  for (OptionInfo& info : CommonFlagInfos(traits)) {
    const std::string names = JoinText(info.names, ",");
    parser->Add(std::move(info), 0, ApplyCommon(names, flags, wants_help));
  }
}

std::string CommandState::Name() const { return JoinText(words, " "); }

Command::Command(std::unique_ptr<CommandState> state)
    : state_(std::move(state)) {}
Command::~Command() = default;

Command& Command::AddFlag(std::string_view name, bool* target,
                          std::string_view help) {
  OptionInfo info = Info(name, "", help);
  info.value_name.clear();
  state_->parser.Add(std::move(info), 0, SetTrue(target));
  return *this;
}

Command& Command::AddOption(std::string_view name, std::string* target,
                            std::string_view help,
                            std::string_view value_name) {
  state_->parser.Add(Info(name, value_name, help), 0, Store(target, AsText));
  return *this;
}

Command& Command::AddOption(std::string_view name,
                            std::optional<std::string>* target,
                            std::string_view help,
                            std::string_view value_name) {
  state_->parser.Add(Info(name, value_name, help), 0, Store(target, AsText));
  return *this;
}

Command& Command::AddOption(std::string_view name, int64_t* target,
                            std::string_view help,
                            std::string_view value_name) {
  state_->parser.Add(Info(name, value_name, help), 0,
                     Store(target, ParseInt64));
  return *this;
}

Command& Command::AddOption(std::string_view name, int* target,
                            std::string_view help,
                            std::string_view value_name) {
  state_->parser.Add(Info(name, value_name, help), 0, Store(target, ParseInt));
  return *this;
}

Command& Command::AddOption(std::string_view name,
                            std::optional<int64_t>* target,
                            std::string_view help,
                            std::string_view value_name) {
  state_->parser.Add(Info(name, value_name, help), 0,
                     Store(target, ParseInt64));
  return *this;
}

Command& Command::AddOption(std::string_view name, double* target,
                            std::string_view help,
                            std::string_view value_name) {
  state_->parser.Add(Info(name, value_name, help), 0,
                     Store(target, ParseDouble));
  return *this;
}

Command& Command::AddOption(std::string_view name,
                            std::vector<std::string>* target,
                            std::string_view help,
                            std::string_view value_name) {
  OptionInfo info = Info(name, value_name, help);
  info.many = true;
  state_->parser.Add(std::move(info), 0, [target](const Values& values) {
    target->clear();
    for (const std::string& value : values) {
      for (const std::string& part : SplitNames(value)) {
        target->push_back(WithoutSpace(part));
      }
    }
    return absl::OkStatus();
  });
  return *this;
}

Command& Command::AddChoice(std::string_view name, std::string* target,
                            std::vector<std::string> allowed,
                            std::string_view help) {
  OptionInfo info = Info(name, JoinText(allowed, "|"), help);
  info.allowed = allowed;
  state_->parser.Add(
      std::move(info), 0,
      [target, allowed = std::move(allowed)](const Values& values) {
        const std::string& value = values.back();
        if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
          return absl::InvalidArgumentError("is one of " +
                                            JoinText(allowed, ", "));
        }
        *target = value;
        return absl::OkStatus();
      });
  return *this;
}

Command& Command::AddSize(std::string_view name, int64_t* bytes,
                          std::string_view help) {
  state_->parser.Add(Info(name, "SIZE", help), 0, Store(bytes, ParseSize));
  return *this;
}

Command& Command::AddDuration(std::string_view name, int64_t* ms,
                              std::string_view help) {
  state_->parser.Add(Info(name, "DURATION", help), 0,
                     Store(ms, ParseDurationMs));
  return *this;
}

Command& Command::AddPositional(std::string_view name, std::string* target,
                                std::string_view help, bool required) {
  OptionInfo info = Info(name, name, help);
  info.positional = true;
  info.required = required;
  state_->parser.Add(std::move(info), 0, Store(target, AsText));
  return *this;
}

Command& Command::AddPositionals(std::string_view name,
                                 std::vector<std::string>* target,
                                 std::string_view help, int min_count) {
  OptionInfo info = Info(name, name, help);
  info.positional = true;
  info.many = true;
  info.required = min_count > 0;
  state_->parser.Add(std::move(info), min_count,
                     [target](const Values& values) {
                       *target = values;
                       return absl::OkStatus();
                     });
  return *this;
}

Command& Command::Require(std::string_view name) {
  state_->parser.Require(name);
  return *this;
}

Command& Command::SetHandlerFunction(Handler handler) {
  state_->handler = std::move(handler);
  return *this;
}

Command& Command::SetNext(std::string_view next) {
  state_->next = std::string(next);
  return *this;
}

}  // namespace tally
