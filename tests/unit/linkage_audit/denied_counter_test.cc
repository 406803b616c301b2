#include "linkage/audit/denied_counter.h"

#include <limits>

#include "audit_test_data.h"

namespace tally::linkage {
namespace {

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

TEST(DeniedCounter, OneEntryPerIdentityMethodAndMinute) {
  DeniedCounter counter;
  for (int i = 0; i < 50; ++i) {
    counter.Count("spiffe://x/analyst/a", "", "Push", "ROLE_NOT_ALLOWED", i);
  }
  counter.Count("spiffe://x/analyst/a", "", "Pull", "ROLE_NOT_ALLOWED", 3);
  counter.Count("spiffe://x/analyst/b", "", "Push", "PEER_NOT_LISTED", 3);
  counter.Count("spiffe://x/analyst/a", "", "Push", "ROLE_NOT_ALLOWED", 60);
  const std::vector<AuditEntry> entries = counter.TakeFinished(60);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].object, "Pull");
  EXPECT_EQ(entries[1].object, "Push");
  EXPECT_EQ(entries[1].counts.at("refusals"), 50);
  EXPECT_EQ(entries[1].outcome, "ROLE_NOT_ALLOWED");
  EXPECT_EQ(entries[2].outcome, "PEER_NOT_LISTED");
  EXPECT_EQ(counter.TakeFinished(60).size(), 0u);
  EXPECT_EQ(counter.TakeFinished(kForever).size(), 1u);
}

TEST(DeniedCounter, AFloodOfIdentitiesIsBounded) {
  DeniedCounter counter;
  for (int i = 0; i < 100'000; ++i) {
    counter.Count("spiffe://x/source/s" + std::to_string(i), "", "Push",
                  "PEER_NOT_LISTED", 0);
  }
  const std::vector<AuditEntry> entries = counter.TakeFinished(kForever);
  EXPECT_LE(entries.size(), 1'001u);
  int64_t refusals = 0;
  for (const AuditEntry& entry : entries) {
    refusals += entry.counts.at("refusals");
  }
  EXPECT_EQ(refusals, 100'000);
}

TEST(DeniedCounter, EveryEntryCanBeLogged) {
  DeniedCounter counter;
  counter.Count("", "", std::string(10'000, 'm'), "IDENTITY_MISSING", 0);
  const std::vector<AuditEntry> entries = counter.TakeFinished(kForever);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(EncodeAuditEntry(entries[0]), IsOk());
}

}  // namespace
}  // namespace tally::linkage
