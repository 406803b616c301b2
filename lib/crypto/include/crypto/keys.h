#ifndef TALLY_CRYPTO_KEYS_H_
#define TALLY_CRYPTO_KEYS_H_

// The keys of hub and custodian traffic: conversion factors, project keys,
// storage keys, box keys. Signing keys are in "crypto/sign.h", source keys in
// "crypto/source_key.h", which the hub does not include.
//
// Role: the hub (factors, project keys), every party (storage, box).
// Spec: docs/spec/token-v1.md, "Derivations"; sealed-files-v1.md, "Key file".
// Threading: const functions from several threads.
// Secrets: all classes here; move-only, unrelated, unprintable.

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/key_id.h"
#include "crypto/scalar.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "crypto/wiped_bytes.h"

namespace tally::crypto {

// What a factor converts: tokens of one source key into one hub epoch.
struct FactorInfo {
  Environment environment = Environment::kExample;
  std::string domain{};
  std::string source{};
  uint32_t source_epoch = 1;
  uint32_t hub_epoch = 1;
  uint8_t stage = 1;  // today always stage 1 of 1
  uint8_t stages = 1;

  friend bool operator==(const FactorInfo&, const FactorInfo&) = default;
};
// Names valid, epochs at least 1, 1 <= stage <= stages; else kInvalidArgument.
[[nodiscard]] absl::Status Validate(const FactorInfo& info);

// `c_s = k_hub / k_s`. Together with the source's key it gives the hub's key:
// it exists in the hub's locked memory and in sealed files only.
class ConversionFactor {
 public:
  [[nodiscard]] static absl::StatusOr<ConversionFactor> Create(FactorInfo info,
                                                               Scalar factor);
  ConversionFactor(ConversionFactor&&) noexcept = default;
  ConversionFactor& operator=(ConversionFactor&&) noexcept = default;

  const FactorInfo& info() const { return info_; }
  // `C_s = c_s . G`, and its key id.
  const Element& public_form() const { return public_form_; }
  KeyId key_id() const { return KeyId::OfPublic(public_form_.bytes()); }
  // `c_s . source_public == hub_public`, else kFailedPrecondition with reason
  // FACTOR_MISMATCH. One multiplication. Run at every start and registry
  // change, before the factor is used.
  [[nodiscard]] absl::Status CheckAgainst(const Element& source_public,
                                          const Element& hub_public) const;
  const Scalar& scalar() const { return factor_; }

 private:
  ConversionFactor(FactorInfo info, Scalar factor, const Element& public_form);
  FactorInfo info_;
  Scalar factor_;
  Element public_form_;
};

// 32 random bytes that make a project's pseudonyms. Never derived from another
// key, or it could not be destroyed.
class ProjectKey {
 public:
  [[nodiscard]] static absl::StatusOr<ProjectKey> Generate(
      Environment environment, std::string_view domain,
      std::string_view project);
  [[nodiscard]] static absl::StatusOr<ProjectKey> FromSecret(
      Environment environment, std::string_view domain,
      std::string_view project, Secret32 secret);
  ProjectKey(ProjectKey&&) noexcept = default;
  ProjectKey& operator=(ProjectKey&&) noexcept = default;

  Environment environment() const { return environment_; }
  const std::string& domain() const { return domain_; }
  const std::string& project() const { return project_; }
  KeyId key_id() const { return KeyId::OfSecret("project", secret_); }
  const Secret32& secret() const { return secret_; }

 private:
  ProjectKey(Environment environment, std::string_view domain,
             std::string_view project, Secret32 secret);
  Environment environment_;
  std::string domain_;
  std::string project_;
  Secret32 secret_;
};

// Wraps the file keys of sealed files (index runs, journals, spools).
class StorageKey {
 public:
  [[nodiscard]] static absl::StatusOr<StorageKey> Generate(
      Environment environment, std::string_view party);
  [[nodiscard]] static absl::StatusOr<StorageKey> FromSecret(
      Environment environment, std::string_view party, Secret32 secret);
  StorageKey(StorageKey&&) noexcept = default;
  StorageKey& operator=(StorageKey&&) noexcept = default;

  Environment environment() const { return environment_; }
  const std::string& party() const { return party_; }
  KeyId key_id() const { return key_id_; }
  const Secret32& secret() const { return secret_; }

 private:
  StorageKey(Environment environment, std::string_view party, Secret32 secret);
  Environment environment_;
  std::string party_;
  Secret32 secret_;
  KeyId key_id_;
};

// X25519 key to which ceremony messages are sealed.
class BoxKey {
 public:
  [[nodiscard]] static absl::StatusOr<BoxKey> Generate(Environment environment,
                                                       std::string_view party);
  [[nodiscard]] static absl::StatusOr<BoxKey> FromSecret(
      Environment environment, std::string_view party, Secret32 secret);
  BoxKey(BoxKey&&) noexcept = default;
  BoxKey& operator=(BoxKey&&) noexcept = default;

  Environment environment() const { return environment_; }
  const std::string& party() const { return party_; }
  const PublicKey& public_key() const { return public_key_; }
  KeyId key_id() const { return KeyId::OfPublic(public_key_); }
  const Secret32& secret() const { return secret_; }

  // Opens what SealTo() made for this key; anything else is kInvalidArgument.
  [[nodiscard]] absl::StatusOr<WipedBytes> Open(
      std::span<const uint8_t> sealed) const;

 private:
  BoxKey(Environment environment, std::string_view party, Secret32 secret,
         const PublicKey& public_key);
  Environment environment_;
  std::string party_;
  Secret32 secret_;
  PublicKey public_key_;
};

// crypto_box_seal: `message` for the holder of `receiver` only. 48 bytes
// longer. kInvalidArgument if the key is of small order.
[[nodiscard]] absl::StatusOr<WipedBytes> SealTo(
    const PublicKey& receiver, std::span<const uint8_t> message);

void PrintTo(const ConversionFactor&, std::ostream* out);
void PrintTo(const ProjectKey&, std::ostream* out);
void PrintTo(const StorageKey&, std::ostream* out);
void PrintTo(const BoxKey&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const ConversionFactor&) = delete;
std::ostream& operator<<(std::ostream&, const ProjectKey&) = delete;
std::ostream& operator<<(std::ostream&, const StorageKey&) = delete;
std::ostream& operator<<(std::ostream&, const BoxKey&) = delete;

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_KEYS_H_
