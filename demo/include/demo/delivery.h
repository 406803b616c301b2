#ifndef TALLY_DEMO_DELIVERY_H_
#define TALLY_DEMO_DELIVERY_H_

// What each source of the synthetic population delivers, and when: the years
// of history, then the newest month, then a revision of that month in which
// known rows changed and more people have opted out.
//
// Spec: docs/population.md, "Deliveries".
// Threading: values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "demo/ledger.h"
#include "demo/person.h"

namespace tally::demo {

enum class Stage { kHistory, kMonth, kRevision };

struct Delivery {
  Stage stage;
  std::string source;   // "gp-supplier-a"
  std::string extract;  // "p2026-10-r2"
  int first_month;      // of the period
  int last_month;
  std::string folder;  // its files; lists in folder/lists

  bool Covers(int month) const {
    return month >= first_month && month <= last_month;
  }
  // "2022-10..2026-09" or "2026-10", as --period takes it.
  std::string Period() const;
};

// The three deliveries of `source`, in order; folders below `directory`.
std::vector<Delivery> DeliveriesOf(const PersonMaker& maker,
                                   std::string_view source,
                                   std::string_view directory);

// True if `person` may not be in `delivery` because of an opt-out. Half of
// those on the Type 1 list opted out only before the revision.
bool OptedOut(const Person& person, Stage stage);
// True if the opt-out is on the list of Type 1 opt-outs at that time.
bool OnType1List(const Person& person, Stage stage);

// What must become of one row; empty reason: sent with its person.
enum class RowFate { kSent, kUnlinked, kDropped, kOptedOut };

// Books rows and people of one dataset of one delivery in the ledger.
class FateBook {
 public:
  FateBook(Ledger& ledger, const Delivery& delivery, std::string_view dataset);
  // REQUIRES: `reason` for kUnlinked and kDropped.
  void Add(RowFate fate, std::string_view reason = {});

 private:
  Ledger& ledger_;
  std::string dimensions_;
  int64_t& read_;
  int64_t& sent_;
  int64_t& opted_out_;
};

// "source=...;extract=..." as the ledger's dimensions.
std::string Dimensions(const Delivery& delivery);

}  // namespace tally::demo

#endif  // TALLY_DEMO_DELIVERY_H_
