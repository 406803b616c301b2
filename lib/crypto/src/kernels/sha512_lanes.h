// SHA-512 compression on 64-bit lanes: one message a lane. FIPS 180-4, section
// 6.4.
//
// Spec: docs/spec/kernel-v1.md, "Hash".
// Threading: pure functions.
// Secrets: messages pass through; nothing branches on them.
#ifndef TALLY_CRYPTO_SRC_KERNELS_SHA512_LANES_H_
#define TALLY_CRYPTO_SRC_KERNELS_SHA512_LANES_H_

#include <cstddef>
#include <cstdint>

#include "kernels/field_words.h"

namespace tally::crypto::kernels {

constexpr uint64_t kSha512Start[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b,
                                      0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                      0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                      0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr uint64_t kSha512Rounds[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f,
    0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
    0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242,
    0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
    0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
    0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f,
    0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc,
    0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6,
    0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
    0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99,
    0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb,
    0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc,
    0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915,
    0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207,
    0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba,
    0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a,
    0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

template <typename V>
struct Sha512Lanes {
  // Adds one block of 16 big-endian words to the state. The block is spent.
  static void Compress(V state[8], V block[16]) {
    V a = state[0], b = state[1], c = state[2], d = state[3];
    V e = state[4], f = state[5], g = state[6], h = state[7];
    for (size_t first = 0; first < 80; first += 16) {
      const uint64_t* k = kSha512Rounds + first;
      if (first > 0) Extend(block);
      for (size_t i = 0; i < 16; i += 8) {
        const V* w = block + i;
        Round(a, b, c, d, e, f, g, h, w[0] + V::All(k[i]));
        Round(h, a, b, c, d, e, f, g, w[1] + V::All(k[i + 1]));
        Round(g, h, a, b, c, d, e, f, w[2] + V::All(k[i + 2]));
        Round(f, g, h, a, b, c, d, e, w[3] + V::All(k[i + 3]));
        Round(e, f, g, h, a, b, c, d, w[4] + V::All(k[i + 4]));
        Round(d, e, f, g, h, a, b, c, w[5] + V::All(k[i + 5]));
        Round(c, d, e, f, g, h, a, b, w[6] + V::All(k[i + 6]));
        Round(b, c, d, e, f, g, h, a, w[7] + V::All(k[i + 7]));
      }
    }
    state[0] = state[0] + a;
    state[1] = state[1] + b;
    state[2] = state[2] + c;
    state[3] = state[3] + d;
    state[4] = state[4] + e;
    state[5] = state[5] + f;
    state[6] = state[6] + g;
    state[7] = state[7] + h;
  }

 private:
  static TALLY_INLINE void Round(V a, V b, V c, V& d, V e, V f, V g, V& h,
                                 V word) {
    const V t =
        h + word + V::Choose(e, f, g) +
        V::Xor3(e.template RotateRight<14>(), e.template RotateRight<18>(),
                e.template RotateRight<41>());
    d = d + t;
    h = t + V::Majority(a, b, c) +
        V::Xor3(a.template RotateRight<28>(), a.template RotateRight<34>(),
                a.template RotateRight<39>());
  }
  // The next 16 words of the schedule.
  static TALLY_INLINE void Extend(V w[16]) {
    for (size_t i = 0; i < 16; ++i) {
      const V early = w[(i + 1) & 15], late = w[(i + 14) & 15];
      w[i] = w[i] + w[(i + 9) & 15] +
             V::Xor3(early.template RotateRight<1>(),
                     early.template RotateRight<8>(), early.template Shr<7>()) +
             V::Xor3(late.template RotateRight<19>(),
                     late.template RotateRight<61>(), late.template Shr<6>());
    }
  }
};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_SHA512_LANES_H_
