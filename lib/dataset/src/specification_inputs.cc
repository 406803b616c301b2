// What a source reads, gathered from columns, person, rules and drops.

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "specification_parser.h"

namespace tally::dataset {
namespace {

constexpr size_t kMaxAliasBytes = 128;
constexpr size_t kMaxCodeBytes = 64;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

InputSpec& SpecificationParser::Input(std::string_view name) {
  const auto [entry, added] =
      out_.input_by_name_.emplace(std::string(name), out_.inputs_.size());
  if (added) {
    InputSpec input;
    input.name = std::string(name);
    out_.inputs_.push_back(std::move(input));
  }
  return out_.inputs_[entry->second];
}

absl::Status SpecificationParser::AddAliases(
    const TomlTable& table, InputSpec& input,
    const std::vector<std::string>& aliases, uint32_t repeat_index) {
  for (const std::string& alias : aliases) {
    if (alias.empty() || alias.size() > kMaxAliasBytes ||
        std::any_of(alias.begin(), alias.end(),
                    [](char c) { return c < 0x20 || c > 0x7e; })) {
      return table.ErrorAt(LineOf(table, "aliases"),
                           "an alias is 1 to 128 printable ASCII characters");
    }
    input.aliases.push_back(
        repeat_index == 0 ? alias : RepeatAlias(alias, repeat_index));
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::FinishInputs() {
  for (size_t i = 0; i < out_.inputs_.size(); ++i) {
    InputSpec& input = out_.inputs_[i];
    input.null_markers.insert(input.null_markers.end(),
                              out_.null_markers_.begin(),
                              out_.null_markers_.end());
    std::vector<std::string> headers = {input.name};
    headers.insert(headers.end(), input.aliases.begin(), input.aliases.end());
    for (const std::string& header : headers) {
      const auto [entry, added] =
          out_.input_by_header_.emplace(LowerCase(header), i);
      if (!added && entry->second != i) {
        return root_.ErrorAt(
            1,
            absl::StrFormat("\"%s\" would name two inputs, %s and %s", header,
                            out_.inputs_[entry->second].name, input.name));
      }
    }
  }
  return absl::OkStatus();
}

std::optional<size_t> Specification::FindInput(std::string_view name) const {
  const auto entry = input_by_name_.find(name);
  if (entry == input_by_name_.end()) return std::nullopt;
  return entry->second;
}

std::optional<size_t> Specification::FindInputByHeader(
    std::string_view header) const {
  const auto entry = input_by_header_.find(LowerCase(header));
  if (entry == input_by_header_.end()) return std::nullopt;
  return entry->second;
}

absl::StatusOr<int64_t> RepeatOf(const TomlTable& table) {
  constexpr int64_t kMaxRepeat = 99;
  if (table.Find("repeat") == nullptr) return 0;
  return table.GetInt("repeat", 2, kMaxRepeat);
}

std::string RepeatName(std::string_view base, uint32_t index) {
  return absl::StrFormat("%s_%02u", std::string(base), index);
}

std::string RepeatAlias(std::string_view alias, uint32_t index) {
  const size_t mark = alias.find('#');
  if (mark == std::string_view::npos) return RepeatName(alias, index);
  const bool padded = alias.substr(mark, 2) == "##";
  const std::string number =
      padded ? absl::StrFormat("%02u", index) : absl::StrFormat("%u", index);
  return absl::StrFormat("%s%s%s", std::string(alias.substr(0, mark)), number,
                         std::string(alias.substr(mark + (padded ? 2 : 1))));
}

bool IsCodeValue(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCodeBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool IsColumnName(std::string_view name) {
  if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace tally::dataset
