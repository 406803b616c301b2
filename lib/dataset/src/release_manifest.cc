#include "dataset/release_manifest.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "manifest_json.h"

namespace tally::dataset {
namespace {

constexpr auto kMaxCount =
    static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
constexpr std::string_view kTables = "tables/";
constexpr int64_t kFormatWithoutDatasets = 1;

// "tables/gp_event/part-00000.parquet" -> "gp_event"; otherwise empty.
std::string_view TableOf(std::string_view path) {
  if (!path.starts_with(kTables)) return {};
  const std::string_view rest = path.substr(kTables.size());
  const size_t slash = rest.find('/');
  return slash == std::string_view::npos ? std::string_view()
                                         : rest.substr(0, slash);
}

absl::Status CheckGrains(const std::map<std::string, std::string>& grains) {
  for (const auto& [dataset, grain] : grains) {
    TALLY_RETURN_IF_ERROR(CheckId("dateGrain", dataset));
    if (grain != "day" && grain != "week" && grain != "month") {
      return ManifestFault("dateGrain." + dataset, "not day, week or month");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFormat(int64_t format) {
  if (format == kReleaseFormat || format == kFormatWithoutDatasets) {
    return absl::OkStatus();
  }
  return ManifestFault("format", "unknown format");
}

absl::Status CheckDatasets(const std::vector<std::string>& datasets,
                           int64_t format, const std::string& path) {
  if (format == kFormatWithoutDatasets) {
    return datasets.empty() ? absl::OkStatus()
                            : ManifestFault(path, "not in this format");
  }
  if (datasets.empty()) return ManifestFault(path, "an extract of nothing");
  for (size_t i = 0; i < datasets.size(); ++i) {
    TALLY_RETURN_IF_ERROR(CheckId(ElementPath(path, i), datasets[i]));
    if (i > 0 && datasets[i - 1] >= datasets[i]) {
      return ManifestFault(ElementPath(path, i), "not ascending");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckExtracts(const std::vector<ReleaseExtract>& extracts,
                           int64_t format) {
  for (size_t i = 0; i < extracts.size(); ++i) {
    const ReleaseExtract& extract = extracts[i];
    const std::string path = ElementPath("extracts", i);
    if (!ParseExtractName(extract.extract.ToText()).ok()) {
      return ManifestFault(path + ".extract", "not the name of an extract");
    }
    if (i > 0 && extracts[i - 1].extract.ToText() >= extract.extract.ToText()) {
      return ManifestFault(path + ".extract", "not ascending");
    }
    TALLY_RETURN_IF_ERROR(
        CheckHex(path + ".manifestSha256", extract.manifest_sha256, 64));
    TALLY_RETURN_IF_ERROR(
        CheckDay(path + ".periodStart", extract.period_start));
    TALLY_RETURN_IF_ERROR(CheckDay(path + ".periodEnd", extract.period_end));
    if (extract.period_end < extract.period_start) {
      return ManifestFault(path + ".periodEnd", "before periodStart");
    }
    TALLY_RETURN_IF_ERROR(
        CheckDatasets(extract.datasets, format, path + ".datasets"));
  }
  return absl::OkStatus();
}

absl::Status CheckFiles(const std::vector<ReleaseFile>& files,
                        const std::map<std::string, uint64_t>& row_counts) {
  std::map<std::string, uint64_t, std::less<>> sums;
  for (size_t i = 0; i < files.size(); ++i) {
    const ReleaseFile& file = files[i];
    const std::string path = ElementPath("files", i);
    if (!IsReleasePath(file.path) || file.path == "manifest.json" ||
        file.path == "manifest.sig") {
      return ManifestFault(path + ".path", "not a path inside a release");
    }
    if (i > 0 && files[i - 1].path >= file.path) {
      return ManifestFault(path + ".path", "not ascending");
    }
    TALLY_RETURN_IF_ERROR(CheckHex(path + ".sha256", file.sha256, 64));
    if (file.bytes > kMaxCount || file.rows > kMaxCount) {
      return ManifestFault(path, "too large");
    }
    const std::string_view table = TableOf(file.path);
    if (table.empty() && file.rows != 0) {
      return ManifestFault(path + ".rows", "only parts of tables have rows");
    }
    if (table.empty()) continue;
    uint64_t& sum = sums[std::string(table)];
    if (file.rows > kMaxCount - sum) return ManifestFault(path, "too large");
    sum += file.rows;
  }
  for (const auto& [table, rows] : row_counts) {
    const auto sum = sums.find(table);
    if (sum == sums.end() || sum->second != rows) {
      return ManifestFault("rowCounts", "not the sum of the table's parts");
    }
  }
  if (sums.size() != row_counts.size()) {
    return ManifestFault("rowCounts", "a table is missing");
  }
  return absl::OkStatus();
}

JsonValue FilesToJson(const std::vector<ReleaseFile>& files) {
  JsonValue array = JsonValue::MakeArray();
  for (const ReleaseFile& file : files) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("bytes", file.bytes);
    entry.Set("path", file.path);
    entry.Set("rows", file.rows);
    entry.Set("sha256", file.sha256);
    array.Append(std::move(entry));
  }
  return array;
}

JsonValue ExtractsToJson(const std::vector<ReleaseExtract>& extracts,
                         int64_t format) {
  JsonValue array = JsonValue::MakeArray();
  for (const ReleaseExtract& extract : extracts) {
    JsonValue entry = JsonValue::MakeObject();
    if (format != kFormatWithoutDatasets) {
      JsonValue datasets = JsonValue::MakeArray();
      for (const std::string& id : extract.datasets) datasets.Append(id);
      entry.Set("datasets", std::move(datasets));
    }
    entry.Set("extract", extract.extract.ToText());
    entry.Set("manifestSha256", extract.manifest_sha256);
    entry.Set("periodEnd", extract.period_end);
    entry.Set("periodStart", extract.period_start);
    array.Append(std::move(entry));
  }
  return array;
}

absl::StatusOr<std::vector<ReleaseFile>> FilesFromJson(
    const JsonValue::Array& array) {
  std::vector<ReleaseFile> files;
  for (size_t i = 0; i < array.size(); ++i) {
    TALLY_ASSIGN_OR_RETURN(
        const ManifestObject object,
        ManifestObject::Create(array[i], ElementPath("files", i),
                               {"bytes", "path", "rows", "sha256"}));
    ReleaseFile file;
    TALLY_ASSIGN_OR_RETURN(file.bytes, object.Count("bytes"));
    TALLY_ASSIGN_OR_RETURN(file.path, object.Text("path"));
    TALLY_ASSIGN_OR_RETURN(file.rows, object.Count("rows"));
    TALLY_ASSIGN_OR_RETURN(file.sha256, object.Text("sha256"));
    files.push_back(std::move(file));
  }
  return files;
}

absl::StatusOr<ManifestObject> ExtractObject(const JsonValue& value,
                                             const std::string& path,
                                             int64_t format) {
  if (format == kFormatWithoutDatasets) {
    return ManifestObject::Create(
        value, path, {"extract", "manifestSha256", "periodEnd", "periodStart"});
  }
  return ManifestObject::Create(
      value, path,
      {"datasets", "extract", "manifestSha256", "periodEnd", "periodStart"});
}

absl::StatusOr<std::vector<std::string>> DatasetsOf(
    const ManifestObject& object) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* array,
                         object.Array("datasets"));
  std::vector<std::string> datasets;
  for (size_t i = 0; i < array->size(); ++i) {
    const JsonValue& id = (*array)[i];
    if (!id.is_string()) {
      return ManifestFault(ElementPath(object.PathOf("datasets"), i),
                           "not a text");
    }
    datasets.push_back(id.AsString());
  }
  return datasets;
}

absl::StatusOr<std::vector<ReleaseExtract>> ExtractsFromJson(
    const JsonValue::Array& array, int64_t format) {
  std::vector<ReleaseExtract> extracts;
  for (size_t i = 0; i < array.size(); ++i) {
    TALLY_ASSIGN_OR_RETURN(
        const ManifestObject object,
        ExtractObject(array[i], ElementPath("extracts", i), format));
    ReleaseExtract extract;
    if (format != kFormatWithoutDatasets) {
      TALLY_ASSIGN_OR_RETURN(extract.datasets, DatasetsOf(object));
    }
    TALLY_ASSIGN_OR_RETURN(const std::string name, object.Text("extract"));
    absl::StatusOr<ExtractName> parsed = ParseExtractName(name);
    if (!parsed.ok()) {
      return ManifestFault(object.PathOf("extract"),
                           "not the name of an extract");
    }
    extract.extract = *std::move(parsed);
    TALLY_ASSIGN_OR_RETURN(extract.manifest_sha256,
                           object.Text("manifestSha256"));
    TALLY_ASSIGN_OR_RETURN(extract.period_end, object.Text("periodEnd"));
    TALLY_ASSIGN_OR_RETURN(extract.period_start, object.Text("periodStart"));
    extracts.push_back(std::move(extract));
  }
  return extracts;
}

absl::Status ReadTexts(const ManifestObject& object, ReleaseManifest& out) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"agreementSha256", &out.agreement_sha256},
      {"created", &out.created},
      {"environment", &out.environment},
      {"hub", &out.hub},
      {"project", &out.project},
      {"suite", &out.suite},
      {"tallyVersion", &out.tally_version}};
  for (const auto& [key, text] : texts) {
    TALLY_ASSIGN_OR_RETURN(*text, object.Text(key));
  }
  return absl::OkStatus();
}

absl::Status ReadMaps(const ManifestObject& object, ReleaseManifest& out) {
  TALLY_ASSIGN_OR_RETURN(
      const ManifestObject grains,
      ManifestObject::CreateOpen(object.Value("dateGrain"), "dateGrain"));
  for (const auto& member : grains.members()) {
    TALLY_ASSIGN_OR_RETURN(out.date_grain[member.first],
                           grains.Text(member.first));
  }
  TALLY_ASSIGN_OR_RETURN(
      const ManifestObject counts,
      ManifestObject::CreateOpen(object.Value("rowCounts"), "rowCounts"));
  for (const auto& member : counts.members()) {
    TALLY_ASSIGN_OR_RETURN(out.row_counts[member.first],
                           counts.Count(member.first));
  }
  return absl::OkStatus();
}

}  // namespace

bool ReleaseExtract::HoldsTable(std::string_view table) const {
  return datasets.empty() || std::any_of(datasets.begin(), datasets.end(),
                                         [&](const std::string& id) {
                                           return SqlName(id) == table;
                                         });
}

absl::Status ReleaseManifest::Check() const {
  TALLY_RETURN_IF_ERROR(CheckFormat(format));
  TALLY_RETURN_IF_ERROR(CheckHex("agreementSha256", agreement_sha256, 64));
  TALLY_RETURN_IF_ERROR(CheckMoment("created", created));
  TALLY_RETURN_IF_ERROR(CheckGrains(date_grain));
  if (environment != kSyntheticEnvironment) {
    TALLY_RETURN_IF_ERROR(CheckEnvironment("environment", environment));
  }
  TALLY_RETURN_IF_ERROR(CheckExtracts(extracts, format));
  TALLY_RETURN_IF_ERROR(CheckFiles(files, row_counts));
  TALLY_RETURN_IF_ERROR(CheckId("hub", hub));
  TALLY_RETURN_IF_ERROR(CheckId("project", project));
  if (!ReleaseId::Parse(release.ToText()).ok()) {
    return ManifestFault("release", "not the id of a release");
  }
  TALLY_RETURN_IF_ERROR(CheckShortText("suite", suite));
  return CheckShortText("tallyVersion", tally_version);
}

std::string ReleaseManifest::ToJson() const {
  JsonValue object = JsonValue::MakeObject();
  object.Set("agreementSha256", agreement_sha256);
  object.Set("created", created);
  JsonValue grains = JsonValue::MakeObject();
  for (const auto& [dataset, grain] : date_grain) grains.Set(dataset, grain);
  object.Set("dateGrain", std::move(grains));
  object.Set("environment", environment);
  object.Set("extracts", ExtractsToJson(extracts, format));
  object.Set("files", FilesToJson(files));
  object.Set("format", format);
  object.Set("hub", hub);
  object.Set("project", project);
  object.Set("release", release.ToText());
  JsonValue counts = JsonValue::MakeObject();
  for (const auto& [table, rows] : row_counts) counts.Set(table, rows);
  object.Set("rowCounts", std::move(counts));
  object.Set("suite", suite);
  object.Set("tallyVersion", tally_version);
  return DumpCanonicalJson(object);
}

absl::StatusOr<ReleaseManifest> ReleaseManifest::Parse(std::string_view json) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue value,
                         ParseSignedJson(json, kMaxReleaseManifestBytes));
  TALLY_ASSIGN_OR_RETURN(
      const ManifestObject object,
      ManifestObject::Create(
          value, "",
          {"agreementSha256", "created", "dateGrain", "environment", "extracts",
           "files", "format", "hub", "project", "release", "rowCounts", "suite",
           "tallyVersion"}));
  ReleaseManifest out;
  TALLY_RETURN_IF_ERROR(ReadTexts(object, out));
  TALLY_RETURN_IF_ERROR(ReadMaps(object, out));
  TALLY_ASSIGN_OR_RETURN(const uint64_t format, object.Count("format"));
  out.format = static_cast<int64_t>(format);
  TALLY_RETURN_IF_ERROR(CheckFormat(out.format));
  TALLY_ASSIGN_OR_RETURN(const std::string release, object.Text("release"));
  absl::StatusOr<ReleaseId> id = ReleaseId::Parse(release);
  if (!id.ok()) return ManifestFault("release", "not the id of a release");
  out.release = *id;
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* files, object.Array("files"));
  TALLY_ASSIGN_OR_RETURN(out.files, FilesFromJson(*files));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* extracts,
                         object.Array("extracts"));
  TALLY_ASSIGN_OR_RETURN(out.extracts, ExtractsFromJson(*extracts, out.format));
  TALLY_RETURN_IF_ERROR(out.Check());
  return out;
}

const ReleaseFile* ReleaseManifest::Find(std::string_view path) const {
  const auto file =
      std::lower_bound(files.begin(), files.end(), path,
                       [](const ReleaseFile& entry, std::string_view sought) {
                         return entry.path < sought;
                       });
  return file != files.end() && file->path == path ? &*file : nullptr;
}

}  // namespace tally::dataset
