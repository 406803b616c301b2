#include "dataset/resource_name.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::dataset {
namespace {

constexpr size_t kMaxNameBytes = 512;
constexpr size_t kMaxPathBytes = 255;
constexpr size_t kMaxPathParts = 6;
constexpr size_t kMaxPartBytes = 100;
constexpr uint32_t kMaxRevision = 9999;
constexpr uint32_t kMaxReleaseNumber = 999;

absl::Status NameFault(std::string_view form) {
  return Error(Reason::kNameInvalid,
               absl::StrFormat("not a name of the form %s", std::string(form)));
}

// Digits without a leading zero, `least` to `most`.
std::optional<uint32_t> Number(std::string_view text, uint32_t least,
                               uint32_t most) {
  if (text.empty() || text.size() > 4 || text.front() == '0') {
    return std::nullopt;
  }
  uint32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint32_t>(c - '0');
  }
  if (number < least || number > most) return std::nullopt;
  return number;
}

// "2026-11" at the beginning of `text`.
std::optional<YearMonth> Month(std::string_view text) {
  if (text.size() < 7 || text[4] != '-') return std::nullopt;
  const std::optional<uint32_t> year = Number(text.substr(0, 4), 1900, 9999);
  const bool zero = text[5] == '0';
  const std::optional<uint32_t> month = zero
                                            ? Number(text.substr(6, 1), 1, 9)
                                            : Number(text.substr(5, 2), 10, 12);
  if (!year || !month) return std::nullopt;
  return YearMonth{static_cast<int32_t>(*year), static_cast<int32_t>(*month)};
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t slash = text.find('/', begin);
    parts.push_back(text.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return parts;
    begin = slash + 1;
  }
}

// The ids of a name whose every other part is a fixed word.
std::optional<std::vector<std::string>> IdsOf(
    std::string_view text, const std::vector<std::string_view>& words) {
  if (text.size() > kMaxNameBytes) return std::nullopt;
  const std::vector<std::string_view> parts = Split(text);
  if (parts.size() != 2 * words.size()) return std::nullopt;
  std::vector<std::string> ids;
  for (size_t i = 0; i < words.size(); ++i) {
    if (parts[2 * i] != words[i] || !IsResourceId(parts[2 * i + 1])) {
      return std::nullopt;
    }
    ids.emplace_back(parts[2 * i + 1]);
  }
  return ids;
}

bool IsPartCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

absl::StatusOr<ExtractId> ExtractId::Parse(std::string_view text) {
  const absl::Status fault = NameFault("pYYYY-MM-rN");
  if (text.size() < 11 || text[0] != 'p' || text.substr(8, 2) != "-r") {
    return fault;
  }
  const std::optional<YearMonth> month = Month(text.substr(1, 7));
  const std::optional<uint32_t> revision =
      Number(text.substr(10), 1, kMaxRevision);
  if (!month || !revision) return fault;
  return ExtractId{*month, *revision};
}

std::string ExtractId::ToText() const {
  return absl::StrFormat("p%04d-%02d-r%u", month.year, month.month, revision);
}

absl::StatusOr<ReleaseId> ReleaseId::Parse(std::string_view text) {
  const absl::Status fault = NameFault("rYYYY-MM or rYYYY-MM-N");
  if (text.size() < 8 || text[0] != 'r') return fault;
  const std::optional<YearMonth> month = Month(text.substr(1, 7));
  if (!month) return fault;
  if (text.size() == 8) return ReleaseId{*month, 1};
  const std::optional<uint32_t> number =
      text[8] == '-' ? Number(text.substr(9), 2, kMaxReleaseNumber)
                     : std::nullopt;
  if (!number) return fault;
  return ReleaseId{*month, *number};
}

std::string ReleaseId::ToText() const {
  if (number == 1)
    return absl::StrFormat("r%04d-%02d", month.year, month.month);
  return absl::StrFormat("r%04d-%02d-%u", month.year, month.month, number);
}

std::string SourceName::ToText() const { return "sources/" + source; }

std::string ExtractName::ToText() const {
  return "sources/" + source + "/extracts/" + extract.ToText();
}

std::string ProjectName::ToText() const { return "projects/" + project; }

std::string AgreementName::ToText() const {
  return "projects/" + project + "/agreements/" + agreement;
}

std::string ReleaseName::ToText() const {
  return "projects/" + project + "/releases/" + release.ToText();
}

std::string FileName::ToText() const {
  return release.ToText() + "/files/" + path;
}

absl::StatusOr<SourceName> ParseSourceName(std::string_view text) {
  const auto ids = IdsOf(text, {"sources"});
  if (!ids) return NameFault("sources/{source}");
  return SourceName{(*ids)[0]};
}

absl::StatusOr<ExtractName> ParseExtractName(std::string_view text) {
  const auto ids = IdsOf(text, {"sources", "extracts"});
  if (!ids) return NameFault("sources/{source}/extracts/{extract}");
  TALLY_ASSIGN_OR_RETURN(const ExtractId extract, ExtractId::Parse((*ids)[1]));
  return ExtractName{(*ids)[0], extract};
}

absl::StatusOr<ProjectName> ParseProjectName(std::string_view text) {
  const auto ids = IdsOf(text, {"projects"});
  if (!ids) return NameFault("projects/{project}");
  return ProjectName{(*ids)[0]};
}

absl::StatusOr<AgreementName> ParseAgreementName(std::string_view text) {
  const auto ids = IdsOf(text, {"projects", "agreements"});
  if (!ids) return NameFault("projects/{project}/agreements/{agreement}");
  return AgreementName{(*ids)[0], (*ids)[1]};
}

absl::StatusOr<ReleaseName> ParseReleaseName(std::string_view text) {
  const auto ids = IdsOf(text, {"projects", "releases"});
  if (!ids) return NameFault("projects/{project}/releases/{release}");
  TALLY_ASSIGN_OR_RETURN(const ReleaseId release, ReleaseId::Parse((*ids)[1]));
  return ReleaseName{(*ids)[0], release};
}

absl::StatusOr<FileName> ParseFileName(std::string_view text) {
  constexpr std::string_view kForm =
      "projects/{project}/releases/{release}/files/{path}";
  constexpr std::string_view kFiles = "/files/";
  const size_t at = text.find(kFiles);
  if (at == std::string_view::npos || text.size() > kMaxNameBytes) {
    return NameFault(kForm);
  }
  TALLY_ASSIGN_OR_RETURN(const ReleaseName release,
                         ParseReleaseName(text.substr(0, at)));
  const std::string_view path = text.substr(at + kFiles.size());
  if (!IsReleasePath(path)) return NameFault(kForm);
  return FileName{release, std::string(path)};
}

bool IsReleasePath(std::string_view path) {
  if (path.empty() || path.size() > kMaxPathBytes) return false;
  const std::vector<std::string_view> parts = Split(path);
  if (parts.size() > kMaxPathParts) return false;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && part.size() <= kMaxPartBytes &&
           part.front() != '.' && part.front() != '-' &&
           std::all_of(part.begin(), part.end(), IsPartCharacter);
  });
}

std::string SqlName(std::string_view id) {
  TALLY_CHECK(IsResourceId(id));
  std::string name(id);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace tally::dataset
