// The vectors of RFC 9497 (ristretto255-SHA512, modes 0 and 1) through the code
// that production uses; only the domain separation tags differ.

#include <sodium.h>

#include "base/bytes.h"
#include "base/strings.h"
#include "crypto/token_kernel.h"
#include "crypto_fixture.h"
#include "internal/group.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

std::string ContextString(int mode) {
  std::string text = "OPRFV1-";
  text.push_back(static_cast<char>(mode));
  text.append("-ristretto255-SHA512");
  return text;
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

std::string Finalise(std::span<const uint8_t> input, const Element& token) {
  ByteWriter writer;
  writer.Lp2(AsChars(input));
  writer.Lp2(AsChars(token.bytes()));
  writer.Bytes("Finalize");
  std::array<uint8_t, 64> hash;
  crypto_hash_sha512(hash.data(), AsBytes(writer.view()).data(), writer.size());
  return Hex(hash);
}

class Rfc9497 : public testing::TestWithParam<int> {
 protected:
  Rfc9497() {
    const JsonValue file = VectorFile("rfc9497-ristretto255-sha512.json");
    suite_ = file.AsArray()[static_cast<size_t>(GetParam())];
    context_ = ContextString(GetParam());
  }
  JsonValue suite_;
  std::string context_;
};

TEST_P(Rfc9497, GroupTagIsThatOfTheFile) {
  ASSERT_THAT(suite_.GetInt("mode"), IsOkAndHolds(GetParam()));
  EXPECT_EQ(Hex(AsBytes("HashToGroup-" + context_)), Text(suite_, "groupDST"));
}

TEST_P(Rfc9497, DerivesThePrivateKey) {
  ASSERT_OK_AND_ASSIGN(
      const Scalar key,
      internal::DeriveScalar(SecretFromHex(Text(suite_, "seed")),
                             Bytes(Text(suite_, "keyInfo")),
                             "DeriveKeyPair" + context_));
  EXPECT_EQ(ScalarHex(key), Text(suite_, "skSm"));
  if (GetParam() == 1) {
    EXPECT_EQ(MultiplyBase(key)->Hex(), Text(suite_, "pkSm"));
  }
}

TEST_P(Rfc9497, BlindsEvaluatesUnblindsAndFinalises) {
  const Scalar key = ScalarFromHex(Text(suite_, "skSm"));
  size_t inputs = 0;
  for (const JsonValue& vector : **suite_.GetArray("vectors")) {
    const auto blinds = Split(Text(vector, "Blind"));
    const auto blinded = Split(Text(vector, "BlindedElement"));
    const auto evaluated = Split(Text(vector, "EvaluationElement"));
    const auto input = Split(Text(vector, "Input"));
    const auto output = Split(Text(vector, "Output"));
    for (size_t i = 0; i < input.size(); ++i, ++inputs) {
      const std::vector<uint8_t> message = Bytes(input[i]);
      const Scalar blind = ScalarFromHex(blinds[i]);
      ASSERT_OK_AND_ASSIGN(
          const Element hash,
          internal::HashToGroup({message}, "HashToGroup-" + context_));
      EXPECT_EQ(Multiply(blind, hash)->Hex(), blinded[i]);
      ASSERT_OK_AND_ASSIGN(const Element evaluation,
                           Multiply(key, ElementFromHex(blinded[i])));
      EXPECT_EQ(evaluation.Hex(), evaluated[i]);
      ASSERT_OK_AND_ASSIGN(const Element token,
                           Multiply(*blind.Inverse(), evaluation));
      EXPECT_EQ(token, *Multiply(key, hash));
      EXPECT_EQ(Finalise(message, token), output[i]);
    }
  }
  EXPECT_EQ(inputs, GetParam() == 0 ? 2u : 4u);
}

TEST_P(Rfc9497, EveryKernelEvaluatesAndUnblinds) {
  const Scalar key = ScalarFromHex(Text(suite_, "skSm"));
  for (const JsonValue& vector : **suite_.GetArray("vectors")) {
    const auto blinds = Split(Text(vector, "Blind"));
    const auto blinded = Split(Text(vector, "BlindedElement"));
    const auto evaluated = Split(Text(vector, "EvaluationElement"));
    for (size_t i = 0; i < blinds.size(); ++i) {
      const Scalar blind = ScalarFromHex(blinds[i]);
      const std::string token =
          Multiply(*blind.Inverse(), ElementFromHex(evaluated[i]))->Hex();
      for (const TokenKernel* kernel : AvailableKernels()) {
        std::vector<uint8_t> out = Bytes(blinded[i]);
        std::vector<uint8_t> rejected(1);
        ASSERT_THAT(kernel->Convert(key, out, out, rejected), IsOkAndHolds(0u));
        EXPECT_EQ(Hex(out), evaluated[i]) << kernel->name();
        ASSERT_THAT(kernel->Convert(*blind.Inverse(), out, out, rejected),
                    IsOkAndHolds(0u));
        EXPECT_EQ(Hex(out), token) << kernel->name();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Rfc9497, testing::Values(0, 1));

TEST(Rfc9497Mode0, HashAndTokenAreThoseThatTheFileDoesNotPrint) {
  const JsonValue file = VectorFile("rfc9497-ristretto255-sha512.json");
  const Scalar key = ScalarFromHex(Text(file.AsArray()[0], "skSm"));
  const std::string tag = "HashToGroup-" + ContextString(0);
  const auto check = [&](std::string_view input, std::string_view hash,
                         std::string_view token) {
    ASSERT_OK_AND_ASSIGN(const Element h,
                         internal::HashToGroup({Bytes(input)}, tag));
    EXPECT_EQ(h.Hex(), hash);
    EXPECT_EQ(Multiply(key, h)->Hex(), token);
  };
  check("00",
        "5873db2e5f8f4f544ce3e574c74c487f03bc64a2cf63b7c913908091aab03357",
        "b052f7c756af66d4db2051893e3d62dd77666c9ffe5db0717d96c41a490cf45e");
  check("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        "743d49d207339ae67aef8f4d0777744e5a604b94df5cbcc13e3dd87e79985a39",
        "601cde40da81b3039052afc9781be8b9a34ca13d9b532a32fd60ce0e6c65b410");
}

// Proofs byte for byte with the nonce of the file, the batch of two included.
TEST(Rfc9497Mode1, ProofsAreByteExactAndVerify) {
  const JsonValue file = VectorFile("rfc9497-ristretto255-sha512.json");
  const JsonValue& suite = file.AsArray()[1];
  const std::string context = ContextString(1);
  const std::string seed_tag = "Seed-" + context;
  const std::string scalar_tag = "HashToScalar-" + context;
  const internal::DleqTags tags{seed_tag, scalar_tag};
  const Scalar key = ScalarFromHex(Text(suite, "skSm"));
  const Element public_key = ElementFromHex(Text(suite, "pkSm"));
  for (const JsonValue& vector : **suite.GetArray("vectors")) {
    std::vector<Element> c;
    std::vector<Element> d;
    for (const std::string& hex : Split(Text(vector, "BlindedElement"))) {
      c.push_back(ElementFromHex(hex));
    }
    for (const std::string& hex : Split(Text(vector, "EvaluationElement"))) {
      d.push_back(ElementFromHex(hex));
    }
    const JsonValue& proof = *vector.Find("Proof");
    internal::ScalarBytes nonce;
    std::ranges::copy(Bytes(Text(proof, "r")), nonce.data());
    ASSERT_OK_AND_ASSIGN(
        const DleqProof made,
        internal::ProveWithNonce(key, public_key, c, d, tags, nonce));
    EXPECT_EQ(Hex(made), Text(proof, "proof"));
    EXPECT_OK(internal::VerifyWithTags(public_key, c, d, made, tags));
  }
}

}  // namespace
}  // namespace tally::crypto
