#include "measures/list_totals.h"

#include "base/status.h"

namespace tally::analytics {

absl::Status SetListTotals(RawTable& table,
                           const std::vector<std::vector<size_t>>& splits,
                           std::string_view persons, std::string_view list) {
  TALLY_ASSIGN_OR_RETURN(const size_t counted, table.ColumnIndex(persons));
  TALLY_ASSIGN_OR_RETURN(const size_t total, table.ColumnIndex(list));
  for (const std::vector<size_t>& rows : splits) {
    std::vector<CellRef> parts;
    for (const size_t row : rows) parts.push_back({row, counted});
    table.SetTotal({rows.front(), total}, std::move(parts));
    for (size_t i = 1; i < rows.size(); ++i) {
      table.SetSame({rows[i], total}, {rows.front(), total});
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
