#include "transport/client.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/files.h"
#include "base/process.h"
#include "status_matchers.h"
#include "temp_dir.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

namespace pb = ::tally::extract::v1;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;

// GetExtract of the source's own extract through our client.
absl::Status Get(HubChannel& hub, const CallOptions& options = {}) {
  const auto stub = pb::ExtractService::NewStub(hub.channel());
  pb::GetExtractRequest request;
  request.set_name("sources/gp-supplier-a/extracts/p2026-11-r1");
  pb::GetExtractResponse response;
  return hub.Call(options, [&](grpc::ClientContext& context) {
    return stub->GetExtract(&context, request, &response);
  });
}

CallOptions Once() {
  CallOptions options;
  options.retry_for_ms = 0;
  options.timeout_ms = 10'000;
  return options;
}

std::unique_ptr<HubChannel> Open(const ClientOptions& options) {
  absl::StatusOr<std::unique_ptr<HubChannel>> hub = HubChannel::Open(options);
  EXPECT_THAT(hub, IsOk());
  return hub.ok() ? *std::move(hub) : nullptr;
}

TEST(Client, CallsTheHubAndKnowsItsOwnName) {
  TestHub hub;
  const auto client = Open(OptionsOf(hub.address(), "source-gp-supplier-a"));
  EXPECT_THAT(Get(*client, Once()), IsOk());
  EXPECT_EQ(client->own_uri(), "spiffe://example.test/source/gp-supplier-a");
  EXPECT_THAT(client->Diagnose(), IsOk());
}

TEST(Client, ErrorsOfTheHubComeWithTheirReason) {
  TestHub hub;
  hub.service().answer = Error(Reason::kDiskLow, "full");
  const auto client = Open(OptionsOf(hub.address(), "source-gp-supplier-a"));
  EXPECT_THAT(Get(*client, Once()),
              AllOf(ReasonIs(Reason::kDiskLow), ExitCodeIs(kExitTemporary)));
}

TEST(Client, AHubThatIsAwayIsExitFive) {
  std::string address;
  {
    TestHub hub;
    address = hub.address();
  }
  const auto client = Open(OptionsOf(address, "source-gp-supplier-a"));
  EXPECT_THAT(Get(*client, Once()),
              AllOf(ExitCodeIs(kExitTemporary),
                    StatusIs(absl::StatusCode::kUnavailable,
                             HasSubstr("the hub does not answer at " + address +
                                       ": run the same command again"))));
}

// What such a hub looks like to its client; one that refuses a certificate may
// end the connection just so.
void ShakeHands(int peer) {
  SSL_CTX* context = HubContext();
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, peer);
  EXPECT_EQ(SSL_accept(ssl), 1);
  SSL_free(ssl);
  SSL_CTX_free(context);
}
// All of it, so that the connection ends as one does whose peer is gone.
void HearTheFirstMessage(int peer) {
  std::array<char, 4096> bytes;
  EXPECT_GT(read(peer, bytes.data(), bytes.size()), 100);
}

absl::Status DiagnosisOf(const SmallServer& server) {
  return Open(OptionsOf("127.0.0.1:" + std::to_string(server.port()),
                        "source-gp-supplier-a"))
      ->Diagnose();
}

TEST(Client, AHubThatIsKilledAfterTheHandshakeIsAway) {
  EXPECT_THAT(DiagnosisOf(SmallServer(1, ShakeHands)),
              AllOf(ExitCodeIs(kExitTemporary),
                    StatusIs(absl::StatusCode::kUnavailable, _)));
}

TEST(Client, AHubThatIsKilledWithinTheHandshakeIsAway) {
  EXPECT_THAT(DiagnosisOf(SmallServer(1, HearTheFirstMessage)),
              AllOf(ExitCodeIs(kExitTemporary),
                    StatusIs(absl::StatusCode::kUnavailable, _)));
}

