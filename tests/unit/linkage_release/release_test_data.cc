#include "release_test_data.h"

#include <cstdio>
#include <cstdlib>

namespace tally::linkage {
namespace {

constexpr std::string_view kPatient = R"toml(
id = "gp-patient"
version = 1
title = "Registrations"
kind = "snapshot"
person = { input = "nhs_number", when_no_token = "unlinked" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "year_of_birth", type = "int32", min = 1900, max = 2100, class = "QI", description = "Year of birth" },
  { name = "sex", type = "code", codes = { "0" = "not known", "1" = "male", "2" = "female", "9" = "not specified" }, class = "QI", description = "Sex" },
  { name = "ethnic_category", type = "code", pattern = "[A-Z0-9]{1,2}", class = "QI", description = "Ethnic category" },
  { name = "practice_code", type = "code", pattern = "[A-Z][0-9]{5}", class = "QI", description = "Practice" },
  { name = "lsoa21", type = "code", pattern = "E01[0-9]{6}", class = "QI", description = "Small area" },
  { name = "imd_decile", type = "int32", min = 1, max = 10, class = "QI", description = "Deprivation decile" },
  { name = "registration_start", type = "date", min = 1900-01-01, max = "today", class = "QI", description = "First month of the registration" },
  { name = "registration_end", type = "date", min = 1900-01-01, max = "today", class = "QI", description = "Last month of the registration" },
  { name = "death_month", type = "date", min = 1900-01-01, max = "today", class = "QI", description = "Month of death" },
  { name = "nhs_number_status", type = "code", pattern = "[0-9]{2}", class = "ATTR", description = "Status of the number" },
]
)toml";

constexpr std::string_view kEvent = R"toml(
id = "gp-event"
version = 1
title = "Coded events"
kind = "activity"
period_column = "event_date"
person = { input = "nhs_number", when_no_token = "unlinked" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "event_date", type = "date", required = true, min = 1990-01-01, max = "today", class = "QI", description = "Day of the event" },
  { name = "cluster_id", type = "code", pattern = "[A-Z_]+", class = "ATTR", description = "Cluster" },
  { name = "value1", type = "double", min = 0.0, max = 10000.0, unit = "as coded", class = "ATTR", description = "Value" },
  { name = "practice_code", type = "code", pattern = "[A-Z][0-9]{5}", class = "QI", description = "Practice" },
  { name = "abnormal", type = "bool", class = "ATTR", description = "Flag" },
]
)toml";

constexpr std::string_view kApc = R"toml(
id = "sus-apc"
version = 1
title = "Admitted patient care"
kind = "activity"
period_column = "discharge_date"
person = { input = "nhs_number", when_no_token = "unlinked" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "spell_id", type = "int64", min = 10000000000, max = 9223372036854775807, derive = { from = "spell", by = "rekey" }, class = "RK", description = "Spell" },
  { name = "admission_date", type = "date", min = 1990-01-01, max = "today", class = "QI", description = "Admission" },
  { name = "discharge_date", type = "date", min = 1990-01-01, max = "today", class = "QI", description = "Discharge" },
  { name = "diag_01", type = "code", pattern = "[A-Z][0-9]{2,3}", class = "SEN", description = "Primary diagnosis" },
  { name = "practice_code", type = "code", pattern = "[A-Z][0-9]{5}", class = "QI", description = "Practice" },
  { name = "lsoa21", type = "code", pattern = "E01[0-9]{6}", class = "QI", description = "Small area" },
  { name = "imd_decile", type = "int32", min = 1, max = 10, class = "QI", description = "Deprivation decile" },
  { name = "age_fy", type = "int32", min = 0, max = 90, class = "QI", description = "Age" },
  { name = "tariff_pence", type = "int64", min = 0, max = 999999999, unit = "pence", class = "ATTR", description = "Tariff" },
  { name = "nhs_number_status", type = "code", pattern = "[0-9]{2}", class = "ATTR", description = "Status of the number" },
]
)toml";

constexpr std::string_view kBasicAgreement = R"toml(
project = { id = "frailty-2026", agreement = "v1", title = "Frailty", purpose = "Planning" }
authority = { controller = "Example ICB", legal_basis = "approval 7", domain = "commissioning" }
term = { valid_from = 2026-11-01, expires = 2027-10-31 }
analysts = ["spiffe://example.nhs.uk/analyst/a-khan"]
population = "gp-patient"
date_grain = "month"
geography = ["imd_decile", "practice", "place"]
disclosure = { profile = "nhs-subnational", min_k = 5 }
dataset = [
  { id = "gp-event", sources = ["gp-supplier-a", "gp-supplier-b"], columns = ["event_date", "cluster_id", "value1"] },
  { id = "sus-apc", sources = ["national-apc"], columns = ["spell_id", "admission_date", "diag_01"] },
]
)toml";

dataset::Specification MustParse(std::string_view text, const char* file) {
  absl::StatusOr<dataset::Specification> specification =
      dataset::Specification::Parse(text, file);
  if (!specification.ok()) {
    std::fprintf(stderr, "%s\n",
                 std::string(specification.status().message()).c_str());
    std::abort();
  }
  return *std::move(specification);
}

}  // namespace

TestSpecifications::TestSpecifications() {
  all_.push_back(MustParse(kPatient, "gp-patient.toml"));
  all_.push_back(MustParse(kEvent, "gp-event.toml"));
  all_.push_back(MustParse(kApc, "sus-apc.toml"));
}

const dataset::Specification* TestSpecifications::Newest(
    std::string_view id) const {
  for (const dataset::Specification& specification : all_) {
    if (specification.id() == id) return &specification;
  }
  return nullptr;
}

std::shared_ptr<const SpecificationStore> TestSpecifications::Store() const {
  return SpecificationStore::Of(all_);
}

Agreement BasicAgreement() {
  absl::StatusOr<Agreement> agreement =
      ParseAgreement(kBasicAgreement, "basic.toml");
  if (!agreement.ok()) {
    std::fprintf(stderr, "%s\n",
                 std::string(agreement.status().message()).c_str());
    std::abort();
  }
  return *std::move(agreement);
}

}  // namespace tally::linkage
