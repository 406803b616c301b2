// A configuration: whatever the file and one variable hold, the reader ends
// with OK or one usage error, and accepts a file only when each of its keys was
// asked for. The input is the variable's value, a newline, and the file.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = tally::AsChars({data, size});
  const size_t newline = input.find('\n');
  if (newline == std::string_view::npos) return 0;
  const auto table =
      tally::ParseToml(input.substr(newline + 1), "/etc/tally/f.toml");
  if (!table.ok()) return 0;
  tally::ConfigReader reader(
      *table, "TALLY_FUZZ",
      {{"TALLY_FUZZ_A_INT", std::string(input.substr(0, newline))}});
  reader.String("a.text", "x");
  reader.Int("a.int", 0);
  reader.Size("a.size", 0);
  reader.DurationMs("a.time", 0);
  reader.Share("a.share", 0);
  reader.Bool("a.flag", false);
  reader.Strings("a.list");
  reader.OptionalSecretReference("a.secret");
  for (const std::string& id : reader.Keys("sets")) {
    reader.Choice("sets." + id + ".kind", {"x", "y"}, "x");
  }
  const absl::Status status = reader.Finish();
  TALLY_CHECK(status.ok() || tally::ExitCodeOf(status) == tally::kExitUsage);
  if (status.ok()) {
    for (const auto& [key, value] : table->entries()) {
      TALLY_CHECK(key == "a" || key == "sets");
    }
  }
  return 0;
}
