#include "memory_file.h"

#include <algorithm>

namespace tally::crypto {
namespace {

class MemoryFile final : public ByteFile {
 public:
  explicit MemoryFile(MemoryDisk* disk) : disk_(disk) {}

  absl::Status Append(std::span<const uint8_t> bytes) override {
    const bool fails = Fails();
    if (fails) bytes = bytes.first(disk_->short_write ? bytes.size() / 2 : 0);
    disk_->bytes.insert(disk_->bytes.end(), bytes.begin(), bytes.end());
    return fails ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  }
  absl::Status Sync() override {
    if (Fails()) return absl::InternalError("sync failed");
    disk_->synced = disk_->bytes;
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> Size() const override { return disk_->bytes.size(); }
  absl::Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    if (offset + out.size() > disk_->bytes.size()) {
      return absl::OutOfRangeError("end of file");
    }
    std::copy_n(disk_->bytes.begin() + static_cast<ptrdiff_t>(offset),
                out.size(), out.begin());
    return absl::OkStatus();
  }
  absl::Status Truncate(uint64_t size) override {
    if (Fails()) return absl::InternalError("truncate failed");
    disk_->bytes.resize(size);
    return absl::OkStatus();
  }

 private:
  bool Fails() {
    const int call = disk_->calls++;
    return disk_->fail_at >= 0 && call >= disk_->fail_at;
  }
  MemoryDisk* disk_;
};

}  // namespace

std::unique_ptr<ByteFile> OpenMemoryFile(MemoryDisk* disk) {
  return std::make_unique<MemoryFile>(disk);
}

}  // namespace tally::crypto
