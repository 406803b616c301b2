// C01: the hub's linkage quality report, through the gate.
//
// The report's counts are exact and so of the class of records. Its own rates
// and limits are not used: the gate computes them from printed counts.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/agreement.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/c01_linkage.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

// One line of linkage_quality.csv. A count is missing where the report has no
// such figure, or has it rounded already (opt-outs).
struct Line {
  std::string source, dataset, dimension, level, month, reason;
  std::optional<int64_t> rows, rows_with_person, persons, persons_linked;
  std::optional<int64_t> rows_reason;
};

constexpr std::string_view kReadSql =
    "SELECT source, dataset, dimension, level, month, reason, rows, "
    "rows_with_person, persons, persons_linked, rows_reason "
    "FROM read_csv(%s, auto_detect = false, header = true, delim = ',', "
    "quote = '\"', escape = '\"', nullstr = '', columns = {"
    "'source': 'VARCHAR', 'dataset': 'VARCHAR', 'dimension': 'VARCHAR', "
    "'level': 'VARCHAR', 'month': 'VARCHAR', 'rows': 'VARCHAR', "
    "'rows_with_person': 'VARCHAR', 'persons': 'VARCHAR', "
    "'persons_linked': 'VARCHAR', 'rate': 'VARCHAR', 'lower': 'VARCHAR', "
    "'upper': 'VARCHAR', 'reason': 'VARCHAR', 'rows_reason': 'VARCHAR'})";

std::optional<int64_t> ReadCount(const engine::Value& value) {
  const auto* text = value.As<std::string>();
  if (text == nullptr) return std::nullopt;
  const absl::StatusOr<int64_t> count = ParseInt64In(*text, 0, INT64_MAX);
  if (!count.ok()) return std::nullopt;
  return *count;
}

absl::StatusOr<std::vector<Line>> ReadLines(const MeasureContext& context) {
  const std::string path =
      JoinPath(context.release.path(), "linkage_quality.csv");
  std::string sql(kReadSql);
  sql.replace(sql.find("%s"), 2, engine::QuoteLiteral(path));
  absl::StatusOr<engine::Result> result = context.connection.Query(sql);
  if (!result.ok()) return IntegrityError("linkage_quality.csv is malformed");
  TALLY_ASSIGN_OR_RETURN(const auto rows, result->AllRows(1'000'000));
  std::vector<Line> lines;
  for (const auto& row : rows) {
    Line& line = lines.emplace_back();
    std::string* const texts[] = {&line.source, &line.dataset, &line.dimension,
                                  &line.level,  &line.month,   &line.reason};
    for (size_t i = 0; i < std::size(texts); ++i) {
      if (const auto* text = row[i].As<std::string>()) *texts[i] = *text;
    }
    line.rows = ReadCount(row[6]);
    line.rows_with_person = ReadCount(row[7]);
    line.persons = ReadCount(row[8]);
    line.persons_linked = ReadCount(row[9]);
    line.rows_reason = ReadCount(row[10]);
  }
  return lines;
}

RawValue CountOrNull(const std::optional<int64_t>& count) {
  RawValue value;
  if (count.has_value()) value.emplace<int64_t>(*count);
  return value;
}

// Rows that became of a dataset: kinds of `dimension` that break rows up.
bool IsSummaryLine(const Line& line) {
  static constexpr const char* kOther[] = {"overlap", "combination", "dropped",
                                           "linked_against_unlinked"};
  const bool other =
      std::any_of(std::begin(kOther), std::end(kOther),
                  [&](const char* d) { return line.dimension == d; });
  return !other && line.reason.empty() && line.rows.has_value();
}

// The population of an agreement that is no dataset.
constexpr std::string_view kEverybody = "all";

// Positions of the counts of rows in linkage_summary.
constexpr size_t kRowsColumn = 5;
constexpr size_t kRowsWithPersonColumn = 6;

