// Makes a signed release of a made-up town and a configuration that opens it,
// for tests of the analyst's commands: FOLDER/commissioning.toml, and as its
// release trial/r2026-10. Practices have names that spreadsheets would run.
// Usage: e2e_release_maker FOLDER
#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "release_fixture.h"

namespace {

using tally::analytics::FixtureKey;
using tally::analytics::FixtureRegistration;
using tally::analytics::FixtureRelease;
using tally::analytics::MakeTown;
using tally::analytics::WriteFixtureRelease;

constexpr char kAgreement[] =
    "project = { id = \"trial\", agreement = \"v1\", title = \"Trial\" }\n"
    "population = \"gp-patient\"\n"
    "disclosure = { profile = \"nhs-subnational\" }\n"
    "dataset = [\n"
    "  { id = \"gp-patient\", sources = [\"gp-supplier-a\", "
    "\"gp-supplier-b\"] },\n"
    "  { id = \"gp-event\", sources = [\"gp-supplier-a\", "
    "\"gp-supplier-b\"] },\n"
    "]\n";

FixtureRelease HostileTown() {
  FixtureRelease town = MakeTown(12, 400, 0.05, 0.006);
  town.agreement = kAgreement;
  for (FixtureRegistration& r : town.registrations) {
    if (r.practice == "Z90001") r.practice = "=cmd|'/C calc'!A0";
    if (r.practice == "Z90002") r.practice = "+44 20 7946 0000";
    if (r.practice == "Z90003") r.practice = "@SUM(1,2)";
    if (r.practice == "Z90004") r.practice = "-2+3";
    if (r.practice == "Z90005") r.practice = "https://example.org/x";
    if (r.practice == "Z90006") r.practice = "\t=1+1";
    if (r.practice == "Z90007") r.practice = "<b>&\"quoted\"</b>";
  }
  return town;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: e2e_release_maker FOLDER\n");
    return 2;
  }
  const std::string folder = std::filesystem::absolute(argv[1]).string();
  const FixtureKey key = FixtureKey::Make();
  const std::string project = tally::JoinPath(folder, "work/trial");
  std::filesystem::create_directories(project);
  WriteFixtureRelease(HostileTown(), key, project + "/r2026-10");
  const std::string config = absl::StrFormat(
      "hub = { address = \"127.0.0.1:1\", trust_domain = \"example.test\", "
      "release_key = \"%s\" }\n"
      "tls = { certificate = \"a.pem\", key = \"file:a.key\", ca = \"ca.pem\" "
      "}\n"
      "work = { directory = \"work\", memory = \"1GiB\", threads = 2 }\n",
      key.public_base64url);
  const absl::Status written =
      tally::WriteFileAtomically(folder + "/commissioning.toml", config, 0600);
  if (!written.ok()) {
    std::fprintf(stderr, "e2e_release_maker: no configuration\n");
    return 1;
  }
  return 0;
}
