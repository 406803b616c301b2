#include "manifest_json.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/rounding.h"

namespace tally::dataset {
namespace {

constexpr size_t kMaxDatasets = 32;
constexpr size_t kMaxShortText = 64;

std::string Join(std::string_view path, std::string_view key) {
  if (path.empty()) return std::string(key);
  return absl::StrFormat("%s.%s", std::string(path), std::string(key));
}

absl::Status CheckReasons(const ReasonCounts& counts, std::string_view path,
                          bool unlinked) {
  for (const auto& [reason, count] : counts) {
    const RowOutcome outcome = OutcomeOf(reason);
    const bool dropped = outcome == RowOutcome::kDroppedByRule ||
                         outcome == RowOutcome::kDroppedFault;
    const bool fits = unlinked ? outcome == RowOutcome::kUnlinked
                               : dropped && !IsOptOut(reason);
    if (!fits || count == 0) {
      return ManifestFault(Join(path, RowReasonName(reason)),
                           "a reason that does not belong here, or no rows");
    }
  }
  return absl::OkStatus();
}

JsonValue ReasonsToJson(const ReasonCounts& counts) {
  JsonValue::Object object;
  for (const auto& [reason, count] : counts) {
    object.emplace(RowReasonName(reason), count);
  }
  return object;
}

absl::StatusOr<ReasonCounts> ReasonsFromJson(const JsonValue& value,
                                             std::string_view path) {
  TALLY_ASSIGN_OR_RETURN(const ManifestObject object,
                         ManifestObject::CreateOpen(value, path));
  ReasonCounts counts;
  for (const auto& member : object.members()) {
    const auto reason = RowReasonFromName(member.first);
    if (!reason) return ManifestFault(path, "unknown reason");
    TALLY_ASSIGN_OR_RETURN(const uint64_t count, object.Count(member.first));
    counts.emplace(*reason, count);
  }
  return counts;
}

}  // namespace

absl::Status ManifestFault(std::string_view path, std::string_view what) {
  ErrorDetail detail;
  detail.field = std::string(path);
  return Error(Reason::kManifestInvalid,
               absl::StrFormat("%s: %s", std::string(path), std::string(what)),
               std::move(detail));
}

absl::StatusOr<ManifestObject> ManifestObject::CreateOpen(
    const JsonValue& value, std::string_view path) {
  if (!value.is_object()) return ManifestFault(path, "not an object");
  return ManifestObject(value.AsObject(), path);
}

absl::StatusOr<ManifestObject> ManifestObject::Create(
    const JsonValue& value, std::string_view path,
    std::initializer_list<std::string_view> keys) {
  TALLY_ASSIGN_OR_RETURN(ManifestObject object, CreateOpen(value, path));
  for (const std::string_view key : keys) {
    if (object.members().find(key) == object.members().end()) {
      return ManifestFault(object.PathOf(key), "missing");
    }
  }
  // Every key of `keys` is there, so one more means an unknown one.
  if (object.members().size() != keys.size()) {
    return ManifestFault(path, "unknown key");
  }
  return object;
}

std::string ManifestObject::PathOf(std::string_view key) const {
  return Join(path_, key);
}

const JsonValue& ManifestObject::Value(std::string_view key) const {
  const auto member = members_->find(key);
  TALLY_CHECK(member != members_->end());
  return member->second;
}

absl::StatusOr<std::string> ManifestObject::Text(std::string_view key) const {
  const JsonValue& value = Value(key);
  if (!value.is_string()) return ManifestFault(PathOf(key), "not a text");
  return value.AsString();
}

absl::StatusOr<uint64_t> ManifestObject::Count(std::string_view key) const {
  const JsonValue& value = Value(key);
  if (!value.is_int() || value.AsInt() < 0) {
    return ManifestFault(PathOf(key), "not a count");
  }
  return static_cast<uint64_t>(value.AsInt());
}

absl::StatusOr<bool> ManifestObject::Bool(std::string_view key) const {
  const JsonValue& value = Value(key);
  if (!value.is_bool()) return ManifestFault(PathOf(key), "not true or false");
  return value.AsBool();
}

absl::StatusOr<const JsonValue::Array*> ManifestObject::Array(
    std::string_view key) const {
  const JsonValue& value = Value(key);
  if (!value.is_array()) return ManifestFault(PathOf(key), "not an array");
  return &value.AsArray();
}

std::string ElementPath(std::string_view array, size_t index) {
  return absl::StrFormat("%s[%u]", std::string(array), index);
}

absl::Status CheckHex(std::string_view path, std::string_view text,
                      size_t digits) {
  const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (hex && text.size() == digits) return absl::OkStatus();
  return ManifestFault(path,
                       absl::StrFormat("not %u lower-case hex digits", digits));
}

absl::Status CheckDay(std::string_view path, std::string_view text) {
  if (CivilDay::Parse(text, "%Y-%m-%d").ok()) return absl::OkStatus();
  return ManifestFault(path, "not a day, YYYY-MM-DD");
}

absl::Status CheckMoment(std::string_view path, std::string_view text) {
  if (CivilDay::Parse(text, "%Y-%m-%dT%H:%M:%SZ").ok()) return absl::OkStatus();
  return ManifestFault(path, "not a UTC time, YYYY-MM-DDTHH:MM:SSZ");
}

absl::Status CheckId(std::string_view path, std::string_view text) {
  if (IsResourceId(text)) return absl::OkStatus();
  return ManifestFault(path, "not an id");
}

absl::Status CheckEnvironment(std::string_view path, std::string_view text) {
  if (text == "example" || text == "test" || text == "production") {
    return absl::OkStatus();
  }
  return ManifestFault(path, "not example, test or production");
}

absl::Status CheckRounded(std::string_view path, std::string_view text) {
  if (IsRoundedCount(text)) return absl::OkStatus();
  return ManifestFault(path, "not a rounded count");
}

absl::Status CheckShortText(std::string_view path, std::string_view text) {
  const bool printable = std::all_of(
      text.begin(), text.end(), [](char c) { return c > 0x20 && c <= 0x7e; });
  if (printable && !text.empty() && text.size() <= kMaxShortText) {
    return absl::OkStatus();
  }
  return ManifestFault(path, "not 1 to 64 ASCII characters without spaces");
}

absl::Status CheckDatasetCounts(const std::vector<DatasetCounts>& datasets,
                                bool with_digest) {
  if (datasets.empty() || datasets.size() > kMaxDatasets) {
    return ManifestFault("datasets", "1 to 32 datasets");
  }
  for (size_t i = 0; i < datasets.size(); ++i) {
    const DatasetCounts& counts = datasets[i];
    const std::string path = ElementPath("datasets", i);
    TALLY_RETURN_IF_ERROR(CheckId(path + ".dataset", counts.dataset));
    if (i > 0 && datasets[i - 1].dataset >= counts.dataset) {
      return ManifestFault(path + ".dataset", "not ascending");
    }
    if (with_digest) {
      TALLY_RETURN_IF_ERROR(
          CheckHex(path + ".specSha256", counts.spec_sha256, 64));
    }
    TALLY_RETURN_IF_ERROR(
        CheckReasons(counts.unlinked, path + ".unlinked", true));
    TALLY_RETURN_IF_ERROR(
        CheckReasons(counts.dropped, path + ".dropped", false));
    uint64_t left = counts.rows_unlinked;
    for (const auto& [reason, count] : counts.unlinked) {
      if (count > left) return ManifestFault(path + ".unlinked", "wrong sum");
      left -= count;
    }
    if (left != 0) return ManifestFault(path + ".unlinked", "wrong sum");
    if (counts.rows_unlinked > counts.rows) {
      return ManifestFault(path + ".rowsUnlinked", "more than rows");
    }
  }
  return absl::OkStatus();
}

JsonValue DatasetCountsToJson(const std::vector<DatasetCounts>& datasets,
                              bool with_digest) {
  JsonValue array = JsonValue::MakeArray();
  for (const DatasetCounts& counts : datasets) {
    JsonValue object = JsonValue::MakeObject();
    object.Set("dataset", counts.dataset);
    object.Set("dropped", ReasonsToJson(counts.dropped));
    object.Set("rows", counts.rows);
    object.Set("rowsUnlinked", counts.rows_unlinked);
    if (with_digest) object.Set("specSha256", counts.spec_sha256);
    object.Set("unlinked", ReasonsToJson(counts.unlinked));
    array.Append(std::move(object));
  }
  return array;
}

absl::StatusOr<std::vector<DatasetCounts>> DatasetCountsFromJson(
    const JsonValue::Array& array, bool with_digest) {
  std::vector<DatasetCounts> datasets;
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string path = ElementPath("datasets", i);
    absl::StatusOr<ManifestObject> object =
        with_digest
            ? ManifestObject::Create(array[i], path,
                                     {"dataset", "dropped", "rows",
                                      "rowsUnlinked", "specSha256", "unlinked"})
            : ManifestObject::Create(
                  array[i], path,
                  {"dataset", "dropped", "rows", "rowsUnlinked", "unlinked"});
    TALLY_RETURN_IF_ERROR(object.status());
    DatasetCounts counts;
    TALLY_ASSIGN_OR_RETURN(counts.dataset, object->Text("dataset"));
    TALLY_ASSIGN_OR_RETURN(counts.rows, object->Count("rows"));
    TALLY_ASSIGN_OR_RETURN(counts.rows_unlinked, object->Count("rowsUnlinked"));
    if (with_digest) {
      TALLY_ASSIGN_OR_RETURN(counts.spec_sha256, object->Text("specSha256"));
    }
    TALLY_ASSIGN_OR_RETURN(
        counts.dropped,
        ReasonsFromJson(object->Value("dropped"), object->PathOf("dropped")));
    TALLY_ASSIGN_OR_RETURN(
        counts.unlinked,
        ReasonsFromJson(object->Value("unlinked"), object->PathOf("unlinked")));
    datasets.push_back(std::move(counts));
  }
  return datasets;
}

absl::StatusOr<JsonValue> ParseSignedJson(std::string_view text,
                                          size_t max_bytes) {
  if (text.size() > max_bytes) return ManifestFault("", "too long");
  absl::StatusOr<JsonValue> value = ParseJson(text, kManifestDepth);
  if (!value.ok()) {
    return ManifestFault("", ToStd(value.status().message()));
  }
  if (value->Dump() + "\n" != text) {
    return ManifestFault("", "not in canonical form");
  }
  return value;
}

}  // namespace tally::dataset
