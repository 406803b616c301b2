#include "pseudonymiser/list_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/rounding.h"
#include "pseudonymiser/csv_reader.h"
#include "pseudonymiser/input_file.h"
#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using dataset::RowReason;

constexpr absl::string_view kFaultPayload = "tally.pseudonymiser/list-fault";

absl::Status BadList(RowReason reason, std::string message) {
  absl::Status status = InputError(std::move(message));
  status.SetPayload(kFaultPayload,
                    absl::Cord(ToAbsl(dataset::RowReasonName(reason))));
  return status;
}

absl::Status Malformed(const std::string& path, uint64_t line,
                       std::string_view what) {
  return InputError(absl::StrFormat("%s line %d: %s", path, line, what));
}

// Mode 0600 and owner, as for keys: a list is a list of people, or decides
// about them.
absl::Status CheckProtection(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return BadList(RowReason::kListMissing,
                   absl::StrFormat("LIST_MISSING: %s is not there", path));
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return InputError(absl::StrFormat(
        "%s: a list must belong to the user that runs this, or to root", path));
  }
  if ((info.st_mode & 077) != 0) {
    return InputError(absl::StrFormat(
        "%s: others may read or change this list; run chmod 600 on it", path));
  }
  return absl::OkStatus();
}

std::string DayOf(int64_t unix_ms) {
  return FormatUtcRfc3339(unix_ms).substr(0, 10);
}

// A first line such as "nhs_number" or "Practice Code": words, no digit.
bool IsHeaderWord(std::string_view field) {
  if (field.empty()) return false;
  return std::all_of(field.begin(), field.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == ' ' || c == '-';
  });
}

// A postcode of at most eight letters and digits in base 37; empty otherwise.
std::optional<uint64_t> PackPostcode(std::string_view postcode) {
  uint64_t packed = 0;
  size_t length = 0;
  for (const char raw : postcode) {
    if (raw == ' ') continue;
    const char c = ToUpper(raw);
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0') + 1;
    } else if (c >= 'A' && c <= 'Z') {
      digit = static_cast<uint64_t>(c - 'A') + 11;
    } else {
      return std::nullopt;
    }
    packed = packed * 37 + digit;
    if (++length > 8) return std::nullopt;
  }
  if (length == 0) return std::nullopt;
  return packed;
}

}  // namespace

// Reads one list file after the other into a Lists.
class ListLoader {
 public:
  explicit ListLoader(Lists* lists) : lists_(*lists) {}

  absl::Status Load(ListName name, const std::string& path) {
    TALLY_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
    path_ = path;
    rows_ = 0;
    switch (name) {
      case ListName::kType1OptOuts:
      case ListName::kNationalEligible:
        TALLY_RETURN_IF_ERROR(LoadPeople(name, &file));
        break;
      case ListName::kClusters:
        TALLY_RETURN_IF_ERROR(LoadClusters(&file));
        break;
      case ListName::kPostcodeLsoa:
        TALLY_RETURN_IF_ERROR(LoadPostcodes(&file));
        break;
      case ListName::kRestrictedCodes:
      case ListName::kParticipatingPractices:
      case ListName::kCareHomes:
        TALLY_RETURN_IF_ERROR(LoadCodes(name, &file));
        break;
    }
    dataset::ListFacts facts;
    facts.date = DayOf(file.identity().modified_ns / 1'000'000);
    const std::string key(dataset::ListNameText(name));
    lists_.digests_[key] = HexEncode(file.Digest());
    if (dataset::ListsPeople(name)) {
      facts.rows = dataset::RoundCount(rows_);
    } else {
      facts.rows = absl::StrFormat("%d", rows_);
      facts.sha256 = lists_.digests_[key];
    }
    lists_.facts_[key] = std::move(facts);
    return absl::OkStatus();
  }

 private:
  using RowFn =
      std::function<absl::Status(const CsvBlock& block, const CsvRecord&)>;

  // Calls `fn` for each record; a damaged one is an error here.
  absl::Status ForEachRecord(InputFile* file, const RowFn& fn) {
    CsvReader reader(path_, *file);
    CsvBlock block;
    while (true) {
      TALLY_ASSIGN_OR_RETURN(const bool more, reader.Next(&block));
      if (!more) return absl::OkStatus();
      for (const CsvRecord& record : block.records()) {
        if (record.fault != CsvFault::kNone) {
          return Malformed(path_, record.line, "is not CSV");
        }
        TALLY_RETURN_IF_ERROR(fn(block, record));
      }
    }
  }

