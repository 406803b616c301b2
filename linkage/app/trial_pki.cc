#include "trial_pki.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "transport/authoriser.h"
#include "transport/peer_identity.h"

namespace tally::linkage {
namespace {

struct OpenSslDeleter {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
};
using Key = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using Certificate = std::unique_ptr<X509, OpenSslDeleter>;
using Bio = std::unique_ptr<BIO, OpenSslDeleter>;

constexpr int64_t kMaxPemBytes = 1 << 20;
constexpr char kAuthority[] = "Tally trial authority - NOT FOR PATIENT DATA";

absl::Status OpenSslError(std::string_view what) {
  return absl::InternalError(std::string(what) + " failed in OpenSSL");
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  // NOLINTNEXTLINE(google-runtime-int): OpenSSL's type.
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<Key> MakeKey() {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (key == nullptr) return OpenSslError("making a key");
  return key;
}

absl::Status SaveKey(EVP_PKEY* key, const std::string& path) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                               nullptr) != 1) {
    return OpenSslError("writing a key");
  }
  return CreateFileExclusive(path, TextOf(bio.get()), 0600);
}

absl::StatusOr<Key> LoadKey(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path, kMaxPemBytes));
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return KeyError(path + " is no private key");
  return key;
}

absl::StatusOr<Certificate> LoadCertificate(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path, kMaxPemBytes));
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return KeyError(path + " is no certificate");
  return certificate;
}

absl::Status SaveCertificate(X509* certificate, const std::string& path) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return OpenSslError("writing a certificate");
  }
  return WriteFileAtomically(path, TextOf(bio.get()), 0644);
}

absl::Status AddExtension(X509* certificate, X509* issuer, int nid,
                          const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, OpenSslDeleter> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr ||
      X509_add_ext(certificate, extension.get(), -1) != 1) {
    return OpenSslError("an extension");
  }
  return absl::OkStatus();
}

// Version, serial number, dates, name and key; not yet signed.
absl::StatusOr<Certificate> Draft(EVP_PKEY* key, const std::string& name,
                                  int days) {
  Certificate certificate(X509_new());
  std::array<unsigned char, 16> serial{};
  if (certificate == nullptr ||
      RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) {
    return OpenSslError("a serial number");
  }
  serial[0] &= 0x7f;
  BIGNUM* number =
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -300);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()),
                  static_cast<long>(days) * 86400);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  if (X509_NAME_add_entry_by_txt(
          subject, "CN", MBSTRING_ASC,
          reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
          0) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return OpenSslError("a certificate");
  }
  return certificate;
}

std::string DateOf(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return absl::StrFormat("%04d-%02d-%02d", parts.tm_year + 1900,
                         parts.tm_mon + 1, parts.tm_mday);
}

std::string UriOf(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return {};
  std::string uri;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<size_t>(ASN1_STRING_length(text)));
  }
  GENERAL_NAMES_free(names);
  return uri;
}

absl::StatusOr<TrialCertificate> Describe(const std::string& path,
                                          std::string file) {
  TALLY_ASSIGN_OR_RETURN(const Certificate certificate, LoadCertificate(path));
  TALLY_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path, kMaxPemBytes));
  TrialCertificate described;
  described.file = std::move(file);
  described.uri = UriOf(certificate.get());
  described.not_after = DateOf(X509_get0_notAfter(certificate.get()));
  TALLY_ASSIGN_OR_RETURN(described.public_key_sha256,
                         transport::PublicKeySha256(pem));
  return described;
}

bool IsIp(const std::string& text) {
  return text.find_first_not_of("0123456789.") == std::string::npos ||
         text.find(':') != std::string::npos;
}

}  // namespace

