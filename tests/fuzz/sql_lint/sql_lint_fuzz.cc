// The lint reads any bytes; its findings lie inside the text and in order.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "engine/sql_lint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  if (size > 4096) return 0;  // statements of ours are short
  const auto findings = tally::engine::LintSql(sql);
  size_t before = 0;
  for (const auto& finding : findings) {
    TALLY_CHECK(finding.position < sql.size());
    TALLY_CHECK(finding.position >= before);
    before = finding.position;
  }
  tally::engine::FormatFindings(sql, findings);
  return 0;
}
