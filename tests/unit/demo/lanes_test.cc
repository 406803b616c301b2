// The lanes of the synthetic population: every case appears in the files, and
// what is booked is what the tables say.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "demo/cast.h"
#include "demo/gp_events.h"
#include "demo/measure_truth.h"
#include "demo/national_rows.h"
#include "demo/person.h"
#include "demo/prescriptions.h"

namespace tally::demo {
namespace {

class Lanes : public testing::Test {
 protected:
  static PopulationOptions Options() {
    PopulationOptions options;
    options.people = 1000;
    return options;
  }
  std::shared_ptr<const Cast> cast_ = std::make_shared<const Cast>(AllLanes());
  PersonMaker maker_{Options(), cast_};
};

TEST_F(Lanes, PracticesFollowEachOtherAndAlternateBetweenSuppliers) {
  ASSERT_EQ(cast_->practices().size(), 20U);
  int supplier_a = 0;
  for (size_t i = 0; i < cast_->practices().size(); ++i) {
    const LanePractice& practice = cast_->practices()[i];
    const size_t number = i + 1;
    EXPECT_EQ(practice.code,
              (number < 10 ? "Z9800" : "Z980") + std::to_string(number));
    // min_k and the rules for small areas need people.
    EXPECT_GE(practice.people, 200U) << practice.code;
    supplier_a += practice.supplier == 0 ? 1 : 0;
  }
  EXPECT_EQ(supplier_a, 10);
}

TEST_F(Lanes, EveryActorIsMadeOnceWithANumberOfTheirOwn) {
  std::map<const Activity*, int> made;
  std::set<std::string> numbers;
  std::string last;
  for (uint64_t i = 0; i < maker_.size(); ++i) {
    const Person person = maker_.Make(i);
    ASSERT_LT(last, person.nhs_number);
    last = person.nhs_number;
    ASSERT_EQ(person.script != nullptr, i >= Options().people);
    if (person.script == nullptr) continue;
    EXPECT_EQ(person.nhs_number.substr(0, 3), "998");
    ++made[person.script];
  }
  size_t actors = 0;
  for (const Lane& lane : cast_->lanes()) {
    for (const Case& part : lane.cases) {
      EXPECT_EQ(made[&part.rows], part.copies) << lane.name << part.what;
      actors += static_cast<size_t>(part.copies);
    }
  }
  EXPECT_EQ(actors, cast_->actors().size());
}

TEST_F(Lanes, NamesOfActorsComeAfterAllOthersInTheirOrder) {
  std::string last;
  std::set<uint64_t> seen;
  for (uint64_t rank = 0; rank < maker_.size(); ++rank) {
    const Person person = maker_.MakeByName(rank);
    ASSERT_LE(last, person.family_name);
    last = person.family_name;
    ASSERT_TRUE(seen.insert(person.index).second);
  }
  EXPECT_EQ(seen.size(), maker_.size());
}

TEST_F(Lanes, NoRowOfACaseFallsAway) {
  const NationalRows national(maker_);
  const Prescriptions prescriptions(maker_);
  const ConditionMaker conditions(maker_);
  const GpEvents events(maker_, conditions);
  for (uint64_t i = Options().people; i < maker_.size(); ++i) {
    const Person person = maker_.Make(i);
    const Activity& script = *person.script;
    EXPECT_EQ(national.Of(person).episodes.size(), script.episodes.size());
    EXPECT_EQ(prescriptions.Of(person).size(), script.prescriptions.size());
    EXPECT_EQ(events.Of(person).size(), script.events.size());
  }
}

// Every day that a delivery goes by, of all rows of a script.
std::vector<int> DeliveryDays(const Activity& rows) {
  std::vector<int> days;
  for (const Episode& row : rows.episodes) {
    days.push_back(row.sent != kNoDay  ? row.sent
                   : row.end != kNoDay ? row.end
                                       : row.discharge);
  }
  for (const auto& row : rows.appointments) days.push_back(row.day);
  for (const auto& row : rows.attendances) days.push_back(row.day);
  for (const auto& row : rows.deaths) days.push_back(row.registered);
  for (const auto& row : rows.contacts) days.push_back(row.day);
  for (const auto& row : rows.claims) days.push_back(row.day);
  for (const auto& row : rows.prescriptions) days.push_back(row.day);
  for (const auto& row : rows.events) days.push_back(row.day);
  return days;
}

TEST_F(Lanes, EveryRowLiesWithinTheDeliveries) {
  for (const Lane& lane : cast_->lanes()) {
    for (const Case& part : lane.cases) {
      for (const int day : DeliveryDays(part.rows)) {
        EXPECT_GE(day, Ymd(2022, 10, 1)) << lane.name << ": " << part.what;
        EXPECT_LE(day, Ymd(2026, 10, 31)) << lane.name << ": " << part.what;
      }
      for (const Episode& row : part.rows.episodes) {
        EXPECT_LE(row.diagnoses.size(), 5U) << lane.name;
        EXPECT_LE(row.procedures.size(), 4U) << lane.name;
      }
    }
  }
}

TEST_F(Lanes, ProvidersBelongToOneLane) {
  std::map<std::string, std::string> owner;
  for (const Lane& lane : cast_->lanes()) {
    const auto owns = [&](const std::string& provider) {
      if (provider.substr(0, 2) != "RX") return;
      const auto [it, added] = owner.emplace(provider, lane.name);
      EXPECT_EQ(it->second, lane.name) << provider;
    };
    for (const Case& part : lane.cases) {
      for (const auto& row : part.rows.episodes) owns(row.provider);
      for (const auto& row : part.rows.appointments) owns(row.provider);
      for (const auto& row : part.rows.attendances) owns(row.provider);
    }
  }
  EXPECT_GE(owner.size(), 15U);
}

TEST_F(Lanes, TruthIsTheSumOfTheTables) {
  MeasureTruth truth;
  cast_->Book(truth);
  // By hand, from the tables.
  EXPECT_EQ(
      truth.Get(
          {"PATH", "variants", "persons"},
          "area=Z98010;steps=Attendance>Emergency admission>Outpatient first"),
      100);
  EXPECT_EQ(truth.Get({"PATH", "dfg_edges", "n"},
                      "area=Z98010;from=Start;to=Attendance"),
            115);
  EXPECT_EQ(truth.Get({"C15", "mortality", "deaths"},
                      "area=Z98006;age_group=all;cause=all"),
            10);
  EXPECT_EQ(truth.Get({"C15", "mortality", "deaths"},
                      "area=Z98007;age_group=all;cause=all"),
            9);
  EXPECT_EQ(
      truth.Get({"C12", "rtt_summary", "over_65"}, "provider=RXK;tfc=110"), 1);
  EXPECT_EQ(truth.Get({"C06", "inequality_deciles", "events"},
                      "area=Z98016;imd_decile=1;"
                      "measure=ed_attendances"),
            190);
  EXPECT_EQ(truth.Get({"C06", "inequality_deciles", "people"},
                      "area=Z98018;imd_decile=1;"
                      "measure=ed_attendances"),
            95);
  EXPECT_EQ(truth.Get({"C19", "provider_report", "cost_pence"},
                      "month=2026-01;pod=Emergency admission;provider=RXV"),
            2520000);
  EXPECT_EQ(truth.Get({"C11", "activity_month", "events"},
                      "by=provider;level=RXT;month=2026-02;pod=ed_1"),
            30);
  EXPECT_EQ(truth.Get({"C11", "forecast", "point"},
                      "by=provider;level=RXS;month=2026-11;pod=ed_1"),
            54);
  EXPECT_EQ(
      truth.Get({"C21", "hiu_summary", "persons"}, "area=Z98003;threshold=20"),
      1);
  // Only what the background has none of stands for all.
  EXPECT_EQ(truth.Get({"C31", "acsc", "admissions"},
                      "area=All;condition=asthma;group=chronic"),
            truth.Get({"C31", "acsc", "admissions"},
                      "area=Z98004;condition=asthma;group=chronic"));
  EXPECT_EQ(truth.Get({"C20", "readmission_30d", "readmitted"}, "area=All"), 0);
}

TEST(Cast, NeedsTheYearsThatTheLanesName) {
  PopulationOptions options;
  EXPECT_TRUE(Cast::Fits(options));
  options.years = 3;
  EXPECT_FALSE(Cast::Fits(options));
  options.years = 4;
  options.last_month = 2026 * 12 + 8;
  EXPECT_FALSE(Cast::Fits(options));
}

TEST(Ymd, AgreesWithTheCalendar) {
  for (int day = CivilDay::Create(2021, 12, 31)->days();
       day <= CivilDay::Create(2028, 3, 1)->days(); ++day) {
    const CivilDay date = CivilDay::FromDays(day).value();
    ASSERT_EQ(Ymd(date.year(), date.month(), date.day()), day);
  }
}

}  // namespace
}  // namespace tally::demo
