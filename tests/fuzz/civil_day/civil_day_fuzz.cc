// Dates: the input is a format, a newline, and a text. An ISO date that parses
// is written as the same text; a format that fails its check parses nothing.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = tally::AsChars({data, size});
  const size_t newline = input.find('\n');
  const std::string_view format = input.substr(0, newline);
  const std::string_view text =
      newline == std::string_view::npos ? input : input.substr(newline + 1);
  const auto by_format = tally::CivilDay::Parse(text, format);
  if (by_format.ok()) {
    TALLY_CHECK(by_format->year() >= 1 && by_format->year() <= 9999);
    TALLY_CHECK(tally::CivilDay::Parse(by_format->ToIso()).value() ==
                *by_format);
  }
  const auto iso = tally::CivilDay::Parse(text);
  if (iso.ok()) {
    TALLY_CHECK(iso->ToIso() == text);
    TALLY_CHECK(tally::CivilDay::FromDays(iso->days()).value() == *iso);
  }
  const auto time = tally::ParseUtcRfc3339(text);
  if (time.ok() && text.size() == 20) {
    TALLY_CHECK(tally::FormatUtcRfc3339(*time) == text);
  }
  return 0;
}
