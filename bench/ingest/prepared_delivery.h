// A delivery of twelve columns as a source has prepared it, for benchmarks of
// what the hub does with it.

#ifndef TALLY_BENCH_INGEST_PREPARED_DELIVERY_H_
#define TALLY_BENCH_INGEST_PREPARED_DELIVERY_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "linkage/store/specification_store.h"
#include "store_fixture.h"

namespace tally::linkage {

// The specification `bench-event`, as TOML, and a store of it alone.
extern const std::string_view kPreparedSpecification;
std::shared_ptr<const SpecificationStore> PreparedSpecifications();

struct PreparedSize {
  int64_t rows = 0;
  int64_t persons = 0;
  // Tokens of real numbers, which the hub can convert; else random bytes.
  bool real_tokens = false;
};

// Batches of 8,192 rows, and their manifest.
TestDelivery PrepareDelivery(const TestScheme& scheme,
                             const dataset::Specification& specification,
                             const PreparedSize& size);

}  // namespace tally::linkage

#endif  // TALLY_BENCH_INGEST_PREPARED_DELIVERY_H_
