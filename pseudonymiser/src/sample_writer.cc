#include "pseudonymiser/sample_writer.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "pseudonymiser/egress_scanner.h"
#include "pseudonymiser/nhs_number.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ColumnType;
using dataset::DerivationKind;
using dataset::ListName;

constexpr uint32_t kFirstTestStem = 900'000'000;
constexpr uint32_t kTestStems = 90'000'000;  // below the canaries' 999 block
constexpr int kPractices = 12;
constexpr int kPostcodes = 40;
constexpr int kConcepts = 30;
constexpr int kMostAttempts = 20;
constexpr uint64_t kMostRepeats = 3;  // of "*" and "+" in a pattern

// splitmix64: small, and the same everywhere.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E37'79B9'7F4A'7C15);
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t bound) { return Next() % bound; }

 private:
  uint64_t state_;
};

std::string Practice(uint64_t i) { return absl::StrFormat("Z99%03d", i); }
std::string SamplePostcode(uint64_t i) {
  return absl::StrFormat("ZZ%d %dZZ", 90 + i / 10, i % 10);
}
std::string Concept(uint64_t i) { return absl::StrFormat("9990%05d", i); }

// Person `i`'s number: the i-th stem of the block that has a check digit.
std::string PersonNumber(uint64_t i, uint64_t seed) {
  uint32_t stem =
      static_cast<uint32_t>((i * 7919 + seed * 104'729) % kTestStems);
  while (true) {
    const auto number = NhsNumber::FromStem(kFirstTestStem + stem);
    if (number) {
      const NhsNumber::Digits digits = number->digits();
      return std::string(digits.begin(), digits.end());
    }
    stem = (stem + 1) % kTestStems;
  }
}

// `day` by a format of CivilDay::Parse.
std::string FormatDay(CivilDay day, std::string_view format) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text.push_back(format[i]);
      continue;
    }
    switch (format[++i]) {
      case 'Y':
        text += absl::StrFormat("%04d", day.year());
        break;
      case 'y':
        text += absl::StrFormat("%02d", day.year() % 100);
        break;
      case 'm':
        text += absl::StrFormat("%02d", day.month());
        break;
      case 'd':
        text += absl::StrFormat("%02d", day.day());
        break;
      case 'e':
        text += absl::StrFormat("%d", day.day());
        break;
      case 'f':
        text += absl::StrFormat("%d", day.month());
        break;
      case 'b':
        text += kMonths.substr(static_cast<size_t>(day.month() - 1) * 3, 3);
        break;
      case 'H':
      case 'M':
      case 'S':
        text += "00";
        break;
      default:
        text.push_back(format[i]);
    }
  }
  return text;
}

// Walks a pattern and writes one text that it describes.
class PatternWalker {
 public:
  PatternWalker(std::string_view pattern,
                const std::function<uint64_t(uint64_t)>& next)
      : pattern_(pattern), next_(next) {}

  std::string Choice() {
    std::vector<std::string> choices = {Sequence()};
    while (pos_ < pattern_.size() && pattern_[pos_] == '|') {
      ++pos_;
      choices.push_back(Sequence());
    }
    return choices[next_(choices.size())];
  }

 private:
  std::string Sequence() {
    std::string text;
    while (pos_ < pattern_.size() && pattern_[pos_] != '|' &&
           pattern_[pos_] != ')') {
      const size_t begin = pos_;
      std::string part = Atom();
      const auto [least, most] = Repeats();
      const size_t after = pos_;
      const uint64_t times = least + next_(most - least + 1);
      for (uint64_t i = 0; i < times; ++i) {
        if (i > 0) {  // another draw of the same atom
          pos_ = begin;
          part = Atom();
        }
        text += part;
      }
      pos_ = after;
    }
    return text;
  }

  std::string Atom() {
    const char c = pattern_[pos_++];
    if (c == '(') {
      std::string text = Choice();
      ++pos_;  // ")"
      return text;
    }
    if (c == '[') return std::string(1, ClassMember());
    if (c != '\\') return std::string(1, c);
    const char escaped = pattern_[pos_++];
    if (escaped != 'd') return std::string(1, escaped);
    return std::string(1, static_cast<char>('0' + next_(10)));
  }

  char ClassMember() {
    std::string members;
    while (pos_ < pattern_.size() && pattern_[pos_] != ']') {
      char c = pattern_[pos_++];
      if (c == '\\') c = pattern_[pos_++];
      if (pos_ + 1 < pattern_.size() && pattern_[pos_] == '-' &&
          pattern_[pos_ + 1] != ']') {
        const char last = pattern_[pos_ + 1];
        pos_ += 2;
        for (char m = c; m <= last; ++m) members.push_back(m);
      } else {
        members.push_back(c);
      }
    }
    ++pos_;  // "]"
    return members[next_(members.size())];
  }

