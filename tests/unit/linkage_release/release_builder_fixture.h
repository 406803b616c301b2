#ifndef TALLY_RELEASE_BUILDER_FIXTURE_H_
#define TALLY_RELEASE_BUILDER_FIXTURE_H_

// A small world for the tests of the release builder: two suppliers, a
// national source, and rows that are easy to count by hand.

#include <algorithm>
#include <string>
#include <vector>

#include "linkage/release/release_builder.h"
#include "release_world.h"

namespace tally::linkage {

inline constexpr char kRelease[] = "r2026-11";

inline TestRow Patient(int who, const char* practice = "Z90001",
                       const char* lsoa = "E01990001",
                       const char* ethnic = "A") {
  return {who,
          {{"year_of_birth", engine::Value::Int64(1950 + who)},
           {"sex", engine::Value::Text(who % 2 == 0 ? "1" : "2")},
           {"ethnic_category", engine::Value::Text(ethnic)},
           {"practice_code", engine::Value::Text(practice)},
           {"lsoa21", engine::Value::Text(lsoa)},
           {"imd_decile", engine::Value::Int64(1 + who % 10)},
           {"registration_start", DayValue("2020-01-01")}}};
}

inline TestRow Event(int who, const char* day, const char* cluster = "DM_COD") {
  return {who,
          {{"event_date", DayValue(day)},
           {"cluster_id", engine::Value::Text(cluster)},
           {"value1", engine::Value::Double(who)},
           {"practice_code", engine::Value::Text("Z90001")}},
          who < 0 ? dataset::RowReason::kNhsNumberMissing
                  : dataset::RowReason::kNone};
}

inline TestRow Spell(int who, int spell, const char* day) {
  return {who,
          {{"spell_id", engine::Value::Int64(spell)},
           {"admission_date", DayValue(day)},
           {"discharge_date", DayValue(day)},
           {"diag_01", engine::Value::Text("I50")},
           {"tariff_pence", engine::Value::Int64(who)}},
          who < 0 ? dataset::RowReason::kNhsNumberCheckDigit
                  : dataset::RowReason::kNone};
}

using Rows = std::vector<std::vector<std::string>>;

// Two suppliers and a national source. People 1 to 6 at a, 3, 7 and 8 at b
// (3 moved), 1, 2, 7 and the unregistered 99 in hospital.
class ReleaseBuilder : public ::testing::Test {
 protected:
  void PublishBasics() {
    world_.Publish("gp-supplier-a", "2026-11", 1,
                   {{"gp-patient",
                     {Patient(1), Patient(2), Patient(3), Patient(4),
                      Patient(5), Patient(6)}},
                    {"gp-event",
                     {Event(1, "2026-11-12"), Event(1, "2026-11-13", "CHD_COD"),
                      Event(4, "2026-11-20"), Event(-1, "2026-11-02")}}});
    world_.Publish(
        "gp-supplier-b", "2026-11", 1,
        {{"gp-patient",
          {Patient(3, "Z90002"), Patient(7, "Z90002"), Patient(8, "Z90002")}},
         {"gp-event", {Event(7, "2026-11-04")}}});
    world_.Publish(
        "national-apc", "2026-11", 1,
        {{"sus-apc",
          {Spell(1, 500, "2026-11-05"), Spell(1, 500, "2026-11-09"),
           Spell(2, 501, "2026-11-06"), Spell(7, 502, "2026-11-07"),
           Spell(99, 503, "2026-11-08"), Spell(-1, 504, "2026-11-10")}}});
  }

  Agreement BasicTerms() const {
    Agreement agreement = BasicAgreement();
    agreement.datasets[1].columns = {"spell_id", "admission_date", "diag_01",
                                     "tariff_pence"};
    agreement.min_k = 1;
    return agreement;
  }

  // Rows of a table in order, without the numbers of people and spells, which
  // differ from release to release.
  Rows Contents(const std::string& release, const std::string& table) {
    Rows rows = world_.Table(release, table);
    for (auto& row : rows) {
      row[0] = row[0] == "-" ? "-" : "someone";
      if (table == "sus_apc") row[3] = "spell";
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  ReleaseWorld world_;
};

inline std::vector<std::string> ColumnOf(const Rows& rows, size_t column) {
  std::vector<std::string> values;
  for (const auto& row : rows) values.push_back(row.at(column));
  return values;
}

}  // namespace tally::linkage

#endif  // TALLY_RELEASE_BUILDER_FIXTURE_H_
