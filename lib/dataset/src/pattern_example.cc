#include "dataset/pattern_example.h"

#include <bitset>
#include <vector>

#include "base/status.h"
#include "dataset/pattern.h"
#include "pattern_syntax.h"

namespace tally::dataset {
namespace {

constexpr uint32_t kMoreOfOpenRepeat = 4;

// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014.
class ExampleDraws {
 public:
  explicit ExampleDraws(uint64_t seed) : state_(seed) {}
  // 0 to bound - 1. The bias of the remainder is of no matter here.
  uint64_t Below(uint64_t bound) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % bound;
  }

 private:
  uint64_t state_;
};

bool IsWordCharacter(size_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z');
}

char ExampleCharacter(const std::bitset<128>& characters, ExampleDraws& draws) {
  std::vector<char> words;
  std::vector<char> all;
  for (size_t c = 0; c < characters.size(); ++c) {
    if (!characters[c]) continue;
    all.push_back(static_cast<char>(c));
    if (IsWordCharacter(c)) words.push_back(static_cast<char>(c));
  }
  const std::vector<char>& from = words.empty() ? all : words;
  return from[draws.Below(from.size())];
}

void AppendExample(const PatternNode& node, ExampleDraws& draws,
                   std::string& out) {
  switch (node.kind) {
    case PatternNode::Kind::kClass:
      out += ExampleCharacter(node.characters, draws);
      return;
    case PatternNode::Kind::kSequence:
      for (const PatternNode& child : node.children) {
        AppendExample(child, draws, out);
      }
      return;
    case PatternNode::Kind::kChoice:
      AppendExample(node.children[draws.Below(node.children.size())], draws,
                    out);
      return;
    case PatternNode::Kind::kRepeat: {
      const uint32_t most = node.most == PatternNode::kNoLimit
                                ? node.least + kMoreOfOpenRepeat
                                : node.most;
      const uint64_t times = node.least + draws.Below(most - node.least + 1);
      for (uint64_t i = 0; i < times; ++i) {
        AppendExample(node.children[0], draws, out);
      }
      return;
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ExampleOfPattern(std::string_view pattern,
                                             uint64_t seed) {
  TALLY_RETURN_IF_ERROR(Pattern::Create(pattern).status());
  TALLY_ASSIGN_OR_RETURN(const PatternNode root, ParsePattern(pattern));
  ExampleDraws draws(seed);
  std::string example;
  AppendExample(root, draws, example);
  return example;
}

}  // namespace tally::dataset
