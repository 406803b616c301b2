// An empty database of a test's own.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_ENGINE_FIXTURE_H_
#define TALLY_TESTS_UNIT_ANALYTICS_ENGINE_FIXTURE_H_

#include <optional>

#include "engine/database.h"
#include "gtest/gtest.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::analytics {

class EngineFixture : public testing::Test {
 protected:
  EngineFixture() {
    engine::DatabaseOptions options;
    options.directories = {folder_.path()};
    options.temp_directory = folder_.path();
    options.memory_bytes = 256 << 20;
    auto database = engine::Database::Open(options);
    EXPECT_OK(database);
    database_.emplace(*std::move(database));
    auto connection = database_->Connect();
    EXPECT_OK(connection);
    connection_.emplace(*std::move(connection));
  }

  TempDir folder_;
  std::optional<engine::Database> database_;
  std::optional<engine::Connection> connection_;
};

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_ENGINE_FIXTURE_H_
