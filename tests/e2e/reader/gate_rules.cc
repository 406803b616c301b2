// gate_rules RELEASE-FOLDER RELEASE-KEY WORK-FOLDER [REFERENCE-FOLDER]
//
// Computes every measure that a release can carry, gates it under
// nhs-subnational with one register for all, and holds each printed cell
// against the profile's rules and the exact figures (printed_rules.h). Then it
// spoils each table in several ways and sees that the rules find it out.
//
// Prints a line a table: measure, table, cells, hidden, broken, spoilt, found.
// Ends with 1 if a rule is broken, a spoilt table is not found out, a table is
// refused, or nothing was looked at.
#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/gate.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "base/status.h"
#include "printed_rules.h"

namespace tally::analytics {
namespace {

struct Spoilt {
  int tables = 0;
  int found = 0;
};

bool IsFound(const RawTable& raw, const PrintedGrid& grid) {
  return !PrintedRules(raw, grid).Broken().empty();
}

// The first cell of each column that is printed otherwise, one at a time: a
// count one off and as it is, a figure beside a `*`.
Spoilt Spoil(const RawTable& raw, const PrintedGrid& grid) {
  Spoilt spoilt;
  const auto attempt = [&](size_t row, size_t column, std::string text) {
    PrintedGrid other = grid;
    other[row][column] = std::move(text);
    ++spoilt.tables;
    spoilt.found += IsFound(raw, other);
  };
  for (size_t column = 0; column < raw.columns().size(); ++column) {
    const ColumnSpec& spec = raw.columns()[column];
    const bool count =
        spec.kind == ColumnKind::kPersons || spec.kind == ColumnKind::kEvents;
    for (size_t row = 0; row < grid.size() && count; ++row) {
      const std::string& text = grid[row][column];
      const auto* exact =
          std::get_if<int64_t>(&RawTableProbe::Rows(raw)[row][column]);
      if (exact == nullptr) continue;
      if (text == "*" && *exact > 0 && *exact < 8) {
        attempt(row, column, std::to_string(*exact));
        break;
      }
    }
    for (size_t row = 0; row < grid.size() && count; ++row) {
      const std::string& text = grid[row][column];
      if (text == "*" || text == "NA" || text == "0") continue;
      attempt(row, column, std::to_string(std::stoll(text) + 1));
      attempt(row, column, std::to_string(std::stoll(text) + 5));
      break;
    }
    const auto numerator = raw.ColumnIndex(spec.numerator);
    if (spec.numerator.empty() || !numerator.ok()) continue;
    if (spec.role == ColumnRole::kPeer) continue;
    for (size_t row = 0; row < grid.size(); ++row) {
      if (grid[row][*numerator] != "*" || grid[row][column] != "*") continue;
      attempt(row, column, "12.3");
      break;
    }
  }
  return spoilt;
}

// One table; true if all is well.
bool CheckTable(const RawTable& raw, const GatedTable& gated) {
  const PrintedGrid grid = GridOf(gated);
  const std::vector<std::string> broken = PrintedRules(raw, grid).Broken();
  const Spoilt spoilt = Spoil(raw, grid);
  std::cout << absl::StrFormat(
      "%s,%s,%d,%d,%d,%d,%d\n", raw.info().measure_id, raw.info().table,
      grid.size() * raw.columns().size(), gated.suppressed_cells(),
      broken.size(), spoilt.tables, spoilt.found);
  std::map<std::string, int> kinds;
  for (const std::string& what : broken) ++kinds[what];
  for (const auto& [what, times] : kinds) {
    std::cout << absl::StrFormat("  BROKEN %d x %s\n", times, what);
  }
  if (spoilt.found != spoilt.tables) std::cout << "  NOT FOUND OUT\n";
  return broken.empty() && spoilt.found == spoilt.tables;
}

struct Totals {
  int wrong = 0;
  int tables = 0;
  int spoilt = 0;
};

absl::Status CheckMeasure(const std::string& id, const ReleaseFolder& release,
                          ReleaseDatabase& database, MeasureRunner& runner,
                          const std::string& references, Totals& totals) {
  TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner.Run(id));
  for (const RefusedTable& refused : result.refused) {
    ++totals.wrong;
    std::cout << absl::StrFormat("  REFUSED %s/%s: %s\n", id, refused.table,
                                 std::string(refused.status.message()));
  }
  if (result.unavailable.has_value()) {
    std::cout << absl::StrFormat("%s,not available\n", id);
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Measure> measure,
                         MakeMeasure(id));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, ""));
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, runner.Month());
  BaseTables base;
  TALLY_ASSIGN_OR_RETURN(const std::vector<RawTable> raw,
                         measure->Compute({release,
                                           database.connection(),
                                           definition,
                                           month,
                                           {},
                                           references,
                                           base}));
  for (const GatedTable& gated : result.tables) {
    const auto of =
        std::find_if(raw.begin(), raw.end(), [&](const RawTable& table) {
          return table.info().table == gated.info().table;
        });
    if (of == raw.end()) continue;  // computed from released tables
    ++totals.tables;
    totals.wrong += !CheckTable(*of, gated);
  }
  return absl::OkStatus();
}

absl::StatusOr<Totals> CheckAll(int argc, char** argv) {
  const std::string references = argc > 4 ? argv[4] : "";
  OpenOptions open;
  open.release_key = argv[2];
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder release,
                         ReleaseFolder::Open(argv[1], open));
  DatabaseSettings settings;
  settings.work_directory = argv[3];
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(release, settings));
  ReleaseRegistry registry(std::string(argv[3]) + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  options.accepted_by = "a test";
  TALLY_ASSIGN_OR_RETURN(Profile profile, Profile::Named("nhs-subnational"));
  Gate gate(std::move(profile), options);
  RunOptions run;
  run.comparators = references;
  MeasureRunner runner(release, database, gate, run);
  Totals totals;
  for (const std::string& id : MeasureIds()) {
    TALLY_RETURN_IF_ERROR(
        CheckMeasure(id, release, database, runner, references, totals));
  }
  return totals;
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: gate_rules RELEASE-FOLDER RELEASE-KEY WORK-FOLDER "
                 "[REFERENCE-FOLDER]\n";
    return 2;
  }
  const auto totals = tally::analytics::CheckAll(argc, argv);
  if (!totals.ok()) {
    std::cerr << totals.status() << "\n";
    return 2;
  }
  std::cout << totals->tables << " tables, " << totals->wrong << " wrong\n";
  return totals->wrong == 0 && totals->tables > 0 ? 0 : 1;
}
