// TOML: never ends the program; every value has a line of the file; errors name
// the file and are printable.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "base/toml.h"

namespace {

void CheckTable(const tally::TomlTable& table, int64_t lines);

void CheckValue(const tally::TomlValue& value, int64_t lines) {
  TALLY_CHECK(value.line() >= 1 && value.line() <= lines);
  TALLY_CHECK(!value.KindName().empty());
  if (value.is_table()) CheckTable(value.AsTable(), lines);
  if (!value.is_array()) return;
  for (const tally::TomlValue& item : value.AsArray()) CheckValue(item, lines);
}

void CheckTable(const tally::TomlTable& table, int64_t lines) {
  for (const auto& [key, value] : table.entries()) {
    CheckValue(value, lines);
    TALLY_CHECK(table.Find(key) == &value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tally::AsChars({data, size});
  const auto table = tally::ParseToml(text, "f.toml");
  if (table.ok()) {
    CheckTable(*table, std::count(text.begin(), text.end(), '\n') + 1);
    return 0;
  }
  const std::string message(table.status().message());
  TALLY_CHECK(message.starts_with("f.toml:"));
  for (const char c : message) TALLY_CHECK(c >= ' ' && c <= '~');
  return 0;
}
