#include "computed_figures.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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

void AddExact(const RawTable& table, FigureTables& found) {
  const auto& rows = RawTableProbe::Rows(table);
  const auto totals = RawTableProbe::Totals(table);
  const auto same = RawTableProbe::Same(table);
  for (size_t r = 0; r < rows.size(); ++r) {
    std::map<std::string, std::string> levels;
    FigureRow row;
    std::map<std::string, double>& figures = row.figures;
    for (size_t c = 0; c < table.columns().size(); ++c) {
      const ColumnSpec& column = table.columns()[c];
      const auto* text = std::get_if<std::string>(&rows[r][c]);
      if (column.kind == ColumnKind::kDimension) {
        levels[column.name] = text == nullptr ? "unknown" : *text;
        continue;
      }
      if (text != nullptr) row.texts[column.name] = *text;
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
    found[table.info().table][levels] = std::move(row);
  }
}

void AddPrinted(const GatedTable& table, FigureTables& found) {
  if (found.contains(table.info().table)) return;
  for (size_t r = 0; r < table.rows(); ++r) {
    std::map<std::string, std::string> levels;
    FigureRow row;
    for (size_t c = 0; c < table.columns().size(); ++c) {
      const ColumnSpec& column = table.columns()[c];
      const GatedCell& cell = table.cell(r, c);
      if (column.kind == ColumnKind::kDimension) {
        levels[column.name] = cell.text();
      } else if (cell.number().has_value()) {
        row.figures[column.name] = *cell.number();
      } else if (column.kind == ColumnKind::kText) {
        row.texts[column.name] = cell.text();
      }
    }
    found[table.info().table][levels] = std::move(row);
  }
}

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

// Without spaces, hyphens, underscores, commas and capitals.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '_' || c == ',') continue;
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

bool StandsForAll(const std::string& level) {
  return Plain(level).starts_with("all");
}

}  // namespace

ComputedFigures::ComputedFigures(ReleaseFolder release,
                                 ReleaseDatabase database, Profile profile,
                                 Folders folders)
    : release_(std::move(release)),
      database_(std::move(database)),
      gate_(std::move(profile), {}),
      folders_(std::move(folders)) {
  RunOptions options;
  options.comparators = folders_.references;
  options.definitions = folders_.definitions;
  runner_ =
      std::make_unique<MeasureRunner>(release_, database_, gate_, options);
}

absl::StatusOr<std::unique_ptr<ComputedFigures>> ComputedFigures::Create(
    const Folders& folders) {
  OpenOptions open;
  open.release_key = folders.key;
  TALLY_ASSIGN_OR_RETURN(ReleaseFolder release,
                         ReleaseFolder::Open(folders.release, open));
  DatabaseSettings settings;
  settings.work_directory = folders.work;
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(release, settings));
  TALLY_ASSIGN_OR_RETURN(Profile exact, Profile::Named("nhs-national"));
  return std::unique_ptr<ComputedFigures>(new ComputedFigures(
      std::move(release), std::move(database), std::move(exact), folders));
}

absl::StatusOr<FigureTables> ComputedFigures::Raw(const std::string& id,
                                                  std::vector<std::string> by) {
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Measure> measure,
                         MakeMeasure(id));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, folders_.definitions));
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, runner_->Month());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<RawTable> raw,
      measure->Compute({release_, database_.connection(), definition, month,
                        std::move(by), folders_.references, base_,
                        folders_.definitions}));
  FigureTables tables;
  for (const RawTable& table : raw) AddExact(table, tables);
  return tables;
}

absl::StatusOr<ComputedFigures::Computed> ComputedFigures::Usual(
    const std::string& id) {
  TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner_->Run(id));
  if (result.unavailable.has_value()) {
    return absl::NotFoundError(*result.unavailable);
  }
  Computed computed;
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, folders_.definitions));
  AddTitles(definition.root(), computed.titles);
  TALLY_ASSIGN_OR_RETURN(computed.usual, Raw(id, {}));
  for (const GatedTable& table : result.tables) {
    AddPrinted(table, computed.usual);
  }
  return computed;
}

absl::StatusOr<ComputedFigures::Computed*> ComputedFigures::Of(
    const std::string& id) {
  if (!computed_.contains(id)) computed_.emplace(id, Usual(id));
  absl::StatusOr<Computed>& of = computed_.at(id);
  if (!of.ok()) return of.status();
  return &*of;
}

