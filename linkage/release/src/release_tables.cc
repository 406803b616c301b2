#include "release_tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "record_keys.h"
#include "table_dictionary.h"
#include "withheld_areas.h"

namespace tally::linkage {
namespace {

using dataset::DictionaryColumn;
using dataset::DictionaryTable;
using engine::SqlType;
using engine::TableSchema;

SqlType SqlTypeOfRelease(const ReleaseColumn& column) {
  const std::string_view type = ReleaseTypeOf(column);
  if (type == "BOOLEAN") return SqlType::kBoolean;
  if (type == "INT") return SqlType::kInt;
  if (type == "BIGINT") return SqlType::kBigint;
  if (type == "DOUBLE") return SqlType::kDouble;
  if (type == "DATE") return SqlType::kDate;
  return SqlType::kString;
}

TableSchema SchemaOf(const TableRecipe& recipe) {
  TableSchema schema = {{"person", SqlType::kInt},
                        {"unlinked_reason", SqlType::kString},
                        {"source", SqlType::kString}};
  for (const ReleaseColumn& column : recipe.columns) {
    schema.push_back({column.name, SqlTypeOfRelease(column)});
  }
  return schema;
}

engine::ParquetOptions MetadataOf(const BuildInputs& inputs,
                                  const DictionaryTable& table) {
  engine::ParquetOptions options;
  options.metadata["tally.release"] = inputs.name.ToText();
  options.metadata["tally.table"] = table.name;
  for (const DictionaryColumn& column : table.columns) {
    options.metadata["tally.description." + column.name] = column.description;
    if (!column.unit.empty()) {
      options.metadata["tally.unit." + column.name] = column.unit;
    }
  }
  return options;
}

// How a table is cut into files. Nothing is counted for a table that fits into
// one whatever its filters do.
absl::StatusOr<std::vector<PartRange>> RangesOf(const OutgoingTable& table,
                                                int64_t most_rows,
                                                int64_t persons,
                                                int64_t max_rows_per_part,
                                                ReleaseEngine& engine) {
  if (most_rows <= max_rows_per_part) return std::vector<PartRange>(1);
  if (table.counts.has_value()) {
    return SplitIntoParts(table.counts->with_person,
                          table.counts->rows - table.counts->with_person,
                          persons, max_rows_per_part);
  }
  SqlStatement counting = table.rows;
  counting.sql = absl::StrCat(
      "SELECT count(*) AS n_rows, count(t.person) AS n_with FROM (",
      table.rows.sql, ") AS t");
  TALLY_ASSIGN_OR_RETURN(const auto counts, engine.Rows(counting));
  if (counts.size() != 1) return absl::InternalError("a count has no row");
  const int64_t all = IntOf(counts[0][0]);
  const int64_t with = IntOf(counts[0][1]);
  return SplitIntoParts(with, all - with, persons, max_rows_per_part);
}

// Writes the rows in order, part by part. Rows of many parts are first put
// apart, so that however many there are, all is read and joined once.
absl::Status WriteParts(const BuildInputs& inputs,
                        const OutgoingTable& outgoing,
                        const std::vector<PartRange>& ranges,
                        const std::string& folder, ReleaseEngine& engine,
                        WrittenTable& table) {
  const std::string relative = "tables/" + table.name;
  TALLY_RETURN_IF_ERROR(MakeDirectories(folder + "/" + relative, 0700));
  const engine::ParquetOptions metadata = MetadataOf(inputs, table.dictionary);
  // Which of several ranges has a row of nobody can be drawn only once.
  const auto nobody = std::count_if(
      ranges.begin(), ranges.end(),
      [](const PartRange& r) { return r.which == PartRange::kNobody; });
  const bool apart = ranges.size() > inputs.max_readings || nobody > 1 ||
                     (outgoing.withheld && ranges.size() > 1);
  const std::string parts = "parts_" + table.name;
  if (apart) {
    TALLY_RETURN_IF_ERROR(
        engine.MaterialiseParts(parts, NumberedRowsSql(outgoing.rows, ranges),
                                ranges.size(), outgoing.schema));
  }
  for (size_t i = 0; i < ranges.size(); ++i) {
    const std::string path =
        absl::StrFormat("%s/part-%05d.parquet", relative, i);
    const SqlStatement rows =
        apart
            ? SqlStatement{absl::StrFormat("SELECT * FROM %s_%d", parts, i), {}}
            : RangeRowsSql(outgoing.rows, ranges[i]);
    TALLY_ASSIGN_OR_RETURN(
        const engine::ParquetFile file,
        engine.Write(OrderedRowsSql(rows), JoinPath(folder, path), metadata));
    if (apart) TALLY_RETURN_IF_ERROR(engine.DiscardPart(parts, i));
    table.paths.push_back(path);
    table.rows_of_path[path] = file.rows;
    table.rows += file.rows;
  }
  return absl::OkStatus();
}

// Rows of a dataset over the parts that are released, before any filter.
int64_t RowsPublished(const ReleasePlan& plan, std::string_view dataset) {
  int64_t rows = 0;
  for (const PinnedPart* part : plan.PartsOf(dataset, true)) {
    for (const ExtractDatasetRecord& record : plan.ExtractOf(*part).datasets) {
      if (record.dataset == dataset) rows += record.rows;
    }
  }
  return rows;
}

// Shares of rows with a value, for the dictionary.
absl::Status FillShares(const std::string& folder, const TableSchema& schema,
                        ReleaseEngine& engine, WrittenTable& table) {
  const std::string name = "written_" + table.name;
  std::vector<std::string> files;
  for (const std::string& path : table.paths) {
    files.push_back(JoinPath(folder, path));
  }
  TALLY_RETURN_IF_ERROR(engine.Register(name, files, schema));
  std::string sql = "SELECT count(*) AS n_rows";
  for (size_t i = 0; i < schema.size(); ++i) {
    absl::StrAppendFormat(&sql, ", count(%s) AS filled_%d", schema[i].name, i);
  }
  absl::StrAppend(&sql, " FROM ", name);
  TALLY_ASSIGN_OR_RETURN(auto rows, engine.Rows({sql, {}}));
  if (rows.size() != 1) return absl::InternalError("a count has no row");
  const double total = static_cast<double>(std::max<int64_t>(1, table.rows));
  for (size_t i = 0; i < schema.size(); ++i) {
    table.dictionary.columns[i].filled =
        static_cast<double>(IntOf(rows[0][i + 1])) / total;
  }
  table.dictionary.paths = table.paths;
  table.dictionary.rows = static_cast<uint64_t>(table.rows);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TableRecipe>> RecipesOf(
    const BuildInputs& inputs, const LinkedExtracts& linked) {
  std::vector<TableRecipe> recipes;
  for (const AgreementDataset& agreed : inputs.link.agreement->datasets) {
    std::vector<RowsTable> parts =
        linked.PartsOf(*inputs.link.plan, agreed.id, true);
    if (parts.empty()) {
      return Error(Reason::kReleaseState,
                   absl::StrFormat("no source has published %s", agreed.id));
    }
    TALLY_ASSIGN_OR_RETURN(
        TableRecipe recipe,
        RecipeOf(*inputs.link.agreement, agreed, std::move(parts)));
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

std::vector<SqlStatement> KeysOf(const LinkInputs& inputs,
                                 const LinkedExtracts& linked,
                                 const TableRecipe& recipe) {
  std::vector<SqlStatement> keys;
  for (const RowsTable& part : recipe.parts) {
    for (const Slice slice : linked.SlicesOf(PeopleOf(inputs, part))) {
      keys.push_back(KeysSql(recipe, part, slice));
    }
  }
  return keys;
}

absl::StatusOr<WrittenTable> WriteDataset(
    const BuildInputs& inputs, const LinkedExtracts& linked,
    const TableRecipe& recipe, OutgoingTable outgoing,
    const std::string& folder, ReleaseEngine& engine, LinkageReport& report) {
  WrittenTable table;
  table.dictionary = DescribeTable(recipe);
  table.name = outgoing.name;
  const int64_t most = inputs.max_rows_per_part > 0
                           ? inputs.max_rows_per_part
                           : RowsThatSort(engine.database().memory_bytes(),
                                          outgoing.schema.size());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<PartRange> ranges,
      RangesOf(outgoing, RowsPublished(*inputs.link.plan, recipe.agreed->id),
               linked.persons, most, engine));
  TALLY_RETURN_IF_ERROR(
      WriteParts(inputs, outgoing, ranges, folder, engine, table));
  outgoing.line.rows = table.rows;
  report.uniqueness.push_back(std::move(outgoing.line));
  TALLY_RETURN_IF_ERROR(FillShares(folder, outgoing.schema, engine, table));
  return table;
}

// persons and coverage: whole tables of their own order.
absl::StatusOr<WrittenTable> WriteWhole(const BuildInputs& inputs,
                                        const std::string& folder,
                                        const SqlStatement& rows,
                                        const TableSchema& schema,
                                        DictionaryTable description,
                                        ReleaseEngine& engine) {
  WrittenTable table;
  table.name = description.name;
  table.dictionary = std::move(description);
  const std::string relative = "tables/" + table.name;
  TALLY_RETURN_IF_ERROR(MakeDirectories(folder + "/" + relative, 0700));
  const std::string path = relative + "/part-00000.parquet";
  TALLY_ASSIGN_OR_RETURN(const engine::ParquetFile file,
                         engine.Write(rows, folder + "/" + path,
                                      MetadataOf(inputs, table.dictionary)));
  table.paths = {path};
  table.rows = file.rows;
  table.rows_of_path[path] = file.rows;
  TALLY_RETURN_IF_ERROR(FillShares(folder, schema, engine, table));
  return table;
}

}  // namespace

int ThreadsThatFit(int64_t memory_bytes, int allowed) {
  constexpr int64_t kThreadBytes = int64_t{125} << 20;
  return static_cast<int>(
      std::clamp<int64_t>(memory_bytes / kThreadBytes, 1, allowed));
}

int64_t RowsThatSort(int64_t memory_bytes, size_t columns) {
  constexpr int64_t kMemories = 2;
  constexpr int64_t kHeldBesides = int64_t{100} << 20;
  constexpr int64_t kValueBytes = 16;  // of the engine's rows
  constexpr int64_t kFewest = 250'000;
  // The random number that orders the rows of a person is a column as well.
  const auto row_bytes = kValueBytes * static_cast<int64_t>(columns + 1);
  return std::max(kFewest,
                  kMemories * (memory_bytes - kHeldBesides) / row_bytes);
}

std::vector<PartRange> SplitIntoParts(int64_t rows_with_person,
                                      int64_t rows_without_person,
                                      int64_t persons, int64_t max_rows) {
  std::vector<PartRange> ranges;
  // A fifth of slack, since ranges of people differ a little in rows.
  const int64_t aim = std::max<int64_t>(1, max_rows - max_rows / 5);
  const int64_t parts = std::min(persons, (rows_with_person + aim - 1) / aim);
  for (int64_t i = 0; i < parts; ++i) {
    ranges.push_back(
        {PartRange::kPersons, persons * i / parts, persons * (i + 1) / parts});
  }
  for (int64_t rows = 0; rows < rows_without_person; rows += aim) {
    ranges.push_back({PartRange::kNobody, 0, 0});
  }
  if (ranges.empty()) ranges.emplace_back();  // a table without rows is a file
  return ranges;
}

absl::StatusOr<TableRecipe> RecipeOf(const Agreement& agreement,
                                     const AgreementDataset& agreed,
                                     std::vector<RowsTable> parts) {
  TableRecipe recipe;
  recipe.agreed = &agreed;
  recipe.keep_rows_without_person = agreement.keep_rows_without_person;
  recipe.ethnicity_groups = agreement.ethnicity_groups;
  recipe.parts = std::move(parts);
  const dataset::Specification& newest = NewestOf(recipe.parts);
  for (const std::string& name : agreed.columns) {
    std::optional<ReleaseColumn> column = ResolveColumn(newest, name);
    if (!column.has_value()) {
      ErrorDetail detail;
      detail.column = name;
      return Error(Reason::kSpecMismatch,
                   absl::StrFormat("no extract used has the column %s of %s",
                                   name, agreed.id),
                   std::move(detail));
    }
    recipe.columns.push_back(*std::move(column));
  }
  // Versions may add columns; a column that changes its type cannot be one
  // column of a table.
  for (const RowsTable& part : recipe.parts) {
    for (const dataset::ColumnSpec& column : newest.columns()) {
      const dataset::ColumnSpec* other =
          part.specification->Column(column.name);
      if (other == nullptr || other->type == column.type) continue;
      ErrorDetail detail;
      detail.column = column.name;
      return Error(Reason::kSpecMismatch,
                   absl::StrFormat("column %s of %s has two types in the "
                                   "extracts used",
                                   column.name, agreed.id),
                   std::move(detail));
    }
  }
  return recipe;
}

absl::StatusOr<std::vector<WrittenTable>> WriteTables(
    const BuildInputs& inputs, const LinkedExtracts& linked,
    const std::string& folder, ReleaseEngine& engine, LinkageReport& report) {
  std::vector<WrittenTable> tables;
  const int64_t total =
      static_cast<int64_t>(inputs.link.agreement->datasets.size()) + 2;
  TALLY_RETURN_IF_ERROR(RenumberRecordKeys(inputs, linked, engine));
  TALLY_RETURN_IF_ERROR(EnterStage(inputs.link, "tables", 0, total, "tables"));
  TALLY_ASSIGN_OR_RETURN(WrittenTable persons,
                         WriteWhole(inputs, folder, PersonsSql(),
                                    {{"person", SqlType::kInt},
                                     {"pseudonym", SqlType::kString},
                                     {"link_status", SqlType::kString},
                                     {"in_population", SqlType::kBoolean}},
                                    DescribePersons(), engine));
  tables.push_back(std::move(persons));
  const SqlStatement coverage = {
      "SELECT person, source, dataset, from_month, to_month, ended_by "
      "FROM coverage ORDER BY person NULLS LAST, source NULLS LAST, "
      "dataset NULLS LAST, from_month NULLS LAST",
      {}};
  TALLY_ASSIGN_OR_RETURN(WrittenTable spans,
                         WriteWhole(inputs, folder, coverage, CoverageSchema(),
                                    DescribeCoverage(), engine));
  tables.push_back(std::move(spans));
  TALLY_ASSIGN_OR_RETURN(const std::vector<TableRecipe> recipes,
                         RecipesOf(inputs, linked));
  std::vector<OutgoingTable> outgoing;
  for (const TableRecipe& recipe : recipes) {
    outgoing.push_back({NewestOf(recipe.parts).sql_name(),
                        SchemaOf(recipe),
                        QuasiIdentifiersOf(recipe),
                        KeysOf(inputs.link, linked, recipe),
                        TableRowsSql(recipe),
                        {},
                        std::nullopt});
  }
  TALLY_RETURN_IF_ERROR(
      WithholdAreas(inputs.link.agreement->min_k, linked, engine, outgoing));
  for (size_t i = 0; i < recipes.size(); ++i) {
    TALLY_RETURN_IF_ERROR(EnterStage(inputs.link, "tables",
                                     static_cast<int64_t>(tables.size()), total,
                                     "tables"));
    TALLY_ASSIGN_OR_RETURN(
        WrittenTable table,
        WriteDataset(inputs, linked, recipes[i], std::move(outgoing[i]), folder,
                     engine, report));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace tally::linkage
