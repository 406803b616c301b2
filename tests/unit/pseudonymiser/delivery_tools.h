#ifndef TALLY_TESTS_UNIT_PSEUDONYMISER_DELIVERY_TOOLS_H_
#define TALLY_TESTS_UNIT_PSEUDONYMISER_DELIVERY_TOOLS_H_

// Words for the tests that read deliveries: rows, counts, reports.

#include <string>
#include <vector>

#include "pseudonymiser/delivery_report.h"
#include "status_matchers.h"
#include "world.h"

namespace tally::pseudonymiser {

inline uint64_t Dropped(const DatasetReport& report,
                        dataset::RowReason reason) {
  return report.counts.dropped[static_cast<size_t>(reason)];
}
inline uint64_t Unlinked(const DatasetReport& report,
                         dataset::RowReason reason) {
  return report.counts.unlinked[static_cast<size_t>(reason)];
}

// Reads one gp-event file and returns its report; fails the test otherwise.
inline DatasetReport CheckEvents(World& world, const std::string& rows) {
  const std::string path =
      world.File("events.csv", World::EventHeader() + rows);
  const auto checked = world.Check({{"gp-event", path}});
  EXPECT_OK(checked);
  if (!checked.ok()) return {};
  EXPECT_OK(checked->verdict);
  return checked->report.datasets[0];
}

// One row with one field changed; its place counts from the status.
inline std::string RowWith(size_t field, const std::string& value) {
  std::vector<std::string> fields = {"01",  "2026-11-05", "12345678",
                                     "7.5", "mmol/L",     "A00001",
                                     "C1",  "0",          "2026-11-06"};
  fields[field] = value;
  std::string rest;
  for (size_t i = 0; i < fields.size(); ++i) {
    rest += (i == 0 ? "" : ",") + fields[i];
  }
  return World::EventRow(TestNumber(0), rest);
}

}  // namespace tally::pseudonymiser

#endif  // TALLY_TESTS_UNIT_PSEUDONYMISER_DELIVERY_TOOLS_H_
