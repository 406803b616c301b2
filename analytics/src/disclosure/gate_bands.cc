// Age bands of several tables that overlap: a reader of 0-9 in one and of 0-4
// and 5-9 in another adds them up. The bands are cut where any of them ends,
// and each is the sum of its pieces.
#include <charconv>
#include <limits>
#include <set>

#include "disclosure/gate_across.h"
#include "disclosure/gate_run.h"

namespace tally::analytics {
namespace {

constexpr int64_t kOldest = std::numeric_limits<int32_t>::max();

// "0-4", "85+": first and last year of age.
struct AgeBand {
  int64_t first = 0;
  int64_t last = 0;
  friend auto operator<=>(const AgeBand&, const AgeBand&) = default;
};

std::optional<AgeBand> ParseAgeBand(std::string_view level) {
  AgeBand band;
  const char* end = level.data() + level.size();
  auto [at, error] = std::from_chars(level.data(), end, band.first);
  if (error != std::errc() || at == end) return std::nullopt;
  if (*at == '+' && at + 1 == end) {
    band.last = kOldest;
    return band;
  }
  if (*at != '-') return std::nullopt;
  const auto last = std::from_chars(at + 1, end, band.last);
  const bool whole = last.ec == std::errc() && last.ptr == end;
  if (!whole || band.last < band.first) return std::nullopt;
  return band;
}

using BandsOf = std::map<std::string, std::map<AgeBand, size_t>>;

// Unknowns by everything but their age, and by age.
BandsOf GroupByAge(const std::unordered_map<std::string_view, size_t>& by_key) {
  BandsOf groups;
  for (const auto& [key, unknown] : by_key) {
    const size_t name = key.find(kAgeDimension);
    const size_t level = name == key.npos ? name : key.find('=', name);
    if (level == key.npos) continue;
    const size_t end = std::min(key.find('|', level), key.size());
    const auto band = ParseAgeBand(key.substr(level + 1, end - level - 1));
    if (!band.has_value()) continue;
    std::string others(key);
    others.erase(level, end - level);
    groups[others].emplace(*band, unknown);
  }
  return groups;
}

bool AnyOverlap(const std::map<AgeBand, size_t>& bands) {
  int64_t last = -1;
  for (const auto& [band, unknown] : bands) {  // by their beginnings
    if (band.first <= last) return true;
    last = band.last;
  }
  return false;
}

// `next` is the number of the next piece.
void CutBands(const std::map<AgeBand, size_t>& bands, size_t& next,
              std::vector<AuditEquality>& equalities) {
  std::set<int64_t> cuts;
  for (const auto& [band, unknown] : bands) {
    cuts.insert(band.first);
    cuts.insert(band.last + 1);
  }
  std::map<int64_t, size_t> pieces;  // by their beginnings
  const auto piece = [&](int64_t from, int64_t to) {
    const auto found = pieces.find(from);
    if (found != pieces.end()) return found->second;
    const auto same = bands.find({from, to - 1});
    const size_t unknown = same == bands.end() ? next++ : same->second;
    pieces[from] = unknown;
    return unknown;
  };
  for (const auto& [band, unknown] : bands) {
    AuditEquality equality;
    auto from = cuts.find(band.first);
    while (*from <= band.last) {
      const auto to = std::next(from);
      equality.parts.push_back(piece(*from, *to));
      from = to;
    }
    if (equality.parts.size() == 1) continue;  // the band is its own piece
    equality.whole = {unknown};
    equalities.push_back(std::move(equality));
  }
}

}  // namespace

void GateRun::FindAgeBands() {
  bands_.clear();
  size_t next = named_;
  for (const auto& [others, bands] : GroupByAge(by_key_)) {
    if (AnyOverlap(bands)) CutBands(bands, next, bands_);
  }
  pieces_ = next - named_;
}

}  // namespace tally::analytics
