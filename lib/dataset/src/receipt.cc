#include "dataset/receipt.h"

#include <limits>
#include <utility>

#include "base/json.h"
#include "base/status.h"
#include "manifest_json.h"

namespace tally::dataset {

Receipt Receipt::For(const ExtractManifest& manifest,
                     std::string_view manifest_sha256, std::string_view created,
                     bool resumed) {
  Receipt receipt;
  receipt.created = std::string(created);
  receipt.datasets = manifest.datasets;
  for (DatasetCounts& counts : receipt.datasets) counts.spec_sha256.clear();
  receipt.epoch = manifest.epoch;
  receipt.extract = manifest.extract;
  receipt.key_id = manifest.key_id;
  receipt.manifest_sha256 = std::string(manifest_sha256);
  receipt.opted_out = manifest.opted_out;
  receipt.persons = manifest.persons;
  receipt.resumed = resumed;
  receipt.state = "PUBLISHED";
  return receipt;
}

absl::Status Receipt::Check() const {
  TALLY_RETURN_IF_ERROR(CheckMoment("created", created));
  TALLY_RETURN_IF_ERROR(CheckDatasetCounts(datasets, false));
  if (epoch == 0) return ManifestFault("epoch", "from 1");
  if (!ParseExtractName(extract.ToText()).ok()) {
    return ManifestFault("extract", "not the name of an extract");
  }
  TALLY_RETURN_IF_ERROR(CheckHex("keyId", key_id, 16));
  TALLY_RETURN_IF_ERROR(CheckHex("manifestSha256", manifest_sha256, 64));
  TALLY_RETURN_IF_ERROR(CheckRounded("optedOut", opted_out));
  if (persons > uint64_t{1} << 31) return ManifestFault("persons", "too many");
  if (state != "PUBLISHED") return ManifestFault("state", "not PUBLISHED");
  return absl::OkStatus();
}

std::string Receipt::ToJson() const {
  JsonValue object = JsonValue::MakeObject();
  object.Set("created", created);
  object.Set("datasets", DatasetCountsToJson(datasets, false));
  object.Set("epoch", epoch);
  object.Set("extract", extract.ToText());
  object.Set("keyId", key_id);
  object.Set("manifestSha256", manifest_sha256);
  object.Set("optedOut", opted_out);
  object.Set("persons", persons);
  object.Set("resumed", resumed);
  object.Set("state", state);
  return object.Dump() + "\n";
}

absl::StatusOr<Receipt> Receipt::Parse(std::string_view json) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue value,
                         ParseSignedJson(json, kMaxManifestBytes));
  TALLY_ASSIGN_OR_RETURN(
      const ManifestObject object,
      ManifestObject::Create(
          value, "",
          {"created", "datasets", "epoch", "extract", "keyId", "manifestSha256",
           "optedOut", "persons", "resumed", "state"}));
  Receipt out;
  TALLY_ASSIGN_OR_RETURN(out.created, object.Text("created"));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* datasets,
                         object.Array("datasets"));
  TALLY_ASSIGN_OR_RETURN(out.datasets, DatasetCountsFromJson(*datasets, false));
  TALLY_ASSIGN_OR_RETURN(const uint64_t epoch, object.Count("epoch"));
  if (epoch > std::numeric_limits<uint32_t>::max()) {
    return ManifestFault("epoch", "too large");
  }
  out.epoch = static_cast<uint32_t>(epoch);
  TALLY_ASSIGN_OR_RETURN(const std::string name, object.Text("extract"));
  absl::StatusOr<ExtractName> extract = ParseExtractName(name);
  if (!extract.ok()) {
    return ManifestFault("extract", "not the name of an extract");
  }
  out.extract = *std::move(extract);
  TALLY_ASSIGN_OR_RETURN(out.key_id, object.Text("keyId"));
  TALLY_ASSIGN_OR_RETURN(out.manifest_sha256, object.Text("manifestSha256"));
  TALLY_ASSIGN_OR_RETURN(out.opted_out, object.Text("optedOut"));
  TALLY_ASSIGN_OR_RETURN(out.persons, object.Count("persons"));
  TALLY_ASSIGN_OR_RETURN(out.resumed, object.Bool("resumed"));
  TALLY_ASSIGN_OR_RETURN(out.state, object.Text("state"));
  TALLY_RETURN_IF_ERROR(out.Check());
  return out;
}

}  // namespace tally::dataset
