// Hospital episodes put together: provider spells, and continuous inpatient
// (CIP) spells over providers. Shared by every measure that counts admissions,
// lengths of stay or readmissions.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md, "Spells".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_MEASURES_SPELLS_H_
#define TALLY_ANALYTICS_MEASURES_SPELLS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/database.h"

namespace tally::analytics {

// Columns of sus_apc that spells cannot be built without, beside person and
// source.
const std::vector<std::string>& SpellColumns();

// A further value of an episode: an SQL expression over columns of sus_apc.
struct KeptValue {
  std::string name;
  std::string sql;
};

// Makes the temporary table `provider_spell`, a row a spell, from `sus_apc`:
//   spell_no           a number of this table
//   person             null: a row without a person
//   provider_code, admission_date, admission_method, admission_source,
//   patient_classification
//                      of the first episode; admission_date the earliest
//   discharge_date     the latest; null while the spell lasts
//   discharge_method, discharge_destination
//                      of the last episode
//   episodes           how many
//   and `carried`, of the first episode: names of further columns of sus_apc
// and `spell_episode`, a row an episode: person, source, SpellColumns() without
// spell_id, `carried`, `kept`, spell_no, places (episodes of its spell) and
// place (its own, from 1).
//
// An episode without end is left out where one of the same person, provider,
// start and order has ended. A group of one spell_id without a last episode is
// joined to the one of the same source, person, provider, day and method of
// admission (a spell that crosses two extracts has two ids): to a group that
// has its last episode rather than one that has none, then to the one that
// begins latest in its spell. Nothing is joined by a value that is not known.
// Episodes without spell_id belong together when they agree in person,
// provider, day and method of admission, and stand alone when one of these is
// missing. Where last_episode is not known, a discharge date says the same.
// Keys never decide an order that figures depend on. Replaces tables that are
// there. Cost: hash joins and groups of the episodes; a sort of spells of
// several episodes.
absl::Status MakeProviderSpells(engine::Connection& connection,
                                const std::vector<std::string>& carried,
                                const std::vector<KeptValue>& kept = {});

// Makes the temporary tables `spell_chain` (spell_no, cip_no, turn: its place
// among all spells of its person; overlapping: whether the spell begins before
// an earlier one ended, a fault of the data) and `cip_spell`, a row a CIP spell
// of a person:
//   cip_no, person, spells
//   first_spell, last_spell
//                      numbers of provider_spell
//   provider_code, admission_date, admission_method, admission_source,
//   patient_classification
//                      of the first spell
//   discharge_date, discharge_method, discharge_destination
//                      of the last; null while it lasts
//   last_admission     the admission date of the last spell
// A spell joins the chain of the one before it, by admission, discharge and
// provider, of the same person when
//   1. it begins 0, 1 or 2 days after the discharge of the last spell of that
//      chain, or before it;
//   2. a transfer is recorded: discharge destination 49 50 51 52 53 84, next
//      admission source 49 50 51 52 53 87, or next admission method 2B 81; and
//      not destination 19 with next source 51 and next method 21;
//   3. neither is of a regular attender (classification 3 or 4).
// The last spell of a chain is the one that is discharged last, which another
// one can be than that which begins last only where spells overlap: a stay of
// two days inside a stay of twenty does not end it, and what follows is
// compared with the stay of twenty. Of equal days it is the later in the order;
// a spell that still lasts is after all others.
// Spells without a person are in none. REQUIRES: MakeProviderSpells, day grain.
// Ref: NHS Digital, methodology to create provider and CIP spells from HES APC.
absl::Status MakeCipSpells(engine::Connection& connection);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_SPELLS_H_
