#include "demo/national_identity.h"

#include <utility>

namespace tally::demo {
namespace {

// The first person after `index` whose number a clerk could take for theirs:
// one without rows at the national source.
std::optional<uint64_t> Neighbour(const PersonMaker& maker, uint64_t index) {
  for (uint64_t i = index + 1; i < maker.options().people; ++i) {
    const Person other = maker.Make(i);
    // Two people must not take the same neighbour's number.
    if (other.plant == Plant::kSharedNumber) return std::nullopt;
    if (other.plant == Plant::kNone && !other.hospital &&
        other.death_month == kOpen && other.registrations.size() == 1 &&
        maker.practices()[static_cast<size_t>(other.registrations[0].practice)]
            .participates) {
      return i;
    }
  }
  return std::nullopt;
}

// A plant that is one number for everybody.
struct FixedNumber {
  Plant plant;
  const char* number;
  const char* reason;
};

// Ranges of real numbers never come with a valid check digit.
constexpr FixedNumber kFixedNumbers[] = {
    {Plant::kNumberRepeated, "9999999999", "NHS_NUMBER_REPEATED_DIGIT"},
    {Plant::kNumberChi, "0101010100", "NHS_NUMBER_RANGE_CHI"},
    {Plant::kNumberHc, "3200000001", "NHS_NUMBER_RANGE_HC"},
    {Plant::kNumberIhi, "8000000001", "NHS_NUMBER_RANGE_IHI"},
    {Plant::kNumberNotIssued, "5000000001", "NHS_NUMBER_RANGE_NOT_ISSUED"},
    {Plant::kNumberCanary, "9990000018", "NHS_NUMBER_CANARY"}};

const FixedNumber* FixedNumberOf(Plant plant) {
  for (const FixedNumber& fixed : kFixedNumbers) {
    if (fixed.plant == plant) return &fixed;
  }
  return nullptr;
}

}  // namespace

NationalIdentity NationalIdentityOf(const PersonMaker& maker,
                                    const Person& person) {
  NationalIdentity identity;
  identity.number = person.nhs_number;
  identity.token_of = person.index;
  const auto faulty = [&](std::string number, const char* reason) {
    identity.number = std::move(number);
    identity.reason = reason;
    identity.token_of = std::nullopt;
  };
  const std::string& own = person.nhs_number;
  switch (person.plant) {
    case Plant::kNumberMissing:
      faulty(person.index % 2 == 0 ? "" : "NULL", "NHS_NUMBER_MISSING");
      break;
    case Plant::kNumberFormat:
      faulty(person.index % 2 == 0 ? own.substr(0, 9) : "9.43E+09",
             "NHS_NUMBER_FORMAT");
      break;
    case Plant::kNumberCheckDigit: {
      std::string wrong = own;
      wrong.back() =
          wrong.back() == '9' ? '0' : static_cast<char>(wrong.back() + 1);
      faulty(std::move(wrong), "NHS_NUMBER_CHECK_DIGIT");
      break;
    }
    case Plant::kIdentityWithheld:
      identity.withheld = true;  // hospital episodes only
      break;
    case Plant::kReplacedNumber:
      identity.number = maker.NhsNumber(person.index, 1);
      identity.token_of = std::nullopt;
      break;
    case Plant::kSharedNumber:
      if (const auto other = Neighbour(maker, person.index);
          other.has_value()) {
        identity.number = maker.NhsNumber(*other, 0);
        identity.token_of = other;
      }
      break;
    default:
      if (const FixedNumber* fixed = FixedNumberOf(person.plant)) {
        faulty(fixed->number, fixed->reason);
      }
      break;
  }
  return identity;
}

}  // namespace tally::demo
