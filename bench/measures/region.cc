#include "region.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace tally::analytics {
namespace {

// In the queries: {draw:NAME:N} a number below N drawn for the row, {day} a day
// of the four years, {person} one of the people, {practice} theirs.
struct RegionTable {
  const char* name;
  double rows;  // for each person
  const char* columns;
};

constexpr RegionTable kRegionTables[] = {
    {"gp_event", 10,
     "{day} AS event_date, (['DM_COD', 'HYP_COD', 'AST_COD', 'COPD_COD', "
     "'CHD_COD', 'STRK_COD', 'CKD_COD', 'DEP_COD', 'BP_COD', 'BMI_COD', "
     "'SMOK_COD', 'IFCCHBAM_COD', 'CHOL2_COD', 'MILDFRAIL_COD', "
     "'SEVFRAIL_COD', 'DEM_COD'])[1 + {draw:cluster:16}] AS cluster_id, "
     "CAST({draw:value:2000} AS DOUBLE) / 10 AS value1, {practice} AS "
     "practice_code"},
    {"gp_prescription", 9,
     "{day} AS issue_date, printf('%02d%02d0%d0%s0', 1 + {draw:bnf:13}, "
     "([1, 2, 3, 4, 7, 12])[1 + {draw:section:6}], 1 + {draw:paragraph:4}, "
     "chr(65 + CAST({draw:substance:7} AS INTEGER))) AS bnf_code, "
     "CAST(28 AS DOUBLE) AS quantity, CAST(1 AS INTEGER) AS items, "
     "CAST(100 + {draw:cost:3000} AS BIGINT) AS nic_pence, "
     "CAST(95 + {draw:cost:3000} AS BIGINT) AS actual_cost_pence, "
     "{practice} AS prescriber_org, {draw:repeat:2} = 1 AS repeat_flag"},
    {"sus_op", 3,
     "i AS attendance_id, {day} AS appointment_date, "
     "(['5', '6', '3', '7'])[1 + {draw:attended:4}] AS attended, "
     "(['1', '2', '3', '4'])[1 + {draw:type:4}] AS attendance_type, "
     "(['1', '2', '3'])[1 + {draw:outcome:3}] AS outcome, "
     "(['03', '05', '92'])[1 + {draw:referral:3}] AS referral_source, "
     "{day} - 60 AS referral_received_date, "
     "(['130', '100', '110', '300', '320'])[1 + {draw:tfc:5}] AS "
     "treatment_function, (['130', '100', '110', '300', '320'])[1 + "
     "{draw:tfc:5}] AS main_specialty, printf('RX%d', 1 + {draw:provider:8}) "
     "AS provider_code, {practice} AS practice_code, "
     "CAST(8000 + {draw:tariff:9000} AS BIGINT) AS tariff_pence, "
     "(['10', '20', '30', '90'])[1 + {draw:rtt:4}] AS rtt_status, "
     "{day} - 60 AS rtt_start, CASE WHEN {draw:rtt:4} = 2 THEN {day} END AS "
     "rtt_end, CAST(1 + {draw:imd:10} AS INTEGER) AS imd_decile, "
     "CAST({draw:age:91} AS INTEGER) AS age_fy, "
     "CAST(1 + {draw:sex:2} AS VARCHAR) AS sex"},
    {"ecds", 1.2,
     "i AS attendance_id, {day} AS arrival_date, "
     "CAST({draw:hour:24} AS INTEGER) AS arrival_hour_band, "
     "CAST({draw:minutes:900} AS INTEGER) AS dur_departure, "
     "(['01', '02', '03'])[1 + {draw:department:3}] AS department_type, "
     "(['1', '2', '3'])[1 + {draw:category:3}] AS attendance_category, "
     "CAST({draw:status:5} AS BIGINT) AS discharge_status, "
     "printf('RX%d', 1 + {draw:provider:8}) AS provider_code, {practice} AS "
     "practice_code, CAST(1 + {draw:imd:10} AS INTEGER) AS imd_decile, "
     "CAST({draw:age:91} AS INTEGER) AS age_fy, "
     "CAST(1 + {draw:sex:2} AS VARCHAR) AS sex, 'VB08Z' AS hrg"},
    {"sus_apc", 0.6,
     "10000000000 + i AS episode_id, 20000000000 + i AS spell_id, "
     "printf('RX%d', 1 + {draw:provider:8}) AS provider_code, "
     "{practice} AS practice_code, CAST(1 + {draw:imd:10} AS INTEGER) AS "
     "imd_decile, CAST({draw:age:91} AS INTEGER) AS age_fy, "
     "CAST(1 + {draw:sex:2} AS VARCHAR) AS sex, {day} AS admission_date, "
     "{day} + CAST({draw:stay:9} AS INTEGER) AS discharge_date, {day} AS "
     "episode_start, {day} + CAST({draw:stay:9} AS INTEGER) AS episode_end, "
     "CAST(1 AS INTEGER) AS episode_order, true AS last_episode, "
     "(['11', '12', '21', '22', '2A', '31'])[1 + {draw:method:6}] AS "
     "admission_method, '19' AS admission_source, "
     "(['1', '1', '1', '4'])[1 + {draw:discharge:4}] AS discharge_method, "
     "(['19', '51', '79'])[1 + {draw:destination:3}] AS "
     "discharge_destination, (['1', '1', '2'])[1 + {draw:class:3}] AS "
     "patient_classification, '1' AS episode_type, '3' AS episode_status, "
     "(['130', '100', '110', '300', '320'])[1 + {draw:tfc:5}] AS "
     "main_specialty, (['130', '100', '110', '300', '320'])[1 + "
     "{draw:tfc:5}] AS treatment_function, (['J45', 'I50', 'E11', 'N39', "
     "'K35', 'S72', 'J18', 'I21', 'C50', 'R07'])[1 + {draw:diag:10}] || "
     "CAST({draw:fourth:10} AS VARCHAR) AS diag_01, (['I10', 'E11', 'N18', "
     "'J44', 'F03', 'Z86'])[1 + {draw:other:6}] || 'X' AS diag_02, CASE WHEN "
     "{draw:op:3} = 0 THEN (['C712', 'W371', 'G451', 'H221', 'T202'])[1 + "
     "{draw:proc:5}] END AS proc_01, 'AA01A' AS hrg_spell, "
     "CAST(40000 + {draw:tariff:400000} AS BIGINT) AS tariff_pence, "
     "CAST(1.05 AS DOUBLE) AS mff, {day} - 90 AS decided_to_admit_date, "
     "CAST({draw:wait:300} AS INTEGER) AS elective_wait_days, '30' AS "
     "rtt_status, {day} - 120 AS rtt_start, {day} AS rtt_end, "
     "30000000000 + i AS pathway_id"},
    {"community_contact", 0.8,
     "i AS contact_id, i // 3 AS referral_id, {day} AS contact_date, "
     "{day} - 20 AS referral_received, (['MHSDS', 'CSDS'])[1 + "
     "{draw:dataset:2}] AS dataset, printf('%02d', 1 + {draw:team:20}) AS "
     "service_or_team_type, (['5', '6', '3'])[1 + {draw:attended:3}] AS "
     "attended, '01' AS mechanism, CAST(30 AS INTEGER) AS duration_min, "
     "printf('RY%d', 1 + {draw:provider:3}) AS provider_code, {practice} AS "
     "practice_code"},
    {"gos_claim", 0.35,
     "{day} AS service_date, (['GOS1', 'GOS3', 'GOS4', 'GOS6', 'MECS', "
     "'CUES'])[1 + {draw:claim:6}] AS claim_type, printf('TP%03d', "
     "{draw:contractor:120}) AS contractor_ods, (['60_over', 'under_16', "
     "'diabetes', 'glaucoma'])[1 + {draw:eligible:4}] AS eligibility, "
     "CAST(date_trunc('month', {day}) AS DATE) - INTERVAL 2 YEAR AS "
     "previous_test_month, (['no_rx', 'new_rx', 'managed', 'referred_gp', "
     "'discharged'])[1 + {draw:outcome:5}] AS outcome, {draw:home:10} = 0 AS "
     "domiciliary, CAST(2300 + {draw:fee:4000} AS BIGINT) AS fee_pence"},
    {"ons_death", 0.035,
     "{day} AS date_of_death, {day} + 5 AS registration_date, (['I21', "
     "'C34', 'J44', 'I64', 'F03', 'K70'])[1 + {draw:cause:6}] || '9' AS "
     "underlying_cause, (['home', 'hospital', 'care home'])[1 + "
     "{draw:place:3}] AS place_type, {practice} AS practice_code, "
     "CAST(1 + {draw:imd:10} AS INTEGER) AS imd_decile, "
     "CAST(40 + {draw:age:51} AS INTEGER) AS age_fy, "
     "CAST(1 + {draw:sex:2} AS VARCHAR) AS sex"},
};

// Replaces {draw:NAME:N} by a hash of row and name below N.
std::string WithDraws(std::string text) {
  constexpr std::string_view kMark = "{draw:";
  size_t at = 0;
  while ((at = text.find(kMark, at)) != std::string::npos) {
    const size_t colon = text.find(':', at + kMark.size());
    const size_t end = text.find('}', colon);
    const std::string name =
        text.substr(at + kMark.size(), colon - at - kMark.size());
    const std::string below = text.substr(colon + 1, end - colon - 1);
    text.replace(
        at, end - at + 1,
        absl::StrFormat("CAST(hash(i, '%s') %% %s AS BIGINT)", name, below));
  }
  return text;
}

std::string TableQuery(const RegionTable& table, int64_t people) {
  const auto rows =
      static_cast<int64_t>(table.rows * static_cast<double>(people));
  const std::string columns = WithDraws(absl::StrReplaceAll(
      table.columns,
      {{"{day}", "(DATE '2022-11-01' + CAST({draw:day:1461} AS INTEGER))"},
       {"{practice}",
        absl::StrFormat("printf('Z9%%04d', 1 + (i * %d // %d) %% 200)", people,
                        rows)}}));
  // Sorted by person as it is made; one row in fifty has none, and comes last.
  return absl::StrFormat(
      "SELECT CAST(CASE WHEN i * 50 < %1$d * 49 THEN 1 + i * %2$d // %1$d END "
      "AS INTEGER) AS person, CASE WHEN i * 50 >= %1$d * 49 THEN "
      "'NHS_NUMBER_MISSING' END AS unlinked_reason, %3$s AS source, %4$s "
      "FROM range(%1$d) AS r(i)",
      rows, people,
      std::string_view(table.name).starts_with("gp_") ? "'gp-supplier-a'"
                                                      : "'national-apc'",
      columns);
}

}  // namespace

