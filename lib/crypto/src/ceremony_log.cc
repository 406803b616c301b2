#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/ceremony.h"

namespace tally::crypto {
namespace {

constexpr int64_t kMaxBytes = 64 << 20;
constexpr size_t kIdDigits = 32;

// "<32 hexadecimal digits> <1|2|3>", without the newline.
bool IsLine(std::string_view line) {
  return line.size() == kIdDigits + 2 && line[kIdDigits] == ' ' &&
         line.back() >= '1' && line.back() <= '3' &&
         HexDecode(line.substr(0, kIdDigits)).ok();
}

std::string LineOf(const CeremonyId& id, CeremonyStep step) {
  return absl::StrFormat("%s %d", HexEncode(id), static_cast<int>(step));
}

}  // namespace

absl::StatusOr<CeremonyLog> CeremonyLog::Open(std::string_view path) {
  CeremonyLog log{std::string(path)};
  if (!FileExists(log.path_)) return log;
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(log.path_, kMaxBytes));
  std::string_view rest = text;
  size_t whole = 0;  // bytes up to the last newline
  while (true) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view line = rest.substr(0, end);
    if (!IsLine(line)) {
      return IntegrityError(
          absl::StrFormat("%s: a line is damaged", log.path_));
    }
    log.lines_.emplace_back(line);
    rest.remove_prefix(end + 1);
    whole += end + 1;
  }
  if (!rest.empty()) {
    TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(log.path_, 0600));
    TALLY_RETURN_IF_ERROR(file.Truncate(static_cast<int64_t>(whole)));
  }
  std::sort(log.lines_.begin(), log.lines_.end());
  return log;
}

bool CeremonyLog::Contains(const CeremonyId& id, CeremonyStep step) const {
  return std::binary_search(lines_.begin(), lines_.end(), LineOf(id, step));
}

absl::Status CeremonyLog::Add(const CeremonyId& id, CeremonyStep step) {
  std::string line = LineOf(id, step);
  const auto at = std::lower_bound(lines_.begin(), lines_.end(), line);
  if (at != lines_.end() && *at == line) {
    return WithExitCode(
        absl::AlreadyExistsError("a ceremony message was used before"),
        kExitConflict);
  }
  TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path_, 0600));
  TALLY_RETURN_IF_ERROR(file.Append(line + "\n"));
  TALLY_RETURN_IF_ERROR(file.Sync());
  lines_.insert(at, std::move(line));
  return absl::OkStatus();
}

}  // namespace tally::crypto
