// measure_truth --release FOLDER --key KEY --truth CSV --work FOLDER
//               [--also CSV] [--references FOLDER] [--definitions FOLDER]
//               [--compared CSV] [--tables CSV]
//
// Compares what measures compute from a release, before the gate, with the
// planted truth. --truth and --also have the columns
// measure,table,dimensions,column,value (docs/population.md, "Truth of the
// measures"). Lines of ids that are no measure (ACT) are left out. How a line's
// row is found: computed_figures.h.
//
// --compared is written: `measure,table,dimensions,column,planted,computed,ok`
// for every line: ok, WRONG, or `absent` if there is no such row or column.
// --tables is written: every figure of the usual tables.
// Prints a line for each measure, `C01 17 of 17 equal`, and one for all.
// Ends with 1 if a figure is wrong (a count by anything, a figure by more than
// 1e-9 of itself) or absent, or if nothing of a measure is planted.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "computed_figures.h"

namespace tally::analytics {
namespace {

struct PlantedFigure {
  std::string line;
  FigureName name;
  double value = 0;
};

FigureLevels ReadLevels(const std::string& text) {
  FigureLevels levels;
  const std::vector<std::string> parts =
      absl::StrSplit(text, ';', absl::SkipEmpty());
  for (const std::string& part : parts) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos) continue;
    levels[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return levels;
}

absl::Status ReadTruth(const std::string& path,
                       std::vector<PlantedFigure>& all) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(path + ": cannot be read");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    if (fields.size() != 5) {
      return absl::InvalidArgumentError(path + ": a line of not five fields");
    }
    all.push_back({absl::StrFormat("%s,%s,%s,%s", fields[0], fields[1],
                                   fields[2], fields[3]),
                   {fields[0], fields[1], ReadLevels(fields[2]), fields[3]},
                   std::strtod(fields[4].c_str(), nullptr)});
  }
  return absl::OkStatus();
}

bool Equal(double planted, double computed) {
  return std::abs(planted - computed) <=
         1e-9 * std::max(1.0, std::abs(planted));
}

struct Tally {
  int planted = 0;
  int equal = 0;
};

absl::StatusOr<std::map<std::string, Tally>> CompareAll(
    const std::vector<PlantedFigure>& truth, ComputedFigures& figures,
    std::ostream& compared) {
  std::map<std::string, Tally> tallies;
  for (const std::string& id : MeasureIds()) tallies[id] = {};
  compared << "measure,table,dimensions,column,planted,computed,ok\n";
  for (const PlantedFigure& planted : truth) {
    const auto tally = tallies.find(planted.name.measure);
    if (tally == tallies.end()) continue;
    const absl::StatusOr<std::optional<double>> found =
        figures.Find(planted.name);
    // A measure that is not available has no figure.
    if (!found.ok() && !absl::IsNotFound(found.status())) {
      return found.status();
    }
    const std::optional<double> figure = found.ok() ? *found : std::nullopt;
    const bool equal = figure.has_value() && Equal(planted.value, *figure);
    ++tally->second.planted;
    if (equal) ++tally->second.equal;
    compared << planted.line
             << absl::StrFormat(",%.12g,%s,%s\n", planted.value,
                                figure.has_value()
                                    ? absl::StrFormat("%.12g", *figure)
                                    : std::string("absent"),
                                equal                ? "ok"
                                : figure.has_value() ? "WRONG"
                                                     : "absent");
  }
  return tallies;
}

// The lines of the result; whether everything is there and equal.
bool Report(const std::map<std::string, Tally>& tallies) {
  int measures = 0;
  int equal = 0;
  int planted = 0;
  for (const auto& [id, tally] : tallies) {
    const bool good = tally.planted > 0 && tally.equal == tally.planted;
    measures += good ? 1 : 0;
    equal += tally.equal;
    planted += tally.planted;
    std::cout << absl::StrFormat("%s %d of %d equal\n", id, tally.equal,
                                 tally.planted);
  }
  std::cout << absl::StrFormat(
      "%d of %d measures equal the planted truth (%d of %d figures)\n",
      measures, tallies.size(), equal, planted);
  return static_cast<size_t>(measures) == tallies.size();
}

absl::StatusOr<bool> CompareRelease(std::map<std::string, std::string>& flags) {
  std::vector<PlantedFigure> truth;
  TALLY_RETURN_IF_ERROR(ReadTruth(flags["--truth"], truth));
  if (flags.contains("--also")) {
    TALLY_RETURN_IF_ERROR(ReadTruth(flags["--also"], truth));
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::unique_ptr<ComputedFigures> figures,
      ComputedFigures::Create({flags["--release"], flags["--key"],
                               flags["--references"], flags["--definitions"],
                               flags["--work"]}));
  std::ofstream compared;
  if (flags.contains("--compared")) compared.open(flags["--compared"]);
  TALLY_ASSIGN_OR_RETURN(const auto tallies,
                         CompareAll(truth, *figures, compared));
  if (flags.contains("--tables")) {
    std::ofstream tables(flags["--tables"]);
    TALLY_RETURN_IF_ERROR(figures->WriteAll(tables));
  }
  return Report(tallies);
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  const std::set<std::string> known = {
      "--release",    "--key",         "--truth",    "--work",  "--also",
      "--references", "--definitions", "--compared", "--tables"};
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (known.contains(argv[i])) flags[argv[i]] = argv[i + 1];
  }
  if (static_cast<int>(2 * flags.size()) + 1 != argc ||
      !flags.contains("--release") || !flags.contains("--key") ||
      !flags.contains("--truth") || !flags.contains("--work")) {
    std::cerr << "usage: measure_truth --release FOLDER --key KEY --truth CSV "
                 "--work FOLDER [--also CSV] [--references FOLDER] "
                 "[--definitions FOLDER] "
                 "[--compared CSV] [--tables CSV]\n";
    return 2;
  }
  const absl::StatusOr<bool> good = tally::analytics::CompareRelease(flags);
  if (!good.ok()) {
    std::cerr << good.status() << "\n";
    return 2;
  }
  return *good ? 0 : 1;
}
