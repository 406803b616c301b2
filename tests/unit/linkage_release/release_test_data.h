#ifndef TALLY_TESTS_UNIT_LINKAGE_RELEASE_RELEASE_TEST_DATA_H_
#define TALLY_TESTS_UNIT_LINKAGE_RELEASE_RELEASE_TEST_DATA_H_

// Small specifications and an agreement over them, for the tests of releases.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/specification.h"
#include "linkage/release/agreement.h"
#include "linkage/store/specification_store.h"

namespace tally::linkage {

// gp-patient (snapshot), gp-event and sus-apc (activity), each with a handful
// of columns of every type and class.
class TestSpecifications {
 public:
  TestSpecifications();

  // Newest version of a dataset, or null.
  const dataset::Specification* Newest(std::string_view id) const;
  // All of them, as the hub keeps them.
  std::shared_ptr<const SpecificationStore> Store() const;

 private:
  std::vector<dataset::Specification> all_;
};

// A project with gp-event of two suppliers and sus-apc, in force from
// 2026-11-01 to 2027-10-31, population gp-patient, grain month.
Agreement BasicAgreement();

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_RELEASE_RELEASE_TEST_DATA_H_
