// tally-population: writes a synthetic population with its truth.

#include <string>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/command_line.h"
#include "base/exit_code.h"
#include "base/progress.h"
#include "base/status.h"
#include "demo/population.h"

namespace {

struct Arguments {
  std::string directory;
  int64_t people = 20000;
  int64_t seed = 1;
  int years = 4;
  std::string last_month = "2026-10";
  bool no_lanes = false;
};

absl::Status Generate(const Arguments& arguments,
                      const tally::CommonFlags& flags) {
  tally::demo::PopulationOptions options;
  if (arguments.people < 100 || arguments.people > 9999999) {
    return tally::UsageError("--people must lie between 100 and 9999999");
  }
  if (arguments.years < 1 || arguments.years > 10) {
    return tally::UsageError("--years must lie between 1 and 10");
  }
  const auto month =
      tally::CivilDay::Parse(arguments.last_month + "-01", "%Y-%m-%d");
  if (!month.ok() || month->year() < 1950) {
    return tally::UsageError("--last-month must be a month such as 2026-10");
  }
  options.people = static_cast<uint64_t>(arguments.people);
  options.seed = static_cast<uint64_t>(arguments.seed);
  options.years = arguments.years;
  options.last_month = month->year() * 12 + month->month() - 1;
  options.lanes = !arguments.no_lanes;
  tally::ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("generating", "population", arguments.people, "people");
  TALLY_RETURN_IF_ERROR(tally::demo::WritePopulation(
      options, arguments.directory,
      [&](uint64_t done) { progress.Update(static_cast<int64_t>(done)); }));
  progress.Finish();
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  tally::CommandLine line(
      {.program = "tally-population",
       .summary = "Writes a synthetic population with its truth",
       .examples = {"tally-population generate demo/run/population",
                    "tally-population generate /tmp/p --people 1200000"}});
  Arguments arguments;
  line.AddCommand("generate", "Writes deliveries, lists and truth",
                  {"tally-population generate demo/run/population"},
                  tally::kTraitLong)
      .AddPositional("DIRECTORY", &arguments.directory, "where to write")
      .AddOption("--people", &arguments.people, "how many people")
      .AddOption("--seed", &arguments.seed, "equal seeds give equal bytes")
      .AddOption("--years", &arguments.years, "years of history")
      .AddOption("--last-month", &arguments.last_month, "the newest month",
                 "YYYY-MM")
      .AddFlag("--no-lanes", &arguments.no_lanes, "drawn people alone")
      .SetHandler([&](const tally::CommonFlags& flags) {
        return Generate(arguments, flags);
      });
  return line.Run(argc, argv);
}
