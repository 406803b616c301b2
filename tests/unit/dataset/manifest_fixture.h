#ifndef TALLY_TESTS_UNIT_DATASET_MANIFEST_FIXTURE_H_
#define TALLY_TESTS_UNIT_DATASET_MANIFEST_FIXTURE_H_

// A manifest with every field set, for the tests of manifest and receipt.

#include <string>

#include "dataset/extract_manifest.h"

namespace tally::dataset {

inline ExtractManifest ExampleManifest() {
  ExtractManifest manifest;
  manifest.batches = 42;
  manifest.created = "2026-11-20T08:15:00Z";
  manifest.datasets = {
      {"gp-event",
       std::string(64, 'a'),
       1203980,
       121,
       {{RowReason::kNhsNumberMissing, 120}, {RowReason::kNhsNumberFormat, 1}},
       {{RowReason::kDateInvalid, 21}, {RowReason::kRestrictedCode, 3}}},
      {"gp-patient", std::string(64, 'b'), 84120, 0, {}, {}}};
  manifest.domain = "commissioning";
  manifest.environment = "example";
  manifest.epoch = 1;
  manifest.extract = {"gp-supplier-a", {{2026, 11}, 1}};
  manifest.key_id = "fa8d4e17047812dd";
  manifest.lists = {
      {"national_eligible", {"2026-11-18", "84100", ""}},
      {"restricted_codes", {"2026-01-05", "1204", std::string(64, 'c')}},
      {"type1_opt_outs", {"2026-11-19", "*", ""}}};
  manifest.opted_out = "510";
  manifest.period_end = "2026-11-30";
  manifest.period_start = "2026-11-01";
  manifest.persons = 84120;
  manifest.persons_sha256 = std::string(64, 'd');
  manifest.stream_sha256 = std::string(64, 'e');
  manifest.suite = "tally1-ristretto255-SHA512";
  return manifest;
}

}  // namespace tally::dataset

#endif  // TALLY_TESTS_UNIT_DATASET_MANIFEST_FIXTURE_H_
