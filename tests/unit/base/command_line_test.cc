#include "base/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/process.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest()
      : line_({.program = "tool",
               .summary = "A tool for tests.",
               .examples = {"tool key create", "tool push a=b.csv"},
               .version_details = [] {
                 return JsonValue().Set("suite", "s1");
               }}) {
    line_
        .AddCommand("key create", "Makes a key", {"tool key create --epoch 2"},
                    kTraitChanges | kTraitDestroys)
        .AddOption("--epoch", &epoch_, "which epoch")
        .AddFlag("-f,--force", &force_, "even if there is one")
        .SetHandler([this](const CommonFlags& flags) -> absl::Status {
          flags_ = flags;
          ++runs_;
          return result_;
        })
        .SetNext("tool key show");
    line_.AddCommand("key show", "Shows a key", {"tool key show"}, kTraitLists)
        .SetHandler([this](const CommonFlags& flags) {
          flags_ = flags;
          ++runs_;
          return kExitRowsRejected;
        });
    line_
        .AddCommand("push", "Sends files", {"tool push a=b.csv"},
                    kTraitReadsData | kTraitLong | kTraitChanges)
        .AddPositionals("NAME=FILE", &files_, "what to send")
        .AddOption("--period", &period_, "which month", "YYYY-MM")
        .Require("--period")
        .AddOption("--by", &by_, "columns", "COLUMN")
        .AddChoice("--kind", &kind_, {"full", "part"}, "what kind")
        .AddSize("--spool", &spool_, "how much")
        .AddDuration("--wait", &wait_, "how long")
        .AddOption("--ratio", &ratio_, "how many")
        .SetHandler(
            [this](const CommonFlags& flags) -> absl::StatusOr<ExitCode> {
              flags_ = flags;
              ++runs_;
              if (throw_) throw std::runtime_error("9434765919");
              if (!result_.ok()) return result_;
              return kExitDone;
            });
    line_.AddCommand("here", "Asks nobody", {"tool here"}, kTraitLocal)
        .SetHandler([](const CommonFlags&) { return absl::OkStatus(); });
    line_.AddCommand("status", "Shows one", {"tool status"})
        .AddPositional("NAME", &name_, "which", /*required=*/false)
        .SetHandler([this](const CommonFlags&) {
          ++runs_;
          return absl::OkStatus();
        });
  }

  Outcome Run(const std::vector<std::string>& words) {
    Outcome outcome;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    outcome.code = line_.Run(words);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
  }

  CommandLine line_;
  CommonFlags flags_;
  absl::Status result_;
  int runs_ = 0;
  int64_t epoch_ = 1;
  bool force_ = false;
  bool throw_ = false;
  std::vector<std::string> files_;
  std::string period_;
  std::vector<std::string> by_;
  std::string kind_ = "full";
  int64_t spool_ = 0;
  int64_t wait_ = 0;
  double ratio_ = 0;
  std::string name_;
};

