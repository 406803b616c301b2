#include "dataset/pattern.h"

#include <algorithm>
#include <bitset>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "pattern_syntax.h"

namespace tally::dataset {
namespace {

constexpr size_t kMaxNfaStates = 2048;
constexpr size_t kMaxDfaStates = 1024;
constexpr uint32_t kNowhere = UINT32_MAX;

// Thompson's construction: a state either reads one character and goes on, or
// goes on to one or two others without reading.
struct NfaState {
  std::bitset<128> reads;  // none = reads nothing
  uint32_t next = kNowhere;
  uint32_t other = kNowhere;
};

class Nfa {
 public:
  absl::Status Build(const PatternNode& root) {
    accept_ = Add({});
    TALLY_ASSIGN_OR_RETURN(start_, Emit(root, accept_));
    return absl::OkStatus();
  }

  uint32_t start() const { return start_; }
  uint32_t accept() const { return accept_; }
  const std::vector<NfaState>& states() const { return states_; }

 private:
  uint32_t Add(NfaState state) {
    states_.push_back(state);
    return static_cast<uint32_t>(states_.size() - 1);
  }

  // Adds the states of `node` in front of `next`; returns where they begin.
  absl::StatusOr<uint32_t> Emit(const PatternNode& node, uint32_t next) {
    if (states_.size() > kMaxNfaStates) {
      return absl::InvalidArgumentError("pattern is too large");
    }
    switch (node.kind) {
      case PatternNode::Kind::kClass:
        return Add({node.characters, next, kNowhere});
      case PatternNode::Kind::kSequence:
        for (size_t i = node.children.size(); i-- > 0;) {
          TALLY_ASSIGN_OR_RETURN(next, Emit(node.children[i], next));
        }
        return next;
      case PatternNode::Kind::kChoice: {
        uint32_t begin = kNowhere;
        for (const PatternNode& child : node.children) {
          TALLY_ASSIGN_OR_RETURN(const uint32_t branch, Emit(child, next));
          begin = begin == kNowhere ? branch : Add({{}, begin, branch});
        }
        return begin;
      }
      case PatternNode::Kind::kRepeat:
        return EmitRepeat(node, next);
    }
    return absl::InternalError("unknown pattern node");
  }

  absl::StatusOr<uint32_t> EmitRepeat(const PatternNode& node, uint32_t next) {
    const PatternNode& child = node.children.front();
    uint32_t begin = next;
    if (node.most == PatternNode::kNoLimit) {
      const uint32_t loop = Add({});
      TALLY_ASSIGN_OR_RETURN(const uint32_t body, Emit(child, loop));
      states_[loop].next = body;
      states_[loop].other = next;
      begin = loop;
    } else {
      for (uint32_t i = node.least; i < node.most; ++i) {
        TALLY_ASSIGN_OR_RETURN(const uint32_t body, Emit(child, begin));
        begin = Add({{}, body, next});
      }
    }
    for (uint32_t i = 0; i < node.least; ++i) {
      TALLY_ASSIGN_OR_RETURN(begin, Emit(child, begin));
    }
    return begin;
  }

  std::vector<NfaState> states_;
  uint32_t start_ = 0;
  uint32_t accept_ = 0;
};

// The states that are reached from `set` without reading, ascending; only
// those that read, and the accepting one, are kept.
std::vector<uint32_t> Closure(const Nfa& nfa, std::vector<uint32_t> work) {
  std::vector<bool> seen(nfa.states().size());
  std::vector<uint32_t> kept;
  while (!work.empty()) {
    const uint32_t state = work.back();
    work.pop_back();
    if (state == kNowhere || seen[state]) continue;
    seen[state] = true;
    const NfaState& entry = nfa.states()[state];
    if (entry.reads.any() || state == nfa.accept()) {
      kept.push_back(state);
    } else {
      work.push_back(entry.next);
      work.push_back(entry.other);
    }
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

// Gives characters that every state treats alike one class; class 0 is what no
// state reads. Returns one character for each other class.
std::vector<uint8_t> FindClasses(const Nfa& nfa,
                                 std::array<uint8_t, 256>& class_of) {
  std::map<std::vector<bool>, uint8_t> known;
  std::vector<uint8_t> examples;
  class_of.fill(0);
  for (size_t c = 0; c < 128; ++c) {
    std::vector<bool> readers;
    bool any = false;
    for (const NfaState& state : nfa.states()) {
      readers.push_back(state.reads[c]);
      any = any || state.reads[c];
    }
    if (!any) continue;
    const auto number = static_cast<uint8_t>(known.size() + 1);
    const auto [entry, added] = known.try_emplace(std::move(readers), number);
    if (added) examples.push_back(static_cast<uint8_t>(c));
    class_of[c] = entry->second;
  }
  return examples;
}

}  // namespace

absl::StatusOr<Pattern> Pattern::Create(std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(const PatternNode root, ParsePattern(text));
  Nfa nfa;
  TALLY_RETURN_IF_ERROR(nfa.Build(root));

  Pattern pattern;
  pattern.text_ = std::string(text);
  const std::vector<uint8_t> examples = FindClasses(nfa, pattern.class_of_);
  pattern.classes_ = static_cast<uint32_t>(examples.size()) + 1;

  // Subset construction. State 0 is the dead one, state 1 the start.
  std::map<std::vector<uint32_t>, uint16_t> numbers;
  std::vector<std::vector<uint32_t>> sets;
  const auto number_of = [&](std::vector<uint32_t> set) {
    const auto [entry, added] =
        numbers.try_emplace(set, static_cast<uint16_t>(sets.size()));
    if (added) sets.push_back(std::move(set));
    return entry->second;
  };
  number_of({});
  number_of(Closure(nfa, {nfa.start()}));
  for (size_t i = 0; i < sets.size(); ++i) {
    if (sets.size() > kMaxDfaStates) {
      return absl::InvalidArgumentError("pattern is too large");
    }
    pattern.accepts_.push_back(
        std::binary_search(sets[i].begin(), sets[i].end(), nfa.accept()));
    pattern.next_.push_back(0);
    for (const uint8_t example : examples) {
      std::vector<uint32_t> reached;
      for (const uint32_t state : sets[i]) {
        const NfaState& entry = nfa.states()[state];
        if (entry.reads[example]) reached.push_back(entry.next);
      }
      pattern.next_.push_back(number_of(Closure(nfa, std::move(reached))));
    }
  }
  if (pattern.accepts_[1]) {
    return absl::InvalidArgumentError("pattern matches the empty value");
  }
  return pattern;
}

bool Pattern::AdmitsDigits(uint32_t count) const {
  std::vector<bool> reached(accepts_.size());
  reached[1] = true;
  for (uint32_t i = 0; i < count; ++i) {
    std::vector<bool> next(accepts_.size());
    for (size_t state = 1; state < reached.size(); ++state) {
      if (!reached[state]) continue;
      for (uint8_t digit = '0'; digit <= '9'; ++digit) {
        next[next_[state * classes_ + class_of_[digit]]] = true;
      }
    }
    reached = std::move(next);
  }
  for (size_t state = 1; state < reached.size(); ++state) {
    if (reached[state] && accepts_[state]) return true;
  }
  return false;
}

bool Pattern::Matches(std::string_view value) const {
  uint32_t state = 1;
  for (const char c : value) {
    state = next_[state * classes_ + class_of_[static_cast<uint8_t>(c)]];
    if (state == 0) return false;
  }
  return accepts_[state];
}

}  // namespace tally::dataset
