#include "base/failpoint.h"

#if defined(TALLY_FAILPOINTS)

#include <signal.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tally::internal {
namespace {

struct Setting {
  std::string name;
  int64_t hit = 0;
};

Setting ReadSetting() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it
  const char* text = std::getenv("TALLY_FAILPOINT");
  if (text == nullptr) return {};
  const std::string_view view(text);
  const size_t colon = view.rfind(':');
  Setting setting{std::string(view.substr(0, colon)), 1};
  if (colon != std::string_view::npos) {
    const std::string_view number = view.substr(colon + 1);
    std::from_chars(number.data(), number.data() + number.size(), setting.hit);
  }
  return setting;
}

}  // namespace

void HitFailpoint(const char* name) {
  static const auto* const setting = new Setting(ReadSetting());
  static std::atomic<int64_t> hits{0};
  if (setting->name != name) return;
  if (hits.fetch_add(1) + 1 == setting->hit) raise(SIGKILL);
}

}  // namespace tally::internal

#endif  // TALLY_FAILPOINTS
