#include "transport/peer_identity.h"

#include <gtest/gtest.h>

#include "status_matchers.h"

namespace tally::transport {
namespace {

TEST(PeerIdentity, ReadsEveryRole) {
  for (const PeerRole role :
       {PeerRole::kSource, PeerRole::kOperator, PeerRole::kAnalyst,
        PeerRole::kAuditor, PeerRole::kHub}) {
    const PeerIdentity identity{"example.nhs.uk", role, "a-khan"};
    const absl::StatusOr<PeerIdentity> read = ParsePeerUri(identity.ToUri());
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(*read, identity);
  }
  EXPECT_EQ(
      ParsePeerUri("spiffe://example.nhs.uk/source/gp-supplier-a")->ToUri(),
      "spiffe://example.nhs.uk/source/gp-supplier-a");
}

TEST(PeerIdentity, RefusesEveryOtherSpelling) {
  const std::string long_id(64, 'a');
  for (const std::string& uri : std::vector<std::string>{
           "",
           "spiffe://",
           "spiffe:///source/a",
           "spiffe://d",
           "spiffe://d/",
           "spiffe://d/source",
           "spiffe://d/source/",
           "spiffe://d//a",
           "spiffe://d/source/a/",
           "spiffe://d/source/a/b",
           "spiffe://d/source//a",
           "spiffe://d/visitor/a",
           "spiffe://d/Source/a",
           "SPIFFE://d/source/a",
           "http://d/source/a",
           "spiffe://d/source/A",
           "spiffe://d/source/a%2fb",
           "spiffe://d/source/%61",
           "spiffe://d/source/..",
           "spiffe://d/source/.",
           "spiffe://d/source/-a",
           "spiffe://d/source/1a",
           "spiffe://d/source/a_b",
           "spiffe://d/source/a b",
           "spiffe://d/source/a?x",
           "spiffe://d/source/a#x",
           "spiffe://d:1/source/a",
           "spiffe://u@d/source/a",
           "spiffe://D/source/a",
           "spiffe://.d/source/a",
           "spiffe://d./source/a",
           "spiffe://d..e/source/a",
           "spiffe://-d/source/a",
           "spiffe://d-/source/a",
           "spiffe://d-.e/source/a",
           " spiffe://d/source/a",
           "spiffe://d/source/a ",
           "spiffe://d/source/a\n",
           "spiffe://d/source/" + long_id,
           std::string("spiffe://d/source/a\0", 20),
           std::string("spiffe://d/source/a\0b", 21),
           "spiffe://d/source/\xc3\xa4",
           "spiffe://\xd0\xb0/source/a",
           "spiffe://" + std::string(250, 'd') + "/source/a"}) {
    EXPECT_THAT(ParsePeerUri(uri), ReasonIs(Reason::kIdentityAmbiguous)) << uri;
  }
  EXPECT_THAT(ParsePeerUri("spiffe://d/source/" + std::string(63, 'a')),
              IsOk());
}

TEST(PeerIdentity, ErrorsDoNotRepeatTheText) {
  const absl::Status status =
      ParsePeerUri("spiffe://d/source/9434765919").status();
  EXPECT_EQ(std::string(status.message()).find("9434765919"),
            std::string::npos);
}

TEST(PeerIdentity, TrustDomainsAreLowerCaseNames) {
  for (const char* good : {"d", "example.nhs.uk", "a-b.c1", "1.2"}) {
    EXPECT_TRUE(IsTrustDomain(good)) << good;
  }
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "A", "a_b", "-a", "a-",
                          "a.-b", "a b", "a/b"}) {
    EXPECT_FALSE(IsTrustDomain(bad)) << bad;
  }
}

}  // namespace
}  // namespace tally::transport