TEST(Client, AHubThatAlwaysEndsAfterTheHandshakeRefuses) {
  EXPECT_THAT(DiagnosisOf(SmallServer(100, ShakeHands)),
              AllOf(ExitCodeIs(kExitNotPermitted),
                    StatusIs(absl::StatusCode::kPermissionDenied,
                             HasSubstr("refused this"))));
}

TEST(Client, ACertificateThatTheHubRefusesIsExitSix) {
  // The hub trusts another authority than ours: our own files are in order.
  TestHub hub;
  ClientOptions options = OptionsOf(hub.address(), "bad/other-ca");
  const std::string both = hub.folder() + "/both.pem";
  ASSERT_THAT(WriteFileAtomically(
                  both,
                  ReadText(CertificateFolder() + "/ca.pem") +
                      ReadText(CertificateFolder() + "/bad/other-ca-root.pem"),
                  0600),
              IsOk());
  options.ca_file = both;
  const auto client = Open(options);
  ASSERT_NE(client, nullptr);
  EXPECT_THAT(Get(*client), AllOf(ExitCodeIs(kExitNotPermitted),
                                  StatusIs(absl::StatusCode::kPermissionDenied,
                                           HasSubstr("refused this"))));
  EXPECT_EQ(hub.service().reached, 0);
}

TEST(Client, AnotherPartysCertificateIsNotTheHub) {
  // For the right host, of the right authority, but not a hub.
  const TempDir impostor;
  const std::string& folder = impostor.path();
  const std::string command =
      std::string(TALLY_SOURCE_DIR) +
      "/keys-example/make-certificates --trust-domain elsewhere.test " +
      folder + " hub/hub-a > /dev/null 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  TestHub hub({}, folder + "/hub-hub-a");
  const auto client = Open(OptionsOf(hub.address(), "source-gp-supplier-a"));
  EXPECT_THAT(Get(*client, Once()),
              AllOf(ExitCodeIs(kExitNotPermitted),
                    StatusIs(absl::StatusCode::kPermissionDenied,
                             HasSubstr("not that of a hub"))));
  EXPECT_EQ(hub.service().reached, 0);
}

TEST(Client, AnotherHostNameIsNotTheHub) {
  TestHub hub;
  // The certificate names localhost and 127.0.0.1, not this address.
  ClientOptions options = OptionsOf("127.0.0.2:" + std::to_string(hub.port()),
                                    "source-gp-supplier-a");
  TestHub everywhere;
  const auto client = Open(options);
  const absl::Status status = Get(*client, Once());
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(everywhere.service().reached, 0);
}

TEST(Client, AnAuthorityThatIsNotOursIsExitSix) {
  TestHub hub;
  ClientOptions options = OptionsOf(hub.address(), "bad/other-ca");
  options.ca_file = CertificateFolder() + "/bad/other-ca-root.pem";
  const auto client = Open(options);
  ASSERT_NE(client, nullptr);
  EXPECT_THAT(Get(*client, Once()),
              AllOf(ExitCodeIs(kExitNotPermitted),
                    StatusIs(absl::StatusCode::kPermissionDenied,
                             HasSubstr("not trusted"))));
}

TEST(Client, RetriesUntilTheHubIsBack) {
  int port = 0;
  {
    TestHub hub;
    port = hub.port();
  }
  const auto client = Open(
      OptionsOf("127.0.0.1:" + std::to_string(port), "source-gp-supplier-a"));
  std::unique_ptr<TestHub> back;
  CallOptions options;
  options.timeout_ms = 10'000;
  int retries = 0;
  options.on_retry = [&](const absl::Status& error, int64_t wait_ms) {
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
    EXPECT_GE(wait_ms, 160);
    if (++retries == 2) {
      back = std::make_unique<TestHub>(StreamLimits{}, "hub-hub-a", port);
    }
  };
  EXPECT_THAT(Get(*client, options), IsOk());
  EXPECT_GE(retries, 2);
}

