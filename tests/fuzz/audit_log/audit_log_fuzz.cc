// The file of audit entries. Properties: what is read re-encodes to the bytes
// that were read, from the first entry on; a single line that parses is its own
// encoding.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"
#include "linkage/audit/entry.h"
#include "log_scan.h"

namespace {

const std::string& TemporaryPath() {
  static const std::string* const path = [] {
    auto* made = new std::string("/tmp/tally-fuzz-audit-XXXXXX");
    const int fd = mkstemp(made->data());
    TALLY_CHECK(fd >= 0);
    close(fd);
    return made;
  }();
  return *path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = tally::AsChars({data, size});
  const auto leaf = tally::linkage::ParseAuditLeaf(bytes);
  if (leaf.ok()) {
    TALLY_CHECK(*tally::linkage::EncodeAuditLeaf(*leaf) == bytes);
  }
  TALLY_CHECK(tally::WriteFileAtomically(TemporaryPath(), bytes, 0600).ok());
  tally::ByteWriter again;
  const auto end = tally::linkage::ScanAuditLog(
      TemporaryPath(), [&](const tally::linkage::AuditLeaf& one,
                           std::string_view line, uint64_t offset) {
        TALLY_CHECK(offset == again.size());
        TALLY_CHECK(*tally::linkage::EncodeAuditLeaf(one) == line);
        again.Lp2(line);
        return absl::OkStatus();
      });
  TALLY_CHECK(end.ok());
  TALLY_CHECK(end->whole_bytes == again.size());
  TALLY_CHECK(bytes.substr(0, again.size()) == again.view());
  TALLY_CHECK(end->fault.ok() == (end->whole_bytes == size));
  return 0;
}
