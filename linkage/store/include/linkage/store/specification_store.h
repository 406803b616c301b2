// Every dataset specification that this hub accepts, found by its digest.
//
// Role: hub. The hub reads its own folder and compares digests with what a
// source announces; nothing that a source sends becomes a specification.
//
// Spec: docs/spec/hub-directory-v1.md, "Specifications"
// Threading: immutable.
// Secrets: none.

#ifndef TALLY_LINKAGE_STORE_SPECIFICATION_STORE_H_
#define TALLY_LINKAGE_STORE_SPECIFICATION_STORE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataset/specification.h"

namespace tally::linkage {

class SpecificationStore {
 public:
  // Errors: those of reading and parsing; two versions of one number.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<const SpecificationStore>>
  Load(const std::string& directory);
  [[nodiscard]] static std::shared_ptr<const SpecificationStore> Of(
      std::vector<dataset::Specification> specifications);

  // SPEC_MISMATCH if this digest (hex) is not one of this dataset's.
  [[nodiscard]] absl::StatusOr<const dataset::Specification*> Find(
      std::string_view dataset, std::string_view sha256) const;
  // The highest version of a dataset; nullptr if it is unknown.
  const dataset::Specification* Newest(std::string_view dataset) const;
  // All, by id and version.
  std::vector<const dataset::Specification*> All() const;

 private:
  SpecificationStore() = default;
  std::vector<dataset::Specification> specifications_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SPECIFICATION_STORE_H_
