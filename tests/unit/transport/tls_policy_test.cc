#include "transport/tls_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdlib>

#include "status_matchers.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

// Content with TLS 1.2, and asks for no certificate: what a hub must not be.
void ServeOldTls(int peer) {
  SSL_CTX* context = HubContext();
  SSL_CTX_clear_options(context, SSL_OP_NO_TLSv1_2);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, peer);
  SSL_accept(ssl);
  SSL_free(ssl);
  SSL_CTX_free(context);
}

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
  const SmallServer server(1, ServeOldTls);
  EXPECT_THAT(CheckServerRefusesTls12("127.0.0.1", server.port()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       ::testing::HasSubstr("accepts TLS 1.2")));
}

TEST(TlsPolicy, TheCheckSaysWhenNobodyAnswers) {
  int port = 0;
  {
    const SmallServer server(1, ServeOldTls);
    port = server.port();
  }
  EXPECT_THAT(CheckServerRefusesTls12("127.0.0.1", port),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace tally::transport
