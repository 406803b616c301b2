// What an operator gets wrong is answered with a reason, never as an unexpected
// fault, and running the same command again is always right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/bytes.h"
#include "crypto/ceremony.h"
#include "hub_fixture.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

using ::testing::HasSubstr;

class OperatorMistakes : public ::testing::Test {
 protected:
  OperatorMistakes() { fixture_.Unseal(); }

  void CreateSource() {
    SourceCalls calls(fixture_.hub());
    hub::v1::CreateSourceRequest request;
    request.set_source_id(std::string(kTestSource));
    request.set_request_id(FreshRequestId());
    hub::v1::CreateSourceResponse response;
    ASSERT_THAT(calls.CreateSource(OperatorCaller("j"), request, &response),
                IsOk());
  }

  // Both messages to the hub, as source and custodian seal them.
  void HoldCeremony(uint8_t id) {
    const TestScheme& scheme = fixture_.scheme();
    crypto::Scalar blind = *crypto::Scalar::Random();
    custodian_message_ =
        Seal(id, crypto::CeremonyStep::kBlindedFactor,
             *blind.Times(scheme.Factor().scalar()), scheme.custodian_sign());
    source_message_ = Seal(id, crypto::CeremonyStep::kBlind, std::move(blind),
                           scheme.source_sign());
  }

  std::string Seal(uint8_t id, crypto::CeremonyStep step, crypto::Scalar value,
                   const crypto::SigningKey& sender) {
    const TestScheme& scheme = fixture_.scheme();
    crypto::CeremonyMessage message{
        {.step = step,
         .factor = scheme.Factor().info(),
         .source_public = scheme.source().public_key(),
         .hub_public = scheme.registry()
                           .HubKeyOfEpoch("commissioning", 1, 1)
                           ->public_key},
        std::move(value)};
    message.header.id.fill(id);
    const HubKeys::Lease lease = *fixture_.hub().keys().Borrow();
    return std::string(AsChars(*crypto::SealCeremonyMessage(
        message, sender, lease.box().public_key())));
  }

  absl::Status Import(const std::string& first, const std::string& second,
                      hub::v1::ImportFactorResponse* response) {
    SourceCalls calls(fixture_.hub());
    hub::v1::ImportFactorRequest request;
    request.set_name("sources/" + std::string(kTestSource));
    request.set_source_message(first);
    request.set_custodian_message(second);
    request.set_request_id(FreshRequestId());
    return calls.ImportFactor(OperatorCaller("j"), request, response);
  }

  HubFixture fixture_;
  std::string source_message_;
  std::string custodian_message_;
};

TEST_F(OperatorMistakes, AWrongPassphraseLeavesTheHubSealed) {
  ASSERT_THAT(fixture_.hub().Seal("someone", "", nullptr), IsOk());
  HubCalls calls(fixture_.hub(), {});
  hub::v1::UnsealRequest request;
  request.set_passphrase("wrong");
  request.set_request_id(FreshRequestId());
  hub::v1::UnsealResponse response;
  const absl::Status status =
      calls.Unseal(OperatorCaller("j"), request, &response);
  EXPECT_THAT(status, ReasonIs(Reason::kHubSealed));
  EXPECT_THAT(std::string(status.message()), HasSubstr("wrong passphrase"));
  EXPECT_TRUE(fixture_.hub().sealed());
}

TEST_F(OperatorMistakes, AFactorMayBeImportedAgain) {
  CreateSource();
  HoldCeremony(1);
  hub::v1::ImportFactorResponse first;
  ASSERT_THAT(Import(source_message_, custodian_message_, &first), IsOk());
  hub::v1::ImportFactorResponse again;
  ASSERT_THAT(Import(source_message_, custodian_message_, &again), IsOk());
  EXPECT_EQ(again.factor().SerializeAsString(),
            first.factor().SerializeAsString());
  // So may the same keys' factor of a later ceremony.
  HoldCeremony(2);
  ASSERT_THAT(Import(source_message_, custodian_message_, &again), IsOk());
  EXPECT_EQ(fixture_.hub().factors().size(), 1u);
}

TEST_F(OperatorMistakes, UsedMessagesWithoutTheirFactorAreRefused) {
  CreateSource();
  HoldCeremony(1);
  hub::v1::ImportFactorResponse response;
  ASSERT_THAT(Import(source_message_, custodian_message_, &response), IsOk());
  fixture_.hub().SetFactors({});
  EXPECT_THAT(Import(source_message_, custodian_message_, &response),
              ReasonIs(Reason::kResourceExists));
}

TEST_F(OperatorMistakes, SwappedAndForeignMessagesAreNamed) {
  CreateSource();
  HoldCeremony(1);
  const std::string older = custodian_message_;
  HoldCeremony(2);
  hub::v1::ImportFactorResponse response;
  const absl::Status swapped =
      Import(custodian_message_, source_message_, &response);
  EXPECT_THAT(swapped, ReasonIs(Reason::kFactorMismatch));
  EXPECT_THAT(std::string(swapped.message()), HasSubstr("in this order"));
  EXPECT_THAT(Import(source_message_, older, &response),
              ReasonIs(Reason::kFactorMismatch));
  EXPECT_THAT(Import("not a message", older, &response),
              ReasonIs(Reason::kFactorMismatch));
}

TEST_F(OperatorMistakes, WhatIsNotThereIsNamed) {
  EXPECT_EQ(fixture_.hub().catalogue().GetProject("p1").status().message(),
            "no such resource: projects/p1");
}

// An extract without a row of a dataset is published, and shows.
TEST_F(OperatorMistakes, StatusWarnsOfAnExtractWhoseValidationWarns) {
  fixture_.AdmitSource();
  DeliveryOptions options;
  options.events = 0;
  ASSERT_EQ(fixture_.Deliver(options).state, ExtractState::kPublished);
  HubCalls calls(fixture_.hub(), {});
  hub::v1::GetStatusResponse status;
  ASSERT_THAT(calls.GetStatus(OperatorCaller("j"), {}, &status), IsOk());
  ASSERT_EQ(status.warnings_size(), 1);
  EXPECT_EQ(status.warnings(0).code(), "validation");
  EXPECT_EQ(status.warnings(0).resource(),
            "sources/gp-supplier-a/extracts/p2026-10-r1");
  EXPECT_THAT(status.warnings(0).text(),
              HasSubstr("gp-event rows is 0, bound 1"));
}

TEST_F(OperatorMistakes, ACertificateThatIsYoungIsNoWarning) {
  HubCalls calls(fixture_.hub(), [] {
    return transport::CertificateTerm{29, false};
  });
  hub::v1::GetStatusResponse status;
  ASSERT_THAT(calls.GetStatus(OperatorCaller("j"), {}, &status), IsOk());
  EXPECT_EQ(status.warnings_size(), 0);
}

}  // namespace
}  // namespace tally::linkage
