// Which months a table is about, by the words of its period, and which count of
// which months a key of the register stands for.
// Threading: values.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_TABLE_PERIOD_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_TABLE_PERIOD_H_

#include <optional>
#include <string>
#include <string_view>

namespace tally::analytics {

// The dimension whose levels are months, "2026-10".
inline constexpr std::string_view kMonthDimension = "month";

// Months from the year 0 on, both included.
struct MonthSpan {
  int first = 0;
  int last = 0;

  bool Holds(const MonthSpan& other) const {
    return first <= other.first && other.last <= last;
  }
  friend bool operator==(const MonthSpan&, const MonthSpan&) = default;
};

// "2026-10", and nothing else.
std::optional<int> ParseMonthLevel(std::string_view text);

// The month that a key of the register names; nothing if it names none.
std::optional<int> MonthOfKey(std::string_view key);

// The period of a table, as TableInfo has it.
class TablePeriod {
 public:
  // "2026-10", "2026", the financial year "2025/26", "2023-10 to 2026-09",
  // "12 months to 2026-10", "3 years to 2026-10". Any other text is a period of
  // which nothing is known: it is itself only.
  explicit TablePeriod(std::string text);

  const std::string& text() const { return text_; }
  const std::optional<MonthSpan>& span() const { return span_; }
  // More months than one. One month alone may also be the last of a year, or
  // the day of a stock.
  bool is_range() const {
    return span_.has_value() && span_->first < span_->last;
  }

  // The same months, or the same words.
  bool Same(const TablePeriod& other) const;
  // The same, or one inside the other: counts of one by month may be counts of
  // the other, or add up to them.
  bool Joins(const TablePeriod& other) const;

  // Whether a key of a table of this period says by itself of which month it
  // is: it is then the same count in tables of every period.
  bool IsAbsolute(std::string_view key) const;

  // A text that is the same for the same months.
  const std::string& name() const { return name_; }

 private:
  std::string text_;
  std::optional<MonthSpan> span_;
  std::string name_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_TABLE_PERIOD_H_
