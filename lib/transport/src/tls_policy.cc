#include "transport/tls_policy.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"
#include "address.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "openssl_ptr.h"

namespace tally::transport {
namespace {

// MinProtocol has no effect: gRPC sets its own afterwards. Protocol becomes
// options of every context, which gRPC leaves alone.
constexpr char kPolicy[] =
    "openssl_conf = tally\n"
    "[tally]\n"
    "ssl_conf = tally_ssl\n"
    "[tally_ssl]\n"
    "system_default = tally_tls\n"
    "[tally_tls]\n"
    "Protocol = ALL,-TLSv1.2,-TLSv1.1,-TLSv1\n";

// Would write traffic or keys, or load another configuration.
constexpr std::array<const char*, 10> kUnwanted = {
    "GRPC_TRACE",
    "GRPC_VERBOSITY",
    "GRPC_STACKTRACE_MINLOGLEVEL",
    "SSLKEYLOGFILE",
    "OPENSSL_CONF",
    "OPENSSL_CONF_INCLUDE",
    "OPENSSL_MODULES",
    "OPENSSL_ENGINES",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "GRPC_SSL_CIPHER_SUITES"};

constexpr unsigned char kHttp2[] = {2, 'h', '2'};

absl::Status PolicyError(std::string_view what) {
  ERR_clear_error();
  return WithExitCode(
      absl::FailedPreconditionError(absl::StrFormat("TLS 1.3 only: %s", what)),
      kExitUsage);
}

// The policy as a file that only this process sees and that leaves no trace.
absl::StatusOr<UniqueFd> PolicyFile() {
  UniqueFd fd(memfd_create("tally-tls-policy", MFD_CLOEXEC));
  if (!fd.valid()) return PolicyError("no memory file");
  TALLY_RETURN_IF_ERROR(WriteAll(fd.get(), kPolicy, "TLS policy"));
  return fd;
}

// How far one attempt with one version of TLS came.
enum class Attempt { kNoHello, kHello, kDone };

// gRPC closes without sending OpenSSL's alert, so a refusal shows as the end of
// the connection before any answer: no cipher was chosen.
absl::StatusOr<Attempt> TryVersion(const Address& address, int version) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, ConnectTcp(address, 5'000));
  const SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return PolicyError("no context for the test");
  SSL_CTX_clear_options(context.get(), SSL_OP_NO_TLSv1_2);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  const SslPtr ssl(SSL_new(context.get()));
  if (ssl == nullptr || SSL_set_min_proto_version(ssl.get(), version) != 1 ||
      SSL_set_max_proto_version(ssl.get(), version) != 1 ||
      SSL_set_alpn_protos(ssl.get(), kHttp2, sizeof(kHttp2)) != 0 ||
      SSL_set_fd(ssl.get(), fd.get()) != 1) {
    return PolicyError("no connection for the test");
  }
  const int result = SSL_connect(ssl.get());
  ERR_clear_error();
  if (result == 1) return Attempt::kDone;
  return SSL_get_pending_cipher(ssl.get()) == nullptr ? Attempt::kNoHello
                                                      : Attempt::kHello;
}

}  // namespace

absl::Status CheckTlsPolicy() {
  const SslContextPtr context(SSL_CTX_new(TLS_method()));
  if (context == nullptr) return PolicyError("OpenSSL gives no context");
  constexpr uint64_t kOld =
      SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2;
  if ((SSL_CTX_get_options(context.get()) & kOld) != kOld) {
    return PolicyError("OpenSSL had started with another configuration");
  }
  return absl::OkStatus();
}

absl::Status ApplyTlsPolicy() {
  for (const char* name : kUnwanted) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any other thread is there
    unsetenv(name);
  }
  TALLY_ASSIGN_OR_RETURN(const UniqueFd file, PolicyFile());
  const std::string path = absl::StrFormat("/proc/self/fd/%d", file.get());
  OPENSSL_INIT_SETTINGS* settings = OPENSSL_INIT_new();
  if (settings == nullptr) return PolicyError("no memory");
  OPENSSL_INIT_set_config_filename(settings, path.c_str());
  // Without this flag a mistake in the file would go unnoticed.
  OPENSSL_INIT_set_config_file_flags(settings, 0);
  const int started = OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG |
                                           OPENSSL_INIT_LOAD_SSL_STRINGS |
                                           OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
                                       settings);
  OPENSSL_INIT_free(settings);
  if (started != 1) return PolicyError("OpenSSL does not start");
  return CheckTlsPolicy();
}

absl::Status CheckServerRefusesTls12(std::string_view host, int port) {
  const Address address{std::string(host), port};
  TALLY_ASSIGN_OR_RETURN(const Attempt old,
                         TryVersion(address, TLS1_2_VERSION));
  if (old != Attempt::kNoHello) {
    return PolicyError("this server accepts TLS 1.2");
  }
  // The control: the same client with TLS 1.3 gets through, so it was the
  // version that was refused. (A client knows of a refused certificate later.)
  TALLY_ASSIGN_OR_RETURN(const Attempt now,
                         TryVersion(address, TLS1_3_VERSION));
  if (now != Attempt::kDone) {
    return PolicyError("this server does not speak TLS 1.3");
  }
  return absl::OkStatus();
}

}  // namespace tally::transport
