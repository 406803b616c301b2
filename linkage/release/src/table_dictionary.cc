#include "table_dictionary.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tally::linkage {
namespace {

using dataset::ColumnType;
using dataset::DictionaryColumn;

DictionaryColumn OwnColumn(std::string name, ColumnType type,
                           std::string description) {
  DictionaryColumn column;
  column.name = std::move(name);
  column.type = type;
  column.description = std::move(description);
  column.derivation = "made by the hub";
  return column;
}

DictionaryColumn PersonColumn(bool required) {
  DictionaryColumn column = OwnColumn(
      "person", ColumnType::kInt32,
      "Person of this release: a random number, new in every release; joins "
      "the tables of this release and no others");
  column.required = required;
  return column;
}

std::vector<std::pair<std::string, std::string>> EthnicityLabels() {
  return {{"white", "White (A B C)"},
          {"mixed", "Mixed (D E F G)"},
          {"asian", "Asian or Asian British (H J K L)"},
          {"black", "Black or Black British (M N P)"},
          {"other", "Other ethnic groups (R S)"},
          {"unknown", "Not stated or not known"}};
}

DictionaryColumn DescribeColumn(const ReleaseColumn& column,
                                const TableRecipe& recipe) {
  DictionaryColumn described = DictionaryColumn::From(*column.spec);
  described.name = column.name;
  described.required = false;  // filters and withheld areas leave gaps
  if (column.is_date()) {
    described.grain = std::string(DateGrainName(recipe.agreed->date_grain));
  }
  if (column.derived == HubDerivation::kAgeFy) {
    described.description = "Age in the financial year of the delivery";
    described.derivation = "financial year - year_of_birth, 0 to 90";
    described.min_int = 0;
    described.max_int = 90;
  } else if (column.derived == HubDerivation::kAgeBand) {
    described.type = ColumnType::kCode;
    described.description = "Age band of five years";
    described.derivation = "five-year band of financial year - year_of_birth";
    described.min_int.reset();
    described.max_int.reset();
    for (int low = 0; low <= 90; low += 5) {
      described.codes.emplace_back(AgeBandOf(low), AgeBandOf(low));
    }
  } else if (column.is_record_key()) {
    described.type = ColumnType::kInt64;
    described.derivation = "random number, new in every release";
    described.min_int.reset();
    described.max_int.reset();
  } else if (column.is_ethnicity() && recipe.ethnicity_groups == 5) {
    described.codes = EthnicityLabels();
    described.pattern.clear();
    described.derivation = "5+1 groups of the ethnic category";
  }
  return described;
}

}  // namespace

dataset::DictionaryTable DescribeTable(const TableRecipe& recipe) {
  const dataset::Specification& newest = NewestOf(recipe.parts);
  dataset::DictionaryTable table;
  table.name = newest.sql_name();
  table.title = newest.title();
  std::set<std::string> seen;
  for (const RowsTable& part : recipe.parts) {
    const dataset::Specification& specification = *part.specification;
    if (!seen.insert(specification.digest_hex()).second) continue;
    table.sources.push_back({specification.id(), specification.version(),
                             specification.digest_hex()});
  }
  table.columns.push_back(PersonColumn(false));
  table.columns.push_back(
      OwnColumn("unlinked_reason", ColumnType::kCode,
                "Why the row has no person; NULL where it has one"));
  table.columns.push_back(
      OwnColumn("source", ColumnType::kCode, "Source that sent the row"));
  for (const ReleaseColumn& column : recipe.columns) {
    table.columns.push_back(DescribeColumn(column, recipe));
  }
  return table;
}

dataset::DictionaryTable DescribePersons() {
  dataset::DictionaryTable table;
  table.name = "persons";
  table.title = "People of this release";
  table.description =
      "One row a person of the agreement's population. The pseudonym is the "
      "same in every release of this project and in no other project.";
  table.primary_key = {"person"};
  DictionaryColumn pseudonym = OwnColumn("pseudonym", ColumnType::kText,
                                         "Pseudonym of the person in this "
                                         "project");
  pseudonym.pattern = "[0-9a-f]{32}";
  pseudonym.max_length = 32;
  pseudonym.required = true;
  DictionaryColumn status =
      OwnColumn("link_status", ColumnType::kCode, "How the person was linked");
  status.codes = {{"nhs_number", "found in two or more sources"},
                  {"none", "found in one source only"}};
  status.required = true;
  DictionaryColumn population = OwnColumn("in_population", ColumnType::kBool,
                                          "Belongs to the population");
  population.required = true;
  table.columns = {PersonColumn(true), pseudonym, status, population};
  return table;
}

dataset::DictionaryTable DescribeCoverage() {
  dataset::DictionaryTable table;
  table.name = "coverage";
  table.title = "When a source could have seen whom";
  table.description =
      "Spans of registration, cut to the periods used. Absence of an event "
      "outside a span is not a zero. A source without rows here covers "
      "everyone in its periods.";
  DictionaryColumn ended =
      OwnColumn("ended_by", ColumnType::kCode, "Why the span ends");
  ended.codes = {{"moved", "the registration ended"},
                 {"died", "the person died"},
                 {"no extract", "the periods used end here"}};
  table.columns = {
      PersonColumn(true),
      OwnColumn("source", ColumnType::kCode, "Source with registrations"),
      OwnColumn("dataset", ColumnType::kCode, "Dataset that it covers"),
      OwnColumn("from_month", ColumnType::kDate, "First month of the span"),
      OwnColumn("to_month", ColumnType::kDate, "Last month of the span"),
      ended};
  table.columns[3].grain = "month";
  table.columns[4].grain = "month";
  return table;
}

}  // namespace tally::linkage
