#include "demo/cast.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "demo/person.h"

namespace tally::demo {
namespace {

// People of every age, decile and sex, without any rows: they make a list.
Case NeutralMember(int number, int practice) {
  static constexpr std::array<const char*, 4> kCategories = {"A", "A", "H",
                                                             "M"};
  Case member;
  member.what = "neutral";
  member.born = 2026 - number * 7 % 95;
  member.sex = number % 2 == 0 ? '1' : '2';
  member.decile = number / 2 % 10 + 1;
  member.ethnic = kCategories[static_cast<size_t>(number / 20 % 4)];
  member.practice = practice;
  return member;
}

}  // namespace

bool Cast::Fits(const PopulationOptions& options) {
  return options.last_month == 2026 * 12 + 9 && options.years >= 4;
}

Cast::Cast(std::vector<Lane> lanes) : lanes_(std::move(lanes)) {
  for (Lane& lane : lanes_) {
    const auto first = static_cast<int>(practices_.size());
    TALLY_CHECK(lane.first_practice == first + 1);
    for (int i = 0; i < lane.practices; ++i) {
      practices_.push_back({absl::StrFormat("Z98%03d", first + i + 1),
                            (first + i) % kSuppliers, 0, lane.name});
      for (int n = 0; n < lane.members; ++n) {
        lane.cases.push_back(NeutralMember(n, i));
      }
    }
    for (const Case& part : lane.cases) {
      TALLY_CHECK(part.practice < lane.practices);
      const int practice = first + part.practice;
      if (part.listed) {
        practices_[static_cast<size_t>(practice)].people +=
            static_cast<uint64_t>(part.copies);
      }
      for (int n = 0; n < part.copies; ++n) {
        actors_.push_back({&part, practice});
      }
    }
  }
}

void Cast::Book(MeasureTruth& truth) const {
  for (const Actor& actor : actors_) {
    const std::string& code =
        practices_[static_cast<size_t>(actor.practice)].code;
    for (const Expect& expect : actor.part->expect) {
      const Figure figure = {expect.measure, expect.table, expect.column};
      if (!expect.by_area) {
        truth.Add(figure, expect.dimensions, expect.value);
      } else if (expect.all) {
        truth.AddForArea(figure, code, expect.dimensions, expect.value);
      } else {
        truth.Add(figure,
                  absl::StrFormat("area=%s%s%s", code,
                                  expect.dimensions.empty() ? "" : ";",
                                  expect.dimensions),
                  expect.value);
      }
    }
  }
}

}  // namespace tally::demo
