#ifndef TALLY_DATASET_SRC_MANIFEST_JSON_H_
#define TALLY_DATASET_SRC_MANIFEST_JSON_H_

// Strict reading of signed documents: an object has exactly the keys it should
// have, a text has exactly the form it should have, and every fault names its
// JSON path. Private to lib/dataset.
//
// Threading: pure functions and values.
// Secrets: none.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "dataset/extract_manifest.h"

namespace tally::dataset {

// Reason::kManifestInvalid with `path` as field.
absl::Status ManifestFault(std::string_view path, std::string_view what);

// One object of a document.
class ManifestObject {
 public:
  // Refuses a missing and an unknown key.
  [[nodiscard]] static absl::StatusOr<ManifestObject> Create(
      const JsonValue& value, std::string_view path,
      std::initializer_list<std::string_view> keys);
  // Any keys, each accepted by the caller.
  [[nodiscard]] static absl::StatusOr<ManifestObject> CreateOpen(
      const JsonValue& value, std::string_view path);

  absl::StatusOr<std::string> Text(std::string_view key) const;
  absl::StatusOr<uint64_t> Count(std::string_view key) const;  // 0 or more
  absl::StatusOr<bool> Bool(std::string_view key) const;
  absl::StatusOr<const JsonValue::Array*> Array(std::string_view key) const;
  // REQUIRES: the key is there.
  const JsonValue& Value(std::string_view key) const;
  const JsonValue::Object& members() const { return *members_; }

  std::string PathOf(std::string_view key) const;

 private:
  ManifestObject(const JsonValue::Object& members, std::string_view path)
      : members_(&members), path_(path) {}

  const JsonValue::Object* members_;
  std::string path_;
};

// "datasets[3]"
std::string ElementPath(std::string_view array, size_t index);

// Forms. Each returns ManifestFault(path, ...) unless the text has it.
absl::Status CheckHex(std::string_view path, std::string_view text,
                      size_t digits);
absl::Status CheckDay(std::string_view path, std::string_view text);
absl::Status CheckMoment(std::string_view path, std::string_view text);
absl::Status CheckId(std::string_view path, std::string_view text);
absl::Status CheckEnvironment(std::string_view path, std::string_view text);
absl::Status CheckRounded(std::string_view path, std::string_view text);
absl::Status CheckShortText(std::string_view path, std::string_view text);

// The datasets of a manifest or, without digests, of a receipt.
absl::Status CheckDatasetCounts(const std::vector<DatasetCounts>& datasets,
                                bool with_digest);
JsonValue DatasetCountsToJson(const std::vector<DatasetCounts>& datasets,
                              bool with_digest);
absl::StatusOr<std::vector<DatasetCounts>> DatasetCountsFromJson(
    const JsonValue::Array& array, bool with_digest);

// Reads one line of canonical JSON: ASCII, keys sorted, no white space, one
// final newline, nothing that would be written otherwise. Unlike
// ParseCanonicalJson it admits true and false, which a receipt has.
absl::StatusOr<JsonValue> ParseSignedJson(std::string_view text,
                                          size_t max_bytes);

inline constexpr int kManifestDepth = 4;

}  // namespace tally::dataset

#endif  // TALLY_DATASET_SRC_MANIFEST_JSON_H_
