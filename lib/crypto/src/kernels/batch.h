// Batches of tokens over the group on lanes: what a CPU's file fills its
// VectorOps with.
//
// Spec: docs/spec/kernel-v1.md, "Batches".
// Threading: pure functions over the caller's memory.
// Secrets: as vector_ops.h.
#ifndef TALLY_CRYPTO_SRC_KERNELS_BATCH_H_
#define TALLY_CRYPTO_SRC_KERNELS_BATCH_H_

#include <cstddef>
#include <cstdint>

#include "kernels/field_words.h"
#include "kernels/ristretto.h"
#include "kernels/sha512_lanes.h"
#include "kernels/vector_ops.h"

namespace tally::crypto::kernels {

template <typename F>
struct Batch {
  using Group = Ristretto<F>;
  using V = typename F::Lanes;
  using Mask = typename V::Mask;
  using Fe = typename F::Fe;
  using Point = typename Group::Point;

  static constexpr size_t kLanes = V::kLanes;
  // Vectors that share one inversion: it costs a batch as much as 8 of the
  // products that take its place. Taken two at a time.
  static constexpr size_t kVectors = 16;
  static constexpr size_t kTokens = kVectors * kLanes;
  static constexpr size_t kBytes = 32;

  struct Work {
    typename Group::Doubled doubled[kVectors];
    Fe before[kVectors];  // products of those before
    typename Group::Cached table[8];
    Mask bad[kVectors];
  };

  static size_t Tokenise(const HashPlan& plan, const int8_t* digits,
                         const uint8_t* messages, size_t count, uint8_t* out,
                         void* memory) {
    Work& work = *static_cast<Work*>(memory);
    const size_t vectors = (count + kLanes - 1) / kLanes;
    for (size_t v = 0; v < vectors; ++v) {
      const size_t lanes = Least(kLanes, count - v * kLanes);
      V words[2][4];
      Hash(plan, messages + v * kLanes * kMessageDigits, lanes, words);
      const Point product =
          Group::Multiply(Group::FromHash(words), digits, work.table);
      work.doubled[v] = Group::Double2(product);
      work.bad[v] = V::AllIf(0);
    }
    return Finish(work, count, out, nullptr);
  }

  static size_t Convert(const int8_t* digits, const uint8_t* in, size_t count,
                        uint8_t* out, uint8_t* rejected, void* memory) {
    Work& work = *static_cast<Work*>(memory);
    const size_t vectors = (count + kLanes - 1) / kLanes;
    for (size_t v = 0; v < vectors; v += 2) {
      V words[2][4];
      for (size_t i = 0; i < 2; ++i) {
        const size_t begin = Least((v + i) * kLanes, count);
        Load(in + begin * kBytes, Least(kLanes, count - begin), words[i]);
      }
      Point points[2];
      Group::Decode(words, points, work.bad + v);
      for (size_t i = 0; i < 2; ++i) {
        work.doubled[v + i] =
            Group::Double2(Group::Multiply(points[i], digits, work.table));
      }
    }
    return Finish(work, count, out, rejected);
  }

 private:
  static constexpr size_t Least(size_t a, size_t b) { return a < b ? a : b; }

  // Four words a lane; lanes that are not there get zero bytes.
  static void Load(const uint8_t* in, size_t lanes, V words[4]) {
    alignas(64) uint64_t w[4][kLanes] = {};
    for (size_t lane = 0; lane < lanes; ++lane) {
      for (size_t i = 0; i < 4; ++i) {
        __builtin_memcpy(&w[i][lane], in + kBytes * lane + 8 * i, 8);
      }
    }
    for (size_t i = 0; i < 4; ++i) words[i] = V::Load(w[i]);
  }