  absl::Status LoadPeople(ListName name, InputFile* file) {
    std::vector<uint32_t> stems;
    bool first = true;
    TALLY_RETURN_IF_ERROR(ForEachRecord(
        file, [&](const CsvBlock& block, const CsvRecord& record) {
          const std::string_view field = Trim(block.field(record, 0));
          if (std::exchange(first, false) && IsHeaderWord(field)) {
            return absl::OkStatus();
          }
          const std::optional<uint64_t> number = ReadTenDigits(field);
          if (!number || !HasRightCheckDigit(*number)) {
            return Malformed(path_, record.line, "is no NHS Number");
          }
          stems.push_back(static_cast<uint32_t>(*number / 10));
          ++rows_;
          return absl::OkStatus();
        }));
    lists_.people_[name] = NumberSet::FromStems(std::move(stems));
    return absl::OkStatus();
  }

  absl::Status LoadCodes(ListName name, InputFile* file) {
    TextSet& codes = lists_.codes_[name];
    bool first = true;
    return ForEachRecord(
        file, [&](const CsvBlock& block, const CsvRecord& record) {
          const std::string_view field = Trim(block.field(record, 0));
          if (std::exchange(first, false) && IsHeaderWord(field) &&
              name != ListName::kCareHomes) {
            return absl::OkStatus();
          }
          if (field.empty()) {
            return Malformed(path_, record.line, "has no value");
          }
          if (name == ListName::kCareHomes) {
            codes.insert(AddressKey(field));
          } else {
            codes.insert(std::string(field));
          }
          ++rows_;
          return absl::OkStatus();
        });
  }

  // The places of `wanted` columns in a header; by position when the first
  // line is no header.
  template <size_t kColumns>
  absl::StatusOr<std::array<size_t, kColumns>> ReadHeader(
      const CsvBlock& block, const CsvRecord& record,
      const std::array<std::vector<std::string_view>, kColumns>& wanted) {
    std::array<size_t, kColumns> places{};
    for (size_t i = 0; i < kColumns; ++i) {
      bool found = false;
      for (size_t f = 0; f < record.field_count && !found; ++f) {
        const std::string name = ToLower(Trim(block.field(record, f)));
        for (const std::string_view word : wanted[i]) {
          if (name == word) {
            places[i] = f;
            found = true;
          }
        }
      }
      if (!found) {
        return Malformed(
            path_, record.line,
            absl::StrFormat("the header needs a column %s", wanted[i].front()));
      }
    }
    return places;
  }

  absl::Status LoadClusters(InputFile* file) {
    const std::array<std::vector<std::string_view>, 2> wanted = {
        {{"code", "concept_id", "conceptid", "snomed_code"},
         {"cluster", "cluster_id"}}};
    std::optional<std::array<size_t, 2>> places;
    return ForEachRecord(
        file,
        [&](const CsvBlock& block, const CsvRecord& record) -> absl::Status {
          if (!places) {
            TALLY_ASSIGN_OR_RETURN(places,
                                   ReadHeader<2>(block, record, wanted));
            return absl::OkStatus();
          }
          std::array<std::string_view, 2> fields;
          TALLY_RETURN_IF_ERROR(ReadFields(block, record, *places, &fields));
          if (fields[0].empty() || fields[1].empty()) {
            return Malformed(path_, record.line, "lacks a code or a cluster");
          }
          // A code of several clusters stays in the one that comes first.
          lists_.clusters_.emplace(fields[0], fields[1]);
          ++rows_;
          return absl::OkStatus();
        });
  }

