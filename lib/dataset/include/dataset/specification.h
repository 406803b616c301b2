#ifndef TALLY_DATASET_SPECIFICATION_H_
#define TALLY_DATASET_SPECIFICATION_H_

// One version of one dataset: what a source reads, what it checks, what it
// derives, what it drops and, above all, what leaves. What is not named here
// does not leave. Source and hub hold the same bytes and compare their
// SHA-256; the hub checks every batch against its copy.
//
// Role: shared by source, hub and analyst (data dictionary). Holds names and
// rules, never a record.
//
// Spec: docs/spec/dataset-v1.md.
// Threading: immutable after Parse; share freely.
// Secrets: none.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "dataset/column_type.h"
#include "dataset/pattern.h"
#include "dataset/row_reason.h"

namespace tally::dataset {

// How a value comes from one or two inputs.
struct Derivation {
  DerivationKind kind = DerivationKind::kNone;
  std::string from;  // input; empty for kNone
  // age_fy: the input with the day of the event. minutes_between: the later
  // time stamp. Otherwise empty.
  std::string other;
  DerivationInput input = DerivationInput::kDefault;
  uint32_t length = 0;                       // prefix only
  std::map<std::string, std::string> table;  // map only
  MapOther map_other = MapOther::kRefuse;    // map only

  // "age_fy of date_of_birth at admission_date": for the data dictionary.
  std::string Describe() const;
};

// A column that leaves the source, repeats already expanded. Its place in
// Specification::columns() is its number on the wire.
struct ColumnSpec {
  std::string name;  // a SQL name: [a-z][a-z0-9_]{0,62}
  ColumnType type = ColumnType::kBool;
  ColumnClass column_class = ColumnClass::kAttribute;
  std::string description;
  std::string unit;
  bool required = false;  // null is VALUE_MISSING (at the hub VALUE_REFUSED)
  bool outside_null = false;  // a value outside its range becomes null
  // Range, ends included. Integers: always set. Dates: days since 1970-01-01.
  int64_t min_int = 0;
  int64_t max_int = 0;
  bool has_range = false;
  bool max_is_today = false;  // dates: max = "today"; max_int is then unused
  double min_double = 0;
  double max_double = 0;
  uint32_t max_length = 64;  // code, text: bytes, 1 to 64
  std::shared_ptr<const Pattern>
      pattern;  // code, text; null when codes or list
  // Code: known values with their labels; ascending. Beside a pattern they are
  // labels only, so that a new code arrives and can be reported; alone they
  // are the only values allowed.
  std::vector<std::pair<std::string, std::string>> codes;
  std::optional<ListName> list;  // code: values must be on this list
  Derivation derive;
  std::string repeat_base;    // "diag" for diag_01; empty when not repeated
  uint32_t repeat_index = 0;  // 1 for diag_01
  std::vector<std::string> null_markers;  // its own and the dataset's

  // The input that carries the value before anything is derived.
  const std::string& input() const {
    return derive.kind == DerivationKind::kNone ? name : derive.from;
  }
  // True when a value could be ten digits: an integer by its range, a code by
  // its pattern, any text. Such values are scanned for NHS Numbers.
  bool AdmitsTenDigits() const;
  // Whether `codes` holds the value; false when `codes` is empty.
  bool HasCode(std::string_view value) const;
};

// Something that the source reads. A supplier's header may use any alias.
struct InputSpec {
  std::string name;
  std::vector<std::string> aliases;       // compared without regard to case
  std::vector<std::string> null_markers;  // its own and the dataset's
  bool is_person = false;                 // the NHS Number
  bool is_status = false;                 // its status
  bool is_rule_input = false;             // some rule looks at it
  bool feeds_column = false;              // some column comes from it
  // True when the header must have it: the NHS Number, its status, a rule's
  // input, or the input of a required column. Other columns may be absent
  // from a supplier's file; their values are then null.
  bool needed = false;
  std::string drop_reason;  // from [[drop]]; empty when not named there
};

struct PersonSpec {
  std::string input;                       // the NHS Number
  std::string status_input;                // empty: this dataset has no status
  std::vector<std::string> linked_status;  // statuses whose rows are linked
  bool drop_without_token = false;         // when_no_token = "drop"
};

// One rule. Which fields are set depends on `reason`:
//   RESTRICTED_CODE        inputs + list, or inputs + values
//   RESTRICTED_LINKED_ROW  inputs (one: the shared key) + datasets
//   OPTED_OUT_TYPE1        list, or inputs (one) + values + keep
//   OPTED_OUT_NATIONAL     list
//   NOT_PARTICIPATING      inputs (one) + list
//   SENSITIVE_FLAG         inputs (one) + values
//   IDENTITY_WITHHELD      inputs (one); values empty: any non-null value
//   DATE_ORDER             before, after: `before` may not be later
struct Rule {
  RowReason reason = RowReason::kNone;
  std::vector<std::string> inputs;  // a repeated column's base is expanded
  std::optional<ListName> list;
  std::vector<std::string> values;
  // Values that say "not opted out"; "" stands for null. Any other value drops.
  std::vector<std::string> keep;
  std::vector<std::string> datasets;
  std::string before;
  std::string after;
};

class Specification {
 public:
  // Reads the text of a specification file. `file_name` is used in messages
  // only. Returns kInvalidArgument with file, line, key and, for an unknown
  // word, the nearest known one. Anything that is not understood is refused.
  // Cost: linear in the text and in the expanded columns (at most 512).
  [[nodiscard]] static absl::StatusOr<Specification> Parse(
      std::string_view text, std::string_view file_name);

