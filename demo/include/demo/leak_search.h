#ifndef TALLY_DEMO_LEAK_SEARCH_H_
#define TALLY_DEMO_LEAK_SEARCH_H_

// Looks for NHS Numbers of a synthetic population where none may be: in any
// bytes, in every form in which a number could have slipped through.
//
// Forms of each number: ten digits; 3-3-4 with spaces and with hyphens;
// reversed; the digits in hex, in both cases; Base64 of the digits; a
// little-endian 64-bit integer; MD5, SHA-1 and SHA-256 of the digits, raw, in
// hex of both cases. Besides, any ten-digit run that begins with 9 and passes
// Modulus 11, of nobody in particular.
//
// A run of digits counts only if it is bounded: no letter or digit beside it,
// and no decimal point with a digit before it. Otherwise digests, fractions
// and times would give false alarms.
//
// Threading: Scan is const; any number of threads.
// Secrets: for made-up numbers only.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tally::demo {

struct LeakHit {
  uint64_t offset;
  std::string form;  // "digits", "sha256 hex", ...
};

class LeakSearch {
 public:
  LeakSearch();

  // Adds a number of ten digits in all its forms.
  void AddNumber(std::string_view digits);
  // Adds a word that must not be found as it stands, such as a postcode.
  // REQUIRES: at least 5 bytes; shorter ones are not searched for and false is
  // returned.
  bool AddWord(std::string_view kind, std::string_view word);

  // Every hit in `bytes`, in order, at most `limit`. `synthetic_runs`: also
  // report bounded runs of nobody in particular; for text.
  // Cost: O(bytes), about 300 MB/s.
  std::vector<LeakHit> Scan(std::string_view bytes, bool synthetic_runs,
                            size_t limit = 100) const;

  size_t patterns() const { return patterns_.size(); }
  // The longest pattern: how much two neighbouring pieces must overlap.
  size_t longest() const { return longest_; }

 private:
  struct Pattern {
    std::string bytes;
    const char* form;
    bool bounded;
  };
  void Add(std::string bytes, const char* form, bool bounded);
  static uint64_t Prefix(const char* bytes);
  bool MayMatch(uint64_t prefix) const;
  // Adds the patterns that begin at `begin`.
  void MatchAt(std::string_view bytes, size_t begin,
               std::vector<LeakHit>* hits) const;

  std::vector<Pattern> patterns_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> by_prefix_;
  std::vector<uint64_t> filter_;
  size_t longest_ = 0;
};

// Searches something that comes in pieces: the same hits as of the whole, each
// reported once, except that a hit must not be longer than the longest pattern.
class PieceScan {
 public:
  // `report` gets hits with their offset in the whole. `piece_bytes`: how much
  // is gathered before it is searched.
  PieceScan(const LeakSearch& search, bool synthetic_runs,
            std::function<void(const LeakHit&)> report,
            size_t piece_bytes = size_t{8} << 20);
  void Add(std::string_view piece);
  // The end of the whole.
  void Finish();

 private:
  void Scan(size_t end);

  const LeakSearch& search_;
  const bool synthetic_runs_;
  const std::function<void(const LeakHit&)> report_;
  const size_t piece_bytes_;
  std::string window_;
  size_t begin_ = 0;     // of what is to be searched; before it is context
  uint64_t offset_ = 0;  // of the window in the whole
};

// Takes the hits of a process's memory and leaves out integers that are there
// by chance: of the durations of nine to ten seconds, in nanoseconds, that a
// server holds, two in 100,000 are numbers of 20,000 people. An integer counts
// if another hit is within kNeighbourBytes of it, as in any list or row of
// people, or if more than kMostAlone stand alone.
class MemoryHits {
 public:
  static constexpr uint64_t kNeighbourBytes = 4096;
  static constexpr size_t kMostAlone = 4;

  explicit MemoryHits(std::function<void(const LeakHit&)> report)
      : report_(std::move(report)) {}
  // REQUIRES: ascending offsets.
  void Add(const LeakHit& hit);
  // The end of the memory.
  void Finish();
  // Integers that were left out. After Finish.
  size_t left_out() const { return alone_.size(); }

 private:
  void Settle();

  const std::function<void(const LeakHit&)> report_;
  std::optional<LeakHit> pending_;  // an integer that had no neighbour yet
  std::optional<uint64_t> last_;    // the offset of the last hit
  std::vector<LeakHit> alone_;
};

// True for ten digits that pass Modulus 11.
bool PassesModulus11(std::string_view digits);

}  // namespace tally::demo

#endif  // TALLY_DEMO_LEAK_SEARCH_H_
