// SHA256_CTX can be copied like any struct: a prepared key then costs nothing
// per pseudonym. The functions around EVP allocate for each copy.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/pseudonym_maker.h"

#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "internal/clear_stack.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto {

// HMAC's two hash states after the padded key; the inner one after the part of
// the message that never changes, too.
struct PseudonymMaker::State {
  SHA256_CTX inner;
  SHA256_CTX outer;
};

absl::StatusOr<PseudonymMaker> PseudonymMaker::Create(const ProjectKey& key) {
  constexpr std::string_view kLabel = "tally1-pseudonym";
  static_assert(std::is_trivial_v<State>);
  auto* state = static_cast<State*>(sodium_malloc(sizeof(State)));
  if (state == nullptr) {
    return absl::ResourceExhaustedError("no guarded memory for a key");
  }
  internal::WipedArray<SHA256_CBLOCK> inner_pad;
  internal::WipedArray<SHA256_CBLOCK> outer_pad;
  std::fill_n(inner_pad.data(), inner_pad.size(), uint8_t{0x36});
  std::fill_n(outer_pad.data(), outer_pad.size(), uint8_t{0x5c});
  {
    const SecretView secret = internal::SecretPeek::View(key.secret());
    for (size_t i = 0; i < secret.size(); ++i) {
      inner_pad.data()[i] ^= secret.data()[i];
      outer_pad.data()[i] ^= secret.data()[i];
    }
  }
  SHA256_Init(&state->inner);
  SHA256_Update(&state->inner, inner_pad.data(), inner_pad.size());
  SHA256_Update(&state->inner, kLabel.data(), kLabel.size());
  ByteWriter writer;
  writer.U8(0);
  writer.Lp1(key.project());
  SHA256_Update(&state->inner, writer.view().data(), writer.size());
  SHA256_Init(&state->outer);
  SHA256_Update(&state->outer, outer_pad.data(), outer_pad.size());
  TALLY_CHECK(sodium_mprotect_readonly(state) == 0);
  return PseudonymMaker(state);
}

PseudonymMaker::PseudonymMaker(PseudonymMaker&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)) {}
PseudonymMaker& PseudonymMaker::operator=(PseudonymMaker&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
PseudonymMaker::~PseudonymMaker() { sodium_free(state_); }

namespace {

void MakeOne(const SHA256_CTX& inner, const SHA256_CTX& outer,
             const uint8_t* token, PseudonymBytes& out, SHA256_CTX& work) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  work = inner;
  SHA256_Update(&work, token, kTokenSize);
  SHA256_Final(digest.data(), &work);
  work = outer;
  SHA256_Update(&work, digest.data(), digest.size());
  SHA256_Final(digest.data(), &work);
  std::copy_n(digest.begin(), out.size(), out.begin());
}

}  // namespace

PseudonymBytes PseudonymMaker::Make(const HubToken& token) const {
  PseudonymBytes out;
  MakeBatch(token.bytes(), {&out, 1});
  return out;
}

void PseudonymMaker::MakeBatch(std::span<const uint8_t> tokens,
                               std::span<PseudonymBytes> out) const {
  TALLY_CHECK(tokens.size() == kTokenSize * out.size());
  SHA256_CTX work;
  for (size_t i = 0; i < out.size(); ++i) {
    MakeOne(state_->inner, state_->outer, tokens.data() + kTokenSize * i,
            out[i], work);
  }
  Wipe(&work, sizeof(work));
  internal::ClearStack();
}

}  // namespace tally::crypto
