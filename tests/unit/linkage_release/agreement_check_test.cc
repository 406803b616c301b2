#include "linkage/release/agreement_check.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/error.h"
#include "release_test_data.h"

namespace tally::linkage {
namespace {

// A context in which BasicAgreement() is accepted.
class AgreementCheck : public ::testing::Test {
 protected:
  AgreementCheck() {
    context_.today = *CivilDay::Parse("2026-11-20");
    context_.trust_domain = "example.nhs.uk";
    context_.specification = [this](std::string_view id) {
      return specifications_.Newest(id);
    };
    context_.factor_domains["gp-supplier-a"] = {"commissioning"};
    context_.factor_domains["gp-supplier-b"] = {"commissioning"};
    context_.factor_domains["national-apc"] = {"commissioning"};
    context_.organisations["spiffe://example.nhs.uk/source/gp-supplier-a"] =
        "gp-supplier-a";
    context_.organisations["spiffe://example.nhs.uk/analyst/a-khan"] =
        "example-icb";
  }

  std::string FieldOfRefusal() const {
    const absl::Status status = CheckAgreement(agreement_, context_);
    if (status.ok()) return "accepted";
    const std::optional<ErrorDetail> detail = DetailOf(status);
    if (!detail.has_value()) return "no detail";
    EXPECT_EQ(detail->reason, Reason::kAgreementInvalid);
    return detail->field;
  }

  TestSpecifications specifications_;
  AgreementContext context_;
  Agreement agreement_ = BasicAgreement();
};

TEST_F(AgreementCheck, AcceptsWhatTheHubKnows) {
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

TEST_F(AgreementCheck, RefusesOneThatIsPast) {
  context_.today = *CivilDay::Parse("2027-11-01");
  EXPECT_EQ(FieldOfRefusal(), "term.expires");
}

TEST_F(AgreementCheck, AcceptsItsLastDay) {
  context_.today = *CivilDay::Parse("2027-10-31");
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

TEST_F(AgreementCheck, RefusesAnAnalystOfAnotherRoleOrDomain) {
  for (const char* uri :
       {"spiffe://example.nhs.uk/operator/a-khan",
        "spiffe://other.nhs.uk/analyst/a-khan", "a-khan",
        "spiffe://example.nhs.uk/analyst/", "spiffe://example.nhs.uk/analyst/A",
        "spiffe://example.nhs.uk/analyst/a/b"}) {
    agreement_.analysts = {uri};
    EXPECT_EQ(FieldOfRefusal(), "analysts[0]") << uri;
  }
}

TEST_F(AgreementCheck, RefusesAnAnalystOfASourcesOrganisation) {
  context_.organisations["spiffe://example.nhs.uk/analyst/a-khan"] =
      "gp-supplier-a";
  EXPECT_EQ(FieldOfRefusal(), "analysts[0]");
  agreement_.dual_role_accepted = "Caldicott Guardian of Example ICB";
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

TEST_F(AgreementCheck, RefusesAnUnknownPopulation) {
  agreement_.population = "gp-nothing";
  EXPECT_EQ(FieldOfRefusal(), "population");
  agreement_.population = "all";
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

TEST_F(AgreementCheck, RefusesAnUnknownDataset) {
  agreement_.datasets[0].id = "gp-nothing";
  EXPECT_EQ(FieldOfRefusal(), "dataset[0].id");
}

TEST_F(AgreementCheck, RefusesAnUnknownSource) {
  agreement_.datasets[0].sources = {"gp-supplier-a", "gp-supplier-z"};
  EXPECT_EQ(FieldOfRefusal(), "dataset[0].sources[1]");
}

TEST_F(AgreementCheck, RefusesADomainWithoutFactors) {
  context_.factor_domains["gp-supplier-b"] = {"research"};
  EXPECT_EQ(FieldOfRefusal(), "dataset[0].sources[1]");
}

TEST_F(AgreementCheck, RefusesAnUnknownColumn) {
  agreement_.datasets[0].columns.push_back("surname");
  EXPECT_EQ(FieldOfRefusal(), "dataset[0].columns[3]");
}

TEST_F(AgreementCheck, RefusesTheHubsOwnColumns) {
  for (const char* name : {"person", "unlinked_reason", "source"}) {
    agreement_.datasets[0].columns = {name};
    EXPECT_EQ(FieldOfRefusal(), "dataset[0].columns[0]") << name;
  }
}

TEST_F(AgreementCheck, AcceptsAgesDerivedFromAYearOfBirth) {
  agreement_.datasets[1].id = "gp-patient";
  agreement_.datasets[1].columns = {"age_fy", "age_band"};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
  agreement_.datasets[1].id = "sus-apc";
  agreement_.datasets[1].columns = {"age_band"};
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].columns[0]");
}

TEST_F(AgreementCheck, RefusesAreaThatGeographyDoesNotName) {
  agreement_.datasets[1].columns = {"practice_code"};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
  agreement_.geography = {"imd_decile"};
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].columns[0]");
  agreement_.datasets[1].columns = {"lsoa21"};
  agreement_.geography = {"practice", "imd_decile", "place"};
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].columns[0]");
  agreement_.geography = {"practice"};
  agreement_.datasets[1].columns = {"imd_decile"};
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].columns[0]");
}

TEST_F(AgreementCheck, RefusesDayAreaAndUnfilteredCodeTogether) {
  agreement_.geography = {"lsoa"};
  AgreementDataset& apc = agreement_.datasets[1];
  apc.columns = {"admission_date", "lsoa21", "diag_01"};
  apc.date_grain = DateGrain::kDay;
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].date_grain");
  apc.date_grain = DateGrain::kWeek;
  EXPECT_EQ(FieldOfRefusal(), "accepted");
  apc.date_grain = DateGrain::kDay;
  apc.filters = {{"diag_01", FilterOp::kPrefix, {std::string("I")}}};
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].date_grain");
  apc.filters = {{"diag_01", FilterOp::kIn, {std::string("I50")}}};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
  apc.filters.clear();
  apc.columns = {"admission_date", "lsoa21"};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

// The tables of a release join on `person`.
TEST_F(AgreementCheck, RefusesDayAndCodeBesideAreaInAnotherDataset) {
  agreement_.geography = {"lsoa"};
  agreement_.datasets[0].id = "gp-patient";
  agreement_.datasets[0].columns = {"lsoa21"};
  AgreementDataset& apc = agreement_.datasets[1];
  apc.columns = {"admission_date", "diag_01"};
  apc.date_grain = DateGrain::kDay;
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].date_grain");
  apc.filters = {{"diag_01", FilterOp::kIn, {std::string("I50")}}};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
  apc.filters.clear();
  apc.date_grain = DateGrain::kWeek;
  EXPECT_EQ(FieldOfRefusal(), "accepted");
  apc.date_grain = DateGrain::kDay;
  agreement_.datasets[0].columns = {"year_of_birth"};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

TEST_F(AgreementCheck, RefusesTablesThatCollide) {
  agreement_.datasets[1].id = agreement_.datasets[0].id;
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].id");
}