FixtureRelease MakeRegion(int64_t people) {
  FixtureRelease region;
  region.memory_bytes = int64_t{2} << 30;
  region.validation =
      "{\"extract\":\"sources/gp-supplier-a/extracts/p2026-10-r1\","
      "\"results\":[{\"dataset\":\"gp-event\",\"check\":\"rows\","
      "\"result\":\"accept\",\"value\":12000000,\"bound\":0}]}\n";
  region.queries.push_back(
      {"gp_patient",
       WithDraws(absl::StrFormat(
           "SELECT CAST(i + 1 AS INTEGER) AS person, CAST(NULL AS VARCHAR) AS "
           "unlinked_reason, 'gp-supplier-a' AS source, "
           "CAST(1936 + {draw:birth:91} AS INTEGER) AS year_of_birth, "
           "CAST(1 + {draw:sex:2} AS VARCHAR) AS sex, "
           "(['A', 'H', 'N', 'S', 'Z'])[1 + {draw:ethnic:5}] AS "
           "ethnic_category, printf('Z9%%04d', 1 + i %% 200) AS practice_code, "
           "CAST(1 + {draw:imd:10} AS INTEGER) AS imd_decile, "
           "DATE '2015-04-01' AS registration_start, CAST(NULL AS DATE) AS "
           "registration_end, CAST(NULL AS DATE) AS death_month, "
           "{draw:home:90} = 0 AS care_home_flag FROM range(%d) AS r(i)",
           people)),
       "month"});
  for (const RegionTable& table : kRegionTables) {
    region.queries.push_back({table.name, TableQuery(table, people)});
  }
  region.queries.push_back(
      {"coverage",
       absl::StrFormat("SELECT CAST(i + 1 AS INTEGER) AS person, "
                       "'gp-supplier-a' AS source, 'gp-event' AS dataset, DATE "
                       "'2022-11-01' AS from_month, DATE '2026-10-01' AS "
                       "to_month, 'no extract' AS ended_by FROM range(%d) AS "
                       "r(i)",
                       people)});
  region.queries.push_back(
      {"persons",
       absl::StrFormat("SELECT CAST(i + 1 AS INTEGER) AS person, md5(CAST(i AS "
                       "VARCHAR)) AS pseudonym, 'nhs_number' AS link_status, "
                       "true AS in_population FROM range(%d) AS r(i)",
                       people)});
  return region;
}

}  // namespace tally::analytics
