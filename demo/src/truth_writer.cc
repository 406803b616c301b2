#include "demo/truth_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace tally::demo {
namespace {

// One age per person and financial year, as the specifications derive it.
int AgeOfFinancialYear(const Person& person, int month) {
  const int year = FirstDay(month).FinancialYear();
  return std::clamp(year - person.birth.year(), 0, 90);
}

std::string Band(int age) {
  const int low = std::min(age / 5 * 5, 90);
  return low == 90 ? std::string("90+")
                   : absl::StrFormat("%d-%d", low, low + 4);
}

}  // namespace

TruthWriter::TruthWriter(const PersonMaker& maker, const GpEvents& events,
                         Ledger& ledger, CsvFile persons, CsvFile identifiers)
    : maker_(maker),
      events_(events),
      ledger_(ledger),
      persons_(std::move(persons)),
      identifiers_(std::move(identifiers)) {}

absl::StatusOr<std::unique_ptr<TruthWriter>> TruthWriter::Create(
    const PersonMaker& maker, const GpEvents& events,
    const std::string& directory, Ledger& ledger) {
  TALLY_ASSIGN_OR_RETURN(
      CsvFile persons,
      CsvFile::Create(directory + "/truth/persons.csv",
                      {"person", "nhs_number", "national_number",
                       "national_reason", "in_gp", "in_national", "plant"}));
  TALLY_ASSIGN_OR_RETURN(
      CsvFile identifiers,
      CsvFile::Create(directory + "/truth/identifiers.txt", {"kind", "value"}));
  return std::unique_ptr<TruthWriter>(new TruthWriter(
      maker, events, ledger, std::move(persons), std::move(identifiers)));
}

void TruthWriter::Add(const Person& person, const NationalIdentity& identity,
                      const NationalTruth& national) {
  const GpTruth gp = events_.TruthOf(person);
  AddMeasures(person, gp);
  AddLinkage(person, gp, identity, national);
  persons_.Row({absl::StrCat(person.index), person.nhs_number, identity.number,
                identity.reason, gp.any_row ? "1" : "0",
                national.any_row ? "1" : "0",
                absl::StrCat(static_cast<int>(person.plant))});
  identifiers_.Row({"nhs_number", person.nhs_number});
  if (person.plant == Plant::kReplacedNumber) {
    identifiers_.Row({"nhs_number", maker_.NhsNumber(person.index, 1)});
  }
  if (person.plant == Plant::kHiddenPattern) {
    identifiers_.Row({"nhs_number", maker_.NhsNumber(person.index, 2)});
  }
  identifiers_.Row({"family_name", person.family_name});
  identifiers_.Row({"postcode", person.postcode});
}

void TruthWriter::AddMeasures(const Person& person, const GpTruth& gp) {
  if (!gp.listed) return;
  const int age = AgeOfFinancialYear(person, maker_.options().last_month);
  const std::string& practice =
      maker_.practices()[static_cast<size_t>(gp.practice)].code;
  const Area& area = maker_.areas()[static_cast<size_t>(person.area)];
  ledger_.Add("list", "all");
  ledger_.Add("list_practice", absl::StrCat("practice=", practice));
  ledger_.Add("population_profile",
              absl::StrFormat("practice=%s;age_band=%s;sex=%c;imd_decile=%d;"
                              "ethnic_category=%s",
                              practice, Band(age), person.sex, area.imd_decile,
                              person.ethnic_category));
  for (size_t i = 0; i < Conditions().size(); ++i) {
    const Condition& condition = Conditions()[i];
    if (age < condition.minimum_age) continue;
    const std::string place =
        absl::StrFormat("condition=%s;practice=%s;age_band=%s;sex=%c",
                        condition.id, practice, Band(age), person.sex);
    ledger_.Add("prevalence_list", place);
    if (gp.conditions[i]) ledger_.Add("prevalence_register", place);
  }
}

void TruthWriter::AddLinkage(const Person& person, const GpTruth& gp,
                             const NationalIdentity& identity,
                             const NationalTruth& national) {
  if (gp.any_row) ledger_.Add("linkage", "figure=persons_gp");
  if (national.linked_row) {
    ledger_.Add("linkage", "figure=persons_national");
    const bool own = identity.token_of == person.index;
    // A shared number is that of a neighbour who is on a list.
    const bool linked = own ? gp.any_row : identity.token_of.has_value();
    if (linked) ledger_.Add("linkage", "figure=persons_linked");
  }
  // Links that the tracers of a release can show: between events in general
  // practice and hospital episodes.
  const bool both = gp.any_row && gp.traced && national.apc_any_row;
  if (both) ledger_.Add("linkage", "figure=traced_pairs");
  if (!national.apc_linked_row || !identity.token_of.has_value()) return;
  if (identity.token_of == person.index) {
    if (both) ledger_.Add("linkage", "figure=traced_links_right");
  } else if (events_.TruthOf(maker_.Make(*identity.token_of)).traced) {
    ledger_.Add("linkage", "figure=traced_links_wrong");
  }
}

absl::Status TruthWriter::Close() {
  TALLY_RETURN_IF_ERROR(persons_.Close());
  return identifiers_.Close();
}

}  // namespace tally::demo
