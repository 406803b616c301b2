#include "transport/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "status_matchers.h"
#include "temp_dir.h"
#include "transport/status_mapping.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

namespace pb = ::tally::extract::v1;
using ::testing::HasSubstr;
using ::testing::Not;

const char kOwn[] = "sources/gp-supplier-a/extracts/p2026-11-r1";

// State of gRPC's health service: 1 SERVING, 2 NOT_SERVING, -1 no answer. Its
// messages are not packaged, so their few bytes are read here.
int Health(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  HubChannel::SetDeadline(context, 10'000);
  grpc::CompletionQueue queue;
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  const auto call = stub.PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice slice;
  if (!status.ok() || !response.DumpToSingleSlice(&slice).ok()) return -1;
  return slice.size() == 2 && slice.begin()[0] == 0x08 ? slice.begin()[1] : 0;
}

TEST(Server, AListedSourceIsHeard) {
  TestHub hub;
  const Answer answer =
      CallGet(RawChannel(hub.address(), "source-gp-supplier-a"), kOwn);
  EXPECT_THAT(answer.mapped, IsOk());
  EXPECT_EQ(answer.name, "spiffe://example.test/source/gp-supplier-a");
}

// No call of these reaches a handler: the handshake fails.
TEST(Server, BadCertificatesDoNotGetThroughTheHandshake) {
  TestHub hub;
  for (const char* name : {"", "bad/expired", "bad/not-yet-valid",
                           "bad/other-ca", "bad/server-only"}) {
    const Answer answer = CallGet(RawChannel(hub.address(), name), kOwn);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE)
        << name << ": " << answer.status.error_message();
    EXPECT_EQ(Health(RawChannel(hub.address(), name)), -1) << name;
  }
  EXPECT_EQ(hub.service().reached, 0);
}

TEST(Server, OddIdentitiesAreRefusedBeforeTheHandler) {
  TestHub hub;
  for (const auto& [name, reason] : std::vector<std::pair<std::string, Reason>>{
           {"bad/two-uris", Reason::kIdentityAmbiguous},
           {"bad/no-uri", Reason::kIdentityMissing},
           {"bad/other-domain", Reason::kPeerNotListed},
           {"bad/unknown-role", Reason::kIdentityAmbiguous},
           {"bad/upper-case", Reason::kIdentityAmbiguous},
           {"bad/percent", Reason::kIdentityAmbiguous},
           {"bad/dots", Reason::kIdentityAmbiguous},
           {"bad/empty-role", Reason::kIdentityAmbiguous}}) {
    EXPECT_THAT(CallGet(RawChannel(hub.address(), name), kOwn).mapped,
                ReasonIs(reason))
        << name;
  }
  // A NUL in a name may already end the handshake.
  EXPECT_THAT(CallGet(RawChannel(hub.address(), "bad/nul-byte"), kOwn).mapped,
              Not(IsOk()));
  EXPECT_EQ(hub.service().reached, 0);
}

TEST(Server, WhoIsNotListedIsRefused) {
  TestHub hub;
  hub.WritePeers("peer = []\n");
  ASSERT_THAT(hub.peers().Reload(), IsOk());
  EXPECT_THAT(
      CallGet(RawChannel(hub.address(), "source-gp-supplier-a"), kOwn).mapped,
      ReasonIs(Reason::kPeerNotListed));
  EXPECT_EQ(hub.service().reached, 0);
}

TEST(Server, PermissionComesBeforeEverythingElse) {
  TestHub hub;
  hub.service().answer = Error(Reason::kResourceNotFound, "not there");
  const auto source = RawChannel(hub.address(), "source-gp-supplier-a");
  EXPECT_THAT(CallGet(source, "sources/national-apc/extracts/x").mapped,
              ReasonIs(Reason::kNotYourResource));
  EXPECT_THAT(CallGet(source, kOwn).mapped,
              ReasonIs(Reason::kResourceNotFound));
  EXPECT_THAT(
      CallGet(RawChannel(hub.address(), "analyst-r-okoro"), kOwn).mapped,
      ReasonIs(Reason::kRoleNotAllowed));
}

