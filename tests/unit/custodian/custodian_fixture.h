#ifndef TALLY_TESTS_UNIT_CUSTODIAN_CUSTODIAN_FIXTURE_H_
#define TALLY_TESTS_UNIT_CUSTODIAN_CUSTODIAN_FIXTURE_H_

// A custodian's machine in a temporary folder, and parties that enrol.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "crypto/ceremony.h"
#include "crypto/enrolment.h"
#include "crypto/source_key.h"
#include "custodian/ceremony_room.h"
#include "custodian/configuration.h"
#include "custodian/registry_desk.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::custodian {

// A source with fresh keys.
struct SourceParty {
  explicit SourceParty(std::string_view name, uint32_t epoch = 1);
  crypto::SourceKey key;
  crypto::SigningKey sign;
  crypto::BoxKey box;
  std::string Enrolment() const;  // the file's text
};

// A hub with fresh keys.
struct HubParty {
  HubParty();
  crypto::SigningKey sign;
  crypto::BoxKey box;
  std::string Enrolment() const;
};

class CustodianTest : public testing::Test {
 protected:
  CustodianTest();

  // Hub key made, hub and source enrolled, registry signed.
  crypto::Registry SetUpRegistry();
  // The source's request, written to "request.step1".
  crypto::FactorRequest WriteRequest(const crypto::Registry& registry);

  TempDir dir_;
  Configuration configuration_;
  SourceParty source_;
  HubParty hub_;
};

}  // namespace tally::custodian

#endif  // TALLY_TESTS_UNIT_CUSTODIAN_CUSTODIAN_FIXTURE_H_
