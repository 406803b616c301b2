// Release manifest and data dictionary.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/json.h"
#include "dataset/dictionary.h"
#include "dataset/release_manifest.h"
#include "status_matchers.h"

namespace tally::dataset {
namespace {

ReleaseManifest ExampleRelease() {
  ReleaseManifest manifest;
  manifest.agreement_sha256 = std::string(64, '1');
  manifest.created = "2026-12-02T10:00:00Z";
  manifest.date_grain = {{"gp-event", "month"}, {"sus-apc", "day"}};
  manifest.environment = "example";
  manifest.extracts = {{{"gp-supplier-a", {{2026, 10}, 1}},
                        std::string(64, '2'),
                        "2026-10-01",
                        "2026-10-31",
                        {"gp-event"}},
                       {{"gp-supplier-a", {{2026, 11}, 2}},
                        std::string(64, '3'),
                        "2026-11-01",
                        "2026-11-30",
                        {"gp-event", "gp-patient"}}};
  manifest.files = {
      {"README.txt", 812, std::string(64, '4'), 0},
      {"tables/gp_event/part-00000.parquet", 100, std::string(64, '5'), 70},
      {"tables/gp_event/part-00001.parquet", 100, std::string(64, '6'), 30},
      {"tables/persons/part-00000.parquet", 50, std::string(64, '7'), 12}};
  manifest.hub = "hub-a";
  manifest.project = "frailty-2026";
  manifest.release = {{2026, 11}, 1};
  manifest.row_counts = {{"gp_event", 100}, {"persons", 12}};
  manifest.suite = "tally1-ristretto255-SHA512";
  manifest.tally_version = "0.1.0";
  return manifest;
}

TEST(ReleaseManifest, ParsesToTheSameAndWritesTheSameBytes) {
  const ReleaseManifest manifest = ExampleRelease();
  ASSERT_THAT(manifest.Check(), IsOk());
  const std::string json = manifest.ToJson();
  const auto parsed = ReleaseManifest::Parse(json);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, manifest);
  EXPECT_EQ(parsed->ToJson(), json);
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

// A manifest as it was before extracts named their datasets.
ReleaseManifest OlderRelease() {
  ReleaseManifest manifest = ExampleRelease();
  manifest.format = 1;
  for (ReleaseExtract& extract : manifest.extracts) extract.datasets.clear();
  return manifest;
}

TEST(ReleaseManifest, NamesTheDatasetsOfEachExtract) {
  const std::string json = ExampleRelease().ToJson();
  EXPECT_THAT(json,
              testing::HasSubstr("{\"datasets\":[\"gp-event\",\"gp-patient\"],"
                                 "\"extract\":\"sources/gp-supplier-a/extracts/"
                                 "p2026-11-r2\","));
  EXPECT_THAT(json, testing::HasSubstr("\"format\":2,"));
  const ReleaseManifest manifest = *ReleaseManifest::Parse(json);
  EXPECT_TRUE(manifest.extracts[0].HoldsTable("gp_event"));
  EXPECT_FALSE(manifest.extracts[0].HoldsTable("gp_patient"));
  EXPECT_TRUE(manifest.extracts[1].HoldsTable("gp_patient"));
}

TEST(ReleaseManifest, ReadsTheOlderFormatAndWritesTheSameBytes) {
  const std::string json = OlderRelease().ToJson();
  EXPECT_EQ(json.find("datasets"), std::string::npos);
  const auto parsed = ReleaseManifest::Parse(json);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, OlderRelease());
  EXPECT_EQ(parsed->ToJson(), json);
  // What it does not say is taken to be there.
  EXPECT_TRUE(parsed->extracts[0].HoldsTable("gp_patient"));
}

TEST(ReleaseManifest, RefusesAFormatThatItDoesNotKnowOrThatIsNotTheText) {
  const std::string older = OlderRelease().ToJson();
  const std::string newer = ExampleRelease().ToJson();
  const auto with_format = [](std::string json, const std::string& format) {
    const size_t at = json.find("\"format\":");
    json.replace(at + 9, 1, format);
    return ReleaseManifest::Parse(json);
  };
  EXPECT_THAT(with_format(older, "1"), IsOk());
  EXPECT_THAT(with_format(newer, "2"), IsOk());
  for (const auto& parsed :
       {with_format(older, "2"), with_format(newer, "1"),
        with_format(newer, "3"), with_format(newer, "0")}) {
    EXPECT_THAT(parsed.status(), ReasonIs(Reason::kManifestInvalid));
  }
}

TEST(ReleaseManifest, FindsFilesByPath) {
  const ReleaseManifest manifest = ExampleRelease();
  for (const ReleaseFile& file : manifest.files) {
    EXPECT_EQ(manifest.Find(file.path), &file);
  }
  EXPECT_EQ(manifest.Find("README.tx"), nullptr);
  EXPECT_EQ(manifest.Find("zzz"), nullptr);
}

TEST(ReleaseManifest, CheckNamesTheFieldAtFault) {
  using M = ReleaseManifest;
  const std::pair<const char*, std::function<void(M&)>> changes[] = {
      {"agreementSha256", [](M& m) { m.agreement_sha256 = ""; }},
      {"created", [](M& m) { m.created = "today"; }},
      {"dateGrain.sus-apc", [](M& m) { m.date_grain["sus-apc"] = "year"; }},
      {"environment", [](M& m) { m.environment = ""; }},
      {"extracts[1].extract",
       [](M& m) { std::swap(m.extracts[0], m.extracts[1]); }},
      {"extracts[0].manifestSha256",
       [](M& m) { m.extracts[0].manifest_sha256 = "x"; }},
      {"extracts[0].periodEnd",
       [](M& m) { m.extracts[0].period_end = "2026-09-30"; }},
      {"extracts[0].datasets", [](M& m) { m.extracts[0].datasets = {}; }},
      {"extracts[1].datasets[0]",
       [](M& m) { m.extracts[1].datasets[0] = "GP"; }},
      {"extracts[1].datasets[1]",
       [](M& m) { m.extracts[1].datasets[1] = "gp-event"; }},
      {"extracts[0].datasets", [](M& m) { m.format = 1; }},
      {"format", [](M& m) { m.format = 3; }},
      {"files[1].path", [](M& m) { std::swap(m.files[0], m.files[1]); }},
      {"files[0].path", [](M& m) { m.files[0].path = "../README.txt"; }},
      {"files[1].path", [](M& m) { m.files[1].path = "manifest.json"; }},
      {"files[0].sha256", [](M& m) { m.files[0].sha256 = "4"; }},
      {"files[0].rows", [](M& m) { m.files[0].rows = 1; }},
      {"rowCounts", [](M& m) { m.row_counts["gp_event"] = 99; }},
      {"rowCounts", [](M& m) { m.row_counts.erase("persons"); }},
      {"rowCounts", [](M& m) { m.row_counts["ecds"] = 0; }},
      {"hub", [](M& m) { m.hub = "Hub A"; }},
      {"project", [](M& m) { m.project = ""; }},
      {"release", [](M& m) { m.release.month.month = 13; }},
      {"suite", [](M& m) { m.suite = "a b"; }},
      {"tallyVersion", [](M& m) { m.tally_version = ""; }}};
  for (const auto& [field, change] : changes) {
    M manifest = ExampleRelease();
    change(manifest);
    const absl::Status status = manifest.Check();
    EXPECT_THAT(status, ReasonIs(Reason::kManifestInvalid)) << field;
    EXPECT_EQ(DetailOf(status).value_or(ErrorDetail()).field, field);
  }
}

TEST(ReleaseManifest, RefusesAnyByteThatIsAddedOrTaken) {
  const std::string json = ExampleRelease().ToJson();
  for (size_t at = 0; at < json.size(); ++at) {
    std::string shorter = json;
    shorter.erase(at, 1);
    const auto parsed = ReleaseManifest::Parse(shorter);
    // A digit or letter less may still be a manifest, but another one.
    if (parsed.ok()) {
      EXPECT_EQ(parsed->ToJson(), shorter);
    }
    std::string longer = json;
    longer.insert(at, 1, ' ');
    const auto spaced = ReleaseManifest::Parse(longer);
    if (spaced.ok()) {
      EXPECT_EQ(spaced->ToJson(), longer);
    }
  }
}

Dictionary ExampleDictionary() {
  Dictionary dictionary;
  dictionary.release = "projects/frailty-2026/releases/r2026-11";
  dictionary.title = "Frailty and emergency admissions";
  dictionary.created = "2026-12-02T10:00:00Z";
  dictionary.environment = "example";
  DictionaryTable table;
  table.name = "gp_event";
  table.title = "Coded GP events";
  table.description = "One row per event";
  table.paths = {"tables/gp_event/part-00000.parquet"};
  table.rows = 100;
  table.sources = {{"gp-event", 1, std::string(64, 'a')}};
  table.primary_key = {};
  DictionaryColumn day;
  day.name = "event_date";
  day.type = ColumnType::kDate;
  day.description = "Day";
  day.column_class = ColumnClass::kQuasiIdentifier;
  day.grain = "month";
  day.min_int = 7305;
  day.required = true;
  day.filled = 1.0;
  DictionaryColumn sex;
  sex.name = "sex";
  sex.type = ColumnType::kCode;
  sex.description = "Stated sex";
  sex.codes = {{"1", "Male"}, {"2", "Female"}};
  sex.max_length = 64;
  sex.filled = 0.987654;
  DictionaryColumn value;
  value.name = "value1";
  value.type = ColumnType::kDouble;
  value.unit = "as coded";
  value.description = "Value";
  value.min_double = 0.0;
  value.max_double = 10000.0;
  value.derivation = "none";
  table.columns = {day, sex, value};
  dictionary.tables = {table};
  return dictionary;
}

TEST(Dictionary, ComesBackAsItWas) {
  const Dictionary dictionary = ExampleDictionary();
  const std::string json = dictionary.ToJson();
  const auto parsed = Dictionary::Parse(json);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, dictionary);
  EXPECT_EQ(parsed->ToJson(), json);
}

