// Every value of tests/vectors/tally1.json, and the worked examples of the
// specification, through the library.

#include "base/bytes.h"
#include "base/strings.h"
#include "crypto/canary.h"
#include "crypto/hash_to_group.h"
#include "crypto/pseudonym_maker.h"
#include "crypto/token_converter.h"
#include "crypto_fixture.h"
#include "internal/group.h"

namespace tally::crypto {
namespace {

class Tally1 : public testing::Test {
 protected:
  Tally1() : file_(VectorFile("tally1.json")) {}
  const JsonValue::Array& Rows() const { return **file_.GetArray("rows"); }
  JsonValue file_;
};

TEST_F(Tally1, SuiteIsOurs) { EXPECT_EQ(Text(file_, "suite"), kSuite); }

TEST_F(Tally1, KeyInfoIsThatOfTheSpecification) {
  EXPECT_EQ(
      Hex(AsBytes(internal::EncodeKeyInfo({.environment = Environment::kExample,
                                           .role = KeyRole::kSource,
                                           .party = "gp-supplier-a",
                                           .domain = "commissioning",
                                           .epoch = 1}))),
      "076578616d706c6506736f757263650d67702d737570706c6965722d610d636f6d"
      "6d697373696f6e696e6700000001");
}

TEST_F(Tally1, DerivesEveryKey) {
  size_t keys = 0;
  for (const JsonValue& key : **file_.GetArray("keys")) {
    const KeyInfo info{
        .environment = Environment::kExample,
        .role = Text(key, "role") == "hub" ? KeyRole::kHub : KeyRole::kSource,
        .party = Text(key, "party"),
        .domain = Text(file_, "domain"),
        .epoch = static_cast<uint32_t>(key.GetInt("epoch").value())};
    ASSERT_OK_AND_ASSIGN(
        const Scalar scalar,
        DerivePrivateKey(SecretFromHex(Text(key, "seed")), info));
    EXPECT_EQ(ScalarHex(scalar), Text(key, "scalar"));
    ASSERT_OK_AND_ASSIGN(const Element public_key, MultiplyBase(scalar));
    EXPECT_EQ(public_key.Hex(), Text(key, "public"));
    EXPECT_EQ(KeyId::OfPublic(public_key.bytes()).Hex(), Text(key, "key_id"));
    ++keys;
  }
  EXPECT_EQ(keys, 3u);
}

TEST_F(Tally1, RotatedKeyHasOtherScalarAndSameHubTokens) {
  const JsonValue& rotated = *file_.Find("rotated");
  const SourceKey key = VectorSourceKey("gp-supplier-a", 2);
  EXPECT_EQ(ScalarHex(key.scalar()), Text(rotated, "scalar"));
  EXPECT_EQ(key.public_key().Hex(), Text(rotated, "public"));
  EXPECT_EQ(key.key_id().Hex(), "35f086c3ea5764a7");
  const Scalar factor = ScalarFromHex(Text(rotated, "factor"));
  for (const JsonValue& row : Rows()) {
    ASSERT_OK_AND_ASSIGN(
        const Element token,
        Multiply(key.scalar(), ElementFromHex(Text(row, "hash_to_group"))));
    EXPECT_EQ(Multiply(factor, token)->Hex(), Text(row, "hub_token"));
  }
}

TEST_F(Tally1, FactorsAreHubKeyOverSourceKey) {
  const Scalar hub =
      ScalarFromHex(Text((**file_.GetArray("keys"))[2], "scalar"));
  const Element hub_public =
      ElementFromHex(Text((**file_.GetArray("keys"))[2], "public"));
  for (const std::string_view party : {"gp-supplier-a", "national-apc"}) {
    const SourceKey source = VectorSourceKey(party);
    ASSERT_OK_AND_ASSIGN(const Scalar inverse, source.scalar().Inverse());
    EXPECT_EQ(ScalarHex(*hub.Times(inverse)),
              Text(*file_.Find("factors"), party));
    EXPECT_OK(
        VectorFactor(party).CheckAgainst(source.public_key(), hub_public));
  }
}

TEST_F(Tally1, MessagesAndHashesAreExact) {
  for (const JsonValue& row : Rows()) {
    ASSERT_OK_AND_ASSIGN(
        const WipedBytes message,
        EncodeMessage(kNhsNumberKind, Text(row, "nhs_number")));
    EXPECT_EQ(Hex(message), Text(row, "message"));
    EXPECT_EQ(HashToGroup(message)->Hex(), Text(row, "hash_to_group"));
  }
}

TEST_F(Tally1, EveryKernelMakesEverySourceTokenAndConvertsIt) {
  for (const std::string_view party : {"gp-supplier-a", "national-apc"}) {
    const SourceKey key = VectorSourceKey(party);
    const ConversionFactor factor = VectorFactor(party);
    std::vector<NhsMessage> messages;
    std::string source_tokens;
    std::string hub_tokens;
    for (const JsonValue& row : Rows()) {
      messages.push_back(Number(Text(row, "nhs_number")));
      source_tokens += Text(*row.Find("source_token"), party);
      hub_tokens += Text(row, "hub_token");
    }
    for (const TokenKernel* kernel : AvailableKernels()) {
      WipedBytes tokens(32 * messages.size());
      ASSERT_OK(TokeniseBatch(*kernel, key, messages, tokens));
      EXPECT_EQ(Hex(tokens), source_tokens) << kernel->name();
      ASSERT_OK_AND_ASSIGN(const TokenConverter converter,
                           TokenConverter::Create({&factor}, *kernel));
      std::vector<uint8_t> rejected(messages.size(), 9);
      EXPECT_THAT(converter.Convert(tokens, tokens, rejected),
                  IsOkAndHolds(0u));
      EXPECT_EQ(Hex(tokens), hub_tokens) << kernel->name();
      EXPECT_THAT(rejected, testing::Each(0));
    }
  }
}

TEST_F(Tally1, PseudonymsAreExactInBothProjects) {
  for (const std::string_view project : {"proj-001", "proj-002"}) {
    ASSERT_OK_AND_ASSIGN(
        const ProjectKey key,
        ProjectKey::FromSecret(Environment::kExample, "commissioning", project,
                               SecretFromHex(Text(file_, "project_key"))));
    ASSERT_OK_AND_ASSIGN(const PseudonymMaker maker,
                         PseudonymMaker::Create(key));
    for (const JsonValue& row : Rows()) {
      ASSERT_OK_AND_ASSIGN(const HubToken token,
                           HubToken::Create(Bytes(Text(row, "hub_token"))));
      EXPECT_EQ(Hex(maker.Make(token)), Text(*row.Find("pseudonym"), project));
    }
  }
}

TEST_F(Tally1, BareProofOverTheFourRowsIsExact) {
  const JsonValue& dleq = *file_.Find("dleq");
  const ConversionFactor factor = VectorFactor("gp-supplier-a");
  EXPECT_EQ(factor.public_form().Hex(), Text(dleq, "public"));
  std::vector<Element> c;
  std::vector<Element> d;
  for (const JsonValue& row : Rows()) {
    c.push_back(
        ElementFromHex(Text(*row.Find("source_token"), "gp-supplier-a")));
    d.push_back(ElementFromHex(Text(row, "hub_token")));
  }
  internal::ScalarBytes nonce;
  std::ranges::copy(Bytes(Text(dleq, "r")), nonce.data());
  ASSERT_OK_AND_ASSIGN(
      const DleqProof proof,
      internal::ProveWithNonce(factor.scalar(), factor.public_form(), c, d,
                               internal::kTallyDleq, nonce));
  EXPECT_EQ(Hex(proof), Text(dleq, "proof"));
  EXPECT_OK(VerifyDleq(factor.public_form(), c, d, proof));
}

// With (pk_s, pk_hub) in front, as a conversion certificate has it.
TEST_F(Tally1, ProofWithTheKeysInFrontIsThatOfTheSpecification) {
  const ConversionFactor factor = VectorFactor("gp-supplier-a");
  std::vector<Element> c = {
      ElementFromHex(Text((**file_.GetArray("keys"))[0], "public"))};
  std::vector<Element> d = {
      ElementFromHex(Text((**file_.GetArray("keys"))[2], "public"))};
  for (const JsonValue& row : Rows()) {
    c.push_back(
        ElementFromHex(Text(*row.Find("source_token"), "gp-supplier-a")));
    d.push_back(ElementFromHex(Text(row, "hub_token")));
  }
  internal::ScalarBytes nonce;
  nonce.data()[0] = 0x39;
  nonce.data()[1] = 0x30;
  EXPECT_EQ(Hex(*internal::ProveWithNonce(factor.scalar(), factor.public_form(),
                                          c, d, internal::kTallyDleq, nonce)),
            "902ea26300c5f14a9e0fd5bda01343865e9d8101a90fa47203b96a77aa0f7608cc"
            "f1308ade0eef1bd991e7f2e20a033e97e6bf53082daa05b8d7485dd973150d");
}

TEST_F(Tally1, CeremonyScalarsAreThoseOfTheSpecification) {
  const Scalar hub =
      ScalarFromHex(Text((**file_.GetArray("keys"))[2], "scalar"));
  const SourceKey source = VectorSourceKey("gp-supplier-a");
  const Scalar b = ScalarFromHex(
      "3930000000000000000000000000000000000000000000000000000000000000");
  ASSERT_OK_AND_ASSIGN(const Scalar inverse, source.scalar().Inverse());
  ASSERT_OK_AND_ASSIGN(const Scalar u, b.Times(inverse));
  EXPECT_EQ(ScalarHex(u),
            "17f1604b8890a07f75a79ee508533aa40cde65fb93623a1308ebfb2dff3dd80b");
  ASSERT_OK_AND_ASSIGN(const Scalar v, hub.Times(u));
  EXPECT_EQ(ScalarHex(v),
            "0ba7f5f25afc47e25a1b05c1eb74574a53f365c1915187f42ebe5df598c11d00");
  ASSERT_OK_AND_ASSIGN(const Scalar b_inverse, b.Inverse());
  EXPECT_EQ(ScalarHex(*v.Times(b_inverse)),
            Text(*file_.Find("factors"), "gp-supplier-a"));
}

TEST_F(Tally1, MatchKeyExampleOfTheSpecificationConverts) {
  std::string value;
  for (const std::string_view field :
       {"SMITH", "ANNE", "19620317", "2", "ZZ991AA"}) {
    value += static_cast<char>(field.size());
    value += field;
  }
  ASSERT_OK_AND_ASSIGN(const WipedBytes message,
                       EncodeMessage("match-key-1", value));
  EXPECT_EQ(Hex(message),
            "0b6d617463682d6b65792d31001e05534d49544804414e4e45083139363230333"
            "1370132075a5a3939314141");
  const Scalar hub =
      ScalarFromHex(Text((**file_.GetArray("keys"))[2], "scalar"));
  EXPECT_EQ(Multiply(hub, *HashToGroup(message))->Hex(),
            "860425bd3c20e9f794f9f89816af8c01792424c6e06f5782399a72d131b1794b");
}

}  // namespace
}  // namespace tally::crypto