  template <size_t kColumns>
  absl::Status ReadFields(const CsvBlock& block, const CsvRecord& record,
                          const std::array<size_t, kColumns>& places,
                          std::array<std::string_view, kColumns>* fields) {
    for (size_t i = 0; i < kColumns; ++i) {
      if (places[i] >= record.field_count) {
        return Malformed(path_, record.line,
                         "has fewer fields than the header");
      }
      (*fields)[i] = Trim(block.field(record, places[i]));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<uint8_t> SmallNumber(std::string_view text, uint8_t most,
                                      uint64_t line) {
    if (text.empty()) return uint8_t{0};
    const absl::StatusOr<int64_t> value = ParseInt64In(text, 1, most);
    if (!value.ok()) {
      return Malformed(path_, line, "has a decile or class out of range");
    }
    return static_cast<uint8_t>(*value);
  }

  absl::Status AddPostcode(const std::array<std::string_view, 4>& fields,
                           uint64_t line) {
    PostcodeTable& table = lists_.postcodes_;
    const std::optional<uint64_t> packed = PackPostcode(fields[0]);
    if (!packed) return Malformed(path_, line, "has no postcode");
    if (fields[1].empty()) return Malformed(path_, line, "has no small area");
    TALLY_ASSIGN_OR_RETURN(const uint8_t decile,
                           SmallNumber(fields[2], 10, line));
    TALLY_ASSIGN_OR_RETURN(const uint8_t rural,
                           SmallNumber(fields[3], 8, line));
    auto known = table.lsoa_numbers_.find(fields[1]);
    if (known == table.lsoa_numbers_.end()) {
      known = table.lsoa_numbers_
                  .emplace(std::string(fields[1]),
                           static_cast<uint32_t>(table.lsoas_.size()))
                  .first;
      table.lsoas_.emplace_back(fields[1]);
      table.lsoa_facts_.emplace_back(decile, rural);
    }
    table.entries_.push_back({.postcode = *packed,
                              .lsoa = known->second,
                              .imd_decile = decile,
                              .rural_urban = rural});
    ++rows_;
    return absl::OkStatus();
  }

  absl::Status LoadPostcodes(InputFile* file) {
    const std::array<std::vector<std::string_view>, 4> wanted = {
        {{"postcode", "pcds", "pcd"},
         {"lsoa21", "lsoa21cd"},
         {"imd_decile"},
         {"rural_urban"}}};
    std::optional<std::array<size_t, 4>> places;
    TALLY_RETURN_IF_ERROR(ForEachRecord(
        file,
        [&](const CsvBlock& block, const CsvRecord& record) -> absl::Status {
          if (!places) {
            TALLY_ASSIGN_OR_RETURN(places,
                                   ReadHeader<4>(block, record, wanted));
            return absl::OkStatus();
          }
          std::array<std::string_view, 4> fields;
          TALLY_RETURN_IF_ERROR(ReadFields(block, record, *places, &fields));
          return AddPostcode(fields, record.line);
        }));
    auto& entries = lists_.postcodes_.entries_;
    std::stable_sort(
        entries.begin(), entries.end(),
        [](const auto& a, const auto& b) { return a.postcode < b.postcode; });
    entries.shrink_to_fit();
    return absl::OkStatus();
  }

  Lists& lists_;
  std::string path_;
  uint64_t rows_ = 0;
};

std::optional<PostcodeTable::Area> PostcodeTable::FindPostcode(
    std::string_view postcode) const {
  const std::optional<uint64_t> packed = PackPostcode(postcode);
  if (!packed) return std::nullopt;
  const auto at = std::lower_bound(
      entries_.begin(), entries_.end(), *packed,
      [](const Entry& entry, uint64_t key) { return entry.postcode < key; });
  if (at == entries_.end() || at->postcode != *packed) return std::nullopt;
  return Area{.lsoa21 = lsoas_[at->lsoa],
              .imd_decile = at->imd_decile,
              .rural_urban = at->rural_urban};
}

std::optional<PostcodeTable::Area> PostcodeTable::FindLsoa(
    std::string_view lsoa21) const {
  const auto at = lsoa_numbers_.find(lsoa21);
  if (at == lsoa_numbers_.end()) return std::nullopt;
  const auto& [decile, rural] = lsoa_facts_[at->second];
  return Area{.lsoa21 = std::string(lsoa21),
              .imd_decile = decile,
              .rural_urban = rural};
}

absl::StatusOr<bool> IsExpired(const ListFile& file, int64_t now_ms) {
  TALLY_RETURN_IF_ERROR(CheckProtection(file.path));
  if (file.expires_after_ms == 0) return false;
  TALLY_ASSIGN_OR_RETURN(const FileIdentity identity, IdentifyFile(file.path));
  return identity.modified_ns / 1'000'000 + file.expires_after_ms < now_ms;
}

RowReason ListFault(const absl::Status& status) {
  const auto payload = status.GetPayload(kFaultPayload);
  if (!payload) return RowReason::kNone;
  return dataset::RowReasonFromName(std::string(*payload))
      .value_or(RowReason::kNone);
}

absl::StatusOr<Lists> Lists::Load(const Files& files,
                                  const std::vector<ListName>& needed,
                                  int64_t now_ms) {
  Lists lists;
  ListLoader loader(&lists);
  for (const ListName name : needed) {
    const auto file = files.find(name);
    if (file == files.end()) {
      return BadList(
          RowReason::kListMissing,
          absl::StrFormat("LIST_MISSING: a dataset needs the list %s; "
                          "name its file under [lists]",
                          dataset::ListNameText(name)));
    }
    TALLY_ASSIGN_OR_RETURN(const bool expired, IsExpired(file->second, now_ms));
    if (expired) {
      return BadList(
          RowReason::kListExpired,
          absl::StrFormat("LIST_EXPIRED: %s (%s) is older than it may "
                          "be; fetch a new one",
                          dataset::ListNameText(name), file->second.path));
    }
    TALLY_RETURN_IF_ERROR(loader.Load(name, file->second.path));
  }
  return lists;
}

const NumberSet& Lists::people(ListName list) const {
  const auto at = people_.find(list);
  TALLY_CHECK(at != people_.end());
  return at->second;
}

const TextSet& Lists::codes(ListName list) const {
  const auto at = codes_.find(list);
  TALLY_CHECK(at != codes_.end());
  return at->second;
}

}  // namespace tally::pseudonymiser
