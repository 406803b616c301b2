#include "diagnosis.h"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <array>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "certificate_parts.h"
#include "hub_verifier.h"

namespace tally::transport {
namespace {

constexpr unsigned char kProbeAlpn[] = {2, 'h', '2'};

absl::Status Refused() {
  return NotPermittedError(
      "the hub refused this certificate: it is unknown to the hub's authority, "
      "not valid now, or not for clients");
}

absl::Status SetUp(SSL_CTX& context, const TlsMaterial& material) {
  const std::vector<X509Ptr> chain =
      ParseCertificates(material.certificate_pem);
  const KeyPtr key = ParseKey(material.key_pem);
  X509StorePtr store = StoreOf(material.ca_pem);
  if (chain.empty() || key == nullptr || store == nullptr ||
      SSL_CTX_use_certificate(&context, chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(&context, key.get()) != 1) {
    return KeyError("certificate and key cannot be used");
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(&context, chain[i].get()) != 1) {
      return KeyError("the certificate's chain cannot be used");
    }
  }
  SSL_CTX_set_cert_store(&context, store.release());  // owned by the context
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(&context, kProbeAlpn, sizeof(kProbeAlpn));
  return absl::OkStatus();
}

std::string TextOf(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

std::string IpText(const ASN1_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (ASN1_STRING_length(bytes) != 4 && ASN1_STRING_length(bytes) != 16) {
    return "";
  }
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

CertificateNames NamesOf(const X509& certificate) {
  CertificateNames names;
  const NamesPtr all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_URI) {
      names.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    } else if (name->type == GEN_DNS) {
      names.dns.push_back(TextOf(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      names.ips.push_back(IpText(name->d.iPAddress));
    }
  }
  return names;
}

// Whether TLS failed by an alert or a fault of the protocol, and did not just
// end with the connection.
bool SaysWhy(int kind, unsigned long error) {  // NOLINT: OpenSSL's type
  return kind == SSL_ERROR_SSL && ERR_GET_LIB(error) == ERR_LIB_SSL &&
         ERR_GET_REASON(error) != SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

// After a handshake that failed.
absl::Status WhyNoHandshake(const SSL& ssl, int result,
                            const Address& address) {
  const int kind = SSL_get_error(&ssl, result);
  const unsigned long error = ERR_peek_last_error();  // NOLINT: OpenSSL's type
  const long verdict = SSL_get_verify_result(&ssl);   // NOLINT: OpenSSL's type
  ERR_clear_error();
  if (verdict != X509_V_OK) {
    return NotPermittedError(
        absl::StrFormat("the hub's certificate is not trusted: %s",
                        X509_verify_cert_error_string(verdict)));
  }
  if (SaysWhy(kind, error)) {
    return NotPermittedError("no TLS 1.3 connection with the other side");
  }
  return NoAnswerFrom(address);
}

// After a handshake that went well: an accepted client is sent HTTP/2 settings
// at once; a refused one is sent an alert, or the connection just ends. So it
// does when the hub is killed: then `ended` is set.
absl::Status WaitForFirstBytes(SSL& ssl, const Address& address, bool* ended) {
  std::array<char, 64> bytes = {};
  ERR_clear_error();
  const int got = SSL_read(&ssl, bytes.data(), static_cast<int>(bytes.size()));
  if (got > 0) return absl::OkStatus();
  const int kind = SSL_get_error(&ssl, got);
  const unsigned long error = ERR_peek_last_error();  // NOLINT: OpenSSL's type
  ERR_clear_error();
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    return NoAnswerFrom(address);  // the time ran out
  }
  *ended = !SaysWhy(kind, error);
  return Refused();
}

// One connection. `ended` says that it ended without a word.
absl::Status Probe(const Address& address, const std::string& trust_domain,
                   const TlsMaterial& material, int64_t timeout_ms,
                   bool* ended) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, ConnectTcp(address, timeout_ms));
  const SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return NoAnswerFrom(address);
  TALLY_RETURN_IF_ERROR(SetUp(*context, material));
  const SslPtr ssl(SSL_new(context.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd.get()) != 1) {
    return NoAnswerFrom(address);
  }
  std::string host = address.host;
  if (!SameIpAddress(host, host)) {
    // What SSL_set_tlsext_host_name() is short for; not for IP addresses.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             host.data());
  }
  ERR_clear_error();
  const int result = SSL_connect(ssl.get());
  if (result != 1) return WhyNoHandshake(*ssl, result, address);
  const X509Ptr hub(SSL_get1_peer_certificate(ssl.get()));
  if (hub == nullptr) return NoAnswerFrom(address);
  TALLY_RETURN_IF_ERROR(
      CheckHubNames(NamesOf(*hub), address.host, trust_domain));
  return WaitForFirstBytes(*ssl, address, ended);
}

}  // namespace

absl::Status DiagnoseHub(const Address& address,
                         const std::string& trust_domain,
                         const TlsMaterial& material, int64_t timeout_ms) {
  constexpr int kProbes = 3;
  constexpr std::chrono::milliseconds kPause(300);
  absl::Status found;
  for (int i = 0; i < kProbes; ++i) {
    // A hub that was killed just then is away now, or there again.
    if (i > 0) std::this_thread::sleep_for(kPause);
    bool ended = false;
    found = Probe(address, trust_domain, material, timeout_ms, &ended);
    if (!ended) return found;
  }
  return found;
}

}  // namespace tally::transport
