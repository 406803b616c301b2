#ifndef TALLY_DEMO_PERSON_H_
#define TALLY_DEMO_PERSON_H_

// The people of the synthetic population. Each is a pure function of the
// seed, the size of the population and the person's index, so the writers
// make any of them at any time, in any order.
//
// Nobody here can exist: NHS Numbers lie in the 9 billions, practices are
// Z9...., small areas E0199...., postcodes ZZ.., names are invented syllables.
//
// Spec: docs/population.md.
// Threading: PersonMaker is immutable after construction.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/civil_day.h"
#include "demo/activity.h"
#include "demo/random.h"

namespace tally::demo {

// Which fault or rule a person carries. One per person, so that each shows in
// exactly one figure of the truth ("lanes"); most people carry none.
enum class Plant : uint8_t {
  kNone,
  // The number as the national source has it.
  kNumberMissing,
  kNumberFormat,
  kNumberCheckDigit,
  kNumberRepeated,
  kNumberChi,
  kNumberHc,
  kNumberIhi,
  kNumberNotIssued,
  kNumberCanary,
  kIdentityWithheld,  // a hospital record stripped for legal reasons
  kReplacedNumber,    // GP and national source use two different numbers
  kSharedNumber,      // the national source uses another person's number
  // The status of the number at the GP source: other than 01.
  kNotVerified,
  // Opt-outs.
  kType1List,
  kType1Column,
  kType1Both,
  kType1Withdrawn,  // opted out, then withdrew: stays
  kType1SameDay,    // both on one day: counts as opted out
  kNationalOptOut,
  // Codes that must not leave a GP source.
  kRestrictedCode,  // with a second row of the same consultation
  kSensitiveFlag,
  // One faulty row of a GP event.
  kDateInvalid,
  kDateFuture,
  kValueType,
  kValueOutside,  // becomes null, the row stays
  kOutsidePeriod,
  kHiddenPattern,  // a valid 9xx run of nobody in a text
  kPatternWrong,   // the same with a wrong check digit: stays
  kCount,
};

inline constexpr int kSuppliers = 2;
inline constexpr int kBands = 19;  // 0-4, 5-9, ... 85-89, 90+

// A stay on the list of one practice; months count from January of year 0.
struct Registration {
  int practice;     // index of PersonMaker::practices()
  int first_month;  // year * 12 + month - 1
  int last_month;   // included; kOpen if current
};
inline constexpr int kOpen = -1;

struct Person {
  uint64_t index;
  std::string nhs_number;  // ten digits, valid, 9xx
  std::string family_name;
  std::string given_name;
  std::string postcode;
  CivilDay birth;
  int band;  // age band at the reference date
  int age;   // whole years at the reference date
  char sex;  // '1' or '2'
  std::string ethnic_category;
  int area;                                 // index of PersonMaker::areas()
  std::vector<Registration> registrations;  // empty: known nationally only
  bool hospital;                            // has rows at the national source
  int death_month;                          // kOpen if alive
  bool care_home;
  Plant plant;
  // The rows of an actor (demo/cast.h), who has these and no others; null for
  // the people of the background, whose rows are drawn.
  const Activity* script;
};

struct Practice {
  std::string code;
  int supplier;  // 0 or 1
  bool participates;
  uint64_t people;  // first registrations
};

struct Area {
  std::string lsoa21;
  int imd_decile;
  int rural_urban;
};

// What a population is made from.
struct PopulationOptions {
  uint64_t seed = 1;
  uint64_t people = 20000;
  int years = 4;                   // of history before the newest month
  int last_month = 2026 * 12 + 9;  // the newest month: October 2026
  bool lanes = true;               // with actors (demo/cast.h)
};

class Cast;

class PersonMaker {
 public:
  // With a cast, its actors come after the people of the background, and their
  // practices after the others.
  // REQUIRES: 100 <= people <= 9,999,999 and 1 <= years <= 10.
  explicit PersonMaker(const PopulationOptions& options,
                       std::shared_ptr<const Cast> cast = nullptr);

  const PopulationOptions& options() const { return options_; }
  // Everybody: the background and the actors.
  uint64_t size() const { return options_.people + actors_; }
  const std::vector<Practice>& practices() const { return practices_; }
  const std::vector<Area>& areas() const { return areas_; }

  // The person at `index`; NHS Numbers ascend with the index.
  // REQUIRES: index < size().
  Person Make(uint64_t index) const;
  // The same people in the order of their names. REQUIRES: rank < size().
  Person MakeByName(uint64_t rank) const;

  // One of three NHS Numbers that belong to nobody but this person: 0 is their
  // own, 1 the one that replaced it, 2 is in use nowhere.
  // REQUIRES: 0 <= choice <= 2.
  std::string NhsNumber(uint64_t index, int choice) const;

  // People of one age band, and a person's rank among them: what quotas of
  // conditions are drawn from.
  uint64_t BandSize(int band) const { return band_size_[SizeT(band)]; }
  uint64_t RankInBand(uint64_t index) const;

  // The first month of history, and the first day after the newest month:
  // the reference date of ages.
  int first_month() const { return options_.last_month - options_.years * 12; }

 private:
  static size_t SizeT(int value) { return static_cast<size_t>(value); }
  void MakePractices();
  int BandOf(uint64_t position) const;
  Person MakeActor(uint64_t index) const;
  void FillNames(Person& person) const;
  void FillBirth(Person& person) const;
  void FillRegistrations(Person& person) const;
  Plant PlantOf(const Person& person) const;

  PopulationOptions options_;
  std::shared_ptr<const Cast> cast_;
  uint64_t actors_ = 0;
  int own_practices_ = 0;  // of the background; the actors' come after them
  std::vector<Practice> practices_;
  std::vector<uint64_t> practice_start_;
  std::vector<Area> areas_;
  std::array<uint64_t, kBands> band_size_{};
  std::array<uint64_t, kBands> band_start_{};
  std::array<uint64_t, static_cast<size_t>(Plant::kCount) + 1> plant_start_{};
  Permutation name_order_;
  Permutation age_order_;
  Permutation practice_order_;
  Permutation plant_order_;
  Permutation actor_order_;
  Permutation actor_name_order_;
  Quota hospital_;
  Quota moved_;
  Quota dead_;
  Draws draws_;
  uint64_t visitors_;  // people known to the national source only
};

// True for the plants that lie in the national source's numbers.
bool IsNationalPlant(Plant plant);

// The check digit of nine digits, or -1 if there is none (Modulus 11).
int NhsCheckDigit(uint64_t stem);

// The postcodes of an area, letters 0 to 19. REQUIRES: 0 <= area < 9000.
inline constexpr int kPostcodesPerArea = 20;
std::string Postcode(int area, int letter);

// A month number as used above -> its first day.
CivilDay FirstDay(int month);

}  // namespace tally::demo

#endif  // TALLY_DEMO_PERSON_H_