TEST(Client, OnlyUnavailableIsTriedAgain) {
  TestHub hub;
  const auto client = Open(OptionsOf(hub.address(), "source-gp-supplier-a"));
  CallOptions options;
  options.on_retry = [](const absl::Status& error, int64_t) {
    FAIL() << "tried again: " << error;
  };
  for (const Reason reason : {Reason::kRateLimited, Reason::kBatchConflict,
                              Reason::kHubSealed, Reason::kJournalCorrupt}) {
    hub.service().answer = Error(reason, "no");
    EXPECT_THAT(Get(*client, options), ReasonIs(reason));
  }
}

TEST(Client, UnavailableOfTheHubItselfIsTriedAgain) {
  TestHub hub;
  hub.service().answer = Error(Reason::kCatalogueBusy, "busy");
  const auto client = Open(OptionsOf(hub.address(), "source-gp-supplier-a"));
  CallOptions options;
  options.on_retry = [&](const absl::Status&, int64_t) {
    hub.service().answer = absl::OkStatus();
  };
  EXPECT_THAT(Get(*client, options), IsOk());
  EXPECT_EQ(hub.service().reached, 2);
}

TEST(Client, ACallThatADrainingHubCancelsIsTriedAgain) {
  TestHub hub;
  hub.service().answer = absl::CancelledError("drained");
  const auto client = Open(OptionsOf(hub.address(), "source-gp-supplier-a"));
  EXPECT_THAT(Get(*client, Once()), ExitCodeIs(kExitTemporary));
  CallOptions options;
  options.on_retry = [&](const absl::Status&, int64_t) {
    hub.service().answer = absl::OkStatus();
  };
  EXPECT_THAT(Get(*client, options), IsOk());
  EXPECT_EQ(hub.service().reached, 3);
}

TEST(Client, StopsWaitingWhenTheProcessIsToStop) {
  std::string address;
  {
    TestHub hub;
    address = hub.address();
  }
  const auto client = Open(OptionsOf(address, "source-gp-supplier-a"));
  CallOptions options;
  options.retry_for_ms = 600'000;
  options.on_retry = [](const absl::Status&, int64_t) { RequestStop(15); };
  EXPECT_THAT(Get(*client, options), ExitCodeIs(kExitTerminated));
  ResetStopForTesting();
}

TEST(Client, RefusesBadOptionsAndFiles) {
  const auto open = [](auto change) {
    ClientOptions options = OptionsOf("127.0.0.1:7443", "source-gp-supplier-a");
    change(options);
    return HubChannel::Open(options).status();
  };
  EXPECT_THAT(open([](auto& o) { o.address = "hub"; }), ExitCodeIs(kExitUsage));
  EXPECT_THAT(open([](auto& o) { o.address = "hub:0"; }),
              ExitCodeIs(kExitUsage));
  EXPECT_THAT(open([](auto& o) { o.address = "https://hub:1"; }),
              ExitCodeIs(kExitUsage));
  EXPECT_THAT(open([](auto& o) { o.trust_domain = "Example"; }),
              ExitCodeIs(kExitUsage));
  EXPECT_THAT(open([](auto& o) {
                o.certificate_file = CertificateFolder() + "/bad/expired.pem";
                o.key_reference =
                    "file:" + CertificateFolder() + "/bad/expired.key";
              }),
              ExitCodeIs(kExitKey));
  EXPECT_THAT(open([](auto& o) {
                o.certificate_file = CertificateFolder() + "/bad/two-uris.pem";
                o.key_reference =
                    "file:" + CertificateFolder() + "/bad/two-uris.key";
              }),
              ExitCodeIs(kExitKey));
}

TEST(BackoffTest, GrowsToItsLimitWithSpread) {
  Backoff backoff;
  int64_t base = 200;
  for (int i = 0; i < 12; ++i) {
    const int64_t wait = backoff.NextMs();
    EXPECT_GE(wait, base * 8 / 10);
    EXPECT_LE(wait, base * 12 / 10);
    base = std::min<int64_t>(base * 2, 10'000);
  }
  backoff.Reset();
  EXPECT_LE(backoff.NextMs(), 240);
}

}  // namespace
}  // namespace tally::transport
