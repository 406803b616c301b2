#include "pattern_syntax.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace tally::dataset {
namespace {

// Signs that mean something; each needs a backslash to stand for itself.
constexpr std::string_view kSpecial = "\\[](){}|?*+.^$";

bool IsPrintable(char c) { return c >= 0x20 && c <= 0x7e; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<PatternNode> Parse() {
    if (text_.size() > kMaxPatternText) return Fault("pattern is too long");
    TALLY_ASSIGN_OR_RETURN(PatternNode node, Choice(0));
    if (!AtEnd()) return Fault("unexpected ')'");
    return node;
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || Peek() != c) return false;
    ++at_;
    return true;
  }
  absl::Status Fault(std::string_view what) const {
    return absl::InvalidArgumentError(absl::StrFormat(
        "pattern, position %u: %s", at_ + 1, std::string(what)));
  }

  absl::StatusOr<PatternNode> Choice(int depth) {
    if (depth > kMaxPatternDepth) return Fault("too many groups");
    PatternNode choice;
    choice.kind = PatternNode::Kind::kChoice;
    do {
      TALLY_ASSIGN_OR_RETURN(PatternNode branch, Sequence(depth));
      choice.children.push_back(std::move(branch));
    } while (Take('|'));
    return choice;
  }

  absl::StatusOr<PatternNode> Sequence(int depth) {
    PatternNode sequence;
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      TALLY_ASSIGN_OR_RETURN(PatternNode item, Item(depth));
      TALLY_ASSIGN_OR_RETURN(item, Repeats(std::move(item)));
      sequence.children.push_back(std::move(item));
    }
    if (sequence.children.empty()) return Fault("nothing to match");
    return sequence;
  }

  absl::StatusOr<PatternNode> Item(int depth) {
    if (Take('(')) {
      TALLY_ASSIGN_OR_RETURN(PatternNode group, Choice(depth + 1));
      if (!Take(')')) return Fault("missing ')'");
      return group;
    }
    PatternNode node;
    node.kind = PatternNode::Kind::kClass;
    if (Take('[')) {
      TALLY_RETURN_IF_ERROR(Class(node.characters));
      return node;
    }
    if (Peek() == '.')
      return Fault("'.' matches anything: name the characters");
    if (Peek() != '\\' && kSpecial.find(Peek()) != std::string_view::npos) {
      return Fault("a sign with a meaning needs a backslash");
    }
    TALLY_RETURN_IF_ERROR(Character(node.characters));
    return node;
  }

  // One character, or a backslash and what it stands for.
  absl::Status Character(std::bitset<128>& set) {
    const bool escaped = Take('\\');
    if (AtEnd()) return Fault("backslash at the end");
    const char c = Peek();
    if (!IsPrintable(c)) return Fault("only printable ASCII");
    if (escaped && c == 'd') {
      for (char digit = '0'; digit <= '9'; ++digit) set.set(Index(digit));
    } else if (escaped && IsLetterOrDigit(c)) {
      return Fault("unknown escape");
    } else {
      set.set(Index(c));
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::Status Class(std::bitset<128>& set) {
    if (!AtEnd() && Peek() == '^') return Fault("no negated classes");
    while (!Take(']')) {
      if (AtEnd()) return Fault("missing ']'");
      if (Peek() == '[')
        return Fault("a sign with a meaning needs a backslash");
      const bool range = at_ + 2 < text_.size() && Peek() != '\\' &&
                         text_[at_ + 1] == '-' && text_[at_ + 2] != ']';
      if (!range) {
        TALLY_RETURN_IF_ERROR(Character(set));
        continue;
      }
      const char first = Peek();
      const char last = text_[at_ + 2];
      if (!IsPrintable(first) || !IsPrintable(last) || last == '\\' ||
          first > last) {
        return Fault("range of characters is malformed");
      }
      for (char c = first; c <= last; ++c) set.set(Index(c));
      at_ += 3;
    }
    if (set.none()) return Fault("empty class");
    return absl::OkStatus();
  }

  absl::StatusOr<PatternNode> Repeats(PatternNode item) {
    uint32_t least = 0;
    uint32_t most = PatternNode::kNoLimit;
    if (Take('?')) {
      most = 1;
    } else if (Take('+')) {
      least = 1;
    } else if (Take('{')) {
      TALLY_ASSIGN_OR_RETURN(least, Number());
      most = least;
      if (Take(',')) {
        TALLY_ASSIGN_OR_RETURN(most, Number());
      }
      if (!Take('}')) return Fault("missing '}'");
      if (most == 0 || least > most) return Fault("repeat is malformed");
    } else if (!Take('*')) {
      return item;
    }
    if (!AtEnd() &&
        std::string_view("?*+{").find(Peek()) != std::string_view::npos) {
      return Fault("a repeat of a repeat");
    }
    PatternNode repeat;
    repeat.kind = PatternNode::Kind::kRepeat;
    repeat.least = least;
    repeat.most = most;
    repeat.children.push_back(std::move(item));
    return repeat;
  }

  absl::StatusOr<uint32_t> Number() {
    uint32_t number = 0;
    const size_t begin = at_;
    while (!AtEnd() && IsDigit(Peek()) && at_ - begin < 3) {
      number = number * 10 + static_cast<uint32_t>(Peek() - '0');
      ++at_;
    }
    if (at_ == begin) return Fault("a number is missing");
    if (number > kMaxPatternRepeat) return Fault("repeats at most 64 times");
    return number;
  }

  static size_t Index(char c) { return static_cast<uint8_t>(c); }
  static bool IsLetterOrDigit(char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<PatternNode> ParsePattern(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace tally::dataset
