// docs/errors.md has every reason, once, with its code, exit code, an anchor
// and what to do: the page, the proto enum and the base library agree.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "absl/status/status.h"
#include "base/error.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

struct Section {
  std::string code;
  int exit = -1;
  int lines_of_text = 0;
};

// Sections "### NAME" with a first line "`CODE`, exit N." and text.
std::map<std::string, Section> ReadPage() {
  std::istringstream page(ReadText(TALLY_SOURCE_DIR "/docs/errors.md"));
  std::map<std::string, Section> sections;
  Section* at = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0) at = nullptr;
    if (line.rfind("### ", 0) == 0) {
      const std::string name = line.substr(4);
      EXPECT_EQ(sections.count(name), 0u) << name << " is there twice";
      at = &sections[name];
    } else if (at != nullptr && at->exit < 0 && line.rfind("`", 0) == 0) {
      at->code = line.substr(1, line.find('`', 1) - 1);
      const size_t exit = line.find("exit ");
      if (exit != std::string::npos) {
        at->exit = std::stoi(line.substr(exit + 5));
      }
    } else if (at != nullptr && !line.empty()) {
      ++at->lines_of_text;
    }
  }
  return sections;
}

TEST(ErrorCatalogue, ThePageHasEveryReasonAndNoOther) {
  const std::map<std::string, Section> sections = ReadPage();
  for (const Reason reason : AllReasons()) {
    const std::string name(ReasonName(reason));
    const auto found = sections.find(name);
    ASSERT_NE(found, sections.end()) << name;
    EXPECT_EQ(found->second.code, absl::StatusCodeToString(ReasonCode(reason)))
        << name;
    EXPECT_EQ(found->second.exit, ReasonExitCode(reason)) << name;
    EXPECT_GE(found->second.lines_of_text, 1) << name;
  }
  EXPECT_EQ(sections.size(), AllReasons().size());
}

}  // namespace
}  // namespace tally::transport
