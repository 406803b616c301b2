#include "transport/tls_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "status_matchers.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

// A server of one connection that is content with TLS 1.2, and asks for no
// certificate: what a hub must not be.
class OldServer {
 public:
  OldServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, raw, size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { ServeOne(); });
  }
  ~OldServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  int port() const { return port_; }

 private:
  void ServeOne() {
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) return;
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_clear_options(context, SSL_OP_NO_TLSv1_2);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    const std::string base = CertificateFolder() + "/hub-hub-a";
    SSL_CTX_use_certificate_file(context, (base + ".pem").c_str(),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, (base + ".key").c_str(),
                                SSL_FILETYPE_PEM);
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, peer);
    SSL_accept(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(peer);
  }

  int listener_;
  int port_ = 0;
  std::thread thread_;
};

TEST(TlsPolicy, HoldsForNewContexts) {
  EXPECT_THAT(CheckTlsPolicy(), IsOk());
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  EXPECT_NE(SSL_CTX_get_options(context) & SSL_OP_NO_TLSv1_2, 0u);
  EXPECT_EQ(SSL_CTX_get_options(context) & SSL_OP_NO_TLSv1_3, 0u);
  SSL_CTX_free(context);
}

TEST(TlsPolicy, MayBeAppliedAgain) { EXPECT_THAT(ApplyTlsPolicy(), IsOk()); }

TEST(TlsPolicy, TakesDangerousVariablesOutOfTheEnvironment) {
  for (const char* name : {"SSLKEYLOGFILE", "GRPC_TRACE", "OPENSSL_CONF",
                           "GRPC_VERBOSITY", "OPENSSL_MODULES"}) {
    setenv(name, "x", 1);
    ASSERT_THAT(ApplyTlsPolicy(), IsOk());
    EXPECT_EQ(getenv(name), nullptr) << name;
  }
}

TEST(TlsPolicy, OurServerRefusesTls12ByVersion) {
  const TestHub hub;
  EXPECT_THAT(CheckServerRefusesTls12("127.0.0.1", hub.port()), IsOk());
}

TEST(TlsPolicy, TheCheckFindsAServerThatAcceptsTls12) {
  const OldServer server;
  EXPECT_THAT(CheckServerRefusesTls12("127.0.0.1", server.port()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       ::testing::HasSubstr("accepts TLS 1.2")));
}

TEST(TlsPolicy, TheCheckSaysWhenNobodyAnswers) {
  int port = 0;
  {
    const OldServer server;
    port = server.port();
  }
  EXPECT_THAT(CheckServerRefusesTls12("127.0.0.1", port),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace tally::transport