absl::Status TrialPki::Init(int days) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(directory_, 0700));
  TALLY_ASSIGN_OR_RETURN(const Key key, MakeKey());
  TALLY_ASSIGN_OR_RETURN(const Certificate certificate,
                         Draft(key.get(), kAuthority, days));
  X509* ca = certificate.get();
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  TALLY_RETURN_IF_ERROR(AddExtension(ca, ca, NID_basic_constraints,
                                     "critical,CA:TRUE,pathlen:0"));
  TALLY_RETURN_IF_ERROR(
      AddExtension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign"));
  TALLY_RETURN_IF_ERROR(
      AddExtension(ca, ca, NID_subject_key_identifier, "hash"));
  if (X509_sign(ca, key.get(), EVP_sha256()) == 0) {
    return OpenSslError("signing");
  }
  TALLY_RETURN_IF_ERROR(SaveKey(key.get(), directory_ + "/ca.key"));
  return SaveCertificate(ca, directory_ + "/ca.pem");
}

absl::StatusOr<TrialCertificate> TrialPki::Issue(const TrialPeer& peer,
                                                 int days, bool renew) {
  const std::string uri =
      absl::StrFormat("spiffe://%s/%s/%s", trust_domain_, peer.role, peer.id);
  TALLY_RETURN_IF_ERROR(transport::ParsePeerUri(uri).status());
  TALLY_ASSIGN_OR_RETURN(const Key ca_key, LoadKey(directory_ + "/ca.key"));
  TALLY_ASSIGN_OR_RETURN(const Certificate ca,
                         LoadCertificate(directory_ + "/ca.pem"));
  const std::string file = peer.role + "-" + peer.id;
  const std::string path = directory_ + "/" + file;
  Key key;
  if (renew) {
    TALLY_ASSIGN_OR_RETURN(key, LoadKey(path + ".key"));
  } else {
    TALLY_ASSIGN_OR_RETURN(key, MakeKey());
    TALLY_RETURN_IF_ERROR(SaveKey(key.get(), path + ".key"));
  }
  TALLY_ASSIGN_OR_RETURN(const Certificate certificate,
                         Draft(key.get(), file, days));
  X509* leaf = certificate.get();
  X509_set_issuer_name(leaf, X509_get_subject_name(ca.get()));
  std::string names = "URI:" + uri;
  for (const std::string& address : peer.addresses) {
    names += (IsIp(address) ? ",IP:" : ",DNS:") + address;
  }
  const bool is_hub = peer.role == "hub";
  TALLY_RETURN_IF_ERROR(
      AddExtension(leaf, ca.get(), NID_basic_constraints, "critical,CA:FALSE"));
  TALLY_RETURN_IF_ERROR(
      AddExtension(leaf, ca.get(), NID_key_usage, "critical,digitalSignature"));
  TALLY_RETURN_IF_ERROR(
      AddExtension(leaf, ca.get(), NID_ext_key_usage,
                   is_hub ? "serverAuth,clientAuth" : "clientAuth"));
  TALLY_RETURN_IF_ERROR(
      AddExtension(leaf, ca.get(), NID_subject_alt_name, names));
  TALLY_RETURN_IF_ERROR(AddExtension(
      leaf, ca.get(), NID_authority_key_identifier, "keyid:always"));
  if (X509_sign(leaf, ca_key.get(), EVP_sha256()) == 0) {
    return OpenSslError("signing");
  }
  TALLY_RETURN_IF_ERROR(SaveCertificate(leaf, path + ".pem"));
  return Describe(path + ".pem", file);
}

absl::StatusOr<std::vector<TrialCertificate>> TrialPki::List() const {
  std::vector<TrialCertificate> all;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory_, error), end;
       !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".pem") continue;
    TALLY_ASSIGN_OR_RETURN(
        TrialCertificate certificate,
        Describe(it->path().string(), it->path().stem().string()));
    all.push_back(std::move(certificate));
  }
  if (error) return InputError("the folder of certificates cannot be read");
  std::sort(all.begin(), all.end(),
            [](const TrialCertificate& a, const TrialCertificate& b) {
              return a.file < b.file;
            });
  return all;
}

}  // namespace tally::linkage
