#include "transport/authoriser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/files.h"
#include "status_matchers.h"
#include "temp_dir.h"
#include "transport/certificates.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

using ::testing::Not;

constexpr char kCreate[] = "tally.extract.v1.ExtractService.CreateExtract";
constexpr char kGet[] = "tally.extract.v1.ExtractService.GetExtract";
constexpr char kUpload[] = "tally.extract.v1.ExtractService.UploadBatches";
constexpr char kSeal[] = "tally.hub.v1.HubService.Seal";

class AuthoriserTest : public ::testing::Test {
 protected:
  AuthoriserTest() { Write(PeersText()); }
  void Write(const std::string& text) {
    EXPECT_THAT(WriteFileAtomically(folder_.Path("peers.toml"), text, 0600),
                IsOk());
  }
  PeerEvidence Evidence(const std::string& name) {
    const std::string pem = ReadText(CertificateFolder() + "/" + name + ".pem");
    return {ReadCertificate(pem)->uris, pem};
  }
  absl::StatusOr<Caller> Authorise(const std::string& name,
                                   const std::string& method) {
    return authoriser().AuthorisePeer(Evidence(name), method);
  }
  Authoriser& authoriser() {
    if (authoriser_ == nullptr) {
      peers_ =
          std::make_unique<PeerBook>(folder_.Path("peers.toml"), kTrustDomain);
      authoriser_ = std::make_unique<Authoriser>(
          *peers_, [this](const std::string& uri, std::string_view method,
                          const absl::Status& refusal) {
            refusals_.push_back(uri + " " + std::string(method) + " " +
                                std::string(ReasonName(ReasonOf(refusal))));
          });
    }
    return *authoriser_;
  }
  // peers.toml without the line that holds `part`.
  static std::string Without(const std::string& part) {
    std::string text;
    std::istringstream lines(PeersText());
    for (std::string line; std::getline(lines, line);) {
      if (line.find(part) == std::string::npos) text += line + "\n";
    }
    return text;
  }
  static std::string Replaced(std::string from, const std::string& to) {
    std::string text = PeersText();
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
    return text;
  }

  TempDir folder_;
  std::unique_ptr<PeerBook> peers_;
  std::unique_ptr<Authoriser> authoriser_;
  std::vector<std::string> refusals_;
};

TEST_F(AuthoriserTest, AListedSourceMayCreate) {
  const absl::StatusOr<Caller> caller =
      Authorise("source-gp-supplier-a", kCreate);
  ASSERT_THAT(caller, IsOk());
  EXPECT_EQ(caller->uri, "spiffe://example.test/source/gp-supplier-a");
  EXPECT_EQ(caller->organisation, "gp-supplier-a");
  EXPECT_EQ(caller->key_sha256.size(), 64u);
  EXPECT_TRUE(caller->person.empty());
  EXPECT_TRUE(refusals_.empty());
}

TEST_F(AuthoriserTest, NoUriIsAMissingIdentity) {
  EXPECT_THAT(Authorise("bad/no-uri", kGet),
              ReasonIs(Reason::kIdentityMissing));
  EXPECT_THAT(authoriser().AuthorisePeer({}, kGet),
              ReasonIs(Reason::kIdentityMissing));
}

TEST_F(AuthoriserTest, TwoUrisAreAmbiguous) {
  EXPECT_THAT(Authorise("bad/two-uris", kGet),
              ReasonIs(Reason::kIdentityAmbiguous));
}

TEST_F(AuthoriserTest, OddUrisAreNoIdentity) {
  for (const char* name : {"unknown-role", "upper-case", "percent", "dots",
                           "empty-role", "nul-byte"}) {
    EXPECT_THAT(Authorise("bad/" + std::string(name), kGet),
                ReasonIs(Reason::kIdentityAmbiguous))
        << name;
  }
}

