// Items, cost, new users and persistence of C13, person by person.
//
// A hash table of person, medicine and month would have about as many entries
// as there are prescriptions. Instead the rows of some people at a time are
// sorted by the three, and counted as they come. Which months a person had a
// medicine in is one number, a bit a month, so that looking back is arithmetic
// on it.
#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "base/status.h"
#include "measures/c13_prescribing.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

constexpr int64_t kRowsAtATime = 4'000'000;
// Slack of a comparison of whole months with a share of them.
constexpr double kPdcSlack = 1e-9;

// Rows of one person, medicine and month, once they are summed.
struct RxUse {
  int32_t person;
  int32_t unit;
  int32_t month;  // from the first that is read
  int64_t items;
  int64_t nic_pence;

  friend bool operator<(const RxUse& a, const RxUse& b) {
    if (a.person != b.person) return a.person < b.person;
    if (a.unit != b.unit) return a.unit < b.unit;
    return a.month < b.month;
  }
};

struct RxStay {
  int32_t person;
  int32_t area;
  int32_t from;
  int32_t to;

  bool Covers(int64_t month) const { return from <= month && month <= to; }
};

// The months in which a person was on the list of any practice, a bit a month
// from the first that is read.
struct RxListed {
  int32_t person;
  uint64_t months;
};

struct PeopleRange {
  int64_t from;
  int64_t to;  // included
};

// Ranges of numbers of people, each with some millions of prescriptions.
absl::StatusOr<std::vector<PeopleRange>> SplitPeople(
    const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT count(*), CAST(coalesce(min(person), 0) AS BIGINT), "
                  "CAST(coalesce(max(person), -1) AS BIGINT) "
                  "FROM gp_prescription WHERE person IS NOT NULL",
                  0));
  const std::vector<int64_t>& counts = rows.at(0).counts;
  const int64_t parts = counts[0] / kRowsAtATime + 1;
  const int64_t size = (counts[2] - counts[1]) / parts + 1;
  std::vector<PeopleRange> ranges;
  for (int64_t from = counts[1]; from <= counts[2]; from += size) {
    ranges.push_back({from, std::min(from + size - 1, counts[2])});
  }
  return ranges;
}

class UseCounter {
 public:
  UseCounter(const MeasureContext& context, const PrescribingRules& rules,
             const Span& read, RxCounts& counts)
      : context_(context),
        rules_(rules),
        read_(read),
        counts_(counts),
        first_(rules.LookBack()),
        groups_(static_cast<int64_t>(rules.groups.size())),
        months_(static_cast<int64_t>(counts.months.size())),
        areas_(static_cast<int64_t>(counts.areas.size())) {}

