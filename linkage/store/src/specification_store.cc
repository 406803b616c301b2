#include "linkage/store/specification_store.h"

#include <utility>

#include "base/error.h"
#include "base/status.h"

namespace tally::linkage {

absl::StatusOr<std::shared_ptr<const SpecificationStore>>
SpecificationStore::Load(const std::string& directory) {
  TALLY_ASSIGN_OR_RETURN(std::vector<dataset::Specification> loaded,
                         dataset::LoadSpecifications(directory));
  return Of(std::move(loaded));
}

std::shared_ptr<const SpecificationStore> SpecificationStore::Of(
    std::vector<dataset::Specification> specifications) {
  std::shared_ptr<SpecificationStore> store(new SpecificationStore());
  store->specifications_ = std::move(specifications);
  return store;
}

absl::StatusOr<const dataset::Specification*> SpecificationStore::Find(
    std::string_view dataset, std::string_view sha256) const {
  for (const dataset::Specification& one : specifications_) {
    if (one.id() == dataset && one.digest_hex() == sha256) return &one;
  }
  return Error(Reason::kSpecMismatch,
               "the hub does not have this version of the specification",
               {.resource = std::string(dataset)});
}

const dataset::Specification* SpecificationStore::Newest(
    std::string_view dataset) const {
  const dataset::Specification* newest = nullptr;
  for (const dataset::Specification& one : specifications_) {
    if (one.id() == dataset &&
        (newest == nullptr || one.version() > newest->version())) {
      newest = &one;
    }
  }
  return newest;
}

std::vector<const dataset::Specification*> SpecificationStore::All() const {
  std::vector<const dataset::Specification*> all;
  for (const dataset::Specification& one : specifications_) all.push_back(&one);
  return all;
}

}  // namespace tally::linkage
