// An index run whose seal is right and whose content is not ours: the input is
// the plain bytes of frames and trailer. Properties: it is refused, or what it
// holds written again has the same digest; raw bytes never open.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "crypto/init.h"
#include "linkage/index/run_reader.h"
#include "run_cursor.h"
#include "run_writer.h"

namespace {

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
    auto* made = new std::string("/tmp/tally-fuzz-run-XXXXXX");
    TALLY_CHECK(mkdtemp(made->data()) != nullptr);
    return made;
  }();
  return *folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::linkage::RunCursor;
  const tally::crypto::SealContext context{tally::crypto::Environment::kTest,
                                           "commissioning",
                                           "extracts/x/index.run", 1};
  const auto keys = [](const tally::crypto::KeyId& id) {
    return id == Key().key_id() ? &Key() : nullptr;
  };
  const std::string raw = Folder() + "/raw";
  TALLY_CHECK(
      tally::WriteFileAtomically(raw, tally::AsChars({data, size}), 0600).ok());
  TALLY_CHECK(!tally::linkage::VerifyRun(raw, context, keys).ok());

  // One data frame and a trailer; the first byte says whether the trailer is
  // made to fit the records.
  const std::string path = Folder() + "/index.run";
  TALLY_CHECK(tally::RemoveFile(path).ok());
  if (size == 0) return 0;
  const bool fitting = data[0] % 2 == 0;
  const std::span<const uint8_t> records(data + 1, size - 1);
  if (records.size() > tally::crypto::kRunFramePlaintext) return 0;
  {
    auto writer = tally::crypto::SealedWriter::Create(
        path, Key(), tally::crypto::SealedKind::kRun, context,
        tally::crypto::kRunFramePlaintext);
    TALLY_CHECK(writer.ok());
    TALLY_CHECK(writer->Append(records, false).ok());
    tally::ByteWriter trailer;
    trailer.U64(fitting ? records.size() / 40 : data[0]);
    tally::Sha256 digest;
    digest.Update(records);
    trailer.Bytes(std::span<const uint8_t>(digest.Finish()));
    trailer.U64(0);
    TALLY_CHECK(writer->Append(tally::AsBytes(trailer.view()), true).ok());
  }
  const auto verified = tally::linkage::VerifyRun(path, context, keys);
  if (!verified.ok()) return 0;
  TALLY_CHECK(records.size() % 40 == 0);
  auto cursor =
      RunCursor::Open(path, context, keys, tally::linkage::RunUse::kRun);
  TALLY_CHECK(cursor.ok());
  const std::string copy = Folder() + "/copy.run";
  TALLY_CHECK(tally::RemoveFile(copy).ok());
  auto writer = tally::linkage::RunWriter::Create(copy, context, Key(), {});
  TALLY_CHECK(writer.ok());
  while (true) {
    TALLY_CHECK((*cursor)->Advance().ok());
    if ((*cursor)->current() == nullptr) break;
    TALLY_CHECK(writer->Add(*(*cursor)->current()).ok());
  }
  TALLY_CHECK(writer->Finish()->records_sha256 == verified->records_sha256);
  return 0;
}
