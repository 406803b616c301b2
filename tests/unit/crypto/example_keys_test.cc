#include "crypto/example_keys.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "crypto_fixture.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

JsonValue ExampleFile() {
  return ParseJson(
             Slurp(std::string(TALLY_SOURCE_DIR) + "/keys-example/keys.json"),
             8)
      .value();
}

bool Denied(const KeyId& id) {
  EXPECT_OK(RefuseExampleKey(Environment::kExample, id));
  EXPECT_OK(RefuseExampleKey(Environment::kTest, id));
  const bool known = IsExampleKeyId(id);
  EXPECT_EQ(RefuseExampleKey(Environment::kProduction, id).ok(), !known);
  return known;
}

TEST(ExampleKeys, ListIsSortedAndDistinct) {
  const auto ids = ExampleKeyIds();
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  for (const std::string_view id : ids) EXPECT_OK(KeyId::FromHex(id));
}

// keys.json can be made again from its sentence, and all of it is denied.
TEST(ExampleKeys, FileComesFromItsSentenceAndIsDenied) {
  const JsonValue file = ExampleFile();
  const std::string sentence = Text(file, "sentence");
  size_t keys = 0;
  for (const JsonValue& key : **file.GetArray("keys")) {
    const std::string kind = Text(key, "kind");
    const std::string party = Text(key, "party");
    const std::string seed = Sha256Hex(sentence + "|" + party + "|" + kind);
    EXPECT_EQ(Text(key, "seed"), seed);
    ASSERT_OK_AND_ASSIGN(const KeyId id, KeyId::FromHex(Text(key, "key_id")));
    EXPECT_TRUE(Denied(id)) << party << " " << kind;
    ++keys;
    if (kind == "source" || kind == "hub") {
      const KeyInfo info{
          .environment = Environment::kExample,
          .role = kind == "hub" ? KeyRole::kHub : KeyRole::kSource,
          .party = party,
          .domain = Text(key, "domain"),
          .epoch = 1};
      ASSERT_OK_AND_ASSIGN(const Scalar scalar,
                           DerivePrivateKey(SecretFromHex(seed), info));
      ASSERT_OK_AND_ASSIGN(const Element element, MultiplyBase(scalar));
      EXPECT_EQ(element.Hex(), Text(key, "public"));
      EXPECT_EQ(KeyId::OfPublic(element.bytes()), id);
    } else if (kind == "box") {
      ASSERT_OK_AND_ASSIGN(const BoxKey box,
                           BoxKey::FromSecret(Environment::kExample, party,
                                              SecretFromHex(seed)));
      EXPECT_EQ(box.key_id(), id);
    } else if (kind == "storage") {
      EXPECT_EQ(KeyId::OfSecret("storage", SecretFromHex(seed)), id);
    } else {
      ASSERT_OK_AND_ASSIGN(
          const SigningKey sign,
          SigningKey::FromSeed(Environment::kExample, party, SignPurpose::kSign,
                               SecretFromHex(seed)));
      EXPECT_EQ(sign.key_id(), id);
    }
  }
  EXPECT_GE(keys, 15u);
}

TEST(ExampleKeys, KeysOfTheVectorsAreDenied) {
  const JsonValue file = VectorFile("tally1.json");
  for (const JsonValue& key : **file.GetArray("keys")) {
    EXPECT_TRUE(Denied(*KeyId::FromHex(Text(key, "key_id"))));
  }
  EXPECT_TRUE(Denied(VectorFactor("gp-supplier-a").key_id()));
  EXPECT_TRUE(Denied(KeyId::OfSecret("project", RepeatedSecret(4))));
}

// The same public seed, derived for production, is another key and denied too.
TEST(ExampleKeys, PublicSeedsAreDeniedAsProductionDerivesThem) {
  const JsonValue file = ExampleFile();
  for (const JsonValue& key : **file.GetArray("keys")) {
    if (Text(key, "kind") != "source") continue;
    ASSERT_OK_AND_ASSIGN(
        const SourceKey derived,
        SourceKey::FromSeed({.environment = Environment::kProduction,
                             .role = KeyRole::kSource,
                             .party = Text(key, "party"),
                             .domain = "commissioning",
                             .epoch = 1},
                            SecretFromHex(Text(key, "seed"))));
    EXPECT_NE(derived.key_id().Hex(), Text(key, "key_id"));
    EXPECT_TRUE(Denied(derived.key_id()));
  }
}

TEST(ExampleKeys, FreshKeysAreNotDenied) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(Denied(KeyId::OfSecret("project", *Secret32::Random())));
  }
}

}  // namespace
}  // namespace tally::crypto
