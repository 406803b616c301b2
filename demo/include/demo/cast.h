#ifndef TALLY_DEMO_CAST_H_
#define TALLY_DEMO_CAST_H_

// Actors: scripted people beside the drawn ones, each there for one rule of one
// measure. They belong to lanes, and each lane to practices of its own, so a
// wrong figure names its rule. What a measure must find of them is written by
// hand beside their rows, never computed from a rule.
//
// Spec: docs/population.md, "Lanes".
// Threading: immutable after construction.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "demo/activity.h"
#include "demo/measure_truth.h"

namespace tally::demo {

struct PopulationOptions;

// What a person adds to a figure of a measure.
struct Expect {
  const char* measure;  // "C20"
  const char* table;    // "readmission_30d"
  const char* column;   // "index_spells"
  int64_t value = 1;
  std::string dimensions = {};  // beside the area: "condition=asthma"
  // Whether area=All has it too: where the background has none of it.
  bool all = true;
  // Whether it is by area at all; otherwise `dimensions` are the whole.
  bool by_area = true;
};

// One scripted person (or several who are alike) and what is expected of each.
struct Case {
  const char* what = "";  // the rule, and on which side of it
  int born = 1960;        // on 15 June
  char sex = '1';
  int decile = 5;
  const char* ethnic = "A";
  int copies = 1;
  int practice = 0;  // of the lane's
  bool listed = true;
  int joined = Ymd(2015, 1, 1);
  int left = kNoDay;      // kNoDay: still registered
  int rejoined = kNoDay;  // a second registration at the same practice, open
  int died = kNoDay;      // as general practice knows it
  Activity rows = {};
  std::vector<Expect> expect = {};
};

struct Lane {
  const char* name = "";
  int first_practice = 0;  // 1: Z98001
  int practices = 1;
  std::vector<Case> cases = {};
  int members = 200;  // neutral people on each practice's list
};

struct LanePractice {
  std::string code;
  int supplier;  // 0 or 1
  uint64_t people;
  const char* lane;
};

struct Actor {
  const Case* part;
  int practice;  // of Cast::practices()
};

class Cast {
 public:
  // The lanes name days: they need the years 2022 to 2026.
  static bool Fits(const PopulationOptions& options);

  // REQUIRES: practices follow each other from 1, without a gap.
  explicit Cast(std::vector<Lane> lanes);
  Cast(const Cast&) = delete;
  Cast& operator=(const Cast&) = delete;

  const std::vector<Lane>& lanes() const { return lanes_; }
  const std::vector<LanePractice>& practices() const { return practices_; }
  const std::vector<Actor>& actors() const { return actors_; }

  // Adds what is expected of every actor, for the practice and for area=All.
  void Book(MeasureTruth& truth) const;

 private:
  std::vector<Lane> lanes_;
  std::vector<LanePractice> practices_;
  std::vector<Actor> actors_;
};

// Every lane of the demo (src/lanes), in the order of their practices.
std::vector<Lane> AllLanes();

// The reference file `contract_plan` that belongs to the lane "cost".
std::string ContractPlanText();

}  // namespace tally::demo

#endif  // TALLY_DEMO_CAST_H_
