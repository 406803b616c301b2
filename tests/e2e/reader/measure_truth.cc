// measure_truth RELEASE-FOLDER RELEASE-KEY TRUTH-CSV [REFERENCE-FOLDER]
//
// Compares what measures compute from a release, before the gate, with the
// planted truth. TRUTH-CSV has the columns
// measure,table,dimensions,column,value (docs/population.md, "Truth of the
// measures"). Lines of ids that are no measure (ACT) are left out. Figures of
// tables that are made from released ones are compared as printed under the
// profile that changes nothing.
//
// A line names the levels that it is about. They are found whatever the spaces
// and capitals; an id of the definition stands for its title, `all` for a level
// that begins with it. Of a dimension that the line does not name, the level
// that stands for all of them is taken, of a census the last one, else the rows
// are added up. What is not in the usual tables is looked for by practice.
//
// Prints `measure,table,dimensions,column,planted,computed,ok` for every line:
// ok, WRONG, or `absent` if there is no such row or column. Ends with 1 if one
// is wrong: a count by anything, a figure by more than 1e-9 of itself.
#include <algorithm>
#include <cctype>
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
#include "analytics/disclosure/gate.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "base/status.h"

namespace tally::analytics {

// Reads the exact figures that only the gate may see.
class RawTableProbe {
 public:
  static const std::vector<std::vector<RawValue>>& Rows(const RawTable& table) {
    return table.rows_;
  }
  static std::map<CellRef, std::vector<CellRef>> Totals(const RawTable& table) {
    return table.totals_;
  }
  static std::map<CellRef, CellRef> Same(const RawTable& table) {
    return table.same_;
  }
};

namespace {

struct Expected {
  std::string line;
  std::string measure;
  std::string table;
  std::map<std::string, std::string> levels;
  std::string column;
  double value = 0;
};

// What a measure found: table -> levels -> column -> figure.
using Row = std::map<std::string, double>;
using Levels = std::map<std::string, std::string>;
using Found = std::map<std::string, std::map<Levels, Row>>;

Levels ReadLevels(std::string_view text) {
  std::map<std::string, std::string> levels;
  const std::vector<std::string> parts =
      absl::StrSplit(std::string(text), ';', absl::SkipEmpty());
  for (const std::string& part : parts) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos) continue;
    levels[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return levels;
}

std::vector<Expected> ReadTruth(const std::string& path) {
  std::ifstream file(path);
  std::vector<Expected> all;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    if (fields.size() != 5) {
      std::cerr << path << ": a line does not have five fields\n";
      std::exit(2);
    }
    all.push_back({absl::StrFormat("%s,%s,%s,%s", fields[0], fields[1],
                                   fields[2], fields[3]),
                   fields[0], fields[1], ReadLevels(fields[2]), fields[3],
                   std::strtod(fields[4].c_str(), nullptr)});
  }
  return all;
}

// A count, with totals added up as the gate does.
std::optional<double> Exact(
    const std::vector<std::vector<RawValue>>& rows,
    const std::map<CellRef, std::vector<CellRef>>& totals,
    const std::map<CellRef, CellRef>& same, CellRef cell) {
  const auto total = totals.find(cell);
  if (total != totals.end()) {
    double sum = 0;
    for (const CellRef part : total->second) {
      sum += Exact(rows, totals, same, part).value_or(NAN);
    }
    return sum;
  }
  const auto original = same.find(cell);
  if (original != same.end()) {
    return Exact(rows, totals, same, original->second);
  }
  const RawValue& value = rows[cell.row][cell.column];
  if (const auto* count = std::get_if<int64_t>(&value)) {
    return static_cast<double>(*count);
  }
  if (const auto* figure = std::get_if<double>(&value)) return *figure;
  return std::nullopt;
}

void AddExact(const RawTable& table, Found& found) {
  const auto& rows = RawTableProbe::Rows(table);
  const auto totals = RawTableProbe::Totals(table);
  const auto same = RawTableProbe::Same(table);
  for (size_t r = 0; r < rows.size(); ++r) {
    std::map<std::string, std::string> levels;
    Row figures;
    for (size_t c = 0; c < table.columns().size(); ++c) {
      const ColumnSpec& column = table.columns()[c];
      if (column.kind == ColumnKind::kDimension) {
        const auto* text = std::get_if<std::string>(&rows[r][c]);
        levels[column.name] = text == nullptr ? "unknown" : *text;
        continue;
      }
      const auto figure = Exact(rows, totals, same, {r, c});
      if (figure.has_value()) figures[column.name] = *figure;
    }
    for (const ColumnSpec& column : table.columns()) {
      const bool value = column.role == ColumnRole::kValue;
      const auto x = figures.find(column.numerator);
      const auto n = figures.find(column.denominator);
      if (!value || x == figures.end() || n == figures.end()) continue;
      if (column.kind == ColumnKind::kProportion) {
        figures[column.name] = 100 * x->second / n->second;
      } else if (column.kind == ColumnKind::kRate) {
        figures[column.name] = column.multiplier * x->second / n->second;
      }
    }
    found[table.info().table][levels] = std::move(figures);
  }
}

void AddPrinted(const GatedTable& table, Found& found) {
  if (found.contains(table.info().table)) return;
  for (size_t r = 0; r < table.rows(); ++r) {
    std::map<std::string, std::string> levels;
    Row figures;
    for (size_t c = 0; c < table.columns().size(); ++c) {
      const ColumnSpec& column = table.columns()[c];
      const GatedCell& cell = table.cell(r, c);
      if (column.kind == ColumnKind::kDimension) {
        levels[column.name] = cell.text();
      } else if (cell.number().has_value()) {
        figures[column.name] = *cell.number();
      }
    }
    found[table.info().table][levels] = std::move(figures);
  }
}

// What one measure gives: its usual tables, then those by practice.
struct Computed {
  std::vector<Found> found;
  std::map<std::string, std::string> titles;  // of ids in the definition
};

void AddTitles(const TomlTable& table,
               std::map<std::string, std::string>& titles) {
  const TomlValue* id = table.Find("id");
  for (const char* key : {"title", "name"}) {
    const TomlValue* title = table.Find(key);
    if (id != nullptr && title != nullptr && id->is_string() &&
        title->is_string()) {
      titles[id->AsString()] = title->AsString();
    }
  }
  for (const auto& [key, value] : table.entries()) {
    if (value.is_table()) AddTitles(value.AsTable(), titles);
    if (!value.is_array()) continue;
    for (const TomlValue& entry : value.AsArray()) {
      if (entry.is_table()) AddTitles(entry.AsTable(), titles);
    }
  }
}

absl::StatusOr<Computed> ComputeAll(const ReleaseFolder& release,
                                    ReleaseDatabase& database,
                                    MeasureRunner& runner,
                                    const std::string& references,
                                    const std::string& id) {
  Computed computed;
  TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner.Run(id));
  if (result.unavailable.has_value()) {
    return absl::NotFoundError(*result.unavailable);
  }
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Measure> measure,
                         MakeMeasure(id));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, ""));
  AddTitles(definition.root(), computed.titles);
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, runner.Month());
  const std::vector<std::vector<std::string>> groupings = {
      {}, {"practice"}, {"practice", "imd_decile"}, {"practice", "condition"}};
  for (const std::vector<std::string>& by : groupings) {
    BaseTables base;
    const absl::StatusOr<std::vector<RawTable>> raw =
        measure->Compute({release, database.connection(), definition, month, by,
                          references, base});
    if (!raw.ok() && by.empty()) return raw.status();
    if (!raw.ok()) continue;  // not grouped by that
    Found& found = computed.found.emplace_back();
    for (const RawTable& table : *raw) AddExact(table, found);
    if (!by.empty()) continue;
    for (const GatedTable& table : result.tables) AddPrinted(table, found);
  }
  return computed;
}

