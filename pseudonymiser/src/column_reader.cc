#include "column_reader.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/strings.h"
#include "dataset/value_check.h"
#include "derivation.h"
#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ColumnType;
using dataset::DerivationInput;
using dataset::DerivationKind;
using dataset::MapOther;
using dataset::RowReason;

constexpr size_t kCacheSlots = 4096;
// A value this long with this many gaps is prose, not a value that went wrong.
constexpr size_t kProseBytes = 64;
constexpr int kProseGaps = 4;

Cell Fault(RowReason reason) {
  Cell cell;
  cell.fault = reason;
  return cell;
}

Cell Number(int64_t value) {
  Cell cell;
  cell.form = Cell::Form::kNumber;
  cell.number = value;
  return cell;
}

bool IsProse(std::string_view text) {
  return text.size() > kProseBytes &&
         std::count(text.begin(), text.end(), ' ') >= kProseGaps;
}

// Whether equal texts always give equal cells, so that one may be remembered.
bool IsCacheable(const dataset::ColumnSpec& column) {
  switch (column.derive.kind) {
    case DerivationKind::kRekey:
    case DerivationKind::kAgeFy:
    case DerivationKind::kMinutesBetween:
      return false;
    case DerivationKind::kNone:
      return column.type == ColumnType::kDate ||
             column.type == ColumnType::kCode ||
             column.type == ColumnType::kText;
    default:
      return true;
  }
}

}  // namespace

ColumnReader::ColumnReader(const dataset::ColumnSpec& column,
                           const ReadingContext& context, SharedCodes* codes)
    : column_(column),
      context_(context),
      codes_(codes),
      cacheable_(IsCacheable(column)),
      is_plain_text_(column.type == ColumnType::kText &&
                     column.derive.kind == DerivationKind::kNone),
      scan_(column.AdmitsTenDigits()),
      cache_(cacheable_ ? kCacheSlots : 1) {}

Cell ColumnReader::Read(std::string_view text, std::string_view other,
                        const CellPlace& place) {
  if (text.empty()) {
    return column_.required ? Fault(RowReason::kValueMissing) : Cell();
  }
  if (cacheable_) {
    if (const Cached* known = cache_.Find(text)) {
      return {
          .fault = known->fault,
          .form = known->form,
          .number = known->number,
          .text = known->form == Cell::Form::kText ? text : std::string_view()};
    }
  }
  return ReadNew(text, other, place);
}

Cell ColumnReader::ReadNew(std::string_view text, std::string_view other,
                           const CellPlace& place) {
  Cell cell = Make(text, other, place);
  if (column_.outside_null && (cell.fault == RowReason::kValueRange ||
                               cell.fault == RowReason::kDateFuture)) {
    cell = Cell();
  }
  if (cell.fault == RowReason::kNone && cell.form == Cell::Form::kNull &&
      column_.required) {
    cell = Fault(RowReason::kValueMissing);
  }
  if (cacheable_ && (is_plain_text_ || cell.form != Cell::Form::kText)) {
    cache_.Put(text, {cell.fault, cell.form, cell.number});
  }
  return cell;
}

