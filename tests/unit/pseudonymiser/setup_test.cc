// Configuration, accepted specifications, TLS requests, sample data.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "base/civil_day.h"
#include "base/sha256.h"
#include "pseudonymiser/configuration.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/sample_writer.h"
#include "pseudonymiser/tls_request.h"
#include "status_matchers.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using ::testing::HasSubstr;

constexpr std::string_view kMinimal = R"(
environment = "test"
source = { id = "gp-a", domain = "commissioning" }
hub = { address = "localhost:7443", trust_domain = "example.nhs.uk" }
tls = { certificate = "tls/source.pem", key = "file:/k", ca = "/ca.pem" }
keys = { directory = "keys", passphrase = "file:/p" }
registry = { file = "registry.json", key = "x" }
state = { directory = "/state" }
)";

class ConfigurationTest : public testing::Test {
 protected:
  absl::StatusOr<Configuration> Load(const std::string& text) {
    WriteFile(dir_.Path("c.toml"), text);
    return LoadConfiguration(dir_.Path("c.toml"));
  }
  TempDir dir_;
};

TEST_F(ConfigurationTest, ReadsEveryKey) {
  const std::string text = std::string(kMinimal) + R"(
limits = { memory = "2GiB", threads = 4, kernel = "portable" }
[lists]
restricted_codes = "lists/r.csv"
national_eligible = { file = "/n.csv", expires_after = "3d" }
type1_opt_outs = "/t.csv"
participating_practices = "/p.csv"
clusters = "/c.csv"
postcode_lsoa = "/l.csv"
care_homes = "/h.csv"
[datasets.gp-event]
specification = "gp-event.toml"
columns = { nhs_number = "NHS_NUMBER", event_date = "EFFECTIVE_DATE" }
date_format = "%d/%m/%Y"
max_unlinked = 0.15
)";
  ASSERT_OK_AND_ASSIGN(const Configuration config, Load(text));
  EXPECT_EQ(config.tls_certificate, dir_.Path("tls/source.pem"));
  EXPECT_EQ(config.memory_bytes, int64_t{2} << 30);
  EXPECT_EQ(config.threads, 4);
  EXPECT_EQ(config.kernel, "portable");
  EXPECT_EQ(config.max_spool_bytes, int64_t{20} << 30);
  EXPECT_EQ(config.lists.size(), 7U);
  EXPECT_EQ(config.lists.at(ListName::kRestrictedCodes).path,
            dir_.Path("lists/r.csv"));
  EXPECT_EQ(config.lists.at(ListName::kNationalEligible).expires_after_ms,
            3 * 24 * 3600 * 1000);
  const DatasetSettings& settings = config.datasets.at("gp-event");
  EXPECT_EQ(settings.columns.at("event_date"), "EFFECTIVE_DATE");
  EXPECT_EQ(settings.max_unlinked, 0.15);
  EXPECT_FALSE(settings.max_reject.has_value());
}

TEST_F(ConfigurationTest, TheNationalListLivesSevenDaysUnlessToldOtherwise) {
  ASSERT_OK_AND_ASSIGN(
      const Configuration config,
      Load(std::string(kMinimal) +
           "[lists]\nnational_eligible = \"/n.csv\"\nclusters = \"/c\"\n"));
  EXPECT_EQ(config.lists.at(ListName::kNationalEligible).expires_after_ms,
            kNationalExpiryMs);
  EXPECT_EQ(config.lists.at(ListName::kClusters).expires_after_ms, 0);
}