std::vector<ColumnSpec> SummaryColumns(const std::string& anchor) {
  const bool known = !anchor.empty();
  const ColumnSpec rate = ProportionColumn(
      "rate", known ? "Share in the population" : "Share in another source",
      "persons_linked", "persons");
  return {DimensionColumn("source", "Source"),
          DimensionColumn("dataset", "Dataset"),
          DimensionColumn("dimension", "By"),
          DimensionColumn("level", "Level"),
          DimensionColumn("month", "Month"),
          CountColumn("rows", ColumnKind::kEvents, "Rows"),
          CountColumn("rows_with_person", ColumnKind::kEvents,
                      "Rows with a person"),
          ProportionColumn("row_rate", "Rows with a person, share",
                           "rows_with_person", "rows"),
          CountColumn("persons", ColumnKind::kPersons, "People"),
          CountColumn(
              "persons_linked", ColumnKind::kPersons,
              known ? "People in the population" : "People in another source"),
          rate,
          LimitColumn("lower", "Lower limit", rate, ColumnRole::kLower),
          LimitColumn("upper", "Upper limit", rate, ColumnRole::kUpper)};
}

// The level as it is shown. Codes of sex are words, each its own.
std::string ShownLevel(const Line& line) {
  if (line.dimension == "all" || line.dimension == "month") return line.level;
  if (line.level.empty()) return std::string(kUnknown);
  if (line.dimension != "sex") return line.level;
  if (line.level == "1") return "male";
  if (line.level == "2") return "female";
  if (line.level == "0") return "not known";
  if (line.level == "9") return "not specified";
  return line.level;
}

// Keeps the order of datasets and dimensions and puts levels in theirs: decile
// 10 after 9.
void SortByLevel(std::vector<Line>& lines) {
  using Key = std::array<std::string, 3>;
  const auto key = [](const Line& line) {
    return Key{line.source, line.dataset, line.dimension};
  };
  std::map<Key, size_t> order;
  for (const Line& line : lines) order.emplace(key(line), order.size());
  std::stable_sort(lines.begin(), lines.end(),
                   [&](const Line& a, const Line& b) {
                     const size_t place_a = order.at(key(a));
                     const size_t place_b = order.at(key(b));
                     if (place_a != place_b) return place_a < place_b;
                     return LevelLess(a.level, b.level);
                   });
}

// A line that became a row of the table.
struct PlacedLine {
  const Line* line;
  size_t row;
};

// Rows of the levels of one dimension add up to the rows of the dataset. The
// report may have left levels out; only what does add up joins the audit.
void AddLevelSums(const std::vector<PlacedLine>& placed, RawTable& table) {
  using Key = std::vector<std::string>;
  std::map<Key, PlacedLine> wholes;
  std::map<Key, std::vector<PlacedLine>> levels;
  for (const PlacedLine& p : placed) {
    if (p.line->dimension == "all") {
      wholes[{p.line->source, p.line->dataset}] = p;
    } else {
      levels[{p.line->source, p.line->dataset, p.line->dimension}].push_back(p);
    }
  }
  const auto count = [](const PlacedLine& p, size_t column) {
    const auto& value =
        column == kRowsColumn ? p.line->rows : p.line->rows_with_person;
    return value.value_or(-1);
  };
  for (const auto& [key, parts] : levels) {
    const auto whole = wholes.find({key[0], key[1]});
    if (whole == wholes.end()) continue;
    for (const size_t column : {kRowsColumn, kRowsWithPersonColumn}) {
      int64_t sum = 0;
      bool complete = true;
      std::vector<CellRef> cells;
      for (const PlacedLine& part : parts) {
        complete = complete && count(part, column) >= 0;
        sum += count(part, column);
        cells.push_back({part.row, column});
      }
      if (complete && sum == count(whole->second, column)) {
        table.AddEquality({whole->second.row, column}, std::move(cells));
      }
    }
  }
}