Cell ColumnReader::Make(std::string_view text, std::string_view other,
                        const CellPlace& place) {
  const DateReader& dates = *context_.dates;
  switch (column_.derive.kind) {
    case DerivationKind::kNone:
      return MakePlain(text, place);
    case DerivationKind::kYear: {
      const auto year = ReadBirthYear(text, column_.derive.input, dates);
      if (!year) return Fault(RowReason::kDateInvalid);
      return MakeInteger(CapBirthYear(*year, context_.financial_year));
    }
    case DerivationKind::kMonth:
      return MakeMonth(text);
    case DerivationKind::kAgeFy:
      return MakeAge(text, other);
    case DerivationKind::kLsoa21:
    case DerivationKind::kImdDecile:
    case DerivationKind::kRuralUrban:
      return MakeArea(text);
    case DerivationKind::kCareHome:
      return Number(context_.lists->codes(dataset::ListName::kCareHomes)
                            .contains(AddressKey(text))
                        ? 1
                        : 0);
    case DerivationKind::kCluster: {
      const auto known = context_.lists->clusters().find(text);
      if (known == context_.lists->clusters().end()) return Cell();
      return MakeCode(known->second);
    }
    case DerivationKind::kMap:
      return MakeMapped(text, place);
    case DerivationKind::kIcd10: {
      const auto code = NormaliseIcd10(text);
      if (!code) return Fault(RowReason::kValueType);
      scratch_ = *code;
      return MakeCode(scratch_);
    }
    case DerivationKind::kPrefix:
      return MakePassedCode(text.substr(0, column_.derive.length), place);
    case DerivationKind::kRekey:
      return Number(context_.rekey->Number(column_.name, text, column_.min_int,
                                           column_.max_int));
    case DerivationKind::kHour: {
      const auto hour = ReadHour(text, dates);
      return hour ? MakeInteger(*hour) : Fault(RowReason::kDateInvalid);
    }
    case DerivationKind::kMinutesBetween:
      return MakeMinutes(text, other);
  }
  return Fault(RowReason::kValueType);
}

Cell ColumnReader::MakeMonth(std::string_view text) const {
  const auto day = context_.dates->Day(text);
  if (!day) return Fault(RowReason::kDateInvalid);
  // The day decides whether it lies in the future, the month leaves.
  const Cell whole = MakeDate(day->days());
  if (whole.fault == RowReason::kDateFuture) return whole;
  return MakeDate(day->FirstOfMonth().days());
}

Cell ColumnReader::MakeAge(std::string_view text,
                           std::string_view event_text) const {
  if (event_text.empty()) return Cell();
  const auto event = context_.dates->Day(event_text);
  if (!event) return Fault(RowReason::kDateInvalid);
  const auto age =
      AgeInFinancialYear(text, column_.derive.input, *event, *context_.dates);
  if (!age) {
    return Fault(column_.derive.input == DerivationInput::kAge
                     ? RowReason::kValueType
                     : RowReason::kDateInvalid);
  }
  return MakeInteger(*age);
}

Cell ColumnReader::MakePlain(std::string_view text, const CellPlace& place) {
  switch (column_.type) {
    case ColumnType::kBool: {
      const auto value = ReadBool(text);
      return value ? Number(*value ? 1 : 0) : Fault(RowReason::kValueType);
    }
    case ColumnType::kInt32:
    case ColumnType::kInt64: {
      const auto value = ReadInteger(text);
      if (!value) return Fault(RowReason::kValueType);
      if (scan_) Note(ScanInteger(*value), place);
      return MakeInteger(*value);
    }
    case ColumnType::kDouble: {
      const auto value = ReadDouble(text);
      if (!value) return Fault(RowReason::kValueType);
      const RowReason fault = dataset::CheckDouble(column_, *value);
      if (fault != RowReason::kNone) return Fault(fault);
      Cell cell;
      cell.form = Cell::Form::kReal;
      cell.real = *value;
      return cell;
    }
    case ColumnType::kDate: {
      const auto day = context_.dates->Day(text);
      return day ? MakeDate(day->days()) : Fault(RowReason::kDateInvalid);
    }
    case ColumnType::kCode:
      return MakePassedCode(text, place);
    case ColumnType::kText:
      return MakeText(text, place);
  }
  return Fault(RowReason::kValueType);
}

Cell ColumnReader::MakeInteger(int64_t value) const {
  const RowReason fault = dataset::CheckInteger(column_, value);
  return fault == RowReason::kNone ? Number(value) : Fault(fault);
}

Cell ColumnReader::MakeDate(int32_t days) const {
  const RowReason fault =
      dataset::CheckDate(column_, days, context_.today.days());
  return fault == RowReason::kNone ? Number(days) : Fault(fault);
}

