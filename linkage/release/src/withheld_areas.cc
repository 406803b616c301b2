#include "withheld_areas.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "withheld_sql.h"

namespace tally::linkage {
namespace {

using engine::TableSchema;

constexpr std::string_view kArea = "lsoa21";
constexpr std::string_view kOrganisations[] = {"practice_code",
                                               "prescriber_org"};

std::vector<std::string> NamesOf(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const engine::TableColumn& column : schema) names.push_back(column.name);
  return names;
}

// `keys` of `schema`, and the rows of each group.
TableSchema GroupsSchema(const TableSchema& schema,
                         const std::vector<std::string>& keys) {
  TableSchema groups;
  for (const std::string& name : keys) {
    groups.push_back(*std::find_if(
        schema.begin(), schema.end(),
        [&](const engine::TableColumn& c) { return c.name == name; }));
  }
  groups.push_back({"group_rows", engine::SqlType::kBigint});
  return groups;
}

TableSchema KeysSchema(const OutgoingTable& table) {
  TableSchema keys = GroupsSchema(table.schema, table.quasi_identifiers);
  keys.back().name = "key_rows";
  keys.insert(keys.begin(), {"person", engine::SqlType::kInt});
  return keys;
}

// `column` becomes NULL where `keys` are in the table `small`.
struct Withholding {
  std::string small;
  std::vector<std::string> keys;
  std::string column;
};

// A table of which something may be withheld, and how far it has come. All is
// decided on the combinations of its rows (KeysSql), and read from the rows
// when they are written.
struct Guarded {
  OutgoingTable* table = nullptr;
  TableSchema schema;        // of its keys
  std::string current;       // the table of the engine that holds them
  int64_t combinations = 0;  // its rows
  // Once asked for: SELECTs of its rows in slices of their combinations, and
  // the tables in which several are kept.
  std::vector<std::string> slices;
  std::string slices_name;
  std::vector<Withholding> withheld;

  bool Has(std::string_view column) const {
    const std::vector<std::string>& names = table->quasi_identifiers;
    return std::find(names.begin(), names.end(), column) != names.end();
  }
};

class Withholder {
 public:
  Withholder(int min_k, const LinkedExtracts& linked, ReleaseEngine& engine)
      : min_k_(min_k), linked_(linked), engine_(engine) {}

  absl::Status Guard(OutgoingTable& table) {
    Guarded guarded;
    guarded.table = &table;
    guarded.schema = KeysSchema(table);
    guarded.current = OriginalOf(guarded);
    TALLY_ASSIGN_OR_RETURN(
        guarded.combinations,
        engine_.Materialise(guarded.current, table.keys, guarded.schema));
    TALLY_ASSIGN_OR_RETURN(table.counts, Count(guarded));
    table.line.rows = table.counts->rows;
    TALLY_ASSIGN_OR_RETURN(table.line.rows_below_before, RowsBelow(guarded));
    guarded_.push_back(std::move(guarded));
    return absl::OkStatus();
  }

  // Whoever is rare by the combination in one table loses the area in all of
  // them: the tables join by person. That can make others rare, so it goes on
  // until nobody is.
  absl::Status WithholdArea() {
    const std::vector<Guarded*> with_area = Having(kArea);
    for (;;) {
      std::vector<std::pair<Guarded*, std::string>> found;
      std::vector<std::string> people;
      for (Guarded* guarded : with_area) {
        const std::vector<std::string>& keys =
            guarded->table->quasi_identifiers;
        const std::string small = NewName("small");
        TALLY_ASSIGN_OR_RETURN(const std::vector<SqlStatement> statements,
                               SmallGroups(*guarded, kArea));
        TALLY_ASSIGN_OR_RETURN(
            const int64_t groups,
            engine_.Materialise(small, statements,
                                GroupsSchema(guarded->schema, keys)));
        if (groups == 0) continue;
        people.push_back(PeopleInSql(guarded->current, small, keys).sql);
        found.emplace_back(guarded, small);
      }
      if (found.empty()) return absl::OkStatus();
      const std::string hidden = NewName("hidden");
      TALLY_RETURN_IF_ERROR(
          engine_
              .Materialise(hidden, {absl::StrJoin(people, " UNION "), {}},
                           {{"person", engine::SqlType::kInt},
                            {"group_rows", engine::SqlType::kBigint}})
              .status());
      // By combination first: rows without a person are in no list of people.
      for (auto& [guarded, small] : found) {
        TALLY_RETURN_IF_ERROR(Withhold(
            *guarded, small, guarded->table->quasi_identifiers, kArea));
      }
      for (Guarded* guarded : with_area) {
        TALLY_RETURN_IF_ERROR(Withhold(*guarded, hidden, {"person"}, kArea));
      }
    }
  }

