#ifndef TALLY_TESTS_UNIT_CRYPTO_CRYPTO_FIXTURE_H_
#define TALLY_TESTS_UNIT_CRYPTO_CRYPTO_FIXTURE_H_

// What the tests of the crypto library share: bytes from hexadecimal, keys from
// the published vectors, the vector files themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "crypto/keys.h"
#include "crypto/registry.h"
#include "crypto/scalar.h"
#include "crypto/secret.h"
#include "crypto/source_key.h"
#include "crypto/token.h"
#include "status_matchers.h"

namespace tally::crypto {

std::vector<uint8_t> Bytes(std::string_view hex);
std::string Hex(std::span<const uint8_t> bytes);

// `count` equal bytes as a secret.
Secret32 RepeatedSecret(uint8_t byte);
Secret32 SecretFromHex(std::string_view hex);
Scalar ScalarFromHex(std::string_view hex);
Element ElementFromHex(std::string_view hex);
std::string ScalarHex(const Scalar& scalar);
std::string SecretHex(const Secret32& secret);

// tests/vectors/<name>, parsed.
JsonValue VectorFile(std::string_view name);
std::string Text(const JsonValue& object, std::string_view key);

// The keys of tally1.json: "gp-supplier-a", "national-apc".
SourceKey VectorSourceKey(std::string_view party, uint32_t epoch = 1);
ConversionFactor VectorFactor(std::string_view party);
NhsMessage Number(std::string_view ten_digits);

// A custodian, a hub "hub-a" and a source "gp-one" with keys of their own, and
// a signed registry of them.
struct Parties {
  explicit Parties(Environment environment = Environment::kTest);

  Environment environment;
  Scalar hub_scalar;
  SourceKey source_key;
  SigningKey custodian_sign;
  BoxKey custodian_box;
  SigningKey hub_sign;
  BoxKey hub_box;
  SigningKey source_sign;
  BoxKey source_box;

  RegistryKey SourceEntry() const;
  RegistryKey HubEntry() const;
  RegistryBuilder Builder() const;
  Registry MakeRegistry() const;
};

}  // namespace tally::crypto

#endif  // TALLY_TESTS_UNIT_CRYPTO_CRYPTO_FIXTURE_H_