  static V SwapBytes(V a) {
    const V bytes = V::All(0x00ff00ff00ff00ff);
    const V pairs = V::All(0x0000ffff0000ffff);
    a = ((a & bytes).template Shl<8>()) | (a.template Shr<8>() & bytes);
    a = ((a & pairs).template Shl<16>()) | (a.template Shr<16>() & pairs);
    return a.template Shl<32>() | a.template Shr<32>();
  }

  // The 64 bytes of each message's hash, as twice four words.
  static void Hash(const HashPlan& plan, const uint8_t* messages, size_t lanes,
                   V words[2][4]) {
    // Digits 0 to 2 are the last bytes of word 1, the others the first of 2.
    alignas(64) uint64_t head[kLanes] = {}, tail[kLanes] = {};
    for (size_t lane = 0; lane < lanes; ++lane) {
      const uint8_t* digit = messages + lane * kMessageDigits;
      for (size_t i = 0; i < 3; ++i) head[lane] = head[lane] << 8 | digit[i];
      for (size_t i = 3; i < 10; ++i) tail[lane] = tail[lane] << 8 | digit[i];
      tail[lane] <<= 8;
    }
    V state[8], block[16];
    for (size_t i = 0; i < 8; ++i) state[i] = V::All(plan.after_zeroes[i]);
    for (size_t i = 0; i < 16; ++i) block[i] = V::All(plan.first[i]);
    block[1] = block[1] | V::Load(head);
    block[2] = block[2] | V::Load(tail);
    Sha512Lanes<V>::Compress(state, block);
    for (size_t i = 0; i < 8; ++i) block[i] = state[i];
    for (size_t i = 8; i < 16; ++i) block[i] = V::All(plan.second[i]);
    for (size_t i = 0; i < 8; ++i) state[i] = V::All(kSha512Start[i]);
    Sha512Lanes<V>::Compress(state, block);
    for (size_t i = 0; i < 8; ++i) words[i / 4][i % 4] = SwapBytes(state[i]);
  }

  // Encodes what is in `work`, with one inversion. Bad tokens and identities
  // become zero bytes; returns how many there are.
  static size_t Finish(Work& work, size_t count, uint8_t* out,
                       uint8_t* rejected) {
    const size_t vectors = (count + kLanes - 1) / kLanes;
    if (vectors == 0) return 0;
    Fe product = work.doubled[0].product;
    for (size_t v = 1; v < vectors; ++v) {
      work.before[v] = product;
      product = Group::Mul(product, work.doubled[v].product);
    }
    Fe inverse = Group::Invert(product);
    size_t bad_tokens = 0;
    for (size_t v = vectors; v > 0; --v) {
      const typename Group::Doubled& p = work.doubled[v - 1];
      Fe own = inverse;
      if (v > 1) {
        own = Group::Mul(inverse, work.before[v - 1]);
        inverse = Group::Mul(inverse, p.product);
      }
      V words[4];
      Group::Encode(p, own, words);
      const Mask bad = work.bad[v - 1] | p.identity;
      const size_t begin = (v - 1) * kLanes;
      bad_tokens +=
          Store(words, bad, Least(kLanes, count - begin), out + begin * kBytes,
                rejected == nullptr ? nullptr : rejected + begin);
    }
    return bad_tokens;
  }

  static size_t Store(const V words[4], Mask bad, size_t lanes, uint8_t* out,
                      uint8_t* rejected) {
    alignas(64) uint64_t w[4][kLanes];
    for (size_t i = 0; i < 4; ++i) {
      V::Select(bad, V::All(0), words[i]).Store(w[i]);
    }
    const uint32_t bits = V::Bits(bad);
    size_t bad_tokens = 0;
    for (size_t lane = 0; lane < lanes; ++lane) {
      for (size_t i = 0; i < 4; ++i) {
        __builtin_memcpy(out + kBytes * lane + 8 * i, &w[i][lane], 8);
      }
      const uint8_t one = bits >> lane & 1;
      if (rejected != nullptr) rejected[lane] = one;
      bad_tokens += one;
    }
    return bad_tokens;
  }
};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_BATCH_H_