  // An organisation with hardly anybody in the whole release names its people
  // by itself.
  absl::Status WithholdOrganisation(std::string_view column) {
    const std::vector<Guarded*> with_column = Having(column);
    if (with_column.empty()) return absl::OkStatus();
    std::vector<std::string> tables;
    int64_t combinations = 0;
    for (const Guarded* guarded : with_column) {
      tables.push_back(guarded->current);
      combinations += guarded->combinations;
    }
    std::vector<SqlStatement> statements;
    for (const Slice slice : linked_.SlicesOf(combinations)) {
      statements.push_back(OrganisationsSql(tables, column, slice));
    }
    const std::vector<std::string> keys = {std::string(column)};
    const TableSchema groups = GroupsSchema(with_column.front()->schema, keys);
    const std::string counts = NewName("organisations");
    TALLY_RETURN_IF_ERROR(
        engine_
            .Materialise(counts, statements,
                         {groups.front(),
                          {"n_persons", engine::SqlType::kBigint},
                          {"key_rows", engine::SqlType::kBigint}})
            .status());
    const std::string small = NewName("small");
    TALLY_ASSIGN_OR_RETURN(
        const int64_t few,
        engine_.Materialise(
            small, SmallOrganisationsSql(counts, column, min_k_), groups));
    if (few == 0) return absl::OkStatus();
    for (Guarded* guarded : with_column) {
      TALLY_RETURN_IF_ERROR(Withhold(*guarded, small, keys, column));
    }
    return absl::OkStatus();
  }

  // Says what became of every table.
  absl::Status Finish() {
    for (Guarded& guarded : guarded_) {
      OutgoingTable& table = *guarded.table;
      TALLY_ASSIGN_OR_RETURN(table.line.rows_area_withheld,
                             Lost(guarded, kArea));
      for (const std::string_view column : kOrganisations) {
        TALLY_ASSIGN_OR_RETURN(const int64_t lost, Lost(guarded, column));
        table.line.rows_practice_withheld += lost;
      }
      table.line.rows_below_after = table.line.rows_below_before;
      if (!guarded.withheld.empty()) {
        TALLY_ASSIGN_OR_RETURN(table.line.rows_below_after, RowsBelow(guarded));
      }
      TALLY_RETURN_IF_ERROR(DiscardSlices(guarded));
      WithholdFromRows(guarded);
    }
    return absl::OkStatus();
  }

 private:
  static std::string OriginalOf(const Guarded& guarded) {
    return absl::StrCat("keys_", guarded.table->name);
  }

  std::string NewName(std::string_view what) {
    return absl::StrFormat("%s_%d", what, number_++);
  }

  std::vector<Guarded*> Having(std::string_view column) {
    std::vector<Guarded*> having;
    for (Guarded& guarded : guarded_) {
      if (guarded.Has(column)) having.push_back(&guarded);
    }
    return having;
  }

  absl::StatusOr<std::vector<SqlStatement>> SmallGroups(
      Guarded& guarded, std::string_view present) {
    const std::vector<std::string>& names = guarded.table->quasi_identifiers;
    if (guarded.slices.empty()) {
      TableSchema columns = GroupsSchema(guarded.schema, names);
      columns.pop_back();
      guarded.slices_name = NewName("slices");
      TALLY_ASSIGN_OR_RETURN(
          guarded.slices,
          engine_.SliceCombinations(
              absl::StrCat("SELECT * FROM ", guarded.current), columns,
              linked_.SlicesOf(guarded.combinations).size(),
              guarded.slices_name, guarded.schema));
    }
    std::vector<SqlStatement> statements;
    for (const std::string& slice : guarded.slices) {
      statements.push_back(SmallGroupsSql(slice, names, min_k_, present));
    }
    return statements;
  }

  absl::Status DiscardSlices(Guarded& guarded) {
    const size_t slices = std::exchange(guarded.slices, {}).size();
    return engine_.DiscardSlices(guarded.slices_name, slices);
  }

