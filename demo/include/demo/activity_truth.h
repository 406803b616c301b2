#ifndef TALLY_DEMO_ACTIVITY_TRUTH_H_
#define TALLY_DEMO_ACTIVITY_TRUTH_H_

// Books the rows of activity that a release of everybody holds, of background
// and lanes alike: what measures find that count everything.
//
// Spec: docs/population.md, "Truth of the measures", measure ACT.
// Threading: one writer.

#include <string>
#include <string_view>

#include "demo/activity.h"
#include "demo/measure_truth.h"

namespace tally::demo {

class ActivityTruth {
 public:
  // Keeps a reference.
  explicit ActivityTruth(MeasureTruth& truth) : truth_(truth) {}

  // One row of a release; `area` is the practice code in it (empty for a
  // claim, which has none), `linked` whether it has a person.
  void Add(const Episode& row, std::string_view area, bool linked);
  void Add(const Appointment& row, std::string_view area, bool linked);
  void Add(const Attendance& row, std::string_view area, bool linked);
  void Add(const Death& row, std::string_view area, bool linked);
  void Add(const Contact& row, std::string_view area, bool linked);
  void Add(const EyeClaim& row, std::string_view area, bool linked);
  void Add(const Prescription& row, std::string_view area, bool linked);

  // One row of a release, of somebody with this ethnic category: whether it is
  // one of those that say nothing (C33).
  void AddRecord(std::string_view dataset, std::string_view ethnic_category);

  // What all rows of a linked person are to C20 and C21. For C20 only drawn
  // ones: finished stays that could be followed by a readmission (none is),
  // by practice; lanes say theirs themselves. For C21 everybody's attendances.
  void AddPerson(const Activity& rows, std::string_view area, bool drawn);

 private:
  // `column`, and `column`_linked for rows with a person, by area and by all.
  void Count(std::string_view table, std::string_view column,
             std::string_view area, std::string_view more, bool linked,
             int64_t value = 1);

  void AddCost(const Episode& row);

  MeasureTruth& truth_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_ACTIVITY_TRUTH_H_
