// D11 against referrals counted by hand, on either side of every rule. The
// year ends on 31 October 2026, 180 days after 4 May.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "analytics/statistics/funnel.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

class ReferralTest : public testing::Test {
 protected:
  ReferralTest() {
    FixtureTable visits;
    visits.dataset = "sus-op";
    visits.columns = {"person",         "appointment_date",
                      "attended",       "attendance_type",
                      "outcome",        "treatment_function",
                      "provider_code",  "referral_received_date",
                      "proc_01",        "rtt_status",
                      "referral_source"};
    visits.defaults = {{"appointment_date", "2026-05-04"},
                       {"attended", "5"},
                       {"attendance_type", "1"},
                       {"outcome", "2"},
                       {"treatment_function", "130"},
                       {"provider_code", "RZ1"},
                       {"referral_received_date", "2026-04-01"},
                       {"referral_source", "03"}};
    FixtureTable stays;
    stays.dataset = "sus-apc";
    stays.columns = {"person", "admission_date", "admission_method",
                     "treatment_function"};
    stays.defaults = {{"admission_date", "2026-06-01"},
                      {"admission_method", "11"},
                      {"treatment_function", "130"}};
    FixtureTable claims;
    claims.dataset = "gos-claim";
    claims.columns = {"person", "claim_type", "service_date", "contractor_ods",
                      "outcome"};
    claims.defaults = {{"claim_type", "GOS1"},
                       {"service_date", "2026-04-01"},
                       {"contractor_ods", "TP001"},
                       {"outcome", "no_rx"}};
    release_.activity = {visits, stays, claims};
  }
  FixtureRegistration& Add(int person, const std::string& practice = "Z90001") {
    FixtureRegistration r;
    r.person = person;
    r.practice = practice;
    return release_.registrations.emplace_back(r);
  }
  FixtureRow& Row(size_t table, int person, FixtureRow row = {}) {
    if (person > 0) row["person"] = std::to_string(person);
    return release_.activity[table].Add(std::move(row));
  }
  FixtureRow& Visit(int person, FixtureRow row = {}) {
    return Row(0, person, std::move(row));
  }
  MeasureResult Run(std::string_view profile = "nhs-national") {
    bench_.emplace(release_, profile);
    RunOptions options;
    options.definitions = DefinitionWith(
        *bench_, "D11", {{"smallest_area = 100", "smallest_area = 1"}});
    auto result = bench_->Run("D11", options);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  static std::string At(const MeasureResult& result, const std::string& column,
                        const std::string& referrer = "All",
                        const std::string& tfc = "All",
                        const std::string& kind = "practice") {
    return Find(TableNamed(result, "referral_monitor"),
                {{"kind", kind}, {"referrer", referrer}, {"tfc", tfc}}, column);
  }

  FixtureRelease release_;
  std::optional<Bench> bench_;
};

TEST_F(ReferralTest, RowsOfOneReceiptAreOneReferral) {
  for (int person = 1; person <= 3; ++person) Add(person);
  Add(4, "Z90002");
  Visit(1);
  Visit(1, {{"attendance_type", "2"}, {"appointment_date", "2026-05-20"}});
  Visit(1, {{"attended", "3"}});
  Visit(1, {{"referral_received_date", "2026-04-02"}});  // another
  Visit(1, {{"provider_code", "RZ2"}});                  // another
  Visit(2, {{"treatment_function", "460"}});
  Visit(2, {{"treatment_function", "110"}});  // no eye care
  Visit(2, {{"referral_source", "05"}});      // of a consultant
  Visit(3, {{"referral_received_date", "2025-10-31"}});
  Visit(3, {{"referral_received_date", "2025-11-01"}});
  Visit(3, {{"referral_received_date", ""}});
  Visit(0);
  Visit(99);  // on no list
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "referrals", "Z90001", "130"), "4");
  EXPECT_EQ(At(result, "referrals", "Z90001", "460"), "1");
  EXPECT_EQ(At(result, "referrals", "Z90001"), "5");
  EXPECT_EQ(At(result, "referrals", "Z90002"), "0");
  EXPECT_EQ(At(result, "referrals"), "5");
  EXPECT_EQ(At(result, "list", "Z90001"), "3");
  EXPECT_EQ(At(result, "list"), "4");
}

