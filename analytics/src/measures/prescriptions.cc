#include "measures/prescriptions.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kFirstAppliances = "18";
constexpr std::string_view kLastChapter = "23";

bool IsBnfPrefix(std::string_view text) {
  if (text.size() < 2 || text.size() > kBnfSubstance) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool letter = text[i] >= 'A' && text[i] <= 'Z';
    if (!digit && (!letter || i < 2)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadChapters(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable parameters,
                         definition.root().GetTable("parameters"));
  TALLY_ASSIGN_OR_RETURN(std::vector<std::string> chapters,
                         parameters.GetStrings("chapters"));
  const int line = parameters.Find("chapters")->line();
  std::set<std::string> seen;
  for (const std::string& chapter : chapters) {
    const bool known = chapter.size() == 2 && IsBnfPrefix(chapter) &&
                       chapter != "00" && chapter <= kLastChapter;
    if (!known) return parameters.ErrorAt(line, "a chapter is 01 to 23");
    if (chapter >= kFirstAppliances) {
      return parameters.ErrorAt(line, "chapters 18 to 23 are appliances");
    }
    if (!seen.insert(chapter).second) {
      return parameters.ErrorAt(line, "a chapter is there twice");
    }
  }
  if (chapters.empty()) return parameters.ErrorAt(line, "chapters is empty");
  return chapters;
}

absl::Status CheckBnfPrefixes(const TomlTable& table,
                              const std::vector<std::string>& prefixes) {
  if (prefixes.empty()) {
    return table.ErrorAt(table.line(), "there is no BNF prefix");
  }
  for (const std::string& prefix : prefixes) {
    if (!IsBnfPrefix(prefix)) {
      return table.ErrorAt(table.line(),
                           "a BNF prefix is two digits and up to seven more "
                           "digits or capitals");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<BnfGroup> ReadBnfGroup(const TomlTable& table,
                                      std::string_view prefixes_key) {
  BnfGroup group;
  TALLY_ASSIGN_OR_RETURN(group.id, table.GetString("id"));
  TALLY_ASSIGN_OR_RETURN(group.title, table.GetString("title"));
  TALLY_ASSIGN_OR_RETURN(group.prefixes, table.GetStrings(prefixes_key));
  TALLY_RETURN_IF_ERROR(CheckBnfPrefixes(table, group.prefixes));
  return group;
}

absl::StatusOr<std::vector<BnfGroup>> ReadBnfGroups(
    const MeasureDefinition& definition, std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray(key));
  std::vector<BnfGroup> groups;
  std::set<std::string> names;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "a group is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"id", "title", "prefixes"}));
    TALLY_ASSIGN_OR_RETURN(BnfGroup group, ReadBnfGroup(table, "prefixes"));
    if (!names.insert("i" + group.id).second ||
        !names.insert("t" + group.title).second) {
      return table.ErrorAt(table.line(), "a group is there twice");
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::string InChapters(std::string_view column,
                       const std::vector<std::string>& chapters) {
  std::string list;
  for (const std::string& chapter : chapters) {
    if (!list.empty()) list += ", ";
    list += engine::QuoteLiteral(chapter);
  }
  return absl::StrFormat("(length(%1$s) >= %2$d AND left(%1$s, 2) IN (%3$s))",
                         column, kBnfSubstance, list);
}

std::string StartsWithOne(std::string_view column,
                          const std::vector<std::string>& prefixes) {
  std::string any;
  for (const std::string& prefix : prefixes) {
    if (!any.empty()) any += " OR ";
    any += absl::StrFormat("starts_with(%s, %s)", column,
                           engine::QuoteLiteral(prefix));
  }
  return any.empty() ? "false" : absl::StrFormat("(%s)", any);
}

std::string ItemsSql(const MeasureContext& context) {
  return context.release.Column("gp_prescription", "items") != nullptr
             ? "coalesce(items, 1)"
             : "1";
}

}  // namespace tally::analytics