TEST(Server, ACallNeedsAShortDeadline) {
  TestHub hub;
  const auto channel = RawChannel(hub.address(), "source-gp-supplier-a");
  const Answer none = CallGet(channel, kOwn, 0);
  EXPECT_THAT(none.mapped, ReasonIs(Reason::kFieldInvalid));
  EXPECT_EQ(DetailOf(none.mapped)->field, "deadline");
  EXPECT_THAT(CallGet(channel, kOwn, 90'000).mapped,
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_THAT(CallGet(channel, kOwn, 60'000).mapped, IsOk());
  EXPECT_EQ(hub.service().reached, 1);
}

TEST(Server, AMessageAboveOneMebibyteIsRefused) {
  TestHub hub;
  const auto channel = RawChannel(hub.address(), "source-gp-supplier-a");
  const std::string prefix = kOwn;
  // The field costs four bytes besides its text.
  const std::string largest =
      prefix + std::string((1 << 20) - prefix.size() - 4, 'x');
  EXPECT_THAT(CallGet(channel, largest).mapped, IsOk());
  const Answer answer = CallGet(channel, largest + "x");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(answer.status.error_message(), Not(HasSubstr("xxxxxx")));
  EXPECT_THAT(CallGet(channel, kOwn).mapped, IsOk());
}

TEST(Server, CompressedMessagesAreRefused) {
  TestHub hub;
  const auto stub = pb::ExtractService::NewStub(
      RawChannel(hub.address(), "source-gp-supplier-a"));
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    HubChannel::SetDeadline(context, 10'000);
    context.set_compression_algorithm(algorithm);
    pb::GetExtractRequest request;
    request.set_name(kOwn + std::string(100'000, 'x'));
    pb::GetExtractResponse response;
    EXPECT_EQ(stub->GetExtract(&context, request, &response).error_code(),
              grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_EQ(hub.service().reached, 0);
}

TEST(Server, HeadersAboveTheLimitAreRefused) {
  TestHub hub;
  const auto channel = RawChannel(hub.address(), "source-gp-supplier-a");
  const auto stub = pb::ExtractService::NewStub(channel);
  grpc::ClientContext context;
  HubChannel::SetDeadline(context, 10'000);
  context.AddMetadata("x-large", std::string(20'000, 'x'));
  pb::GetExtractRequest request;
  request.set_name(kOwn);
  pb::GetExtractResponse response;
  EXPECT_FALSE(stub->GetExtract(&context, request, &response).ok());
  EXPECT_EQ(hub.service().reached, 0);
  // gRPC may close the connection that brought them; the hub goes on.
  absl::Status next = CallGet(channel, kOwn).mapped;
  for (int i = 0; i < 100 && next.code() == absl::StatusCode::kUnavailable;
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    next = CallGet(channel, kOwn).mapped;
  }
  EXPECT_THAT(next, IsOk());
}

TEST(Server, UnknownMethodsAreUnimplemented) {
  TestHub hub;
  const auto stub = pb::ExtractService::NewStub(
      RawChannel(hub.address(), "source-gp-supplier-a"));
  grpc::ClientContext context;
  HubChannel::SetDeadline(context, 10'000);
  pb::ListExtractsResponse response;
  EXPECT_EQ(stub->ListExtracts(&context, {}, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST(Server, HealthFollowsTheHub) {
  TestHub hub;
  const auto channel = RawChannel(hub.address(), "auditor-m-evans");
  EXPECT_EQ(Health(channel), 1);
  hub.server().SetServing(false);
  EXPECT_EQ(Health(channel), 2);
}

TEST(Server, ProbesItselfOverFreshConnections) {
  TestHub hub;
  EXPECT_THAT(hub.server().ProbeSelf(), IsOk());
  // Not serving is an answer too.
  hub.server().SetServing(false);
  EXPECT_THAT(hub.server().ProbeSelf(), IsOk());
  hub.server().Drain();
  EXPECT_THAT(hub.server().ProbeSelf(1), ExitCodeIs(kExitTemporary));
}

TEST(Server, ASilentConnectionIsClosedWithinSixSeconds) {
  TestHub hub;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(hub.port()));
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  const timeval limit = {10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  const int64_t start = NowMonotonicMs();
  char byte = 0;
  EXPECT_LE(recv(fd, &byte, 1, 0), 0);
  EXPECT_LT(NowMonotonicMs() - start, 7'000);
  close(fd);
}

TEST(Server, APortIsNotShared) {
  TestHub hub;
  ServerOptions options;
  options.listen = hub.address();
  options.certificate_file = CertificateFolder() + "/hub-hub-a.pem";
  options.key_reference = "file:" + CertificateFolder() + "/hub-hub-a.key";
  options.ca_file = CertificateFolder() + "/ca.pem";
  options.staging_directory = hub.folder() + "/second";
  EXPECT_THAT(Server::Start(options, {}), ExitCodeIs(kExitTemporary));
}

TEST(Server, RefusesToStartWithoutGoodFiles) {
  const TempDir folder;
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.certificate_file = CertificateFolder() + "/bad/expired.pem";
  options.key_reference = "file:" + CertificateFolder() + "/bad/expired.key";
  options.ca_file = CertificateFolder() + "/ca.pem";
  options.staging_directory = folder.Path("staging");
  EXPECT_THAT(Server::Start(options, {}), ExitCodeIs(kExitKey));
  options.listen = "";
  EXPECT_THAT(Server::Start(options, {}), ExitCodeIs(kExitUsage));
  options.listen = "127.0.0.1";
  EXPECT_THAT(Server::Start(options, {}), ExitCodeIs(kExitUsage));
  EXPECT_FALSE(FileExists(folder.Path("staging/current")));
}

TEST(Server, DrainFinishesTheCallAtWork) {
  TestHub hub;
  hub.service().hold = true;
  const auto channel = RawChannel(hub.address(), "source-gp-supplier-a");
  Answer answer;
  std::thread caller([&] { answer = CallGet(channel, kOwn); });
  while (hub.service().reached == 0) std::this_thread::yield();
  std::thread drain([&] { hub.server().Drain(); });
  // New connections find no one.
  const Answer late =
      CallGet(RawChannel(hub.address(), "source-gp-supplier-a"), kOwn, 5'000);
  EXPECT_THAT(late.mapped, Not(IsOk()));
  hub.service().hold = false;
  caller.join();
  drain.join();
  EXPECT_THAT(answer.mapped, IsOk());
}

// Puts certificate and key of the folder in the place of the hub's own.
void ReplaceCertificate(const TestHub& hub, const std::string& name) {
  for (const char* ending : {".pem", ".key"}) {
    ASSERT_THAT(WriteFileAtomically(
                    hub.folder() + "/hub" + ending,
                    ReadText(CertificateFolder() + "/" + name + ending), 0600),
                IsOk());
  }
}

TEST(Server, ABadCertificateLeavesTheOneBefore) {
  TestHub hub;
  const int64_t days = hub.server().CertificateEnd().days_left;
  ReplaceCertificate(hub, "bad/expired");
  EXPECT_THAT(hub.server().ReloadCertificate(), ExitCodeIs(kExitKey));
  EXPECT_EQ(hub.server().CertificateEnd().days_left, days);
  EXPECT_THAT(
      CallGet(RawChannel(hub.address(), "source-gp-supplier-a"), kOwn).mapped,
      IsOk());
}

TEST(Server, ANewCertificateServesTheNextHandshake) {
  TestHub hub;
  // A new certificate for the same key, as the script renews it.
  const std::string folder = hub.folder() + "/new";
  ASSERT_THAT(MakeDirectories(folder, 0700), IsOk());
  const std::string command =
      std::string(TALLY_SOURCE_DIR) +
      "/keys-example/make-certificates --days 90 --trust-domain " +
      kTrustDomain + " " + folder + " hub/hub-a > /dev/null 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const char* ending : {".pem", ".key"}) {
    ASSERT_THAT(
        WriteFileAtomically(hub.folder() + "/hub" + ending,
                            ReadText(folder + "/hub-hub-a" + ending), 0600),
        IsOk());
  }
  ASSERT_THAT(hub.server().ReloadCertificate(), IsOk());
  EXPECT_GT(hub.server().CertificateEnd().days_left, 80);
  EXPECT_THAT(
      CallGet(RawChannel(hub.address(), "source-gp-supplier-a"), kOwn).mapped,
      IsOk());
}

TEST(Server, TheStagingFolderIsOursAloneAndGoesAway) {
  std::string staging;
  {
    TestHub hub;
    staging = hub.folder() + "/staging";
    struct stat facts = {};
    ASSERT_EQ(stat(staging.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0700u);
    ASSERT_EQ(stat((staging + "/current/key.pem").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
  }
  EXPECT_FALSE(FileExists(staging));
}

}  // namespace
}  // namespace tally::transport
