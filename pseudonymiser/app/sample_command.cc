// sample: fake files and lists, to try everything without a patient's data.

#include <cstdio>
#include <memory>
#include <set>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "commands.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/sample_writer.h"

namespace tally::pseudonymiser {
namespace {

struct SampleArguments {
  std::vector<std::string> datasets;
  std::string out = "sample";
  std::string period;
  int64_t rows = 1000;
  int64_t people = 200;
  int64_t seed = 1;
};

std::string ListFileName(dataset::ListName name) {
  return absl::StrFormat("%s.csv", dataset::ListNameText(name));
}

absl::Status WriteSample(const SampleArguments& arguments,
                         const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  if (arguments.rows < 1 || arguments.rows > 10'000'000 ||
      arguments.people < 1 || arguments.people > 1'000'000) {
    return UsageError("--rows is 1 to 10,000,000, --people 1 to 1,000,000");
  }
  Period period = Period::MonthBefore(CivilDay::TodayUtc());
  if (!arguments.period.empty()) {
    TALLY_ASSIGN_OR_RETURN(period, Period::Parse(arguments.period));
  }
  const SampleOptions options{.seed = static_cast<uint64_t>(arguments.seed),
                              .rows = static_cast<uint64_t>(arguments.rows),
                              .people = static_cast<uint64_t>(arguments.people),
                              .first = period.first,
                              .last = period.last};
  std::vector<std::string> ids = arguments.datasets;
  if (ids.empty()) {
    for (const auto& [id, settings] : configuration.datasets) ids.push_back(id);
  }
  if (ids.empty()) return UsageError("the configuration names no dataset");
  const SpecificationStore store(configuration);
  std::set<dataset::ListName> lists;
  std::string next =
      absl::StrFormat("pseudonymiser check --period %s", period.last.ToMonth());
  for (const std::string& id : ids) {
    TALLY_ASSIGN_OR_RETURN(const auto specification, store.LoadAny(id));
    lists.insert(specification->lists().begin(), specification->lists().end());
    const std::string path = JoinPath(arguments.out, id + ".csv");
    next += absl::StrFormat(" %s=%s", id, path);
    if (flags.dry_run) continue;
    TALLY_RETURN_IF_ERROR(MakeDirectories(arguments.out, 0755));
    TALLY_RETURN_IF_ERROR(WriteFileAtomically(
        path, SampleCsv(*specification, configuration.datasets.at(id), options),
        0644));
    std::printf("%s\n", path.c_str());
  }
  for (const dataset::ListName list : lists) {
    const std::string path =
        JoinPath(JoinPath(arguments.out, "lists"), ListFileName(list));
    if (flags.dry_run) continue;
    TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), 0700));
    TALLY_RETURN_IF_ERROR(
        WriteFileAtomically(path, SampleList(list, options), 0600));
    std::printf("%s\n", path.c_str());
  }
  Say(flags,
      absl::StrFormat("fake data, 9xx numbers only; name the lists under "
                      "[lists], then: %s",
                      next));
  return absl::OkStatus();
}

}  // namespace

void AddSampleCommand(CommandLine& line) {
  auto arguments = std::make_shared<SampleArguments>();
  Command& command = line.AddCommand(
      "sample",
      "Writes fake files of the configured datasets, and lists that fit them",
      {"pseudonymiser sample --out sample",
       "pseudonymiser sample gp-event --rows 100000 --period 2026-11"},
      kTraitChanges);
  command.AddPositionals("DATASET", &arguments->datasets,
                         "which datasets; default all that are configured", 0);
  command.AddOption("--out", &arguments->out, "folder for the files", "DIR");
  command.AddOption("--rows", &arguments->rows, "rows of each file");
  command.AddOption("--people", &arguments->people, "distinct people");
  command.AddOption("--seed", &arguments->seed, "other seed, other values");
  command.AddOption("--period", &arguments->period,
                    "month that the rows lie in; default the month before "
                    "this one",
                    "YYYY-MM");
  command.SetHandler([arguments](const CommonFlags& flags) {
    return WriteSample(*arguments, flags);
  });
}

}  // namespace tally::pseudonymiser