TEST_F(ConfigurationTest, UnknownKeysAreErrorsThatNameTheNearest) {
  const auto fault = [&](const std::string& more) {
    const auto config = Load(std::string(kMinimal) + more);
    EXPECT_THAT(config, ExitCodeIs(kExitUsage)) << more;
    return std::string(config.status().message());
  };
  EXPECT_THAT(fault("limit = 1\n"), HasSubstr("limits"));
  fault("[lists]\nclusterz = \"x\"\n");
  fault("[lists]\nnational_eligible = { file = \"x\", expire = \"7d\" }\n");
  fault("[lists]\nnational_eligible = { expires_after = \"7d\" }\n");
  fault("[datasets.gp-event]\nspecification = \"x\"\nformat = \"y\"\n");
  fault("[datasets.gp-event]\nspecification = \"x\"\ndate_format = \"%Q\"\n");
  fault("[datasets.gp-event]\nspecification = \"x\"\nmax_reject = 1.5\n");
  fault("[datasets.GP]\nspecification = \"x\"\n");
}

TEST_F(ConfigurationTest, AMissingFileIsAUsageErrorThatNamesInit) {
  const auto config = LoadConfiguration(dir_.Path("none.toml"));
  EXPECT_THAT(config, ExitCodeIs(kExitUsage));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("init"));
}

TEST_F(ConfigurationTest, TheTemplateIsAcceptedAsItStands) {
  ASSERT_OK_AND_ASSIGN(
      const Configuration config,
      Load(ConfigurationTemplate("example", "gp-trial", "/etc/tally")));
  EXPECT_EQ(config.source, "gp-trial");
  EXPECT_EQ(config.keys_directory, "/etc/tally/keys");
  // And with its commented lines brought in.
  std::string text = ConfigurationTemplate("example", "gp-trial", "/etc/tally");
  text = absl::StrReplaceAll(text, {{"# restricted", "restricted"},
                                    {"# type1", "type1"},
                                    {"# national", "national"},
                                    {"# participating", "participating"},
                                    {"# clusters", "clusters"},
                                    {"# postcode", "postcode"},
                                    {"# care", "care"},
                                    {"# [datasets", "[datasets"},
                                    {"# specification", "specification"},
                                    {"# columns", "columns"},
                                    {"# date_format", "date_format"},
                                    {"# max_", "max_"}});
  ASSERT_OK_AND_ASSIGN(const Configuration full, Load(text));
  EXPECT_EQ(full.lists.size(), 7U);
  EXPECT_EQ(full.datasets.size(), 1U);
}

TEST(SpecificationStore, UsesOnlyWhatWasAccepted) {
  World world;
  const SpecificationStore store(world.configuration());
  EXPECT_OK(store.Load("gp-event"));
  const std::string path =
      world.configuration().datasets["gp-event"].specification;
  const std::string text = *ReadFile(path, 1 << 20);
  WriteFile(path, text + "\n# changed\n");
  EXPECT_THAT(store.Load("gp-event"), ExitCodeIs(kExitConflict));
  EXPECT_THAT(store.Accept("gp-event", Sha256Hex(text)),
              ExitCodeIs(kExitConflict));
  EXPECT_OK(store.Accept("gp-event", Sha256Hex(text + "\n# changed\n")));
  EXPECT_OK(store.Load("gp-event"));
  EXPECT_THAT(store.Load("gp-none"), ExitCodeIs(kExitNotFound));
}

TEST(Period, ReadsMonthsAndSpans) {
  const auto month = Period::Parse("2024-02");
  ASSERT_OK(month);
  EXPECT_EQ(month->first.ToIso(), "2024-02-01");
  EXPECT_EQ(month->last.ToIso(), "2024-02-29");
  const auto span = Period::Parse("2023-04..2026-11");
  ASSERT_OK(span);
  EXPECT_EQ(span->first.ToIso(), "2023-04-01");
  EXPECT_EQ(span->last_month.month, 11);
  for (const char* text :
       {"", "2026", "2026-13", "2026-11-01", "2026-11..", "..2026-11",
        "2026-11..2026-10", "2026-11...2026-12", "1899-12"}) {
    EXPECT_THAT(Period::Parse(text), ExitCodeIs(kExitUsage)) << text;
  }
  EXPECT_EQ(Period::MonthBefore(*CivilDay::Create(2026, 1, 15)).last.ToIso(),
            "2025-12-31");
  EXPECT_OK(ParseFileArgument("gp-event=a=b.csv"));
  for (const char* word : {"", "gp-event", "gp-event=", "=x", "GP=x"}) {
    EXPECT_THAT(ParseFileArgument(word), ExitCodeIs(kExitUsage)) << word;
  }
}