  // Rows whose whole combination fewer than min_k people share.
  absl::StatusOr<int64_t> RowsBelow(Guarded& guarded) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<SqlStatement> statements,
                           SmallGroups(guarded, ""));
    int64_t rows = 0;
    for (const SqlStatement& small : statements) {
      TALLY_ASSIGN_OR_RETURN(
          const int64_t of_slice,
          engine_.Count({absl::StrFormat("SELECT CAST(sum(g.group_rows) AS "
                                         "BIGINT) FROM (%s) AS g",
                                         small.sql),
                         {}}));
      rows += of_slice;
    }
    return rows;
  }

  absl::StatusOr<OutgoingTable::Counts> Count(const Guarded& guarded) {
    const std::string& keys = guarded.current;
    OutgoingTable::Counts counts;
    TALLY_ASSIGN_OR_RETURN(counts.rows, RowsWith("true", keys));
    TALLY_ASSIGN_OR_RETURN(counts.with_person,
                           RowsWith("person IS NOT NULL", keys));
    return counts;
  }

  absl::StatusOr<int64_t> RowsWith(std::string_view condition,
                                   std::string_view keys) {
    return engine_.Count(
        {absl::StrFormat("SELECT CAST(sum(key_rows) AS BIGINT) FROM %s "
                         "WHERE %s",
                         keys, condition),
         {}});
  }

  // Replaces the keys by the same keys with `column` NULL where `keys` are in
  // `small`, and remembers to do so with the rows.
  absl::Status Withhold(Guarded& guarded, const std::string& small,
                        const std::vector<std::string>& keys,
                        std::string_view column) {
    const std::string next = NewName("keys");
    TALLY_RETURN_IF_ERROR(
        engine_
            .Materialise(next,
                         WithheldSql(guarded.current, small, keys,
                                     NamesOf(guarded.schema), column),
                         guarded.schema)
            .status());
    TALLY_RETURN_IF_ERROR(DiscardSlices(guarded));
    guarded.withheld.push_back({small, keys, std::string(column)});
    // The keys as they came are counted again at the end.
    const std::string last = std::exchange(guarded.current, next);
    if (last == OriginalOf(guarded)) return absl::OkStatus();
    return engine_.Discard(last);
  }

  // Leaves of the rows what is not withheld, in the order in which it was
  // decided: each decision looks at what those before it left.
  static void WithholdFromRows(const Guarded& guarded) {
    OutgoingTable& table = *guarded.table;
    for (const Withholding& one : guarded.withheld) {
      table.rows.sql =
          WithheldSql(absl::StrCat("(", table.rows.sql, ")"), one.small,
                      one.keys, NamesOf(table.schema), one.column)
              .sql;
      table.withheld = true;
    }
  }

  // Rows in which `column` had a value and has none now.
  absl::StatusOr<int64_t> Lost(const Guarded& guarded,
                               std::string_view column) {
    if (!guarded.Has(column)) return 0;
    TALLY_ASSIGN_OR_RETURN(const int64_t before,
                           Filled(OriginalOf(guarded), column));
    TALLY_ASSIGN_OR_RETURN(const int64_t after,
                           Filled(guarded.current, column));
    return before - after;
  }

  absl::StatusOr<int64_t> Filled(std::string_view keys,
                                 std::string_view column) {
    return RowsWith(absl::StrCat(ToAbsl(column), " IS NOT NULL"), keys);
  }

  const int min_k_;
  const LinkedExtracts& linked_;
  ReleaseEngine& engine_;
  std::vector<Guarded> guarded_;
  int number_ = 0;
};

}  // namespace

absl::Status WithholdAreas(int min_k, const LinkedExtracts& linked,
                           ReleaseEngine& engine,
                           std::vector<OutgoingTable>& tables) {
  Withholder withholder(min_k, linked, engine);
  for (OutgoingTable& table : tables) {
    table.line.table = table.name;
    table.line.min_k = min_k;
    table.line.quasi_identifiers = table.quasi_identifiers;
    if (table.quasi_identifiers.empty() || min_k <= 1) continue;
    TALLY_RETURN_IF_ERROR(withholder.Guard(table));
  }
  TALLY_RETURN_IF_ERROR(withholder.WithholdArea());
  for (const std::string_view column : kOrganisations) {
    TALLY_RETURN_IF_ERROR(withholder.WithholdOrganisation(column));
  }
  return withholder.Finish();
}

}  // namespace tally::linkage