TEST_F(AuthoriserTest, OtherTrustDomainIsNotListed) {
  EXPECT_THAT(Authorise("bad/other-domain", kGet),
              ReasonIs(Reason::kPeerNotListed));
}

TEST_F(AuthoriserTest, TheRightNameWithAnotherKeyIsNotListed) {
  // Same URI, other key: a certificate that the authority should not have made.
  EXPECT_THAT(Authorise("bad/server-only", kGet),
              ReasonIs(Reason::kPeerNotListed));
}

TEST_F(AuthoriserTest, ADayAfterNotAfterIsNotListed) {
  const CivilDay yesterday = *CivilDay::TodayUtc().AddDays(-1);
  std::string text = PeersText();
  const size_t at = text.find("not_after = ");
  const std::string day = text.substr(at + 12, 10);
  Write(Replaced(day, yesterday.ToIso()));
  EXPECT_THAT(Authorise("source-gp-supplier-a", kGet),
              ReasonIs(Reason::kPeerNotListed));
}

TEST_F(AuthoriserTest, NotAfterIsTheLastValidDay) {
  std::string text = PeersText();
  const size_t at = text.find("not_after = ");
  Write(Replaced(text.substr(at + 12, 10), CivilDay::TodayUtc().ToIso()));
  EXPECT_THAT(Authorise("source-gp-supplier-a", kGet), IsOk());
}

TEST_F(AuthoriserTest, WrongRoleIsRefused) {
  EXPECT_THAT(Authorise("analyst-r-okoro", kCreate),
              ReasonIs(Reason::kRoleNotAllowed));
  EXPECT_THAT(Authorise("source-gp-supplier-a", kSeal),
              ReasonIs(Reason::kRoleNotAllowed));
  EXPECT_THAT(Authorise("operator-j-price", kSeal), IsOk());
}

TEST_F(AuthoriserTest, AMissingGrantIsRefused) {
  Write(
      Replaced("grants = [\"admin\", \"approve\"]", "grants = [\"approve\"]"));
  EXPECT_THAT(Authorise("operator-j-price", kSeal),
              ReasonIs(Reason::kRoleNotAllowed));
  EXPECT_THAT(Authorise("operator-j-price",
                        "tally.hub.v1.ReleaseAdminService.ApproveRelease"),
              IsOk());
}

TEST_F(AuthoriserTest, UnknownMethodsAreRefusedToEverybody) {
  for (const char* method :
       {"", "tally.extract.v1.ExtractService", "Check",
        "tally.extract.v1.ExtractService.DropAll",
        "/tally.extract.v1.ExtractService/GetExtract",
        "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"}) {
    EXPECT_THAT(Authorise("operator-j-price", method),
                ReasonIs(Reason::kRoleNotAllowed))
        << method;
  }
}

TEST_F(AuthoriserTest, RefusalsAreReported) {
  EXPECT_THAT(Authorise("analyst-r-okoro", kCreate), Not(IsOk()));
  EXPECT_THAT(Authorise("bad/two-uris", kGet), Not(IsOk()));
  ASSERT_EQ(refusals_.size(), 2u);
  EXPECT_EQ(refusals_[0], "spiffe://example.test/analyst/r-okoro " +
                              std::string(kCreate) + " ROLE_NOT_ALLOWED");
  EXPECT_EQ(refusals_[1], " " + std::string(kGet) + " IDENTITY_AMBIGUOUS");
}

TEST_F(AuthoriserTest, ASourceNamesItsOwnOnly) {
  const Caller caller = *Authorise("source-gp-supplier-a", kCreate);
  for (const char* own : {"sources/gp-supplier-a",
                          "sources/gp-supplier-a/extracts/p2026-11-r1"}) {
    EXPECT_THAT(authoriser().CheckResource(caller, kGet, own), IsOk()) << own;
  }
  for (const char* other :
       {"", "sources", "sources/", "sources/gp-supplier",
        "sources/gp-supplier-ab", "sources/gp-supplier-a2/extracts/x",
        "sources/national-apc", "sources/-", "SOURCES/gp-supplier-a",
        "/sources/gp-supplier-a", "projects/gp-supplier-a"}) {
    EXPECT_THAT(authoriser().CheckResource(caller, kGet, other),
                ReasonIs(Reason::kNotYourResource))
        << other;
  }
}