  std::pair<uint64_t, uint64_t> Repeats() {
    if (pos_ == pattern_.size()) return {1, 1};
    switch (pattern_[pos_]) {
      case '?':
        ++pos_;
        return {0, 1};
      case '*':
        ++pos_;
        return {0, kMostRepeats};
      case '+':
        ++pos_;
        return {1, kMostRepeats};
      case '{':
        break;
      default:
        return {1, 1};
    }
    ++pos_;
    uint64_t least = Number();
    uint64_t most = least;
    if (pattern_[pos_] == ',') {
      ++pos_;
      most = Number();
    }
    ++pos_;  // "}"
    return {least, most};
  }

  uint64_t Number() {
    uint64_t value = 0;
    while (pattern_[pos_] >= '0' && pattern_[pos_] <= '9') {
      value = value * 10 + static_cast<uint64_t>(pattern_[pos_++] - '0');
    }
    return value;
  }

  std::string_view pattern_;
  const std::function<uint64_t(uint64_t)>& next_;
  size_t pos_ = 0;
};

// One row, input by input.
class RowMaker {
 public:
  RowMaker(const dataset::Specification& specification,
           const DatasetSettings& settings, const SampleOptions& options)
      : specification_(specification),
        settings_(settings),
        options_(options),
        numbers_(options.seed) {}

  std::string Value(const dataset::InputSpec& input) {
    const dataset::PersonSpec& person = specification_.person();
    if (input.is_person) {
      return PersonNumber(numbers_.Below(options_.people), options_.seed);
    }
    if (input.is_status) {
      return person.linked_status.empty() ? "" : person.linked_status.front();
    }
    if (IsStamp(input.name)) return Stamp();
    for (const dataset::ColumnSpec& column : specification_.columns()) {
      if (column.input() == input.name) return ColumnValue(column);
    }
    for (const dataset::Rule& rule : specification_.rules()) {
      if (rule.before == input.name || rule.after == input.name) {
        return FormatDay(options_.last, settings_.date_format);
      }
    }
    return "";
  }

 private:
  // Whether some column counts minutes from or to this input.
  bool IsStamp(std::string_view input) const {
    return std::any_of(
        specification_.columns().begin(), specification_.columns().end(),
        [input](const dataset::ColumnSpec& column) {
          return column.derive.kind == DerivationKind::kMinutesBetween &&
                 (column.derive.from == input || column.derive.other == input);
        });
  }

  CivilDay Day() {
    const int32_t days = options_.last - options_.first + 1;
    const auto day = options_.first.AddDays(
        static_cast<int64_t>(numbers_.Below(static_cast<uint64_t>(days))));
    return day.ok() ? *day : options_.first;
  }

  std::string Stamp() {
    return FormatDay(Day(), settings_.date_format) +
           absl::StrFormat(" %02d:%02d", numbers_.Below(24),
                           numbers_.Below(60));
  }

  std::string ColumnValue(const dataset::ColumnSpec& column) {
    switch (column.derive.kind) {
      case DerivationKind::kNone:
        break;
      case DerivationKind::kYear:
      case DerivationKind::kAgeFy: {
        const auto day =
            CivilDay::Create(static_cast<int>(1930 + numbers_.Below(90)),
                             static_cast<int>(1 + numbers_.Below(12)),
                             static_cast<int>(1 + numbers_.Below(28)));
        return FormatDay(*day, settings_.date_format);
      }
      case DerivationKind::kMonth:
        return FormatDay(Day(), settings_.date_format);
      case DerivationKind::kLsoa21:
      case DerivationKind::kImdDecile:
      case DerivationKind::kRuralUrban:
        return SamplePostcode(numbers_.Below(kPostcodes));
      case DerivationKind::kCareHome:
        return absl::StrFormat("%d SAMPLE STREET", 1 + numbers_.Below(99));
      case DerivationKind::kCluster:
        return Concept(numbers_.Below(kConcepts));
      case DerivationKind::kMap:
        return MapKey(column);
      case DerivationKind::kIcd10:
        return absl::StrFormat("%c%02d%d",
                               static_cast<char>('A' + numbers_.Below(20)),
                               numbers_.Below(100), numbers_.Below(10));
      case DerivationKind::kPrefix:
        break;
      case DerivationKind::kRekey:
        return absl::StrFormat("%d", 1'000 + numbers_.Below(options_.rows));
      case DerivationKind::kHour:
        return absl::StrFormat("%02d:%02d", numbers_.Below(24),
                               numbers_.Below(60));
      case DerivationKind::kMinutesBetween:
        return Stamp();
    }
    return PlainValue(column);
  }

  std::string MapKey(const dataset::ColumnSpec& column) {
    auto at = column.derive.table.begin();
    std::advance(
        at, static_cast<int64_t>(numbers_.Below(column.derive.table.size())));
    return at->first;
  }

  std::string PlainValue(const dataset::ColumnSpec& column) {
    switch (column.type) {
      case ColumnType::kBool:
        return numbers_.Below(2) == 0 ? "0" : "1";
      case ColumnType::kInt32:
      case ColumnType::kInt64: {
        if (column.name == "concept_id") {
          return Concept(numbers_.Below(kConcepts));
        }
        const int64_t most = std::min<int64_t>(
            column.max_int, std::max<int64_t>(column.min_int, 0) + 1000);
        return absl::StrFormat(
            "%d", column.min_int +
                      static_cast<int64_t>(numbers_.Below(
                          static_cast<uint64_t>(most - column.min_int + 1))));
      }
      case ColumnType::kDouble: {
        const double span =
            column.has_range ? column.max_double - column.min_double : 100.0;
        const double part = static_cast<double>(numbers_.Below(1001)) / 1000.0;
        return absl::StrFormat(
            "%.2f", (column.has_range ? column.min_double : 0) + part * span);
      }
      case ColumnType::kDate:
        return FormatDay(Day(), settings_.date_format);
      case ColumnType::kCode:
      case ColumnType::kText:
        break;
    }
    if (IsPractice(column)) return Practice(numbers_.Below(kPractices));
    if (!column.codes.empty()) {
      return column.codes[numbers_.Below(column.codes.size())].first;
    }
    if (column.pattern == nullptr) return "";
    // A random text may look like a postcode or a day by chance.
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      const std::string text =
          SampleText(column.pattern->text(),
                     [this](uint64_t bound) { return numbers_.Below(bound); });
      if (text.size() <= column.max_length && text.back() != ' ' &&
          text.front() != ' ' && !ScanText(text).pattern) {
        return text;
      }
    }
    return "";
  }

