// Writes dashboards for the checks in a browser.
// Usage: page_maker FOLDER: makes FOLDER/page.html from a made-up town, in
// which one practice has a hostile name and another too few people to be shown
// by itself, and FOLDER/gallery.html with every type of chart. page_maker
// --gallery FOLDER makes the second only.
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "analytics/dashboard/dashboard.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/runner.h"
#include "base/files.h"
#include "base/status.h"
#include "gallery.h"
#include "release_fixture.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClusters[] = {"HYP_COD", "AST_COD", "DEPR_COD",
                                     "CHD_COD", "CKD_COD", "STRK_COD"};

FixtureRelease Town() {
  FixtureRelease town = MakeTown(18, 760, 0.05, 0.006);
  int person = 100000;
  for (int i = 0; i < 60; ++i) {
    FixtureRegistration small;
    small.person = ++person;
    small.practice = "Z98000";
    town.registrations.push_back(small);
  }
  for (FixtureRegistration& r : town.registrations) {
    if (r.practice == "Z90003") r.practice = "<script>alert(1)</script>";
    if (r.person % 97 == 0) r.sex = "9";
    if (r.person % 89 == 0) r.imd_decile.reset();
    for (size_t c = 0; c < std::size(kClusters); ++c) {
      const int every = static_cast<int>(9 + 7 * c);
      if (r.person % every == 0) {
        town.events.push_back({r.person, "2025-02-01", kClusters[c], r.source});
      }
    }
  }
  return town;
}

absl::Status Make(const std::string& folder) {
  const FixtureKey key = FixtureKey::Make();
  fs::remove_all(folder);
  fs::create_directories(folder);
  WriteFixtureRelease(Town(), key, folder + "/release");
  OpenOptions open;
  open.release_key = key.public_base64url;
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder release,
                         ReleaseFolder::Open(folder + "/release", open));
  DatabaseSettings settings;
  settings.work_directory = folder + "/work";
  settings.memory_bytes = 512 << 20;
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(release, settings));
  TALLY_ASSIGN_OR_RETURN(Profile profile, EffectiveProfile(release, "", ""));
  Gate gate(profile, {});
  MeasureRunner runner(release, database, gate, {});
  std::vector<MeasureResult> results;
  std::vector<PagePart> parts;
  PageSet set;
  for (const std::string& id : MeasureIds()) {
    TALLY_ASSIGN_OR_RETURN(MeasureResult result, runner.Run(id));
    for (PagePart& part : result.parts) parts.push_back(std::move(part));
    if (result.unavailable.has_value()) {
      TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                             LoadDefinition(id, ""));
      for (const std::string& page : definition.pages()) {
        set.missing.push_back({page, id, result.title, *result.unavailable});
      }
    }
    results.push_back(std::move(result));
  }
  TALLY_ASSIGN_OR_RETURN(PagePart about, AboutPage(release, profile, results));
  parts.push_back(std::move(about));
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, runner.Month());
  set.release = release.name();
  set.project = release.manifest().project;
  set.environment = release.manifest().environment;
  set.generated = "2026-11-21T12:00:00Z";
  set.data_date = month.LastOfMonth();
  set.profile = profile.name();
  set.profile_description = profile.description();
  set.peer_group = "all practices of the release";
  TALLY_ASSIGN_OR_RETURN(set.pages, ArrangePages(std::move(parts), {}, set));
  TALLY_ASSIGN_OR_RETURN(const std::string html, WriteDashboard(set));
  return WriteFileAtomically(folder + "/page.html", html, 0600);
}

absl::Status MakeGallery(const std::string& folder) {
  fs::create_directories(folder);
  TALLY_ASSIGN_OR_RETURN(const std::string html, WriteDashboard(Gallery()));
  return WriteFileAtomically(folder + "/gallery.html", html, 0600);
}

}  // namespace
}  // namespace tally::analytics

int main(int argc, char** argv) {
  const bool gallery_only = argc == 3 && std::string(argv[1]) == "--gallery";
  if (argc != 2 && !gallery_only) {
    std::fprintf(stderr, "usage: page_maker [--gallery] FOLDER\n");
    return 2;
  }
  const std::string folder = argv[argc - 1];
  absl::Status made = absl::OkStatus();
  if (!gallery_only) made = tally::analytics::Make(folder);
  if (made.ok()) made = tally::analytics::MakeGallery(folder);
  if (made.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(made.message()).c_str());
  return 1;
}
