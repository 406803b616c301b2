#include "dataset_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

using dataset::RowReason;

size_t InputOf(const dataset::Specification& spec, std::string_view name) {
  return spec.FindInput(name).value_or(kNoInput);
}

// A header of one field that holds another program's delimiter.
bool HasOtherDelimiter(std::string_view field) {
  return field.find_first_of(";\t|") != std::string_view::npos;
}

absl::Status Refuse(const std::string& file, uint64_t line,
                    std::string_view what) {
  return InputError(absl::StrFormat("%s line %d: %s", file, line, what));
}

// The names in a header, in lower case.
absl::StatusOr<std::vector<std::string>> ReadNames(const std::string& file,
                                                   const CsvBlock& block,
                                                   const CsvRecord& record) {
  if (record.fault == CsvFault::kTooManyFields) {
    return Refuse(file, record.line, "the header has more than 512 columns");
  }
  if (record.fault != CsvFault::kNone) {
    return Refuse(file, record.line, "the header is not CSV text");
  }
  std::vector<std::string> names;
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < record.field_count; ++i) {
    names.push_back(ToLower(Trim(block.field(record, i))));
    if (names.back().empty()) continue;
    // A file without a header has values here: places are named, not texts.
    const auto [earlier, is_new] = seen.emplace(names.back(), i + 1);
    if (!is_new) {
      return Refuse(file, record.line,
                    absl::StrFormat("columns %d and %d have the same name",
                                    earlier->second, i + 1));
    }
  }
  if (names.size() == 1 && HasOtherDelimiter(names[0])) {
    return Refuse(file, record.line, "fields must be parted by commas");
  }
  return names;
}

}  // namespace

DatasetPlan::DatasetPlan(std::shared_ptr<const dataset::Specification> spec,
                         const DatasetSettings& settings)
    : spec_(std::move(spec)),
      settings_(settings),
      dates_(settings.date_format),
      max_reject_(settings.max_reject.value_or(spec_->max_reject())),
      max_unlinked_(settings.max_unlinked.value_or(spec_->max_unlinked())) {}

absl::StatusOr<DatasetPlan> DatasetPlan::Create(
    std::shared_ptr<const dataset::Specification> specification,
    const DatasetSettings& settings) {
  DatasetPlan plan(std::move(specification), settings);
  TALLY_RETURN_IF_ERROR(plan.CheckColumns());
  plan.ReadInputs();
  for (const dataset::Rule& rule : plan.spec_->rules()) plan.ReadRule(rule);
  return plan;
}

absl::Status DatasetPlan::CheckColumns() const {
  std::vector<std::string> names;
  for (const dataset::InputSpec& input : spec_->inputs()) {
    names.push_back(input.name);
  }
  for (const auto& [input, header] : settings_.columns) {
    if (spec_->FindInput(input)) continue;
    const std::string near = NearestMatch(input, names);
    return UsageError(absl::StrFormat(
        "datasets.%s.columns: the specification has no input %s%s", id(), input,
        near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near)));
  }
  return absl::OkStatus();
}

void DatasetPlan::ReadInputs() {
  for (const dataset::InputSpec& input : spec_->inputs()) {
    null_markers_.emplace_back(input.null_markers);
  }
  person_ = InputOf(*spec_, spec_->person().input);
  status_ = InputOf(*spec_, spec_->person().status_input);
  std::set<size_t> used = {person_};
  if (status_ != kNoInput) used.insert(status_);
  for (const dataset::ColumnSpec& column : spec_->columns()) {
    ColumnInputs inputs;
    inputs.from = InputOf(*spec_, column.input());
    if (!column.derive.other.empty()) {
      inputs.other = InputOf(*spec_, column.derive.other);
      used.insert(inputs.other);
    }
    used.insert(inputs.from);
    columns_.push_back(inputs);
  }
  for (size_t i = 0; i < spec_->inputs().size(); ++i) {
    if (spec_->inputs()[i].is_rule_input) used.insert(i);
  }
  used.erase(kNoInput);
  used_.assign(used.begin(), used.end());
}

InputRule DatasetPlan::MakeInputRule(const dataset::Rule& rule) const {
  InputRule made;
  made.values = rule.values;
  made.keep = rule.keep;
  made.by_list = rule.list.has_value();
  for (const std::string& name : rule.inputs) {
    made.inputs.push_back(InputOf(*spec_, name));
    bool icd10 = false;
    for (const dataset::ColumnSpec& column : spec_->columns()) {
      icd10 = icd10 || (column.input() == name &&
                        column.derive.kind == dataset::DerivationKind::kIcd10);
    }
    made.is_icd10.push_back(icd10);
  }
  return made;
}

