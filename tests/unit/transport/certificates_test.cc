#include "transport/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "status_matchers.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<TlsMaterial> Read(const std::string& name) {
  const std::string base = CertificateFolder() + "/" + name;
  return ReadTlsMaterial(base + ".pem", "file:" + base + ".key",
                         CertificateFolder() + "/ca.pem");
}
absl::StatusOr<CertificateFacts> Check(const std::string& name, TlsEnd end) {
  absl::StatusOr<TlsMaterial> material = Read(name);
  if (!material.ok()) return material.status();
  return CheckTlsMaterial(*material, end);
}

TEST(Certificates, FactsAreThoseOfTheCertificate) {
  const absl::StatusOr<CertificateFacts> facts =
      Check("source-gp-supplier-a", TlsEnd::kClient);
  ASSERT_THAT(facts, IsOk());
  EXPECT_THAT(facts->uris,
              ElementsAre("spiffe://example.test/source/gp-supplier-a"));
  // The digest is the one that the script computed with the openssl program.
  EXPECT_THAT(PeersText(), HasSubstr(facts->key_sha256));
  const int64_t now = std::time(nullptr);
  EXPECT_LE(facts->not_before_s, now);
  EXPECT_GE(facts->DaysLeft(now), 28);
  EXPECT_LE(facts->DaysLeft(now), 30);
}

TEST(Certificates, RenewalIsDueAFortnightOrAThirdOfTheLifeBeforeTheEnd) {
  CertificateFacts facts;
  facts.not_after_s = 90 * 86'400;
  EXPECT_EQ(facts.RenewDays(), 14);
  facts.not_after_s = 30 * 86'400;
  EXPECT_EQ(facts.RenewDays(), 10);
}

TEST(Certificates, DaysLeftRoundsDown) {
  CertificateFacts facts;
  facts.not_after_s = 1'000'000;
  EXPECT_EQ(facts.DaysLeft(1'000'000 - 86'400), 1);
  EXPECT_EQ(facts.DaysLeft(1'000'000 - 86'399), 0);
  EXPECT_EQ(facts.DaysLeft(1'000'000), 0);
  EXPECT_EQ(facts.DaysLeft(1'000'001), -1);
}

TEST(Certificates, UriNamesAreBytes) {
  const auto uris = [](const char* name) {
    return ReadCertificate(
               ReadText(CertificateFolder() + "/bad/" + name + ".pem"))
        ->uris;
  };
  EXPECT_EQ(uris("two-uris").size(), 2u);
  EXPECT_TRUE(uris("no-uri").empty());
  EXPECT_EQ(uris("nul-byte")[0].back(), '\0');
}

TEST(Certificates, RefusesWhatMayNotBeUsedNow) {
  EXPECT_THAT(Check("hub-hub-a", TlsEnd::kServer), IsOk());
  for (const auto& [name, words] :
       std::vector<std::pair<std::string, std::string>>{
           {"bad/expired", "expired"},
           {"bad/not-yet-valid", "not yet valid"},
           {"bad/server-only", "purpose"},
           {"bad/other-ca", "certificate"}}) {
    const auto facts = Check(name, TlsEnd::kClient);
    EXPECT_THAT(facts, ExitCodeIs(kExitKey)) << name;
    EXPECT_THAT(std::string(facts.status().message()), HasSubstr(words));
  }
  EXPECT_THAT(Check("source-gp-supplier-a", TlsEnd::kServer),
              ExitCodeIs(kExitKey));
}

TEST(Certificates, RefusesAKeyOfAnotherCertificate) {
  const std::string folder = CertificateFolder();
  absl::StatusOr<TlsMaterial> material = ReadTlsMaterial(
      folder + "/source-gp-supplier-a.pem",
      "file:" + folder + "/source-national-apc.key", folder + "/ca.pem");
  ASSERT_THAT(material, IsOk());
  EXPECT_THAT(CheckTlsMaterial(*material, TlsEnd::kClient),
              ExitCodeIs(kExitKey));
}

TEST(Certificates, RefusesTextThatIsNone) {
  EXPECT_THAT(ReadCertificate(""),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n"
                              "-----END CERTIFICATE-----\n"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  TlsMaterial empty;
  EXPECT_THAT(CheckTlsMaterial(empty, TlsEnd::kClient), ExitCodeIs(kExitKey));
}

}  // namespace
}  // namespace tally::transport