  absl::Status Run() {
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<GroupedRow> units,
        QueryGroups(context_.connection,
                    "SELECT bnf, CAST(unit AS BIGINT) FROM rx_unit ORDER BY "
                    "unit",
                    1));
    for (const GroupedRow& row : units) paragraphs_.push_back(row.levels[0]);
    figures_.resize(static_cast<size_t>(
        (groups_ * areas_ + static_cast<int64_t>(units.size())) * months_));
    MakeLeastCovered();
    TALLY_ASSIGN_OR_RETURN(const std::vector<PeopleRange> ranges,
                           SplitPeople(context_));
    for (const PeopleRange& range : ranges) {
      TALLY_RETURN_IF_ERROR(ReadStays(range));
      TALLY_RETURN_IF_ERROR(ReadListed(range));
      TALLY_RETURN_IF_ERROR(ReadUse(range));
      Count();
    }
    Hand();
    return absl::OkStatus();
  }

 private:
  // The fewest covered months of a window that began `since` months ago.
  void MakeLeastCovered() {
    for (int64_t since = 0; since <= rules_.pdc_window_months; ++since) {
      int64_t least = 0;
      while (static_cast<double>(least) <
             static_cast<double>(since) * rules_.pdc - kPdcSlack) {
        ++least;
      }
      least_covered_.push_back(least);
    }
  }

  absl::Status ReadStays(const PeopleRange& range) {
    stays_.clear();
    TALLY_ASSIGN_OR_RETURN(
        engine::Result result,
        context_.connection.Stream(absl::StrFormat(
            "SELECT person, CAST(area AS BIGINT), from_m, to_m FROM rx_list "
            "WHERE person BETWEEN %d AND %d",
            range.from, range.to)));
    while (true) {
      TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                             result.Next());
      if (!chunk.has_value()) break;
      const auto person = chunk->column(0), area = chunk->column(1),
                 from = chunk->column(2), to = chunk->column(3);
      for (size_t row = 0; row < chunk->rows(); ++row) {
        stays_.push_back({static_cast<int32_t>(person.Int64(row)),
                          static_cast<int32_t>(area.Int64(row)),
                          static_cast<int32_t>(from.Int64(row)),
                          static_cast<int32_t>(to.Int64(row))});
      }
    }
    std::sort(
        stays_.begin(), stays_.end(), [](const RxStay& a, const RxStay& b) {
          return std::pair(a.person, a.from) < std::pair(b.person, b.from);
        });
    return absl::OkStatus();
  }

  absl::Status ReadListed(const PeopleRange& range) {
    listed_.clear();
    TALLY_ASSIGN_OR_RETURN(
        engine::Result result,
        context_.connection.Stream(absl::StrFormat(
            "SELECT person, CAST(greatest(datediff('month', DATE '%1$s', "
            "from_month), 0) AS INTEGER), CAST(datediff('month', DATE '%1$s', "
            "to_month) AS INTEGER) FROM list_stay WHERE person BETWEEN %2$d "
            "AND %3$d AND to_month >= DATE '%1$s' ORDER BY person",
            read_.first.ToIso(), range.from, range.to)));
    while (true) {
      TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                             result.Next());
      if (!chunk.has_value()) break;
      const auto person = chunk->column(0), from = chunk->column(1),
                 to = chunk->column(2);
      for (size_t row = 0; row < chunk->rows(); ++row) {
        const auto who = static_cast<int32_t>(person.Int64(row));
        if (listed_.empty() || listed_.back().person != who) {
          listed_.push_back({who, 0});
        }
        // Months from `from` to `to`: at most 62 are read.
        listed_.back().months |=
            Below(to.Int64(row) + 1) & ~Below(from.Int64(row));
      }
    }
    return absl::OkStatus();
  }

  // The bits of the months before `month`.
  static uint64_t Below(int64_t month) {
    return month >= 64 ? ~uint64_t{0} : (uint64_t{1} << month) - 1;
  }

  absl::Status ReadUse(const PeopleRange& range) {
    use_.clear();
    const bool nic =
        context_.release.Column("gp_prescription", "nic_pence") != nullptr;
    TALLY_ASSIGN_OR_RETURN(
        engine::Result result,
        context_.connection.Stream(absl::StrFormat(
            "SELECT p.person, c.unit, CAST(datediff('month', DATE '%1$s', "
            "%2$s) AS INTEGER), CAST(%3$s AS BIGINT), CAST(%4$s AS BIGINT) "
            "FROM gp_prescription AS p INNER JOIN rx_code AS c ON c.bnf_code = "
            "p.bnf_code WHERE p.person BETWEEN %6$d AND %7$d AND %5$s "
            "AND %3$s > 0",
            read_.first.ToIso(),
            PlacedDay(context_, "gp_prescription", "p.issue_date"),
            ItemsSql(context_), nic ? "coalesce(p.nic_pence, 0)" : "0",
            WithinSpan(context_, "gp_prescription", "p.issue_date", read_),
            range.from, range.to)));
    while (true) {
      TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                             result.Next());
      if (!chunk.has_value()) break;
      const auto person = chunk->column(0), unit = chunk->column(1),
                 month = chunk->column(2), items = chunk->column(3),
                 pence = chunk->column(4);
      for (size_t row = 0; row < chunk->rows(); ++row) {
        use_.push_back({static_cast<int32_t>(person.Int64(row)),
                        static_cast<int32_t>(unit.Int64(row)),
                        static_cast<int32_t>(month.Int64(row)),
                        items.Int64(row), pence.Int64(row)});
      }
    }
    std::sort(use_.begin(), use_.end());
    return absl::OkStatus();
  }

  // Goes through the people of stays_ and use_ together.
  void Count() {
    auto stay = stays_.begin();
    auto listed = listed_.begin();
    for (size_t begin = 0, end = 0; begin < use_.size(); begin = end) {
      const RxUse& head = use_[begin];
      while (end < use_.size() && use_[end].person == head.person &&
             use_[end].unit == head.unit) {
        ++end;
      }
      while (stay != stays_.end() && stay->person < head.person) ++stay;
      auto last = stay;
      while (last != stays_.end() && last->person == head.person) ++last;
      if (stay == last) continue;  // on no list
      while (listed != listed_.end() && listed->person < head.person) ++listed;
      const uint64_t months =
          listed != listed_.end() && listed->person == head.person
              ? listed->months
              : 0;
      CountUnit({&use_[begin], end - begin},
                {&*stay, static_cast<size_t>(last - stay)}, months);
    }
  }

  // The rows of one person and medicine.
  void CountUnit(std::span<const RxUse> rows, std::span<const RxStay> stays,
                 uint64_t listed) {
    uint64_t mask = 0;
    for (size_t i = 0; i < rows.size();) {
      RxUse sum = rows[i];
      for (++i; i < rows.size() && rows[i].month == sum.month; ++i) {
        sum.items += rows[i].items;
        sum.nic_pence += rows[i].nic_pence;
      }
      mask |= uint64_t{1} << sum.month;
      if (sum.month < first_) continue;
      RxFigures one;
      one.items = sum.items;
      one.nic_pence = sum.nic_pence;
      one.people = sum.nic_pence > 0 ? 1 : 0;
      one.largest = std::max<int64_t>(sum.nic_pence, 0);
      AddAt(sum.unit, sum.month, stays, one);
    }
    CountNew(mask, rows[0].unit, stays, listed);
    CountPersistent(mask, rows[0].unit, stays);
  }

  // Nobody knows what a person had before they were on any list, so only who
  // was on one in all of the months before can be new.
  void CountNew(uint64_t mask, int32_t unit, std::span<const RxStay> stays,
                uint64_t listed) {
    const int64_t back = rules_.new_user_months;
    const uint64_t before = (uint64_t{1} << back) - 1;
    RxFigures one;
    one.new_users = 1;
    for (int64_t m = first_ + counts_.first_new; m < first_ + months_; ++m) {
      if ((mask >> m & 1) == 1 && (mask >> (m - back) & before) == 0 &&
          (listed >> (m - back) & before) == before) {
        AddAt(unit, m, stays, one);
      }
    }
  }

  // The window's months are bits, this month in the highest; the lowest one is
  // the month of the first item.
  void CountPersistent(uint64_t mask, int32_t unit,
                       std::span<const RxStay> stays) {
    const int64_t window = rules_.pdc_window_months;
    const uint64_t all = (uint64_t{1} << window) - 1;
    for (int64_t m = first_ + counts_.first_pdc; m < first_ + months_; ++m) {
      const uint64_t used = mask >> (m - (window - 1)) & all;
      if (used == 0) continue;
      const int64_t since = window - std::countr_zero(used);
      if (since < rules_.pdc_least_months) continue;
      uint64_t covered = used;
      for (int64_t i = 1; i < rules_.supply_months; ++i) {
        covered |= used << i & all;
      }
      RxFigures one;
      one.users = 1;
      one.persistent =
          std::popcount(covered) >= least_covered_[static_cast<size_t>(since)]
              ? 1
              : 0;
      AddAt(unit, m, stays, one);
    }
  }

  void AddAt(int32_t unit, int64_t month, std::span<const RxStay> stays,
             const RxFigures& one) {
    for (const RxStay& stay : stays) {
      if (!stay.Covers(month)) continue;
      const int64_t place = unit < 0 ? (-1 - unit) * areas_ + stay.area
                                     : groups_ * areas_ + unit - 1;
      figures_[static_cast<size_t>(place * months_ + month - first_)].Add(one);
    }
  }

  // The dense figures into those by name.
  void Hand() {
    for (size_t i = 0; i < figures_.size(); ++i) {
      const RxFigures& figures = figures_[i];
      if (figures.items == 0 && figures.new_users == 0 && figures.users == 0) {
        continue;
      }
      const int64_t month = static_cast<int64_t>(i) % months_;
      const int64_t place = static_cast<int64_t>(i) / months_;
      const bool group = place < groups_ * areas_;
      const auto of = [](const auto& list, int64_t at) -> const auto& {
        return list[static_cast<size_t>(at)];
      };
      counts_
          .figures[RxKey{group ? of(rules_.groups, place / areas_).title
                               : of(paragraphs_, place - groups_ * areas_),
                         group ? of(counts_.areas, place % areas_)
                               : std::string(kAllLevels),
                         month}]
          .Add(figures);
    }
  }

  const MeasureContext& context_;
  const PrescribingRules& rules_;
  const Span& read_;
  RxCounts& counts_;
  const int64_t first_;  // printed month, from the first that is read
  const int64_t groups_;
  const int64_t months_;
  const int64_t areas_;
  std::vector<std::string> paragraphs_;  // unit 1 first
  std::vector<int64_t> least_covered_;   // by months since the first item
  std::vector<RxStay> stays_;
  std::vector<RxListed> listed_;
  std::vector<RxUse> use_;
  // Groups by area, then paragraphs; each by month.
  std::vector<RxFigures> figures_;
};

}  // namespace

absl::Status CountUse(const MeasureContext& context,
                      const PrescribingRules& rules, const Span& read,
                      RxCounts& counts) {
  return UseCounter(context, rules, read, counts).Run();
}

}  // namespace tally::analytics
