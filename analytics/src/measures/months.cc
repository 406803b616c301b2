#include "measures/months.h"

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

constexpr int64_t kLongestSpan = 1200;

}  // namespace

std::string Span::ToText() const {
  const std::string from = first.ToMonth();
  const std::string to = last.ToMonth();
  return from == to ? to : absl::StrFormat("%s to %s", from, to);
}

absl::StatusOr<Span> MonthsEndingWith(CivilDay month, int64_t months) {
  if (months < 1 || months > kLongestSpan) {
    return UsageError("a number of months is 1 to 1200");
  }
  TALLY_ASSIGN_OR_RETURN(
      const CivilDay first,
      month.FirstOfMonth().AddMonths(1 - static_cast<int>(months)));
  return Span{first, month.LastOfMonth()};
}

std::vector<CivilDay> MonthsOf(const Span& span) {
  std::vector<CivilDay> months;
  CivilDay month = span.first.FirstOfMonth();
  while (month <= span.last) {
    months.push_back(month);
    const auto next = month.AddMonths(1);
    if (!next.ok()) break;
    month = *next;
  }
  return months;
}

std::string PlacedDay(const MeasureContext& context, std::string_view table,
                      std::string_view column) {
  return context.release.Grain(table) == "week"
             ? absl::StrFormat("(%s + 3)", column)
             : std::string(column);
}

std::string WithinSpan(const MeasureContext& context, std::string_view table,
                       std::string_view column, const Span& span) {
  return absl::StrFormat("%s BETWEEN DATE '%s' AND DATE '%s'",
                         PlacedDay(context, table, column), span.first.ToIso(),
                         span.last.ToIso());
}

absl::StatusOr<std::map<std::pair<std::string, CivilDay>, int64_t>> ListSizes(
    const MeasureContext& context, const Span& span) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT practice, month - DATE '1970-01-01', people FROM "
                  "list_month WHERE month BETWEEN ? AND ?",
                  1,
                  {engine::Value::Day(span.first.FirstOfMonth().days()),
                   engine::Value::Day(span.last.days())}));
  std::map<std::pair<std::string, CivilDay>, int64_t> sizes;
  for (const GroupedRow& row : rows) {
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay month,
        CivilDay::FromDays(static_cast<int32_t>(row.counts[0])));
    sizes[{row.levels[0], month}] = row.counts[1];
  }
  return sizes;
}

}  // namespace tally::analytics
