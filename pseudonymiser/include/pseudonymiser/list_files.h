#ifndef TALLY_PSEUDONYMISER_LIST_FILES_H_
#define TALLY_PSEUDONYMISER_LIST_FILES_H_

// The lists that decide what may leave: opted-out people, people whose data
// may be used, practices that take part, restricted codes; and the tables that
// derivations look things up in. Each is a CSV file of the source, mode 0600.
// A needed list that is missing or too old stops the push.
//
// Forms (docs/pseudonymiser.md, "Lists"): lists of people and of codes have
// the value in the first field of each line, whatever follows; tables have a
// header. A first line that holds words instead of a value is a header too. A
// line of a list of people that is no NHS Number is an error: somebody's
// opt-out would be lost with it.
//
// Threading: immutable once loaded.
// Secrets: two lists hold NHS Numbers. Their digest and exact length never
// leave the source: the digest of a short list can be searched.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/column_type.h"
#include "dataset/extract_manifest.h"
#include "pseudonymiser/number_set.h"

namespace tally::pseudonymiser {

// Looks up text without making a std::string.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;
using TextMap =
    std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

// Small areas by postcode. 16 bytes a postcode, so the whole country is about
// 45 MB.
class PostcodeTable {
 public:
  struct Area {
    std::string lsoa21;
    uint8_t imd_decile = 0;   // 1 to 10; 0 = unknown
    uint8_t rural_urban = 0;  // 1 to 8; 0 = unknown
  };

  // By postcode, case and spaces ignored. Empty when it is not in the table.
  std::optional<Area> FindPostcode(std::string_view postcode) const;
  // By small area.
  std::optional<Area> FindLsoa(std::string_view lsoa21) const;
  size_t size() const { return entries_.size(); }

 private:
  friend class ListLoader;
  struct Entry {
    uint64_t postcode;  // packed letters and digits
    uint32_t lsoa;      // number in lsoas_
    uint8_t imd_decile;
    uint8_t rural_urban;
  };
  std::vector<Entry> entries_;  // ascending by postcode
  std::vector<std::string> lsoas_;
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>>
      lsoa_numbers_;
  std::vector<std::pair<uint8_t, uint8_t>> lsoa_facts_;  // by lsoa number
};

// One entry of [lists].
struct ListFile {
  std::string path;
  // How long after its last change the file may be used; 0 = no limit.
  int64_t expires_after_ms = 0;
};

// The default life of national_eligible: seven days.
inline constexpr int64_t kNationalExpiryMs = int64_t{7} * 24 * 3600 * 1000;

class Lists {
 public:
  using Files = std::map<dataset::ListName, ListFile>;

  // Loads the lists in `needed`. `now_ms`: milliseconds since 1970. Returns
  // kInvalidArgument (exit 8):
  //   LIST_MISSING  a needed list has no entry in `files` or no file
  //   LIST_EXPIRED  older than it may be
  // and for a file of another mode than 0600 or of another owner, or with a
  // malformed line, naming file and line.
  [[nodiscard]] static absl::StatusOr<Lists> Load(
      const Files& files, const std::vector<dataset::ListName>& needed,
      int64_t now_ms);

  // No list at all: for datasets that need none.
  Lists() = default;

  // REQUIRES of each: the list was among `needed`.
  const NumberSet& people(dataset::ListName list) const;
  const TextSet& codes(dataset::ListName list) const;
  const TextMap& clusters() const { return clusters_; }
  const PostcodeTable& postcodes() const { return postcodes_; }

  // What manifests say: date, rows, digest; rounded and without digest for
  // lists of people. By key of [lists].
  const std::map<std::string, dataset::ListFacts>& facts() const {
    return facts_;
  }
  // SHA-256 of every list, by key of [lists]: to tell whether a list is the one
  // of an earlier push. Kept in sealed files only, never sent.
  const std::map<std::string, std::string>& digests() const { return digests_; }

 private:
  friend class ListLoader;
  std::map<dataset::ListName, NumberSet> people_;
  std::map<dataset::ListName, TextSet> codes_;
  TextMap clusters_;
  PostcodeTable postcodes_;
  std::map<std::string, dataset::ListFacts> facts_;
  std::map<std::string, std::string> digests_;
};

// Whether the file of a list is past its life, without reading it. Errors as
// Lists::Load.
absl::StatusOr<bool> IsExpired(const ListFile& file, int64_t now_ms);

// The reason in a status that Load returned: kListMissing, kListExpired, or
// kNone. Lets callers act on an expired list.
dataset::RowReason ListFault(const absl::Status& status);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_LIST_FILES_H_
