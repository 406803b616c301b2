#include "measures/event_lists.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "measures/list_stays.h"
#include "measures/months.h"
#include "measures/strata.h"

namespace tally::analytics {

EventLists EventLists::Between(int64_t from, int64_t to) const {
  const std::string ages = WithinAges(from, to);
  const auto within = [&](const std::string& relation) {
    return absl::StrFormat("(SELECT * FROM %s WHERE %s)", relation, ages);
  };
  return {middle, within(list), within(stays)};
}

absl::StatusOr<EventLists> MakeEventLists(const MeasureContext& context,
                                          CivilDay first) {
  const std::vector<CivilDay> months =
      MonthsOf({first, context.month.LastOfMonth()});
  TALLY_CHECK(!months.empty());
  const auto number = [](CivilDay month) {
    return 100 * month.year() + month.month();
  };
  EventLists lists;
  lists.middle = months[months.size() / 2];
  TALLY_ASSIGN_OR_RETURN(lists.list, MakePatientListAt(context, lists.middle));
  TALLY_RETURN_IF_ERROR(MakeListStays(context));
  lists.stays =
      absl::StrFormat("event_list_%d_%d", number(first), number(context.month));
  TALLY_RETURN_IF_ERROR(context.base.Once(lists.stays, [&] {
    return MakePatientListOfStays(
        context,
        absl::StrFormat("(SELECT person, greatest(from_month, DATE '%1$s') AS "
                        "from_month, to_month FROM list_stay "
                        "WHERE to_month >= DATE '%1$s')",
                        first.ToIso()),
        lists.middle, lists.stays);
  }));
  return lists;
}

std::string DuringStay(std::string_view event, std::string_view stay) {
  return absl::StrFormat(
      "%2$s.person = %1$s.person AND %2$s.from_month <= %1$s.month AND "
      "%2$s.to_month >= %1$s.month",
      event, stay);
}

}  // namespace tally::analytics
