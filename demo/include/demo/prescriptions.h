#ifndef TALLY_DEMO_PRESCRIPTIONS_H_
#define TALLY_DEMO_PRESCRIPTIONS_H_

// Items that practices prescribe: a pure function of the person, the same for
// the files and for the truth. Of the background nobody has eight medicines.
//
// Spec: docs/population.md, "Prescribed items".
// Threading: immutable after construction.

#include <vector>

#include "demo/activity.h"
#include "demo/person.h"
#include "demo/random.h"

namespace tally::demo {

class Prescriptions {
 public:
  // Keeps a reference to `maker`.
  explicit Prescriptions(const PersonMaker& maker);

  // All items of `person`, each with its practice: the script's of an actor,
  // else drawn ones. None outside a registration.
  std::vector<Prescription> Of(const Person& person) const;

  // True if the revision of the newest month lacks the item.
  static bool GoneFromRevision(const Person& person, const Prescription& item);

 private:
  void AddDrawn(const Person& person, std::vector<Prescription>& items) const;
  void AddPlanted(const Person& person, std::vector<Prescription>& items) const;

  const PersonMaker& maker_;
  Draws draws_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_PRESCRIPTIONS_H_
