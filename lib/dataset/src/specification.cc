#include "dataset/specification.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "specification_parser.h"

namespace tally::dataset {
namespace {

constexpr int64_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kExtension = ".toml";

}  // namespace

absl::StatusOr<Specification> Specification::Parse(std::string_view text,
                                                   std::string_view file_name) {
  return SpecificationParser::Parse(text, file_name);
}

absl::StatusOr<Specification> Specification::Load(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFileBytes));
  return Parse(text, BaseNameOf(path));
}

std::string Specification::digest_hex() const { return HexEncode(digest_); }

std::optional<size_t> Specification::FindColumn(std::string_view name) const {
  const auto entry = column_by_name_.find(name);
  if (entry == column_by_name_.end()) return std::nullopt;
  return entry->second;
}

const ColumnSpec* Specification::Column(std::string_view name) const {
  const std::optional<size_t> place = FindColumn(name);
  return place ? &columns_[*place] : nullptr;
}

bool ColumnSpec::HasCode(std::string_view value) const {
  const auto entry =
      std::lower_bound(codes.begin(), codes.end(), value,
                       [](const auto& code, std::string_view sought) {
                         return code.first < sought;
                       });
  return entry != codes.end() && entry->first == value;
}

std::string Derivation::Describe() const {
  if (kind == DerivationKind::kNone) return "";
  std::string text =
      absl::StrFormat("%s of %s", std::string(DerivationName(kind)), from);
  switch (kind) {
    case DerivationKind::kAgeFy:
      text += " at " + other;
      break;
    case DerivationKind::kMinutesBetween:
      text += " to " + other;
      break;
    case DerivationKind::kPrefix:
      text += absl::StrFormat(", %u characters", length);
      break;
    case DerivationKind::kMap:
      text += absl::StrFormat(", %u entries", table.size());
      break;
    default:
      break;
  }
  if (input == DerivationInput::kYearOfBirth ||
      input == DerivationInput::kAge || input == DerivationInput::kLsoa21) {
    text += absl::StrFormat(" (given as %s)",
                            std::string(DerivationInputName(input)));
  }
  return text;
}

absl::StatusOr<std::vector<Specification>> LoadSpecifications(
    const std::string& directory) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(directory));
  std::vector<Specification> specifications;
  for (const std::string& name : names) {
    if (!std::string_view(name).ends_with(kExtension)) continue;
    TALLY_ASSIGN_OR_RETURN(Specification specification,
                           Specification::Load(JoinPath(directory, name)));
    specifications.push_back(std::move(specification));
  }
  std::sort(specifications.begin(), specifications.end(),
            [](const Specification& a, const Specification& b) {
              return std::pair(std::string_view(a.id()), a.version()) <
                     std::pair(std::string_view(b.id()), b.version());
            });
  for (size_t i = 1; i < specifications.size(); ++i) {
    if (specifications[i].id() == specifications[i - 1].id() &&
        specifications[i].version() == specifications[i - 1].version()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: two files hold version %u of %s", directory,
                          specifications[i].version(), specifications[i].id()));
    }
  }
  return specifications;
}

}  // namespace tally::dataset