TEST(Dictionary, IsATabularDataPackage) {
  const auto json = ParseJson(ExampleDictionary().ToJson(), 16);
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(*json->GetString("profile"), "tabular-data-package");
  EXPECT_EQ(*json->GetString("name"),
            "projects-frailty-2026-releases-r2026-11");
  const JsonValue& resource = json->Find("resources")->AsArray()[0];
  EXPECT_EQ(*resource.GetString("profile"), "tabular-data-resource");
  EXPECT_EQ(resource.Find("path")->AsArray().size(), 1u);
  const JsonValue& fields = *resource.Find("schema")->Find("fields");
  EXPECT_EQ(*fields.AsArray()[0].GetString("type"), "date");
  EXPECT_EQ(*fields.AsArray()[0].Find("constraints")->GetString("minimum"),
            "1990-01-01");
  EXPECT_EQ(*fields.AsArray()[1].GetString("type"), "string");
  EXPECT_EQ(
      fields.AsArray()[1].Find("constraints")->Find("enum")->AsArray().size(),
      2u);
  EXPECT_EQ(*fields.AsArray()[2].GetString("type"), "number");
}

TEST(Dictionary, ReaderPassesOverKeysItDoesNotKnow) {
  std::string json = ExampleDictionary().ToJson();
  json.insert(json.find("\"profile\""), "\"licenses\": [], ");
  EXPECT_THAT(Dictionary::Parse(json), IsOkAndHolds(ExampleDictionary()));
}