TEST_F(ReferralTest, FollowedFromTheFirstAttendanceThatWasSeen) {
  for (int person = 1; person <= 5; ++person) Add(person);
  Visit(1);                                        // 4 May: 180 days
  Visit(2, {{"appointment_date", "2026-05-05"}});  // 179
  Visit(3, {{"attended", "3"}});
  Visit(4, {{"attendance_type", "2"}});
  Visit(5, {{"attended", "4"}});
  Visit(5, {{"attended", "6"}, {"attendance_type", "21"}});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "referrals"), "5");
  EXPECT_EQ(At(result, "followed"), "2");  // 1 and 5
}

TEST_F(ReferralTest, TreatedByProcedureStatusOrElectiveAdmission) {
  for (int person = 1; person <= 12; ++person) Add(person);
  for (int person = 1; person <= 11; ++person) Visit(person);
  const auto later = [&](int person, FixtureRow row) {
    row.emplace("attendance_type", "2");
    row.emplace("appointment_date", "2026-06-01");
    Visit(person, std::move(row));
  };
  later(1, {{"proc_01", "C791"}});
  later(2, {{"rtt_status", "30"}, {"appointment_date", "2026-10-31"}});
  later(3, {{"rtt_status", "30"}, {"appointment_date", "2026-11-01"}});
  later(4, {{"rtt_status", "20"}});
  later(5, {{"proc_01", "C791"}, {"attended", "3"}});
  later(6, {{"proc_01", "C791"}, {"treatment_function", "110"}});
  Row(1, 7);
  Row(1, 8, {{"admission_date", "2026-10-31"}, {"admission_method", "13"}});
  Row(1, 9, {{"admission_date", "2026-11-01"}});
  Row(1, 10, {{"admission_method", "21"}});
  Row(1, 11, {{"treatment_function", "110"}});
  Visit(12, {{"proc_01", "C791"}});  // on the first day
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "followed"), "12");
  EXPECT_EQ(At(result, "treated"), "5");  // 1 2 7 8 12
  EXPECT_EQ(At(result, "conversion"), "41.7");
}

TEST_F(ReferralTest, FalsePositivesAreDischargedAtFirstWithoutTreatment) {
  for (int person = 1; person <= 4; ++person) Add(person);
  Visit(1, {{"outcome", "1"}});
  Visit(2, {{"outcome", "1"}, {"proc_01", "C791"}});
  Visit(3);
  Visit(3, {{"attendance_type", "2"},
            {"outcome", "1"},
            {"appointment_date", "2026-05-10"}});
  Visit(4);
  Visit(4, {{"attendance_type", "2"}, {"appointment_date", "2026-05-10"}});
  Visit(4, {{"attendance_type", "4"}, {"appointment_date", "2026-10-31"}});
  Visit(4, {{"attendance_type", "2"}, {"appointment_date", "2026-11-01"}});
  Visit(4, {{"attendance_type", "2"},
            {"attended", "3"},
            {"appointment_date", "2026-05-11"}});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "discharged"), "2");
  EXPECT_EQ(At(result, "false_positives"), "1");
  EXPECT_EQ(At(result, "false_positive"), "25.0");
  EXPECT_EQ(At(result, "follow_ups"), "3");  // one of 3, two of 4
  EXPECT_EQ(At(result, "first_fu"), "0.8");
}

