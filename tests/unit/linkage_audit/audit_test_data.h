// Keys and entries for tests of the audit log.

#ifndef TALLY_TESTS_UNIT_LINKAGE_AUDIT_AUDIT_TEST_DATA_H_
#define TALLY_TESTS_UNIT_LINKAGE_AUDIT_AUDIT_TEST_DATA_H_

#include <memory>
#include <string>
#include <utility>

#include "crypto/init.h"
#include "crypto/sign.h"
#include "linkage/audit/audit_log.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {

inline const std::string& TestOrigin() {
  static const std::string* const origin =
      new std::string(AuditOrigin("example.nhs.uk", "hub-a"));
  return *origin;
}

inline crypto::SigningKey MakeAuditKey() {
  TALLY_CHECK(crypto::InitCrypto().ok());
  return *crypto::SigningKey::Generate(crypto::Environment::kTest, "hub-a",
                                       crypto::SignPurpose::kAudit);
}

inline AuditEntry MakeEntry(AuditAction action, std::string object) {
  AuditEntry entry;
  entry.actor = "spiffe://example.nhs.uk/operator/j-price";
  entry.actor_key = "0123456789abcdef";
  entry.action = action;
  entry.object = std::move(object);
  entry.corr = NewCorrelationId();
  return entry;
}

// A log in a folder of its own.
class TestLog {
 public:
  TestLog() : key_(MakeAuditKey()) {}

  std::string directory() const { return dir_.Path("audit"); }
  std::string log_path() const { return directory() + "/log"; }
  std::string checkpoint_path() const { return directory() + "/checkpoint"; }
  const crypto::SigningKey& key() const { return key_; }

  AuditLogOptions Options() const {
    AuditLogOptions options;
    options.directory = directory();
    options.origin = TestOrigin();
    options.key = &key_;
    return options;
  }
  absl::StatusOr<std::unique_ptr<AuditLog>> Open() const {
    return AuditLog::Open(Options());
  }
  AuditVerifyOptions VerifyOptions() const {
    AuditVerifyOptions options;
    options.directory = directory();
    options.origin = TestOrigin();
    options.public_key = key_.public_key();
    return options;
  }
  absl::StatusOr<AuditVerification> Verify() const {
    return VerifyAuditLog(VerifyOptions());
  }
  // Opens, appends `n` entries, closes.
  void Fill(int n) const {
    auto log = Open();
    ASSERT_THAT(log, IsOk());
    for (int i = 0; i < n; ++i) {
      ASSERT_THAT((*log)->Append(MakeEntry(AuditAction::kReleaseCreate,
                                           "projects/p/releases/r2026-11")),
                  IsOk());
    }
  }

 private:
  TempDir dir_;
  crypto::SigningKey key_;
};

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_AUDIT_AUDIT_TEST_DATA_H_
