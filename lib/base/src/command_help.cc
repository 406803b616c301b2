// Help and completion, made from the commands as they were declared.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "command_state.h"

namespace tally {
namespace {

using Commands = std::vector<const CommandState*>;

constexpr size_t kWidth = 80;

// `text` broken at spaces, each line after the first indented.
std::string Wrap(std::string_view text, size_t indent) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  return out;
}

void AppendTwoColumns(
    std::string& out,
    const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& [left, right] : rows) {
    if (left.size() <= 26) width = std::max(width, left.size());
  }
  for (const auto& [left, right] : rows) {
    out += "  " + left;
    if (left.size() > width) {
      out += "\n" + std::string(width + 4, ' ');
    } else {
      out += std::string(width - left.size() + 2, ' ');
    }
    out += Wrap(right, width + 4) + "\n";
  }
}

void AppendOptions(std::string& out, std::string_view title,
                   const std::vector<OptionInfo>& options, bool positional) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const OptionInfo& option : options) {
    if (option.positional != positional) continue;
    rows.emplace_back(
        option.Usage(),
        option.help + (option.required && !positional ? " (required)" : ""));
  }
  if (rows.empty()) return;
  out += absl::StrFormat("\n%s:\n", title);
  AppendTwoColumns(out, rows);
}

void AppendExamples(std::string& out,
                    const std::vector<std::string>& examples) {
  out += "Examples:\n";
  for (const std::string& example : examples) out += "  " + example + "\n";
  out += "\n";
}

// All words of `option` that begin with a dash.
void AddFlagWords(const std::vector<OptionInfo>& options,
                  std::vector<std::string>& words) {
  for (const OptionInfo& option : options) {
    if (option.positional) continue;
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
}

// What may follow each run of command words: " key" -> create, show.
std::map<std::string, std::vector<std::string>> Continuations(
    const Commands& commands) {
  std::map<std::string, std::vector<std::string>> next;
  const auto add = [&next](const std::string& prefix, const std::string& word) {
    std::vector<std::string>& words = next[prefix];
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      words.push_back(word);
    }
  };
  for (const CommandState* command : commands) {
    std::string prefix;
    for (const std::string& word : command->words) {
      add(prefix, word);
      prefix += " " + word;
    }
    std::vector<std::string> flags;
    AddFlagWords(command->parser.options(), flags);
    for (const std::string& flag : flags) add(prefix, flag);
    for (const OptionInfo& option : command->parser.options()) {
      if (!option.positional) continue;
      for (const std::string& value : option.allowed) add(prefix, value);
    }
  }
  for (const char* flag : {"--help", "--version"}) add("", flag);
  return next;
}

std::string FunctionName(std::string program) {
  std::replace(program.begin(), program.end(), '-', '_');
  return "_tally_" + program;
}

// The case branches that bash and zsh share: a prefix grows by words that are
// command words; then each prefix has its list.
std::string PrefixPattern(
    const std::map<std::string, std::vector<std::string>>& next) {
  std::vector<std::string> patterns;
  for (const auto& [prefix, words] : next) {
    if (!prefix.empty()) patterns.push_back("\"" + prefix + "\"");
  }
  return JoinText(patterns, " | ");
}

std::string ListBranches(
    const std::map<std::string, std::vector<std::string>>& next) {
  std::string out;
  for (const auto& [prefix, words] : next) {
    out += absl::StrFormat("    \"%s\") list=\"%s\" ;;\n", prefix,
                           JoinText(words, " "));
  }
  return out;
}

}  // namespace

