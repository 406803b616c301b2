#include "pseudonymiser/egress_scanner.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace tally::pseudonymiser {
namespace {

bool IsTextDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsWord(char c) { return IsTextDigit(c) || IsLetter(c); }
char Upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// The character at `pos` of `text`, or a space outside it.
char At(std::string_view text, size_t pos) {
  return pos < text.size() ? text[pos] : ' ';
}

// One code point of valid UTF-8; moves `pos` behind it.
uint32_t NextCodePoint(std::string_view text, size_t* pos) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const uint8_t first = byte(*pos);
  const size_t length = first < 0x80   ? 1
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                                       : 4;
  uint32_t code = length == 1 ? first : first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i)
    code = code << 6 | (byte(*pos + i) & 0x3F);
  *pos += length;
  return code;
}

// ASCII for a code point that may disguise a number; 'x' for other letters and
// signs, 0 for what has no width.
char Fold(uint32_t code) {
  if (code < 0x80) return static_cast<char>(code);
  struct DigitBlock {
    uint32_t zero;
  };
  constexpr std::array<DigitBlock, 6> kDigits = {
      {{0x660}, {0x6F0}, {0x966}, {0x9E6}, {0xFF10}, {0x7C0}}};
  for (const DigitBlock block : kDigits) {
    if (code >= block.zero && code < block.zero + 10) {
      return static_cast<char>('0' + (code - block.zero));
    }
  }
  if (code == 0xA0 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F ||
      code == 0x205F || code == 0x3000) {
    return ' ';
  }
  if (code == 0xAD || (code >= 0x200B && code <= 0x200F) || code == 0x2060 ||
      code == 0xFEFF) {
    return 0;
  }
  if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0xFF0D) {
    return '-';
  }
  if (code == 0xFF20) return '@';
  return 'x';
}

// The text with disguised digits, dashes and spaces in ASCII.
std::string FoldText(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (size_t pos = 0; pos < text.size();) {
    const char c = Fold(NextCodePoint(text, &pos));
    if (c != 0) folded.push_back(c);
  }
  return folded;
}

// The run of ten digits that begins at `begin`, parted at most by single signs
// of one kind; adds it to `result`.
void TryRun(std::string_view text, size_t begin, ScanResult* result) {
  char separator = 0;
  uint64_t number = 0;
  size_t digits = 0;
  size_t pos = begin;
  while (digits < 10) {
    const char c = At(text, pos);
    if (IsTextDigit(c)) {
      number = number * 10 + static_cast<uint64_t>(c - '0');
      ++digits;
      ++pos;
      continue;
    }
    if ((c != ' ' && c != '-') || (separator != 0 && c != separator) ||
        !IsTextDigit(At(text, pos + 1)) || pos + 1 >= text.size()) {
      return;
    }
    separator = c;
    ++pos;
  }
  if (IsWord(At(text, pos)) || !HasRightCheckDigit(number)) return;
  if (IsIssuedOrTestRange(number)) result->pattern = true;
  const auto found = NhsNumber::FromStem(static_cast<uint32_t>(number / 10));
  if (found) result->numbers.push_back(*found);
}

void FindNumbers(std::string_view text, ScanResult* result) {
  for (size_t i = 0; i + 10 <= text.size(); ++i) {
    if (!IsTextDigit(text[i])) continue;
    if (i > 0 && IsWord(text[i - 1])) continue;
    if (i > 1 && text[i - 1] == '.' && IsTextDigit(text[i - 2])) continue;
    TryRun(text, i, result);
  }
}

// local@host.tld
bool HasEmail(std::string_view text) {
  for (size_t at = text.find('@'); at != std::string_view::npos;
       at = text.find('@', at + 1)) {
    if (at == 0 || !IsWord(text[at - 1])) continue;
    size_t dot = std::string_view::npos;
    size_t end = at + 1;
    while (end < text.size() &&
           (IsWord(text[end]) || text[end] == '-' || text[end] == '.')) {
      if (text[end] == '.' && end > at + 1) dot = end;
      if (dot != std::string_view::npos && end >= dot + 2 &&
          IsLetter(text[end]) && IsLetter(text[end - 1])) {
        return true;
      }
      ++end;
    }
  }
  return false;
}

// Reads a postcode's inward part (9AA) that begins at `pos`.
bool IsInward(std::string_view text, size_t pos) {
  return IsTextDigit(At(text, pos)) && IsLetter(At(text, pos + 1)) &&
         IsLetter(At(text, pos + 2)) && !IsWord(At(text, pos + 3));
}

// A9, A99, AA9, AA99, A9A, AA9A, then 9AA after at most one space.
bool HasPostcode(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsLetter(text[i]) || (i > 0 && IsWord(text[i - 1]))) continue;
    size_t pos = i + 1;
    if (IsLetter(At(text, pos))) ++pos;
    if (!IsTextDigit(At(text, pos))) continue;
    ++pos;
    for (size_t more = 0; more <= 1; ++more) {
      if (more == 1 && !IsWord(At(text, pos))) break;
      const size_t inward = pos + more;
      if (IsInward(text, inward)) return true;
      if (At(text, inward) == ' ' && IsInward(text, inward + 1)) return true;
    }
  }
  return false;
}