absl::StatusOr<RawTable> Summary(const MeasureContext& context,
                                 const std::vector<Line>& lines) {
  TALLY_ASSIGN_OR_RETURN(const AgreementFacts agreement,
                         ReadAgreement(context.release));
  TableInfo info = context.Info("linkage_summary", "Link rates");
  if (agreement.population != kEverybody) info.anchor = agreement.population;
  info.notes = {
      "Rates are shares of the people of a dataset. Who is not in the "
      "population of the agreement has a number all the same, and may be "
      "registered elsewhere: that is no failed match."};
  for (const Line& line : lines) {
    if (line.dimension != "all" || !line.reason.empty()) continue;
    info.rows_all += line.rows.value_or(0);
    info.rows_linked += line.rows_with_person.value_or(0);
  }
  TALLY_ASSIGN_OR_RETURN(RawTable table,
                         RawTable::Create(info, SummaryColumns(info.anchor)));
  std::vector<PlacedLine> placed;
  for (const Line& line : lines) {
    if (!IsSummaryLine(line)) continue;
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {line.source, line.dataset, line.dimension, ShownLevel(line),
         line.month, CountOrNull(line.rows), CountOrNull(line.rows_with_person),
         RawValue(), CountOrNull(line.persons),
         CountOrNull(line.persons_linked), RawValue(), RawValue(),
         RawValue()}));
    placed.push_back({&line, table.rows() - 1});
  }
  AddLevelSums(placed, table);
  return table;
}

absl::StatusOr<RawTable> Reasons(const MeasureContext& context,
                                 const std::vector<Line>& lines) {
  TableInfo info = context.Info("linkage_reasons", "What became of the rows");
  info.denominator = "All rows of the dataset";
  info.notes = {
      "Opt-outs are counted by the source, rounded, and over all "
      "its datasets: they are not part of this table."};
  TALLY_ASSIGN_OR_RETURN(
      RawTable table,
      RawTable::Create(
          std::move(info),
          {DimensionColumn("source", "Source"),
           DimensionColumn("dataset", "Dataset"),
           DimensionColumn("reason", "What became of them"),
           CountColumn("rows_reason", ColumnKind::kEvents, "Rows"),
           CountColumn("rows", ColumnKind::kEvents, "All rows"),
           ProportionColumn("share", "Share of rows", "rows_reason", "rows")}));
  // Every row of a dataset has one outcome, so the whole is their sum.
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> by_dataset;
  for (const Line& line : lines) {
    const bool outcome = line.dimension == "all" && !line.reason.empty() &&
                         line.rows_reason.has_value();
    if (!outcome) continue;
    TALLY_RETURN_IF_ERROR(
        table.AddRow({line.source, line.dataset, line.reason, *line.rows_reason,
                      RawValue(), RawValue()}));
    by_dataset[{line.source, line.dataset}].push_back(table.rows() - 1);
  }
  for (const auto& [key, rows] : by_dataset) {
    std::vector<CellRef> parts;
    for (const size_t row : rows) parts.push_back({row, 3});
    table.SetTotal({rows[0], 4}, std::move(parts));
    for (size_t i = 1; i < rows.size(); ++i) {
      table.SetSame({rows[i], 4}, {rows[0], 4});
    }
  }
  return table;
}

absl::StatusOr<RawTable> Overlap(const MeasureContext& context,
                                 const std::vector<Line>& lines) {
  TableInfo info = context.Info("linkage_overlap", "People shared by sources");
  info.denominator = "People of either source";
  TALLY_ASSIGN_OR_RETURN(
      RawTable table,
      RawTable::Create(
          std::move(info),
          {DimensionColumn("source_a", "Source"),
           DimensionColumn("source_b", "Other source"),
           CountColumn("persons", ColumnKind::kPersons, "People in both")}));
  for (const Line& line : lines) {
    if (line.dimension != "overlap" || !line.persons.has_value()) continue;
    TALLY_RETURN_IF_ERROR(
        table.AddRow({line.source, line.level, *line.persons}));
  }
  return table;
}

class LinkageReport : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: the linkage report has its own breakdowns");
    }
    TALLY_ASSIGN_OR_RETURN(std::vector<Line> lines, ReadLines(context));
    SortByLevel(lines);
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable summary, Summary(context, lines));
    tables.push_back(std::move(summary));
    TALLY_ASSIGN_OR_RETURN(RawTable reasons, Reasons(context, lines));
    tables.push_back(std::move(reasons));
    TALLY_ASSIGN_OR_RETURN(RawTable overlap, Overlap(context, lines));
    tables.push_back(std::move(overlap));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawLinkage(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC01() { return std::make_unique<LinkageReport>(); }

}  // namespace tally::analytics