TEST(TlsRequest, AsksForTheUriWithItsOwnKey) {
  const std::string uri = "spiffe://example.nhs.uk/source/gp-a";
  ASSERT_OK_AND_ASSIGN(const TlsRequest request, MakeTlsRequest(uri));
  EXPECT_THAT(request.csr_pem, HasSubstr("BEGIN CERTIFICATE REQUEST"));
  EXPECT_THAT(request.key_pem, HasSubstr("PRIVATE KEY"));
  EXPECT_EQ(request.public_key_sha256.size(), 64U);
  ASSERT_OK_AND_ASSIGN(const TlsRequest again,
                       MakeTlsRequestForKey(uri, request.key_pem));
  EXPECT_EQ(again.public_key_sha256, request.public_key_sha256);
  ASSERT_OK_AND_ASSIGN(const TlsRequest other, MakeTlsRequest(uri));
  EXPECT_NE(other.public_key_sha256, request.public_key_sha256);
  EXPECT_THAT(MakeTlsRequestForKey(uri, "no key"), ExitCodeIs(kExitKey));
  EXPECT_THAT(CheckCertificate("no certificate", request.key_pem, uri),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_FALSE(CheckCertificate(request.csr_pem, request.key_pem, uri).ok());
}

TEST(Sample, IsAcceptedByTheCheckItIsMadeFor) {
  World world;
  const SampleOptions options{.seed = 3,
                              .rows = 300,
                              .people = 40,
                              .first = *CivilDay::Create(2026, 11, 1),
                              .last = *CivilDay::Create(2026, 11, 30)};
  std::vector<FileArgument> files;
  for (auto& [id, settings] : world.configuration().datasets) {
    settings.date_format = "%d/%m/%Y";
    ASSERT_OK_AND_ASSIGN(const auto spec,
                         SpecificationStore(world.configuration()).Load(id));
    const std::string csv = SampleCsv(*spec, settings, options);
    EXPECT_EQ(csv, SampleCsv(*spec, settings, options));
    files.push_back({id, world.File(id + ".csv", csv)});
    for (const ListName list : spec->lists()) {
      world.List(list, SampleList(list, options));
    }
  }
  const auto checked = world.Check(files);
  ASSERT_OK(checked);
  ASSERT_OK(checked->verdict);
  for (const DatasetReport& report : checked->report.datasets) {
    EXPECT_EQ(report.counts.sent, 300U) << report.dataset;
    EXPECT_EQ(report.counts.rows_unlinked(), 0U) << report.dataset;
  }
  EXPECT_LE(checked->report.persons, 40U);
}

TEST(Sample, WritesTextsThatTheirPatternsDescribe) {
  uint64_t state = 1;
  const auto next = [&state](uint64_t bound) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % bound;
  };
  for (const char* pattern :
       {"[A-Z][0-9]{5}", "E01[0-9]{6}", "(a|bc|d)+x?", "\\d{3,5}-[a-c_]*z",
        "[A-Za-z0-9%][A-Za-z0-9%/*^()\\[\\]{}'. -]{0,23}", "a\\.b"}) {
    ASSERT_OK_AND_ASSIGN(const dataset::Pattern compiled,
                         dataset::Pattern::Create(pattern));
    for (int i = 0; i < 200; ++i) {
      const std::string text = SampleText(pattern, next);
      EXPECT_TRUE(compiled.Matches(text)) << pattern << " " << text;
    }
  }
}

}  // namespace
}  // namespace tally::pseudonymiser
