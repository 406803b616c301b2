#ifndef TALLY_PSEUDONYMISER_SRC_DATASET_PLAN_H_
#define TALLY_PSEUDONYMISER_SRC_DATASET_PLAN_H_

// One dataset of one delivery, ready to be read: its specification, the
// supplier's names and formats for it, and its rules with inputs by number.
//
// Threading: immutable once made.
// Secrets: none.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/specification.h"
#include "pseudonymiser/configuration.h"
#include "pseudonymiser/csv_reader.h"
#include "value_reader.h"

namespace tally::pseudonymiser {

inline constexpr size_t kNoInput = static_cast<size_t>(-1);

// A rule that looks at inputs: their numbers, and the values it looks for.
struct InputRule {
  std::vector<size_t> inputs;
  std::vector<std::string> values;  // empty: the rule's list, or any value
  std::vector<std::string> keep;    // of an opt-out: any other value drops
  bool by_list = false;
  std::vector<bool> is_icd10;  // of each input: compared in its short form too
};

struct DateOrderRule {
  size_t before = kNoInput;
  size_t after = kNoInput;
};

class DatasetPlan {
 public:
  // `settings.columns` must name inputs of the specification; else
  // kInvalidArgument (exit 2) with the nearest.
  [[nodiscard]] static absl::StatusOr<DatasetPlan> Create(
      std::shared_ptr<const dataset::Specification> specification,
      const DatasetSettings& settings);

  const dataset::Specification& specification() const { return *spec_; }
  const std::string& id() const { return spec_->id(); }
  const DateReader& dates() const { return dates_; }
  double max_reject() const { return max_reject_; }
  double max_unlinked() const { return max_unlinked_; }

  // By number of the input.
  const NullMarkers& null_markers(size_t input) const {
    return null_markers_[input];
  }

  size_t person_input() const { return person_; }
  size_t status_input() const { return status_; }
  // Inputs of each column: what it is made from, and the second one.
  struct ColumnInputs {
    size_t from = kNoInput;
    size_t other = kNoInput;
  };
  const std::vector<ColumnInputs>& column_inputs() const { return columns_; }

  // Inputs that are read at all, ascending.
  const std::vector<size_t>& used_inputs() const { return used_; }

  const std::vector<InputRule>& restricted() const { return restricted_; }
  const std::vector<InputRule>& sensitive() const { return sensitive_; }
  const std::vector<InputRule>& withheld() const { return withheld_; }
  const std::vector<InputRule>& type1_columns() const { return type1_columns_; }
  const std::vector<InputRule>& practices() const { return practices_; }
  const std::vector<DateOrderRule>& date_orders() const { return orders_; }
  bool type1_list() const { return type1_list_; }
  bool national_list() const { return national_list_; }
  // Key that ties rows to restricted ones, and the datasets that it ties.
  size_t linked_key() const { return linked_key_; }
  const std::vector<std::string>& linked_datasets() const {
    return linked_datasets_;
  }
  // Name of linked_key(); empty when there is no such rule.
  std::string linked_key_name() const;

  // Whether rows of this dataset must be looked through before any is kept:
  // they decide about people, or about rows of others.
  bool NeedsFirstPass() const {
    return !type1_columns_.empty() ||
           (linked_key_ != kNoInput && !restricted_.empty());
  }

  // Finds the inputs in a header. The result has the field's number for each
  // input, or -1 where an optional one is absent. Returns kInvalidArgument
  // (exit 8) for a name that stands twice, an input that is missing or found
  // under two names, and another delimiter.
  absl::StatusOr<std::vector<int32_t>> BindHeader(
      const std::string& file, const CsvBlock& block,
      const CsvRecord& record) const;

 private:
  DatasetPlan(std::shared_ptr<const dataset::Specification> spec,
              const DatasetSettings& settings);
  absl::Status CheckColumns() const;
  bool IsNeeded(size_t input) const;
  void ReadInputs();
  void ReadRule(const dataset::Rule& rule);
  InputRule MakeInputRule(const dataset::Rule& rule) const;

  std::shared_ptr<const dataset::Specification> spec_;
  DatasetSettings settings_;
  DateReader dates_;
  double max_reject_;
  double max_unlinked_;
  std::deque<NullMarkers> null_markers_;
  size_t person_ = kNoInput;
  size_t status_ = kNoInput;
  std::vector<ColumnInputs> columns_;
  std::vector<size_t> used_;
  std::vector<InputRule> restricted_, sensitive_, withheld_, type1_columns_,
      practices_;
  std::vector<DateOrderRule> orders_;
  bool type1_list_ = false;
  bool national_list_ = false;
  size_t linked_key_ = kNoInput;
  std::vector<std::string> linked_datasets_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_DATASET_PLAN_H_
