// C04: the population in segments by rule sets, with what they need.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/areas.h"
#include "measures/c04_segments.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/list_totals.h"
#include "measures/person_costs.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// The dimensions of segment_matrix behind rules and segment.
const std::vector<std::string>& MatrixColumns() {
  static const auto& columns = *new std::vector<std::string>{
      "practice", "age_band", "imd_decile", "sex", "ethnicity"};
  return columns;
}

// People of one cell, and what they had.
struct SegmentCell {
  int64_t persons = 0;
  int64_t pence = 0;
  int64_t events = 0;

  void Add(const SegmentCell& other) {
    persons += other.persons;
    pence += other.pence;
    events += other.events;
  }
};

using SegmentLevels = std::vector<std::string>;
// By levels, then by segment in the order of the set.
using SegmentCells = std::map<SegmentLevels, std::vector<SegmentCell>>;

absl::StatusOr<SegmentCells> CountSegments(
    const MeasureContext& context, const SegmentSet& set, const Areas& areas,
    const std::vector<std::string>& columns) {
  const std::string listed = JoinText(columns, ", ");
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat("SELECT %1$s, CAST(segment AS BIGINT), count(*), "
                          "CAST(coalesce(sum(y.pence), 0) AS BIGINT), "
                          "CAST(coalesce(sum(y.events), 0) AS BIGINT) "
                          "FROM segment_now AS s LEFT JOIN person_year AS y "
                          "ON y.person = s.person GROUP BY %1$s, segment",
                          listed),
          columns.size()));
  SegmentCells cells;
  for (const GroupedRow& row : rows) {
    SegmentLevels levels = row.levels;
    bool shown = true;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] != "practice") continue;
      const std::string* area = areas.Of(levels[i]);
      shown = area != nullptr;
      if (shown) levels[i] = *area;
    }
    if (!shown) continue;
    std::vector<SegmentCell>& cell = cells[levels];
    cell.resize(set.segments.size());
    cell[static_cast<size_t>(row.counts[0])].Add(
        {row.counts[1], row.counts[2], row.counts[3]});
  }
  return cells;
}

// Cells summed over their last column. Whatever is asked for is counted by
// practice first: people of practices that are left out are in no cut.
SegmentCells WithoutLast(const SegmentCells& cells) {
  SegmentCells joined;
  for (const auto& [levels, cell] : cells) {
    std::vector<SegmentCell>& sum =
        joined[SegmentLevels(levels.begin(), levels.end() - 1)];
    sum.resize(cell.size());
    for (size_t i = 0; i < cell.size(); ++i) sum[i].Add(cell[i]);
  }
  return joined;
}

// Writes the rows of one set and keeps what the gate must know of them.
class SegmentRows {
 public:
  SegmentRows(const SegmentSet& set, const PersonYear& year,
              TableBuilder& table)
      : set_(set),
        has_costs_(!year.costs.empty()),
        has_events_(!year.events.empty()),
        table_(table) {}

  // The rows of one cut; returns them by level.
  std::map<SegmentLevels, std::vector<size_t>> AddCut(
      const std::vector<std::string>& columns, const SegmentCells& cells) {
    std::vector<SegmentLevels> order;
    for (const auto& [levels, cell] : cells) order.push_back(levels);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(),
                                          b.end(), LevelLess);
    });
    std::map<SegmentLevels, std::vector<size_t>> rows;
    for (const SegmentLevels& levels : order) {
      for (size_t i = 0; i < set_.segments.size(); ++i) {
        const SegmentCell& cell = cells.at(levels)[i];
        const size_t row = AddRow(columns, levels, i, cell);
        table_.Set(row, "persons", cell.persons);
        if (has_events_) table_.Set(row, "events", cell.events);
        rows[levels].push_back(row);
      }
      lists_.push_back(rows[levels]);
    }
    return rows;
  }

  // A row a segment: the sums of `parts`.
  std::vector<size_t> AddAll(
      const SegmentCells& cells,
      const std::map<SegmentLevels, std::vector<size_t>>& parts) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < set_.segments.size(); ++i) {
      SegmentCell sum;
      std::vector<size_t> of_segment;
      for (const auto& [levels, cell] : cells) sum.Add(cell[i]);
      for (const auto& [levels, of_level] : parts) {
        of_segment.push_back(of_level[i]);
      }
      const size_t row = AddRow({}, {}, i, sum);
      table_.Total(row, of_segment);
      rows.push_back(row);
    }
    lists_.push_back(rows);
    return rows;
  }

  // Rows that make up a list: each list is the sum of its persons.
  const std::vector<std::vector<size_t>>& lists() const { return lists_; }

 private:
  size_t AddRow(const std::vector<std::string>& columns,
                const SegmentLevels& levels, size_t segment,
                const SegmentCell& cell) {
    SegmentLevels all = {set_.id, set_.segments[segment].name};
    for (const std::string& column : MatrixColumns()) {
      const auto found = std::find(columns.begin(), columns.end(), column);
      all.push_back(found == columns.end()
                        ? std::string(kAllLevels)
                        : levels[static_cast<size_t>(found - columns.begin())]);
    }
    const size_t row = table_.AddRow(all);
    table_.Set(row, "rule_version", set_.version);
    if (has_costs_ && cell.persons > 0) {
      table_.Set(row, "cost_per_head",
                 static_cast<double>(cell.pence) / 100 /
                     static_cast<double>(cell.persons));
    }
    return row;
  }

  const SegmentSet& set_;
  bool has_costs_;
  bool has_events_;
  TableBuilder& table_;
  std::vector<std::vector<size_t>> lists_;
};

