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

// A context that asks for no more than TLS 1.2 and is let to.
SslContextPtr OldClient() {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return nullptr;
  SSL_CTX_clear_options(context.get(), SSL_OP_NO_TLSv1_2);
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return nullptr;
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  return context;
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
  for (const char* name : kUnwanted) unsetenv(name);
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
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd,
                         ConnectTcp(Address{std::string(host), port}, 5'000));
  const SslContextPtr context = OldClient();
  if (context == nullptr) return PolicyError("no context for the test");
  const SslPtr ssl(SSL_new(context.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd.get()) != 1) {
    return PolicyError("no connection for the test");
  }
  ERR_clear_error();
  const int result = SSL_connect(ssl.get());
  const unsigned long error = ERR_peek_last_error();  // NOLINT: OpenSSL's type
  ERR_clear_error();
  if (result == 1) return PolicyError("this server accepts TLS 1.2");
  if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
      ERR_GET_REASON(error) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
    return absl::OkStatus();
  }
  return PolicyError("this server does not refuse TLS 1.2 by its version");
}

}  // namespace tally::transport
