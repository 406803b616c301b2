// A signed checkpoint. Properties: only notes of the one key open; what opens
// begins with the text that the checkpoint encodes to.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/init.h"
#include "linkage/audit/checkpoint.h"

namespace {

// The key of the worked example: its note is in the corpus.
const tally::crypto::SigningKey& Key() {
  static const auto* const key = [] {
    TALLY_CHECK(tally::crypto::InitCrypto().ok());
    std::array<uint8_t, 32> seed{};
    seed.fill(7);
    return new tally::crypto::SigningKey(*tally::crypto::SigningKey::FromSeed(
        tally::crypto::Environment::kTest, "hub-a",
        tally::crypto::SignPurpose::kAudit,
        *tally::crypto::Secret32::TakeFrom(seed)));
  }();
  return *key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view note = tally::AsChars({data, size});
  const std::string origin = "tally.example.nhs.uk/hub-a/audit";
  const auto opened =
      tally::linkage::OpenCheckpoint(note, origin, Key().public_key());
  if (opened.ok()) {
    const std::string text = tally::linkage::CheckpointText(*opened);
    TALLY_CHECK(note.substr(0, text.size() + 1) == text + "\n");
    TALLY_CHECK(opened->origin == origin);
  }
  return 0;
}
