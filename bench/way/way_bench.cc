// bench_way way PEOPLE [ROUNDS]
//   The whole way: a register of so many people, 22 events and 3 appointments
//   for each, from CSV files through two sources' `pseudonymiser push`, the hub
//   over mTLS, a release and `commissioning pull`, all as processes of their
//   own. Rival: DuckDB, which reads the same files and writes them as Parquet;
//   it goes first in every other round. Checked: rows and a sum of the
//   downloaded tables, rows without a person, practices withheld, record keys,
//   people and links.
// bench_way ingest PEOPLE [ROUNDS]
//   25 rows of twelve columns for each person, read, checked and sealed in
//   advance: from there to the published extract. Rival: DuckDB, which copies
//   the published rows. Checked: rows and a sum of what is published.
// WORLD_HUB_MEMORY gives the hub another limits.memory than 2GiB.
// Bars apply from 1,200,000 and 400,000 people on, those of growth from 100,000
// on. Everything lies below TMPDIR (/tmp): 200 bytes a row, 6 GB at 1,200,000
// people.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/process.h"
#include "bench/report.h"
#include "extract_files.h"
#include "hub_ingest.h"
#include "rival.h"
#include "whole_way.h"

namespace tally::bench {
namespace {

int Run(std::string_view mode, int64_t people, int rounds, Report& report) {
  namespace fs = std::filesystem;
  Places places;
  places.folder = fs::temp_directory_path() / "tally-bench-XXXXXX";
  if (::mkdtemp(places.folder.data()) == nullptr) {
    std::fprintf(stderr, "no folder can be made in %s\n",
                 fs::temp_directory_path().c_str());
    return 2;
  }
  places.programs =
      fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin";
  InstallStopSignals();
  const auto bench = mode == "way" ? WholeWay : HubIngest;
  const absl::Status status = bench(places, people, rounds, report);
  const absl::Status removed = RemoveTree(places.folder);
  for (const absl::Status& part : {status, removed}) {
    if (part.ok()) continue;
    std::fprintf(stderr, "%s\n", std::string(part.message()).c_str());
    return 2;
  }
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const int64_t people = argc > 2 ? std::strtoll(argv[2], nullptr, 10) : 0;
  const long rounds = argc > 3 ? std::strtol(argv[3], nullptr, 10) : 1;
  if ((mode != "way" && mode != "ingest") || people < 100 ||
      people > tally::bench::kMostPeople || rounds < 1 || rounds > 100 ||
      argc > 4) {
    std::fprintf(stderr,
                 "usage: bench_way way|ingest PEOPLE [ROUNDS] [--json FILE]\n");
    return 2;
  }
  return tally::bench::Run(mode, people, static_cast<int>(rounds), report);
}
