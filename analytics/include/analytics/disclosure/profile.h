// A disclosure profile: how a count is printed, and from which numbers derived
// figures are made. The agreement names one; an analyst may choose a stricter
// one, never a looser one.
// Runs in: the analyst's program.
//
// Spec: docs/measures/disclosure.md.
// Threading: immutable value.
// Secrets: none.
#ifndef TALLY_ANALYTICS_DISCLOSURE_PROFILE_H_
#define TALLY_ANALYTICS_DISCLOSURE_PROFILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::analytics {

// A closed range of whole numbers.
struct CountRange {
  int64_t low;
  int64_t high;
  friend bool operator==(const CountRange&, const CountRange&) = default;
};

class Profile {
 public:
  // nhs-subnational, nhs-national, opensafely, midpoint6 or threshold10.
  // kInvalidArgument (exit 2) for any other name, with the nearest one.
  [[nodiscard]] static absl::StatusOr<Profile> Named(std::string_view name);
  static const std::vector<std::string>& Names();

  const std::string& name() const { return name_; }
  // One sentence with the profile's numbers, stored with every output.
  const std::string& description() const { return description_; }

  // The printed form of a true count: nullopt is `*`. REQUIRES: count >= 0.
  std::optional<int64_t> PrintCount(int64_t count) const;

  // What a reader can conclude about a count from its printed form.
  CountRange RangeOfPrinted(int64_t printed) const;
  // Midpoint 6, for columns that are printed so whatever the profile, and what
  // its printed form tells. REQUIRES: count >= 0.
  static int64_t MidpointOf(int64_t count);
  static CountRange RangeOfMidpoint(int64_t printed);

  // What a reader may know of a primary `*`, and may not narrow. Empty range
  // (high < low) for profiles that hide nothing.
  CountRange hidden() const { return hidden_; }
  bool hides() const { return hidden_.high >= hidden_.low; }

  // Counts are printed unchanged; no rule but consistency applies.
  bool exact() const { return exact_; }
  // Rounded columns carry the suffix "_midpoint6".
  bool midpoint() const { return midpoint_; }
  // The smallest number of people behind a mean, percentile or sum.
  int64_t minimum_people() const { return minimum_people_; }
  // Zeros are disclosive: they are hidden like small counts.
  bool zero_is_disclosive() const { return zero_is_disclosive_; }

  // True if printing under this profile gives away no more than under
  // `other`. Every profile is as strict as itself.
  bool AsStrictAs(const Profile& other) const {
    return strictness_ >= other.strictness_;
  }

 private:
  Profile() = default;

  std::string name_;
  std::string description_;
  CountRange hidden_{1, 0};
  bool exact_ = false;
  bool midpoint_ = false;
  bool zero_is_disclosive_ = false;
  int64_t minimum_people_ = 8;
  int strictness_ = 0;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_PROFILE_H_
