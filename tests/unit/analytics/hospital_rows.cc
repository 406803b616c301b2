#include "hospital_rows.h"

namespace tally::analytics {
namespace {

std::string PersonText(int person) {
  return person > 0 ? std::to_string(person) : "";
}

FixtureTable TableOf(std::string dataset) {
  FixtureTable table;
  table.dataset = std::move(dataset);
  return table;
}

}  // namespace

FixtureTable ApcTable() {
  FixtureTable table = TableOf("sus-apc");
  table.defaults = {{"admission_source", "19"},
                    {"discharge_destination", "19"}};
  table.columns = {
      "spell_id",         "provider_code", "admission_date",
      "discharge_date",   "episode_start", "episode_end",
      "episode_order",    "last_episode",  "admission_method",
      "discharge_method", "diag_01",       "diag_02",
      "tariff_pence",     "mff",           "patient_classification"};
  return table;
}

void AddEpisode(const FixtureEpisode& e, FixtureTable& table) {
  table.Add({{"person", PersonText(e.person)},
             {"spell_id", std::to_string(e.spell)},
             {"provider_code", e.provider},
             {"admission_date", e.admitted},
             {"discharge_date", e.discharged},
             {"episode_start", e.admitted},
             {"episode_end", e.discharged},
             {"episode_order", std::to_string(e.order)},
             {"last_episode", e.last ? "true" : "false"},
             {"admission_method", e.method},
             {"discharge_method", e.discharge_method},
             {"patient_classification", e.classification},
             {"diag_01", e.diag_01},
             {"diag_02", e.diag_02},
             {"tariff_pence", e.tariff_pence},
             {"mff", e.mff}});
}

FixtureTable EcdsTable() {
  FixtureTable table = TableOf("ecds");
  table.columns = {"arrival_date", "attendance_category", "department_type"};
  return table;
}

void AddAttendance(int person, const std::string& day, FixtureTable& table,
                   const std::string& category) {
  table.Add({{"person", PersonText(person)},
             {"arrival_date", day},
             {"attendance_category", category},
             {"department_type", "01"}});
}

FixtureTable DeathTable() {
  FixtureTable table = TableOf("ons-death");
  table.columns = {"date_of_death", "registration_date", "underlying_cause"};
  return table;
}

void AddDeath(int person, const std::string& day, FixtureTable& table,
              const std::string& cause, const std::string& registered) {
  table.Add({{"person", PersonText(person)},
             {"date_of_death", day},
             {"registration_date", registered},
             {"underlying_cause", cause}});
}

FixtureTable OutpatientTable() {
  FixtureTable table = TableOf("sus-op");
  table.columns = {"appointment_date", "attended", "tariff_pence"};
  return table;
}

void AddAppointment(int person, const std::string& day, FixtureTable& table,
                    const std::string& attended,
                    const std::string& tariff_pence) {
  table.Add({{"person", PersonText(person)},
             {"appointment_date", day},
             {"attended", attended},
             {"tariff_pence", tariff_pence}});
}

FixtureTable PrescriptionTable() {
  FixtureTable table = TableOf("gp-prescription");
  table.columns = {"issue_date", "bnf_code", "nic_pence"};
  table.source = "gp-supplier-a";
  return table;
}

void AddItem(int person, const std::string& day, const std::string& bnf,
             FixtureTable& table, const std::string& nic_pence) {
  table.Add({{"person", PersonText(person)},
             {"issue_date", day},
             {"bnf_code", bnf},
             {"nic_pence", nic_pence}});
}

}  // namespace tally::analytics
