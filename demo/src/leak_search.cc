#include "demo/leak_search.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::demo {
namespace {

constexpr size_t kPrefixBytes = 5;
constexpr size_t kFilterBits = size_t{1} << 23;
constexpr const char* kInteger = "integer";

std::string Digest(const EVP_MD* method, std::string_view text) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  TALLY_CHECK(EVP_Digest(text.data(), text.size(), out.data(), &size, method,
                         nullptr) == 1);
  std::string bytes;
  for (unsigned int i = 0; i < size; ++i) {
    bytes += static_cast<char>(out[i]);
  }
  return bytes;
}

std::string Upper(std::string text) {
  for (char& c : text) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return text;
}

// What Bounded() looks at on either side, and a run of digits too long to be a
// number.
constexpr size_t kContextBytes = 16;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// No letter or digit beside [begin, end), no fraction.
bool Bounded(std::string_view bytes, size_t begin, size_t end) {
  if (end < bytes.size() && IsWord(bytes[end])) return false;
  if (begin == 0) return true;
  const char before = bytes[begin - 1];
  if (IsWord(before)) return false;
  return !(before == '.' && begin >= 2 && IsDigit(bytes[begin - 2]));
}

}  // namespace

bool PassesModulus11(std::string_view digits) {
  if (digits.size() != 10) return false;
  int sum = 0;
  for (size_t i = 0; i < 10; ++i) {
    if (!IsDigit(digits[i])) return false;
    sum += (i < 9 ? 10 - static_cast<int>(i) : 1) * (digits[i] - '0');
  }
  return sum % 11 == 0;
}

LeakSearch::LeakSearch() : filter_(kFilterBits / 64) {}

uint64_t LeakSearch::Prefix(const char* bytes) {
  uint64_t prefix = 0;
  std::memcpy(&prefix, bytes, kPrefixBytes);
  return prefix;
}

bool LeakSearch::MayMatch(uint64_t prefix) const {
  const uint64_t bit = (prefix * 0x9e3779b97f4a7c15ULL) >> (64 - 23);
  return ((filter_[bit / 64] >> (bit % 64)) & 1) != 0;
}

void LeakSearch::Add(std::string bytes, const char* form, bool bounded) {
  TALLY_CHECK(bytes.size() >= kPrefixBytes);
  const uint64_t prefix = Prefix(bytes.data());
  const uint64_t bit = (prefix * 0x9e3779b97f4a7c15ULL) >> (64 - 23);
  filter_[bit / 64] |= uint64_t{1} << (bit % 64);
  longest_ = std::max(longest_, bytes.size());
  by_prefix_[prefix].push_back(static_cast<uint32_t>(patterns_.size()));
  patterns_.push_back({std::move(bytes), form, bounded});
}

void LeakSearch::AddNumber(std::string_view digits) {
  TALLY_CHECK(digits.size() == 10);
  const std::string number(digits);
  const std::string a = number.substr(0, 3);
  const std::string b = number.substr(3, 3);
  const std::string c = number.substr(6);
  Add(number, "digits", true);
  Add(a + " " + b + " " + c, "spaced digits", true);
  Add(a + "-" + b + "-" + c, "hyphenated digits", true);
  Add(std::string(number.rbegin(), number.rend()), "reversed digits", true);
  const std::string hex = HexEncode(AsBytes(number));
  Add(hex, "hex of the digits", false);
  // Inside a longer text the digits begin at any of three places of a group;
  // characters that hold bits of a neighbour are left away.
  for (size_t before = 0; before < 3; ++before) {
    const std::string text =
        Base64Encode(AsBytes(std::string(before, '0') + number));
    const size_t begin = (before * 8 + 5) / 6;
    const size_t end = (before + number.size()) * 8 / 6;
    Add(text.substr(begin, end - begin), "Base64 of the digits", false);
  }
  std::string integer;
  uint64_t value = 0;
  for (const char digit : number) {
    value = value * 10 + static_cast<uint64_t>(digit - '0');
  }
  for (int i = 0; i < 8; ++i) {
    integer += static_cast<char>((value >> (8 * i)) & 255);
  }
  Add(integer, kInteger, false);
  const std::pair<const EVP_MD*, std::pair<const char*, const char*>>
      digests[] = {{EVP_md5(), {"MD5", "MD5 in hex"}},
                   {EVP_sha1(), {"SHA-1", "SHA-1 in hex"}},
                   {EVP_sha256(), {"SHA-256", "SHA-256 in hex"}}};
  for (const auto& [method, names] : digests) {
    const std::string raw = Digest(method, number);
    Add(raw, names.first, false);
    Add(HexEncode(AsBytes(raw)), names.second, false);
    Add(Upper(HexEncode(AsBytes(raw))), names.second, false);
  }
}