// A code that comes from a list or a table of ours, or was scanned.
Cell ColumnReader::MakeCode(std::string_view code) {
  const RowReason fault = dataset::CheckCode(column_, code);
  if (fault != RowReason::kNone) return Fault(fault);
  Cell cell;
  const uint32_t number = codes_->Intern(code);
  if (number == SharedCodes::kFull) {
    cell.form = Cell::Form::kText;
    cell.text = code;
  } else {
    cell.form = Cell::Form::kCode;
    cell.number = number;
  }
  return cell;
}

// A code that leaves as it came in.
Cell ColumnReader::MakePassedCode(std::string_view code,
                                  const CellPlace& place) {
  if (IsProse(code)) return Fault(RowReason::kFreeText);
  if (scan_) Note(ScanCode(code), place);
  if (column_.list == dataset::ListName::kClusters &&
      column_.derive.kind != DerivationKind::kCluster) {
    const TextMap& clusters = context_.lists->clusters();
    const bool known =
        std::any_of(clusters.begin(), clusters.end(),
                    [&](const auto& entry) { return entry.second == code; });
    if (!known) return Fault(RowReason::kValueNotInList);
  }
  return MakeCode(code);
}

Cell ColumnReader::MakeText(std::string_view text, const CellPlace& place) {
  if (!IsValidUtf8(text)) return Fault(RowReason::kTextEncoding);
  if (IsProse(text)) return Fault(RowReason::kFreeText);
  // Before the other checks: a number in a value that is refused anyway is
  // still a number in the wrong column, and that is worth knowing.
  const ScanResult found = ScanText(text);
  for (const NhsNumber number : found.numbers) Note(number, place);
  if (found.pattern) return Fault(RowReason::kHiddenIdentifierPattern);
  const RowReason fault = dataset::CheckText(column_, text);
  if (fault != RowReason::kNone) return Fault(fault);
  Cell cell;
  cell.form = Cell::Form::kText;
  cell.text = text;
  return cell;
}

// A place: by postcode, or by small area where the specification says so.
Cell ColumnReader::MakeArea(std::string_view text) {
  const PostcodeTable& table = context_.lists->postcodes();
  const DerivationInput input = column_.derive.input;
  const bool is_area = input == DerivationInput::kLsoa21 ||
                       (input == DerivationInput::kAny && IsLsoa21(text));
  if (is_area && column_.derive.kind == DerivationKind::kLsoa21) {
    return MakeCode(text);  // it is one already
  }
  const auto area = is_area ? table.FindLsoa(text) : table.FindPostcode(text);
  if (!area) return Cell();
  if (column_.derive.kind == DerivationKind::kLsoa21) {
    scratch_ = area->lsoa21;
    return MakeCode(scratch_);
  }
  const int64_t value = column_.derive.kind == DerivationKind::kImdDecile
                            ? area->imd_decile
                            : area->rural_urban;
  return value == 0 ? Cell() : MakeInteger(value);
}

Cell ColumnReader::MakeMapped(std::string_view text, const CellPlace& place) {
  const auto known = column_.derive.table.find(std::string(text));
  if (known != column_.derive.table.end()) return MakeCode(known->second);
  switch (column_.derive.map_other) {
    case MapOther::kKeep:
      return MakePassedCode(text, place);
    case MapOther::kNull:
      return Cell();
    case MapOther::kRefuse:
      break;
  }
  return Fault(RowReason::kValueNotInList);
}

Cell ColumnReader::MakeMinutes(std::string_view from,
                               std::string_view to) const {
  if (to.empty()) return Cell();
  const auto begin = context_.dates->Stamp(from);
  const auto end = context_.dates->Stamp(to);
  if (!begin || !end) return Fault(RowReason::kDateInvalid);
  return MakeInteger(int64_t{end->day - begin->day} * 1440 + end->minute -
                     begin->minute);
}

void ColumnReader::Note(std::optional<NhsNumber> number,
                        const CellPlace& place) {
  if (number) {
    context_.hidden->Add(*number, place.file, place.line, column_.name);
  }
}

}  // namespace tally::pseudonymiser