TableBuilder MatrixTable(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("rules", "Rule set")
      .Dimension("segment", "Segment")
      .Dimension("area", "Practice")
      .Dimension("age_band", "Age band")
      .Dimension("imd_decile", "IMD decile")
      .Dimension("sex", "Sex")
      .Dimension("ethnicity", "Ethnic group")
      .Persons("persons", "People")
      .Persons("list", "People on the list")
      .Proportion("share", "Share of the list", "persons", "list", false)
      .Events("events", "Emergency admissions and attendances of a year")
      .CrudeRate("events_per_1000", "Per 1,000 people", "events", "persons",
                 1000, false)
      .Mean("cost_per_head", "Cost per head of a year", "pounds", "persons")
      .Text("rule_version", "Version of the rules");
  return table;
}

// What is stated about the cells of a matrix when it is finished.
struct MatrixFacts {
  std::vector<std::vector<size_t>> lists;
  // A row's persons are the sum of those of others, in a further way.
  std::vector<std::pair<size_t, std::vector<size_t>>> equal;
  // Rows of a practice and its public list size.
  std::vector<std::pair<std::vector<size_t>, int64_t>> known;
};

// Rule sets put the same people into segments, so their events add up to the
// same number, which stands nowhere.
void AddSameEvents(const MatrixFacts& facts, TableBuilder& table) {
  std::map<std::vector<std::string>, std::vector<std::vector<size_t>>> sets;
  for (const std::vector<size_t>& rows : facts.lists) {
    std::vector<std::string> who;
    for (const char* column :
         {"area", "age_band", "imd_decile", "sex", "ethnicity"}) {
      who.push_back(std::get<std::string>(table.Get(rows.front(), column)));
    }
    sets[who].push_back(rows);
  }
  for (const auto& [who, groups] : sets) {
    if (groups.size() > 1) table.SameSum("events", groups);
  }
}

// Other measures count the same people by the same levels.
void NameLists(CivilDay month, const Areas& areas, const MatrixFacts& facts,
               TableBuilder& table) {
  for (const std::vector<size_t>& rows : facts.lists) {
    CountedLevels levels;
    for (const char* column :
         {"area", "age_band", "imd_decile", "sex", "ethnicity"}) {
      levels[column] = std::get<std::string>(table.Get(rows.front(), column));
    }
    if (levels["area"] == kAllLevels && !areas.everybody) continue;
    table.Counted(rows.front(), "list",
                  CountedPeople(month, std::move(levels)));
  }
}

absl::StatusOr<RawTable> FinishMatrix(TableBuilder& builder,
                                      const MatrixFacts& facts,
                                      bool has_events) {
  if (has_events) AddSameEvents(facts, builder);
  TALLY_ASSIGN_OR_RETURN(RawTable table, builder.Finish());
  TALLY_ASSIGN_OR_RETURN(const size_t persons, table.ColumnIndex("persons"));
  const auto cells = [&](const std::vector<size_t>& rows) {
    std::vector<CellRef> refs;
    for (const size_t row : rows) refs.push_back({row, persons});
    return refs;
  };
  TALLY_RETURN_IF_ERROR(SetListTotals(table, facts.lists));
  for (const auto& [whole, parts] : facts.equal) {
    table.AddEquality({whole, persons}, cells(parts));
  }
  for (const auto& [rows, size] : facts.known) {
    table.AddKnownMargin(cells(rows), size);
  }
  return table;
}