TEST_F(CommandLineTest, RunsTheCommandWithItsValues) {
  const Outcome outcome =
      Run({"push",    "--period",  "2026-11", "a=1.csv",  "--by",
           "x, y",    "b=2.csv",   "--by=z",  "--kind",   "part",
           "--spool", "2MiB",      "--wait",  "3s",       "--ratio",
           "0.5",     "--threads", "3",       "--memory", "1GiB"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(runs_, 1);
  EXPECT_THAT(files_, ElementsAre("a=1.csv", "b=2.csv"));
  EXPECT_EQ(period_, "2026-11");
  EXPECT_THAT(by_, ElementsAre("x", "y", "z"));
  EXPECT_EQ(kind_, "part");
  EXPECT_EQ(spool_, 2 << 20);
  EXPECT_EQ(wait_, 3000);
  EXPECT_EQ(ratio_, 0.5);
  EXPECT_EQ(flags_.threads, 3);
  EXPECT_EQ(flags_.memory_bytes, 1 << 30);
}

TEST_F(CommandLineTest, KeepsDefaultsOfWhatIsNotGiven) {
  EXPECT_EQ(Run({"key", "create"}).code, 0);
  EXPECT_EQ(epoch_, 1);
  EXPECT_FALSE(force_);
  EXPECT_GT(flags_.threads, 0);
  EXPECT_GT(flags_.memory_bytes, 0);
  EXPECT_EQ(flags_.progress, ProgressMode::kAuto);
}

TEST_F(CommandLineTest, TakesCommonFlagsBeforeAndAfterTheCommand) {
  EXPECT_EQ(Run({"--config", "key", "-v", "key", "create", "--dry-run"}).code,
            0);
  EXPECT_EQ(flags_.config, "key");
  EXPECT_TRUE(flags_.verbose);
  EXPECT_TRUE(flags_.dry_run);
}

TEST_F(CommandLineTest, RefusesACommonFlagThatWouldDoNothing) {
  const Outcome outcome = Run({"key", "show", "--threads", "2"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("unknown flag `--threads`"));
  EXPECT_EQ(Run({"--format", "csv", "key", "create"}).code, 2);
  EXPECT_EQ(runs_, 0);
}

TEST_F(CommandLineTest, TakesJsonOrAFormatThatIsAnother) {
  const Outcome outcome = Run({"key", "show", "--json", "--format", "csv"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "tool: give --json or --format, not both\n");
  EXPECT_EQ(Run({"key", "show", "--json", "--format", "json"}).code, 3);
}

TEST_F(CommandLineTest, ReturnsTheHandlersExitCode) {
  EXPECT_EQ(Run({"key", "show"}).code, 3);
}

TEST_F(CommandLineTest, AsksWhatWasMeantForUnknownWords) {
  const struct {
    std::vector<std::string> words;
    const char* message;
  } cases[] = {
      {{"pussh"}, "unknown command `pussh`; did you mean `push`?"},
      {{"key", "creat"},
       "unknown command `key creat`; did you mean `key "
       "create`?"},
      {{"key", "create", "--epohc", "1"},
       "unknown flag `--epohc`; did you mean `--epoch`?"},
      {{"push", "--perod=2026-11", "a=b"},
       "unknown flag `--perod`; did you mean `--period`?"},
      {{"--confg", "x", "push"}, "unknown command `x`"},
      {{"--verson"}, "unknown flag `--verson`; did you mean `--version`?"},
      {{"zzzzzz"}, "unknown command `zzzzzz`; `tool --help` lists all"},
      {{"key"}, "`key` is followed by one of: create, show"},
      {{}, "a command is missing; `tool --help` lists all"},
      {{"key", "show", "extra"}, "`extra` is one word too many"},
      {{"push", "--period", "2026-11"}, "NAME=FILE is missing: what to send"},
      {{"push", "a=b"}, "--period is missing: which month"},
      {{"push", "a=b", "--period"},
       "--period wants a value, as in `--period YYYY-MM`"},
      {{"push", "a=b", "--period", "x", "--period", "y"},
       "--period is there twice"},
      {{"here", "--timeout", "1s"}, "unknown flag `--timeout`"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = Run(c.words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("tool: "), HasSubstr(c.message)));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(runs_, 0);
}

TEST_F(CommandLineTest, EndsWith2OnWrongValues) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{
           {"key", "create", "--epoch", "x"},
           {"key", "create", "--epoch", "01"},
           {"key", "create", "--epoch"},
           {"key", "create", "--epoch", "1", "--epoch", "2"},
           {"key", "create", "--timeout", "soon"},
           {"key", "show", "--format", "xml"},
           {"push", "a=b"},
           {"push", "--period", "2026-11"},
           {"push", "--period", "2026-11", "a=b", "--kind", "whole"},
           {"push", "--period", "2026-11", "a=b", "--spool", "2 MiB"},
           {"push", "--period", "2026-11", "a=b", "--threads", "0"},
           {"push", "--period", "2026-11", "a=b", "--memory", "1kB"},
           {"push", "--period", "2026-11", "a=b", "--progress", "bar"},
       }) {
    const Outcome outcome = Run(words);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(words);
    EXPECT_THAT(outcome.err, StartsWith("tool: "));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
  }
  EXPECT_EQ(runs_, 0);
}

TEST_F(CommandLineTest, PrintsAnErrorAsOneLineWithItsReason) {
  result_ = Error(Reason::kPeriodOverlap, "the periods\noverlap");
  const Outcome outcome = Run({"key", "create"});
  EXPECT_EQ(outcome.code, 7);
  EXPECT_EQ(outcome.err,
            "tool: the periods overlap [PERIOD_OVERLAP, see "
            "docs/errors.md#period_overlap]\n");
}

TEST_F(CommandLineTest, KeepsTheLinesOfAListIndentedAndNothingElse) {
  result_ = KeepLines(UsageError("2 mistakes:\nf:1: one\t\x1b[2J\nf:3: two"));
  EXPECT_EQ(Run({"key", "create"}).err,
            "tool: 2 mistakes:\n  f:1: one  [2J\n  f:3: two\n");
}

TEST_F(CommandLineTest, PrintsTheNextStepOnlyAfterSuccess) {
  EXPECT_EQ(Run({"key", "create"}).err, "next: tool key show\n");
  EXPECT_EQ(Run({"key", "create", "-q"}).err, "");
  result_ = absl::InternalError("no");
  EXPECT_EQ(Run({"key", "create"}).err, "tool: no\n");
}

TEST_F(CommandLineTest, TurnsAnExceptionIntoAnErrorWithoutItsText) {
  throw_ = true;
  const Outcome outcome = Run({"push", "--period", "2026-11", "a=b"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "tool: unexpected failure\n");
}

TEST_F(CommandLineTest, EndsAsTheSignalSaysWhenStopped) {
  RequestStop(SIGTERM);
  result_ = absl::CancelledError("stopped");
  EXPECT_EQ(Run({"key", "create"}).code, 143);
  ResetStopForTesting();
}

TEST_F(CommandLineTest, HelpOpensWithExamplesAndNamesEverything) {
  const Outcome program = Run({"--help"});
  EXPECT_EQ(program.code, 0);
  EXPECT_THAT(program.out,
              StartsWith("Examples:\n  tool key create\n  tool push a=b.csv"));
  for (const std::string& name : line_.CommandNames()) {
    EXPECT_THAT(program.out, HasSubstr("  " + name + " "));
    const std::string help = line_.HelpText(name);
    EXPECT_THAT(help, StartsWith("Examples:\n  "));
    EXPECT_THAT(help, HasSubstr("Usage: tool " + name));
    EXPECT_THAT(help, HasSubstr("--help"));
  }
  const Outcome push = Run({"push", "--help"});
  EXPECT_EQ(push.code, 0);
  EXPECT_THAT(push.out, HasSubstr("NAME=FILE..."));
  EXPECT_THAT(push.out, HasSubstr("--period YYYY-MM"));
  EXPECT_THAT(push.out, HasSubstr("(required)"));
  EXPECT_THAT(push.out, HasSubstr("--threads N"));
  EXPECT_THAT(push.out, Not(HasSubstr("--format")));
  EXPECT_EQ(runs_, 0);
  EXPECT_THAT(Run({"key", "--help"}).out, HasSubstr("create, show"));
}

TEST_F(CommandLineTest, HelpKeepsTo80Columns) {
  for (const std::string& name : line_.CommandNames()) {
    const std::string help = line_.HelpText(name);
    size_t begin = 0;
    for (size_t end = help.find('\n'); end != std::string::npos;
         begin = end + 1, end = help.find('\n', begin)) {
      EXPECT_LE(end - begin, 80u) << help.substr(begin, end - begin);
    }
  }
}

TEST_F(CommandLineTest, PrintsItsVersionAsTextAndJson) {
  EXPECT_THAT(Run({"--version"}).out, StartsWith("tool "));
  EXPECT_THAT(Run({"version"}).out, StartsWith("tool "));
  const Outcome json = Run({"version", "--json"});
  ASSERT_OK_AND_ASSIGN(const JsonValue document, ParseJson(json.out, 2));
  EXPECT_THAT(document.GetString("program"), IsOkAndHolds("tool"));
  EXPECT_THAT(document.GetString("suite"), IsOkAndHolds("s1"));
  EXPECT_THAT(document.GetInt("dataFormat"), IsOkAndHolds(1));
}

TEST_F(CommandLineTest, AWordThatNamesACommandCanBeAnArgument) {
  EXPECT_EQ(Run({"status", "push"}).code, 0);
  EXPECT_EQ(name_, "push");
  EXPECT_EQ(Run({"status", "--", "--odd"}).code, 0);
  EXPECT_EQ(name_, "--odd");
}

TEST_F(CommandLineTest, ListsItsCommands) {
  EXPECT_THAT(line_.CommandNames(),
              ElementsAre("completion", "here", "key create", "key show",
                          "push", "status", "version"));
}

// Runs the bash script as bash would for `tool WORDS...<TAB>`.
std::string Complete(const std::string& script, const std::string& words,
                     int index) {
  TempDir dir;
  WriteFile(dir.Path("script"), script);
  const std::string command = "bash --norc -c '. " + dir.Path("script") +
                              "; COMP_WORDS=(tool " + words +
                              "); COMP_CWORD=" + std::to_string(index) +
                              "; _tally_tool; echo ${COMPREPLY[@]}' 2>&1";
  std::string out;
  FILE* stream =
      popen(command.c_str(), "r");  // NOLINT(cert-env33-c): bash it is
  char buffer[4096];
  while (fgets(buffer, sizeof(buffer), stream) != nullptr) out += buffer;
  pclose(stream);
  return out;
}

TEST_F(CommandLineTest, BashCompletesCommandsAndFlags) {
  ASSERT_OK_AND_ASSIGN(const std::string script,
                       line_.CompletionScript("bash"));
  EXPECT_EQ(Complete(script, "k", 1), "key\n");
  EXPECT_EQ(Complete(script, "key \"\"", 2), "create show\n");
  EXPECT_EQ(Complete(script, "key create --ep", 3), "--epoch\n");
  EXPECT_EQ(Complete(script, "push --per", 2), "--period\n");
  EXPECT_EQ(Complete(script, "completion \"\"", 2).substr(0, 4), "--co");
  EXPECT_EQ(Complete(script, "completion z", 2), "zsh\n");
}

TEST_F(CommandLineTest, CompletesForThreeShellsAndNoOther) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = Run({"completion", shell});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("--epoch"));
    EXPECT_THAT(outcome.out, HasSubstr("create"));
  }
  EXPECT_EQ(Run({"completion", "tcsh"}).code, 2);
  EXPECT_EQ(Run({"completion"}).code, 2);
}

TEST_F(CommandLineTest, NoColorFollowsTheEnvironment) {
  ASSERT_EQ(setenv("NO_COLOR", "1", 1), 0);
  Run({"key", "create"});
  EXPECT_TRUE(flags_.no_color);
  unsetenv("NO_COLOR");
}

TEST(Confirm, WantsYesWithoutATerminal) {
  CommonFlags flags;
  EXPECT_THAT(Confirm(flags, "Delete?"), ExitCodeIs(kExitUsage));
  flags.yes = true;
  EXPECT_OK(Confirm(flags, "Delete?"));
  flags.yes = false;
  flags.dry_run = true;
  EXPECT_OK(Confirm(flags, "Delete?"));
}

TEST(CommandLineDeathTest, WantsExamples) {
  EXPECT_DEATH(CommandLine({.program = "t", .summary = "s", .examples = {"t"}}),
               "check failed");
}

}  // namespace
}  // namespace tally
