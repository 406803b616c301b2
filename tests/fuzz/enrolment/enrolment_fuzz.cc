// Enrolment files: never a crash, and whatever is accepted was signed by the
// key that it names.

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/enrolment.h"
#include "crypto/init.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool kReady = tally::crypto::InitCrypto().ok();
  TALLY_CHECK(kReady);
  const auto enrolment = tally::crypto::ReadEnrolment(
      tally::AsChars({data, size}), tally::crypto::Environment::kTest);
  if (!enrolment.ok()) return 0;
  TALLY_CHECK(!enrolment->party.empty());
  TALLY_CHECK((enrolment->role == tally::crypto::PartyRole::kSource) ==
              enrolment->public_key.has_value());
  TALLY_CHECK(!tally::crypto::EnrolmentFingerprints(*enrolment).empty());
  return 0;
}
