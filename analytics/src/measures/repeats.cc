#include "measures/repeats.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

constexpr int kPartBits = 6;

// A bit for each slot. A number's slot is the top of its product with the
// golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
class RepeatSlots {
 public:
  explicit RepeatSlots(size_t numbers) {
    while (bits_ < 40 && (size_t{1} << bits_) < 16 * numbers) ++bits_;
    words_.resize((size_t{1} << bits_) / 64);
  }

  // Whether the slot of `number` was marked before.
  bool Mark(int64_t number) {
    const uint64_t slot = SlotOf(number);
    const uint64_t bit = uint64_t{1} << (slot & 63);
    const bool before = (words_[slot >> 6] & bit) != 0;
    words_[slot >> 6] |= bit;
    return before;
  }
  bool Marked(int64_t number) const {
    const uint64_t slot = SlotOf(number);
    return (words_[slot >> 6] >> (slot & 63) & 1) != 0;
  }

 private:
  uint64_t SlotOf(int64_t number) const {
    return static_cast<uint64_t>(number) * 0x9E3779B97F4A7C15U >> (64 - bits_);
  }

  int bits_ = 6;
  std::vector<uint64_t> words_;
};

std::string RowHash(const RepeatQuery& query, const RepeatLimits& limits) {
  return absl::StrFormat("CAST(hash(source, %s) >> %d AS BIGINT)",
                         absl::StrJoin(query.columns, ", "),
                         64 - limits.hash_bits);
}

// Hashes that several of `rows` rows have: of the `slices` parts of all hashes
// those in part `slice`.
absl::StatusOr<std::vector<int64_t>> RepeatedHashes(
    engine::Connection& connection, const RepeatQuery& query,
    const RepeatLimits& limits, int64_t rows, int64_t slice, int64_t slices) {
  std::string sql =
      absl::StrFormat("SELECT %s AS h FROM %s WHERE (%s)",
                      RowHash(query, limits), query.table, query.condition);
  if (slices > 1) {
    sql = absl::StrFormat("SELECT h FROM (%s) WHERE h %% %d = %d", sql, slices,
                          slice);
  }
  TALLY_ASSIGN_OR_RETURN(engine::Result result, connection.Stream(sql));
  // By their first bits, so that the slots of a part stay near the processor.
  const int shift = std::max(0, limits.hash_bits - kPartBits);
  std::vector<std::vector<int64_t>> parts(size_t{1} << kPartBits);
  const auto expected = static_cast<size_t>(rows / slices) / parts.size();
  for (auto& part : parts) part.reserve(expected + expected / 50);
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           result.Next());
    if (!chunk.has_value()) break;
    const engine::ColumnView column = chunk->column(0);
    for (size_t row = 0; row < chunk->rows(); ++row) {
      const int64_t hash = column.Int64(row);
      parts[static_cast<size_t>(hash >> shift)].push_back(hash);
    }
  }
  std::vector<int64_t> repeated;
  for (auto& part : parts) {
    const std::vector<int64_t> of_part = NumbersThereTwice(part);
    repeated.insert(repeated.end(), of_part.begin(), of_part.end());
    part = {};
  }
  return repeated;
}

// Source and rows that repeat another, of rows with one of these hashes; of all
// rows if they are more than can be listed.
absl::StatusOr<std::vector<GroupedRow>> CompareRows(
    engine::Connection& connection, const RepeatQuery& query,
    const RepeatLimits& limits, const std::vector<int64_t>& hashes) {
  const bool listed = hashes.size() <= limits.listed;
  std::vector<engine::Value> values;
  if (listed) values.push_back(engine::Value::Text(absl::StrJoin(hashes, " ")));
  const std::string among =
      listed ? absl::StrFormat(
                   " AND %s IN (SELECT CAST(unnest(string_split(?, ' ')) "
                   "AS BIGINT))",
                   RowHash(query, limits))
             : "";
  return QueryGroups(
      connection,
      absl::StrFormat(
          "SELECT source, CAST(sum(n - 1) AS BIGINT) FROM (SELECT source, "
          "count(*) AS n FROM %s WHERE (%s)%s GROUP BY source, %s) "
          "GROUP BY source",
          query.table, query.condition, among,
          absl::StrJoin(query.columns, ", ")),
      1, values);
}

}  // namespace

std::vector<int64_t> NumbersThereTwice(const std::vector<int64_t>& numbers) {
  RepeatSlots once(numbers.size());
  RepeatSlots twice(numbers.size());
  for (const int64_t number : numbers) {
    if (once.Mark(number)) twice.Mark(number);
  }
  // Mostly different numbers of one slot: one in sixteen of all or fewer.
  std::vector<int64_t> shared;
  for (const int64_t number : numbers) {
    if (twice.Marked(number)) shared.push_back(number);
  }
  std::sort(shared.begin(), shared.end());
  std::vector<int64_t> repeated;
  for (size_t i = 1; i < shared.size(); ++i) {
    const bool again = shared[i] == shared[i - 1];
    if (again && (repeated.empty() || repeated.back() != shared[i])) {
      repeated.push_back(shared[i]);
    }
  }
  return repeated;
}

absl::StatusOr<std::vector<RepeatCount>> CountRepeats(
    engine::Connection& connection, const RepeatQuery& query,
    const RepeatLimits& limits) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> sources,
      QueryGroups(connection,
                  absl::StrFormat("SELECT source, count(*) FROM %s WHERE (%s) "
                                  "GROUP BY source ORDER BY source NULLS LAST",
                                  query.table, query.condition),
                  1));
  std::vector<RepeatCount> counts;
  int64_t rows = 0;
  for (const GroupedRow& source : sources) {
    counts.push_back({source.levels[0], source.counts[0], 0});
    rows += source.counts[0];
  }
  const int64_t slices = 1 + rows / limits.hashes;
  std::vector<int64_t> hashes;
  for (int64_t slice = 0; slice < slices; ++slice) {
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<int64_t> more,
        RepeatedHashes(connection, query, limits, rows, slice, slices));
    hashes.insert(hashes.end(), more.begin(), more.end());
    if (hashes.size() > limits.listed) break;
  }
  if (hashes.empty()) return counts;
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> repeated,
                         CompareRows(connection, query, limits, hashes));
  for (const GroupedRow& more : repeated) {
    for (RepeatCount& count : counts) {
      if (count.source == more.levels[0]) count.repeated = more.counts[0];
    }
  }
  return counts;
}

}  // namespace tally::analytics