std::string FormatCommandHelp(const std::string& program,
                              const CommandState& command) {
  std::string out;
  AppendExamples(out, command.examples);
  out += absl::StrFormat("Usage: %s %s [flags]", program, command.Name());
  const std::vector<OptionInfo>& options = command.parser.options();
  for (const OptionInfo& option : options) {
    if (!option.positional) continue;
    out += option.required ? " " + option.Usage() : " [" + option.Usage() + "]";
  }
  out += "\n\n" + Wrap(command.help, 0) + ".\n";
  // Options of the command come before the common ones.
  const std::vector<OptionInfo> common = CommonFlagInfos(command.traits);
  std::vector<OptionInfo> own;
  std::set<std::string> common_names;
  for (const OptionInfo& info : common) common_names.insert(info.names.back());
  for (const OptionInfo& info : options) {
    if (!common_names.contains(info.names.back())) own.push_back(info);
  }
  AppendOptions(out, "Arguments", own, /*positional=*/true);
  AppendOptions(out, "Flags", own, /*positional=*/false);
  AppendOptions(out, "Common flags", common, /*positional=*/false);
  return out;
}

std::string FormatProgramHelp(const ProgramInfo& info,
                              const Commands& commands) {
  std::string out;
  AppendExamples(out, info.examples);
  out += absl::StrFormat("Usage: %s COMMAND [flags]\n\n%s\n\nCommands:\n",
                         info.program, Wrap(info.summary, 0));
  std::vector<std::pair<std::string, std::string>> rows;
  for (const CommandState* command : commands) {
    rows.emplace_back(command->Name(), command->help);
  }
  AppendTwoColumns(out, rows);
  out += absl::StrFormat(
      "\n`%s COMMAND --help` says more about one. Flags may stand before or "
      "after\nthe command.\n",
      info.program);
  return out;
}

std::string FormatBashCompletion(const std::string& program,
                                 const Commands& commands) {
  const auto next = Continuations(commands);
  return absl::StrFormat(
      "# Completion of %1$s for bash: source <(%1$s completion bash)\n"
      "%2$s() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prefix=\"\" list=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$prefix ${COMP_WORDS[i]}\" in\n"
      "    %3$s) prefix=\"$prefix ${COMP_WORDS[i]}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$prefix\" in\n"
      "%4$s"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
      "  if [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
      "    compopt -o filenames 2>/dev/null\n"
      "    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
      "  fi\n"
      "}\n"
      "complete -F %2$s %1$s\n",
      program, FunctionName(program), PrefixPattern(next), ListBranches(next));
}

std::string FormatZshCompletion(const std::string& program,
                                const Commands& commands) {
  const auto next = Continuations(commands);
  return absl::StrFormat(
      "#compdef %1$s\n"
      "# Completion of %1$s for zsh: source <(%1$s completion zsh)\n"
      "%2$s() {\n"
      "  local prefix=\"\" list=\"\" i\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$prefix ${words[i]}\" in\n"
      "    %3$s) prefix=\"$prefix ${words[i]}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$prefix\" in\n"
      "%4$s"
      "  esac\n"
      "  compadd -- ${=list}\n"
      "  _files\n"
      "}\n"
      "compdef %2$s %1$s\n",
      program, FunctionName(program), PrefixPattern(next), ListBranches(next));
}

std::string FormatFishCompletion(const std::string& program,
                                 const Commands& commands) {
  const auto next = Continuations(commands);
  const std::string function = FunctionName(program);
  std::vector<std::string> prefixes;
  for (const auto& [prefix, words] : next) {
    if (!prefix.empty()) prefixes.push_back("\"" + prefix + "\"");
  }
  std::string out = absl::StrFormat(
      "# Completion of %1$s for fish: %1$s completion fish | source\n"
      "function %2$s_prefix\n"
      "  set -l prefix \"\"\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    if contains -- \"$prefix $word\" %3$s\n"
      "      set prefix \"$prefix $word\"\n"
      "    end\n"
      "  end\n"
      "  test \"$prefix\" = \"$argv[1]\"\n"
      "end\n",
      program, function, JoinText(prefixes, " "));
  for (const auto& [prefix, words] : next) {
    out += absl::StrFormat("complete -c %s -n '%s_prefix \"%s\"' -a '%s'\n",
                           program, function, prefix, JoinText(words, " "));
  }
  return out;
}

}  // namespace tally