TEST_F(ReferralTest, WhatFollowsCountsUnderOneReferralOnly) {
  for (int person = 1; person <= 4; ++person) Add(person);
  const auto first = [&](int person, const char* day, FixtureRow row = {}) {
    row["appointment_date"] = day;
    Visit(person, std::move(row));
  };
  const auto follow_up = [&](int person, FixtureRow row = {}) {
    row["attendance_type"] = "2";
    row["appointment_date"] = "2026-06-01";
    Visit(person, std::move(row));
  };
  // Two functions on one day: each has its own.
  first(1, "2026-04-20");
  first(1, "2026-04-20", {{"treatment_function", "460"}});
  follow_up(1);
  follow_up(1, {{"proc_01", "C791"}});
  // Two receipts in one function: by receipt, though another is later.
  first(2, "2026-04-20");
  first(2, "2026-04-25", {{"referral_received_date", "2026-04-05"}});
  follow_up(2);
  // A function without a referral: the later of the two.
  first(3, "2026-04-20", {{"treatment_function", "460"}});
  first(3, "2026-04-25", {{"outcome", "1"}});
  Row(1, 3, {{"treatment_function", "655"}});
  // Its own referral was never seen: it is no other's.
  first(4, "2026-04-20");
  first(4, "2026-04-25", {{"provider_code", "RZ2"}, {"attended", "3"}});
  follow_up(4, {{"provider_code", "RZ2"}});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "followed", "Z90001", "130"), "5");
  EXPECT_EQ(At(result, "follow_ups", "Z90001", "130"), "3");
  EXPECT_EQ(At(result, "treated", "Z90001", "130"), "2");  // of 1 and 3
  EXPECT_EQ(At(result, "false_positives", "Z90001", "130"), "0");
  EXPECT_EQ(At(result, "followed", "Z90001", "460"), "2");
  EXPECT_EQ(At(result, "follow_ups", "Z90001", "460"), "0");
  EXPECT_EQ(At(result, "treated", "Z90001", "460"), "0");
  EXPECT_EQ(At(result, "follow_ups"), "3");
  EXPECT_EQ(At(result, "treated"), "2");
}

TEST_F(ReferralTest, DischargedAtTheEarliestFirstAttendanceOnly) {
  for (int person = 1; person <= 4; ++person) Add(person);
  Visit(1);  // on 4 May, not discharged
  Visit(1, {{"appointment_date", "2026-05-20"}, {"outcome", "1"}});
  Visit(2, {{"outcome", "1"}});
  Visit(2, {{"appointment_date", "2026-05-20"}});
  Visit(3);  // two on the first day, one discharges
  Visit(3, {{"outcome", "1"}});
  // Not seen on the first day: the second is the first.
  Visit(4, {{"attended", "3"}, {"outcome", "2"}});
  Visit(4, {{"appointment_date", "2026-05-04"}, {"outcome", "1"}});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "followed"), "4");
  EXPECT_EQ(At(result, "discharged"), "3");  // 2 3 4
  EXPECT_EQ(At(result, "false_positives"), "3");
}

TEST_F(ReferralTest, TreatedByAProcedureInAnyPlace) {
  for (int person = 1; person <= 2; ++person) Add(person);
  Visit(1, {{"proc_02", "C791"}});  // the first place is empty
  Visit(2);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "treated"), "1");
}

TEST_F(ReferralTest, RatiosAreOfWhatAllPracticesWouldRefer) {
  // Two practices of 100 people alike: 30 and 10 referrals, 20 expected each.
  for (int person = 1; person <= 200; ++person) {
    Add(person, person <= 100 ? "Z90001" : "Z90002");
    if (person <= 30 || (person > 100 && person <= 110)) Visit(person);
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "ratio", "Z90001"), "1.50");
  EXPECT_EQ(At(result, "ratio", "Z90002"), "0.500");
  // Byar's limits of 30 and 10 over 20, worked in Python: 1.0119, 2.1415;
  // 0.2394, 0.9196.
  EXPECT_EQ(At(result, "ratio_lo", "Z90001"), "1.01");
  EXPECT_EQ(At(result, "ratio_hi", "Z90001"), "2.14");
  EXPECT_EQ(At(result, "ratio_lo", "Z90002"), "0.239");
  EXPECT_EQ(At(result, "ratio_hi", "Z90002"), "0.920");
  EXPECT_EQ(At(result, "ratio"), "NA");
  EXPECT_EQ(At(result, "rate"), "NA");  // age bands without people
  const GatedTable& funnel = TableNamed(result, "referral_funnel");
  EXPECT_EQ(Find(funnel, {{"referrer", "Z90001"}}, "ratio"), "1.50");
  // 30 where 20 are expected: above the 95 % limit (28.8 at 97.5 %).
  EXPECT_EQ(Find(funnel, {{"referrer", "Z90001"}}, "funnel_class"),
            std::string(FunnelClassText(FunnelClass::kHigh95)));
  EXPECT_EQ(Find(funnel, {{"referrer", "Z90002"}}, "funnel_class"),
            std::string(FunnelClassText(FunnelClass::kLow95)));
  EXPECT_EQ(Find(funnel, {{"referrer", "Z90001"}}, "expected"), "NA");
}

