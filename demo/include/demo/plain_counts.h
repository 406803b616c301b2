#ifndef TALLY_DEMO_PLAIN_COUNTS_H_
#define TALLY_DEMO_PLAIN_COUNTS_H_

// What measures that count everybody must find: counted in plain C++ from each
// person's own rows as they were made, not from the files, and by no code of
// analytics. Rules are written anew from the definitions, so that two answers
// are compared.
//
// Lists: a person is on the list of a practice that takes part in every month
// of a registration, the month of death among them. Rows belong to whoever has
// the number on them.
//
// Spec: docs/population.md, "Truth of the measures".
// Threading: one writer.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "demo/conditions.h"
#include "demo/gp_events.h"
#include "demo/ledger.h"
#include "demo/measure_truth.h"
#include "demo/national_identity.h"
#include "demo/national_rows.h"
#include "demo/person.h"
#include "demo/prescriptions.h"

namespace tally::demo {

// The journeys of one person in 12 months (C09), all practices together: steps,
// and the sequence as a whole. Booked when everybody was added, without those
// of fewer than eight people.
class PlainJourneys {
 public:
  // `rows`: of one person, linked.
  void Add(const Activity& rows);
  void Book(MeasureTruth& truth) const;

 private:
  int64_t persons_ = 0;
  std::map<std::string, int64_t> variants_;
  // From, to: how often, and in how many people.
  std::map<std::pair<std::string, std::string>, std::pair<int64_t, int64_t>>
      edges_;
};

// The newest month, and all practices together.
inline constexpr int kPlainNewest = 2026 * 12 + 9;
inline constexpr int kEverywhere = -1;
// The list of the 12 months to the newest: that of May 2026.
inline constexpr int kPlainYearMiddle = 2026 * 12 + 4;

class PlainCounts {
 public:
  // Keeps references to all but `ledger`.
  PlainCounts(const PersonMaker& maker, const ConditionMaker& conditions,
              MeasureTruth& truth);

  // Counts one person. `identity` is that of the person; a default made one
  // where there are no national rows.
  void Add(const Person& person, const NationalIdentity& identity);

  // Books what is known only when everybody was counted. `ledger`: rows sent,
  // by source, extract and dataset.
  void Finish(const Ledger& ledger);

 private:
  struct Share {
    int64_t num = 0;
    int64_t den = 0;
  };
  // Indicator, practice (-1: all), month.
  using Indicators = std::map<std::tuple<std::string, int, int>, Share>;

  // The practice on whose list `person` was in `month`, or -1.
  int ListIn(const Person& person, int month) const;
  bool Known(const Person& person) const;
  void CountList(const Person& person);
  void CountCohort(const Person& person, const GpTruth& gp, int age);
  bool IsSent(const Person& person, const Prescription& item) const;
  void CountItems(const Person& person);
  void CountNew(const Person& person, const std::string& paragraph,
                const std::set<int>& months);
  void CountNational(const Person& holder, const Activity& rows);
  void CountEpisode(const Person& holder, const Episode& row);
  void CountAppointment(const Person& holder, const Appointment& row);
  void CountAttendance(const Person& holder, const Attendance& row);
  void CountContact(const Person& holder, const Contact& row);
  // Adds to an indicator in the month of `day`, at the list of `holder`.
  void Count(std::string_view indicator, const Person& holder, int day,
             int64_t num, int64_t den);
  void BookIndicators();
  void BookPack(const std::string& indicator, bool rate,
                const std::map<int, Share>& areas);
  void BookPeers(const std::string& indicator,
                 const std::map<int, double>& values);
  static double RankOf(double value, const std::map<int, double>& values);
  void BookMonths(const std::string& indicator, bool rate);
  void BookLinkage(const Ledger& ledger);
  void BookQuality(const Ledger& ledger);
  void BookLists(const Ledger& ledger);
  void BookActivity();
  void BookCapitation();
  void BookMeans();

  int64_t People(int practice, int month) const;
  static bool Starts(std::string_view text, std::string_view beginning) {
    return text.substr(0, beginning.size()) == beginning;
  }

  const PersonMaker& maker_;
  GpEvents events_;
  MeasureTruth& truth_;
  NationalRows rows_;
  Prescriptions prescriptions_;
  PlainJourneys journeys_;
  Indicators indicators_;
  std::map<std::pair<int, int>, int64_t> lists_;  // practice, month
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_PLAIN_COUNTS_H_
