// Rows of hospital datasets and deaths for tests, with every field that a
// measure may ask for and defaults that meet no rule.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_HOSPITAL_ROWS_H_
#define TALLY_TESTS_UNIT_ANALYTICS_HOSPITAL_ROWS_H_

#include <string>

#include "release_fixture.h"

namespace tally::analytics {

// An episode of sus-apc; a spell of one episode unless told otherwise.
struct FixtureEpisode {
  int person = 0;
  int spell = 1;
  std::string admitted = "2026-03-10";
  std::string discharged = "2026-03-12";
  std::string method = "21";
  std::string diag_01 = "R69X";
  std::string diag_02;
  int order = 1;
  bool last = true;
  std::string classification = "1";
  std::string provider = "RZZ01";
  std::string discharge_method = "1";
  std::string tariff_pence = "100000";
  std::string mff = "1.0";
};

// The empty tables, then a row for each.
FixtureTable ApcTable();
void AddEpisode(const FixtureEpisode& e, FixtureTable& table);

FixtureTable EcdsTable();
void AddAttendance(int person, const std::string& day, FixtureTable& table,
                   const std::string& category = "1");

FixtureTable DeathTable();
void AddDeath(int person, const std::string& day, FixtureTable& table,
              const std::string& cause = "I219",
              const std::string& registered = "2026-10-20");

FixtureTable OutpatientTable();
void AddAppointment(int person, const std::string& day, FixtureTable& table,
                    const std::string& attended = "5",
                    const std::string& tariff_pence = "10000");

FixtureTable PrescriptionTable();
void AddItem(int person, const std::string& day, const std::string& bnf,
             FixtureTable& table, const std::string& nic_pence = "500");

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_HOSPITAL_ROWS_H_
