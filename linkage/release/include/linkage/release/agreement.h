#ifndef TALLY_LINKAGE_RELEASE_AGREEMENT_H_
#define TALLY_LINKAGE_RELEASE_AGREEMENT_H_

// A project agreement: which datasets, columns and rows one project may
// receive, at which grain, for whom and until when. Runs at the hub, and in the
// operator's command line as a check before anything is sent. It holds no
// record and no SQL: values of filters are kept typed and are bound later.
//
// Parsing and checking are two steps. ParseAgreement() needs the file alone;
// CheckAgreement() (agreement_check.h) holds it against the specifications,
// the sources and the peers that the hub knows.
//
// Spec: docs/spec/agreement-v1.md
// Threading: values.
// Secrets: none.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/civil_day.h"

namespace tally::linkage {

inline constexpr size_t kMaxAgreementBytes = 64 * 1024;
inline constexpr int kMaxAgreementDays = 731;  // two years, one of them leap
inline constexpr std::string_view kPopulationAll = "all";

enum class DateGrain { kDay, kWeek, kMonth };
std::string_view DateGrainName(DateGrain grain);  // "day"

enum class FilterOp {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kNotIn,
  kIsNull,
  kNotNull,
  kPrefix
};
std::string_view FilterOpName(FilterOp op);  // "not-in"

// A value as the file has it; whether it fits its column is checked later.
using FilterValue = std::variant<bool, int64_t, double, CivilDay, std::string>;

struct Filter {
  std::string column;
  FilterOp op = FilterOp::kIsNull;
  // One value, several for kIn and kNotIn, none for kIsNull and kNotNull.
  std::vector<FilterValue> values;
};

struct AgreementDataset {
  std::string id;
  std::vector<std::string> sources;  // distinct, ascending
  std::vector<std::string> columns;  // distinct, in the order of the table
  DateGrain date_grain = DateGrain::kMonth;  // the agreement's, if not given
  std::vector<Filter> filters;

  bool Names(std::string_view column) const;
};

struct Agreement {
  std::string project;
  std::string id;
  std::string title;
  std::string purpose;

  std::string controller;
  std::string legal_basis;
  std::string domain;

  CivilDay valid_from;
  CivilDay expires;  // the last day on which anything is released
  int retention_days = 30;

  std::vector<std::string> analysts;  // URIs, in the order of the file
  std::string dual_role_accepted;     // empty: nobody accepted it

  std::string population;  // a dataset id, or kPopulationAll
  bool keep_rows_without_person = true;
  std::vector<std::string> tiers;
  DateGrain date_grain = DateGrain::kMonth;
  std::vector<std::string> geography;
  int ethnicity_groups = 5;  // 5 or 16

  std::string profile;
  int min_k = 5;
  double max_relinked_share = 1.0;

  std::vector<AgreementDataset> datasets;

  // SHA-256 of the bytes that were parsed, 64 hex digits.
  std::string sha256;

  bool AllowsGeography(std::string_view name) const;
  // Every source that any dataset names, ascending, each once.
  std::vector<std::string> Sources() const;
  // Whether `uri` is one of the analysts.
  bool NamesAnalyst(std::string_view uri) const;
  // Whether something may be released or downloaded on `day`.
  bool IsInForce(CivilDay day) const;
};

// Reads an agreement. Returns AGREEMENT_INVALID with the path of the key in
// `field`; the text of the error repeats no value of the file. `file_name` is
// used in messages only.
[[nodiscard]] absl::StatusOr<Agreement> ParseAgreement(
    std::string_view toml, std::string_view file_name);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_AGREEMENT_H_