void DatasetPlan::ReadRule(const dataset::Rule& rule) {
  switch (rule.reason) {
    case RowReason::kRestrictedCode:
      restricted_.push_back(MakeInputRule(rule));
      return;
    case RowReason::kSensitiveFlag:
      sensitive_.push_back(MakeInputRule(rule));
      return;
    case RowReason::kIdentityWithheld:
      withheld_.push_back(MakeInputRule(rule));
      return;
    case RowReason::kNotParticipating:
      practices_.push_back(MakeInputRule(rule));
      return;
    case RowReason::kOptedOutType1:
      if (rule.inputs.empty()) {
        type1_list_ = true;
      } else {
        type1_columns_.push_back(MakeInputRule(rule));
      }
      return;
    case RowReason::kOptedOutNational:
      national_list_ = true;
      return;
    case RowReason::kRestrictedLinkedRow:
      linked_key_ = InputOf(*spec_, rule.inputs.front());
      linked_datasets_ = rule.datasets;
      return;
    case RowReason::kDateOrder:
      orders_.push_back({.before = InputOf(*spec_, rule.before),
                         .after = InputOf(*spec_, rule.after)});
      return;
    default:
      // The parser of specifications knows no other rule.
      TALLY_CHECK(false);
  }
}

std::string DatasetPlan::linked_key_name() const {
  return linked_key_ == kNoInput ? "" : spec_->inputs()[linked_key_].name;
}

// A column that is looked at for restricted codes only may be absent from a
// file: where there is no column there is no code to keep back.
bool DatasetPlan::IsNeeded(size_t input) const {
  if (!spec_->inputs()[input].needed) return false;
  const std::string& name = spec_->inputs()[input].name;
  bool restricted_only = false;
  for (const dataset::Rule& rule : spec_->rules()) {
    const bool named = std::find(rule.inputs.begin(), rule.inputs.end(),
                                 name) != rule.inputs.end() ||
                       rule.before == name || rule.after == name;
    if (!named) continue;
    if (rule.reason != RowReason::kRestrictedCode) return true;
    restricted_only = true;
  }
  if (!restricted_only || input == person_ || input == status_) return true;
  for (const dataset::ColumnSpec& column : spec_->columns()) {
    if (column.required &&
        (column.input() == name || column.derive.other == name)) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<std::vector<int32_t>> DatasetPlan::BindHeader(
    const std::string& file, const CsvBlock& block,
    const CsvRecord& record) const {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ReadNames(file, block, record));
  const auto place_of = [&](std::string_view name) {
    const auto at = std::find(names.begin(), names.end(), ToLower(name));
    return at == names.end() ? -1 : static_cast<int32_t>(at - names.begin());
  };
  std::vector<int32_t> fields(spec_->inputs().size(), -1);
  std::vector<std::string> missing;
  for (size_t i = 0; i < fields.size(); ++i) {
    const dataset::InputSpec& input = spec_->inputs()[i];
    const auto configured = settings_.columns.find(input.name);
    if (configured != settings_.columns.end()) {
      fields[i] = place_of(configured->second);
      if (fields[i] < 0) missing.push_back(configured->second);
      continue;
    }
    fields[i] = place_of(input.name);
    for (const std::string& alias : input.aliases) {
      const int32_t place = place_of(alias);
      if (place < 0 || ToLower(alias) == ToLower(input.name)) continue;
      if (fields[i] >= 0 && fields[i] != place &&
          names[static_cast<size_t>(fields[i])] != ToLower(input.name)) {
        return Refuse(
            file, record.line,
            absl::StrFormat(
                "%s is found under two names; say which one is meant in "
                "datasets.%s.columns",
                input.name, id()));
      }
      if (fields[i] < 0) fields[i] = place;
    }
    if (fields[i] < 0 && IsNeeded(i)) missing.push_back(input.name);
  }
  if (!missing.empty()) {
    return Refuse(
        file, record.line,
        absl::StrFormat("the header lacks %s", JoinText(missing, ", ")));
  }
  return fields;
}

}  // namespace tally::pseudonymiser
