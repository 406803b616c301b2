#ifndef TALLY_DEMO_GP_EVENTS_H_
#define TALLY_DEMO_GP_EVENTS_H_

// What happens to a person in general practice: coded events in every month of
// their registrations, the first record of each condition, and the planted
// faults; and what a release must show of it all. A pure function of the
// person, the same for the files and for the truth.
//
// Spec: docs/population.md, "Events".
// Threading: immutable after construction.

#include <cstdint>
#include <string>
#include <vector>

#include "demo/conditions.h"
#include "demo/delivery.h"
#include "demo/person.h"
#include "demo/random.h"

namespace tally::demo {

// What is wrong with the day of an event, on purpose.
enum class DateFault { kNone, kInvalid, kFuture, kLongAgo };

struct GpEvent {
  int month = 0;
  int day = 1;
  int practice = -1;
  int64_t concept_id = 0;
  std::string value1;
  std::string value2;
  std::string unit;
  DateFault date_fault = DateFault::kNone;
  bool sensitive = false;
  bool traced = false;        // value1 carries the tracer
  uint64_t number = 0;        // of the person's events
  uint64_t consultation = 0;  // of the person
  int condition = -1;         // number of the condition it records
  RowFate fate = RowFate::kSent;
  const char* reason = "";
};

// Which GP facts of a person the releases must show.
struct GpTruth {
  bool any_row = false;          // a linked row in the newest snapshot
  bool traced = false;           // a sent row carries the tracer
  bool listed = false;           // on a list in the newest month
  int practice = -1;             // of that list
  std::vector<bool> conditions;  // recorded and sent, by number
};

class GpEvents {
 public:
  // Keeps references to both.
  GpEvents(const PersonMaker& maker, const ConditionMaker& conditions);

  // All events of `person`, at any practice, in no order.
  std::vector<GpEvent> Of(const Person& person) const;
  GpTruth TruthOf(const Person& person) const;
  // True if the revision of the newest month lacks the event.
  static bool GoneFromRevision(const Person& person, const GpEvent& event);

 private:
  void AddBackground(const Person& person, std::vector<GpEvent>& events) const;
  void AddConditions(const Person& person, std::vector<GpEvent>& events) const;
  void AddPlanted(const Person& person, std::vector<GpEvent>& events) const;
  void AddScript(const Person& person, std::vector<GpEvent>& events) const;
  // Places an event at the practice of `month`; false if the person was at
  // none, or dead.
  bool Place(const Person& person, int month, GpEvent& event) const;

  const PersonMaker& maker_;
  const ConditionMaker& conditions_;
  Draws draws_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_GP_EVENTS_H_
