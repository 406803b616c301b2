// Every specification that ships, against what the datasets are to hold.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "dataset/specification.h"
#include "status_matchers.h"

namespace tally::dataset {
namespace {

const std::vector<Specification>& Shipped() {
  static const auto& all = *[] {
    auto loaded =
        LoadSpecifications(std::string(TALLY_SOURCE_DIR) + "/datasets");
    TALLY_CHECK(loaded.ok());
    return new std::vector<Specification>(*std::move(loaded));
  }();
  return all;
}

const Specification& Named(std::string_view id) {
  for (const Specification& specification : Shipped()) {
    if (specification.id() == id) return specification;
  }
  ADD_FAILURE() << "not shipped: " << id;
  return Shipped().front();
}

// "name:class" of every column; a repeated group as "diag*20:SEN".
std::vector<std::string> Shape(const Specification& specification) {
  std::vector<std::string> shape;
  std::map<std::string, int> repeats;
  for (const ColumnSpec& column : specification.columns()) {
    if (!column.repeat_base.empty()) ++repeats[column.repeat_base];
  }
  for (const ColumnSpec& column : specification.columns()) {
    const std::string suffix =
        ":" + std::string(ColumnClassName(column.column_class));
    if (column.repeat_base.empty()) {
      shape.push_back(column.name + suffix);
    } else if (column.repeat_index == 1) {
      shape.push_back(column.repeat_base + "*" +
                      std::to_string(repeats[column.repeat_base]) + suffix);
    }
  }
  return shape;
}

void ExpectShape(std::string_view id, std::vector<std::string> expected) {
  EXPECT_THAT(Shape(Named(id)), testing::UnorderedElementsAreArray(expected))
      << id;
}

TEST(ShippedSpecifications, AreThoseThatTheDocumentationNames) {
  std::set<std::string> ids;
  for (const Specification& specification : Shipped()) {
    ids.insert(specification.id());
  }
  EXPECT_THAT(
      ids, testing::ElementsAre("community-contact", "ecds", "gos-claim",
                                "gp-event", "gp-patient", "gp-prescription",
                                "hes-ae-0708", "hes-gp-register", "hes-op-0304",
                                "ons-death", "sus-apc", "sus-op"));
}

TEST(ShippedSpecifications, GpPrescriptionSendsWhatItMay) {
  ExpectShape("gp-prescription",
              {"issue_date:QI", "bnf_code:SEN", "dmd_code:SEN", "quantity:ATTR",
               "items:ATTR", "nic_pence:ATTR", "actual_cost_pence:ATTR",
               "prescriber_org:QI", "repeat_flag:ATTR"});
}

TEST(ShippedSpecifications, OnsDeathSendsWhatItMay) {
  ExpectShape(
      "ons-death",
      {"date_of_death:QI", "registration_date:ATTR", "underlying_cause:SEN",
       "cause*15:SEN", "place_type:QI", "practice_code:QI", "lsoa21:QI",
       "imd_decile:QI", "age_fy:QI", "sex:QI", "ethnic_category:QI"});
}

TEST(ShippedSpecifications, CommunityContactSendsWhatItMay) {
  ExpectShape("community-contact",
              {"contact_id:RK", "referral_id:RK", "dataset:ATTR",
               "contact_date:QI", "referral_received:QI", "discharge_date:QI",
               "service_or_team_type:QI", "attended:ATTR", "mechanism:ATTR",
               "duration_min:ATTR", "provider_code:QI", "commissioner_code:QI",
               "practice_code:QI", "lsoa21:QI", "imd_decile:QI", "age_fy:QI",
               "sex:QI", "ethnic_category:QI"});
}

TEST(ShippedSpecifications, GosClaimSendsWhatItMay) {
  ExpectShape(
      "gos-claim",
      {"claim_type:ATTR", "service_date:QI", "contractor_ods:QI",
       "eligibility:SEN", "previous_test_month:QI", "early_retest_code:ATTR",
       "voucher_band:ATTR", "supplements:ATTR", "domiciliary:ATTR",
       "outcome:ATTR", "condition:SEN", "fee_pence:ATTR", "lsoa21:QI",
       "imd_decile:QI", "age_fy:QI", "sex:QI"});
}

TEST(ShippedSpecifications, GpPatientSendsWhatItMay) {
  ExpectShape(
      "gp-patient",
      {"nhs_number_status:ATTR", "year_of_birth:QI", "sex:QI",
       "ethnic_category:QI", "lsoa21:QI", "imd_decile:QI", "rural_urban:QI",
       "care_home_flag:QI", "practice_code:QI", "registration_start:QI",
       "registration_end:QI", "death_month:QI"});
}

TEST(ShippedSpecifications, GpEventSendsWhatItMay) {
  ExpectShape("gp-event", {"event_date:QI", "concept_id:SEN", "cluster_id:ATTR",
                           "value1:ATTR", "value2:ATTR", "unit:ATTR",
                           "practice_code:QI", "supplier:ATTR"});
}

TEST(ShippedSpecifications, SusApcSendsWhatItMay) {
  ExpectShape("sus-apc", {"episode_id:RK",
                          "spell_id:RK",
                          "provider_code:QI",
                          "site_code:QI",
                          "commissioner_code:ATTR",
                          "practice_code:QI",
                          "lsoa21:QI",
                          "imd_decile:QI",
                          "age_fy:QI",
                          "sex:QI",
                          "ethnic_category:QI",
                          "admission_date:QI",
                          "discharge_date:QI",
                          "discharge_ready_date:QI",
                          "episode_start:QI",
                          "episode_end:QI",
                          "episode_order:ATTR",
                          "last_episode:ATTR",
                          "admission_method:ATTR",
                          "admission_source:ATTR",
                          "discharge_method:ATTR",
                          "discharge_destination:ATTR",
                          "patient_classification:ATTR",
                          "episode_type:ATTR",
                          "episode_status:ATTR",
                          "main_specialty:ATTR",
                          "treatment_function:ATTR",
                          "diag*20:SEN",
                          "proc*24:SEN",
                          "proc_date*24:QI",
                          "hrg_spell:ATTR",
                          "tariff_pence:ATTR",
                          "mff:ATTR",
                          "decided_to_admit_date:QI",
                          "elective_wait_days:ATTR",
                          "rtt_status:ATTR",
                          "rtt_start:QI",
                          "rtt_end:QI",
                          "pathway_id:RK"});
}

TEST(ShippedSpecifications, SusOpSendsWhatItMay) {
  ExpectShape("sus-op", {"attendance_id:RK",
                         "appointment_date:QI",
                         "attended:ATTR",
                         "attendance_type:ATTR",
                         "outcome:ATTR",
                         "referral_source:ATTR",
                         "referral_received_date:QI",
                         "priority:ATTR",
                         "treatment_function:ATTR",
                         "main_specialty:ATTR",
                         "provider_code:QI",
                         "site_code:QI",
                         "commissioner_code:ATTR",
                         "practice_code:QI",
                         "lsoa21:QI",
                         "imd_decile:QI",
                         "age_fy:QI",
                         "sex:QI",
                         "ethnic_category:QI",
                         "diag*12:SEN",
                         "proc*24:SEN",
                         "hrg:ATTR",
                         "tariff_pence:ATTR",
                         "rtt_status:ATTR",
                         "rtt_start:QI",
                         "rtt_end:QI"});
}

TEST(ShippedSpecifications, EcdsSendsWhatItMay) {
  ExpectShape("ecds", {"attendance_id:RK",
                       "arrival_date:QI",
                       "arrival_hour_band:QI",
                       "dur_initial:ATTR",
                       "dur_seen:ATTR",
                       "dur_conclusion:ATTR",
                       "dur_departure:ATTR",
                       "department_type:ATTR",
                       "attendance_category:ATTR",
                       "arrival_mode:ATTR",
                       "attendance_source:ATTR",
                       "acuity:ATTR",
                       "chief_complaint:SEN",
                       "diagnosis*12:SEN",
                       "investigation*12:SEN",
                       "treatment*12:SEN",
                       "discharge_status:ATTR",
                       "discharge_destination:ATTR",
                       "decided_to_admit_date:QI",
                       "provider_code:QI",
                       "site_code:QI",
                       "practice_code:QI",
                       "lsoa21:QI",
                       "imd_decile:QI",
                       "age_fy:QI",
                       "sex:QI",
                       "ethnic_category:QI",
                       "hrg:ATTR"});
}

TEST(ShippedSpecifications, NoDirectIdentifierLeaves) {
  const std::set<std::string> never = {"nhs_number",
                                       "date_of_birth",
                                       "birth_date",
                                       "postcode",
                                       "forename",
                                       "surname",
                                       "person_name",
                                       "address",
                                       "phone",
                                       "email",
                                       "gp_code",
                                       "local_patient_id",
                                       "arrival_time",
                                       "consultant_code",
                                       "referrer_code",
                                       "record_date",
                                       "type1_opt_out",
                                       "sensitive_flag",
                                       "withheld_identity_reason"};
  for (const Specification& specification : Shipped()) {
    for (const ColumnSpec& column : specification.columns()) {
      EXPECT_EQ(never.count(column.name), 0u)
          << specification.id() << " " << column.name;
    }
    const auto person = specification.FindInput(specification.person().input);
    ASSERT_TRUE(person.has_value());
    EXPECT_FALSE(specification.inputs()[*person].feeds_column);
  }
}

TEST(ShippedSpecifications, OnlyTheseColumnsAreScannedForNumbers) {
  const std::map<std::string, std::set<std::string>> expected = {
      {"gp-event", {"concept_id", "unit", "supplier"}},
      {"gp-prescription", {"dmd_code"}},
      {"ecds",
       {"arrival_mode", "attendance_source", "acuity", "chief_complaint",
        "diagnosis", "investigation", "treatment", "discharge_status",
        "discharge_destination"}}};
  for (const Specification& specification : Shipped()) {
    std::set<std::string> scanned;
    for (const ColumnSpec& column : specification.columns()) {
      if (!column.AdmitsTenDigits()) continue;
      scanned.insert(column.repeat_base.empty() ? column.name
                                                : column.repeat_base);
    }
    const auto entry = expected.find(specification.id());
    EXPECT_EQ(scanned,
              entry == expected.end() ? std::set<std::string>() : entry->second)
        << specification.id();
  }
}

TEST(ShippedSpecifications, PenalCodesCollapse) {
  for (const char* name : {"admission_source", "discharge_destination"}) {
    const ColumnSpec* column = Named("sus-apc").Column(name);
    ASSERT_NE(column, nullptr);
    for (int code = 37; code <= 42; ++code) {
      EXPECT_EQ(column->derive.table.at(std::to_string(code)), "9X");
    }
    EXPECT_EQ(column->derive.map_other, MapOther::kKeep);
  }
}

TEST(ShippedSpecifications, ListsActWhereTheyShould) {
  const auto reasons = [](std::string_view id) {
    std::set<RowReason> found;
    for (const Rule& rule : Named(id).rules()) found.insert(rule.reason);
    return found;
  };
  EXPECT_THAT(reasons("gp-patient"),
              testing::ElementsAre(RowReason::kOptedOutType1,
                                   RowReason::kOptedOutNational,
                                   RowReason::kNotParticipating));
  EXPECT_THAT(reasons("gp-event"),
              testing::ElementsAre(
                  RowReason::kOptedOutType1, RowReason::kOptedOutNational,
                  RowReason::kNotParticipating, RowReason::kRestrictedCode,
                  RowReason::kRestrictedLinkedRow, RowReason::kSensitiveFlag,
                  RowReason::kDateOrder));
  EXPECT_THAT(reasons("sus-apc"),
              testing::ElementsAre(RowReason::kIdentityWithheld,
                                   RowReason::kOptedOutNational,
                                   RowReason::kRestrictedCode));
  for (const char* id : {"sus-op", "ecds"}) {
    EXPECT_THAT(reasons(id), testing::ElementsAre(RowReason::kOptedOutNational,
                                                  RowReason::kRestrictedCode));
  }
}

TEST(ShippedSpecifications, AnOptOutColumnSaysWhatDoesNotOptOut) {
  size_t found = 0;
  for (const Rule& rule : Named("gp-patient").rules()) {
    if (rule.reason != RowReason::kOptedOutType1 || rule.inputs.empty()) {
      continue;
    }
    ++found;
    EXPECT_THAT(rule.values, testing::IsSupersetOf({"Y", "yes", "1", "true"}));
    EXPECT_THAT(rule.keep, testing::IsSupersetOf({"N", "no", "0", "false"}));
  }
  EXPECT_EQ(found, 1U);
}

TEST(ShippedSpecifications, SentinelDaysAreNull) {
  for (const char* id : {"gp-event", "sus-apc", "sus-op", "ecds", "hes-op-0304",
                         "hes-ae-0708"}) {
    for (const ColumnSpec& column : Named(id).columns()) {
      if (column.type != ColumnType::kDate) continue;
      EXPECT_THAT(
          column.null_markers,
          testing::IsSupersetOf({"1800-01-01", "1801-01-01", "1802-01-01"}))
          << id << " " << column.name;
    }
  }
}

TEST(ShippedSpecifications, HospitalNamesFindTheirInputs) {
  const auto expect = [](std::string_view id, const char* header,
                         const char* input) {
    const Specification& specification = Named(id);
    EXPECT_EQ(specification.FindInputByHeader(header),
              specification.FindInput(input))
        << id << " " << header;
    EXPECT_TRUE(specification.FindInput(input).has_value()) << input;
  };
  expect("sus-apc", "ADMIDATE", "admission_date");
  expect("sus-apc", "DISDATE", "discharge_date");
  expect("sus-apc", "EPISTART", "episode_start");
  expect("sus-apc", "EPIEND", "episode_end");
  expect("sus-apc", "ADMIMETH", "admission_method");
  expect("sus-apc", "DIAG_01", "diag_01");
  expect("sus-apc", "OPERTN_24", "proc_24");
  expect("sus-apc", "OPDATE_02", "proc_date_02");
  expect("sus-apc", "MAINSPEF", "main_specialty");
  expect("sus-apc", "STARTAGE", "date_of_birth");
  expect("sus-op", "APPTDATE", "appointment_date");
  expect("sus-op", "ATENTYPE", "attendance_type");
  expect("sus-op", "TRETSPEF", "treatment_function");
  expect("sus-op", "DIAG_4_12", "diag_12");
  expect("ecds", "ARRIVALDATE", "arrival_date");
  expect("ecds", "PROCODE3", "provider_code");
  expect("ecds", "ETHNOS", "ethnic_category");
  expect("gp-patient", "GPPRAC", "practice_code");
  expect("gp-patient", "SEX", "sex");
}

TEST(ShippedSpecifications, HesExamplesNameEveryColumnOfTheirFiles) {
  // One input for each column of the layout of that year, and no other.
  EXPECT_EQ(Named("hes-op-0304").inputs().size(), 157u);
  EXPECT_EQ(Named("hes-ae-0708").inputs().size(), 165u);
  EXPECT_EQ(Named("hes-gp-register").inputs().size(), 7u);
  for (const char* header : {"DIAG_4_12", "OPERTN_3_24", "PROVDIST_FLAG",
                             "APPTAGE_CALC", "NER_TREATMENT"}) {
    EXPECT_TRUE(Named("hes-op-0304").FindInputByHeader(header)) << header;
  }
  for (const char* header : {"DIAGS_12", "TREAT3_01", "SUSLDDATE_HIS",
                             "ARRIVALAGE_CALC", "SITEDIST_FLAG"}) {
    EXPECT_TRUE(Named("hes-ae-0708").FindInputByHeader(header)) << header;
  }
}

TEST(ShippedSpecifications, EveryTextOfAReaderIsThere) {
  for (const Specification& specification : Shipped()) {
    EXPECT_FALSE(specification.title().empty());
    for (const ColumnSpec& column : specification.columns()) {
      EXPECT_GE(column.description.size(), 3u) << column.name;
    }
    for (const InputSpec& input : specification.inputs()) {
      const bool used = input.is_person || input.is_status ||
                        input.is_rule_input || input.feeds_column;
      EXPECT_TRUE(used || !input.drop_reason.empty())
          << specification.id() << " " << input.name;
    }
  }
}

}  // namespace
}  // namespace tally::dataset
