#include "log_scan.h"

#include <algorithm>
#include <optional>
#include <span>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::linkage {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;

// A window over the file that moves forward.
class Window {
 public:
  Window(int fd, uint64_t file_bytes, const std::string& name)
      : fd_(fd), file_bytes_(file_bytes), name_(name) {}

  // `size` bytes at `offset`, or nothing where the file ends before.
  absl::StatusOr<std::optional<std::string_view>> At(uint64_t offset,
                                                     size_t size) {
    if (offset + size > file_bytes_) {
      return std::optional<std::string_view>();
    }
    if (offset < begin_ || offset + size > begin_ + bytes_.size()) {
      begin_ = offset;
      bytes_.resize(std::min<uint64_t>(kBufferBytes, file_bytes_ - offset));
      TALLY_RETURN_IF_ERROR(
          ReadAt(fd_, static_cast<int64_t>(offset),
                 std::span<uint8_t>(reinterpret_cast<uint8_t*>(bytes_.data()),
                                    bytes_.size()),
                 name_));
    }
    return std::optional<std::string_view>(
        std::string_view(bytes_).substr(offset - begin_, size));
  }

 private:
  int fd_;
  uint64_t file_bytes_;
  const std::string& name_;
  uint64_t begin_ = 0;
  std::string bytes_;
};

absl::Status FaultAt(uint64_t seq, std::string_view why) {
  return Error(Reason::kAuditCorrupt,
               absl::StrFormat("audit log, entry %d: %s", seq, why));
}

}  // namespace

CorrKey CorrKeyOf(std::string_view corr) {
  const absl::StatusOr<std::string> bytes = HexDecode(corr);
  TALLY_CHECK(bytes.ok() && bytes->size() == 16);
  CorrKey key;
  std::memcpy(&key.first, bytes->data(), 8);
  std::memcpy(&key.second, bytes->data() + 8, 8);
  return key;
}

absl::StatusOr<ScanEnd> ScanAuditLog(const std::string& path,
                                     const LeafVisitor& visit) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  TALLY_ASSIGN_OR_RETURN(const int64_t file_bytes, FileSize(path));
  ScanEnd end;
  end.file_bytes = static_cast<uint64_t>(file_bytes);
  Window window(fd.get(), end.file_bytes, path);
  while (end.whole_bytes < end.file_bytes) {
    TALLY_ASSIGN_OR_RETURN(const auto head, window.At(end.whole_bytes, 2));
    if (!head.has_value()) {
      end.fault = FaultAt(end.entries, "the file ends inside it");
      return end;
    }
    const size_t length =
        (static_cast<size_t>(static_cast<uint8_t>((*head)[0])) << 8) |
        static_cast<uint8_t>((*head)[1]);
    if (length == 0 || length > kMaxAuditLeafBytes) {
      end.fault = FaultAt(end.entries, "its length is impossible");
      return end;
    }
    TALLY_ASSIGN_OR_RETURN(const auto line,
                           window.At(end.whole_bytes + 2, length));
    if (!line.has_value()) {
      end.fault = FaultAt(end.entries, "the file ends inside it");
      return end;
    }
    const absl::StatusOr<AuditLeaf> leaf = ParseAuditLeaf(*line);
    if (!leaf.ok()) {
      end.fault = FaultAt(end.entries, ToStd(leaf.status().message()));
      return end;
    }
    if (leaf->seq != end.entries) {
      end.fault = FaultAt(end.entries, "it has another place's number");
      return end;
    }
    TALLY_RETURN_IF_ERROR(visit(*leaf, *line, end.whole_bytes));
    ++end.entries;
    end.whole_bytes += 2 + length;
  }
  return end;
}

}  // namespace tally::linkage
