#include "demo/person.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "demo/cast.h"

namespace tally::demo {
namespace {

// Shares of the 19 age bands in thousandths, close to England's shape.
constexpr std::array<int, kBands> kBandShare = {
    52, 57, 60, 57, 60, 65, 70, 68, 65, 60, 64, 68, 63, 53, 49, 43, 26, 13, 7};

// Shares of the ethnic categories in thousandths; Z is "not stated".
struct EthnicShare {
  const char* category;
  int share;
};
constexpr std::array<EthnicShare, 18> kEthnic = {{{"A", 640},
                                                  {"B", 9},
                                                  {"C", 55},
                                                  {"D", 8},
                                                  {"E", 5},
                                                  {"F", 8},
                                                  {"G", 7},
                                                  {"H", 32},
                                                  {"J", 27},
                                                  {"K", 11},
                                                  {"L", 16},
                                                  {"M", 10},
                                                  {"N", 24},
                                                  {"P", 5},
                                                  {"R", 7},
                                                  {"S", 20},
                                                  {"Z", 76},
                                                  {"99", 40}}};

// Syllables in alphabetical order, so that a number written in them keeps its
// order as text. No two of them make a word that names a real person or place.
constexpr std::array<const char*, 16> kSyllables = {
    "bax", "cro", "dul", "fen", "gix", "hov", "jul", "kez",
    "lom", "mux", "nid", "pov", "qua", "rix", "tov", "zul"};
constexpr int kSurnameSyllables = 5;  // 16^5 = 1,048,576 family names

// How many people of each 100,000 carry a plant; at least eight people do.
constexpr std::array<int, static_cast<size_t>(Plant::kCount)> kPlantRate = {
    0,    // kNone
    900,  // kNumberMissing
    200,  // kNumberFormat
    200,  // kNumberCheckDigit
    50,   // kNumberRepeated
    100,  // kNumberChi
    60,   // kNumberHc
    30,   // kNumberIhi
    30,   // kNumberNotIssued
    20,   // kNumberCanary
    150,  // kIdentityWithheld
    250,  // kReplacedNumber
    100,  // kSharedNumber
    300,  // kNotVerified
    600,  // kType1List
    300,  // kType1Column
    200,  // kType1Both
    100,  // kType1Withdrawn
    50,   // kType1SameDay
    900,  // kNationalOptOut
    300,  // kRestrictedCode
    200,  // kSensitiveFlag
    60,   // kDateInvalid
    60,   // kDateFuture
    60,   // kValueType
    200,  // kValueOutside
    200,  // kOutsidePeriod
    60,   // kHiddenPattern
    60,   // kPatternWrong
};

// Nine-digit stems: the background's from 900000000, the actors' from 998000000
// to 998999999. The 999 range is left out: the sixteen canary numbers lie
// there, and 9999999999.
constexpr uint64_t kFirstStem = 900000000;
constexpr uint64_t kStems = 98000000;
constexpr uint64_t kActorStems = 1000000;

std::string Capitalised(std::string text) {
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string InSyllables(uint64_t number, int syllables) {
  std::string text;
  for (int i = syllables - 1; i >= 0; --i) {
    const uint64_t digit = (number >> (4 * i)) & 15;
    text += kSyllables[static_cast<size_t>(digit)];
  }
  return Capitalised(std::move(text));
}

// `whole` split by `share`, remainders going to the first parts.
template <size_t n>
std::array<uint64_t, n> Split(uint64_t whole, const std::array<int, n>& share) {
  uint64_t total = 0;
  for (const int part : share) total += static_cast<uint64_t>(part);
  std::array<uint64_t, n> parts{};
  uint64_t given = 0;
  for (size_t i = 0; i < n; ++i) {
    parts[i] = whole * static_cast<uint64_t>(share[i]) / total;
    given += parts[i];
  }
  for (size_t i = 0; given < whole; i = (i + 1) % n, ++given) ++parts[i];
  return parts;
}

}  // namespace

bool IsNationalPlant(Plant plant) {
  return plant >= Plant::kNumberMissing && plant <= Plant::kSharedNumber;
}

int NhsCheckDigit(uint64_t stem) {
  int sum = 0;
  for (int weight = 2; weight <= 10; ++weight, stem /= 10) {
    sum += weight * static_cast<int>(stem % 10);
  }
  const int digit = 11 - sum % 11;
  if (digit == 11) return 0;
  return digit == 10 ? -1 : digit;
}

std::string Postcode(int area, int letter) {
  return absl::StrFormat("ZZ%d %d%c%c", area % 90 + 1, area / 90 % 10,
                         static_cast<char>('A' + area / 900 % 10),
                         static_cast<char>('A' + letter));
}

CivilDay FirstDay(int month) {
  return CivilDay::Create(month / 12, month % 12 + 1, 1).value();
}

PersonMaker::PersonMaker(const PopulationOptions& options,
                         std::shared_ptr<const Cast> cast)
    : options_(options),
      cast_(std::move(cast)),
      actors_(cast_ == nullptr ? 0 : cast_->actors().size()),
      name_order_(options.seed, "name", options.people),
      age_order_(options.seed, "age", options.people),
      practice_order_(options.seed, "practice", options.people),
      plant_order_(options.seed, "plant", options.people),
      actor_order_(options.seed, "actor", std::max<uint64_t>(actors_, 1)),
      actor_name_order_(options.seed, "actor name",
                        std::max<uint64_t>(actors_, 1)),
      hospital_(options.seed, "hospital", options.people,
                options.people * 46 / 100),
      moved_(options.seed, "moved", options.people, options.people * 2 / 100),
      dead_(options.seed, "dead", options.people, options.people * 3 / 100),
      draws_(options.seed, "person"),
      visitors_(options.people * 3 / 100) {
  TALLY_CHECK(options.people >= 100 && options.people <= 9999999);
  TALLY_CHECK(options.years >= 1 && options.years <= 10);
  band_size_ = Split(options.people, kBandShare);
  for (size_t i = 1; i < kBands; ++i) {
    band_start_[i] = band_start_[i - 1] + band_size_[i - 1];
  }
  for (size_t i = 1; i < plant_start_.size(); ++i) {
    const uint64_t rate = static_cast<uint64_t>(kPlantRate[i - 1]);
    const uint64_t count =
        rate == 0 ? 0 : std::max<uint64_t>(8, options.people * rate / 100000);
    plant_start_[i] = plant_start_[i - 1] + count;
  }

  MakePractices();
  const int area_count =
      static_cast<int>(std::clamp<uint64_t>(options.people / 1000, 20, 9000));
  for (int i = 0; i < area_count; ++i) {
    areas_.push_back(
        {absl::StrFormat("E0199%04d", i + 1), i % 10 + 1, i / 10 % 8 + 1});
  }
}

void PersonMaker::MakePractices() {
  // Practices of unequal size, ten or more a supplier, about 1,000 people
  // each; the last one of each supplier does not take part.
  const int per_supplier =
      static_cast<int>(std::clamp<uint64_t>(options_.people / 2000, 3, 4000));
  own_practices_ = kSuppliers * per_supplier;
  const uint64_t registered = options_.people - visitors_;
  uint64_t weight_sum = 0;
  std::vector<uint64_t> weights;
  for (int i = 0; i < kSuppliers * per_supplier; ++i) {
    weights.push_back(40 + static_cast<uint64_t>(i) * 37 % 101);
    weight_sum += weights.back();
  }
  uint64_t start = 0;
  uint64_t weight_so_far = 0;
  for (int i = 0; i < kSuppliers * per_supplier; ++i) {
    practice_start_.push_back(start);
    weight_so_far += weights[SizeT(i)];
    const uint64_t next = registered * weight_so_far / weight_sum;
    practices_.push_back({absl::StrFormat("Z9%04d", i + 1), i % kSuppliers,
                          i < kSuppliers * (per_supplier - 1), next - start});
    start = next;
  }
  if (cast_ == nullptr) return;
  for (const LanePractice& practice : cast_->practices()) {
    practices_.push_back(
        {practice.code, practice.supplier, true, practice.people});
  }
}

std::string PersonMaker::NhsNumber(uint64_t index, int choice) const {
  // One stretch of stems a person, so the numbers ascend with the index and
  // none is anybody else's. Of nine neighbouring stems at most two have no
  // check digit, so three choices are always there.
  const bool actor = index >= options_.people;
  const uint64_t width =
      actor ? kActorStems / actors_ : kStems / options_.people;
  const uint64_t first =
      actor ? kFirstStem + kStems + width * (index - options_.people)
            : kFirstStem + width * index;
  const uint64_t offset = draws_.Below(width, index, 1);
  uint64_t stem = 0;
  int digit = -1;
  for (uint64_t i = 0; choice >= 0; ++i) {
    TALLY_CHECK(i < width);
    stem = first + (offset + i) % width;
    digit = NhsCheckDigit(stem);
    if (digit >= 0) --choice;
  }
  return absl::StrFormat("%09u%d", stem, digit);
}

int PersonMaker::BandOf(uint64_t position) const {
  int band = kBands - 1;
  while (position < band_start_[SizeT(band)]) --band;
  return band;
}

uint64_t PersonMaker::RankInBand(uint64_t index) const {
  const uint64_t position = age_order_.At(index);
  return position - band_start_[SizeT(BandOf(position))];
}

Plant PersonMaker::PlantOf(const Person& person) const {
  const uint64_t position = plant_order_.At(person.index);
  if (position >= plant_start_.back()) return Plant::kNone;
  const auto next =
      std::upper_bound(plant_start_.begin(), plant_start_.end(), position);
  const auto plant = static_cast<Plant>(next - plant_start_.begin() - 1);
  // A plant that could not show, or would show in two figures, is none.
  // The register of deaths has the right number of everybody.
  if (IsNationalPlant(plant)) {
    return person.hospital && person.death_month == kOpen ? plant
                                                          : Plant::kNone;
  }
  if (person.registrations.empty()) return Plant::kNone;
  for (const Registration& stay : person.registrations) {
    if (!practices_[SizeT(stay.practice)].participates) return Plant::kNone;
  }
  return plant;
}

void PersonMaker::FillNames(Person& person) const {
  const uint64_t rank = name_order_.IndexOf(person.index);
  const uint64_t group = 1 + options_.people / (uint64_t{1} << 20);
  const uint64_t family = rank / std::max<uint64_t>(3, group);
  const uint64_t given = rank % std::max<uint64_t>(3, group);
  person.family_name = InSyllables(family, kSurnameSyllables);
  person.given_name = InSyllables(given, 2);
  person.postcode = Postcode(
      person.area,
      static_cast<int>(draws_.Below(kPostcodesPerArea, person.index, 9)));
}

void PersonMaker::FillBirth(Person& person) const {
  const int low = person.band * 5;
  const int width = person.band == kBands - 1 ? 10 : 5;
  person.age = low + static_cast<int>(draws_.Below(static_cast<uint64_t>(width),
                                                   person.index, 2));
  // Born in the twelve months that make this age at the reference date.
  const CivilDay reference = FirstDay(options_.last_month + 1);
  const CivilDay latest =
      CivilDay::Create(reference.year() - person.age, reference.month(), 1)
          .value();
  const int back = 1 + static_cast<int>(draws_.Below(360, person.index, 3));
  person.birth = CivilDay::FromDays(latest.days() - back).value();
}

void PersonMaker::FillRegistrations(Person& person) const {
  const uint64_t position = practice_order_.At(person.index);
  if (position < visitors_) return;
  const uint64_t slot = position - visitors_;
  const auto next =
      std::upper_bound(practice_start_.begin(), practice_start_.end(), slot);
  const int practice = static_cast<int>(next - practice_start_.begin()) - 1;
  const int birth_month = person.birth.year() * 12 + person.birth.month() - 1;
  const int start = std::max(
      birth_month, first_month() - 12 -
                       static_cast<int>(draws_.Below(120, person.index, 4)));
  if (moved_.Contains(person.index) && birth_month < first_month()) {
    // To a practice of the other supplier: the neighbour; but into the
    // practices that take part from those that do not, and now and then back.
    int other = practice ^ 1;
    const int outside = own_practices_ - kSuppliers;
    if (practice >= outside) {
      other = practice % kSuppliers ^ 1;
    } else if (draws_.Below(8, person.index, 12) == 0) {
      other = outside + (practice % kSuppliers ^ 1);
    }
    // Six months or more from either end of the history; of a single year the
    // second half.
    const int months = std::max(options_.years * 12 - 12, 6);
    const int month = first_month() + 6 +
                      static_cast<int>(draws_.Below(
                          static_cast<uint64_t>(months), person.index, 5));
    person.registrations = {{practice, start, month},
                            {other, month + 1, kOpen}};
  } else {
    person.registrations = {{practice, start, kOpen}};
  }
}

Person PersonMaker::Make(uint64_t index) const {
  TALLY_CHECK(index < size());
  if (index >= options_.people) return MakeActor(index);
  Person person{};
  person.index = index;
  person.nhs_number = NhsNumber(index, 0);
  person.band = BandOf(age_order_.At(index));
  person.sex = (draws_.Bits(index, 6) & 1) != 0 ? '1' : '2';
  person.area = static_cast<int>(draws_.Below(areas_.size(), index, 7));
  uint64_t ethnic = draws_.Below(1050, index, 8);
  for (const EthnicShare& part : kEthnic) {
    person.ethnic_category = part.category;
    if (ethnic < static_cast<uint64_t>(part.share)) break;
    ethnic -= static_cast<uint64_t>(part.share);
  }
  FillNames(person);
  FillBirth(person);
  FillRegistrations(person);
  person.care_home = person.age >= 75 && draws_.Below(12, index, 10) == 0;
  person.hospital = person.registrations.empty() || hospital_.Contains(index);
  person.death_month = kOpen;
  if (person.age >= 60 && dead_.Contains(index)) {
    person.death_month =
        first_month() +
        static_cast<int>(draws_.Below(
            static_cast<uint64_t>(options_.years) * 12, index, 11));
    for (Registration& stay : person.registrations) {
      if (stay.last_month == kOpen) stay.last_month = person.death_month;
    }
    // Who died before the move never moved.
    if (person.registrations.size() == 2 &&
        person.registrations[1].first_month > person.death_month) {
      person.registrations.pop_back();
      person.registrations[0].last_month = person.death_month;
    }
  }
  person.plant = PlantOf(person);
  return person;
}

Person PersonMaker::MakeActor(uint64_t index) const {
  const uint64_t number = index - options_.people;
  const Actor& actor = cast_->actors()[actor_order_.At(number)];
  const Case& part = *actor.part;
  Person person{};
  person.index = index;
  person.nhs_number = NhsNumber(index, 0);
  // The last family names that syllables can make.
  const uint64_t family = (uint64_t{1} << (4 * kSurnameSyllables)) - actors_ +
                          actor_name_order_.IndexOf(number);
  person.family_name = InSyllables(family, kSurnameSyllables);
  person.given_name = InSyllables(number % 256, 2);
  person.birth = CivilDay::Create(part.born, 6, 15).value();
  person.age = FirstDay(options_.last_month + 1).YearsSince(person.birth);
  person.band = std::min(person.age / 5, kBands - 1);
  person.sex = part.sex;
  person.ethnic_category = part.ethnic;
  person.area = part.decile - 1;  // areas have deciles 1 to 10 in turn
  person.postcode = Postcode(person.area, static_cast<int>(number % 20));
  person.death_month = part.died == kNoDay ? kOpen : MonthOfDay(part.died);
  const int left = part.left == kNoDay ? kOpen : MonthOfDay(part.left);
  if (part.listed) {
    person.registrations = {
        {own_practices_ + actor.practice,
         MonthOfDay(std::max(part.joined, person.birth.days())),
         person.death_month == kOpen ? left : person.death_month}};
  }
  if (part.rejoined != kNoDay) {
    person.registrations.push_back(
        {own_practices_ + actor.practice, MonthOfDay(part.rejoined), kOpen});
  }
  person.hospital = part.rows.National();
  person.plant = Plant::kNone;
  person.script = &part.rows;
  return person;
}

Person PersonMaker::MakeByName(uint64_t rank) const {
  if (rank < options_.people) return Make(name_order_.At(rank));
  return Make(options_.people + actor_name_order_.At(rank - options_.people));
}

}  // namespace tally::demo