bool ComputedFigures::SameLevel(const Computed& computed,
                                const std::string& named,
                                const std::string& level) {
  if (named == "all" || named == "All") return StandsForAll(level);
  const auto title = computed.titles.find(named);
  const bool begins =
      named.size() >= 6 && level.size() > named.size() &&
      Plain(level).starts_with(Plain(named)) &&
      (level[named.size()] == ',' || level[named.size()] == '(');
  return Plain(named) == Plain(level) || begins ||
         (title != computed.titles.end() && title->second == level);
}

bool ComputedFigures::IsAbout(const Computed& computed,
                              const FigureLevels& levels, const FigureRow& row,
                              const FigureName& name) {
  for (const auto& [dimension, level] : name.levels) {
    const auto there = levels.find(dimension);
    const auto text = row.texts.find(dimension);
    if (there == levels.end() && text == row.texts.end()) return false;
    if (!SameLevel(computed, level,
                   there != levels.end() ? there->second : text->second)) {
      return false;
    }
  }
  return true;
}

std::optional<double> ComputedFigures::Lookup(const Computed& computed,
                                              const FigureTables& tables,
                                              const FigureName& name) {
  const auto table = tables.find(name.table);
  if (table == tables.end()) return std::nullopt;
  std::vector<const std::pair<const FigureLevels, FigureRow>*> rows;
  for (const auto& row : table->second) {
    if (IsAbout(computed, row.first, row.second, name)) rows.push_back(&row);
  }
  if (name.column == "row_count") return static_cast<double>(rows.size());
  std::string column = name.column;
  double scale = 1;
  if (column.ends_with("_pence")) {
    column.resize(column.size() - 6);
    scale = 100;
  }
  std::erase_if(rows, [&](const auto* row) {
    return !row->second.figures.contains(column);
  });
  if (rows.empty()) return std::nullopt;
  for (const auto& level : FigureLevels(rows.front()->first)) {
    const std::string& dimension = level.first;
    if (name.levels.contains(dimension)) continue;
    std::string last;
    bool all = false;
    for (const auto* row : rows) {
      last = std::max(last, row->first.at(dimension));
      all = all || StandsForAll(row->first.at(dimension));
    }
    std::erase_if(rows, [&](const auto* row) {
      const std::string& here = row->first.at(dimension);
      // One thing stands beside each threshold and at each census.
      const bool repeated = dimension == "census" || dimension == "threshold";
      return repeated ? here != last : all && !StandsForAll(here);
    });
  }
  double sum = 0;
  for (const auto* row : rows) sum += row->second.figures.at(column);
  return scale * sum;
}

absl::StatusOr<std::optional<double>> ComputedFigures::Find(
    const FigureName& name) {
  TALLY_ASSIGN_OR_RETURN(Computed * computed, Of(name.measure));
  std::optional<double> figure = Lookup(*computed, computed->usual, name);
  if (figure.has_value()) return figure;
  if (!computed->grouped.has_value()) {
    computed->grouped.emplace();
    const std::vector<std::vector<std::string>> groupings = {
        {"practice"}, {"practice", "imd_decile"}, {"practice", "condition"}};
    for (const std::vector<std::string>& by : groupings) {
      absl::StatusOr<FigureTables> tables = Raw(name.measure, by);
      // A measure cannot be grouped by everything.
      if (tables.ok()) computed->grouped->push_back(*std::move(tables));
    }
  }
  for (const FigureTables& tables : *computed->grouped) {
    figure = Lookup(*computed, tables, name);
    if (figure.has_value()) return figure;
  }
  return figure;
}

absl::Status ComputedFigures::WriteAll(std::ostream& out) {
  out << "measure,table,levels,column,figure\n";
  for (const std::string& id : MeasureIds()) {
    const absl::StatusOr<Computed*> computed = Of(id);
    if (absl::IsNotFound(computed.status())) continue;
    if (!computed.ok()) return computed.status();
    for (const auto& [table, rows] : (*computed)->usual) {
      for (const auto& [levels, row] : rows) {
        std::string where;
        for (const auto& [name, level] : levels) {
          absl::StrAppend(&where, where.empty() ? "" : ";", name, "=", level);
        }
        for (const auto& [column, text] : row.texts) {
          out << absl::StrFormat("%s,%s,%s,%s,%s\n", id, table, where, column,
                                 text);
        }
        for (const auto& [column, figure] : row.figures) {
          out << absl::StrFormat("%s,%s,%s,%s,%.12g\n", id, table, where,
                                 column, figure);
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
