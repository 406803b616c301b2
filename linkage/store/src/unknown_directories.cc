#include "unknown_directories.h"

#include <array>
#include <map>
#include <set>

#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/sealed_file.h"

namespace tally::linkage {

namespace {

constexpr std::string_view kBuilding = ".building";

// Whether the journal at `path` ends with its first frame, the request, or
// before. Needs no key: a frame's length is not sealed.
absl::StatusOr<bool> HoldsNoBatch(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  constexpr int64_t kFirstFrame = int64_t{crypto::kSealedHeaderSize};
  constexpr int64_t kFrameHeader = int64_t{crypto::kFrameHeaderSize};
  if (size <= kFirstFrame + kFrameHeader) return true;
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  std::array<uint8_t, 4> length{};
  TALLY_RETURN_IF_ERROR(ReadAt(fd.get(), kFirstFrame, length, path));
  int64_t ciphertext = 0;
  for (const uint8_t byte : length) ciphertext = ciphertext << 8 | byte;
  return size <= kFirstFrame + kFrameHeader + ciphertext;
}

// An upload that was being created when the hub stopped.
absl::StatusOr<bool> IsBarelyBegun(const std::string& upload) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(upload));
  if (names.empty()) return true;
  const std::string journal = JoinPath(upload, names.front());
  if (names.size() > 1 || names.front() != "journal" ||
      !IsRegularFile(journal)) {
    return false;
  }
  return HoldsNoBatch(journal);
}

class UnknownFinder {
 public:
  UnknownFinder(const HubDirectory& directory, Catalogue& catalogue)
      : directory_(directory), catalogue_(catalogue) {}

  absl::StatusOr<std::vector<std::string>> Run() {
    TALLY_RETURN_IF_ERROR(ReadCatalogue());
    TALLY_RETURN_IF_ERROR(Extracts());
    TALLY_RETURN_IF_ERROR(Releases());
    TALLY_RETURN_IF_ERROR(Uploads());
    return std::move(unknown_);
  }

 private:
  absl::Status ReadCatalogue();
  absl::Status Extracts();
  absl::Status Releases();
  absl::Status Uploads();

  const HubDirectory& directory_;
  Catalogue& catalogue_;
  std::map<std::string, ExtractState> extracts_;
  std::set<std::string> releases_;
  std::vector<std::string> unknown_;
};

absl::Status UnknownFinder::ReadCatalogue() {
  for (const ExtractState state :
       {ExtractState::kOpen, ExtractState::kFinalizing,
        ExtractState::kPublished, ExtractState::kRejected}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> found,
                           catalogue_.ExtractsInState(state));
    for (const ExtractRecord& extract : found) extracts_[extract.uid] = state;
  }
  for (const ReleaseState state :
       {ReleaseState::kBuilding, ReleaseState::kAwaitingApproval,
        ReleaseState::kActive, ReleaseState::kExpired, ReleaseState::kFailed}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> found,
                           catalogue_.ReleasesInState(state));
    for (const ReleaseRecord& release : found) releases_.insert(release.uid);
  }
  return absl::OkStatus();
}

absl::Status UnknownFinder::Extracts() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(directory_.ExtractsDirectory()));
  for (const std::string& name : names) {
    const auto known = extracts_.find(name);
    const bool ours = known != extracts_.end() &&
                      (known->second == ExtractState::kPublished ||
                       known->second == ExtractState::kRejected ||
                       (known->second == ExtractState::kFinalizing &&
                        IsRegularFile(directory_.JournalPath(name))));
    if (!ours) unknown_.push_back("extracts/" + name);
  }
  return absl::OkStatus();
}

absl::Status UnknownFinder::Releases() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(directory_.ReleasesDirectory()));
  for (const std::string& name : names) {
    if (!releases_.contains(name) && !name.ends_with(kBuilding)) {
      unknown_.push_back("releases/" + name);
    }
  }
  return absl::OkStatus();
}

absl::Status UnknownFinder::Uploads() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(directory_.UploadsDirectory()));
  for (const std::string& name : names) {
    if (extracts_.contains(name)) continue;
    const std::string upload = directory_.UploadDirectory(name);
    bool begun = false;
    if (IsDirectory(upload)) {
      TALLY_ASSIGN_OR_RETURN(begun, IsBarelyBegun(upload));
    }
    if (!begun) unknown_.push_back("uploads/" + name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> UnknownDirectories(
    const HubDirectory& directory, Catalogue& catalogue) {
  return UnknownFinder(directory, catalogue).Run();
}

}  // namespace tally::linkage
