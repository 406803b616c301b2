// What the two field representations share: constants of the group as words,
// and the attribute that makes a CPU's code one piece.
//
// Spec: docs/spec/kernel-v1.md, "Constants".
// Threading: constants.
// Secrets: none.
#ifndef TALLY_CRYPTO_SRC_KERNELS_FIELD_WORDS_H_
#define TALLY_CRYPTO_SRC_KERNELS_FIELD_WORDS_H_

#include <cstdint>

// Every function of the kernels is part of the one that calls it: a copy that
// stood by itself could be the one that the linker keeps for a CPU without the
// instructions.
#define TALLY_INLINE __attribute__((always_inline)) inline

namespace tally::crypto::kernels {

// An element below p, the least word first.
struct FieldWords {
  uint64_t w[4];
};

constexpr FieldWords kOne = {{0x0000000000000001, 0x0000000000000000,
                              0x0000000000000000, 0x0000000000000000}};
// -121665/121666
constexpr FieldWords kD = {{0x75eb4dca135978a3, 0x00700a4d4141d8ab,
                            0x8cc740797779e898, 0x52036cee2b6ffe73}};
constexpr FieldWords kTwoD = {{0xebd69b9426b2f159, 0x00e0149a8283b156,
                               0x198e80f2eef3d130, 0x2406d9dc56dffce7}};
// the even root
constexpr FieldWords kSqrtMinusOne = {{0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478,
                                       0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b}};
// 1 - d^2
constexpr FieldWords kOneMinusDSquared = {
    {0xe27c09c1945fc176, 0x2c81a138cd5e350f, 0x9994abddbe70dfe4,
     0x029072a8b2b3e0d7}};
// (d - 1)^2
constexpr FieldWords kDMinusOneSquared = {
    {0x31ad5aaa44ed4d20, 0xd29e4a2cb01e1999, 0x4cdcd32f529b4eeb,
     0x5968b37af66c2241}};
// sqrt(-d - 1)
constexpr FieldWords kSqrtAdMinusOne = {{0x7e97f6a0497b2e1b, 0xaf9d8e0c1b7854bd,
                                         0x0f3cfcc931f5d1fd,
                                         0x376931bf2b8348ac}};
// 1/sqrt(-1 - d)
constexpr FieldWords kInverseRootAMinusD = {
    {0x99c8fdaa805d40ea, 0x9d2f16175a4172be, 0x16c27b91fe01d840,
     0x786c8905cfaffca2}};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_FIELD_WORDS_H_
