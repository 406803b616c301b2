#ifndef TALLY_DEMO_NATIONAL_ROWS_H_
#define TALLY_DEMO_NATIONAL_ROWS_H_

// What happens to a person outside general practice: hospital spells,
// appointments, attendances, community contacts, eye care and death. A pure
// function of the person, the same for the files and for the truth.
//
// Drawn rows are neutral: no code or interval of theirs meets a rule of a
// measure, beyond what counts everything.
//
// Spec: docs/population.md, "Files of the national source".
// Threading: immutable after construction.

#include <cstdint>
#include <optional>

#include "demo/activity.h"
#include "demo/person.h"
#include "demo/random.h"

namespace tally::demo {

class NationalRows {
 public:
  // Keeps a reference to `maker`.
  explicit NationalRows(const PersonMaker& maker);

  // All rows of `person`: the script's of an actor, else drawn ones.
  Activity Of(const Person& person) const;

 private:
  void AddSpells(const Person& person, Activity& rows) const;
  void AddAppointments(const Person& person, Activity& rows) const;
  void AddAttendances(const Person& person, Activity& rows) const;
  void AddContacts(const Person& person, Activity& rows) const;
  void AddClaims(const Person& person, Activity& rows) const;
  void AddDeath(const Person& person, Activity& rows) const;
  // The month of an event, by the draw `part`; none before birth or after
  // death.
  std::optional<int> MonthOf(const Person& person, uint64_t part) const;

  const PersonMaker& maker_;
  Draws draws_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_NATIONAL_ROWS_H_
