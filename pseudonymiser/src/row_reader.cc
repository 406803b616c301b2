#include "row_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

using dataset::RowOutcome;
using dataset::RowReason;

constexpr size_t kDaySlots = 4096;
constexpr int32_t kNoDay = INT32_MIN;

bool HasRowFault(const CsvRecord& record, size_t header_fields) {
  return record.fault != CsvFault::kNone || record.field_count != header_fields;
}

// What is wrong with a row of ROW_SHAPE.
std::string ShapeFault(const CsvRecord& record, size_t header_fields) {
  switch (record.fault) {
    case CsvFault::kNone:
      return absl::StrFormat("%d fields, the header has %d", record.field_count,
                             header_fields);
    case CsvFault::kQuote:
      return "a quote inside an unquoted field, or text after a closing quote";
    case CsvFault::kNul:
      return "a NUL byte";
    case CsvFault::kFieldTooLong:
      return absl::StrFormat("a field of more than %d KiB",
                             CsvReader::kMaxFieldBytes / 1024);
    case CsvFault::kLineTooLong:
      return absl::StrFormat("a line of more than %d KiB",
                             CsvReader::kMaxLineBytes / 1024);
    case CsvFault::kTooManyFields:
      return absl::StrFormat("more than %d fields", CsvReader::kMaxFields);
  }
  TALLY_CHECK(false);
}

size_t Slot(RowReason reason) { return static_cast<size_t>(reason); }

ReadingContext MakeContext(const DatasetPlan& plan,
                           const SharedReading& shared) {
  const auto end = CivilDay::FromDays(shared.period_end);
  TALLY_CHECK(end.ok());
  return {.dates = &plan.dates(),
          .lists = shared.lists,
          .rekey = shared.rekey,
          .hidden = shared.hidden,
          .today = shared.today,
          .financial_year = end->FinancialYear()};
}

}  // namespace

InputValues::InputValues(const DatasetPlan& plan)
    : plan_(plan), values_(plan.specification().inputs().size()) {}

void InputValues::Begin(const FileShape& file) {
  sources_.clear();
  std::fill(values_.begin(), values_.end(), std::string_view());
  for (const size_t input : plan_.used_inputs()) {
    if (file.fields[input] < 0) continue;  // absent: null in every row
    sources_.push_back({.input = input,
                        .field = static_cast<size_t>(file.fields[input]),
                        .null_markers = &plan_.null_markers(input)});
  }
}

const RowRules::Values& InputValues::Read(const CsvBlock& block,
                                          const CsvRecord& record) {
  for (const Source& source : sources_) {
    std::string_view value = Trim(block.field(record, source.field));
    if (source.null_markers->IsNull(value)) value = {};
    values_[source.input] = value;
  }
  return values_;
}

PersonFinder::~PersonFinder() {
  WipeMemory(&text_, sizeof(text_));
  WipeMemory(&person_, sizeof(person_));
}

const RowPerson& PersonFinder::Find(std::string_view text) {
  const std::optional<ShortText> key = ShortText::Of(text);
  if (key && *key == text_) return person_;
  text_ = key.value_or(ShortText::None());
  person_ = RowPerson();
  person_.number = ParseNhsNumber(text, shared_.environment);
  if (person_.number.number) {
    person_.flags = shared_.people->Note(*person_.number.number, shared_.judge);
  }
  return person_;
}

absl::StatusOr<uint32_t> PersonFinder::Index(bool verified) {
  if (!person_.index || (verified && !person_.index_is_verified)) {
    TALLY_ASSIGN_OR_RETURN(
        person_.index,
        shared_.people->IndexOf(*person_.number.number, verified));
    person_.index_is_verified = verified;
  }
  return *person_.index;
}

RowScout::RowScout(const DatasetPlan& plan, const SharedReading& shared)
    : plan_(plan),
      shared_(shared),
      inputs_(plan),
      rules_(plan, *shared.lists, *shared.rekey, {}) {}

