// Person, opt-outs, rules and known drops of a specification.

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "specification_parser.h"

namespace tally::dataset {
namespace {

enum class Need : uint8_t { kNone, kOptional, kRequired };

// What a rule of each reason is made of.
struct RuleForm {
  RowReason reason;
  std::optional<ListName> list;
  Need column;  // key `column`
  bool either;  // column and values, or a list: not both
  Need value;   // key `value`
};

constexpr std::array<RuleForm, 6> kRuleForms = {{
    {RowReason::kRestrictedCode, ListName::kRestrictedCodes, Need::kRequired,
     true, Need::kOptional},
    {RowReason::kOptedOutType1, ListName::kType1OptOuts, Need::kOptional, true,
     Need::kOptional},
    {RowReason::kOptedOutNational, ListName::kNationalEligible, Need::kNone,
     false, Need::kNone},
    {RowReason::kNotParticipating, ListName::kParticipatingPractices,
     Need::kRequired, false, Need::kNone},
    {RowReason::kSensitiveFlag, std::nullopt, Need::kRequired, false,
     Need::kRequired},
    {RowReason::kIdentityWithheld, std::nullopt, Need::kRequired, false,
     Need::kOptional},
}};

std::vector<std::string> RuleWords() {
  std::vector<std::string> words = {"RESTRICTED_LINKED_ROW", "DATE_ORDER"};
  for (const RuleForm& form : kRuleForms) {
    words.emplace_back(RowReasonName(form.reason));
  }
  return words;
}

const RuleForm* FormOf(std::optional<RowReason> reason) {
  for (const RuleForm& form : kRuleForms) {
    if (reason == form.reason) return &form;
  }
  return nullptr;
}

// Reads `list`, which must be the one whose polarity the reason needs.
absl::Status ReadRuleList(const TomlTable& table, const RuleForm& form,
                          Rule& rule) {
  if (table.Find("list") == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const std::string word, table.GetString("list"));
  if (!form.list || word != ListNameText(*form.list)) {
    return table.ErrorAt(
        LineOf(table, "list"),
        form.list ? absl::StrFormat("%s takes the list %s",
                                    std::string(RowReasonName(form.reason)),
                                    std::string(ListNameText(*form.list)))
                  : std::string("this rule takes no list"));
  }
  rule.list = form.list;
  return absl::OkStatus();
}

// Whether some text is in both, without regard to case.
bool HasInCommon(const std::vector<std::string>& a,
                 const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& text) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& other) {
      return absl::EqualsIgnoreCase(text, other);
    });
  });
}

// What is wrong with the inputs and values of a rule; empty: nothing.
std::string_view FaultOfInputs(const RuleForm& form, const Rule& rule) {
  const bool has_column = !rule.inputs.empty();
  const bool has_value = !rule.values.empty();
  if (form.either) {
    if (rule.list.has_value() == has_value) {
      return "needs either a list or a column with values";
    }
    if (has_value && !has_column) return "needs column";
  } else if (form.list && !rule.list) {
    return "needs its list";
  }
  if (form.column == Need::kRequired && !has_column) return "needs column";
  if (form.column == Need::kNone && has_column) return "takes no column";
  if (form.reason == RowReason::kOptedOutType1 && rule.list && has_column) {
    return "with a list takes no column: the list holds NHS Numbers";
  }
  if (form.value == Need::kRequired && !has_value) return "needs value";
  if (form.value == Need::kNone && has_value) return "takes no value";
  return "";
}

// The same of the values that opt nobody out.
std::string_view FaultOfKeep(const RuleForm& form, const Rule& rule,
                             bool has_keep) {
  if (form.reason != RowReason::kOptedOutType1 || rule.values.empty()) {
    return has_keep ? "takes no keep" : "";
  }
  if (rule.keep.empty()) return "needs keep: the values that do not opt out";
  if (std::any_of(rule.values.begin(), rule.values.end(),
                  [](const std::string& value) { return value.empty(); })) {
    return "with an empty value would drop all";
  }
  if (HasInCommon(rule.values, rule.keep)) {
    return "names one value in value and in keep";
  }
  return "";
}

