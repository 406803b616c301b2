// Sealed files under a fixed key. The input is either a file as it lies on the
// disk, or a list of edits to a good one: opening, reading and recovery never
// crash, give only frames that were written, and recovery leaves a file that
// recovers again without a further cut.

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/init.h"
#include "crypto/journal_recovery.h"
#include "crypto/sealed_file.h"

namespace tally::crypto {
namespace {

class BufferFile final : public ByteFile {
 public:
  explicit BufferFile(std::vector<uint8_t>* bytes) : bytes_(bytes) {}
  absl::Status Append(std::span<const uint8_t> bytes) override {
    bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::StatusOr<uint64_t> Size() const override { return bytes_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    TALLY_CHECK(offset + out.size() <= bytes_->size());
    std::copy_n(bytes_->begin() + static_cast<ptrdiff_t>(offset), out.size(),
                out.begin());
    return absl::OkStatus();
  }
  absl::Status Truncate(uint64_t size) override {
    bytes_->resize(size);
    return absl::OkStatus();
  }

 private:
  std::vector<uint8_t>* bytes_;
};

struct Fixture {
  Fixture() {
    TALLY_CHECK(InitCrypto().ok());
    std::array<uint8_t, 32> secret;
    secret.fill(5);
    key = std::make_unique<StorageKey>(
        StorageKey::FromSecret(Environment::kTest, "hub-a",
                               *Secret32::TakeFrom(secret))
            .value());
    context.environment = Environment::kTest;
    context.domain = "commissioning";
    context.path = "uploads/u1/journal";
    SealedWriter writer =
        SealedWriter::CreateOn(std::make_unique<BufferFile>(&good), *key,
                               SealedKind::kJournal, context, 64)
            .value();
    for (const std::string_view frame : frames) {
      TALLY_CHECK(writer.Append(AsBytes(frame), frame == "last").ok());
    }
  }
  std::array<std::string_view, 4> frames = {"first", "", "third frame", "last"};
  std::unique_ptr<StorageKey> key;
  SealContext context;
  std::vector<uint8_t> good;
};

// Pairs of bytes: a position (scaled over the file) and what to put there; a
// position of 255 cuts the file instead.
std::vector<uint8_t> Edited(const std::vector<uint8_t>& good,
                            std::span<const uint8_t> edits) {
  std::vector<uint8_t> out = good;
  for (size_t i = 0; i + 1 < edits.size() && !out.empty(); i += 2) {
    if (edits[i] == 255) {
      out.resize(out.size() * edits[i + 1] / 256);
    } else {
      out[out.size() * edits[i] / 255] = edits[i + 1];
    }
  }
  return out;
}

void CheckFile(const Fixture& fixture, std::vector<uint8_t> bytes) {
  const StorageKeyFinder keys = [&](const KeyId&) { return fixture.key.get(); };
  auto reader = SealedReader::OpenOn(std::make_unique<BufferFile>(&bytes), keys,
                                     SealedKind::kJournal, fixture.context);
  if (!reader.ok()) return;
  WipedBytes frame;
  for (size_t i = 0;; ++i) {
    const auto info = reader->ReadNext(frame);
    if (!info.ok() || !info->has_value()) break;
    TALLY_CHECK(i < fixture.frames.size());
    TALLY_CHECK(AsChars(frame) == fixture.frames[i]);
  }
  for (int round = 0; round < 2; ++round) {
    size_t next = 0;
    const auto recovered = RecoverOn(
        std::make_unique<BufferFile>(&bytes), keys, SealedKind::kJournal,
        fixture.context, [&](const FrameInfo&, std::span<const uint8_t> plain) {
          TALLY_CHECK(AsChars(plain) == fixture.frames[next++]);
          return absl::OkStatus();
        });
    if (!recovered.ok()) {
      TALLY_CHECK(round == 0);
      return;
    }
    if (round == 1) TALLY_CHECK(recovered->cut_bytes == 0);
  }
}

}  // namespace
}  // namespace tally::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tally::crypto::Fixture& fixture = *new tally::crypto::Fixture;
  if (size == 0) return 0;
  const std::span<const uint8_t> rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    tally::crypto::CheckFile(fixture, {rest.begin(), rest.end()});
  } else {
    tally::crypto::CheckFile(fixture,
                             tally::crypto::Edited(fixture.good, rest));
  }
  return 0;
}
