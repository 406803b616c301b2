#ifndef TALLY_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H_
#define TALLY_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H_

// A locked-down database over a folder that goes away with the test.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "engine/database.h"

namespace tally::engine {

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/tally-engine-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    ASSERT_TRUE(MakeDirectories(data(), 0700).ok());
    ASSERT_TRUE(MakeDirectories(temp(), 0700).ok());
  }
  void TearDown() override { RemoveTree(root_).IgnoreError(); }

  std::string root() const { return root_; }
  std::string data() const { return root_ + "/data"; }
  std::string temp() const { return root_ + "/temp"; }
  std::string file(const std::string& name) const {
    return data() + "/" + name;
  }

  DatabaseOptions Options() const {
    DatabaseOptions options;
    options.directories = {data()};
    options.temp_directory = temp();
    options.memory_bytes = int64_t{256} << 20;
    options.threads = 2;
    return options;
  }
  Database Open() const { return Open(Options()); }
  static Database Open(const DatabaseOptions& options) {
    absl::StatusOr<Database> database = Database::Open(options);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }
  static Connection Connect(Database& database) {
    absl::StatusOr<Connection> connection = database.Connect();
    EXPECT_TRUE(connection.ok()) << connection.status();
    return *std::move(connection);
  }

 private:
  std::string root_;
};

}  // namespace tally::engine

#endif  // TALLY_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H_
