#include "demo/list_writer.h"

#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"
#include "demo/conditions.h"
#include "demo/delivery.h"
#include "demo/gp_writer.h"
#include "demo/national_identity.h"

namespace tally::demo {
namespace {

std::string ClustersText() {
  std::string text = "code,cluster\n";
  for (const Condition& condition : Conditions()) {
    absl::StrAppend(&text, condition.concept_id, ",", condition.cluster, "\n");
  }
  for (const Background& kind : Backgrounds()) {
    absl::StrAppend(&text, kind.concept_id, ",", kind.cluster, "\n");
  }
  for (const LaneCluster& lane : LaneClusters()) {
    absl::StrAppend(&text, lane.concept_id, ",", lane.cluster, "\n");
  }
  return text;
}

// Every postcode that the people can have: twenty for each area.
std::string PostcodesText(const PersonMaker& maker) {
  std::string text = "postcode,lsoa21,imd_decile,rural_urban\n";
  std::set<std::string> seen;
  for (size_t i = 0; i < maker.areas().size(); ++i) {
    const Area& area = maker.areas()[i];
    for (int letter = 0; letter < kPostcodesPerArea; ++letter) {
      const std::string postcode = Postcode(static_cast<int>(i), letter);
      if (!seen.insert(postcode).second) continue;
      absl::StrAppendFormat(&text, "%s,%s,%d,%d\n", postcode, area.lsoa21,
                            area.imd_decile, area.rural_urban);
    }
  }
  return text;
}

std::string PracticesText(const PersonMaker& maker) {
  std::string text;
  for (const Practice& practice : maker.practices()) {
    if (practice.participates) absl::StrAppend(&text, practice.code, "\n");
  }
  return text;
}

std::string CareHomesText(const PersonMaker& maker) {
  std::string text;
  for (size_t i = 0; i < maker.areas().size(); ++i) {
    absl::StrAppend(&text, "HOME", i, "\n");
  }
  return text;
}

// Lists of people, made in one walk over the population.
struct PeopleLists {
  std::string type1;
  std::string national;
};

PeopleLists ListPeople(const PersonMaker& maker, Stage stage, bool national) {
  PeopleLists lists;
  for (uint64_t i = 0; i < maker.size(); ++i) {
    const Person person = maker.Make(i);
    if (OnType1List(person, stage)) {
      absl::StrAppend(&lists.type1, person.nhs_number, "\n");
    }
    if (person.plant == Plant::kNationalOptOut) continue;
    // What comes back from the national service: a number, a comma, a line
    // feed.
    absl::StrAppend(&lists.national, person.nhs_number, ",\n");
    if (national && person.plant == Plant::kReplacedNumber) {
      absl::StrAppend(&lists.national, maker.NhsNumber(i, 1), ",\n");
    }
  }
  return lists;
}

}  // namespace

absl::Status WriteLists(const PersonMaker& maker,
                        const std::string& directory) {
  for (const char* source : {kSupplierIds[0], kSupplierIds[1], kNationalId}) {
    const bool national = std::string_view(source) == kNationalId;
    for (const Delivery& delivery : DeliveriesOf(maker, source, directory)) {
      const std::string lists = delivery.folder + "/lists";
      TALLY_RETURN_IF_ERROR(MakeDirectories(lists, 0700));
      const auto write = [&](const char* name, const std::string& text) {
        return WriteFileAtomically(absl::StrCat(lists, "/", name), text, 0600);
      };
      const PeopleLists people = ListPeople(maker, delivery.stage, national);
      if (!national) TALLY_RETURN_IF_ERROR(write("type1.csv", people.type1));
      TALLY_RETURN_IF_ERROR(write("national.csv", people.national));
      TALLY_RETURN_IF_ERROR(write("practices.csv", PracticesText(maker)));
      TALLY_RETURN_IF_ERROR(
          write("restricted.csv", absl::StrCat(kRestrictedConcept, "\n")));
      TALLY_RETURN_IF_ERROR(write("care-homes.csv", CareHomesText(maker)));
      TALLY_RETURN_IF_ERROR(write("clusters.csv", ClustersText()));
      TALLY_RETURN_IF_ERROR(write("postcode-lsoa.csv", PostcodesText(maker)));
      TALLY_RETURN_IF_ERROR(WriteFileAtomically(
          delivery.folder + "/period", delivery.Period() + "\n", 0644));
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::demo