absl::Status RowScout::Read(const FileShape& file, const CsvBlock& block,
                            size_t first_record) {
  if (file_ != &file) inputs_.Begin(file);
  file_ = &file;
  for (size_t r = first_record; r < block.records().size(); ++r) {
    const CsvRecord& record = block.records()[r];
    if (HasRowFault(record, file.header_fields)) {
      if (plan_.type1_columns().empty()) continue;
      return InputError(absl::StrFormat(
          "ROW_SHAPE: %s line %d: %s; the row may hold an opt-out, so nothing "
          "was sent",
          file.path, record.line, ShapeFault(record, file.header_fields)));
    }
    const RowRules::Values& values = inputs_.Read(block, record);
    if (rules_.Type1(values) != RowRules::OptOut::kNo) {
      const NhsNumberResult number =
          ParseNhsNumber(values[plan_.person_input()], shared_.environment);
      if (number.number) {
        shared_.people->AddFlags(*number.number, kPersonType1, shared_.judge);
      }
    }
    if (plan_.linked_key() != kNoInput && rules_.IsRestricted(values)) {
      const uint64_t key = rules_.KeyHash(values);
      if (key != 0) keys_.push_back(key);
    }
  }
  return absl::OkStatus();
}

RowReader::RowReader(const DatasetPlan& plan, const SharedReading& shared,
                     std::vector<const LinkedKeys::mapped_type*> tied,
                     std::deque<SharedCodes>* codes, BucketSpool::Pen* pen)
    : plan_(plan),
      shared_(shared),
      context_(MakeContext(plan, shared)),
      inputs_(plan),
      persons_(shared),
      rules_(plan, *shared.lists, *shared.rekey, std::move(tied)),
      period_column_(plan.specification().period_column().value_or(kNoInput)),
      days_(kDaySlots),
      writer_(plan.specification()),
      pen_(pen) {
  const auto& columns = plan.specification().columns();
  columns_.reserve(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    columns_.push_back({.reader = {columns[i], context_, &(*codes)[i]},
                        .inputs = plan.column_inputs()[i]});
  }
}

absl::Status RowReader::Read(const FileShape& file, const CsvBlock& block,
                             size_t first_record) {
  if (file_ != &file) inputs_.Begin(file);
  file_ = &file;
  for (size_t r = first_record; r < block.records().size(); ++r) {
    TALLY_RETURN_IF_ERROR(ReadRow(block, block.records()[r]));
  }
  return absl::OkStatus();
}

void RowReader::Drop(RowReason reason, const CsvRecord& record,
                     std::string_view field, std::string detail) {
  ++counts_.dropped[Slot(reason)];
  if (dataset::OutcomeOf(reason) == RowOutcome::kDroppedFault &&
      issues_.size() <= kMaxIssues) {
    issues_.push_back({file_->number, record.line, reason, std::string(field),
                       std::move(detail)});
  }
}

RowReason RowReader::LinkReason(const NhsNumberResult& number,
                                const RowRules::Values& values,
                                bool verified) const {
  if (rules_.IsWithheld(values)) return RowReason::kIdentityWithheld;
  if (number.reason != RowReason::kNone) return number.reason;
  const size_t status = plan_.status_input();
  if (status != kNoInput && !values[status].empty() && !verified) {
    return RowReason::kNhsNumberNotVerified;
  }
  return RowReason::kNone;
}

bool RowReader::IsVerified(const RowRules::Values& values) const {
  const size_t status = plan_.status_input();
  if (status == kNoInput) return false;
  const auto& linked = plan_.specification().person().linked_status;
  return std::find(linked.begin(), linked.end(), values[status]) !=
         linked.end();
}

std::optional<CivilDay> RowReader::DayOf(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const int32_t* known = days_.Find(text);
  if (known != nullptr) {
    if (*known == kNoDay) return std::nullopt;
    return *CivilDay::FromDays(*known);
  }
  const std::optional<CivilDay> day = plan_.dates().Day(text);
  days_.Put(text, day ? day->days() : kNoDay);
  return day;
}

Cell RowReader::ReadColumn(Column& column, const RowRules::Values& values,
                           const CellPlace& place) {
  const DatasetPlan::ColumnInputs& inputs = column.inputs;
  return column.reader.Read(
      values[inputs.from],
      inputs.other == kNoInput ? std::string_view() : values[inputs.other],
      place);
}