TEST_F(AuthoriserTest, OperatorsNameAnySource) {
  const Caller caller = *Authorise("operator-j-price", kGet);
  EXPECT_THAT(authoriser().CheckResource(caller, kGet, "sources/national-apc"),
              IsOk());
}

TEST_F(AuthoriserTest, FindsTheResourceInTheRequest) {
  const Caller caller = *Authorise("source-gp-supplier-a", kCreate);
  tally::extract::v1::CreateExtractRequest create;
  create.set_parent("sources/gp-supplier-a");
  EXPECT_THAT(authoriser().CheckRequest(caller, kCreate, create), IsOk());
  create.set_parent("sources/national-apc");
  EXPECT_THAT(authoriser().CheckRequest(caller, kCreate, create),
              ReasonIs(Reason::kNotYourResource));
  tally::extract::v1::UploadBatchesRequest upload;
  EXPECT_THAT(authoriser().CheckRequest(caller, kUpload, upload),
              ReasonIs(Reason::kNotYourResource));
  upload.mutable_start()->set_extract(
      "sources/gp-supplier-a/extracts/p2026-11-r1");
  EXPECT_THAT(authoriser().CheckRequest(caller, kUpload, upload), IsOk());
  // A message that has no such field is never let through.
  EXPECT_THAT(authoriser().CheckRequest(caller, kUpload, create),
              ReasonIs(Reason::kRoleNotAllowed));
}

TEST_F(AuthoriserTest, RecheckFollowsTheList) {
  Caller caller = *Authorise("source-gp-supplier-a", kUpload);
  EXPECT_THAT(authoriser().Recheck(caller, kUpload), IsOk());
  // A change that is about somebody else.
  Write(Without("national-apc"));
  ASSERT_THAT(peers_->Reload(), IsOk());
  EXPECT_THAT(authoriser().Recheck(caller, kUpload), IsOk());
  EXPECT_EQ(caller.generation, peers_->generation());
  Write(Without("gp-supplier-a"));
  ASSERT_THAT(peers_->Reload(), IsOk());
  EXPECT_THAT(authoriser().Recheck(caller, kUpload),
              ReasonIs(Reason::kPeerNotListed));
}

TEST_F(AuthoriserTest, RecheckSeesAGrantThatWasTaken) {
  Caller caller = *Authorise("operator-j-price", kSeal);
  Write(Replaced("grants = [\"admin\", \"approve\"]", "grants = []"));
  ASSERT_THAT(peers_->Reload(), IsOk());
  EXPECT_THAT(authoriser().Recheck(caller, kSeal),
              ReasonIs(Reason::kRoleNotAllowed));
}

TEST(Deadline, MustBeSetAndShortEnough) {
  EXPECT_THAT(CheckDeadline(60'000, true, 60), IsOk());
  EXPECT_THAT(CheckDeadline(1, true, 60), IsOk());
  // gRPC writes 3,600.001 s as 361 times ten seconds.
  EXPECT_THAT(CheckDeadline(3'610'000, true, 3'600), IsOk());
  EXPECT_THAT(CheckDeadline(3'640'000, true, 3'600),
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_THAT(CheckDeadline(0, false, 60), ReasonIs(Reason::kFieldInvalid));
  const absl::Status status = CheckDeadline(120'000, true, 60);
  EXPECT_THAT(status, ReasonIs(Reason::kFieldInvalid));
  EXPECT_EQ(DetailOf(status)->field, "deadline");
  EXPECT_EQ(DetailOf(status)->limit, 60);
}

}  // namespace
}  // namespace tally::transport