absl::Status AddUsualCuts(const MeasureContext& context, const SegmentSet& set,
                          const Areas& areas, const PersonYear& year,
                          TableBuilder& table, MatrixFacts& facts) {
  SegmentRows rows(set, year, table);
  const std::vector<std::string> by_area = {"practice"};
  TALLY_ASSIGN_OR_RETURN(const SegmentCells cells,
                         CountSegments(context, set, areas, by_area));
  const auto of_areas = rows.AddCut(by_area, cells);
  if (of_areas.empty()) return absl::OkStatus();
  for (const auto& [levels, of_level] : of_areas) {
    facts.known.emplace_back(of_level, areas.list.at(levels[0]));
  }
  const std::vector<size_t> all = rows.AddAll(cells, of_areas);
  for (const char* column : {"age_band", "imd_decile"}) {
    const std::vector<std::string> columns = {column};
    TALLY_ASSIGN_OR_RETURN(
        const SegmentCells split,
        CountSegments(context, set, areas, {column, "practice"}));
    const SegmentCells joined = WithoutLast(split);
    const auto of_levels = rows.AddCut(columns, joined);
    for (size_t i = 0; i < all.size(); ++i) {
      std::vector<size_t> parts;
      for (const auto& [levels, of_level] : of_levels) {
        parts.push_back(of_level[i]);
      }
      facts.equal.emplace_back(all[i], std::move(parts));
    }
  }
  facts.lists.insert(facts.lists.end(), rows.lists().begin(),
                     rows.lists().end());
  return absl::OkStatus();
}

absl::Status AddAskedCut(const MeasureContext& context, const SegmentSet& set,
                         const Areas& areas, const PersonYear& year,
                         TableBuilder& table, MatrixFacts& facts) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> groups,
                         GroupColumns(context.by));
  std::vector<std::string> columns;
  for (const GroupColumn& group : groups) columns.push_back(group.sql);
  std::vector<std::string> counted = columns;
  const bool by_practice =
      std::find(columns.begin(), columns.end(), "practice") != columns.end();
  if (!by_practice) counted.emplace_back("practice");
  TALLY_ASSIGN_OR_RETURN(SegmentCells cells,
                         CountSegments(context, set, areas, counted));
  if (!by_practice) cells = WithoutLast(cells);
  SegmentRows rows(set, year, table);
  rows.AddCut(columns, cells);
  facts.lists.insert(facts.lists.end(), rows.lists().begin(),
                     rows.lists().end());
  return absl::OkStatus();
}

// How people moved between segments in a year.
absl::StatusOr<RawTable> MovesTable(const MeasureContext& context,
                                    const SegmentSet& set,
                                    const std::vector<std::string>& notes) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay before, context.month.AddMonths(-12));
  TALLY_ASSIGN_OR_RETURN(const std::string list,
                         MakePatientListAt(context, before));
  TALLY_RETURN_IF_ERROR(
      MakeSegments(context, set, before.LastOfMonth(), list, "segment_before"));
  TALLY_RETURN_IF_ERROR(MakeSegments(context, set, context.month.LastOfMonth(),
                                     "patient_list", "segment_now"));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT CAST(b.segment AS BIGINT), "
                  "CAST(n.segment AS BIGINT), count(*) FROM segment_before AS "
                  "b INNER JOIN segment_now AS n ON n.person = b.person "
                  "GROUP BY b.segment, n.segment",
                  0));
  TableInfo info = context.Info("segment_moves", "Movement between segments");
  info.period =
      absl::StrFormat("%s to %s", before.ToMonth(), context.month.ToMonth());
  info.notes = notes;
  info.notes.emplace_back("People on the list at both ends.");
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
  TableBuilder table(std::move(info));
  table.Dimension("rules", "Rule set")
      .Dimension("from_segment", "A year before")
      .Dimension("to_segment", "At the month")
      .Persons("persons", "People");
  std::map<std::pair<int64_t, int64_t>, int64_t> moves;
  for (const GroupedRow& row : rows) {
    moves[{row.counts[0], row.counts[1]}] = row.counts[2];
  }
  for (size_t from = 0; from < set.segments.size(); ++from) {
    for (size_t to = 0; to < set.segments.size(); ++to) {
      const size_t row =
          table.AddRow({set.id, "a year before: " + set.segments[from].name,
                        "at the month: " + set.segments[to].name});
      table.Set(row, "persons",
                moves[{static_cast<int64_t>(from), static_cast<int64_t>(to)}]);
    }
  }
  return table.Finish();
}