// Without spaces, hyphens and capitals.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

bool StandsForAll(const std::string& level) {
  return Plain(level).starts_with("all");
}

bool SameLevel(const Computed& computed, const std::string& planted,
               const std::string& level) {
  if (planted == "all" || planted == "All") return StandsForAll(level);
  const auto title = computed.titles.find(planted);
  const bool begins =
      planted.size() >= 6 && level.size() > planted.size() &&
      Plain(level).starts_with(Plain(planted)) &&
      std::ispunct(static_cast<unsigned char>(level[planted.size()])) != 0;
  return Plain(planted) == Plain(level) || begins ||
         (title != computed.titles.end() && title->second == level);
}

// The figure of the rows that a line is about, if they are there.
std::optional<double> Lookup(const Computed& computed, const Found& found,
                             const Expected& e) {
  const auto table = found.find(e.table);
  if (table == found.end()) return std::nullopt;
  std::vector<const std::pair<const Levels, Row>*> rows;
  for (const auto& row : table->second) {
    bool match = true;
    for (const auto& [name, level] : e.levels) {
      const auto there = row.first.find(name);
      match = match && there != row.first.end() &&
              SameLevel(computed, level, there->second);
    }
    if (match && row.second.contains(e.column)) rows.push_back(&row);
  }
  if (rows.empty()) return std::nullopt;
  for (const auto& [name, level] : Levels(rows.front()->first)) {
    if (e.levels.contains(name)) continue;
    std::string last;
    bool all = false;
    for (const auto* row : rows) {
      last = std::max(last, row->first.at(name));
      all = all || StandsForAll(row->first.at(name));
    }
    std::erase_if(rows, [&](const auto* row) {
      const std::string& here = row->first.at(name);
      // One thing stands beside each threshold and at each census.
      const bool repeated = name == "census" || name == "threshold";
      return repeated ? here != last : all && !StandsForAll(here);
    });
  }
  double sum = 0;
  for (const auto* row : rows) sum += row->second.at(e.column);
  return sum;
}