// Up to `most` digits at `pos` as a number; the count of them in `*used`.
uint32_t ReadNumber(std::string_view text, size_t pos, size_t most,
                    size_t* used) {
  uint32_t value = 0;
  *used = 0;
  while (*used < most && IsTextDigit(At(text, pos + *used))) {
    value = value * 10 + static_cast<uint32_t>(text[pos + *used] - '0');
    ++*used;
  }
  return value;
}

bool IsMonthName(std::string_view text, size_t pos) {
  constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
  const std::array<char, 3> name = {
      Upper(At(text, pos)), Upper(At(text, pos + 1)), Upper(At(text, pos + 2))};
  for (size_t i = 0; i < kMonths.size(); i += 3) {
    if (kMonths.substr(i, 3) == std::string_view(name.data(), 3)) return true;
  }
  return false;
}

bool IsYear(uint32_t year) { return year >= 1900 && year <= 2099; }

// A day at `pos`: dd/mm/yyyy, yyyy-mm-dd (also with . or -), dd Mon yyyy.
bool IsDay(std::string_view text, size_t pos) {
  size_t used = 0;
  const uint32_t first = ReadNumber(text, pos, 4, &used);
  const size_t after = pos + used;
  const char sign = At(text, after);
  size_t month_used = 0;
  size_t last_used = 0;
  if (used <= 2 && first >= 1 && first <= 31) {
    size_t name = after;
    if (sign == ' ' || sign == '-') ++name;
    if (IsMonthName(text, name)) {
      size_t year = name + 3;
      while (IsLetter(At(text, year))) ++year;
      if (At(text, year) == ' ' || At(text, year) == '-') ++year;
      const uint32_t value = ReadNumber(text, year, 4, &last_used);
      return last_used == 4 && IsYear(value) &&
             !IsTextDigit(At(text, year + 4));
    }
  }
  if (sign != '/' && sign != '-' && sign != '.') return false;
  const uint32_t month = ReadNumber(text, after + 1, 2, &month_used);
  if (month_used == 0 || month < 1 || month > 12) return false;
  const size_t second = after + 1 + month_used;
  if (At(text, second) != sign) return false;
  const uint32_t last = ReadNumber(text, second + 1, 4, &last_used);
  if (IsTextDigit(At(text, second + 1 + last_used))) return false;
  if (used == 4) {
    return IsYear(first) && last_used >= 1 && last >= 1 && last <= 31;
  }
  return used >= 1 && used <= 2 && first >= 1 && first <= 31 &&
         last_used == 4 && IsYear(last);
}

bool HasDay(std::string_view text) {
  for (size_t i = 0; i + 8 <= text.size(); ++i) {
    if (!IsTextDigit(text[i]) || (i > 0 && IsWord(text[i - 1]))) continue;
    if (IsDay(text, i)) return true;
  }
  return false;
}

}  // namespace

ScanResult ScanText(std::string_view text) {
  ScanResult result;
  bool interesting = false;
  bool ascii = true;
  for (const char c : text) {
    if (IsTextDigit(c) || c == '@') interesting = true;
    if (static_cast<uint8_t>(c) >= 0x80) ascii = false;
  }
  if (ascii && !interesting) return result;
  std::string folded;
  if (!ascii) {
    folded = FoldText(text);
    text = folded;
  }
  FindNumbers(text, &result);
  if (HasEmail(text) || HasPostcode(text) || HasDay(text)) {
    result.pattern = true;
  }
  return result;
}

std::optional<NhsNumber> ScanInteger(int64_t value) {
  if (value < 0 || value >= 10'000'000'000) return std::nullopt;
  const uint64_t number = static_cast<uint64_t>(value);
  if (number < 10'000'000 || !HasRightCheckDigit(number)) return std::nullopt;
  return NhsNumber::FromStem(static_cast<uint32_t>(number / 10));
}

std::optional<NhsNumber> ScanCode(std::string_view code) {
  const std::optional<uint64_t> number = ReadTenDigits(code);
  if (!number || !HasRightCheckDigit(*number)) return std::nullopt;
  return NhsNumber::FromStem(static_cast<uint32_t>(*number / 10));
}

void HiddenNumbers::Add(NhsNumber number, uint32_t file, uint64_t line,
                        std::string_view column) {
  MutexLock lock(mu_);
  const auto known = places_.find(number.stem());
  if (known != places_.end()) {
    if (std::tie(file, line) >=
        std::tie(known->second.file, known->second.line)) {
      return;
    }
  }
  auto name = columns_.find(column);
  if (name == columns_.end()) {
    name = columns_
               .emplace(std::string(column),
                        static_cast<uint32_t>(columns_.size()))
               .first;
  }
  places_[number.stem()] = {.file = file, .column = name->second, .line = line};
}

std::optional<ValuePlace> HiddenNumbers::FindIn(
    const PersonTable& people) const {
  MutexLock lock(mu_);
  const Place* first = nullptr;
  for (const auto& [stem, place] : places_) {
    const auto number = NhsNumber::FromStem(stem);
    if (!number || !people.Contains(*number)) continue;
    if (first == nullptr ||
        std::tie(place.file, place.line) < std::tie(first->file, first->line)) {
      first = &place;
    }
  }
  if (first == nullptr) return std::nullopt;
  ValuePlace found{.file = first->file, .line = first->line, .column = {}};
  for (const auto& [name, index] : columns_) {
    if (index == first->column) found.column = name;
  }
  return found;
}

}  // namespace tally::pseudonymiser