// A row without a day in the period column belongs to the period that sends it.
bool RowReader::IsOutsidePeriod(const RowRules::Values& values,
                                const CellPlace& place) {
  if (period_column_ == kNoInput) return false;
  period_ = ReadColumn(columns_[period_column_], values, place);
  return period_.fault == RowReason::kNone &&
         period_.form == Cell::Form::kNumber &&
         (period_.number < shared_.period_start ||
          period_.number > shared_.period_end);
}

bool RowReader::BreaksDateOrder(const RowRules::Values& values) {
  for (const DateOrderRule& rule : plan_.date_orders()) {
    const auto before = DayOf(values[rule.before]);
    const auto after = DayOf(values[rule.after]);
    if (before && after && *after < *before) return true;
  }
  return false;
}

RowReason RowReader::MakeColumns(const RowRules::Values& values,
                                 const CsvRecord& record, size_t* column) {
  const CellPlace place{.file = file_->number, .line = record.line};
  writer_.Begin();
  const auto add = [&](const Cell& cell) {
    if (cell.fault == RowReason::kNone) writer_.Add(cell);
    return cell.fault;
  };
  size_t number = 0;
  for (Column& reader : columns_) {
    const RowReason fault = number == period_column_
                                ? add(period_)
                                : add(ReadColumn(reader, values, place));
    if (fault != RowReason::kNone) {
      *column = number;
      return fault;
    }
    ++number;
  }
  return RowReason::kNone;
}

absl::Status RowReader::ReadRow(const CsvBlock& block,
                                const CsvRecord& record) {
  ++counts_.read;
  if (HasRowFault(record, file_->header_fields)) {
    Drop(RowReason::kRowShape, record, "",
         ShapeFault(record, file_->header_fields));
    return absl::OkStatus();
  }
  const RowRules::Values& values = inputs_.Read(block, record);
  const RowPerson& person = persons_.Find(values[plan_.person_input()]);
  const NhsNumberResult& number = person.number;
  if (number.reason != RowReason::kNhsNumberMissing) ++counts_.numbers;
  if (number.reason == RowReason::kNhsNumberRangeTest) ++counts_.numbers_test;
  if (number.reason == RowReason::kNhsNumberRangeLive) ++counts_.numbers_live;

  const RowReason rule =
      rules_.Drops(values, person.flags, number.reason == RowReason::kNone);
  if (rule == RowReason::kValueNotInList) {
    const size_t input = rules_.UnknownOptOutInput(values);
    Drop(rule, record, plan_.specification().inputs()[input].name);
    return absl::OkStatus();
  }
  if (rule != RowReason::kNone) {
    Drop(rule, record, "");
    return absl::OkStatus();
  }
  if (IsOutsidePeriod(values, {.file = file_->number, .line = record.line})) {
    Drop(RowReason::kOutsidePeriod, record, "");
    return absl::OkStatus();
  }
  size_t column = 0;
  const RowReason fault = MakeColumns(values, record, &column);
  if (fault != RowReason::kNone) {
    const std::string& name = plan_.specification().columns()[column].name;
    Drop(fault, record, name);
    if (fault != RowReason::kFreeText) return absl::OkStatus();
    return InputError(absl::StrFormat(
        "FREE_TEXT: %s line %d, column %s, holds free text; nothing was sent",
        file_->path, record.line, name));
  }
  if (BreaksDateOrder(values)) {
    Drop(RowReason::kDateOrder, record, "");
    return absl::OkStatus();
  }

  return WriteRow(record, values, person);
}

absl::Status RowReader::WriteRow(const CsvRecord& record,
                                 const RowRules::Values& values,
                                 const RowPerson& person) {
  const bool verified = IsVerified(values);
  const RowReason link = LinkReason(person.number, values, verified);
  uint32_t index = kNoProvisional;
  if (link == RowReason::kNone) {
    TALLY_ASSIGN_OR_RETURN(index, persons_.Index(verified));
  } else if (issues_.size() <= kMaxIssues) {
    issues_.push_back({file_->number, record.line, link,
                       plan_.specification().person().input, ""});
  }
  if (link != RowReason::kNone &&
      plan_.specification().person().drop_without_token) {
    ++counts_.dropped[Slot(link)];
    return absl::OkStatus();
  }
  ++counts_.sent;
  if (link != RowReason::kNone) ++counts_.unlinked[Slot(link)];
  return pen_->Write(writer_.Finish(index, link));
}

}  // namespace tally::pseudonymiser