bool Equal(double planted, double computed) {
  return std::abs(planted - computed) <=
         1e-9 * std::max(1.0, std::abs(planted));
}

absl::StatusOr<int> Compare(int argc, char** argv) {
  OpenOptions open;
  open.release_key = argv[2];
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder release,
                         ReleaseFolder::Open(argv[1], open));
  DatabaseSettings settings;
  settings.work_directory = std::string(argv[3]) + ".work";
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(release, settings));
  TALLY_ASSIGN_OR_RETURN(Profile exact, Profile::Named("nhs-national"));
  Gate gate(std::move(exact), {});
  RunOptions options;
  options.comparators = argc > 4 ? argv[4] : "";
  MeasureRunner runner(release, database, gate, options);
  std::map<std::string, absl::StatusOr<Computed>> computed;
  std::cout << "measure,table,dimensions,column,planted,computed,ok\n";
  int wrong = 0;
  for (const Expected& e : ReadTruth(argv[3])) {
    if (!MakeMeasure(e.measure).ok()) continue;
    if (!computed.contains(e.measure)) {
      computed.emplace(e.measure, ComputeAll(release, database, runner,
                                             options.comparators, e.measure));
    }
    const absl::StatusOr<Computed>& of = computed.at(e.measure);
    std::optional<double> figure;
    if (of.ok()) {
      for (const Found& found : of->found) {
        if (!figure.has_value()) figure = Lookup(*of, found, e);
      }
    }
    const bool ok = figure.has_value() && Equal(e.value, *figure);
    const bool differs = figure.has_value() && !ok;
    wrong += differs;
    std::cout << e.line
              << absl::StrFormat(",%.12g,%s,%s\n", e.value,
                                 figure.has_value()
                                     ? absl::StrFormat("%.12g", *figure)
                                     : std::string("absent"),
                                 ok ? "ok" : (differs ? "WRONG" : "absent"));
  }
  return wrong;
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: measure_truth RELEASE-FOLDER RELEASE-KEY TRUTH-CSV "
                 "[REFERENCE-FOLDER]\n";
    return 2;
  }
  const absl::StatusOr<int> wrong = tally::analytics::Compare(argc, argv);
  if (!wrong.ok()) {
    std::cerr << wrong.status() << "\n";
    return 2;
  }
  return *wrong == 0 ? 0 : 1;
}
