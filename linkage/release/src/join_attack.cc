#include "join_attack.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status.h"
#include "dataset/resource_name.h"

namespace tally::linkage {
namespace {

// One of the two sides of one table.
struct Side {
  const Agreement* agreement = nullptr;
  const AgreementDataset* agreed = nullptr;
  std::string table;  // registered name
};

const AgreementDataset* FindDataset(const Agreement& agreement,
                                    std::string_view table) {
  for (const AgreementDataset& dataset : agreement.datasets) {
    if (dataset::SqlName(dataset.id) == table) return &dataset;
  }
  return nullptr;
}

std::vector<ReleaseColumn> SharedColumns(
    const dataset::Specification& specification, const AgreementDataset& ours,
    const AgreementDataset& theirs) {
  std::vector<ReleaseColumn> shared;
  for (const std::string& name : ours.columns) {
    if (!theirs.Names(name)) continue;
    std::optional<ReleaseColumn> column = ResolveColumn(specification, name);
    if (column && !column->is_record_key()) shared.push_back(*column);
  }
  return shared;
}

// The column as both sides can show it: the coarser grain, the fewer groups.
std::string CommonExpression(const ReleaseColumn& column, const Side& side,
                             const Side& other) {
  if (column.is_date()) {
    return GrainExpression(column.name, std::max(side.agreed->date_grain,
                                                 other.agreed->date_grain));
  }
  if (column.is_ethnicity() && side.agreement->ethnicity_groups == 16 &&
      other.agreement->ethnicity_groups == 5) {
    return EthnicityExpression(column.name);
  }
  return column.name;
}

// What both sides can show of the rows of one: person, c_0, c_1, ...
std::string CommonRowsSql(const std::vector<ReleaseColumn>& columns,
                          const Side& side, const Side& other) {
  std::string sql = "SELECT person";
  for (size_t i = 0; i < columns.size(); ++i) {
    absl::StrAppendFormat(&sql, ", %s AS c_%d",
                          CommonExpression(columns[i], side, other), i);
  }
  return absl::StrCat(sql, " FROM ", side.table, " WHERE person IS NOT NULL");
}

// Combinations that exactly one person of such rows has, with that person.
SqlStatement UniqueRowsSql(size_t columns, std::string_view rows) {
  std::vector<std::string> names;
  std::vector<std::string> selected;
  for (size_t i = 0; i < columns; ++i) {
    names.push_back(absl::StrFormat("v.c_%d", i));
    selected.push_back(absl::StrFormat("v.c_%1$d AS c_%1$d", i));
  }
  return {absl::StrFormat("SELECT %s, min(v.person) AS person FROM (%s) AS v "
                          "GROUP BY %s HAVING count(DISTINCT v.person) = 1",
                          absl::StrJoin(selected, ", "), rows,
                          absl::StrJoin(names, ", ")),
          {}};
}

engine::SqlType TypeOf(const ReleaseColumn& column) {
  if (column.derived == HubDerivation::kAgeFy) return engine::SqlType::kInt;
  if (column.derived == HubDerivation::kAgeBand) {
    return engine::SqlType::kString;
  }
  return engine::SqlTypeOf(column.spec->type);
}

engine::TableSchema UniqueSchema(const std::vector<ReleaseColumn>& columns) {
  engine::TableSchema schema;
  for (size_t i = 0; i < columns.size(); ++i) {
    schema.push_back({absl::StrFormat("c_%d", i), TypeOf(columns[i])});
  }
  schema.push_back({"person", engine::SqlType::kInt});
  return schema;
}

// Schema of a released table of another project.
absl::StatusOr<engine::TableSchema> ReleasedSchema(
    const dataset::Specification& specification,
    const AgreementDataset& agreed) {
  engine::TableSchema schema = {{"person", engine::SqlType::kInt},
                                {"unlinked_reason", engine::SqlType::kString},
                                {"source", engine::SqlType::kString}};
  for (const std::string& name : agreed.columns) {
    const std::optional<ReleaseColumn> column =
        ResolveColumn(specification, name);
    if (!column) {
      return Error(Reason::kSpecMismatch,
                   "a live release has a column that its dataset no longer "
                   "has");
    }
    schema.push_back({name, column->is_record_key() ? engine::SqlType::kBigint
                                                    : TypeOf(*column)});
  }
  return schema;
}

std::vector<std::string> FilesOf(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end;
       !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".parquet") files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The people whom content alone joins, each of them at least once, as the table
// `name`; own and live rows slice by slice.
absl::Status FindJoined(const std::vector<ReleaseColumn>& columns,
                        const std::vector<std::string>& own_rows,
                        const std::vector<std::string>& other_rows,
                        const std::string& name, ReleaseEngine& engine) {
  const engine::TableSchema schema = UniqueSchema(columns);
  std::vector<std::string> equal;
  for (size_t i = 0; i < columns.size(); ++i) {
    equal.push_back(
        absl::StrFormat("a.c_%1$d IS NOT DISTINCT FROM b.c_%1$d", i));
  }
  std::vector<SqlStatement> joins;
  std::vector<std::string> unique;
  for (size_t i = 0; i < own_rows.size(); ++i) {
    const std::string own = absl::StrFormat("own_of_%s_%d", name, i);
    const std::string other = absl::StrFormat("live_of_%s_%d", name, i);
    TALLY_RETURN_IF_ERROR(
        engine
            .Materialise(own, UniqueRowsSql(columns.size(), own_rows[i]),
                         schema)
            .status());
    TALLY_RETURN_IF_ERROR(
        engine
            .Materialise(other, UniqueRowsSql(columns.size(), other_rows[i]),
                         schema)
            .status());
    unique.insert(unique.end(), {own, other});
    joins.push_back({absl::StrFormat("SELECT a.person AS person FROM %s AS a "
                                     "INNER JOIN %s AS b ON %s",
                                     own, other, absl::StrJoin(equal, " AND ")),
                     {}});
  }
  TALLY_RETURN_IF_ERROR(
      engine.Materialise(name, joins, {{"person", engine::SqlType::kInt}})
          .status());
  for (const std::string& table : unique) {
    TALLY_RETURN_IF_ERROR(engine.Discard(table));
  }
  return absl::OkStatus();
}

// The same of two sides, `rows` the more that one of them has. Any row may be a
// combination of its own, of more columns than people are counted by.
absl::Status FindJoinedInSlices(const std::vector<ReleaseColumn>& columns,
                                const Side& ours, const Side& theirs,
                                int64_t rows, const std::string& name,
                                const LinkedExtracts& linked,
                                ReleaseEngine& engine) {
  const size_t slices = linked.SlicesOf(2 * rows).size();
  // The person is the first column of rows, and the last of what is unique.
  engine::TableSchema schema = UniqueSchema(columns);
  std::rotate(schema.begin(), schema.end() - 1, schema.end());
  const std::string own = "own_rows_of_" + name;
  const std::string other = "live_rows_of_" + name;
  const engine::TableSchema compared(schema.begin() + 1, schema.end());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<std::string> own_rows,
      engine.SliceCombinations(CommonRowsSql(columns, ours, theirs), compared,
                               slices, own, schema));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<std::string> other_rows,
      engine.SliceCombinations(CommonRowsSql(columns, theirs, ours), compared,
                               slices, other, schema));
  TALLY_RETURN_IF_ERROR(
      FindJoined(columns, own_rows, other_rows, name, engine));
  TALLY_RETURN_IF_ERROR(engine.DiscardSlices(own, slices));
  return engine.DiscardSlices(other, slices);
}

