// What is known only when everybody was counted: indicators and the packs that
// are made of them, linkage, data quality, list sizes, activity by month.
#include <array>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "demo/plain_counts.h"

namespace tally::demo {
namespace {

constexpr int kYearBegin = kPlainNewest - 11;  // November 2025
constexpr int kIndicatorMonths = 48;
constexpr int64_t kSmallestArea = 500;  // of indicators
constexpr int64_t kSmallestList = 100;  // of other measures
constexpr size_t kLeastPeers = 4;

// A tenth, as figures are printed: of two that are as near, a share takes the
// upper one, a rate the even one.
double Tenths(double value, bool rate) {
  return (rate ? std::nearbyint(value * 10) : std::round(value * 10)) / 10;
}

// The indicators, whether they are rates of 100,000 people.
constexpr std::array<std::pair<const char*, bool>, 19> kIndicators = {
    {{"emergency_admissions", true},
     {"elective_admissions", true},
     {"ed_attendances", true},
     {"outpatient_firsts", true},
     {"eye_firsts", true},
     {"deaths", true},
     {"mental_contacts", true},
     {"statin_items", true},
     {"diabetes_items", true},
     {"antibacterial_items", true},
     {"ed_within_4h", false},
     {"day_case_share", false},
     {"outpatient_missed", false},
     {"eye_missed", false},
     {"eye_day_cases", false},
     {"deaths_in_hospital", false},
     {"mental_missed", false},
     {"community_missed", false},
     {nullptr, false}}};

// The plan of the trial's reference file, by indicator.
constexpr std::array<std::pair<const char*, double>, 8> kPlans = {
    {{"emergency_admissions", 700},
     {"ed_attendances", 1800},
     {"ed_within_4h", 78},
     {"day_case_share", 60},
     {"outpatient_firsts", 1500},
     {"outpatient_missed", 7.5},
     {"deaths", 60},
     {"statin_items", 9000}}};

// "source=a;dataset=b" -> {source: a, dataset: b}.
std::map<std::string, std::string> Parts(const std::string& dimensions) {
  std::map<std::string, std::string> parts;
  for (const absl::string_view part :
       absl::StrSplit(dimensions, ';', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    parts.insert(pair);
  }
  return parts;
}

// Of the three deliveries a release holds the history and the revision; of the
// snapshot of patients the revision alone.
bool InRelease(const std::map<std::string, std::string>& parts) {
  const std::string& extract = parts.at("extract");
  if (extract == "p2026-10-r1") return false;
  return extract == "p2026-10-r2" || parts.at("dataset") != "gp-patient";
}

}  // namespace

void PlainCounts::Finish(const Ledger& ledger) {
  BookIndicators();
  BookLinkage(ledger);
  BookQuality(ledger);
  BookLists(ledger);
  BookActivity();
  BookMeans();
  BookCapitation();
  journeys_.Book(truth_);
}

// --- indicators, and what is made of them ------------------------------------

void PlainCounts::BookIndicators() {
  for (const auto& [id, rate] : kIndicators) {
    if (id == nullptr) continue;
    std::map<int, Share> areas;
    for (size_t p = 0; p <= maker_.practices().size(); ++p) {
      const int practice = static_cast<int>(p) - 1;  // kEverywhere first
      const int64_t list = People(practice, kPlainYearMiddle);
      if (practice != kEverywhere && list < kSmallestArea) continue;
      Share& year = areas[practice];
      for (int month = kYearBegin; month <= kPlainNewest; ++month) {
        const auto found = indicators_.find({id, practice, month});
        if (found == indicators_.end()) continue;
        year.num += found->second.num;
        year.den += found->second.den;
      }
      if (rate) year.den = list;
    }
    BookPack(id, rate, areas);
    BookMonths(id, rate);
  }
}

void PlainCounts::BookPack(const std::string& indicator, bool rate,
                           const std::map<int, Share>& areas) {
  const std::string table =
      rate ? "indicator_rate_year" : "indicator_share_year";
  std::map<int, double> values;
  for (const auto& [practice, year] : areas) {
    const std::string area =
        practice == kEverywhere
            ? std::string("All")
            : maker_.practices()[static_cast<size_t>(practice)].code;
    const std::string where =
        absl::StrFormat("area=%s;indicator=%s", area, indicator);
    if (year.den == 0) continue;
    for (const auto& [column, value] :
         {std::pair("num", year.num), std::pair("den", year.den)}) {
      truth_.Add({"C29", table, column}, where, value);
      truth_.Add({"C17", "indicator_results", column}, where, value);
    }
    const double value = (rate ? 100000.0 : 100.0) *
                         static_cast<double>(year.num) /
                         static_cast<double>(year.den);
    truth_.Set({"C29", table, "value"}, where, value);
    truth_.Set({"C17", "indicator_results", "value"}, where,
               Tenths(value, rate));
    if (practice != kEverywhere) values[practice] = Tenths(value, rate);
  }
  BookPeers(indicator, values);
}

// Areas among each other: C18, C24 and, of eye care in the set, D05.
void PlainCounts::BookPeers(const std::string& indicator,
                            const std::map<int, double>& values) {
  const bool eye = Starts(indicator, "eye_");
  std::map<int, double> set;
  for (const auto& [practice, value] : values) {
    const std::string& code =
        maker_.practices()[static_cast<size_t>(practice)].code;
    // The set of the reference file: practices 1 to 19 of the background.
    if (code >= "Z90001" && code <= "Z90019") set[practice] = value;
    const std::string where =
        absl::StrFormat("area=%s;indicator=%s", code, indicator);
    if (values.size() >= kLeastPeers) {
      truth_.Set({"C18", "practice_pack", "value"}, where, value);
      truth_.Set({"C18", "practice_pack", "of"}, where,
                 static_cast<double>(values.size()));
    }
    truth_.Set({"C24", "benchmark", "value"}, where, value);
    truth_.Set({"C24", "benchmark", "rank"}, where, RankOf(value, values));
  }
  if (!eye) return;
  for (const auto& [practice, value] : set) {
    const std::string where = absl::StrFormat(
        "area=%s;indicator=%s",
        maker_.practices()[static_cast<size_t>(practice)].code, indicator);
    truth_.Set({"D05", "benchmark", "value"}, where, value);
    truth_.Set({"D05", "benchmark", "rank"}, where, RankOf(value, set));
  }
}

// The highest has rank 1, equal ones share the best.
double PlainCounts::RankOf(double value, const std::map<int, double>& values) {
  double rank = 1;
  for (const auto& [practice, other] : values) {
    if (other > value) ++rank;
  }
  return rank;
}

void PlainCounts::BookMonths(const std::string& indicator, bool rate) {
  const std::string table =
      rate ? "indicator_rate_month" : "indicator_share_month";
  double value = 0;
  std::map<std::string, double> points;
  for (int month = kPlainNewest - kIndicatorMonths + 1; month <= kPlainNewest;
       ++month) {
    const auto found = indicators_.find({indicator, kEverywhere, month});
    Share share = found == indicators_.end() ? Share() : found->second;
    if (rate) share.den = People(kEverywhere, month);
    const std::string where = absl::StrFormat("area=All;indicator=%s;month=%s",
                                              indicator, MonthText(month));
    truth_.Add({"C29", table, "num"}, where, share.num);
    truth_.Add({"C29", table, "den"}, where, share.den);
    if (share.den == 0) continue;
    value = Tenths((rate ? 100000.0 : 100.0) * static_cast<double>(share.num) /
                       static_cast<double>(share.den),
                   rate);
    points[where] = value;
  }
  // A chart has no gaps.
  if (points.size() == kIndicatorMonths) {
    for (const auto& [where, point] : points) {
      truth_.Set({"C29", "spc_points", "value"}, where, point);
    }
  }
  for (const auto& [id, plan] : kPlans) {
    if (id != indicator) continue;
    const std::string where =
        absl::StrFormat("area=All;indicator=%s;period=2026-10", indicator);
    truth_.Set({"D12", "performance", "value"}, where, value);
    truth_.Set({"D12", "performance", "plan"}, where, plan);
    truth_.Set({"D12", "performance", "variance_pct"}, where,
               Tenths(100 * (value - plan) / plan, true));
  }
}

// --- what the sources sent ---------------------------------------------------

void PlainCounts::BookLinkage(const Ledger& ledger) {
  std::map<std::string, int64_t> unlinked;  // by source, extract, dataset
  for (const auto& [dimensions, rows] : ledger.All("rows_unlinked")) {
    auto parts = Parts(dimensions);
    unlinked[absl::StrFormat("source=%s;extract=%s;dataset=%s", parts["source"],
                             parts["extract"], parts["dataset"])] += rows;
    if (!InRelease(parts)) continue;
    truth_.Add(
        {"C01", "linkage_reasons", "rows_reason"},
        absl::StrFormat("dataset=%s;reason=%s;source=%s", parts["dataset"],
                        parts["reason"], parts["source"]),
        rows);
  }
  for (const auto& [dimensions, rows] : ledger.All("rows_sent")) {
    auto parts = Parts(dimensions);
    if (!InRelease(parts) && parts["extract"] == "p2026-10-r1") continue;
    const int64_t lost = unlinked[dimensions];
    // The checks of the hub, of every extract in the release.
    const std::string extract =
        absl::StrFormat("dataset=%s;extract=%s %s", parts["dataset"],
                        parts["source"], parts["extract"]);
    if (rows > 0 && InRelease(parts)) {
      truth_.Add({"C34", "validation_report", "value"},
                 absl::StrCat("check=rows;", extract), rows);
      truth_.Set({"C34", "validation_report", "figure"},
                 absl::StrCat("check=unlinked-share;", extract),
                 static_cast<double>(lost) / static_cast<double>(rows));
    }
    if (!InRelease(parts)) continue;
    const std::string where =
        absl::StrFormat("dataset=%s;dimension=all;source=%s", parts["dataset"],
                        parts["source"]);
    truth_.Add({"C01", "linkage_summary", "rows"}, where, rows);
    truth_.Add({"C01", "linkage_summary", "rows_with_person"}, where,
               rows - lost);
  }
  for (const auto& [dimensions, persons] : ledger.All("persons_sent")) {
    auto parts = Parts(dimensions);
    if (parts["extract"] != "p2026-10-r2") continue;
    truth_.Add({"C34", "validation_report", "value"},
               absl::StrFormat("check=persons;extract=%s %s", parts["source"],
                               parts["extract"]),
               persons);
  }
}

void PlainCounts::BookQuality(const Ledger& ledger) {
  for (const auto& [dimensions, rows] : ledger.All("rows_sent")) {
    auto parts = Parts(dimensions);
    if (!InRelease(parts)) continue;
    std::vector<std::string> items;
    if (parts["dataset"] == "sus-apc") items = {"diag_01", "ethnic_category"};
    if (parts["dataset"] == "sus-op" || parts["dataset"] == "ecds") {
      items = {"ethnic_category"};
    }
    for (const std::string& item : items) {
      const std::string where =
          absl::StrFormat("dataset=%s;item=%s", parts["dataset"], item);
      truth_.Add({"C33", "dq_items", "records"}, where, rows);
      truth_.Add({"C33", "dq_items", "complete"}, where, rows);
    }
  }
}

// --- lists and conditions ----------------------------------------------------

void PlainCounts::BookLists(const Ledger& ledger) {
  std::set<std::string> large;
  for (size_t p = 0; p < maker_.practices().size(); ++p) {
    const std::string& code = maker_.practices()[p].code;
    const int64_t people = People(static_cast<int>(p), kPlainNewest);
    if (people == 0) continue;
    // The areas of the trial's reference file.
    std::string area = Starts(code, "Z98") ? "Lanes" : "South";
    if (area == "South" && (code.back() - '0') % 2 == 1) area = "North";
    truth_.AddForArea({"D01", "list_sizes", "crude"}, area, "", people);
    if (people < kSmallestList) continue;
    large.insert(code);
    truth_.Add({"C02", "population_profile", "persons"},
               absl::StrFormat("area=%s;breakdown=age and sex", code), people);
  }
  for (const auto& [name, column] :
       {std::pair("prevalence_list", "list"),
        std::pair("prevalence_register", "register")}) {
    for (const auto& [dimensions, people] : ledger.All(name)) {
      auto parts = Parts(dimensions);
      const std::string condition =
          absl::StrCat("condition=", parts["condition"]);
      const Figure figure = {"C03", "prevalence", column};
      truth_.Add(figure, absl::StrCat("area=All;", condition), people);
      if (!large.contains(parts["practice"])) continue;
      truth_.Add(figure,
                 absl::StrFormat("area=%s;%s", parts["practice"], condition),
                 people);
    }
  }
}

// --- activity that was booked with the rows ----------------------------------

void PlainCounts::BookActivity() {
  const auto book = [&](const std::string& pod, int month, int64_t events) {
    if (events == 0) return;
    truth_.Add({"C11", "activity_month", "events"},
               absl::StrFormat("by=provider;level=All;month=%s;pod=%s",
                               MonthText(month), pod),
               events);
  };
  // Of emergencies, April to October 2026: of months printed in whole pounds.
  double pounds = 0;
  for (int month = maker_.first_month(); month <= kPlainNewest; ++month) {
    const std::string when = absl::StrCat("month=", MonthText(month));
    for (const std::string pod :
         {"emergency", "elective", "day_case", "maternity", "transfer",
          "regular", "birth"}) {
      book(pod, month,
           truth_.Get({"ACT", "admissions", "admissions"},
                      absl::StrFormat("area=All;%s;pod=%s", when, pod)));
    }
    for (const auto& [pod, kind] : {std::pair("op_first", "first"),
                                    std::pair("op_follow_up", "follow_up")}) {
      book(pod, month,
           truth_.Get({"ACT", "outpatient", "seen"},
                      absl::StrFormat("area=All;kind=%s;%s", kind, when)));
    }
    for (const std::string type : {"1", "3"}) {
      int64_t events = 0;
      for (const std::string category : {"1", "2", "3"}) {
        events += truth_.Get(
            {"ACT", "ecds", "attendances"},
            absl::StrFormat("area=All;category=%s;department_type=0%s;%s",
                            category, type, when));
      }
      book(absl::StrCat("ed_", type), month, events);
    }
    if (month < 2026 * 12 + 3) continue;
    const int64_t pence = truth_.Get({"D10", "cost_month", "cost_pence"},
                                     absl::StrFormat("%s;pod=emergency", when));
    pounds += std::round(static_cast<double>(pence) / 100);
  }
  const Figure ytd = {"D10", "outturn", "ytd"};
  truth_.Set(ytd, "budget_line=emergency;month=2026-10", pounds);
  truth_.Set({"D10", "outturn", "outturn_linear"},
             "budget_line=emergency;month=2027-03",
             std::round(pounds * 12 / 7));
  // 3,600,000 of the reference file, a twelfth a month.
  truth_.Add({"D10", "outturn", "budget"},
             "budget_line=emergency;month=2026-10", 2100000);
}

// Means, of the sums that lanes name.
void PlainCounts::BookMeans() {
  for (const char* area : {"Z98005"}) {
    for (const char* group : {"all", "65+", "75+", "85+"}) {
      const std::string where =
          absl::StrFormat("area=%s;age_group=%s", area, group);
      const int64_t people = truth_.Get({"C14", "polypharmacy", "den"}, where);
      const int64_t medicines =
          truth_.Get({"MEDICINES", "polypharmacy", "medicines"}, where);
      if (people == 0) continue;
      truth_.Set({"C14", "polypharmacy", "mean_medicines"}, where,
                 static_cast<double>(medicines) / static_cast<double>(people));
    }
  }
}

}  // namespace tally::demo