absl::Status CheckRule(const TomlTable& table, const RuleForm& form,
                       const Rule& rule) {
  std::string_view fault = FaultOfInputs(form, rule);
  if (fault.empty()) {
    fault = FaultOfKeep(form, rule, table.Find("keep") != nullptr);
  }
  if (fault.empty()) return absl::OkStatus();
  return table.ErrorAt(
      table.line(),
      absl::StrFormat("%s %s", std::string(RowReasonName(form.reason)),
                      std::string(fault)));
}

}  // namespace

absl::Status SpecificationParser::ReadPerson() {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table, root_.GetTable("person"));
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(
      {"input", "status_input", "linked_status", "when_no_token"}));
  PersonSpec& person = out_.person_;
  TALLY_ASSIGN_OR_RETURN(person.input, NeededText(table, "input"));
  TALLY_ASSIGN_OR_RETURN(person.status_input,
                         OptionalText(table, "status_input"));
  TALLY_ASSIGN_OR_RETURN(person.linked_status,
                         OptionalTexts(table, "linked_status"));
  if (person.status_input.empty() != person.linked_status.empty()) {
    return table.ErrorAt(table.line(),
                         "status_input and linked_status come together");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string otherwise,
                         OptionalText(table, "when_no_token", "unlinked"));
  if (otherwise != "unlinked" && otherwise != "drop") {
    return UnknownWord(table, "when_no_token", {"unlinked", "drop"});
  }
  person.drop_without_token = otherwise == "drop";

  for (const std::string& name : {person.input, person.status_input}) {
    if (!name.empty() && !IsColumnName(name)) {
      return table.ErrorAt(table.line(),
                           "an input name matches ^[a-z][a-z0-9_]{0,62}$");
    }
  }
  InputSpec& number = Input(person.input);
  if (number.feeds_column || person.input == person.status_input) {
    return table.ErrorAt(LineOf(table, "input"),
                         "the NHS Number never feeds a column");
  }
  number.is_person = number.needed = true;
  if (!person.status_input.empty()) {
    InputSpec& status = Input(person.status_input);
    status.is_status = status.needed = true;
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadNationalOptOut() {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         root_.GetTable("national_opt_out"));
  TALLY_RETURN_IF_ERROR(table.OnlyKeys({"applies", "reason"}));
  TALLY_ASSIGN_OR_RETURN(out_.national_opt_out_, table.GetBool("applies"));
  TALLY_ASSIGN_OR_RETURN(out_.opt_out_reason_, OptionalText(table, "reason"));
  if (!out_.national_opt_out_ && out_.opt_out_reason_.empty()) {
    return table.ErrorAt(table.line(),
                         "an opt-out that does not apply needs a reason");
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadRules() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<TomlTable> tables,
                         TomlTables(root_, "rule"));
  for (const TomlTable& table : tables) {
    TALLY_RETURN_IF_ERROR(ReadRule(table));
  }
  const bool national =
      std::any_of(out_.rules_.begin(), out_.rules_.end(), [](const Rule& rule) {
        return rule.reason == RowReason::kOptedOutNational;
      });
  if (national != out_.national_opt_out_) {
    return root_.ErrorAt(
        LineOf(root_, "national_opt_out"),
        "national_opt_out.applies and the rule OPTED_OUT_NATIONAL go together");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SpecificationParser::RuleInputs(
    const TomlTable& table, std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const std::string name, NeededText(table, key));
  if (!IsColumnName(name)) {
    return table.ErrorAt(LineOf(table, key),
                         "an input name matches ^[a-z][a-z0-9_]{0,62}$");
  }
  std::vector<std::string> inputs;
  for (const ColumnSpec& column : out_.columns_) {
    if (column.repeat_base == name) inputs.push_back(column.input());
  }
  if (inputs.empty()) inputs.push_back(name);
  for (const std::string& input : inputs) {
    InputSpec& spec = Input(input);
    if (spec.is_person) {
      return table.ErrorAt(LineOf(table, key),
                           "a rule looks at people through lists only");
    }
    spec.is_rule_input = true;
    // One of a repeated group may be absent from a supplier's file.
    spec.needed = spec.needed || inputs.size() == 1 || input == inputs.front();
  }
  return inputs;
}

absl::Status SpecificationParser::ReadRule(const TomlTable& table) {
  TALLY_ASSIGN_OR_RETURN(const std::string word, table.GetString("reason"));
  const auto reason = RowReasonFromName(word);
  Rule rule;
  if (reason == RowReason::kDateOrder) {
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"reason", "before", "after"}));
    rule.reason = *reason;
    TALLY_ASSIGN_OR_RETURN(const auto before, RuleInputs(table, "before"));
    TALLY_ASSIGN_OR_RETURN(const auto after, RuleInputs(table, "after"));
    if (before.size() != 1 || after.size() != 1 || before == after) {
      return table.ErrorAt(table.line(), "DATE_ORDER compares two dates");
    }
    rule.before = before.front();
    rule.after = after.front();
  } else if (reason == RowReason::kRestrictedLinkedRow) {
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"reason", "same", "datasets"}));
    rule.reason = *reason;
    TALLY_ASSIGN_OR_RETURN(rule.inputs, RuleInputs(table, "same"));
    TALLY_ASSIGN_OR_RETURN(rule.datasets, table.GetStrings("datasets"));
    if (rule.inputs.size() != 1 || rule.datasets.empty() ||
        !std::all_of(rule.datasets.begin(), rule.datasets.end(),
                     [](const std::string& id) { return IsResourceId(id); })) {
      return table.ErrorAt(table.line(),
                           "RESTRICTED_LINKED_ROW names a key and datasets");
    }
  } else {
    const RuleForm* form = FormOf(reason);
    if (form == nullptr) return UnknownWord(table, "reason", RuleWords());
    TALLY_RETURN_IF_ERROR(
        table.OnlyKeys({"reason", "column", "list", "value", "keep"}));
    rule.reason = *reason;
    TALLY_RETURN_IF_ERROR(ReadRuleList(table, *form, rule));
    TALLY_ASSIGN_OR_RETURN(rule.values, OptionalTexts(table, "value"));
    TALLY_ASSIGN_OR_RETURN(rule.keep, OptionalTexts(table, "keep"));
    if (table.Find("column") != nullptr) {
      TALLY_ASSIGN_OR_RETURN(rule.inputs, RuleInputs(table, "column"));
    }
    TALLY_RETURN_IF_ERROR(CheckRule(table, *form, rule));
    if (rule.inputs.size() > 1 && *reason != RowReason::kRestrictedCode) {
      return table.ErrorAt(LineOf(table, "column"),
                           "this rule looks at one column");
    }
  }
  out_.rules_.push_back(std::move(rule));
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadDrops() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<TomlTable> tables,
                         TomlTables(root_, "drop"));
  for (const TomlTable& table : tables) {
    TALLY_RETURN_IF_ERROR(ReadDrop(table));
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadDrop(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"name", "reason", "aliases", "null_markers", "repeat"}));
  TALLY_ASSIGN_OR_RETURN(const std::string base, table.GetString("name"));
  if (!IsColumnName(base)) {
    return table.ErrorAt(LineOf(table, "name"),
                         "an input name matches ^[a-z][a-z0-9_]{0,62}$");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string reason, NeededText(table, "reason"));
  TALLY_ASSIGN_OR_RETURN(const auto aliases, OptionalTexts(table, "aliases"));
  TALLY_ASSIGN_OR_RETURN(const auto markers,
                         OptionalTexts(table, "null_markers"));
  TALLY_ASSIGN_OR_RETURN(const int64_t repeat, RepeatOf(table));
  for (int64_t i = repeat == 0 ? 0 : 1; i <= repeat; ++i) {
    const auto index = static_cast<uint32_t>(i);
    const std::string name = i == 0 ? base : RepeatName(base, index);
    if (out_.column_by_name_.contains(name)) {
      return table.ErrorAt(LineOf(table, "name"),
                           "a column that leaves cannot be dropped");
    }
    InputSpec& input = Input(name);
    if (!input.drop_reason.empty()) {
      return table.ErrorAt(LineOf(table, "name"), "dropped twice");
    }
    input.drop_reason = reason;
    input.null_markers.insert(input.null_markers.end(), markers.begin(),
                              markers.end());
    TALLY_RETURN_IF_ERROR(AddAliases(table, input, aliases, index));
  }
  return absl::OkStatus();
}

}  // namespace tally::dataset
