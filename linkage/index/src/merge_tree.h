// A tournament tree over sorted streams: the smallest record of all, at a cost
// of one comparison a level.
//
// Threading: one thread an object. Secrets: none of its own.

#ifndef TALLY_LINKAGE_INDEX_SRC_MERGE_TREE_H_
#define TALLY_LINKAGE_INDEX_SRC_MERGE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "record_stream.h"

namespace tally::linkage {

class MergeTree {
 public:
  // The streams outlive the tree. Streams are told apart by their place.
  explicit MergeTree(std::vector<RecordStream*> streams)
      : streams_(std::move(streams)) {}

  // Moves every stream to its first record and plays the first round.
  [[nodiscard]] absl::Status Start() {
    prefixes_.resize(streams_.size());
    for (size_t i = 0; i < streams_.size(); ++i) {
      TALLY_RETURN_IF_ERROR(streams_[i]->Advance());
      LoadPrefix(i);
    }
    losers_.assign(streams_.size(), 0);
    if (!streams_.empty()) winner_ = Play(1);
    return absl::OkStatus();
  }

  // The smallest record, or null when all streams are at their end.
  const Record* top() const {
    return streams_.empty() ? nullptr : streams_[winner_]->current();
  }
  // Its stream.
  size_t top_stream() const { return winner_; }

  // Takes the smallest record away.
  [[nodiscard]] absl::Status Pop() {
    TALLY_RETURN_IF_ERROR(streams_[winner_]->Advance());
    LoadPrefix(winner_);
    size_t challenger = winner_;
    for (size_t node = (challenger + streams_.size()) / 2; node >= 1;
         node /= 2) {
      const size_t loser = losers_[node];
      const bool wins = Less(loser, challenger);
      // Chosen, not branched on: who wins is not to be foretold.
      losers_[node] = wins ? challenger : loser;
      challenger = wins ? loser : challenger;
    }
    winner_ = challenger;
    return absl::OkStatus();
  }

 private:
  void LoadPrefix(size_t i) {
    const Record* record = streams_[i]->current();
    prefixes_[i] = record == nullptr ? UINT64_MAX : Prefix(*record);
  }
  // Ends sort last; equal records by their stream's place.
  bool Less(size_t a, size_t b) const {
    if (prefixes_[a] != prefixes_[b]) return prefixes_[a] < prefixes_[b];
    const Record* ra = streams_[a]->current();
    const Record* rb = streams_[b]->current();
    if (ra == nullptr || rb == nullptr) return ra != nullptr;
    if (Before(*ra, *rb)) return true;
    return !Before(*rb, *ra) && a < b;
  }
  // Leaves are nodes n to 2n - 1, inner nodes 1 to n - 1. Returns the winner of
  // the subtree and leaves the losers in its nodes.
  size_t Play(size_t node) {
    if (node >= streams_.size()) return node - streams_.size();
    const size_t left = Play(2 * node);
    const size_t right = Play(2 * node + 1);
    const bool left_wins = Less(left, right);
    losers_[node] = left_wins ? right : left;
    return left_wins ? left : right;
  }

  std::vector<RecordStream*> streams_;
  std::vector<uint64_t> prefixes_;
  std::vector<size_t> losers_;
  size_t winner_ = 0;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_MERGE_TREE_H_
