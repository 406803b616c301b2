#ifndef TALLY_TESTS_TEMP_DIR_H_
#define TALLY_TESTS_TEMP_DIR_H_

// A folder of a test, made fresh (mode 0700) and removed with the object.
//   TempDir dir;
//   WriteFile(dir.Path("input.csv"), "a,b\n");

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/status.h"

namespace tally {

class TempDir {
 public:
  TempDir() {
    const char* root =
        getenv("TEST_TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    path_ = std::string(root != nullptr ? root : "/tmp") + "/tally-test-XXXXXX";
    TALLY_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~TempDir() {
    const absl::Status status = RemoveTree(path_);
    if (!status.ok()) ADD_FAILURE() << status;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

// Plain writing and reading, independent of what is tested.
inline void WriteFile(const std::string& path, std::string_view bytes,
                      int mode = 0600) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  TALLY_CHECK(file.good());
  TALLY_CHECK(chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
}

inline std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  TALLY_CHECK(file.is_open());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace tally

#endif  // TALLY_TESTS_TEMP_DIR_H_
