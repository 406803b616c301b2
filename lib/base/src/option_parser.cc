#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "command_state.h"

namespace tally {
namespace {

// Our own words for what CLI11 found wrong. Its text begins with the option
// that is meant: "--month: 1 required TEXT missing", "RELEASE is required".
absl::Status FromCli(const CLI::ParseError& error,
                     const std::vector<OptionInfo>& options) {
  const std::string text = error.what();
  for (const OptionInfo& option : options) {
    for (const std::string& name : option.names) {
      const bool meant = text.starts_with(name + ":") ||
                         text.starts_with(name + " ") ||
                         text.find("," + name + ":") != std::string::npos ||
                         text.find("," + name + " ") != std::string::npos;
      if (!meant) continue;
      const std::string& last = option.names.back();
      if (error.get_name() == "RequiredError" || option.positional) {
        return UsageError(
            absl::StrFormat("%s is missing: %s", last, option.help));
      }
      if (text.find("received") != std::string::npos) {
        return UsageError(absl::StrFormat("%s is there twice", last));
      }
      if (option.value_name.empty()) {
        return UsageError(absl::StrFormat("%s takes no value", last));
      }
      return UsageError(absl::StrFormat("%s wants a value, as in `%s`", last,
                                        option.Usage()));
    }
  }
  return UsageError("these flags do not fit together; --help shows them");
}

}  // namespace

struct OptionParser::Impl {
  struct Bound {
    CLI::Option* option = nullptr;
    Apply apply;
  };
  CLI::App app;
  std::vector<Bound> bound;
};

std::vector<std::string> SplitNames(std::string_view name) {
  std::vector<std::string> names;
  while (!name.empty()) {
    const size_t comma = name.find(',');
    names.emplace_back(name.substr(0, comma));
    if (comma == std::string_view::npos) break;
    name.remove_prefix(comma + 1);
  }
  return names;
}

std::string OptionInfo::Usage() const {
  std::string usage = JoinText(names, ", ");
  if (!positional && !value_name.empty()) usage += " " + value_name;
  if (positional && many) usage += "...";
  return usage;
}

OptionParser::OptionParser() : impl_(std::make_unique<Impl>()) {
  impl_->app.set_help_flag();
  impl_->app.allow_extras();
}

OptionParser::~OptionParser() = default;

void OptionParser::Add(OptionInfo info, int min_count, Apply apply) {
  const std::string names = JoinText(info.names, ",");
  CLI::Option* option = nullptr;
  if (!info.positional && info.value_name.empty()) {
    option = impl_->app.add_flag(names);
  } else {
    option = impl_->app.add_option(names);
    if (info.positional && info.many) {
      option->expected(min_count > 0 ? min_count : 0, 1 << 20);
      option->allow_extra_args();  // options may stand between the words
      if (min_count > 0) option->required();
    } else if (info.many) {
      option->expected(1)->take_all()->allow_extra_args(false);
    }
    if (info.required) option->required();
  }
  impl_->bound.push_back({option, std::move(apply)});
  options_.push_back(std::move(info));
}

void OptionParser::Require(std::string_view name) {
  for (size_t i = 0; i < options_.size(); ++i) {
    const std::vector<std::string>& names = options_[i].names;
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    options_[i].required = true;
    impl_->bound[i].option->required();
    return;
  }
  TALLY_CHECK(false && "Require() names an option that was added");
}

absl::Status OptionParser::UnknownWord(const std::string& word) const {
  const std::string flag = word.substr(0, word.find('='));
  if (!flag.starts_with('-')) {
    return UsageError(absl::StrFormat("`%s` is one word too many", word));
  }
  std::vector<std::string> known;
  for (const OptionInfo& option : options_) {
    if (option.positional) continue;
    known.insert(known.end(), option.names.begin(), option.names.end());
  }
  const std::string nearest = NearestMatch(flag, known);
  return UsageError(absl::StrFormat(
      "unknown flag `%s`%s", flag,
      nearest.empty() ? "" : "; did you mean `" + nearest + "`?"));
}

std::vector<std::string> OptionParser::Extras() const {
  std::vector<std::string> extras = impl_->app.remaining();
  // The mark before words that are no flags is kept there too.
  std::erase(extras, "--");
  return extras;
}

absl::Status OptionParser::Parse(const std::vector<std::string>& words) {
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    impl_->app.parse(reversed);
    const std::vector<std::string> extras = Extras();
    if (!extras.empty()) return UnknownWord(extras.front());
  } catch (const CLI::ParseError& error) {
    // An unknown flag is the likelier fault than what it leaves missing.
    const std::vector<std::string> extras = Extras();
    if (!extras.empty()) return UnknownWord(extras.front());
    return FromCli(error, options_);
  }
  for (size_t i = 0; i < impl_->bound.size(); ++i) {
    const Impl::Bound& bound = impl_->bound[i];
    if (bound.option->count() == 0) continue;
    const absl::Status status = bound.apply(bound.option->results());
    if (!status.ok()) {
      return UsageError(absl::StrFormat("%s: %s", options_[i].names.back(),
                                        ToStd(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace tally
