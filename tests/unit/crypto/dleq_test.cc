#include "crypto/dleq.h"

#include "crypto_fixture.h"
#include "internal/group.h"

namespace tally::crypto {
namespace {

using testing::Not;

struct Statement {
  explicit Statement(size_t pairs) : k(Scalar::Random().value()) {
    for (size_t i = 0; i < pairs; ++i) {
      c.push_back(MultiplyBase(*Scalar::Random()).value());
      d.push_back(Multiply(k, c.back()).value());
    }
  }
  Scalar k;
  Element b = MultiplyBase(k).value();
  std::vector<Element> c;
  std::vector<Element> d;
};

TEST(Dleq, HonestProofsOfManySizesVerify) {
  for (const size_t pairs : {1, 2, 3, 16, 40}) {
    const Statement s(pairs);
    ASSERT_OK_AND_ASSIGN(const DleqProof proof, ProveDleq(s.k, s.b, s.c, s.d));
    EXPECT_OK(VerifyDleq(s.b, s.c, s.d, proof));
  }
}

TEST(Dleq, EveryByteOfTheProofMatters) {
  const Statement s(2);
  ASSERT_OK_AND_ASSIGN(const DleqProof proof, ProveDleq(s.k, s.b, s.c, s.d));
  for (size_t i = 0; i < proof.size(); ++i) {
    DleqProof changed = proof;
    changed[i] ^= 1;
    EXPECT_THAT(VerifyDleq(s.b, s.c, s.d, changed), Not(IsOk()));
  }
}

TEST(Dleq, EveryPartOfTheStatementMatters) {
  Statement s(3);
  ASSERT_OK_AND_ASSIGN(const DleqProof proof, ProveDleq(s.k, s.b, s.c, s.d));
  const Element other = MultiplyBase(*Scalar::Random()).value();
  EXPECT_THAT(VerifyDleq(other, s.c, s.d, proof), Not(IsOk()));
  for (size_t i = 0; i < 3; ++i) {
    std::vector<Element> c = s.c;
    std::vector<Element> d = s.d;
    c[i] = other;
    d[i] = other;
    EXPECT_THAT(VerifyDleq(s.b, c, s.d, proof), Not(IsOk()));
    EXPECT_THAT(VerifyDleq(s.b, s.c, d, proof), Not(IsOk()));
  }
  std::swap(s.c[0], s.c[1]);
  std::swap(s.d[0], s.d[1]);
  EXPECT_THAT(VerifyDleq(s.b, s.c, s.d, proof), Not(IsOk()));
}

TEST(Dleq, OneForeignResultCannotBeProved) {
  Statement s(4);
  s.d[2] = MultiplyBase(*Scalar::Random()).value();
  ASSERT_OK_AND_ASSIGN(const DleqProof proof, ProveDleq(s.k, s.b, s.c, s.d));
  EXPECT_THAT(VerifyDleq(s.b, s.c, s.d, proof), Not(IsOk()));
}

TEST(Dleq, AnotherKeyCannotProve) {
  const Statement s(2);
  ASSERT_OK_AND_ASSIGN(const DleqProof proof,
                       ProveDleq(*Scalar::Random(), s.b, s.c, s.d));
  EXPECT_THAT(VerifyDleq(s.b, s.c, s.d, proof), Not(IsOk()));
}

TEST(Dleq, ListsOfWrongLengthAreRefused) {
  const Statement s(2);
  const DleqProof proof{};
  const auto one = std::span(s.c).first(1);
  EXPECT_THAT(ProveDleq(s.k, s.b, one, s.d), ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(VerifyDleq(s.b, one, s.d, proof), ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(ProveDleq(s.k, s.b, {}, {}), ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(VerifyDleq(s.b, {}, {}, proof), ExitCodeIs(kExitInvalidInput));
  const std::vector<Element> many(kMaxDleqPairs + 1, s.b);
  EXPECT_THAT(VerifyDleq(s.b, many, many, proof),
              ExitCodeIs(kExitInvalidInput));
}

TEST(Dleq, ScalarsOfTheProofAreReadStrictly) {
  const Statement s(1);
  ASSERT_OK_AND_ASSIGN(const DleqProof proof, ProveDleq(s.k, s.b, s.c, s.d));
  // Adding the order to the response leaves the equation true for whoever
  // reduces; it must not verify.
  const std::vector<uint8_t> order =
      Bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  for (const size_t at : {0, 32}) {
    DleqProof alias = proof;
    int carry = 0;
    for (size_t i = 0; i < 32; ++i) {
      const int sum = alias[at + i] + order[i] + carry;
      alias[at + i] = static_cast<uint8_t>(sum);
      carry = sum >> 8;
    }
    EXPECT_THAT(VerifyDleq(s.b, s.c, s.d, alias), Not(IsOk()));
  }
}

TEST(Dleq, TwoProofsOfOneStatementDiffer) {
  const Statement s(1);
  const DleqProof a = ProveDleq(s.k, s.b, s.c, s.d).value();
  const DleqProof b = ProveDleq(s.k, s.b, s.c, s.d).value();
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace tally::crypto