TEST_F(ReferralTest, OptometristsReferFromTheirClaims) {
  for (int person = 1; person <= 8; ++person) Add(person);
  for (int person = 1; person <= 8; ++person) Row(2, person);
  auto& claims = release_.activity[2].rows;
  claims[0]["outcome"] = "referred_hes_urgent";
  claims[1]["outcome"] = "referred_hes_routine";
  claims[2]["outcome"] = "referred_gp";
  claims[3]["outcome"] = "referred_hes_routine";
  claims[3]["contractor_ods"] = "TP002";
  claims[4]["claim_type"] = "GOS3";  // neither a test nor a service
  claims[5]["claim_type"] = "MECS";
  Row(2, 0, {{"outcome", "referred_hes_urgent"}});
  Visit(1, {{"referral_source", "15"},
            {"appointment_date", "2026-04-10"},
            {"outcome", "1"}});
  Visit(2, {{"appointment_date", "2026-09-29"}});  // 181 days after 1 April
  Visit(4, {{"appointment_date", "2026-04-10"}, {"proc_01", "C791"}});
  const MeasureResult result = Run();
  const auto at = [&](const char* column, const char* referrer = "All") {
    return At(result, column, referrer, "All", "optometrist");
  };
  EXPECT_EQ(at("referrals", "TP001"), "2");
  EXPECT_EQ(at("claims", "TP001"), "6");
  EXPECT_EQ(at("per_1000_claims", "TP001"), "333.3");
  EXPECT_EQ(at("followed", "TP001"), "1");
  EXPECT_EQ(at("false_positives", "TP001"), "1");
  EXPECT_EQ(at("conversion", "TP002"), "100.0");
  EXPECT_EQ(at("referrals"), "3");
  EXPECT_EQ(at("ratio"), "NA");
}

TEST_F(ReferralTest, OrderOfRowsChangesNothing) {
  for (int person = 1; person <= 150; ++person) {
    Add(person, person % 2 == 0 ? "Z90001" : "Z90002");
    if (person % 3 == 0) {
      Visit(person, {{"outcome", person % 2 == 0 ? "1" : "2"}});
      Visit(person, {{"appointment_date", "2026-05-04"}, {"outcome", "3"}});
    }
    Row(2, person,
        {{"outcome", person % 5 == 0 ? "referred_hes_routine" : ""}});
  }
  const MeasureResult first = Run("nhs-subnational");
  std::reverse(release_.registrations.begin(), release_.registrations.end());
  for (FixtureTable& table : release_.activity) {
    std::reverse(table.rows.begin(), table.rows.end());
  }
  const MeasureResult second = Run("nhs-subnational");
  for (size_t i = 0; i < first.tables.size(); ++i) {
    EXPECT_EQ(RowsOf(first.tables[i]), RowsOf(second.tables[i]));
  }
  EXPECT_EQ(first.parts.size(), 2u);
}

TEST_F(ReferralTest, WrongDefinitionsAreRefused) {
  Add(1);
  bench_.emplace(release_);
  RunOptions options;
  options.definitions = DefinitionWith(
      *bench_, "D11", {{"follow_days = 180", "follow_days = 0"}});
  EXPECT_THAT(bench_->Run("D11", options).status().message(),
              HasSubstr("D11.toml:"));
  RunOptions by;
  by.by = {"sex"};
  EXPECT_THAT(bench_->Run("D11", by).status().message(),
              HasSubstr("D11 has its own breakdowns"));
}

TEST_F(ReferralTest, ReferralsBelongToTheListOfTheirMonth) {
  Add(1);
  Add(2, "Z90002");
  Add(3).death = "2026-02-01";
  Add(4).end = "2026-03-15";
  FixtureRegistration& moved = Add(4, "Z90002");
  moved.start = "2026-03-16";
  for (const int person : {3, 4}) {
    Visit(person, {{"referral_received_date", "2026-01-10"},
                   {"appointment_date", "2026-02-10"}});
  }
  Visit(4, {{"referral_received_date", "2026-04-10"}});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "list", "Z90001"), "1");
  EXPECT_EQ(At(result, "referrals", "Z90001"), "2");
  EXPECT_EQ(At(result, "followed", "Z90001"), "2");
  EXPECT_EQ(At(result, "list", "Z90002"), "2");
  EXPECT_EQ(At(result, "referrals", "Z90002"), "1");
  EXPECT_EQ(At(result, "referrals"), "3");
}

}  // namespace
}  // namespace tally::analytics