TEST_F(AgreementCheck, ChecksFiltersAgainstTheirColumns) {
  AgreementDataset& events = agreement_.datasets[0];
  const auto refusal = [&](Filter filter) {
    events.filters = {std::move(filter)};
    return FieldOfRefusal();
  };
  const std::string at = "dataset[0].filter[0]";
  EXPECT_EQ(refusal({"surname", FilterOp::kIsNull, {}}), at + ".column");
  EXPECT_EQ(refusal({"value1", FilterOp::kGreater, {std::string("7")}}),
            at + ".value");
  EXPECT_EQ(refusal({"value1", FilterOp::kGreater, {int64_t{7}}}), "accepted");
  EXPECT_EQ(refusal({"value1", FilterOp::kGreater, {7.5}}), "accepted");
  EXPECT_EQ(refusal({"value1", FilterOp::kPrefix, {std::string("7")}}),
            at + ".op");
  EXPECT_EQ(
      refusal(
          {"event_date", FilterOp::kLess, {*CivilDay::Parse("2026-01-01")}}),
      "accepted");
  EXPECT_EQ(refusal({"event_date", FilterOp::kLess, {int64_t{1}}}),
            at + ".value");
  EXPECT_EQ(
      refusal({"cluster_id", FilterOp::kNotIn, {std::string("A"), int64_t{1}}}),
      at + ".value");
}

TEST_F(AgreementCheck, FiltersRecordKeysByPresenceOnly) {
  AgreementDataset& apc = agreement_.datasets[1];
  apc.filters = {{"spell_id", FilterOp::kEqual, {int64_t{7}}}};
  EXPECT_EQ(FieldOfRefusal(), "dataset[1].filter[0].op");
  apc.filters = {{"spell_id", FilterOp::kNotNull, {}}};
  EXPECT_EQ(FieldOfRefusal(), "accepted");
}

}  // namespace
}  // namespace tally::linkage
