// bench_table LINES [JSON]: prints the table of the figures in LINES, as
// benchmarks append them with `--json LINES`; writes the list of them to JSON.
// The last line is `N met, N missed`. Ends with 1 when one missed its bar.

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "bench/table.h"

namespace tally::bench {
namespace {

constexpr int64_t kMostBytes = 16 << 20;

absl::StatusOr<int> Run(const std::string& lines_path,
                        const std::string& json_path) {
  TALLY_ASSIGN_OR_RETURN(const std::string lines,
                         ReadFile(lines_path, kMostBytes));
  TALLY_ASSIGN_OR_RETURN(std::vector<Figure> figures, ReadFigures(lines));
  for (Figure& growth : GrowthBeyondBase(figures)) {
    figures.push_back(std::move(growth));
  }
  std::fputs(FormatTable(figures).c_str(), stdout);
  if (!json_path.empty()) {
    TALLY_RETURN_IF_ERROR(
        WriteFileAtomically(json_path, FormatJson(figures), 0644));
  }
  int met = 0;
  int missed = 0;
  for (const Figure& figure : figures) {
    if (figure.bar.on == Bar::On::kNothing) continue;
    ++(figure.met ? met : missed);
  }
  std::printf("%d met, %d missed\n", met, missed);
  return missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: bench_table LINES [JSON]\n");
    return 2;
  }
  const absl::StatusOr<int> code =
      tally::bench::Run(argv[1], argc > 2 ? argv[2] : "");
  if (!code.ok()) {
    std::fprintf(stderr, "%s\n", std::string(code.status().message()).c_str());
    return 2;
  }
  return *code;
}