  bool IsPractice(const dataset::ColumnSpec& column) const {
    for (const dataset::Rule& rule : specification_.rules()) {
      if (rule.reason == dataset::RowReason::kNotParticipating &&
          rule.inputs.front() == column.input()) {
        return true;
      }
    }
    return column.name == "practice_code";
  }

  const dataset::Specification& specification_;
  const DatasetSettings& settings_;
  const SampleOptions& options_;
  Numbers numbers_;
};

std::string HeaderOf(const dataset::InputSpec& input,
                     const DatasetSettings& settings) {
  const auto configured = settings.columns.find(input.name);
  return configured == settings.columns.end() ? input.name : configured->second;
}

// A field as CSV: quoted where it has to be.
std::string Field(const std::string& value) {
  if (value.find_first_of(",\"\n\r") == std::string::npos) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

}  // namespace

std::string SampleText(std::string_view pattern,
                       const std::function<uint64_t(uint64_t)>& next) {
  return PatternWalker(pattern, next).Choice();
}

std::string SampleCsv(const dataset::Specification& specification,
                      const DatasetSettings& settings,
                      const SampleOptions& options) {
  std::vector<const dataset::InputSpec*> inputs;
  std::string text;
  for (const dataset::InputSpec& input : specification.inputs()) {
    const bool read = input.is_person || input.is_status ||
                      input.is_rule_input || input.feeds_column;
    if (!read) continue;
    text += (inputs.empty() ? "" : ",") + Field(HeaderOf(input, settings));
    inputs.push_back(&input);
  }
  text += "\n";
  RowMaker maker(specification, settings, options);
  for (uint64_t row = 0; row < options.rows; ++row) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (i > 0) text += ",";
      text += Field(maker.Value(*inputs[i]));
    }
    text += "\n";
  }
  return text;
}

std::string SampleList(ListName name, const SampleOptions& options) {
  std::string text;
  switch (name) {
    case ListName::kNationalEligible:
      for (uint64_t i = 0; i < options.people; ++i) {
        text += PersonNumber(i, options.seed) + ",\n";
      }
      return text;
    case ListName::kParticipatingPractices:
      for (uint64_t i = 0; i < kPractices; ++i) text += Practice(i) + "\n";
      return text;
    case ListName::kClusters:
      text = "code,cluster\n";
      for (uint64_t i = 0; i < kConcepts; ++i) {
        text += absl::StrFormat("%s,SAMPLE%d_COD\n", Concept(i), i % 5);
      }
      return text;
    case ListName::kPostcodeLsoa:
      text = "postcode,lsoa21,imd_decile,rural_urban\n";
      for (uint64_t i = 0; i < kPostcodes; ++i) {
        text += absl::StrFormat("%s,E0199%04d,%d,%d\n", SamplePostcode(i),
                                1 + i / 2, 1 + i % 10, 1 + i % 8);
      }
      return text;
    case ListName::kRestrictedCodes:
    case ListName::kType1OptOuts:
    case ListName::kCareHomes:
      break;
  }
  return text;
}

}  // namespace tally::pseudonymiser