TEST(Dictionary, RefusesWhatIsNoDictionary) {
  for (const char* text :
       {"", "{}", "[]", R"({"profile":"data-package"})",
        R"({"profile":"tabular-data-package","title":"a","created":"b"})"}) {
    EXPECT_THAT(Dictionary::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  std::string json = ExampleDictionary().ToJson();
  json.replace(json.find("\"double\""), 8, "\"dubble\"");
  const auto parsed = Dictionary::Parse(json);
  ASSERT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_NE(std::string(parsed.status().message()).find("fields[2]"),
            std::string::npos);
}

TEST(Dictionary, TakesEverythingFromASpecification) {
  const auto loaded = Specification::Load(std::string(TALLY_SOURCE_DIR) +
                                          "/datasets/sus-apc.toml");
  ASSERT_THAT(loaded, IsOk());
  Dictionary dictionary = ExampleDictionary();
  for (const ColumnSpec& column : loaded->columns()) {
    dictionary.tables[0].columns.push_back(DictionaryColumn::From(column));
  }
  const auto parsed = Dictionary::Parse(dictionary.ToJson());
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, dictionary);
  const DictionaryColumn age =
      DictionaryColumn::From(*loaded->Column("age_fy"));
  EXPECT_EQ(age.derivation, "age_fy of date_of_birth at episode_start");
  EXPECT_EQ(age.min_int, 0);
  EXPECT_EQ(age.max_int, 90);
  EXPECT_EQ(age.unit, "years");
}

}  // namespace
}  // namespace tally::dataset
