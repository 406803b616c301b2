#ifndef TALLY_DATASET_SRC_SPECIFICATION_PARSER_H_
#define TALLY_DATASET_SRC_SPECIFICATION_PARSER_H_

// From the text of a specification file to a Specification. Private to
// lib/dataset. Every function reports what it refuses with file and line.
//
// Threading: one thread per object.
// Secrets: none.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/toml.h"
#include "dataset/specification.h"

namespace tally::dataset {

class SpecificationParser {
 public:
  static absl::StatusOr<Specification> Parse(std::string_view text,
                                             std::string_view file_name);

 private:
  explicit SpecificationParser(const TomlTable& root) : root_(root) {}

  // specification_parser.cc
  absl::Status ReadAll();
  absl::Status ReadIdentity();
  absl::Status ReadShares();
  absl::Status ReadPeriodColumn();
  absl::Status ReadRowKey();
  void CollectLists();

  // specification_columns.cc
  absl::Status ReadColumns();
  absl::Status ReadColumn(const TomlTable& table);
  absl::Status ReadColumnValues(const TomlTable& table, ColumnSpec& column);
  absl::Status AddColumn(const TomlTable& table, ColumnSpec column);
  absl::Status AddColumnInput(const TomlTable& table, const ColumnSpec& column,
                              const std::vector<std::string>& aliases);

  // specification_derivations.cc
  absl::Status ReadDerivation(const TomlTable& table, ColumnSpec& column);

  // specification_rules.cc
  absl::Status ReadPerson();
  absl::Status ReadNationalOptOut();
  absl::Status ReadRules();
  absl::Status ReadRule(const TomlTable& table);
  absl::Status ReadDrops();
  absl::Status ReadDrop(const TomlTable& table);
  absl::StatusOr<std::vector<std::string>> RuleInputs(const TomlTable& table,
                                                      std::string_view key);

  // specification_inputs.cc
  InputSpec& Input(std::string_view name);
  absl::Status AddAliases(const TomlTable& table, InputSpec& input,
                          const std::vector<std::string>& aliases,
                          uint32_t repeat_index);
  absl::Status FinishInputs();

  const TomlTable& root_;
  Specification out_;
};

// Helpers of the parts above.

// The tables of an array of tables; an empty list when the key is missing.
absl::StatusOr<std::vector<TomlTable>> TomlTables(const TomlTable& table,
                                                  std::string_view key);
// Optional values with their defaults; an error when of another type.
absl::StatusOr<std::string> OptionalText(const TomlTable& table,
                                         std::string_view key,
                                         std::string_view otherwise = "");
absl::StatusOr<bool> OptionalBool(const TomlTable& table, std::string_view key,
                                  bool otherwise);
absl::StatusOr<std::vector<std::string>> OptionalTexts(const TomlTable& table,
                                                       std::string_view key);
// A text that is not empty.
absl::StatusOr<std::string> NeededText(const TomlTable& table,
                                       std::string_view key);
// Line of a key; of the table when the key is missing.
int LineOf(const TomlTable& table, std::string_view key);

// Error for a word outside a closed list, naming the nearest.
absl::Status UnknownWord(const TomlTable& table, std::string_view key,
                         const std::vector<std::string>& known);

// How often a column stands in the input, 2 to 99; 0 without the key `repeat`.
absl::StatusOr<int64_t> RepeatOf(const TomlTable& table);

// "diag" + 1 -> "diag_01". In an alias "##" and "#" stand for the number.
std::string RepeatName(std::string_view base, uint32_t index);
std::string RepeatAlias(std::string_view alias, uint32_t index);

// 1 to 64 printable ASCII characters.
bool IsCodeValue(std::string_view text);

// [a-z][a-z0-9_]{0,62}
bool IsColumnName(std::string_view name);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_SRC_SPECIFICATION_PARSER_H_
