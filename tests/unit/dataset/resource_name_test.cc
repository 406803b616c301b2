#include "dataset/resource_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "status_matchers.h"

namespace tally::dataset {
namespace {

TEST(ResourceName, PrintsAsItParses) {
  EXPECT_EQ(ParseSourceName("sources/gp-supplier-a")->ToText(),
            "sources/gp-supplier-a");
  EXPECT_EQ(
      ParseExtractName("sources/gp-supplier-a/extracts/p2026-11-r1")->ToText(),
      "sources/gp-supplier-a/extracts/p2026-11-r1");
  EXPECT_EQ(ParseProjectName("projects/frailty-2026")->ToText(),
            "projects/frailty-2026");
  EXPECT_EQ(ParseAgreementName("projects/f/agreements/v1")->ToText(),
            "projects/f/agreements/v1");
  EXPECT_EQ(ParseReleaseName("projects/f/releases/r2026-11-2")->ToText(),
            "projects/f/releases/r2026-11-2");
  EXPECT_EQ(
      ParseFileName("projects/f/releases/r2026-11/files/tables/persons/"
                    "part-00000.parquet")
          ->ToText(),
      "projects/f/releases/r2026-11/files/tables/persons/part-00000.parquet");
}

TEST(ResourceName, RefusesTraversalInjectionAndOtherSpellings) {
  const std::string long_id(64, 'a');
  for (const std::string& id :
       {std::string("../x"), std::string("a/b"), std::string("a\0b", 3),
        std::string("."), std::string("CON"), std::string(4096, 'a'),
        std::string("\xe2\x80\xae"
                    "a"),
        std::string("\xd0\xb0"), std::string("'; DROP TABLE--"),
        std::string("\""), std::string("$(id)"), std::string("%s%n"),
        std::string("a b"), std::string("a_b"), std::string("1a"),
        std::string("-a"), std::string(""), std::string(" a"), long_id}) {
    EXPECT_THAT(ParseSourceName("sources/" + id),
                ReasonIs(Reason::kNameInvalid));
    EXPECT_THAT(ParseProjectName("projects/" + id),
                ReasonIs(Reason::kNameInvalid));
    EXPECT_THAT(ParseAgreementName("projects/a/agreements/" + id),
                ReasonIs(Reason::kNameInvalid));
    EXPECT_THAT(ParseExtractName("sources/a/extracts/" + id),
                ReasonIs(Reason::kNameInvalid));
    EXPECT_THAT(ParseReleaseName("projects/a/releases/" + id),
                ReasonIs(Reason::kNameInvalid));
  }
  for (const char* name :
       {"", "/", "sources", "sources/", "/sources/a", "sources/a/",
        "sources//a", "Sources/a", "sources/a/extracts", "projects/a"}) {
    EXPECT_THAT(ParseSourceName(name), ReasonIs(Reason::kNameInvalid)) << name;
  }
}

TEST(ResourceName, ErrorNeverRepeatsTheName) {
  const auto status = ParseSourceName("sources/9434765919").status();
  EXPECT_EQ(std::string(status.message()).find("9434765919"),
            std::string::npos);
}

TEST(ExtractId, AcceptsOneSpelling) {
  const auto id = ExtractId::Parse("p2026-11-r12");
  ASSERT_THAT(id, IsOk());
  EXPECT_EQ(id->month, (YearMonth{2026, 11}));
  EXPECT_EQ(id->revision, 12u);
  for (const char* text :
       {"p2026-11-r0", "p2026-11-r01", "p2026-13-r1", "p2026-00-r1",
        "p2026-1-r1", "p26-11-r1", "p2026-11-r", "p2026-11-r10000",
        "p2026-11-r-1", "p2026-11", "P2026-11-r1", "p2026-11-R1",
        "p2026-11-r1 ", "p1899-11-r1", "p2026_11_r1", "p2026-1a-r1"}) {
    EXPECT_THAT(ExtractId::Parse(text), ReasonIs(Reason::kNameInvalid)) << text;
  }
}

TEST(ExtractId, EveryMonthAndRevisionComesBack) {
  for (int month = 1; month <= 12; ++month) {
    for (const uint32_t revision : {1u, 9u, 10u, 9999u}) {
      const ExtractId id{{2026, month}, revision};
      EXPECT_THAT(ExtractId::Parse(id.ToText()), IsOkAndHolds(id));
    }
  }
}

TEST(ReleaseId, FurtherReleasesOfAMonthAreNumberedFromTwo) {
  EXPECT_THAT(ReleaseId::Parse("r2026-11"),
              IsOkAndHolds(ReleaseId{{2026, 11}, 1}));
  EXPECT_THAT(ReleaseId::Parse("r2026-11-2"),
              IsOkAndHolds(ReleaseId{{2026, 11}, 2}));
  for (const char* text : {"r2026-11-1", "r2026-11-02", "r2026-11-", "r2026",
                           "r2026-11-1000", "r2026-11x"}) {
    EXPECT_THAT(ReleaseId::Parse(text), ReasonIs(Reason::kNameInvalid)) << text;
  }
}

TEST(ReleasePath, StaysInsideTheRelease) {
  for (const char* path :
       {"manifest.json", "README.txt", "tables/gp_event/part-00000.parquet",
        "validation/gp-supplier-a-p2026-11-r1.json"}) {
    EXPECT_TRUE(IsReleasePath(path)) << path;
  }
  for (const std::string& path :
       {std::string(""), std::string("/a"), std::string("a/"),
        std::string("a//b"), std::string(".."), std::string("a/../b"),
        std::string("."), std::string(".hidden"), std::string("-rf"),
        std::string("a b"), std::string("a\\b"), std::string("a\0", 2),
        std::string("C:"), std::string("a/b/c/d/e/f/g"), std::string(101, 'a'),
        std::string("\xc3\xa9")}) {
    EXPECT_FALSE(IsReleasePath(path)) << path;
  }
}

TEST(SqlName, HyphensBecomeUnderscores) {
  EXPECT_EQ(SqlName("gp-event"), "gp_event");
  EXPECT_EQ(SqlName("ecds"), "ecds");
}

}  // namespace
}  // namespace tally::dataset