  // Reads and parses a file of at most 1 MiB. Also kNotFound.
  [[nodiscard]] static absl::StatusOr<Specification> Load(
      const std::string& path);

  const std::string& id() const { return id_; }              // "gp-event"
  const std::string& sql_name() const { return sql_name_; }  // "gp_event"
  uint32_t version() const { return version_; }
  const std::string& title() const { return title_; }
  DatasetKind kind() const { return kind_; }
  // SHA-256 of the bytes that were parsed.
  const std::array<uint8_t, 32>& digest() const { return digest_; }
  std::string digest_hex() const;

  // The column whose day places a row in a period; activity only. A row
  // without a value there belongs to the period that sends it.
  std::optional<size_t> period_column() const { return period_column_; }
  double max_reject() const { return max_reject_; }      // share, 0 to 1
  double max_unlinked() const { return max_unlinked_; }  // share, 0 to 1
  const PersonSpec& person() const { return person_; }
  bool national_opt_out_applies() const { return national_opt_out_; }
  const std::string& national_opt_out_reason() const { return opt_out_reason_; }

  // What leaves, in the order of the wire.
  const std::vector<ColumnSpec>& columns() const { return columns_; }
  std::optional<size_t> FindColumn(std::string_view name) const;
  const ColumnSpec* Column(std::string_view name) const;  // or null

  // What is read, in order of first mention: columns, then person, rules,
  // derivations, drops.
  const std::vector<InputSpec>& inputs() const { return inputs_; }
  std::optional<size_t> FindInput(std::string_view name) const;
  // By name or alias, without regard to case: a supplier's header field.
  std::optional<size_t> FindInputByHeader(std::string_view header) const;

  const std::vector<Rule>& rules() const { return rules_; }
  // Places of the columns that should be unique together; may be empty.
  const std::vector<size_t>& row_key() const { return row_key_; }
  // Every list that a rule, column or derivation needs, ascending.
  const std::vector<ListName>& lists() const { return lists_; }

 private:
  friend class SpecificationParser;
  Specification() = default;

  std::string id_, sql_name_, title_;
  uint32_t version_ = 0;
  DatasetKind kind_ = DatasetKind::kActivity;
  std::array<uint8_t, 32> digest_{};
  std::optional<size_t> period_column_;
  double max_reject_ = 0.005;
  double max_unlinked_ = 0.10;
  std::vector<std::string> null_markers_;
  PersonSpec person_;
  bool national_opt_out_ = true;
  std::string opt_out_reason_;
  std::vector<ColumnSpec> columns_;
  std::map<std::string, size_t, std::less<>> column_by_name_;
  std::vector<InputSpec> inputs_;
  std::map<std::string, size_t, std::less<>> input_by_name_;
  std::map<std::string, size_t, std::less<>> input_by_header_;  // lower case
  std::vector<Rule> rules_;
  std::vector<size_t> row_key_;
  std::vector<ListName> lists_;
};

// Every specification in `directory` (files *.toml), by id and version. Two
// files with one id and version are refused (kInvalidArgument). Ids hold no
// underscore, so two ids never share a SQL name.
[[nodiscard]] absl::StatusOr<std::vector<Specification>> LoadSpecifications(
    const std::string& directory);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_SPECIFICATION_H_