// Why moves by the first of these sets cannot be told; empty if they can.
absl::StatusOr<std::string> MovesLack(const MeasureContext& context,
                                      const std::vector<SegmentSet>& sets) {
  if (sets.empty()) {
    return "the release can carry no set of segments; the notes of "
           "segment_matrix say what it lacks";
  }
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(context.release));
  TALLY_ASSIGN_OR_RETURN(const CivilDay before, context.month.AddMonths(-12));
  if (before < covered.first) {
    return absl::StrFormat(
        "it looks back to %s, and the release begins with %s", before.ToMonth(),
        covered.first.ToMonth());
  }
  // Windows of one length at both ends, or people seem to fall ill.
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<OpenLookBack> open,
      OpenLookBacks(context, ElementsOf(sets.front()), before));
  if (open.empty()) return "";
  return absl::StrFormat("it looks back to %s, and table %s begins with %s",
                         open[0].first.ToMonth(), open[0].table,
                         open[0].covered.ToMonth());
}

class Segmentation : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const std::vector<SegmentSet> sets,
                           ReadSegmentSets(context.definition));
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_ASSIGN_OR_RETURN(const double smallest,
                           context.definition.Parameter("smallest_area"));
    TALLY_ASSIGN_OR_RETURN(
        const Areas areas,
        ReadAreas(context.connection, static_cast<int64_t>(smallest)));
    TALLY_ASSIGN_OR_RETURN(const PersonYear year, MakePersonYear(context));
    std::vector<SegmentSet> here;
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> notes,
                           Notes(context, sets, areas, year, here));
    TableInfo info = context.Info("segment_matrix", "Segments");
    info.notes = notes;
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
    TableBuilder table = MatrixTable(std::move(info));
    MatrixFacts facts;
    for (const SegmentSet& set : here) {
      TALLY_RETURN_IF_ERROR(MakeSegments(context, set,
                                         context.month.LastOfMonth(),
                                         "patient_list", "segment_now"));
      TALLY_RETURN_IF_ERROR(
          context.by.empty()
              ? AddUsualCuts(context, set, areas, year, table, facts)
              : AddAskedCut(context, set, areas, year, table, facts));
    }
    if (!context.by.empty()) table.RefuseMostlyHidden();
    std::vector<RawTable> tables;
    NameLists(context.month, areas, facts, table);
    TALLY_ASSIGN_OR_RETURN(RawTable matrix,
                           FinishMatrix(table, facts, !year.events.empty()));
    tables.push_back(std::move(matrix));
    if (!context.by.empty()) return tables;
    TALLY_ASSIGN_OR_RETURN(const std::string lacking, MovesLack(context, here));
    if (!lacking.empty()) {
      context.Lacks("segment_moves", lacking);
      return tables;
    }
    TALLY_ASSIGN_OR_RETURN(RawTable moves,
                           MovesTable(context, here.front(), notes));
    tables.push_back(std::move(moves));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawSegments(definition, tables);
  }

 private:
  // Fills `here` with the sets that this release can carry.
  static absl::StatusOr<std::vector<std::string>> Notes(
      const MeasureContext& context, const std::vector<SegmentSet>& sets,
      const Areas& areas, const PersonYear& year,
      std::vector<SegmentSet>& here) {
    std::vector<std::string> notes;
    if (!areas.note.empty()) notes.push_back(areas.note);
    notes.push_back(
        "In the cost: " +
        (year.costs.empty() ? "nothing that this release has" : year.costs) +
        ".");
    notes.insert(notes.end(), year.notes.begin(), year.notes.end());
    notes.push_back(
        "Counted as events: " +
        (year.events.empty() ? "nothing that this release has" : year.events) +
        ".");
    std::vector<RuleElement> elements;
    for (const SegmentSet& set : sets) {
      const std::string missing = SegmentsMissing(context, set);
      if (!missing.empty()) {
        notes.push_back(
            absl::StrFormat("%s is not available: %s.", set.title, missing));
        continue;
      }
      here.push_back(set);
      const std::vector<RuleElement> of_set = ElementsOf(set);
      elements.insert(elements.end(), of_set.begin(), of_set.end());
    }
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> look_backs,
                           LookBackNotes(context, elements));
    notes.insert(notes.end(), look_backs.begin(), look_backs.end());
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> unseen,
                           ClustersWithoutRecords(context, elements));
    if (!unseen.empty()) {
      notes.push_back(absl::StrFormat(
          "Code clusters of the rules without any record in this release: %s.",
          JoinText(unseen, ", ")));
    }
    return notes;
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC04() { return std::make_unique<Segmentation>(); }

}  // namespace tally::analytics
