// Any bytes as each kind of list file: refused or loaded, never more.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/civil_day.h"
#include "pseudonymiser/list_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::dataset::ListName;
  using tally::pseudonymiser::Lists;
  static std::string path;
  if (path.empty()) {
    path = "/tmp/tally-fuzz-list-XXXXXX";
    const int fd = ::mkstemp(path.data());
    if (fd < 0) std::abort();
    ::close(fd);
    std::atexit([] { ::unlink(path.c_str()); });
  }
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) std::abort();
  if (size > 0 && std::fwrite(data, 1, size, file) != size) std::abort();
  std::fclose(file);
  for (const ListName name :
       {ListName::kType1OptOuts, ListName::kRestrictedCodes,
        ListName::kClusters, ListName::kPostcodeLsoa, ListName::kCareHomes}) {
    const auto lists =
        Lists::Load({{name, {.path = path, .expires_after_ms = 0}}}, {name},
                    tally::NowUnixMs());
    if (lists.ok() && lists->facts().size() != 1) std::abort();
    if (!lists.ok() && lists.status().message().empty()) std::abort();
  }
  return 0;
}
