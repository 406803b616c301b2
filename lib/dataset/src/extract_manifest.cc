#include "dataset/extract_manifest.h"

#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/column_type.h"
#include "manifest_json.h"

namespace tally::dataset {
namespace {

constexpr uint64_t kMaxPersons = uint64_t{1} << 31;

absl::Status CheckLists(const std::map<std::string, ListFacts>& lists) {
  for (const auto& [name, facts] : lists) {
    const std::string path = "lists." + name;
    const auto list = ListNameFromText(name);
    if (!list) return ManifestFault("lists", "unknown list");
    TALLY_RETURN_IF_ERROR(CheckDay(path + ".date", facts.date));
    if (ListsPeople(*list)) {
      if (!facts.sha256.empty()) {
        return ManifestFault(path + ".sha256", "a list of people has none");
      }
      TALLY_RETURN_IF_ERROR(CheckRounded(path + ".rows", facts.rows));
      continue;
    }
    TALLY_RETURN_IF_ERROR(CheckHex(path + ".sha256", facts.sha256, 64));
    if (!ParseInt64In(facts.rows, 0, INT64_MAX).ok()) {
      return ManifestFault(path + ".rows", "not a count");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPeriod(const ExtractManifest& manifest) {
  TALLY_RETURN_IF_ERROR(CheckDay("periodStart", manifest.period_start));
  TALLY_RETURN_IF_ERROR(CheckDay("periodEnd", manifest.period_end));
  // ISO days compare as text.
  if (manifest.period_end < manifest.period_start) {
    return ManifestFault("periodEnd", "before periodStart");
  }
  TALLY_ASSIGN_OR_RETURN(const CivilDay end,
                         CivilDay::Parse(manifest.period_end, "%Y-%m-%d"));
  if (end.year() != manifest.extract.extract.month.year ||
      end.month() != manifest.extract.extract.month.month) {
    return ManifestFault("periodEnd", "not in the month of the extract");
  }
  return absl::OkStatus();
}

JsonValue ListsToJson(const std::map<std::string, ListFacts>& lists) {
  JsonValue object = JsonValue::MakeObject();
  for (const auto& [name, facts] : lists) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("date", facts.date);
    const auto list = ListNameFromText(name);
    if (list && ListsPeople(*list)) {
      entry.Set("rows", facts.rows);
    } else {
      entry.Set("rows", ParseInt64(facts.rows).value_or(0));
      entry.Set("sha256", facts.sha256);
    }
    object.Set(name, std::move(entry));
  }
  return object;
}

absl::StatusOr<std::map<std::string, ListFacts>> ListsFromJson(
    const JsonValue& value) {
  TALLY_ASSIGN_OR_RETURN(const ManifestObject lists,
                         ManifestObject::CreateOpen(value, "lists"));
  std::map<std::string, ListFacts> result;
  for (const auto& member : lists.members()) {
    const auto list = ListNameFromText(member.first);
    if (!list) return ManifestFault("lists", "unknown list");
    const std::string path = lists.PathOf(member.first);
    ListFacts facts;
    if (ListsPeople(*list)) {
      TALLY_ASSIGN_OR_RETURN(
          const ManifestObject entry,
          ManifestObject::Create(member.second, path, {"date", "rows"}));
      TALLY_ASSIGN_OR_RETURN(facts.date, entry.Text("date"));
      TALLY_ASSIGN_OR_RETURN(facts.rows, entry.Text("rows"));
    } else {
      TALLY_ASSIGN_OR_RETURN(
          const ManifestObject entry,
          ManifestObject::Create(member.second, path,
                                 {"date", "rows", "sha256"}));
      TALLY_ASSIGN_OR_RETURN(facts.date, entry.Text("date"));
      TALLY_ASSIGN_OR_RETURN(facts.sha256, entry.Text("sha256"));
      TALLY_ASSIGN_OR_RETURN(const uint64_t rows, entry.Count("rows"));
      facts.rows = absl::StrFormat("%u", rows);
    }
    result.emplace(member.first, std::move(facts));
  }
  return result;
}

absl::Status CheckBounds(const ExtractManifest& manifest) {
  constexpr auto kMax =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (manifest.batches > kMax) return ManifestFault("batches", "too many");
  if (manifest.persons > kMaxPersons)
    return ManifestFault("persons", "too many");
  if (manifest.epoch == 0) return ManifestFault("epoch", "from 1");
  for (size_t i = 0; i < manifest.datasets.size(); ++i) {
    if (manifest.datasets[i].rows > kMax) {
      return ManifestFault(ElementPath("datasets", i) + ".rows", "too many");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadTexts(const ManifestObject& object, ExtractManifest& out) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"created", &out.created},
      {"domain", &out.domain},
      {"environment", &out.environment},
      {"keyId", &out.key_id},
      {"optedOut", &out.opted_out},
      {"periodEnd", &out.period_end},
      {"periodStart", &out.period_start},
      {"personsSha256", &out.persons_sha256},
      {"streamSha256", &out.stream_sha256},
      {"suite", &out.suite}};
  for (const auto& [key, text] : texts) {
    TALLY_ASSIGN_OR_RETURN(*text, object.Text(key));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ExtractManifest::Check() const {
  TALLY_RETURN_IF_ERROR(CheckBounds(*this));
  TALLY_RETURN_IF_ERROR(CheckMoment("created", created));
  TALLY_RETURN_IF_ERROR(CheckDatasetCounts(datasets, true));
  TALLY_RETURN_IF_ERROR(CheckId("domain", domain));
  TALLY_RETURN_IF_ERROR(CheckEnvironment("environment", environment));
  if (!ParseExtractName(extract.ToText()).ok()) {
    return ManifestFault("extract", "not the name of an extract");
  }
  TALLY_RETURN_IF_ERROR(CheckHex("keyId", key_id, 16));
  TALLY_RETURN_IF_ERROR(CheckLists(lists));
  TALLY_RETURN_IF_ERROR(CheckRounded("optedOut", opted_out));
  TALLY_RETURN_IF_ERROR(CheckPeriod(*this));
  TALLY_RETURN_IF_ERROR(CheckHex("personsSha256", persons_sha256, 64));
  TALLY_RETURN_IF_ERROR(CheckHex("streamSha256", stream_sha256, 64));
  return CheckShortText("suite", suite);
}

std::string ExtractManifest::ToJson() const {
  JsonValue object = JsonValue::MakeObject();
  object.Set("batches", batches);
  object.Set("created", created);
  object.Set("datasets", DatasetCountsToJson(datasets, true));
  object.Set("domain", domain);
  object.Set("environment", environment);
  object.Set("epoch", epoch);
  object.Set("extract", extract.ToText());
  object.Set("format", kManifestFormat);
  object.Set("keyId", key_id);
  object.Set("lists", ListsToJson(lists));
  object.Set("optedOut", opted_out);
  object.Set("periodEnd", period_end);
  object.Set("periodStart", period_start);
  object.Set("persons", persons);
  object.Set("personsSha256", persons_sha256);
  object.Set("source", extract.source);
  object.Set("streamSha256", stream_sha256);
  object.Set("suite", suite);
  return DumpCanonicalJson(object);
}

absl::StatusOr<ExtractManifest> ExtractManifest::Parse(std::string_view json) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue value,
                         ParseSignedJson(json, kMaxManifestBytes));
  TALLY_ASSIGN_OR_RETURN(
      const ManifestObject object,
      ManifestObject::Create(
          value, "",
          {"batches", "created", "datasets", "domain", "environment", "epoch",
           "extract", "format", "keyId", "lists", "optedOut", "periodEnd",
           "periodStart", "persons", "personsSha256", "source", "streamSha256",
           "suite"}));
  ExtractManifest out;
  TALLY_RETURN_IF_ERROR(ReadTexts(object, out));
  TALLY_ASSIGN_OR_RETURN(out.batches, object.Count("batches"));
  TALLY_ASSIGN_OR_RETURN(out.persons, object.Count("persons"));
  TALLY_ASSIGN_OR_RETURN(const uint64_t epoch, object.Count("epoch"));
  TALLY_ASSIGN_OR_RETURN(const uint64_t format, object.Count("format"));
  if (format != static_cast<uint64_t>(kManifestFormat)) {
    return ManifestFault("format", "unknown format");
  }
  if (epoch > std::numeric_limits<uint32_t>::max()) {
    return ManifestFault("epoch", "too large");
  }
  out.epoch = static_cast<uint32_t>(epoch);
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* datasets,
                         object.Array("datasets"));
  TALLY_ASSIGN_OR_RETURN(out.datasets, DatasetCountsFromJson(*datasets, true));
  TALLY_ASSIGN_OR_RETURN(out.lists, ListsFromJson(object.Value("lists")));
  TALLY_ASSIGN_OR_RETURN(const std::string name, object.Text("extract"));
  absl::StatusOr<ExtractName> extract = ParseExtractName(name);
  if (!extract.ok()) {
    return ManifestFault("extract", "not the name of an extract");
  }
  out.extract = *std::move(extract);
  TALLY_ASSIGN_OR_RETURN(const std::string source, object.Text("source"));
  if (source != out.extract.source) {
    return ManifestFault("source", "not the source of the extract");
  }
  TALLY_RETURN_IF_ERROR(out.Check());
  return out;
}

absl::Status CompareManifest(const ExtractManifest& claimed,
                             const ExtractManifest& counted) {
  const auto differs = [](std::string_view path) {
    ErrorDetail detail;
    detail.field = std::string(path);
    return Error(
        Reason::kManifestMismatch,
        absl::StrFormat("%s differs from what was received", std::string(path)),
        std::move(detail));
  };
  if (claimed.extract != counted.extract) return differs("extract");
  if (claimed.domain != counted.domain) return differs("domain");
  if (claimed.environment != counted.environment) return differs("environment");
  if (claimed.suite != counted.suite) return differs("suite");
  if (claimed.epoch != counted.epoch) return differs("epoch");
  if (claimed.key_id != counted.key_id) return differs("keyId");
  if (claimed.period_start != counted.period_start) {
    return differs("periodStart");
  }
  if (claimed.period_end != counted.period_end) return differs("periodEnd");
  if (claimed.batches != counted.batches) return differs("batches");
  if (claimed.persons != counted.persons) return differs("persons");
  if (claimed.datasets.size() != counted.datasets.size()) {
    return differs("datasets");
  }
  for (size_t i = 0; i < claimed.datasets.size(); ++i) {
    const DatasetCounts& left = claimed.datasets[i];
    const DatasetCounts& right = counted.datasets[i];
    const std::string path = ElementPath("datasets", i);
    if (left.dataset != right.dataset) return differs(path + ".dataset");
    if (left.spec_sha256 != right.spec_sha256) {
      return differs(path + ".specSha256");
    }
    if (left.rows != right.rows) return differs(path + ".rows");
    if (left.rows_unlinked != right.rows_unlinked) {
      return differs(path + ".rowsUnlinked");
    }
    if (left.unlinked != right.unlinked) return differs(path + ".unlinked");
  }
  if (claimed.persons_sha256 != counted.persons_sha256) {
    return differs("personsSha256");
  }
  if (claimed.stream_sha256 != counted.stream_sha256) {
    return differs("streamSha256");
  }
  return absl::OkStatus();
}

}  // namespace tally::dataset