bool LeakSearch::AddWord(std::string_view kind, std::string_view word) {
  if (word.size() < kPrefixBytes) return false;
  Add(std::string(word), kind == "postcode" ? "postcode" : "name", true);
  return true;
}

void LeakSearch::MatchAt(std::string_view bytes, size_t begin,
                         std::vector<LeakHit>* hits) const {
  if (begin + kPrefixBytes > bytes.size()) return;
  const uint64_t prefix = Prefix(bytes.data() + begin);
  if (!MayMatch(prefix)) return;
  const auto found = by_prefix_.find(prefix);
  if (found == by_prefix_.end()) return;
  for (const uint32_t number : found->second) {
    const Pattern& pattern = patterns_[number];
    const size_t end = begin + pattern.bytes.size();
    if (bytes.substr(begin, pattern.bytes.size()) == pattern.bytes &&
        (!pattern.bounded || Bounded(bytes, begin, end))) {
      hits->push_back({begin, pattern.form});
    }
  }
}

std::vector<LeakHit> LeakSearch::Scan(std::string_view bytes,
                                      bool synthetic_runs, size_t limit) const {
  std::vector<LeakHit> hits;
  size_t run = 0;  // digits that end before `i`
  for (size_t i = 0; i < bytes.size() && hits.size() < limit; ++i) {
    MatchAt(bytes, i, &hits);
    if (!synthetic_runs) continue;
    run = IsDigit(bytes[i]) ? run + 1 : 0;
    const size_t begin = i + 1 - run;
    if (run == 10 && bytes[begin] == '9' && Bounded(bytes, begin, i + 1) &&
        PassesModulus11(bytes.substr(begin, 10))) {
      hits.push_back({begin, "a synthetic number"});
    }
  }
  return hits;
}

PieceScan::PieceScan(const LeakSearch& search, bool synthetic_runs,
                     std::function<void(const LeakHit&)> report,
                     size_t piece_bytes)
    : search_(search),
      synthetic_runs_(synthetic_runs),
      report_(std::move(report)),
      piece_bytes_(piece_bytes) {}

void PieceScan::Add(std::string_view piece) {
  window_.append(piece);
  // A hit that begins in the overlap may go on behind it: it waits.
  const size_t overlap = search_.longest() + kContextBytes;
  if (window_.size() < piece_bytes_ + overlap + kContextBytes) return;
  const size_t end = window_.size() - overlap;
  Scan(end);
  window_.erase(0, end - kContextBytes);
  offset_ += end - kContextBytes;
  begin_ = kContextBytes;
}

void PieceScan::Finish() { Scan(window_.size()); }

// Reports hits that begin in [begin_, end).
void PieceScan::Scan(size_t end) {
  for (const LeakHit& hit :
       search_.Scan(window_, synthetic_runs_, window_.size())) {
    if (hit.offset < begin_ || hit.offset >= end) continue;
    report_({offset_ + hit.offset, hit.form});
  }
}

void MemoryHits::Add(const LeakHit& hit) {
  const bool near = last_.has_value() && hit.offset - *last_ <= kNeighbourBytes;
  last_ = hit.offset;
  if (near && pending_.has_value()) {
    report_(*pending_);
    pending_.reset();
  }
  Settle();
  if (near || hit.form != kInteger) {
    report_(hit);
  } else {
    pending_ = hit;
  }
}

void MemoryHits::Settle() {
  if (!pending_.has_value()) return;
  alone_.push_back(*std::move(pending_));
  pending_.reset();
}

void MemoryHits::Finish() {
  Settle();
  if (alone_.size() <= kMostAlone) return;
  for (const LeakHit& hit : alone_) report_(hit);
  alone_.clear();
}

}  // namespace tally::demo