absl::Status AttackTable(const LiveRelease& live,
                         const dataset::Specification& specification,
                         const WrittenTable& table, const Side& ours,
                         const AgreementDataset& their_dataset, int number,
                         const LinkedExtracts& linked, ReleaseEngine& engine,
                         LinkageReport& report) {
  const std::vector<ReleaseColumn> columns =
      SharedColumns(specification, *ours.agreed, their_dataset);
  if (columns.empty()) return absl::OkStatus();
  Side theirs{&live.agreement, &their_dataset,
              absl::StrFormat("live_%d_%s", number, table.name)};
  TALLY_ASSIGN_OR_RETURN(const engine::TableSchema schema,
                         ReleasedSchema(specification, their_dataset));
  TALLY_RETURN_IF_ERROR(engine.Register(
      theirs.table, FilesOf(live.directory + "/tables/" + table.name), schema));
  TALLY_ASSIGN_OR_RETURN(
      const int64_t their_rows,
      engine.Count({"SELECT count(*) FROM " + theirs.table, {}}));
  const std::string name = absl::StrFormat("joined_%d_%s", number, table.name);
  TALLY_RETURN_IF_ERROR(FindJoinedInSlices(columns, ours, theirs,
                                           std::max(table.rows, their_rows),
                                           name, linked, engine));
  JoinAttackLine line;
  for (const ReleaseColumn& column : columns) {
    line.columns.push_back(column.name);
  }
  TALLY_ASSIGN_OR_RETURN(
      line.relinked,
      engine.Count({"SELECT count(DISTINCT person) FROM " + name, {}}));
  TALLY_ASSIGN_OR_RETURN(
      line.persons,
      engine.Count(
          {absl::StrCat("SELECT count(DISTINCT person) FROM ", ours.table),
           {}}));
  line.project = live.project;
  line.release = live.release;
  line.table = table.name;
  report.join_attack.push_back(std::move(line));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunJoinAttack(const BuildInputs& inputs,
                           const LinkedExtracts& linked,
                           const std::vector<WrittenTable>& tables,
                           ReleaseEngine& engine, LinkageReport& report) {
  const Agreement& agreement = *inputs.link.agreement;
  for (size_t i = 0; i < inputs.live_releases.size(); ++i) {
    const LiveRelease& live = inputs.live_releases[i];
    TALLY_RETURN_IF_ERROR(EnterStage(
        inputs.link, "join attack", static_cast<int64_t>(i),
        static_cast<int64_t>(inputs.live_releases.size()), "releases"));
    for (const WrittenTable& table : tables) {
      const AgreementDataset* ours = FindDataset(agreement, table.name);
      const AgreementDataset* theirs = FindDataset(live.agreement, table.name);
      if (ours == nullptr || theirs == nullptr) continue;
      const std::vector<RowsTable> parts =
          linked.PartsOf(*inputs.link.plan, ours->id, true);
      TALLY_RETURN_IF_ERROR(
          AttackTable(live, NewestOf(parts), table,
                      {&agreement, ours, "written_" + table.name}, *theirs,
                      static_cast<int>(i), linked, engine, report));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckJoinAttack(const LinkageReport& report, double max_share) {
  for (const JoinAttackLine& line : report.join_attack) {
    if (line.persons == 0) continue;
    const double share =
        static_cast<double>(line.relinked) / static_cast<double>(line.persons);
    if (share <= max_share) continue;
    ErrorDetail detail;
    detail.resource = line.release;
    detail.field = "disclosure.max_relinked_share";
    detail.count = line.relinked;
    detail.limit = static_cast<int64_t>(
        std::floor(max_share * static_cast<double>(line.persons)));
    return Error(Reason::kDisclosureRefused,
                 absl::StrFormat("table %s: content alone would join %d people "
                                 "to another live project, more than the %d "
                                 "that the agreement allows",
                                 line.table, detail.count, detail.limit),
                 detail);
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
