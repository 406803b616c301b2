// Recovery of an upload's journal after damage. The input says which batches
// were written, where the file is cut and which bytes are changed. Properties:
// recovery gives a prefix of what was written, or JOURNAL_CORRUPT; a second
// recovery gives the same; the journal then goes on.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "crypto/init.h"
#include "linkage/store/upload_journal.h"

namespace {

using tally::linkage::UploadJournal;
using tally::wire::BatchKind;

const tally::crypto::StorageKey& Key() {
  static const auto* const key = [] {
    TALLY_CHECK(tally::crypto::InitCrypto().ok());
    return new tally::crypto::StorageKey(*tally::crypto::StorageKey::Generate(
        tally::crypto::Environment::kTest, "hub-a"));
  }();
  return *key;
}

const std::string& Folder() {
  static const std::string* const folder = [] {
    auto* made = new std::string("/tmp/tally-fuzz-journal-XXXXXX");
    TALLY_CHECK(mkdtemp(made->data()) != nullptr);
    return made;
  }();
  return *folder;
}

class Recorder final : public tally::linkage::JournalVisitor {
 public:
  absl::Status OnRequest(std::span<const uint8_t> request) override {
    TALLY_CHECK(tally::AsChars(request) == "request");
    return absl::OkStatus();
  }
  absl::Status OnBatch(uint64_t sequence, BatchKind kind,
                       std::span<const uint8_t> content) override {
    TALLY_CHECK(sequence == batches.size() + 1);
    batches.emplace_back(kind, std::string(tally::AsChars(content)));
    return absl::OkStatus();
  }
  absl::Status OnManifest(std::span<const uint8_t>, std::string_view) override {
    manifest = true;
    return absl::OkStatus();
  }

  std::vector<std::pair<BatchKind, std::string>> batches;
  bool manifest = false;
};

// Takes numbers off the front of the input; zeros at its end.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint32_t Byte() { return at_ < size_ ? data_[at_++] : 0u; }
  uint32_t Word() { return Byte() << 8 | Byte(); }
  bool more() const { return at_ < size_; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string path = Folder() + "/journal";
  const tally::crypto::SealContext context{tally::crypto::Environment::kTest,
                                           "commissioning", "uploads/x/journal",
                                           0};
  const auto keys = [](const tally::crypto::KeyId& id) {
    return id == Key().key_id() ? &Key() : nullptr;
  };
  TALLY_CHECK(tally::RemoveFile(path).ok());
  Choices choices(data, size);
  std::vector<std::pair<BatchKind, std::string>> written;
  {
    auto journal = UploadJournal::Create(path, context, Key(), "request");
    TALLY_CHECK(journal.ok());
    const uint32_t batches = choices.Byte() % 20;
    for (uint32_t n = 1; n <= batches; ++n) {
      const BatchKind kind =
          choices.Byte() % 2 == 0 ? BatchKind::kPerson : BatchKind::kRows;
      written.emplace_back(kind, std::string(choices.Byte(), 'x'));
      TALLY_CHECK((*journal)
                      ->Append(n, kind, tally::AsBytes(written.back().second))
                      .ok());
    }
    if (choices.Byte() % 4 == 0) {
      const std::string signature(64, 's');
      TALLY_CHECK((*journal)->Close(tally::AsBytes(signature), "m").ok());
    }
  }
  std::string bytes = *tally::ReadFile(path, int64_t{1} << 30);
  bytes.resize(bytes.size() - choices.Word() % (bytes.size() + 1));
  while (choices.more() && !bytes.empty()) {
    bytes[choices.Word() % bytes.size()] ^= static_cast<char>(choices.Byte());
  }
  TALLY_CHECK(tally::WriteFileAtomically(path, bytes, 0600).ok());

  Recorder first;
  auto recovered = UploadJournal::Recover(path, context, keys, first);
  if (!recovered.ok()) {
    TALLY_CHECK(
        tally::ReasonOf(recovered.status()) == tally::Reason::kJournalCorrupt ||
        tally::ReasonOf(recovered.status()) == tally::Reason::kKeyUnknown);
    return 0;
  }
  TALLY_CHECK(first.batches.size() <= written.size());
  for (size_t i = 0; i < first.batches.size(); ++i) {
    TALLY_CHECK(first.batches[i] == written[i]);
  }
  TALLY_CHECK(first.manifest == (*recovered)->closed());
  if (!first.manifest) {
    TALLY_CHECK((*recovered)
                    ->Append(first.batches.size() + 1, BatchKind::kRows,
                             tally::AsBytes("more"))
                    .ok());
  }
  recovered->reset();
  Recorder second;
  TALLY_CHECK(UploadJournal::Recover(path, context, keys, second).ok());
  TALLY_CHECK(second.batches.size() ==
              first.batches.size() + (first.manifest ? 0 : 1));
  return 0;
}
